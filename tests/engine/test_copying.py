"""A project is copied whole or not at all, also while it is worked on."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.copying import bring_snapshots, copy_project, free_folder
from engine.errors import CancelledError, NoRoomError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    source = tmp_path / "mine"
    for number in ("0001", "0002"):
        folder = source / "snapshots" / number
        folder.mkdir(parents=True)
        (folder / "snapshot.json").write_text(number)
        (folder / "state.safetensors").write_bytes(b"w" * 1000)
    (source / "project.json").write_text("{}")
    (source / ".open.lock").write_text("1")
    (source / "snapshots" / ".0003-half").mkdir()
    (source / "link").symlink_to(tmp_path)
    return source


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


WHOLE = {
    "project.json",
    *(f"snapshots/{n}/{f}" for n in ("0001", "0002") for f in ("snapshot.json", "state.safetensors")),
}


@pytest.mark.parametrize("linked", [False, True])
def test_all_but_locks_links_and_halves_is_copied(project: Path, tmp_path: Path, linked: bool) -> None:
    heard: list[tuple[int, int]] = []
    copy_project(project, tmp_path / "copy", lambda *share: heard.append(share) or True, linked=linked)
    assert names(tmp_path / "copy") == WHOLE
    assert heard[-1][0] == heard[-1][1] == 2010
    assert (tmp_path / "copy" / "snapshots" / "0002" / "snapshot.json").read_text() == "0002"


def test_an_empty_folder_is_taken_and_one_with_other_things_is_not(project: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    copy_project(project, tmp_path / "empty")
    assert names(tmp_path / "empty") == WHOLE
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "letter.txt").write_text("dear")
    with pytest.raises(NoRoomError, match="taken"):
        copy_project(project, tmp_path / "taken")
    assert names(tmp_path / "taken") == {"letter.txt"}


def test_what_was_cancelled_leaves_nothing(project: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CancelledError):
        copy_project(project, tmp_path / "copy", lambda done, _total: done < 1000)
    assert sorted(tmp_path.iterdir()) == before


def test_a_snapshot_that_goes_meanwhile_is_left_out_whole(project: Path, tmp_path: Path) -> None:
    def progress(done: int, _total: int) -> bool:
        if done > 1000:
            (project / "snapshots" / "0002" / "state.safetensors").unlink(missing_ok=True)
        return True

    copy_project(project, tmp_path / "copy", progress)
    assert names(tmp_path / "copy") == {name for name in WHOLE if "0002" not in name}
    assert not (tmp_path / "copy" / "snapshots" / "0002").exists()


def test_snapshots_that_came_later_are_brought(project: Path, tmp_path: Path) -> None:
    copy_project(project, tmp_path / "copy")
    (project / "snapshots" / "0003").mkdir()
    (project / "snapshots" / "0003" / "snapshot.json").write_text("3")
    (tmp_path / "copy" / "snapshots" / "0001" / "snapshot.json").write_text("changed")
    bring_snapshots(project, tmp_path / "copy")
    assert names(tmp_path / "copy") == {*WHOLE, "snapshots/0003/snapshot.json"}
    assert (tmp_path / "copy" / "snapshots" / "0001" / "snapshot.json").read_text() == "changed"


def test_a_free_name_is_found(tmp_path: Path) -> None:
    assert free_folder(tmp_path, "a") == tmp_path / "a"
    for name in ("a", "a 2"):
        (tmp_path / name).mkdir()
    assert free_folder(tmp_path, "a") == tmp_path / "a 3"
