"""A home that can not be written to, as of a guest's account: the window works, says so, and saves where it may."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from app.preferences import Preferences
from app.settings import own_presets
from app.settings.own_presets import OwnPreset
from engine import snapshots
from engine.errors import NoRoomError
from engine.project import FILE_NAME, load_job
from tests.app.studio import Studio
from tests.app.toys import write_image
from tests.engine.closed import close_folder


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that one may not enter; asked for before `studio`, the program's own folder is one, too."""
    for name in ("data", "closed"):
        (tmp_path / name).mkdir()
        close_folder(monkeypatch, tmp_path / name)
    return tmp_path / "closed"


def test_work_begun_in_a_closed_home_is_saved_elsewhere(closed: Path, studio: Studio) -> None:
    document, files = studio.window.document, studio.window.files
    studio.train()
    assert document.refused
    assert any("could not be written" in said for said in studio.said())
    former = document.folder
    for refused in (closed / "mine", studio.folder / "style ä.png" / "mine"):
        files.save_to(refused)
        assert document.folder == former, "else Save would try the refused place again without asking"
        assert document.untitled
        assert any(str(refused) in said for said in studio.said())
    place = studio.folder / "mine"
    files.save_to(place)
    assert document.folder == place
    assert not document.refused
    assert load_job(place).sources == document.job.sources
    studio.press("keep")
    studio.until(lambda: bool(snapshots.listing(place)))


def test_a_project_whose_images_were_closed_opens_and_names_them(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, place = tmp_path / "images", tmp_path / "mine"
    folder.mkdir()
    image = write_image(folder / "a.png")
    document = studio.window.document
    document.add("style", [image])
    studio.window.files.save_to(place)
    studio.until(lambda: document.folder == place)
    close_folder(monkeypatch, folder)
    document.new()
    assert document.open(place / FILE_NAME)
    assert any("a.png" in said or "not where" in said for said in studio.said()), studio.said()


def test_the_last_folder_may_be_closed_since(tmp_path: Path, closed: Path) -> None:
    preferences = Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    preferences.set_last_folder("images", closed / "photographs")
    assert preferences.last_folder("images") != closed / "photographs"


def test_presets_in_a_closed_folder_are_none_and_can_not_be_kept(closed: Path) -> None:
    assert own_presets.listing(closed / "presets", "magic") == []
    with pytest.raises(NoRoomError, match="could not be written"):
        own_presets.save(closed / "presets", OwnPreset("magic", "Mine", {}))
