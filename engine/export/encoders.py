"""A painted canvas file to a picture of any format, in the memory of a strip. What the formats can hold is here, too.

Colours are converted by profiles.py, the origin is described by provenance.py; painting is tiles.py's business.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.box import Box, Size
from engine.errors import BadSettingError, CancelledError
from engine.export import profiles, provenance, psd
from engine.export.canvas_file import CanvasFile
from engine.export.print_sizes import Layout
from engine.files import no_room, replacing, replacing_folder
from engine.images.decode import vips
from engine.options import EncodeOptions

LARGEST_SIDE = 300_000
_CLASSIC_TIFF_BYTES = 3_500_000_000  # the format ends at 4 GiB, and noise can grow when it is packed
_REPORT_S = 0.2


@dataclass(frozen=True)
class Format:
    """What a kind of file can hold.

    Args:
        key, title: for the program and for people.
        suffixes: the first is proposed.
        largest_side: in pixels.
        bits: depths for each channel.
        cmyk: whether colours for a press fit in.
        largest_bytes: of the unpacked picture; 0 where there is no limit.
    """

    key: str
    title: str
    suffixes: tuple[str, ...]
    largest_side: int = LARGEST_SIDE
    bits: tuple[int, ...] = (8,)
    cmyk: bool = False
    largest_bytes: int = 0


FORMATS = (
    Format("png", "PNG", (".png",), bits=(8, 16)),
    Format("tiff", "TIFF", (".tif", ".tiff"), bits=(8, 16), cmyk=True),
    Format("jpeg", "JPEG", (".jpg", ".jpeg"), largest_side=65_500, cmyk=True),
    Format("webp", "WebP", (".webp",), largest_side=16_383),
    Format(
        "psd",
        "Photoshop",
        (".psd",),
        largest_side=psd.LARGEST_SIDE,
        bits=(8, 16),
        cmyk=True,
        largest_bytes=psd.LARGEST_BYTES,
    ),
    Format("dzi", "Deep Zoom (tiles for the web)", (".dzi",)),
)
SUFFIXES = tuple(suffix for kind in FORMATS for suffix in kind.suffixes)


def format_of(out: Path) -> Format:
    """Raises BadSettingError: no format has this ending."""
    for kind in FORMATS:
        if out.suffix.lower() in kind.suffixes:
            return kind
    raise BadSettingError(f"{out.name} can not be exported: the name has to end in {', '.join(SUFFIXES)}.")


def check_limits(out: Path, size: Size, bits: int, encode_options: EncodeOptions) -> profiles.Profile:
    """Whether a format can hold a picture; its profile, ready to be used.

    Raises:
        BadSettingError: one sentence on the first thing that does not fit.
    """
    kind = format_of(out)
    if bits not in (8, 16):
        raise BadSettingError(f"bits can not be {bits}; it is 8 or 16 for each colour.")
    if bits not in kind.bits:
        raise BadSettingError(f"{kind.title} holds 8 bits for each colour only. Choose 8 bits, TIFF or PNG.")
    if not (1 <= size.width <= LARGEST_SIDE and 1 <= size.height <= LARGEST_SIDE):
        raise BadSettingError(
            f"A picture of {size.width:,} x {size.height:,} px can not be exported; "
            f"each side is from 1 to {LARGEST_SIDE:,} px."
        )
    if max(size.width, size.height) > kind.largest_side:
        raise BadSettingError(
            f"{kind.title} ends at {kind.largest_side:,} px a side, and this picture has "
            f"{size.width:,} x {size.height:,} px. Choose TIFF, or a smaller size."
        )
    profile = profiles.load(encode_options.profile)
    if profile.space == "CMYK" and not kind.cmyk:
        raise BadSettingError(
            f"{kind.title} can not hold the CMYK colours of {profile.title}. Choose TIFF, JPEG or PSD."
        )
    plain_bytes = size.area * profile.bands * (bits // 8)
    if kind.largest_bytes and plain_bytes > kind.largest_bytes:
        raise BadSettingError(
            f"{kind.title} ends at {kind.largest_bytes / 1e9:.1f} GB, and this picture has {plain_bytes / 1e9:.1f} GB. "
            "Choose TIFF, 8 bits, or a smaller size."
        )
    return profile


def encode(
    canvas_file: CanvasFile,
    out: Path,
    *,
    encode_options: EncodeOptions | None = None,
    bits: int | None = None,
    layout: Layout | None = None,
    xmp: bytes | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[float, float | None]]:
    """A painted canvas to the format that the name ends in, whole or not at all.

    Args:
        bits: 8 or 16 for each channel; the canvas' own unless given.
        layout: for the crop marks; none without.
        xmp: metadata that says where the picture comes from.

    Yields:
        The share that is done, 0..1, and the seconds left (None before that can be told), a few times a second.

    Raises:
        CancelledError: `stop` said so.
        BadSettingError: see `check_limits`.
        NoRoomError: the file can not be written.
    """
    encode_options, bits = encode_options or EncodeOptions(), bits or canvas_file.bits
    layout = layout or Layout(canvas_file.size, 0, encode_options)
    profile = check_limits(out, layout.file, bits, encode_options)
    job = _Encoding(canvas_file, out, encode_options, bits, layout, profile, xmp)
    yield from job.run(stop)
    yield 1.0, 0.0


@dataclass
class _Encoding:
    canvas_file: CanvasFile
    out: Path
    encode_options: EncodeOptions
    bits: int
    layout: Layout
    profile: profiles.Profile
    xmp: bytes | None

    def run(self, stop: Callable[[], bool]) -> Iterator[tuple[float, float | None]]:
        kind = format_of(self.out).key
        if kind == "dzi":
            yield from self._deep_zoom(stop)
        elif kind == "psd":
            yield from self._photoshop(stop)
        else:
            with replacing(self.out) as temporary:
                yield from self._in_background(lambda image: self._save(kind, image, temporary), stop)

    def _image(self) -> Any:
        """What is written: the canvas with its marks, in the file's colours and depth; to be read once, downwards."""
        source = vips().Source.new_from_file(os.fsencode(self.canvas_file.path))
        image = vips().Image.new_from_source(source, "", access="sequential")
        image = image.copy(interpretation="srgb" if self.canvas_file.bits == 8 else "rgb16")
        if marks := self.layout.crop_marks():
            image = _with_marks(image, self.layout, marks)
        if self.encode_options.converts:
            image = profiles.converted(image, self.profile, self.encode_options, self.bits)
        elif self.bits < self.canvas_file.bits:
            image = (image / 257).rint().cast("uchar").copy(interpretation="srgb")
        elif self.bits > self.canvas_file.bits:
            image = (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
        per_mm = self.encode_options.dpi / 25.4
        image = image.copy(xres=per_mm, yres=per_mm)
        blob = vips().GValue.blob_type
        image.set_type(blob, "icc-profile-data", self.profile.data)
        if self.xmp:
            image.set_type(blob, "xmp-data", self.xmp)
        return image

    def _save(self, kind: str, image: Any, path: Path) -> None:
        name = os.fsencode(path)
        if kind == "png":
            if self.xmp:
                image.set_type(vips().GValue.gstr_type, "png-comment-0-Software", "Tessera")
            image.pngsave(name, compression=6, filter="all")
        elif kind == "jpeg":  # never optimize_coding, which holds the whole picture
            image.jpegsave(name, Q=self.encode_options.quality)
        elif kind == "webp":
            image.webpsave(name, Q=self.encode_options.quality)
        else:
            image.tiffsave(
                name,
                compression=self.encode_options.compression,
                predictor="none" if self.encode_options.compression == "none" else "horizontal",
                tile=True,
                tile_width=256,
                tile_height=256,
                pyramid=self.encode_options.pyramid,
                bigtiff=self.layout.file.area * self.profile.bands * (self.bits // 8) * 4 // 3 > _CLASSIC_TIFF_BYTES,
                resunit="inch",
            )

    def _deep_zoom(self, stop: Callable[[], bool]) -> Iterator[tuple[float, float | None]]:
        """A folder NAME_files of tiles, and NAME.dzi, which comes last and makes them a picture."""
        tiles = self.out.with_name(f"{self.out.stem}_files")
        old = tiles.with_name(f".{tiles.name}-old")
        shutil.rmtree(old, ignore_errors=True)
        with replacing(self.out) as temporary:
            with replacing_folder(tiles.with_name(f".{tiles.name}-new")) as folder:

                def save(image: Any) -> None:
                    suffix = f".jpg[Q={self.encode_options.quality},keep=icc]"
                    image.dzsave(os.fsencode(folder / "picture"), tile_size=254, overlap=1, suffix=suffix, keep="icc")

                yield from self._in_background(save, stop)
                (folder / "picture_files" / "vips-properties.xml").unlink(missing_ok=True)
                about = (folder / "picture.dzi").read_text(encoding="utf-8").rstrip()
                temporary.write_text(
                    about + (f"\n{provenance.comment(self.xmp)}" if self.xmp else "") + "\n", encoding="utf-8"
                )
            new = tiles.with_name(f".{tiles.name}-new")
            try:
                if tiles.exists():
                    tiles.rename(old)
                (new / "picture_files").rename(tiles)
            finally:
                shutil.rmtree(new, ignore_errors=True)
                shutil.rmtree(old, ignore_errors=True)

    def _photoshop(self, stop: Callable[[], bool]) -> Iterator[tuple[float, float | None]]:
        started = time.monotonic()
        reported = started
        with replacing(self.out) as temporary:
            try:
                for share in psd.write(
                    self._image, temporary, dpi=self.encode_options.dpi, profile=self.profile.data, xmp=self.xmp
                ):
                    if stop():
                        raise self._cancelled()
                    if time.monotonic() - reported > _REPORT_S:
                        reported = time.monotonic()
                        yield share, (reported - started) * (1 - share) / share
            except vips().Error as error:
                raise no_room(self.out, OSError(errno.EIO, _reason(error))) from error

    def _in_background(
        self, save: Callable[[Any], None], stop: Callable[[], bool]
    ) -> Iterator[tuple[float, float | None]]:
        """libvips writes in a thread of its own, which can be stopped and tells how far it is."""
        share = 0.0

        def listen(_image: Any, progress: Any) -> None:
            nonlocal share
            share = progress.percent / 100

        with ThreadPoolExecutor(1) as thread:
            image = self._image()
            image.set_progress(True)
            image.signal_connect("eval", listen)
            started = time.monotonic()
            writing = thread.submit(save, image)
            stopped = False
            try:
                while not writing.done():
                    wait([writing], _REPORT_S)
                    stopped = stopped or stop()
                    if stopped:
                        image.set_kill(True)
                    elif not writing.done():
                        yield share, (time.monotonic() - started) * (1 - share) / share if share > 0.02 else None
            finally:
                image.set_kill(True)  # does nothing when all is written
                del image  # Windows removes no file that is still open
            if stopped:
                with suppress(Exception):
                    writing.result()
                raise self._cancelled()
            try:
                writing.result()
            except vips().Error as error:
                raise no_room(self.out, OSError(errno.EIO, _reason(error))) from error

    def _cancelled(self) -> CancelledError:
        return CancelledError(f"The export of {self.out.name} was stopped.")


def _with_marks(image: Any, layout: Layout, marks: list[Box]) -> Any:
    """The picture on white, with thin black lines; still read strip by strip."""
    white = 255 if image.format == "uchar" else 65535
    margin = layout.margin_px
    framed = image.embed(
        margin, margin, layout.file.width, layout.file.height, extend="background", background=[white] * 3
    )
    for mark in marks:
        line = vips().Image.black(mark.width, mark.height, bands=3).cast(image.format)
        framed = framed.insert(line.copy(interpretation=image.interpretation), mark.left, mark.top)
    return framed


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    full = [line for line in lines if "No space left" in line or "too large" in line]
    return (full or lines or ["unknown reason"])[-1]
