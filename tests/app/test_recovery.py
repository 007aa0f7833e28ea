"""After a crash the next start offers the work back; after a clean end it does not, nor while a window has it open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from app.document import Document
from app.main_window import MainWindow
from app.preferences import Preferences
from app.recovery import LOCK_NAME, Recovery
from engine.snapshots import listing
from tests.app.toys import register, save_as, write_image

ROOT = Path(__file__).parents[2]


def preferences(folder: Path) -> Preferences:
    return Preferences(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def opened(tmp_path: Path, monkeypatch, qapp):
    """Makes a document and what watches over it, as a start of the program does."""
    register(monkeypatch)

    def start() -> tuple[Document, Recovery]:
        document = Document(tmp_path / "projects")
        return document, Recovery(document, preferences(tmp_path), document)

    return start


def saved(document: Document, folder: Path) -> Path:
    document.add("style", [write_image(folder / "style.png")])
    assert document.save()
    return document.folder


def test_killed_while_training_the_work_is_offered_and_comes_back(qtbot, tmp_path: Path, monkeypatch) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.cut_off_program", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "kept\n"
        program.kill()
    register(monkeypatch)
    window = MainWindow(preferences(tmp_path), tmp_path / "data")
    window.show()
    start = window.canvas.start
    assert start.rescue.isVisible()
    kept = listing(next((tmp_path / "data" / "projects").iterdir()))
    assert f"step {kept[-1].step:,}" in start.rescue.words.text()
    start.rescue.button.click()
    assert len(window.document.sources("style")) == 1
    assert [tile.snapshot.step for tile in window.strip.tiles] == [snapshot.step for snapshot in kept]
    window.close()
    assert not window.isVisible()
    again = MainWindow(preferences(tmp_path), tmp_path / "data")
    assert again.recovery.rescue is None
    start = again.canvas.start
    assert [tile.recent.folder for tile in start.recents.tiles] == [window.document.folder]
    assert start.recents.isVisibleTo(start)
    for each in (window, again):
        each.close()
        each.deleteLater()


def test_the_last_project_is_remembered_from_its_first_save_on(opened, tmp_path: Path) -> None:
    document, _ = opened()
    assert preferences(tmp_path).last_project is None
    folder = saved(document, tmp_path)
    assert preferences(tmp_path).last_project == folder


def test_nothing_is_offered_while_a_window_has_the_project_open(opened, tmp_path: Path) -> None:
    first = opened()
    folder = saved(first[0], tmp_path)
    document, recovery = opened()
    assert recovery.rescue is None
    shared = []
    recovery.shared.connect(shared.append)
    holder = recovery.holder(folder)
    assert holder is not None
    assert (holder.here, holder.host) == (True, os.uname().nodename)
    assert first[1].holder(folder) is None, "it is this window itself"
    assert document.open(folder)
    assert shared == [folder]


def test_a_lock_without_its_program_is_offered(opened, tmp_path: Path) -> None:
    document, recovery = opened()
    folder = saved(document, tmp_path)
    recovery.release()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (folder / LOCK_NAME).write_text(f"{gone.pid}\npython\n{os.uname().nodename}\n")
    document, recovery = opened()
    assert recovery.holder(folder) is None, "it is taken over"
    found = recovery.rescue
    assert found is not None
    assert found.folder == folder
    assert found.snapshot is None
    assert found.when.startswith(("at ", "on "))


def test_another_project_and_another_place_take_the_lock_along(opened, tmp_path: Path) -> None:
    document, recovery = opened()
    first = saved(document, tmp_path)
    place = tmp_path / "named"
    assert save_as(document, place)
    assert (place / LOCK_NAME).exists()
    assert not (first / LOCK_NAME).exists()
    document.new()
    assert not (place / LOCK_NAME).exists()
    assert document.open(place)
    recovery.release()
    assert not (place / LOCK_NAME).exists()


def test_a_folder_that_can_not_be_written_to_is_worked_in_without_a_lock(opened, tmp_path: Path, monkeypatch) -> None:
    document, recovery = opened()
    folder = saved(document, tmp_path)
    document.new()
    (folder / LOCK_NAME).mkdir()
    shared = []
    recovery.shared.connect(shared.append)
    assert document.open(folder)
    assert preferences(tmp_path).last_project == folder
