"""New, open, save, pack and drop, in the real window: nothing stops unasked, and nothing is ever out of reach."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings
from PySide6.QtWidgets import QMessageBox

from app import project_move
from app.main_window import MainWindow
from app.preferences import Preferences
from app.project_dialog import ProjectDialog
from app.recovery import LOCK_NAME
from engine.copying import copy_project
from engine.export.journal import folder_for
from engine.messages.events import Ended, Kept, Relocated, Stepped
from engine.messages.exports import Exported, ExportRequest
from engine.project import FILE_NAME, load_job
from engine.snapshots import listing
from tests.app.drops import drop, files
from tests.app.studio import Studio
from tests.app.toys import write_image
from tests.engine.toy import Toy


def boxes(studio: Studio) -> list[QMessageBox]:
    return [box for box in studio.window.findChildren(QMessageBox) if box.isVisible()]


def answer(studio: Studio, words: str) -> None:
    (box,) = boxes(studio)
    button = next(button for button in box.buttons() if words in button.text())
    button.click()


def titles(studio: Studio) -> list[str]:
    return [tile.recent.title for tile in studio.window.canvas.start.recents.tiles]


def settled(studio: Studio) -> None:
    studio.until(lambda: not studio.window.files.jobs.busy)


# ---------------------------------------------------------------- save


def test_save_of_an_untitled_project_goes_on_training(studio: Studio) -> None:
    window, place = studio.window, studio.folder / "mine"
    studio.train()
    untitled = window.document.folder
    studio.press("keep")
    studio.until_seen(Kept)
    window.files.save_to(place)
    studio.until_seen(Relocated)
    assert window.document.folder == place
    assert window.training.state == "training"
    assert not studio.seen(Ended)
    assert not untitled.exists()
    studio.press("keep")
    studio.until_seen(Kept, 2)
    assert [snapshot.folder.parent.parent for snapshot in listing(place)] == [place, place]
    assert len(window.strip.tiles) == 2
    assert not untitled.exists(), "nothing is kept in the former folder any more"


def slow(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Painting waits until it is let go."""
    gate = {"open": False}
    paint = Toy.paint

    def wait_and_paint(self, box, canvas_size):
        while not gate["open"]:
            time.sleep(0.002)
        return paint(self, box, canvas_size)

    monkeypatch.setattr(Toy, "paint", wait_and_paint)
    return gate


def exporting(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """An export that is being painted, and the gate that holds it."""
    studio.train()
    studio.stop()
    gate = slow(monkeypatch)
    studio.window.exports.start(ExportRequest(studio.folder / "out.png"))
    studio.until(lambda: studio.window.training.state == "paused")
    return gate


def test_save_goes_on_painting_an_export(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    window, place = studio.window, studio.folder / "mine"
    gate = exporting(studio, monkeypatch)
    untitled = window.document.folder
    window.files.save_to(place)
    studio.until(lambda: window.document.folder == place)
    assert untitled.exists(), "as long as the export may read from it"
    assert window.exports.running
    gate["open"] = True
    studio.until_seen(Exported)
    assert (studio.folder / "out.png").exists()
    studio.until(lambda: not untitled.exists())
    assert len(listing(place)) == 1


@pytest.mark.parametrize(("words", "painted"), [("When it is done", True), ("Stop it now", False)])
def test_new_asks_while_an_export_is_painted(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, words: str, painted: bool
) -> None:
    window = studio.window
    gate = exporting(studio, monkeypatch)
    former = window.document.folder
    window.files.new()
    assert window.document.folder == former
    answer(studio, words)
    gate["open"] = True
    studio.until(lambda: window.document.folder != former)
    assert (studio.folder / "out.png").exists() == painted
    if not painted:
        assert folder_for(studio.folder / "out.png").exists(), "what was painted is kept"


def test_a_named_save_as_is_a_copy_made_aside_that_can_be_cancelled(studio: Studio, monkeypatch) -> None:
    window = studio.window
    studio.train()
    studio.stop()
    window.files.save_to(studio.folder / "mine")
    studio.until(lambda: window.document.folder == studio.folder / "mine")
    pressed = threading.Event()

    def copy_when_pressed(*words: object, **options: object) -> None:
        pressed.wait(60)
        copy_project(*words, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(project_move, "copy_project", copy_when_pressed)
        window.files.save_to(studio.folder / "half")
        assert window.files.jobs.busy, "it is not done in the window's thread"
        window.messages.button.click()
        pressed.set()
        settled(studio)
    assert window.document.folder == studio.folder / "mine"
    assert not [path for path in studio.folder.iterdir() if "half" in path.name]
    window.files.save_to(studio.folder / "copy")
    studio.until(lambda: window.document.folder == studio.folder / "copy")
    assert len(listing(studio.folder / "copy")) == len(listing(studio.folder / "mine")) == 1


def test_saved_is_said_of_what_was_learned_as_well(studio: Studio) -> None:
    window = studio.window
    assert window.status.saved.text() == ""
    studio.drop_style()
    assert window.status.saved.text() == "saving…"
    studio.press("train")
    studio.until_seen(Stepped)
    assert window.status.saved.text() == "settings saved, no moment yet"
    studio.press("keep")
    studio.until_seen(Kept)
    assert window.status.saved.text() == "saved 0 s ago"
    kept = studio.seen(Kept)[-1].step
    studio.until(lambda: studio.seen(Stepped)[-1].step > kept)
    studio.press("train")
    studio.until(lambda: window.training.state == "paused")
    assert window.status.saved.text() == f"saved up to step {kept:,}"
    studio.press("keep")
    studio.until_seen(Kept, 2)
    assert window.status.saved.text() == "saved"
    studio.stop()
    assert window.status.saved.text() == "saved"


def test_a_project_that_is_left_while_it_is_copied_is_saved_all_the_same(studio: Studio, monkeypatch) -> None:
    window, gone = studio.window, threading.Event()
    studio.drop_style()
    window.document.flush()

    def copy_when_gone(*words: object, **options: object) -> None:
        gone.wait(60)
        copy_project(*words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(project_move, "copy_project", copy_when_gone)
    window.files.save_to(studio.folder / "mine")
    window.files.new()
    gone.set()
    settled(studio)
    assert window.document.empty
    assert load_job(studio.folder / "mine").sources["style"]
    assert "mine" in [recent.title for recent in window.files.recents.listing()]


# ---------------------------------------------------------------- nothing is hidden


def test_new_does_not_hide_untitled_work(studio: Studio) -> None:
    window = studio.window
    studio.drop_style()
    window.document.flush()
    former = window.document.folder
    studio.press("new")
    assert window.document.empty
    assert titles(studio) == ["Untitled"]
    assert window.canvas.start.recents.isVisible()
    window.messages.button.click()
    assert window.document.folder == former
    assert len(window.document.sources("style")) == 1


def test_continue_with_stays_when_the_program_is_closed_without_opening_anything(studio: Studio, qtbot) -> None:
    window = studio.window
    studio.drop_style()
    window.files.save_to(studio.folder / "mine")
    studio.until(lambda: window.document.folder == studio.folder / "mine")
    for _ in range(2):
        studio.press("new")
        window.close()
        window = MainWindow(window.preferences, studio.folder / "data")
        qtbot.addWidget(window)
        assert [tile.recent.title for tile in window.canvas.start.recents.tiles] == ["mine"]
        studio.window.close()
    window.canvas.start.recents.tiles[0].click()
    assert window.document.folder == studio.folder / "mine"
    window.recents_menu.fill()
    assert window.recents_menu.menu.actions()[0].text().startswith("mine, saved ")
    window.recovery.release()


def test_the_dialog_begins_beside_the_last_project_and_takes_its_folder(studio: Studio) -> None:
    window = studio.window
    studio.drop_style()
    place = studio.folder / "projects" / "mine"
    window.files.save_to(place)
    studio.until(lambda: window.document.folder == place)
    studio.press("new")
    dialog = window.files.open()
    assert isinstance(dialog, ProjectDialog)
    assert Path(dialog.directory().absolutePath()) == place.parent
    dialog.selectFile(str(place))
    dialog.accept()
    assert window.document.folder == place


def test_an_export_dialog_of_a_snapshot_follows_its_project(studio: Studio) -> None:
    window = studio.window
    studio.train()
    studio.stop()
    window.exports.open(listing(window.document.folder)[0].folder)
    window.files.save_to(studio.folder / "mine")
    studio.until(lambda: window.document.folder == studio.folder / "mine")
    dialog = window.exports.dialog
    assert dialog is not None
    assert dialog.form.request().snapshot == listing(studio.folder / "mine")[0].folder
    dialog.close()


def test_exports_of_two_projects_do_not_share_a_name(studio: Studio) -> None:
    window = studio.window
    window.preferences.set_last_folder("export", studio.folder)
    (studio.folder / "mosaic.png").write_text("of another project")
    (studio.folder / "mosaic 2.tif.unfinished").mkdir()
    studio.train()
    studio.press("export")
    assert window.exports.dialog is not None
    assert window.exports.dialog.form.request().out == studio.folder / "mosaic 3.png"
    window.exports.dialog.close()


# ---------------------------------------------------------------- drop, pack


def saved(studio: Studio) -> Path:
    """A project with a name, while another is open."""
    studio.drop_style()
    place = studio.folder / "mine"
    studio.window.files.save_to(place)
    studio.until(lambda: studio.window.document.folder == place)
    studio.window.files.new()
    return place


@pytest.mark.parametrize("where", ["toolbar", "settings", "curves", "images", "style", "canvas"])
def test_a_project_dropped_anywhere_opens(studio: Studio, where: str) -> None:
    window = studio.window
    place = saved(studio)
    if where == "style":
        window.sources.dropped.emit("style", [place])
    elif where == "canvas":
        drop(window.canvas.start, files(place), QPoint(20, 20))
    else:
        window.docks["curves"].show()
        host = window.toolbar if where == "toolbar" else window.docks[where].widget()
        widget = host
        while widget is not None and not widget.acceptDrops():
            widget = widget.parentWidget()
        assert widget is not None
        drop(widget, files(place), QPoint(5, 5))
    assert window.document.folder == place


def test_a_packed_project_opens_and_has_its_images(studio: Studio) -> None:
    window = studio.window
    place = saved(studio)
    window.files.open_path(place)
    window.files.pack_to(studio.folder / "given", with_images=True)
    settled(studio)
    window.files.new()
    shutil.rmtree(place)
    (studio.folder / "style ä.png").unlink()
    window.files.open_all([studio.folder / "given.tessera"])
    studio.until(lambda: not window.document.empty)
    assert window.document.title == "given"
    assert window.document.untitled
    (image,) = window.document.sources("style")
    assert Path(image.path).is_relative_to(window.document.folder)
    assert not boxes(studio)
    studio.press("train")
    studio.until_seen(Stepped)


# ---------------------------------------------------------------- damage, missing images, somebody else's


def test_a_damaged_project_opens_from_its_newest_snapshot_and_the_window_says_so(studio: Studio) -> None:
    window = studio.window
    studio.train()
    studio.stop()
    window.files.save_to(studio.folder / "mine")
    studio.until(lambda: window.document.folder == studio.folder / "mine")
    window.files.new()
    (studio.folder / "mine" / FILE_NAME).write_text("\0" * 300)
    window.files.open_path(studio.folder / "mine")
    assert len(window.document.sources("style")) == 1
    assert any("opens from its newest whole moment" in text for text in studio.said())
    window.document.set("weight", 3.0)
    window.document.save()
    assert load_job(studio.folder / "mine").stored()["settings"]["weight"] == 3.0
    assert [path.read_text() for path in (studio.folder / "mine").glob("project-as-it-was-*")] == ["\0" * 300]


def test_images_that_moved_are_found_in_a_folder(studio: Studio) -> None:
    window = studio.window
    place = saved(studio)
    (studio.folder / "elsewhere").mkdir()
    shutil.move(studio.folder / "style ä.png", studio.folder / "elsewhere")
    window.files.open_path(place)
    assert window.messages.button.text() == "Find the images…"
    window.files.relinking.find_images(studio.folder)
    assert window.messages.button.text() == "Find the images…", "not there either"
    window.files.relinking.find_images(studio.folder / "elsewhere")
    assert not [message for message in window.messages.messages if message.key == "missing"]
    (image,) = window.document.sources("style")
    assert image.path == str(studio.folder / "elsewhere" / "style ä.png")


@pytest.mark.parametrize(("words", "used"), [("Use these", True), ("Open without", False), ("Cancel", None)])
def test_somebody_elses_project_reaches_outside_only_when_the_artist_says_so(
    studio: Studio, words: str, used: bool | None
) -> None:
    window = studio.window
    theirs, outside = studio.folder / "theirs", write_image(studio.folder / "private.png")
    theirs.mkdir()
    stored = {"format": 2, "job": {"method": "toy", "sources": {"style": [{"path": str(outside)}]}}}
    (theirs / FILE_NAME).write_text(json.dumps(stored))
    window.files.open_path(theirs)
    assert window.document.folder != theirs
    (box,) = boxes(studio)
    assert str(outside) in box.informativeText()
    answer(studio, words)
    assert (window.document.folder == theirs) == (used is not None)
    if used is not None:
        assert (Path(window.document.sources("style")[0].path) == outside) == used
        window.files.new()
        window.files.open_path(theirs)
        assert window.document.folder == theirs, "it is asked once"


# ---------------------------------------------------------------- two windows


def test_a_second_window_opens_a_copy(studio: Studio, qtbot) -> None:
    window, place = studio.window, studio.folder / "mine"
    studio.drop_style()
    window.files.save_to(place)
    studio.until(lambda: window.document.folder == place)
    settings = QSettings(str(studio.folder / "other.ini"), QSettings.Format.IniFormat)
    other = Studio(MainWindow(Preferences(settings), studio.folder / "data"), qtbot, studio.folder)
    other.window.show()
    other.window.files.open_path(place)
    (box,) = boxes(other)
    assert "open in another window, since" in box.text()
    answer(other, "Open a copy")
    other.until(lambda: not other.window.document.empty)
    assert other.window.document.folder != place
    assert other.window.document.title == "mine (copy)"
    assert any("copy of “mine”" in text for text in other.said())
    other.window.document.set("weight", 5.0)
    other.window.document.save()
    assert load_job(place) == window.document.job
    other.window.close()
    other.window.deleteLater()


def test_a_lock_of_another_computer_can_be_taken_over(studio: Studio) -> None:
    place = saved(studio)
    (place / LOCK_NAME).write_text("123\ntessera\nanother-computer\n\n\n")
    studio.window.files.open_path(place)
    (box,) = boxes(studio)
    assert "on another-computer" in box.text()
    answer(studio, "not in use")
    assert studio.window.document.folder == place
