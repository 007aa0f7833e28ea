"""Which videos can be read and written; what does so is video.py. Light, for the command line's help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.box import Size
from engine.errors import BadSettingError


@dataclass(frozen=True)
class VideoFormat:
    """A kind of video that is written.

    Args:
        suffix: in lower case, with its dot.
        title: for people.
        code: four letters that tell OpenCV the codec.
        largest_side: in pixels.
    """

    suffix: str
    title: str
    code: str
    largest_side: int = 8192


VIDEO_FORMATS = (VideoFormat(".mp4", "MP4", "mp4v"), VideoFormat(".avi", "AVI", "MJPG"))
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
