"""Which videos can be read and written; what does so is video.py. Light, for the command line's help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from engine.box import Size
from engine.errors import BadSettingError


@dataclass(frozen=True)
class VideoFormat:
    """A kind of video that is written.

    Args:
        suffix: in lower case, with its dot.
        title: for people.
        codec, pixels: FFmpeg's names of the encoder, and of how it is given pixels.
        options: of the encoder.
        largest_side: in pixels.
    """

    suffix: str
    title: str
    codec: str
    pixels: str
    options: Mapping[str, str]
    largest_side: int = 8192


_ALL_ALIKE = {"qp": "16", "x264-params": "ipratio=1:pbratio=1", "bf": "0", "rc-lookahead": "0", "threads": "4"}
"""All frames are equally fine, key frames too: an encoder that shares out bits draws these coarser, and a still picture
pulses. Nothing is looked at ahead, since a few frames of 8,192 px waiting are gigabytes."""
_ALL_FINE = {"qmin": "2", "qmax": "2"}

VIDEO_FORMATS = (
    VideoFormat(".mp4", "MP4", "libx264", "yuv420p", MappingProxyType(_ALL_ALIKE)),
    VideoFormat(".avi", "AVI", "mjpeg", "yuvj420p", MappingProxyType(_ALL_FINE)),
)
READ_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".m4v", ".webm")


def is_video(out: Path) -> bool:
    """Whether the ending is that of a video, written here or not."""
    return out.suffix.lower() in {*READ_SUFFIXES, *(kind.suffix for kind in VIDEO_FORMATS)}


def check_video(out: Path, size: Size, transparent: bool = False) -> VideoFormat:
    """The format of a video's name.

    Args:
        transparent: whether places of its pictures are to be.

    Raises:
        BadSettingError: none of this kind or size can be written.
    """
    kind = next((kind for kind in VIDEO_FORMATS if kind.suffix == out.suffix.lower()), None)
    if kind is None:
        endings = ", ".join(kind.suffix for kind in VIDEO_FORMATS)
        raise BadSettingError(f"{out.name} can not be exported: the name of a video has to end in {endings}.")
    if max(size.height, size.width) > kind.largest_side:
        raise BadSettingError(
            f"A video of {size.width:,} × {size.height:,} px can not be written; its sides end at "
            f"{kind.largest_side:,} px. Choose a smaller size, or numbered pictures."
        )
    if transparent:
        raise BadSettingError(
            f"{kind.title} videos hold no transparency. Choose numbered pictures, or let the film be opaque."
        )
    return kind
