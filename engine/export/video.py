"""Frames: a folder of images or a video, picture by picture. Painting is elsewhere; video_writing.py makes a video."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.box import Size
from engine.errors import BadCanvasError, BadImageError
from engine.export.journal import spec_with_present_names
from engine.files import replacing, write_atomically
from engine.images.find import find_images
from engine.images.read import image_size

FRAMES_PER_S = 25.0
_ABOUT, _FIRST, _FRAME = "frames.json", "first.png", "frame.png"


@dataclass(frozen=True)
class Film:
    """What takes the place of the content.

    Args:
        path: a folder of images, or a video.
        files: the images of a folder; empty for a video.
        count: of frames, as far as a video tells.
        per_second: of a video; 25 for a folder.
    """

    path: Path
    files: tuple[Path, ...]
    count: int
    per_second: float

    def size(self) -> Size:
        """Of its first frame, as it is shown. Raises BadImageError."""
        if self.files:
            return image_size(self.files[0])
        with _opened(self.path) as video:
            return Size(int(video.get(cv2.CAP_PROP_FRAME_HEIGHT)), int(video.get(cv2.CAP_PROP_FRAME_WIDTH)))

    def frames(self, scratch: Path, wanted: Callable[[int], bool]) -> Iterator[tuple[int, Path]]:
        """Image files one after another, numbered from 1; those of a video are written to `scratch` one at a time.

        Args:
            wanted: whether the frame of a number will be looked at; others of a video are not written.

        Raises:
            BadImageError: the video can not be decoded.
        """
        if self.files:
            yield from enumerate(self.files, start=1)
            return
        place = self.scratch(scratch)
        with _opened(self.path) as video:
            number = 0
            while True:
                read, picture = video.read()
                if not read:
                    break
                number += 1
                if wanted(number):
                    _write(place, picture)
                yield number, place
        if not number:
            raise _undecodable(self.path)

    @staticmethod
    def scratch(folder: Path, number: int | None = None) -> Path:
        """Where the present frame of a video lies; or a numbered one, where several are painted at a time."""
        return folder / _FRAME if number is None else numbered(folder / _FRAME, number)

    def first(self, scratch: Path) -> Path:
        """The picture whose tones all others follow."""
        if self.files:
            return self.files[0]
        place = scratch / _FIRST
        with _opened(self.path) as video:
            read, picture = video.read()
        if not read:
            raise _undecodable(self.path)
        _write(place, picture)
        return place


def open_film(path: Path) -> Film:
    """Raises BadImageError: there is nothing to be read, one sentence."""
    if path.is_dir():
        files, problems = find_images([path])
        if not files:
            raise BadImageError(problems[0] if problems else f"{path} holds no images.")
        return Film(path, tuple(files), len(files), FRAMES_PER_S)
    if not path.exists():
        raise BadImageError(f"{path} is not there. Choose a folder of images, or a video.")
    with _opened(path) as video:
        count = max(1, int(video.get(cv2.CAP_PROP_FRAME_COUNT)))
        per_second = float(video.get(cv2.CAP_PROP_FPS))
    return Film(path, (), count, per_second if 1 <= per_second <= 240 else FRAMES_PER_S)


def numbered(out: Path, number: int) -> Path:
    """walk.png and 7 give walk-00007.png."""
    return out.with_name(f"{out.stem}-{number:05d}{out.suffix}")


def begin_film(folder: Path, about: dict[str, Any], resume: bool) -> bool:
    """Notes what film a folder is of; with `resume`, whether frames of the same one were begun there.

    Raises:
        BadCanvasError: they are of another one. NoRoomError.
    """
    note = folder / _ABOUT
    if resume and note.exists():
        try:
            begun = _with_present_names(json.loads(note.read_text(encoding="utf-8")))
            same = begun == json.loads(json.dumps(about))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise BadCanvasError(f"{note} is damaged, so the frames have to be painted from the start.") from None
        if not same:
            raise BadCanvasError(
                f"{folder} holds frames of another film, or painted otherwise. "
                "Export to another name, or start this one afresh."
            )
        return True
    write_atomically(note, json.dumps(about, indent=1, ensure_ascii=False))
    return False


def _with_present_names(about: dict[str, Any]) -> dict[str, Any]:
    """What Tessera 0.1 noted of a film, with the names of today. Raises KeyError."""
    if "finish" not in about:
        return about
    kept = {name: value for name, value in about.items() if name != "finish"}
    return {**kept, "encode_options": about["finish"], "picture": spec_with_present_names(about["picture"])}


def end_film(folder: Path, pictures: list[Path]) -> None:
    """Removes what was noted, and pictures that a video was made of. Other things in the folder stay."""
    made = [path for path in pictures if path.parent == folder]
    apart = folder.glob(f"{Path(_FRAME).stem}-*.png")
    for path in (folder / _ABOUT, folder / _FIRST, folder / _FRAME, *apart, *made):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            raise _undecodable(path)
        yield video
    finally:
        video.release()


def _write(path: Path, picture: np.ndarray) -> None:
    with replacing(path) as temporary:
        kept, data = cv2.imencode(".png", picture)
        if not kept:
            raise BadImageError(f"A frame of {path} could not be stored.")
        temporary.write_bytes(data.tobytes())


def _undecodable(path: Path) -> BadImageError:
    return BadImageError(
        f"{path} is no video that can be decoded. Save it as MP4 (H.264), or as a folder of numbered images."
    )
