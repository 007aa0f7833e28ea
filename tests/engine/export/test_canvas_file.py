"""A canvas and its journal outlive anything: what is gone on with equals what was never interrupted."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadCanvasError, CancelledError, NoRoomError
from engine.export import journal
from engine.export.canvas_file import CanvasFile
from engine.export.encoders import encode
from engine.export.journal import CanvasSpec, Journal
from engine.export.tiles import ExportPlan, fulfil
from engine.images.quantise import to_uint8, to_uint16
from engine.images.read import read_image

SIZE = Size(90, 110)


def plane(box: Box) -> Tensor:
    """Every pixel depends on its place only, also at negative places."""
    rows = torch.arange(box.top, box.bottom, dtype=torch.float64)[:, None]
    columns = torch.arange(box.left, box.right, dtype=torch.float64)[None]
    return torch.stack([torch.sin(rows * 0.07 + columns * 0.013 * k + k) for k in (1, 2, 3)]).mul(0.5).add(0.5).float()


def plan(out: Path, **more: object) -> ExportPlan:
    return ExportPlan(out, SIZE, 32, **more)  # type: ignore[arg-type]


def hashed(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---------------------------------------------------------------- the canvas


def test_canvas_is_a_bigtiff_that_others_can_open_and_be_encoded_again(tmp_path: Path) -> None:
    canvas_file = CanvasFile.create(tmp_path / "canvas.tif", Size(40, 50), 16)
    for tile in reversed(Size(40, 50).box.tiles(16)):
        canvas_file.put(tile, plane(tile))
    expected = to_uint16(plane(Size(40, 50).box))
    with tifffile.TiffFile(canvas_file.path) as file:
        assert file.is_bigtiff
    assert (tifffile.imread(canvas_file.path) == expected).all()
    for name in ("one.tif", "two.tif"):
        assert list(encode(canvas_file, tmp_path / name))[-1] == (1.0, 0.0)
        assert (tifffile.imread(tmp_path / name) == expected).all()


def test_an_empty_canvas_has_all_its_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = Size(600, 700)
    CanvasFile.create(tmp_path / "a.tif", size, 8)
    monkeypatch.delattr(os, "posix_fallocate", raising=False)  # as on macOS and Windows
    CanvasFile.create(tmp_path / "b.tif", size, 8)
    for name in ("a.tif", "b.tif"):
        assert (tifffile.imread(tmp_path / name) == np.zeros((600, 700, 3))).all()
        if hasattr(os.stat_result, "st_blocks"):
            assert (tmp_path / name).stat().st_blocks * 512 >= size.area * 3


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 12), st.integers(1, 12), st.sampled_from([8, 16]))
def test_what_is_put_is_read(
    tmp_path_factory: pytest.TempPathFactory, top: int, left: int, height: int, width: int, bits: int
) -> None:
    canvas_file = CanvasFile.create(tmp_path_factory.mktemp("c") / "c.tif", Size(42, 42), bits)
    box = Box(top, left, height, width)
    checksum = canvas_file.put(box, plane(box))
    expected = to_uint8(plane(box)) if bits == 8 else to_uint16(plane(box))
    assert (canvas_file.read(box) == expected).all()
    assert canvas_file.checksum(box) == checksum
    rest = canvas_file.read(Size(42, 42).box)
    rest[box.within(Size(42, 42).box)] = 0
    assert not rest.any(), "nothing else is written"
    with pytest.raises(ValueError, match="is not inside"):
        canvas_file.put(Box(40, 40, 5, 5), torch.zeros(3, 5, 5))


def test_the_picture_so_far_can_be_looked_at(tmp_path: Path) -> None:
    canvas_file = CanvasFile.create(tmp_path / "c.tif", Size(300, 500), 16)
    canvas_file.put(Box(0, 0, 300, 250), torch.ones(3, 300, 250))
    seen = canvas_file.glance(100)
    assert seen.shape == (60, 100, 3)
    assert seen.dtype == np.uint8
    assert seen[:, :49].min() == 255
    assert seen[:, 51:].max() == 0


# ---------------------------------------------------------------- going on


KILLED = """
import os, signal, sys
from pathlib import Path
from engine.export.tiles import fulfil
from tests.engine.export.test_canvas_file import plane, plan

tiles = int(sys.argv[2])

def paint(box):
    global tiles
    if tiles == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    tiles -= 1
    return plane(box)

for event in fulfil(paint, plan(Path(sys.argv[1]), resume=True)):
    pass
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_again_and_again_the_file_is_the_same(tmp_path: Path) -> None:
    whole, out = tmp_path / "whole.png", tmp_path / "killed.png"
    list(fulfil(plane, plan(whole)))
    for tiles, painted in ((0, 0), (1, 1), (5, 6)):
        arguments = [sys.executable, "-c", KILLED, str(out), str(tiles)]
        done = subprocess.run(arguments, cwd=Path(__file__).parents[3], capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        assert not out.exists()
        begun = journal.find(journal.folder_for(out))
        assert begun is not None
        assert (begun.done, begun.total) == (painted, 12)
    list(fulfil(plane, plan(out, resume=True)))
    assert hashed(out) == hashed(whole)
    assert not journal.folder_for(out).exists()


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_what_was_painted_is_not_painted_again(tmp_path_factory: pytest.TempPathFactory, turns: list[int]) -> None:
    out = tmp_path_factory.mktemp("turns") / "a.tif"
    painted: list[Box] = []

    def paint(box: Box) -> Tensor:
        painted.append(box)
        return plane(box)

    for turn in turns:
        if out.exists():
            break
        goal = len(painted) + turn
        try:
            list(fulfil(paint, plan(out, resume=True), stop=lambda goal=goal: len(painted) >= goal))
        except CancelledError:
            assert not out.exists()
    if not out.exists():
        list(fulfil(paint, plan(out, resume=True)))
    assert len(painted) == len(set(painted)) == 12
    assert (tifffile.imread(out) == to_uint8(plane(SIZE.box))).all()


def interrupted(out: Path, tiles: int = 5, **more: object) -> Path:
    """An export that was stopped after some tiles; its folder."""
    left = iter(range(tiles - 1))
    with pytest.raises(CancelledError):
        list(fulfil(plane, plan(out, **more), stop=lambda: next(left, None) is None))
    return journal.folder_for(out)


def test_a_tile_that_did_not_reach_the_disk_is_painted_again(tmp_path: Path) -> None:
    folder = interrupted(tmp_path / "a.tif")
    with (folder / "canvas.tif").open("r+b") as file:  # as after a power cut
        file.seek(-SIZE.area * 3, io.SEEK_END)
        file.write(b"\0" * 40)
    painted = []
    list(fulfil(lambda box: painted.append(box) or plane(box), plan(tmp_path / "a.tif", resume=True)))
    assert painted[0] == Box(0, 0, 32, 32)
    assert len(painted) == 12 - 5 + 1
    assert (tifffile.imread(tmp_path / "a.tif") == to_uint8(plane(SIZE.box))).all()


def test_half_a_line_at_the_end_of_the_journal_is_forgotten(tmp_path: Path) -> None:
    folder = interrupted(tmp_path / "a.tif")
    with (folder / "tiles-1-of-1.txt").open("ab") as file:
        file.write(b"7 12")
    report = yield_to_end(fulfil(plane, plan(tmp_path / "a.tif", resume=True)))
    assert report.resumed_tiles == 5
    assert report.tiles == 12


def yield_to_end(job):
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("tiles-1-of-1.txt", b"7 nonsense\n8 00000000\n"),
        ("tiles-1-of-1.txt", b"700 00000000\n"),
        ("picture.json", b"{"),
        ("picture.json", b'{"format": 1}'),
        ("canvas.tif", b"no picture"),
    ],
)
def test_a_damaged_canvas_is_told_and_kept(tmp_path: Path, name: str, damage: bytes) -> None:
    folder = interrupted(tmp_path / "a.png")
    (folder / name).write_bytes(damage)
    with pytest.raises(BadCanvasError, match=r"painted from the start|another picture"):
        list(fulfil(plane, plan(tmp_path / "a.png", resume=True)))
    assert folder.exists()
    assert not (tmp_path / "a.png").exists()
    list(fulfil(plane, plan(tmp_path / "a.png")))  # afresh
    assert (tmp_path / "a.png").exists()
    assert not folder.exists()


@pytest.mark.parametrize("change", [{"details": {"step": 2}}, {"bits": 16}, {"bleed_px": 3}])
def test_the_canvas_of_another_picture_is_not_gone_on_with(tmp_path: Path, change: dict[str, object]) -> None:
    interrupted(tmp_path / "a.png", details={"step": 1})
    with pytest.raises(BadCanvasError, match="holds another picture"):
        list(fulfil(plane, plan(tmp_path / "a.png", resume=True, **({"details": {"step": 1}} | change))))


def test_a_newer_programs_canvas_is_not_touched(tmp_path: Path) -> None:
    folder = interrupted(tmp_path / "a.png")
    stored = json.loads((folder / "picture.json").read_text())
    (folder / "picture.json").write_text(json.dumps(stored | {"format": 99}))
    with pytest.raises(BadCanvasError, match="newer Tessera"):
        journal.find(folder)


def test_other_things_in_the_folder_are_left(tmp_path: Path) -> None:
    folder = tmp_path / "canvas"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    with pytest.raises(BadCanvasError, match="holds other things"):
        list(fulfil(plane, plan(tmp_path / "a.png", folder=folder)))
    journal.remove(folder)
    assert (folder / "letter.txt").read_text() == "dear"


def test_a_kept_canvas_is_encoded_to_other_formats_without_painting(tmp_path: Path) -> None:
    list(fulfil(plane, plan(tmp_path / "a.tif", folder=tmp_path / "canvas")))

    def never(box: Box) -> Tensor:
        pytest.fail("painted")

    list(fulfil(never, plan(tmp_path / "b.jpg", folder=tmp_path / "canvas")))
    assert read_image(tmp_path / "b.jpg").original == SIZE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "b.jpg", "canvas"]


def test_a_canvas_survives_a_file_that_can_not_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> None:
        raise PermissionError(13, "The file is open in another program")

    out = tmp_path / "a.png"
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", locked)
        with pytest.raises(NoRoomError, match="open in another program"):
            list(fulfil(plane, plan(out)))
    assert [path.name for path in tmp_path.iterdir()] == ["a.png.unfinished"]
    painted: list[Box] = []
    list(fulfil(lambda box: painted.append(box) or plane(box), plan(out, resume=True)))
    assert not painted
    assert out.exists()


# ---------------------------------------------------------------- several at once


def test_parts_of_one_canvas_are_assembled(tmp_path: Path) -> None:
    out, painted = tmp_path / "a.tif", []
    for k in (3, 1):
        list(fulfil(lambda box: painted.append(box) or plane(box), plan(out, part=(k, 3))))
        assert not out.exists()
    with pytest.raises(BadCanvasError, match="4 of 12 tiles are not painted yet"):
        list(fulfil(plane, plan(out, assemble=True)))
    list(fulfil(lambda box: painted.append(box) or plane(box), plan(out, part=(2, 3))))
    list(fulfil(plane, plan(out, assemble=True)))
    assert len(painted) == len(set(painted)) == 12
    assert (tifffile.imread(out) == to_uint8(plane(SIZE.box))).all()
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_nothing_to_assemble(tmp_path: Path) -> None:
    with pytest.raises(BadCanvasError, match="nothing to assemble"):
        list(fulfil(plane, plan(tmp_path / "a.tif", assemble=True)))
    assert not any(tmp_path.iterdir())


def test_of_parts_that_begin_at_once_one_makes_the_canvas(tmp_path: Path) -> None:
    picture = CanvasSpec(SIZE.box, 8, 32, {})
    first = Journal.begin(tmp_path / "c", picture, {}, (1, 2))
    tile = picture.tiles()[0]
    first.put(0, tile, plane(tile))
    second = Journal.begin(tmp_path / "c", picture, {}, (2, 2))
    assert second.done() == {0}
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    with pytest.raises(BadCanvasError, match="another picture"):
        Journal.begin(tmp_path / "c", CanvasSpec(SIZE.box, 16, 32, {}), {}, (2, 2))


def test_several_painters_share_the_tiles(tmp_path: Path) -> None:
    painted: dict[str, list[Box]] = {"a": [], "b": []}
    painters = [lambda box, name=name: painted[name].append(box) or plane(box) for name in painted]
    list(fulfil(painters, plan(tmp_path / "a.tif")))
    assert painted["a"]
    assert painted["b"]
    assert len({*painted["a"], *painted["b"]}) == len(painted["a"]) + len(painted["b"]) == 12
    assert (tifffile.imread(tmp_path / "a.tif") == to_uint8(plane(SIZE.box))).all()


def test_what_one_of_several_painters_raises_comes_through(tmp_path: Path) -> None:
    def broken(box: Box) -> Tensor:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(fulfil([plane, broken], plan(tmp_path / "a.tif")))
    assert not (tmp_path / "a.tif").exists()
