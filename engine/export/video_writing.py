"""A video made of pictures. Brings FFmpeg along, which nothing else needs."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import av.error
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from engine.box import Size
from engine.errors import BadImageError
from engine.export.video_formats import VideoFormat, check_video
from engine.files import replacing


def write_video(pictures: list[Path], out: Path, per_second: float) -> None:
    """8 bit pictures of one size to a video, whole or not at all.

    Odd sides lose a line, since videos have none. Raises BadSettingError, NoRoomError, BadImageError.
    """
    height, width = _read(pictures[0]).shape[:2]
    kind = check_video(out, Size(height, width))
    height, width = height // 2 * 2, width // 2 * 2
    with replacing(out) as temporary, _errors_of_the_system():
        # What tells the size comes first in the file, so that a browser plays it while it still loads.
        quickly = {"movflags": "+faststart"} if kind.suffix == ".mp4" else {}
        with av.open(str(temporary), "w", format=kind.suffix[1:], options=quickly) as container:
            rate = Fraction(per_second).limit_denominator(1001)
            stream = container.add_stream(kind.codec, rate, dict(kind.options))
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = width, height, kind.pixels
            space, tones = _colors_of(kind)
            encoder = stream.codec_context
            encoder.colorspace, encoder.color_range = space, tones
            if space == Colorspace.ITU709:
                encoder.color_primaries, encoder.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
            for picture in pictures:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(_read(picture)[:height, :width]), "bgr24")
                frame = frame.reformat(format=kind.pixels, dst_colorspace=space, dst_color_range=tones)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())


def _colors_of(kind: VideoFormat) -> tuple[Colorspace, ColorRange]:
    """Of a film of today's screens, as players take what is not told; or of JPEG."""
    if kind.codec == "mjpeg":
        return Colorspace.ITU601, ColorRange.JPEG
    return Colorspace.ITU709, ColorRange.MPEG


@contextmanager
def _errors_of_the_system() -> Iterator[None]:
    """What FFmpeg raises for a disk that is full is the system's error already; all else becomes one."""
    try:
        yield
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise OSError(errno.EIO, f"the video could not be encoded: {error.strerror}") from error


def _read(path: Path) -> np.ndarray:
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadImageError(f"{path} is damaged and could not be read. Export the frames again.")
    return picture
