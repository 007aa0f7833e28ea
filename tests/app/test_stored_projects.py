"""Projects, masks and preferences that the window of version 0.1 wrote still open: see tests/data/v0.1/README.md."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from app.document import Document
from app.masks.files import read as read_mask
from app.preferences import Preferences
from engine import snapshots

STORED = Path(__file__).parents[1] / "data" / "v0.1"


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    shutil.copytree(STORED / "window", tmp_path / "moved ä" / "window")
    shutil.copytree(STORED / "command" / "images", tmp_path / "moved ä" / "command" / "images")
    return tmp_path / "moved ä" / "window"


@pytest.mark.parametrize("name", ["famos", "doodle"])
def test_a_project_opens_with_its_images_and_settings(qtbot, tmp_path: Path, moved: Path, name: str) -> None:
    problems: list[str] = []
    document = Document(tmp_path / "untitled")
    document.problem.connect(problems.append)
    document.open(moved / name)
    assert problems == []
    assert document.job.method == name
    assert document.missing() == []
    assert all(Path(image.path).is_file() for images in document.job.sources.values() for image in images)
    for snapshot in snapshots.listing(moved / name):
        assert snapshots.load_state(snapshot).tensors


def test_snapshots_keep_their_names_reasons_and_branch(moved: Path) -> None:
    kept, saved = snapshots.listing(moved / "famos")
    assert (kept.name, kept.reason) == ("Erster Blick – schön", "kept")
    assert (saved.name, saved.reason, saved.parent) == ("", "autosave", kept.folder.name)


def test_a_mask_keeps_the_names_of_its_regions(moved: Path) -> None:
    mask = read_mask(moved / "doodle" / "masks" / "target_mask-2.png")
    assert [region.name for region in mask.regions] == ["Himmel, blau", "Grass", "Sand"]
    assert mask.labels.shape == (72, 96)


def test_preferences_are_read(moved: Path) -> None:
    file = moved / "preferences.ini"
    file.write_text(file.read_text(encoding="utf-8").replace("/nonexistent", moved.parent.as_posix()), encoding="utf-8")
    preferences = Preferences(QSettings(str(file), QSettings.Format.IniFormat))
    assert preferences.geometry
    assert preferences.state
    assert (preferences.theme, preferences.device) == ("dark", "cpu")
    assert preferences.last_project == moved / "doodle"
