"""Exports through the whole window, with a real session of the toy: queue, cancel, go on, films."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image
from PySide6.QtWidgets import QMessageBox

from engine.box import Size
from engine.export import journal, unfinished
from engine.messages.exports import ExportCancelled, Exported, ExportRequest
from tests.app.export.print_studio import PrintStudio, answer, new_window, times
from tests.app.studio import Studio
from tests.app.toys import write_image


def test_a_png_is_three_clicks_away(prints: PrintStudio) -> None:
    prints.train()
    dialog = prints.open()
    dialog.start.click()
    done = prints.until_seen(Exported)
    with Image.open(prints.folder / "mosaic.png") as picture:
        assert picture.size == (90, 70)
        assert picture.info["icc_profile"]
    row = dialog.rows.rows[prints.exports.queue.items[0]]
    assert "90 × 70 px" in row.facts.text()
    assert done.seam is not None
    assert "seam" in row.facts.text()
    assert any("mosaic.png is done" in text for text in prints.said())
    assert prints.window.training.state == "paused", "nothing was trained for it"
    dialog.close()
    assert prints.open().form.out().name == "mosaic 2.png", "the next one replaces nothing"


def test_what_was_chosen_is_in_the_file(prints: PrintStudio) -> None:
    prints.train()
    form = prints.open().form
    form.format.setCurrentIndex(1)
    form.options.bits_box.setCurrentIndex(1)
    form.options.compression.setCurrentIndex(2)
    form.options.bleed.setValue(1)
    form.size_field.choose(times(2))
    form.detail.setCurrentIndex(0)
    prints.dialog.start.click()
    prints.until_seen(Exported)
    with tifffile.TiffFile(prints.folder / "mosaic.tif") as file:
        page = file.pages[0]
        assert page.dtype == np.uint16
        assert page.shape == (2 * 70 + 2 * 12, 2 * 90 + 2 * 12, 3)
        assert page.compression == tifffile.COMPRESSION.NONE
        assert page.asarray().min() == 65535, "the toy's originals are white"


def test_the_dialog_comes_back_as_it_was_left(prints: PrintStudio) -> None:
    prints.train()
    prints.open().form.size_field.choose(times(4))
    prints.dialog.close()
    assert prints.open().form.size_field.size_px == Size(280, 360)


def test_a_queue_paints_all_of_them_in_a_row(prints: PrintStudio) -> None:
    prints.train()
    dialog = prints.open()
    for name in ("a", "b", "c"):
        dialog.form.file_name.setText(name)
        dialog.start.click()
    assert prints.exports.running
    prints.until_seen(Exported, 3)
    assert [(prints.folder / f"{name}.png").exists() for name in "abc"] == [True] * 3
    assert not prints.exports.running


def test_the_line_at_the_bottom_says_that_training_waits_for_a_file(prints: PrintStudio) -> None:
    prints.train()
    status = prints.window.status
    prints.window.training.start(prints.window.snapshots.newest())
    prints.until(lambda: status.state.text() == "Training" and bool(status.speed.text()))
    item = prints.begin_large()
    assert status.state.text() == "Painting a file; training waits"
    assert not status.speed.text()
    prints.exports.queue.cancel(item)
    prints.until_seen(ExportCancelled)
    assert status.state.text() == "Training"


def test_return_goes_on_painting_where_closing_asks(prints: PrintStudio) -> None:
    prints.train()
    prints.begin_large()
    prints.window.close()
    asked = next(box for box in prints.window.findChildren(QMessageBox) if box.isVisible())
    assert asked.defaultButton().text() == "Go on painting"
    asked.defaultButton().click()
    assert prints.window.isVisible()
    assert prints.exports.running


def test_a_picture_that_is_looked_at_is_said_to_be_done(prints: PrintStudio) -> None:
    prints.train()
    item = prints.begin_large()
    prints.dialog.rows.rows[item].look.click()
    seen = prints.exports.views.so_far
    assert seen is not None
    assert "black" in seen.note.text()
    prints.until_seen(Exported)
    assert seen.note.text() == "All of it is painted."


def test_cancelled_looked_at_and_gone_on_with(prints: PrintStudio) -> None:
    prints.train()
    item = prints.begin_large()
    row = prints.dialog.rows.rows[item]
    row.look.click()
    seen = prints.exports.views.so_far
    assert seen is not None
    assert seen.isVisible()
    assert not seen.pane.image.isNull()
    assert seen.pane.image.pixelColor(2, 2).name() != "#000000", "the first tile is there"
    row.cancel.click()
    prints.until_seen(ExportCancelled)
    assert item.kept
    assert not (prints.folder / "wall.tif").exists()
    begun = journal.find(journal.folder_for(item.request.out))
    assert begun is not None
    painted = begun.done
    row.again.click()
    done = prints.until_seen(Exported)
    assert done.resumed_share > 0
    assert painted > 0
    assert (prints.folder / "wall.tif").exists()


def test_giving_up_asks_and_frees_the_disk(prints: PrintStudio) -> None:
    prints.train()
    item = prints.begin_large()
    prints.exports.queue.cancel(item)
    prints.until_seen(ExportCancelled)
    folder = journal.folder_for(item.request.out)
    assert folder.exists()
    prints.dialog.rows.rows[item].remove.click()
    asked = next(box for box in prints.dialog.findChildren(QMessageBox) if box.isVisible())
    assert asked.defaultButton().text() == "Keep", "Return loses nothing"
    answer(prints.dialog, "Keep")
    assert folder.exists()
    prints.dialog.rows.rows[item].remove.click()
    answer(prints.dialog, "Give it up")
    assert not folder.exists()
    assert not unfinished.listing(prints.window.document.folder)
    assert not prints.exports.queue.items


def test_closing_while_painting_keeps_it_and_the_next_start_offers_it(prints: PrintStudio, qtbot) -> None:
    prints.train()
    project = prints.window.document.folder
    item = prints.begin_large()
    prints.window.close()
    assert prints.window.isVisible(), "it asks first"
    answer(prints.window, "Close")
    prints.until(lambda: not prints.window.isVisible())
    assert journal.find(journal.folder_for(item.request.out)) is not None
    again = new_window(prints.folder)
    other = Studio(again, qtbot, prints.folder)
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


def test_stopping_the_training_keeps_what_is_painted(prints: PrintStudio) -> None:
    prints.train()
    item = prints.begin_large()
    waiting = prints.exports.queue.add(ExportRequest(prints.folder / "b.png", Size(64, 64)))
    prints.window.training.stop()
    prints.until(lambda: prints.window.training.state == "idle")
    assert (item.state, item.kept) == ("stopped", True)
    assert waiting.state == "stopped"
    prints.exports.queue.again(waiting)
    prints.until_seen(Exported)
    assert (prints.folder / "b.png").exists()


def test_a_film_writes_numbered_pictures(prints: PrintStudio) -> None:
    prints.train()
    walk = prints.folder / "walk"
    walk.mkdir()
    for number in range(3):
        write_image(walk / f"{number}.png", seed=number)
    prints.open().form.film.set_source(walk)
    prints.dialog.start.click()
    done = prints.until_seen(Exported)
    assert sorted(path.name for path in prints.folder.glob("mosaic-*.png")) == [
        f"mosaic-{number:05d}.png" for number in (1, 2, 3)
    ]
    assert done.out.name == "mosaic-00001.png"


def test_minutes_are_measured_by_the_session_or_when_asked(prints: PrintStudio) -> None:
    prints.train()
    dialog = prints.open()
    assert not dialog.checks.buttons()
    dialog.form.size_field.choose(Size(3000, 3000))
    (button,) = dialog.checks.buttons()
    button.click()
    prints.until(lambda: "It will take" in dialog.checks.text())
    assert not dialog.checks.buttons()
    dialog.form.size_field.choose(Size(2500, 3000))
    assert "It will take" not in dialog.checks.text(), "that was about another size"
    prints.until(lambda: "It will take" in dialog.checks.text())


@pytest.mark.parametrize("of_snapshot", [False, True])
def test_images_that_are_gone_are_found_and_the_picture_is_painted(prints: PrintStudio, of_snapshot: bool) -> None:
    prints.train()
    elsewhere = prints.folder / "elsewhere"
    elsewhere.mkdir()
    (prints.folder / "style ä.png").rename(elsewhere / "style ä.png")
    window = prints.window
    window.exports.open(window.snapshots.newest() if of_snapshot else None)
    dialog = prints.dialog
    assert not dialog.start.isEnabled()
    assert "style ä.png" in dialog.checks.text()
    window.exports.find_images(prints.folder)
    assert any("either: style ä.png" in text for text in prints.said())
    assert not dialog.start.isEnabled()
    window.exports.find_images(elsewhere)
    assert dialog.start.isEnabled()
    dialog.start.click()
    prints.until_seen(Exported)
    assert (prints.folder / "mosaic.png").exists()
