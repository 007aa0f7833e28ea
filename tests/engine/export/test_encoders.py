"""One canvas in every format: other programs read the pixels, the profile and the print size that were written."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import cv2
import numpy as np
import pytest
import pyvips
import tifffile
import torch
from PIL import Image, ImageCms

from engine.box import Box, Size
from engine.errors import BadSettingError, CancelledError
from engine.export import encoding, profiles
from engine.export.canvas_file import CanvasFile
from engine.export.encoders import check_limits, encode
from engine.export.format import format_of, formats, suffixes
from engine.export.print_sizes import Layout
from engine.images.quantise import to_uint8, to_uint16
from engine.options import EncodeOptions

SIZE = Size(181, 307)


def gradient(bits: int = 16, size: Size = SIZE) -> np.ndarray:
    """uint8 or uint16 [h, w, 3]: smooth, and different in each channel."""
    x = torch.linspace(0.1, 0.9, size.width).expand(size.height, -1)
    y = torch.linspace(0.9, 0.1, size.height)[:, None].expand(-1, size.width)
    picture = torch.stack([x, y, (x + y) / 2])
    return to_uint16(picture) if bits == 16 else to_uint8(picture)


def canvas_file(folder: Path, bits: int = 16, size: Size = SIZE) -> CanvasFile:
    file = CanvasFile.create(folder / "canvas.tif", size, bits)
    file.put(size.box, torch.from_numpy(gradient(bits, size).astype(np.float32) / (2**bits - 1)).permute(2, 0, 1))
    return file


def written(
    folder: Path, name: str, encode_options: EncodeOptions | None = None, bits: int = 8, **more: object
) -> Path:
    out = folder / name
    list(encode(canvas_file(folder), out, encode_options=encode_options, bits=bits, **more))  # type: ignore[arg-type]
    assert sorted(path.name for path in folder.iterdir()) == sorted({"canvas.tif", name, *_tiles(name)})
    return out


def _tiles(name: str) -> set[str]:
    return {name.replace(".dzi", "_files")} if name.endswith(".dzi") else set()


def icc_title(data: bytes) -> str:
    return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(data)))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_pillow_reads_pixels_profile_and_print_size(tmp_path: Path, name: str) -> None:
    out = written(tmp_path, name, EncodeOptions(dpi=240, quality=100))
    with Image.open(out) as image:
        assert image.size == (307, 181)
        assert "sRGB" in icc_title(image.info["icc_profile"])
        dpi = image.info.get("dpi") or (image.getexif().get(282), image.getexif().get(283))
        assert dpi == pytest.approx((240, 240), abs=0.02)
        difference = np.abs(np.asarray(image.convert("RGB")).astype(int) - gradient(8))
    assert difference.max() <= (0 if name in ("a.png", "a.tif") else 8)


def test_sixteen_bits_stay_sixteen_for_every_reader(tmp_path: Path) -> None:
    tiff, png = written(tmp_path, "a.tif", EncodeOptions(dpi=300), 16), tmp_path / "b.png"
    list(encode(CanvasFile.open(tmp_path / "canvas.tif", SIZE, 16), png, bits=16))
    for picture in (
        tifffile.imread(tiff),
        pyvips.Image.new_from_file(str(tiff)).numpy(),
        pixels_of(tiff),
        pixels_of(png),
    ):
        assert picture.dtype == np.uint16
        assert (picture == gradient()).all()
    levels = len(np.unique(tifffile.imread(tiff)[0, :, 0]))
    assert levels == SIZE.width, "8 bit would show at most 205 steps here, as bands"
    with tifffile.TiffFile(tiff) as file:
        tags = file.pages.first.tags
        assert tags["XResolution"].value[0] / tags["XResolution"].value[1] == pytest.approx(300, abs=0.01)
        assert "sRGB" in icc_title(tags["InterColorProfile"].value)


def test_imagemagick_reads_sixteen_bits(tmp_path: Path) -> None:
    identify = shutil.which("identify") or shutil.which("magick")
    if identify is None:
        pytest.skip("ImageMagick is not installed")
    out = written(tmp_path, "a.tif", EncodeOptions(dpi=300), 16)
    command = [identify] + (["identify"] if identify.endswith("magick") else [])
    command += ["-format", "%w %h %z %[profile:icc] %x", str(out)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.startswith("307 181 16")
    assert "sRGB" in told


@pytest.mark.parametrize("compression", ["none", "lzw", "deflate"])
def test_tiff_is_packed_as_asked_in_tiles_with_a_pyramid(tmp_path: Path, compression: str) -> None:
    file = canvas_file(tmp_path, 8, Size(700, 900))
    list(encode(file, tmp_path / "a.tif", encode_options=EncodeOptions(compression=compression, pyramid=True)))  # type: ignore[arg-type]
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        names = {"none": "NONE", "lzw": "LZW", "deflate": "ADOBE_DEFLATE"}
        assert tifffile.COMPRESSION(tiff.pages.first.compression).name == names[compression]
        assert tiff.pages.first.is_tiled
        assert [page.shape[1] for page in tiff.pages] == [900, 450, 225]
    assert (pixels_of(tmp_path / "a.tif") == gradient(8, Size(700, 900))).all()


def test_jpegs_quality_is_a_matter_of_bytes(tmp_path: Path) -> None:
    file = canvas_file(tmp_path)
    sizes = []
    for quality in (30, 92, 100):
        list(encode(file, tmp_path / "a.jpg", bits=8, encode_options=EncodeOptions(quality=quality)))
        sizes.append((tmp_path / "a.jpg").stat().st_size)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 2


@pytest.mark.parametrize("bits", [8, 16])
def test_photoshop_document_is_read_by_others(tmp_path: Path, bits: int) -> None:
    out = written(tmp_path, "a.psd", EncodeOptions(dpi=300, profile="adobe-rgb"), bits)
    assert out.read_bytes()[:6] == b"8BPS\0\1"
    expected = profiles.converted(
        pyvips.Image.new_from_array(gradient(), interpretation="rgb16"),
        profiles.load("adobe-rgb"),
        EncodeOptions(),
        bits,
    ).numpy()
    stored = np.frombuffer(out.read_bytes()[-expected.nbytes :], ">u2" if bits == 16 else "u1")
    assert (stored.reshape(3, *SIZE_HW).transpose(1, 2, 0) == expected).all()
    if bits == 8:  # Pillow opens no deeper ones
        with Image.open(out) as image:
            assert (np.asarray(image) == expected).all()
            assert "Adobe RGB" in icc_title(image.info["icc_profile"])


SIZE_HW = (SIZE.height, SIZE.width)


def test_deep_zoom_is_a_pyramid_of_tiles(tmp_path: Path) -> None:
    file = canvas_file(tmp_path, 8, Size(700, 900))
    for _ in range(2):  # the second replaces the first
        list(encode(file, tmp_path / "a.dzi", encode_options=EncodeOptions(quality=95)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.dzi", "a_files", "canvas.tif"]
    assert 'Width="900"' in (tmp_path / "a.dzi").read_text()
    levels = sorted(int(folder.name) for folder in (tmp_path / "a_files").iterdir())
    assert levels == list(range(11)), "from one pixel to all of them"
    with Image.open(tmp_path / "a_files" / "10" / "1_1.jpg") as tile:
        expected = gradient(8, Size(700, 900))[253 : 254 * 2 + 1, 253 : 254 * 2 + 1]
        assert np.abs(np.asarray(tile).astype(int) - expected).max() < 12
        assert "sRGB" in icc_title(tile.info["icc_profile"])


@pytest.mark.parametrize("name", ["a.tif", "a.jpg", "a.psd"])
def test_cmyk_only_through_the_shops_profile(tmp_path: Path, name: str) -> None:
    press = tmp_path / "shop" / "press.icc"
    press.parent.mkdir()
    press.write_bytes(press_profile())
    (tmp_path / "out").mkdir()
    out = written(tmp_path / "out", name, EncodeOptions(profile=str(press), quality=100))
    with Image.open(out) as image:
        assert image.mode == "CMYK"
        assert image.info["icc_profile"] == press.read_bytes()
        back = ImageCms.profileToProfile(
            image,
            io.BytesIO(press.read_bytes()),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
    # what the press can not print has moved; the rest is as it was
    assert np.abs(np.asarray(back).astype(int) - gradient(8)).mean() < 12


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.dzi"])
def test_formats_without_cmyk_say_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "press.icc").write_bytes(press_profile())
    with pytest.raises(BadSettingError, match="can not hold the CMYK colours"):
        check_limits(tmp_path / name, SIZE, 8, EncodeOptions(profile=str(tmp_path / "press.icc")))


def pixels_of(path: Path) -> np.ndarray:
    """[h, w, 3], red first, in the file's own depth."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture[..., ::-1]


def press_profile() -> bytes:
    """The profile for a press that libvips brings along."""
    image = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb")
    profile = image.icc_transform("cmyk", input_profile="srgb").get("icc-profile-data")
    assert isinstance(profile, bytes)
    return profile


def test_adobe_rgb_holds_the_same_colours_in_other_numbers(tmp_path: Path) -> None:
    out = written(tmp_path, "a.tif", EncodeOptions(profile="adobe-rgb"), 16)
    stored = tifffile.imread(out)
    assert not (stored == gradient()).all()
    back = pyvips.Image.new_from_file(str(out)).icc_transform("srgb", embedded=True, depth=16).numpy()
    difference = np.abs(back.astype(int) - gradient())
    assert difference.mean() < 100, "of 65535"
    assert difference.max() < 10 * 257, "where a channel is nearly 0, beside bright ones"


def test_crop_marks_lie_outside_the_bleed_in_line_with_the_cut(tmp_path: Path) -> None:
    encode_options = EncodeOptions(dpi=254, marks=True)  # 10 px to the millimetre
    layout = Layout(Size(141, 267), 20, encode_options)
    file = canvas_file(tmp_path, 8)
    list(encode(file, tmp_path / "a.png", encode_options=encode_options, layout=layout))
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    assert picture.shape == (181 + 160, 307 + 160, 3)
    assert (picture[80:-80, 80:-80] == gradient(8)).all(), "no mark touches the picture"
    rows = np.flatnonzero((picture[:, 0] == 0).all(-1))
    columns = np.flatnonzero((picture[0] == 0).all(-1))
    assert rows.tolist() == [100, 100 + 141]
    assert columns.tolist() == [100, 100 + 267]
    assert (picture[:60, 200] == 255).all()


def test_every_ending_has_a_format_and_others_are_named() -> None:
    assert {format_of(Path(f"a{suffix.upper()}")) for suffix in suffixes()} == set(formats())
    with pytest.raises(BadSettingError, match=r"has to end in \.png, \.tif"):
        format_of(Path("a.gif"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dpi": 0}, "dpi can not be 0"),
        ({"quality": 101}, "quality can not be 101"),
        ({"intent": "vivid"}, "intent can not be 'vivid'"),
        ({"compression": "zip"}, "compression can not be 'zip'"),
    ],
)
def test_impossible_options_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(BadSettingError, match=message):
        EncodeOptions(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a.psd", "a.dzi", "a.jpg"])
def test_stopping_while_encoding_leaves_the_old_file(tmp_path: Path, name: str) -> None:
    file = canvas_file(tmp_path, 8, Size(2000, 3000))
    (tmp_path / name).write_text("yesterday's")
    with pytest.raises(CancelledError):
        list(encode(file, tmp_path / name, stop=lambda: True))
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, "canvas.tif"]
    assert (tmp_path / name).read_text() == "yesterday's"


class _AtOnce:
    """Threads that are done with all before anybody looks."""

    def __init__(self, _threads: int) -> None:
        pass

    def __enter__(self) -> _AtOnce:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def submit(self, work: Callable[..., object], *arguments: object) -> Future[object]:
        done: Future[object] = Future()
        done.set_result(work(*arguments))
        return done


def test_a_small_file_that_nobody_wants_any_more_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread may be done before the export asks; then a cancelled export came out whole, on a busy machine."""
    monkeypatch.setattr(encoding, "ThreadPoolExecutor", _AtOnce)
    with pytest.raises(CancelledError):
        list(encode(canvas_file(tmp_path, 8, Size(20, 30)), tmp_path / "a.png", stop=lambda: True))
    assert not (tmp_path / "a.png").exists()


MEASURED = """
import resource, sys
from pathlib import Path
from engine.box import Size
from engine.export.canvas_file import CanvasFile
from engine.export.encoders import encode
from engine.options import EncodeOptions

folder = Path(sys.argv[1])
for height in (512, 2048, 8192):
    file = CanvasFile.create(folder / "canvas.tif", Size(height, 2048), 8)
    for name in ("a.jpg", "a.tif", "a.psd", "a.dzi"):
        list(encode(file, folder / name, encode_options=EncodeOptions(pyramid=True, marks=True, profile="adobe-rgb")))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_no_format_holds_the_picture_in_memory(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="memory of a process is measured differently on Windows")
    arguments = [sys.executable, "-c", MEASURED, str(tmp_path)]
    printed = subprocess.run(
        arguments, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True
    ).stdout
    unit = 1 if sys.platform == "darwin" else 1024
    smallest, _, large = (int(line) * unit for line in printed.split())  # with 3 and 50 MB of pixels
    assert large - smallest < 40 * 2**20


def test_the_same_canvas_gives_the_same_bytes(tmp_path: Path) -> None:
    file = canvas_file(tmp_path)
    for name in ("a.png", "a.jpg", "a.tif", "a.psd"):
        marks = set()
        for _ in range(2):
            list(encode(file, tmp_path / name, bits=8))
            marks.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
        assert len(marks) == 1, name


def test_box_of_a_canvas_is_what_lies_there(tmp_path: Path) -> None:
    assert (canvas_file(tmp_path).read(Box(10, 20, 5, 6)) == gradient()[10:15, 20:26]).all()
