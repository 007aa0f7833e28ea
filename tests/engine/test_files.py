"""Files appear whole under their names, or not at all."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

import pytest

from engine.errors import NoRoomError
from engine.files import no_room, numbered, remove_leftovers, replacing, replacing_folder, write_atomically


def write_half(use: Callable[[Path], AbstractContextManager[Path]], path: Path, error: BaseException) -> None:
    with use(path) as temporary:
        (temporary / "a" if temporary.is_dir() else temporary).write_text("half")
        raise error


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "bild.png"
    with replacing(path) as temporary:
        temporary.write_bytes(b"whole")
        assert temporary.suffix == ".png"
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, "old")
    with pytest.raises(RuntimeError, match="half-way"):
        write_half(replacing, path, RuntimeError("half-way"))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_with_the_file_and_what_to_do(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(NoRoomError, match=r"a\.txt .*No space.*Free some space"):
        write_half(replacing, tmp_path / "a.txt", full)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "snapshots" / "0001"
    with replacing_folder(path) as temporary:
        (temporary / "a").write_text("1")
        assert not path.exists()
    assert (path / "a").read_text() == "1"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_half(replacing_folder, tmp_path / "0001", KeyboardInterrupt())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_does_not_replace_another(tmp_path: Path) -> None:
    (tmp_path / "0001").mkdir()
    (tmp_path / "0001" / "old").write_text("")
    with pytest.raises(NoRoomError), replacing_folder(tmp_path / "0001") as temporary:
        (temporary / "new").write_text("")
    assert [path.name for path in (tmp_path / "0001").iterdir()] == ["old"]
    assert len(list(tmp_path.iterdir())) == 1


def test_below_a_file_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for use in (replacing, replacing_folder):
        with pytest.raises(NoRoomError, match="inside"), use(tmp_path / "file" / "inside"):
            pytest.fail("must not get here")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_files_get_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    write_atomically(tmp_path / "ours", "")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


def test_the_reason_is_in_plain_words() -> None:
    told = str(no_room(Path("a"), OSError(errno.EROFS, os.strerror(errno.EROFS))))
    assert os.strerror(errno.EROFS) in told
    assert str(no_room(Path("a"), OSError("odd")))


def test_what_was_cut_off_is_removed_later_and_nothing_else(tmp_path: Path) -> None:
    for name in (".0007-ab12cd_9", ".my-long-name-abcdefgh"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("x")
    (tmp_path / ".project-abcdefgh.json").write_text("half")
    stays = [".open.lock", ".removed", "project.json", "a-abcdefgh", ".git"]
    for name in stays:
        (tmp_path / name).write_text("x")
    remove_leftovers(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3 + len(stays), "another program may be writing them"
    remove_leftovers(tmp_path, older_than_s=-1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(stays)
    remove_leftovers(tmp_path / "not there")


@pytest.mark.parametrize("use", [replacing, replacing_folder])
def test_a_name_as_long_as_a_system_allows_can_be_written(
    use: Callable[[Path], AbstractContextManager[Path]], tmp_path: Path
) -> None:
    path = tmp_path / ("💥" * 60 + ".png")
    with use(path) as temporary:
        (temporary / "a" if temporary.is_dir() else temporary).write_text("whole")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    with pytest.raises(NoRoomError, match="shorter name"), use(tmp_path / ("x" * 300)):
        pass


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.EACCES, "allow that it is written to"), (errno.EROFS, "can be written to"), (errno.ENOSPC, "some space")],
)
def test_the_remedy_is_one_for_what_went_wrong(tmp_path: Path, number: int, remedy: str) -> None:
    assert remedy in str(no_room(tmp_path, OSError(number, os.strerror(number))))


@pytest.mark.parametrize("use", [replacing, replacing_folder])
def test_what_gets_its_name_is_on_the_disk(
    use: Callable[[Path], AbstractContextManager[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a power cut leaves moments and prints of the right names with nothing in them."""
    flushed: set[int] = set()
    fsync, named = os.fsync, []

    def note(handle: int) -> None:
        flushed.add(os.fstat(handle).st_ino)
        fsync(handle)

    def renaming(rename: Callable[..., None]) -> Callable[..., None]:
        def noting(source: Path, target: Path) -> None:
            files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
            named.extend(path.stat().st_ino for path in files)
            assert flushed.issuperset(named)
            rename(source, target)

        return noting

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(os, "rename", renaming(os.rename))
    monkeypatch.setattr(os, "replace", renaming(os.replace))
    with use(tmp_path / "a") as temporary:
        if temporary.is_dir():
            (temporary / "below").mkdir()
            (temporary / "one").write_text("1")
        (temporary / "below" / "two" if temporary.is_dir() else temporary).write_text("2")
    assert named


def test_names_are_numbered_one_by_one() -> None:
    """Thousands of them at once leave holes in Python's memory, which then stay."""
    tracemalloc.start()
    try:
        assert list(islice(numbered("a b", ".png"), 3)) == ["a b.png", "a b 2.png", "a b 3.png"]
        assert next(name for name in numbered("a") if name not in {"a", "a 2"}) == "a 3"
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10_000, f"{most:,} bytes"
