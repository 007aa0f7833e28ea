"""Which files of what was given are pictures, in the order in which one names them."""

import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from engine.images.find import find_images


def test_folders_are_searched_in_natural_order(tmp_path: Path) -> None:
    names = [
        "b.png",
        "a10.JPG",
        "a2.jpg",
        ".hidden.png",
        "notes.txt",
        "1/2/c.webp",
        "1/2/3/too deep.png",
        ".secret/d.png",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    files, problems = find_images([tmp_path, tmp_path / "b.png", tmp_path / "notes.txt"])
    assert [str(file.relative_to(tmp_path)) for file in files] == [
        "a2.jpg",
        "a10.JPG",
        "b.png",
        os.path.join("1", "2", "c.webp"),
        "notes.txt",
    ]
    assert problems == []


def test_paths_that_give_nothing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "locked").mkdir()
    real = os.scandir

    def scandir(folder: Path) -> object:
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    files, problems = find_images([tmp_path / "empty", tmp_path / "locked", tmp_path / "gone.png"])
    assert files == []
    for problem, (name, reason) in zip(
        problems,
        [("empty", "holds no images"), ("locked", "could not be opened"), ("gone.png", "is not there")],
        strict=True,
    ):
        assert name in problem
        assert reason in problem


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have names of text alone")
def test_a_file_whose_name_is_not_text_is_named_and_left_out(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "good.png")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    odd.write_bytes((tmp_path / "good.png").read_bytes())
    for paths in ([tmp_path], [odd, tmp_path / "good.png"]):
        files, problems = find_images(paths)
        assert files == [tmp_path / "good.png"]
        assert len(problems) == 1
        assert "caf\ufffd.png" in problems[0]
        assert "Rename" in problems[0]
        problems[0].encode()
