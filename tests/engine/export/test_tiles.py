"""Tiles and one piece are the same file, whatever its size, and nothing half-written is ever left."""

import errno
import io
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadSettingError, CancelledError, NoRoomError
from engine.export.canvas_file import CanvasFile
from engine.export.encoders import encode
from engine.export.tiles import bytes_needed, check, export
from engine.images.quantise import to_uint8, to_uint16
from engine.images.read import read_image
from engine.options import EncodeOptions


def plane(box: Box) -> Tensor:
    """A picture whose every pixel depends on its place only, with values that 8 bit can not hold."""
    rows = torch.arange(box.top, box.bottom, dtype=torch.float64)[:, None]
    columns = torch.arange(box.left, box.right, dtype=torch.float64)[None]
    waves = [torch.sin(rows * 0.07 + columns * 0.013 * k + k) for k in (1, 2, 3)]
    return torch.stack(waves).mul(0.5).add(0.5).float()  # [3, h, w]


def words(canvas: Size) -> np.ndarray:
    return to_uint16(plane(canvas.box))


def stored(path: Path) -> np.ndarray:
    if path.suffix == ".png":
        return np.asarray(Image.open(path))
    return tifffile.imread(path)


def left_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


# ---------------------------------------------------------------- what comes out


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 40), st.sampled_from([8, 16]))
def test_tiles_are_the_same_picture_as_one_piece(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int, tile_px: int, bits: int
) -> None:
    canvas, folder = Size(height, width), tmp_path_factory.mktemp("tiles")
    list(export(plane, canvas, folder / "tiled.tif", tile_px=tile_px, bits=bits))
    expected = words(canvas) if bits == 16 else to_uint8(plane(canvas.box))
    assert stored(folder / "tiled.tif").dtype == expected.dtype
    assert (stored(folder / "tiled.tif") == expected).all()


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".PNG"])
def test_file_reads_back_exactly_with_profile_and_print_size(tmp_path: Path, suffix: str, bits: int) -> None:
    canvas, out = Size(181, 307), tmp_path / f"ünï mosaic{suffix}"
    list(export(plane, canvas, out, tile_px=64, bits=bits, encode_options=EncodeOptions(dpi=150)))
    expected = to_uint8(plane(canvas.box))
    assert left_in(tmp_path) == [out.name]
    assert np.abs(read_image(out).pixels.permute(1, 2, 0).numpy().astype(int) - expected).max() <= (bits == 16)
    if bits == 16 and suffix.startswith(".tif"):
        assert (tifffile.imread(out) == words(canvas)).all()
    with Image.open(out) as image:
        assert image.size == (307, 181)
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.02)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_sixteen_bit_png_keeps_all_bits(tmp_path: Path) -> None:
    import cv2

    list(export(plane, Size(60, 90), tmp_path / "deep.png", tile_px=32, bits=16))
    deep = cv2.imread(str(tmp_path / "deep.png"), cv2.IMREAD_UNCHANGED)
    assert deep is not None
    assert (deep[..., ::-1] == words(Size(60, 90))).all()


def test_tiff_is_packed_in_tiles(tmp_path: Path) -> None:
    flat = lambda box: torch.full((3, box.height, box.width), 0.5)  # noqa: E731
    list(export(flat, Size(700, 900), tmp_path / "flat.tif", tile_px=256))
    with tifffile.TiffFile(tmp_path / "flat.tif") as file:
        assert file.pages.first.is_tiled
        assert file.pages.first.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
    assert (tmp_path / "flat.tif").stat().st_size < 700 * 900 * 3 / 20


def test_paint_is_called_without_gradients_and_the_caller_keeps_them(tmp_path: Path) -> None:
    weight = torch.ones(1, requires_grad=True)
    inside = []

    def paint(box: Box) -> Tensor:
        inside.append(torch.is_grad_enabled())
        return plane(box) * weight

    for _ in export(paint, Size(20, 20), tmp_path / "a.png", tile_px=8):
        assert torch.is_grad_enabled()
    assert inside == [False] * 9


def test_progress_only_grows_and_ends_at_the_total(tmp_path: Path) -> None:
    events = list(export(plane, Size(300, 300), tmp_path / "a.png", tile_px=50))
    assert {(event.job, event.total) for event in events} == {("export", 39)}
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert (events[0].done, events[-1].done) == (0, 39)
    assert all(event.seconds_left >= 0 for event in events[1:] if event.seconds_left is not None)
    assert events[1].seconds_left is not None


# ---------------------------------------------------------------- what can go wrong


@pytest.mark.parametrize(
    ("name", "canvas", "bits", "message"),
    [
        ("a.doc", Size(9, 9), 8, "a.doc can not be exported: the name has to end in .png"),
        ("a.jpg", Size(9, 9), 16, "JPEG holds 8 bits for each colour only"),
        ("a.jpg", Size(9, 65_501), 8, "JPEG ends at 65,500 px a side"),
        ("a.webp", Size(16_384, 9), 8, "WebP ends at 16,383 px a side"),
        ("a.psd", Size(30_001, 9), 8, "Photoshop ends at 30,000 px a side"),
        ("a.psd", Size(30_000, 30_000), 8, "Photoshop ends at 2.1 GB"),
        ("a", Size(9, 9), 8, "has to end in"),
        ("a.png", Size(9, 9), 12, "bits can not be 12; it is 8 or 16"),
        ("a.png", Size(300_001, 9), 8, "9 × 300,001 px can not be exported"),
        ("a.png", Size(0, 9), 8, "9 × 0 px can not be exported"),
        ("folder.png", Size(9, 9), 8, "is a folder"),
    ],
)
def test_impossible_requests_are_named_before_anything_is_painted(
    tmp_path: Path, name: str, canvas: Size, bits: int, message: str
) -> None:
    (tmp_path / "folder.png").mkdir()

    def never(box: Box) -> Tensor:
        pytest.fail("painted")

    with pytest.raises(BadSettingError, match=message):
        next(export(never, canvas, tmp_path / name, tile_px=8, bits=bits))
    assert left_in(tmp_path) == ["folder.png"]


def test_too_little_disk_is_told_with_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9**10, 0, 1_500_000_000))
    check(tmp_path / "a.png", Size(15_000, 16_000), 8)
    assert bytes_needed(Size(20_000, 20_000), 8) > 2.4e9
    with pytest.raises(NoRoomError, match=r"needs up to 2.4 GB .* has 1.5 GB free"):
        check(tmp_path / "a.png", Size(20_000, 20_000), 8)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9**10, 0, 3_100_000))
    with pytest.raises(NoRoomError, match=r"needs up to 6.1 MB .* has 3.1 MB free"):
        check(tmp_path / "a.png", Size(1_000, 1_000), 8)


def test_what_a_file_holds_besides_three_colors_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    size, clear = Size(10_000, 10_000), EncodeOptions(transparent=True)
    of_a_pixel = 1e8 * 1.01
    assert bytes_needed(size, 8) == pytest.approx(of_a_pixel * (3 + 3), rel=1e-3)
    assert bytes_needed(size, 8, bands=4) == pytest.approx(of_a_pixel * (3 + 4), rel=1e-3)
    assert bytes_needed(size, 8, clear) == pytest.approx(of_a_pixel * (3 + 1 + 4), rel=1e-3)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9**10, 0, 1_000_000_000))
    check(tmp_path / "a.png", size, 8, clear)
    with pytest.raises(NoRoomError, match=r"needs up to 1.2 GB"):  # it holds them flat and as a layer
        check(tmp_path / "a.psd", size, 8, clear)


def test_read_only_folder_and_file_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NoRoomError, match="is a file"):
        check(tmp_path / "file" / "a.png", Size(9, 9), 8)
    monkeypatch.setattr(os, "access", lambda *_: False)  # an administrator may write everywhere
    with pytest.raises(NoRoomError, match="can not be written to"):
        check(tmp_path / "new folder" / "a.png", Size(9, 9), 8)


def test_missing_folders_are_made(tmp_path: Path) -> None:
    list(export(plane, Size(9, 9), tmp_path / "x" / "y" / "a.png", tile_px=8))
    assert left_in(tmp_path / "x" / "y") == ["a.png"]


def test_full_disk_while_the_canvas_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("engine.export.canvas_file._allocate", full)
    with pytest.raises(NoRoomError, match="No space left on device"):
        list(export(plane, Size(90, 90), tmp_path / "a.png", tile_px=32))
    assert left_in(tmp_path) == []


LIMITED = """
import resource, sys, torch
from pathlib import Path
from engine.box import Size
from engine.errors import NoRoomError
from engine.export.tiles import export

out = Path(sys.argv[1])
torch.manual_seed(1)
canvas = Size(6000, 60)
for extra in (4500, -5000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (canvas.area * 3 + extra, -1))
    try:
        for event in export(lambda box: torch.rand(3, box.height, box.width), canvas, out, tile_px=64):
            done = event.done
    except NoRoomError as error:
        print(done, error)
"""


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_file_that_can_not_grow_is_told_and_removed(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("resource", reason="Windows can not limit the size of files for a test")
    out = tmp_path / f"out{suffix}"
    out.write_text("the export of yesterday")
    arguments = [sys.executable, "-c", LIMITED, str(out)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # first the canvas file fits, but the noise, which packing only makes larger, does not; then not even the canvas
    encoding, canvas = done.stdout.splitlines()
    assert encoding.startswith(f"94 {out} could not be written (")
    assert canvas.startswith(f"94 {out}.unfinished could not be written (")
    assert left_in(tmp_path) == [out.name]
    assert out.read_text() == "the export of yesterday"


def test_stopping_between_tiles_keeps_the_canvas_only(tmp_path: Path) -> None:
    painted = []

    def paint(box: Box) -> Tensor:
        painted.append(box)
        return plane(box)

    with pytest.raises(CancelledError):
        list(export(paint, Size(90, 90), tmp_path / "a.png", tile_px=30, stop=lambda: len(painted) == 4))
    assert len(painted) == 4
    assert left_in(tmp_path) == ["a.png.unfinished"]


def test_stopping_while_encoding_leaves_nothing(tmp_path: Path) -> None:
    canvas = CanvasFile.create(tmp_path / "canvas.tif", Size(6000, 4000), 16)
    with pytest.raises(CancelledError):
        list(encode(canvas, tmp_path / "a.png", stop=lambda: True))
    assert left_in(tmp_path) == ["canvas.tif"]


@pytest.mark.parametrize("after", [1, 3])
def test_a_caller_who_walks_away_leaves_no_file(tmp_path: Path, after: int) -> None:
    job = export(plane, Size(90, 90), tmp_path / "a.png", tile_px=64)
    for _ in range(after):
        next(job)
    job.close()
    assert left_in(tmp_path) == ["a.png.unfinished"]


def test_an_error_in_painting_comes_through_and_leaves_no_file(tmp_path: Path) -> None:
    def broken(box: Box) -> Tensor:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(export(broken, Size(90, 90), tmp_path / "a.png", tile_px=64))
    with pytest.raises(ValueError, match="was painted as"):
        list(export(lambda box: torch.zeros(3, 5, 5), Size(90, 90), tmp_path / "a.png", tile_px=64))
    assert left_in(tmp_path) == ["a.png.unfinished"]
    list(export(plane, Size(90, 90), tmp_path / "a.png", tile_px=64))
    assert left_in(tmp_path) == ["a.png"]


MEASURED = """
import resource, sys, torch
from pathlib import Path
from engine.box import Size
from engine.export.tiles import export

tile = torch.rand(3, 512, 512)
for height in (512, 2048, 8192):
    paint = lambda box: tile[:, : box.height, : box.width]
    list(export(paint, Size(height, 2048), Path(sys.argv[1]), tile_px=512, bits=16))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_canvas(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="memory of a process is measured differently on Windows")
    arguments = [sys.executable, "-c", MEASURED, str(tmp_path / "a.tif")]
    printed = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    unit = 1 if sys.platform == "darwin" else 1024
    smallest, small, large = (int(line) * unit for line in printed.split())  # with 6, 25 and 101 MB of pixels
    assert large - small < 20 * 2**20
    assert large - smallest < 40 * 2**20
