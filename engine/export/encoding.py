"""One canvas file on its way to one file: the picture with its marks, in the file's colours and depth, by libvips.

What a format writes with it is that format's own, in formats/.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.box import Box
from engine.errors import CancelledError
from engine.export import profiles
from engine.export.canvas_file import CanvasFile
from engine.export.print_sizes import Layout
from engine.files import no_room
from engine.images.decode import vips
from engine.options import EncodeOptions

Progress = Iterator[tuple[float, float | None]]
"""The share that is done, 0..1, and the seconds left (None before that can be told)."""
StopAsked = Callable[[], bool]
_REPORT_S = 0.2


@dataclass(frozen=True)
class Encoding:
    """What a format's `write` is given.

    Args:
        out: the file.
        bits: 8 or 16 for each channel of the file.
        layout: of the file, with its crop marks.
        profile: of the file's colours.
        xmp: metadata packet; None to leave it out.
        opacity: how opaque what was painted is, plain numbers of `bits`; None where it is everywhere.
    """

    canvas_file: CanvasFile
    out: Path
    encode_options: EncodeOptions
    bits: int
    layout: Layout
    profile: profiles.Profile
    xmp: bytes | None
    opacity: Path | None = None

    @property
    def plain_bytes(self) -> int:
        """Size of the unpacked picture."""
        bands = self.profile.bands + (self.opacity is not None)
        return self.layout.file.area * bands * (self.bits // 8)

    def image(self) -> Any:
        """What is written: the canvas with its marks, in the file's colours and depth; to be read once, downwards.

        Where places are transparent the last band says how opaque each is.
        """
        source = vips().Source.new_from_file(os.fsencode(self.canvas_file.path))
        image = vips().Image.new_from_source(source, "", access="sequential")
        image = image.copy(interpretation="srgb" if self.canvas_file.bits == 8 else "rgb16")
        if marks := self.layout.crop_marks():
            image = _with_marks(image, self.layout, marks, ground=1.0, line=0.0)
        if self.encode_options.converts:
            image = profiles.converted(image, self.profile, self.encode_options, self.bits)
        elif self.bits < self.canvas_file.bits:
            image = (image / 257).rint().cast("uchar").copy(interpretation="srgb")
        elif self.bits > self.canvas_file.bits:
            image = (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
        if self.opacity is not None:
            painted, kind = self.layout.painted, "uchar" if self.bits == 8 else "ushort"
            path = os.fsencode(self.opacity)
            opacity = vips().Image.rawload(path, painted.width, painted.height, 1, format=kind, access="sequential")
            if marks:
                opacity = _with_marks(opacity, self.layout, marks, ground=0.0, line=1.0)
            image = image.bandjoin(opacity)
        per_mm = self.encode_options.dpi / 25.4
        image = image.copy(xres=per_mm, yres=per_mm)
        blob = vips().GValue.blob_type
        image.set_type(blob, "icc-profile-data", self.profile.data)
        if self.xmp:
            image.set_type(blob, "xmp-data", self.xmp)
        return image

    def in_background(self, save: Callable[[Any], None], stop: StopAsked) -> Progress:
        """libvips writes in a thread of its own, which can be stopped and tells how far it is."""
        if stop():  # a small file is written before it could be asked again
            raise self.cancelled()
        share = 0.0

        def listen(_image: Any, progress: Any) -> None:
            nonlocal share
            share = progress.percent / 100

        with ThreadPoolExecutor(1) as thread:
            image = self.image()
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
                raise self.cancelled()
            try:
                writing.result()
            except vips().Error as error:
                raise no_room(self.out, OSError(errno.EIO, self.reason(error))) from error

    def cancelled(self) -> CancelledError:
        return CancelledError(f"The export of {self.out.name} was stopped.")

    @staticmethod
    def reason(error: Exception) -> str:
        """What libvips says of a failure, in one line."""
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        full = [line for line in lines if "No space left" in line or "too large" in line]
        return (full or lines or ["unknown reason"])[-1]


def _with_marks(image: Any, layout: Layout, marks: list[Box], ground: float, line: float) -> Any:
    """The picture in a margin with thin lines, both of 0..1; still read strip by strip."""
    largest = 255 if image.format == "uchar" else 65535
    margin, bands = layout.margin_px, image.bands
    framed = image.embed(
        margin,
        margin,
        layout.file.width,
        layout.file.height,
        extend="background",
        background=[ground * largest] * bands,
    )
    for mark in marks:
        drawn = (vips().Image.black(mark.width, mark.height, bands=bands) + line * largest).cast(image.format)
        framed = framed.insert(drawn.copy(interpretation=image.interpretation), mark.left, mark.top)
    return framed
