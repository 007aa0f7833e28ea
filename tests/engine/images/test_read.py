"""Files of every kind become the same sRGB pixels, and unusable ones a sentence."""

import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
import pyvips
import tifffile
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from engine.box import Size
from engine.errors import BadImageError
from engine.images.find import find_images
from engine.images.read import image_size, read_image, thumbnail


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """A smooth picture of 40 x 60, different in every corner, so that turning and lossy formats show."""
    rows, columns = np.mgrid[0:40, 0:60]
    return np.dstack([rows * 5 + 20, columns * 4 + 10, 200 - rows * 2 - columns]).astype(np.uint8)


def seen(path: Path) -> np.ndarray:
    return read_image(path).pixels.permute(1, 2, 0).numpy().astype(int)


LOSSLESS = ("png", "tif", "bmp", "webp")
LOSSY = ("jpg", "gif", "avif")


def save(pixels: np.ndarray, path: Path) -> None:
    options = {"webp": {"lossless": True}, "jpg": {"quality": 95, "subsampling": 0}, "avif": {"quality": 95}}
    Image.fromarray(pixels).save(path, **options.get(path.suffix[1:], {}))


@pytest.mark.parametrize("suffix", LOSSLESS + LOSSY)
def test_every_format_gives_its_pixels(pixels: np.ndarray, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    save(pixels, path)
    picture = read_image(path)
    assert picture.pixels.dtype == torch.uint8
    assert picture.pixels.is_contiguous()
    assert picture.original == Size(40, 60)
    assert picture.notes == ()
    difference = np.abs(seen(path) - pixels)
    assert difference.max() == 0 if suffix in LOSSLESS else difference.mean() < 6


@pytest.mark.parametrize("name", ["ünï 画像 🐦.png", "picture[1].png", "picture.png[Q=3]", "no suffix", "wrong.jpg"])
def test_names_do_not_matter(pixels: np.ndarray, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    Image.fromarray(pixels).save(path, format="PNG")
    assert (seen(path) == pixels).all()


def test_sixteen_bits_are_scaled_not_cut(pixels: np.ndarray, tmp_path: Path) -> None:
    words = pixels.astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "deep.tif", words, photometric="rgb")
    cv2.imwrite(str(tmp_path / "deep.png"), words[..., ::-1])
    cv2.imwrite(str(tmp_path / "grey.png"), words[..., 0])
    assert (seen(tmp_path / "deep.tif") == pixels).all()
    assert (seen(tmp_path / "deep.png") == pixels).all()
    assert (seen(tmp_path / "grey.png") == pixels[..., :1]).all()


@pytest.mark.parametrize("white", [1.0, 255.0, 3000.0])
def test_float_tiffs_are_brought_into_range(pixels: np.ndarray, tmp_path: Path, white: float) -> None:
    tones = pixels.astype(np.float32) / pixels.max() * white
    tones[0, 0], tones[0, 1] = np.nan, np.inf
    tifffile.imwrite(tmp_path / "tones.tif", tones, photometric="rgb")
    picture = seen(tmp_path / "tones.tif")
    assert (picture[0, 0] == 0).all()
    assert (picture[0, 1] == 255).all()
    expected = pixels[1:] * 255.0 / pixels.max()
    assert np.abs(picture[1:] - expected).max() <= 0.51
    assert bool(read_image(tmp_path / "tones.tif").notes) == (white != 1.0)


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA"])
def test_modes_become_rgb(pixels: np.ndarray, tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(pixels).convert(mode)
    image.save(tmp_path / "picture.png")
    assert (seen(tmp_path / "picture.png") == np.asarray(image.convert("RGB"))).all()


def test_colours_go_through_their_profile(pixels: np.ndarray, tmp_path: Path) -> None:
    muted = (pixels * 0.3 + 90).astype(np.uint8)  # a press can not print the brightest ones
    flat = pyvips.Image.new_from_array(muted, interpretation="srgb")
    flat.icc_transform("cmyk", input_profile="srgb").write_to_file(str(tmp_path / "press.jpg"), Q=98)
    flat.icc_transform("p3", input_profile="srgb").write_to_file(str(tmp_path / "wide.png"))
    assert np.abs(seen(tmp_path / "press.jpg") - muted).mean() < 3
    stored = np.asarray(Image.open(tmp_path / "wide.png")).astype(int)
    assert np.abs(stored - muted).max() > 2
    assert np.abs(seen(tmp_path / "wide.png") - muted).max() <= 1


def test_cmyk_without_a_profile_shows_its_inks(tmp_path: Path) -> None:
    inks = np.zeros((8, 40, 4), np.uint8)
    for index in range(4):
        inks[:, 8 + 8 * index : 16 + 8 * index, index] = 255
    Image.fromarray(inks, mode="CMYK").save(tmp_path / "inks.tif")
    paper, cyan, magenta, yellow, black = seen(tmp_path / "inks.tif")[4, 4::8]
    assert paper.min() > 250
    assert (cyan.argmin(), magenta.argmin(), yellow.argmin()) == (0, 1, 2)
    assert black.max() < 60


def test_a_profile_that_is_nonsense_is_ignored(
    pixels: np.ndarray, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    for name in ("odd.png", "odd.tif"):
        Image.fromarray(pixels).save(tmp_path / name, icc_profile=b"nonsense" * 30)
        assert (seen(tmp_path / name) == pixels).all()
    assert capfd.readouterr() == ("", "")


def test_transparency_becomes_white(pixels: np.ndarray, tmp_path: Path) -> None:
    alpha = np.full(pixels.shape[:2], 255, np.uint8)
    alpha[:, :20] = 0
    alpha[:, 20:30] = 128
    Image.fromarray(np.dstack([pixels, alpha])).save(tmp_path / "cut out.png")
    picture = read_image(tmp_path / "cut out.png")
    on_white = 255 - (255.0 - pixels) * alpha[..., None] / 255
    assert np.abs(seen(tmp_path / "cut out.png") - on_white).max() <= 1
    assert "cut out.png is transparent" in " ".join(picture.notes)


def test_first_frame_of_an_animation(pixels: np.ndarray, tmp_path: Path) -> None:
    first, second = Image.fromarray(pixels), Image.fromarray(pixels[::-1].copy())
    first.save(tmp_path / "moving.webp", save_all=True, append_images=[second], lossless=True)
    first.save(tmp_path / "moving.gif", save_all=True, append_images=[second])
    tifffile.imwrite(tmp_path / "pages.tif", np.stack([pixels, pixels[::-1]]), photometric="rgb")
    for name in ("moving.webp", "moving.gif", "pages.tif"):
        assert np.abs(seen(tmp_path / name) - pixels).mean() < 4
        assert f"{name} has 2" in " ".join(read_image(tmp_path / name).notes)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("limit_px", [10**6, 40 * 60 // 4])
def test_exif_orientation_is_undone(pixels: np.ndarray, tmp_path: Path, orientation: int, limit_px: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # Pillow's transpositions that store the picture this way
    upright = Image.fromarray(pixels)
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    if orientation in (6, 8):  # a quarter turn is undone by the other one
        stored = upright.transpose(Image.Transpose.ROTATE_90 if orientation == 6 else Image.Transpose.ROTATE_270)
    exif = Image.Exif()
    exif[0x112] = orientation
    stored.save(tmp_path / "turned.png", exif=exif)
    picture = read_image(tmp_path / "turned.png", limit_px)
    assert picture.original == image_size(tmp_path / "turned.png") == Size(40, 60)
    assert picture.pixels.shape[1:] == ((40, 60) if limit_px == 10**6 else (20, 30))
    corners = picture.pixels[:, [0, 0, -1, -1], [0, -1, 0, -1]].T.numpy().astype(int)
    assert np.abs(corners - pixels[[0, 0, -1, -1], [0, -1, 0, -1]]).max() <= (0 if limit_px == 10**6 else 12)
    shown = thumbnail(tmp_path / "turned.png", 30)
    assert shown.shape == (20, 30, 3)


GIGAPIXELS = """
import resource, sys
from pathlib import Path
from engine.images.read import read_image, thumbnail

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in map(Path, sys.argv[1:]):
    picture = read_image(path, 2_000_000)
    assert 1_990_000 < picture.pixels[0].numel() <= 2_000_000
    assert picture.pixels[:, 500, 500].tolist() == [100, 100, 100]
    assert "very large (30,000 × 20,000 px)" in picture.notes[0]
    assert thumbnail(path, 90).shape == (60, 90, 3)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_gigapixels_are_scaled_down_in_little_memory(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="memory of a process is measured differently on Windows")
    huge = pyvips.Image.black(30_000, 20_000).linear([1.0], [100.0], uchar=True)
    huge.write_to_file(str(tmp_path / "huge.png"), compression=1)
    huge.write_to_file(str(tmp_path / "huge.tif"), compression="deflate")
    arguments = [sys.executable, "-c", GIGAPIXELS, str(tmp_path / "huge.png"), str(tmp_path / "huge.tif")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    grown = int(done.stdout) * (1 if sys.platform == "darwin" else 1024)
    assert grown < 350 * 2**20, "the whole picture would take 1800 MB in colour, and 600 MB in grey"


@pytest.mark.parametrize("suffix", LOSSLESS + LOSSY)
def test_a_truncated_file_says_so(
    pixels: np.ndarray, tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture
) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (200, 300, 3), np.uint8)
    path = tmp_path / f"picture.{suffix}"
    save(noise, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    for use in (read_image, lambda file: thumbnail(file, 64)):
        with pytest.raises(BadImageError, match="breaks off before its end") as raised:
            use(path)
        assert str(path) in str(raised.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.png", b"", "is empty"),
        ("text.png", b"This is a letter, not a picture.", "is not a picture"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "is not a picture"),
        ("head.jpg", b"\xff\xd8\xff", "breaks off"),
        ("head.bmp", b"BM", "breaks off"),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "damaged"),
        ("layers.psd", b"8BPS\0\1\0\0\0\0", "again"),
        ("rubbish.tif", b"II*\0" + bytes(range(200)), "is damaged|breaks off"),
    ],
)
def test_what_is_no_picture_is_named(
    tmp_path: Path, name: str, content: bytes, message: str, capfd: pytest.CaptureFixture
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadImageError, match=message) as raised:
        read_image(tmp_path / name)
    assert name in str(raised.value)
    assert capfd.readouterr() == ("", "")


def test_giants_that_can_only_be_decoded_whole_are_refused(tmp_path: Path) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 20_000, 8, 2, 0, 0, 1)  # the last 1: interlaced
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    data = b"IDAT" + zlib.compress(bytes(100))
    chunk += struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    (tmp_path / "interlaced.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    bitmap = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54, 0, 0, 54, 40, 30_000, 20_000, 1, 24, 0, 0, 0, 0, 0, 0)
    (tmp_path / "giant.bmp").write_bytes(bitmap)
    for name in ("interlaced.png", "giant.bmp"):
        with pytest.raises(BadImageError, match=r"too large to be opened at once \(30,000 × 20,000 px\)"):
            thumbnail(tmp_path / name, 64)


@given(
    st.binary(max_size=60), st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"GIF89a", b"BM", b""])
)
def test_random_bytes_only_ever_raise_bad_image(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes, head: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "random"
    path.write_bytes(head + tail)
    with pytest.raises(BadImageError):
        read_image(path)


@pytest.mark.parametrize(("size", "usable"), [((1, 1), False), ((7, 100), False), ((8, 8), True)])
def test_the_smallest_picture(tmp_path: Path, size: tuple[int, int], usable: bool) -> None:
    path = tmp_path / "small.png"
    Image.new("RGB", size, (9, 8, 7)).save(path)
    if usable:
        assert read_image(path).pixels.shape == (3, 8, 8)
        return
    with pytest.raises(BadImageError, match=f"too small to be used: {size[0]} × {size[1]} px"):
        read_image(path)


def test_folders_deleted_and_forbidden_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(BadImageError, match="is a folder"):
        read_image(tmp_path / "folder.png")
    with pytest.raises(BadImageError, match="is not there"):
        thumbnail(tmp_path / "deleted.png", 64)

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)  # an administrator may open everything, so the file's mode is no test
    with pytest.raises(BadImageError, match="could not be opened"):
        read_image(tmp_path / "secret.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    for read in (read_image, image_size):
        with pytest.raises(BadImageError, match="is a pipe"):
            read(pipe)


LEFT, RIGHT = (220, 30, 40), (20, 60, 200)


def halves(mode: str = "RGB") -> Image.Image:
    picture = Image.new(mode, (48, 32), LEFT)
    picture.paste(RIGHT, (24, 0, 48, 32))
    return picture


def shows_the_halves(path: Path, tolerance: int) -> None:
    read = read_image(path)
    assert read.original == image_size(path) == Size(32, 48)
    for column, color in ((8, LEFT), (40, RIGHT)):
        assert np.abs(read.pixels[:, 16, column].numpy().astype(int) - color).max() <= tolerance
    assert thumbnail(path, 24).shape == (16, 24, 3)


def test_a_telephone_s_photo_is_read(tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    pillow_heif.from_pillow(halves()).save(path, quality=95)
    shows_the_halves(path, 12)
    assert path in find_images([tmp_path])[0]


@pytest.mark.parametrize("suffix", [".ora", ".kra"])
def test_what_krita_shows_is_read(tmp_path: Path, suffix: str) -> None:
    merged, path = io.BytesIO(), tmp_path / f"layers{suffix}"
    halves().save(merged, "PNG")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("mergedimage.png", merged.getvalue())
    shows_the_halves(path, 0)
    assert path in find_images([tmp_path])[0]


def test_an_archive_without_a_picture_and_one_that_breaks_off_are_named(tmp_path: Path) -> None:
    other = tmp_path / "letters.ora"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(BadImageError, match="not a picture"):
        read_image(other)
    broken = tmp_path / "broken.kra"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("mergedimage.png", b"no PNG")
    with pytest.raises(BadImageError, match=r"broken\.kra"):
        read_image(broken)


def test_the_composite_of_a_photoshop_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "layers.psd"
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 32, 48, 8, 3)
    planes = np.asarray(halves()).transpose(2, 0, 1).tobytes()
    path.write_bytes(header + 3 * struct.pack(">I", 0) + struct.pack(">H", 0) + planes)
    shows_the_halves(path, 0)


def test_a_telephone_s_photo_with_a_profile_is_read(tmp_path: Path) -> None:
    plain, tagged = tmp_path / "plain.heic", tmp_path / "tagged.heic"
    pillow_heif.from_pillow(halves()).save(plain, quality=95)
    marked = halves()
    marked.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pillow_heif.from_pillow(marked).save(tagged, quality=95)
    difference = read_image(plain).pixels.int() - read_image(tagged).pixels.int()
    assert difference.abs().max() <= 2, "sRGB stays sRGB"
