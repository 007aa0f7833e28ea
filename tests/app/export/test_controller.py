"""Exports through the whole window, with a real session of the toy: queue, cancel, go on, look, compare, drop back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QWidget

from app.export.controller import ExportController
from app.export.dialog import ExportDialog
from app.export.queue import Item
from app.main_window import MainWindow
from app.preferences import Preferences
from engine.box import Size
from engine.export import journal, unfinished
from engine.messages.events import Stepped, ViewRendered
from engine.messages.exports import ExportCancelled, Exported, ExportRequest
from engine.options import RenderMode
from tests.app.drops import drop, files
from tests.app.studio import PATIENCE_MS, Studio
from tests.app.toys import register, write_image
from tests.engine.toy import Toy


def times(factor: int) -> Size:
    """So many times the toy's canvas."""
    return Size(factor * 70, factor * 90)


class OtherRenderer:
    """The toy in other ways: pieces from the originals are white, repeats are black on the left half."""

    def __init__(self, toy: Toy, render_mode: RenderMode) -> None:
        self._toy, self._render_mode = toy, render_mode
        self.device, self.alignment_px, self.halo = toy.device, toy.alignment_px, toy.halo

    def paint(self, box, canvas_size):
        layers = self._toy.paint(box, canvas_size)
        if self._render_mode.originals:
            layers = {key: torch.ones_like(layer) for key, layer in layers.items()}
        if self._render_mode.repeat:
            layers["result"][:, :, : max(0, min(box.width, canvas_size.width // 2 - box.left))] = 0.0
        return layers


class PrintStudio(Studio):
    """What is done with exports."""

    @property
    def exports(self) -> ExportController:
        return self.window.exports

    @property
    def dialog(self) -> ExportDialog:
        dialog = self.window.exports.dialog
        assert dialog is not None
        return dialog

    def train(self) -> None:
        """Until there is a snapshot and no session."""
        self.window.document.add("style", [write_image(self.folder / "style ä.png")])
        self.window.training.start()
        self.until_seen(Stepped, 2)
        self.window.training.stop()
        self.until(lambda: self.window.training.state == "idle")
        self.window.preferences.set_last_folder("export", self.folder)

    def open(self) -> ExportDialog:
        self.window.actions_by_name["export"].trigger()
        return self.dialog

    def begin_large(self, name: str = "wall") -> Item:
        """An export that takes long enough to be interrupted."""
        dialog = self.open()
        dialog.form.set_out(self.folder / f"{name}.tif")
        dialog.form.options.compression.setCurrentIndex(2)
        dialog.form.size_field.choose(Size(6000, 6000))
        dialog.start.click()
        item = self.exports.queue.items[-1]
        self.until(lambda: item.done > 1)
        return item


def answer(parent: QWidget, text: str) -> None:
    """Presses a button of the question in sight."""
    box = next(box for box in parent.findChildren(QMessageBox) if box.isVisible())
    next(button for button in box.buttons() if button.text() == text).click()


def new_window(folder: Path) -> MainWindow:
    preferences = Preferences(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    window = MainWindow(preferences, folder / "data")
    window.show()
    return window


@pytest.fixture
def studio(qtbot, tmp_path: Path, monkeypatch):
    register(monkeypatch)
    monkeypatch.setattr(Toy, "capabilities", frozenset({"repeat", "originals", "frames"}))
    monkeypatch.setattr(
        Toy,
        "renderer",
        lambda self, render_mode: OtherRenderer(self, render_mode) if render_mode.asks_for else self,
    )
    window = new_window(tmp_path)
    qtbot.waitExposed(window)
    studio = PrintStudio(window, qtbot, tmp_path)
    yield studio
    window.close_anyway()
    qtbot.waitUntil(lambda: not window.training.running, timeout=PATIENCE_MS)
    window.deleteLater()


def test_a_png_is_three_clicks_away(studio: PrintStudio) -> None:
    studio.train()
    dialog = studio.open()
    dialog.start.click()
    done = studio.until_seen(Exported)
    with Image.open(studio.folder / "mosaic.png") as picture:
        assert picture.size == (90, 70)
        assert picture.info["icc_profile"]
    row = dialog.rows.rows[studio.exports.queue.items[0]]
    assert "90 × 70 px" in row.facts.text()
    assert done.seam is not None
    assert "seam" in row.facts.text()
    assert any("mosaic.png is done" in text for text in studio.said())
    assert studio.window.training.state == "paused", "nothing was trained for it"
    dialog.close()
    assert studio.open().form.out().name == "mosaic 2.png", "the next one replaces nothing"


def test_what_was_chosen_is_in_the_file(studio: PrintStudio) -> None:
    studio.train()
    form = studio.open().form
    form.format.setCurrentIndex(1)
    form.options.bits_box.setCurrentIndex(1)
    form.options.compression.setCurrentIndex(2)
    form.options.bleed.setValue(1)
    form.size_field.choose(times(2))
    form.detail.setCurrentIndex(0)
    studio.dialog.start.click()
    studio.until_seen(Exported)
    with tifffile.TiffFile(studio.folder / "mosaic.tif") as file:
        page = file.pages[0]
        assert page.dtype == np.uint16
        assert page.shape == (2 * 70 + 2 * 12, 2 * 90 + 2 * 12, 3)
        assert page.compression == tifffile.COMPRESSION.NONE
        assert page.asarray().min() == 65535, "the toy's originals are white"


def test_the_dialog_comes_back_as_it_was_left(studio: PrintStudio) -> None:
    studio.train()
    studio.open().form.size_field.choose(times(4))
    studio.dialog.close()
    assert studio.open().form.size_field.size_px == Size(280, 360)


def test_a_queue_paints_all_of_them_in_a_row(studio: PrintStudio) -> None:
    studio.train()
    dialog = studio.open()
    for name in ("a", "b", "c"):
        dialog.form.file_name.setText(name)
        dialog.start.click()
    assert studio.exports.running
    studio.until_seen(Exported, 3)
    assert [(studio.folder / f"{name}.png").exists() for name in "abc"] == [True] * 3
    assert not studio.exports.running


def test_the_line_at_the_bottom_says_that_training_waits_for_a_file(studio: PrintStudio) -> None:
    studio.train()
    status = studio.window.status
    studio.window.training.start(studio.window.snapshots.newest())
    studio.until(lambda: status.state.text() == "Training" and bool(status.speed.text()))
    item = studio.begin_large()
    assert status.state.text() == "Painting a file; training waits"
    assert not status.speed.text()
    studio.exports.queue.cancel(item)
    studio.until_seen(ExportCancelled)
    assert status.state.text() == "Training"


def test_return_goes_on_painting_where_closing_asks(studio: PrintStudio) -> None:
    studio.train()
    studio.begin_large()
    studio.window.close()
    asked = next(box for box in studio.window.findChildren(QMessageBox) if box.isVisible())
    assert asked.defaultButton().text() == "Go on painting"
    asked.defaultButton().click()
    assert studio.window.isVisible()
    assert studio.exports.running


def test_a_picture_that_is_looked_at_is_said_to_be_done(studio: PrintStudio) -> None:
    studio.train()
    item = studio.begin_large()
    studio.dialog.rows.rows[item].look.click()
    seen = studio.exports.views.so_far
    assert seen is not None
    assert "black" in seen.note.text()
    studio.until_seen(Exported)
    assert seen.note.text() == "All of it is painted."


def test_cancelled_looked_at_and_gone_on_with(studio: PrintStudio) -> None:
    studio.train()
    item = studio.begin_large()
    row = studio.dialog.rows.rows[item]
    row.look.click()
    seen = studio.exports.views.so_far
    assert seen is not None
    assert seen.isVisible()
    assert not seen.pane.image.isNull()
    assert seen.pane.image.pixelColor(2, 2).name() != "#000000", "the first tile is there"
    row.cancel.click()
    studio.until_seen(ExportCancelled)
    assert item.kept
    assert not (studio.folder / "wall.tif").exists()
    begun = journal.find(journal.folder_for(item.request.out))
    assert begun is not None
    painted = begun.done
    row.again.click()
    done = studio.until_seen(Exported)
    assert done.resumed_share > 0
    assert painted > 0
    assert (studio.folder / "wall.tif").exists()


def test_giving_up_asks_and_frees_the_disk(studio: PrintStudio) -> None:
    studio.train()
    item = studio.begin_large()
    studio.exports.queue.cancel(item)
    studio.until_seen(ExportCancelled)
    folder = journal.folder_for(item.request.out)
    assert folder.exists()
    studio.dialog.rows.rows[item].remove.click()
    asked = next(box for box in studio.dialog.findChildren(QMessageBox) if box.isVisible())
    assert asked.defaultButton().text() == "Keep", "Return loses nothing"
    answer(studio.dialog, "Keep")
    assert folder.exists()
    studio.dialog.rows.rows[item].remove.click()
    answer(studio.dialog, "Give it up")
    assert not folder.exists()
    assert not unfinished.listing(studio.window.document.folder)
    assert not studio.exports.queue.items


def test_closing_while_painting_keeps_it_and_the_next_start_offers_it(studio: PrintStudio, qtbot) -> None:
    studio.train()
    project = studio.window.document.folder
    item = studio.begin_large()
    studio.window.close()
    assert studio.window.isVisible(), "it asks first"
    answer(studio.window, "Close")
    studio.until(lambda: not studio.window.isVisible())
    assert journal.find(journal.folder_for(item.request.out)) is not None
    again = new_window(studio.folder)
    other = Studio(again, qtbot, studio.folder)
    again.files.open_path(project)
    message = next(m for m in again.messages.messages if m.key == "unfinished")
    assert "wall.tif" in message.text
    assert message.act is not None
    message.act()
    done = other.until_seen(Exported)
    assert done.resumed_share > 0
    with Image.open(done.out) as picture:
        assert picture.size == (6000, 6000)
    again.close_anyway()
    other.until(lambda: not again.training.running)
    again.deleteLater()


def test_stopping_the_training_keeps_what_is_painted(studio: PrintStudio) -> None:
    studio.train()
    item = studio.begin_large()
    waiting = studio.exports.queue.add(ExportRequest(studio.folder / "b.png", Size(64, 64)))
    studio.window.training.stop()
    studio.until(lambda: studio.window.training.state == "idle")
    assert (item.state, item.kept) == ("stopped", True)
    assert waiting.state == "stopped"
    studio.exports.queue.again(waiting)
    studio.until_seen(Exported)
    assert (studio.folder / "b.png").exists()


def test_two_kinds_of_detail_side_by_side(studio: PrintStudio) -> None:
    studio.train()
    form = studio.open().form
    form.size_field.choose(times(8))
    form.compare.click()
    window = studio.exports.views.compare_window
    assert window is not None
    studio.until(lambda: all(not pane.image.isNull() for pane in window.panes.values()))
    studio.until(lambda: not studio.exports.views.peeks.busy)
    trained, originals = (window.panes[key].image.pixelColor(5, 5).name() for key in (False, True))
    assert originals == "#ffffff"
    assert trained != "#ffffff"
    before = window.region()
    window.map.clicked.emit(QPointF(1.0, 0.0))
    assert window.region() != before
    assert window.region().top == 0
    studio.until(lambda: not studio.exports.views.peeks.busy)
    assert window.panes[True].image.pixelColor(5, 5).name() == "#ffffff"
    window.chosen.emit(True)
    window.accept()
    assert form.request().render_mode.originals == 8.0
    assert studio.window.canvas.view.extent == Size(70, 90), "the canvas shows what it showed"


def test_comparing_while_it_trains(studio: PrintStudio) -> None:
    studio.train()
    studio.window.training.start(studio.window.snapshots.newest())
    studio.until(lambda: studio.window.training.state == "training")
    form = studio.open().form
    form.size_field.choose(times(2))
    form.compare.click()
    window = studio.exports.views.compare_window
    assert window is not None
    studio.until(lambda: not studio.exports.views.peeks.busy)
    assert window.panes[True].image.pixelColor(1, 1).name() == "#ffffff"
    window.reject()
    views = len([event for event in studio.events if isinstance(event, ViewRendered)])
    studio.until(lambda: len([event for event in studio.events if isinstance(event, ViewRendered)]) > views + 2)


def test_a_repeat_beside_itself(studio: PrintStudio) -> None:
    studio.train()
    form = studio.open().form
    assert not form.options.look_at_repeat.isEnabled()
    form.options.repeat.setChecked(True)
    form.options.look_at_repeat.click()
    window = studio.exports.views.repeat_window
    assert window is not None
    studio.until(lambda: not studio.exports.views.peeks.busy)
    shown = window.pane.grab().toImage()
    rect = window.pane.picture_rect()
    third = rect.width() // 3
    assert third * 3 == rect.width()
    for column in range(3):
        left = rect.left() + column * third
        assert shown.pixelColor(left + third // 4, rect.center().y()).name() == "#000000"
        assert shown.pixelColor(left + 3 * third // 4, rect.center().y()).name() != "#000000"


def test_the_canvas_shows_how_it_will_print(studio: PrintStudio, monkeypatch) -> None:
    studio.train()
    proofs = []

    def soft_proof(pixels, profile, encode_options):
        proofs.append(profile.title)
        return 255 - pixels

    monkeypatch.setattr("app.export.views.profiles.soft_proof", soft_proof)
    form = studio.open().form
    form.options.set_profile("adobe-rgb")
    assert not proofs
    form.options.proof.setChecked(True)
    studio.until(lambda: bool(proofs))
    assert "Adobe RGB" in proofs[0]
    form.options.set_profile("srgb")
    seen = len(proofs)
    studio.window.canvas.view.ask()
    studio.until_seen(ViewRendered, len([e for e in studio.events if isinstance(e, ViewRendered)]) + 1)
    assert len(proofs) == seen


def drop_back(studio: PrintStudio, name: str) -> None:
    start = studio.window.canvas.start
    drop(start, files(studio.folder / name), QPoint(20, start.height() // 2))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".psd", ".webp", ".dzi"])
def test_an_exported_file_brings_its_settings_back(studio: PrintStudio, suffix: str) -> None:
    document = studio.window.document
    document.set("colors", 7)
    studio.train()
    form = studio.open().form
    form.set_out(studio.folder / f"back{suffix}")
    studio.dialog.start.click()
    studio.until_seen(Exported)
    studio.window.training.stop()
    studio.until(lambda: studio.window.training.state == "idle")
    job, folder = document.job, document.folder
    studio.window.files.new()
    assert document.job != job
    drop_back(studio, f"back{suffix}")
    assert document.job == job
    assert document.folder != folder, "the project that it came from is left alone"
    assert any(f"settings of back{suffix} are back" in text for text in studio.said())


def test_images_that_moved_are_named_and_found_in_another_folder(studio: PrintStudio) -> None:
    studio.train()
    studio.open().start.click()
    studio.until_seen(Exported)
    studio.window.training.stop()
    studio.until(lambda: studio.window.training.state == "idle")
    elsewhere = studio.folder / "elsewhere"
    elsewhere.mkdir()
    (studio.folder / "style ä.png").rename(elsewhere / "style ä.png")
    studio.window.files.new()
    studio.window.files.open_path(studio.folder / "mosaic.png")
    assert any("style ä.png" in text for text in studio.said())
    message = next(message for message in studio.window.messages.messages if message.key == "origin")
    assert message.button
    studio.window.files.origins.look_in(studio.folder / "mosaic.png", elsewhere)
    (image,) = studio.window.document.sources("style")
    assert Path(image.path) == elsewhere / "style ä.png"


def test_a_file_without_settings_is_an_image_as_any_other(studio: PrintStudio) -> None:
    studio.train()
    form = studio.open().form
    form.options.provenance.setChecked(False)
    studio.dialog.start.click()
    studio.until_seen(Exported)
    studio.window.training.stop()
    studio.until(lambda: studio.window.training.state == "idle")
    studio.window.files.new()
    drop_back(studio, "mosaic.png")
    assert [Path(image.path).name for image in studio.window.document.sources("style")] == ["mosaic.png"]


def test_a_film_writes_numbered_pictures(studio: PrintStudio) -> None:
    studio.train()
    walk = studio.folder / "walk"
    walk.mkdir()
    for number in range(3):
        write_image(walk / f"{number}.png", seed=number)
    studio.open().form.film.set_source(walk)
    studio.dialog.start.click()
    done = studio.until_seen(Exported)
    assert sorted(path.name for path in studio.folder.glob("mosaic-*.png")) == [
        f"mosaic-{number:05d}.png" for number in (1, 2, 3)
    ]
    assert done.out.name == "mosaic-00001.png"


def test_minutes_are_measured_by_the_session_or_when_asked(studio: PrintStudio) -> None:
    studio.train()
    dialog = studio.open()
    assert not dialog.checks.buttons()
    dialog.form.size_field.choose(Size(3000, 3000))
    (button,) = dialog.checks.buttons()
    button.click()
    studio.until(lambda: "It will take" in dialog.checks.text())
    assert not dialog.checks.buttons()
    dialog.form.size_field.choose(Size(2500, 3000))
    assert "It will take" not in dialog.checks.text(), "that was about another size"
    studio.until(lambda: "It will take" in dialog.checks.text())


@pytest.mark.parametrize("of_snapshot", [False, True])
def test_images_that_are_gone_are_found_and_the_picture_is_painted(studio: PrintStudio, of_snapshot: bool) -> None:
    studio.train()
    elsewhere = studio.folder / "elsewhere"
    elsewhere.mkdir()
    (studio.folder / "style ä.png").rename(elsewhere / "style ä.png")
    window = studio.window
    window.exports.open(window.snapshots.newest() if of_snapshot else None)
    dialog = studio.dialog
    assert not dialog.start.isEnabled()
    assert "style ä.png" in dialog.checks.text()
    window.exports.find_images(studio.folder)
    assert any("either: style ä.png" in text for text in studio.said())
    assert not dialog.start.isEnabled()
    window.exports.find_images(elsewhere)
    assert dialog.start.isEnabled()
    dialog.start.click()
    studio.until_seen(Exported)
    assert (studio.folder / "mosaic.png").exists()


def test_other_contents_are_shown_and_exported(studio: PrintStudio) -> None:
    studio.train()
    studio.window.actions_by_name["others"].trigger()
    window = studio.exports.others
    assert window is not None
    assert not window.export_button.isEnabled()
    others = studio.folder / "others"
    others.mkdir()
    write_image(others / "one.png")
    write_image(others / "two.png")
    (others / "note.txt").write_text("no image")
    window.add([others])
    assert window.list.count() == 2
    studio.until(lambda: not window.pane.image.isNull())
    window.list.setCurrentRow(1)
    studio.until(lambda: not studio.exports.views.peeks.busy)
    window.export_button.click()
    studio.until_seen(Exported, 2)
    written = [studio.folder / f"mosaic-{name}.png" for name in ("one", "two")]
    assert all(path.is_file() for path in written)
    request = studio.exports.queue.items[0].request
    assert request.render_mode.own_shape
    assert Path(request.render_mode.frame) == others / "one.png"
    assert not {request.out for request in window.requests()} & set(written), "the next ones replace nothing"


def test_how_exports_of_other_contents_stand_is_seen_where_they_were_begun(studio: PrintStudio) -> None:
    """The window said that they were in the queue for ever, and "is done" lay behind it."""
    studio.train()
    studio.press("others")
    window = studio.exports.others
    assert window is not None
    window.add([write_image(studio.folder / "one.png")])
    assert window.pane.empty_text == "Painting…"
    window.export_button.click()
    assert "queue" not in window.note.text()
    studio.until_seen(Exported)
    (item,) = studio.exports.queue.items
    row = window.rows.rows[item]
    assert row.isVisible()
    assert row.show_button.isVisible()
    row.remove.click()
    assert not window.rows.isVisible()


def test_other_contents_come_as_a_dropped_folder_and_go_again(studio: PrintStudio) -> None:
    studio.train()
    studio.press("others")
    window = studio.exports.others
    assert window is not None
    folder = studio.folder / "others"
    folder.mkdir()
    for name in ("one.png", "two.png"):
        write_image(folder / name)
    assert drop(window, files(folder), QPoint(30, 30))
    assert window.list.count() == 2
    window.list.setFocus()
    QTest.keyClick(window.list, Qt.Key.Key_Delete)
    assert [window.list.item(row).text() for row in range(window.list.count())] == ["two.png"]
    QTest.keyClick(window.list, Qt.Key.Key_Delete)
    assert not window.export_button.isEnabled()
    assert window.pane.image.isNull()


def test_the_window_of_other_contents_opens_once(studio: PrintStudio) -> None:
    studio.train()
    studio.press("others")
    first = studio.exports.others
    assert first is not None
    first.add([write_image(studio.folder / "one.png")])
    studio.press("others")
    assert studio.exports.others is first
    assert first.list.count() == 1, "it is the same one, in front"
