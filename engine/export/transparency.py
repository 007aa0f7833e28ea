"""Which places of an export stay transparent: those where its content is, as its file says it at the print's scale.

The canvas file is painted everywhere all the same; this is a plane beside it, made as the canvas is encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from engine.box import Box, Size, shaped
from engine.errors import BadSettingError
from engine.export.cropping import corner_of, whole_of
from engine.fields.periodic import Closed
from engine.fields.resample import Zoom, needed, resampled
from engine.files import no_room
from engine.images.quantise import to_uint8, to_uint16
from engine.images.read import image_size, read_image
from engine.images.sources import ContentField
from engine.job import Job, SourceImage
from engine.method import Method
from engine.options import RenderMode

_ROWS = 256
Plane = Callable[[Box], Tensor]


@dataclass(frozen=True)
class Opacity:
    """How opaque a print is: its content's transparency, laid on it as the content was.

    Args:
        path: the content's file.
        whole: size of the picture that the content covers, at the scale of the print.
        corner: (top, left) of the print there.
        repeats: the size of a print that closes at its edges; None for one that does not.
    """

    path: Path
    whole: Size
    corner: tuple[int, int] = (0, 0)
    repeats: Size | None = None

    def plane(self) -> Plane | None:
        """float32 [1, h, w], 0..1, of any box of the print; None where the content is opaque everywhere.

        Raises:
            BadImageError: it can not be read any more.
        """
        opacity = read_image(self.path, cut_out=True).opacity
        if opacity is None:
            return None
        at: Plane = ContentField(opacity[None], self.whole, torch.device("cpu")).at
        if self.repeats is None:
            top, left = self.corner
            return lambda box: at(Box(box.top + top, box.left + left, box.height, box.width))
        closed = Closed(at, self.whole).at
        zoom = Zoom(self.repeats.height / self.whole.height, self.repeats.width / self.whole.width)

        def printed(box: Box) -> Tensor:
            around = needed(box, zoom)
            return resampled(closed(around), around, box, zoom).clamp(0, 1)

        return printed


def opacity_on(path: Path, canvas_size: Size, most_px: int) -> Tensor | None:
    """How opaque a content is where it covers a canvas, float32 [h, w], 0..1; None where it is opaque everywhere.

    Args:
        most_px: larger canvases are looked at smaller, at so many pixels.

    Raises:
        BadImageError: it can not be read.
    """
    scale = min(1.0, (most_px / canvas_size.area) ** 0.5)
    small = Size(max(1, round(canvas_size.height * scale)), max(1, round(canvas_size.width * scale)))
    plane = Opacity(path, small).plane()
    return None if plane is None else plane(small.box)[0]


def opaque_everywhere(path: Path) -> str:
    """What is said where nothing of a content is transparent."""
    return f"{path.name} is opaque everywhere, so the picture is, too."


def opacity_of(
    method: Method, job: Job, size: Size, render_mode: RenderMode, crop: tuple[float, float] | None
) -> Opacity:
    """The opacity of a print of `size`, see `ExportRequest`, by its content or the frame in its place.

    Raises:
        BadSettingError: the method does not leave places free, or there is no content.
    """
    if "transparent" not in method.capabilities:
        raise BadSettingError(
            f"{method.title} paints everywhere, so nothing of its pictures can stay transparent. Leave this option out."
        )
    contents = job.sources.get("content", ())
    if not contents:
        raise BadSettingError(
            "Without a content nothing says what is to stay transparent. Drop one that is transparent in places, or "
            "leave this option out."
        )
    path = Path(render_mode.frame or contents[0].path)
    return _laid(path, _trained(method, contents[0], render_mode), size, render_mode, crop, method.alignment_px)


def opacity_of_print(
    path: Path,
    trained: Size,
    size: Size,
    render_mode: RenderMode,
    crop: tuple[float, float] | None,
    most_px: int,
) -> Tensor | None:
    """How opaque a print is, looked at small, float32 [h, w], 0..1; None where it is opaque everywhere.

    Args:
        path: of the content as whose it is transparent.
        trained: the canvas at the scale of the training.
        size, render_mode, crop: of the print, see `ExportRequest`.
        most_px: larger prints are looked at smaller, at so many pixels.

    Raises:
        BadImageError: it can not be read.
    """
    scale = min(1.0, (most_px / size.area) ** 0.5)
    small = Size(max(1, round(size.height * scale)), max(1, round(size.width * scale)))
    mode = replace(render_mode, originals=render_mode.originals * scale)
    plane = _laid(path, trained, small, mode, crop, alignment_px=1).plane()
    return None if plane is None else plane(small.box)[0]


def _laid(
    path: Path,
    trained: Size,
    size: Size,
    render_mode: RenderMode,
    crop: tuple[float, float] | None,
    alignment_px: int,
) -> Opacity:
    """A content's transparency on a print, as the content was laid on it."""
    scale = render_mode.originals
    if render_mode.repeat:
        return Opacity(path, _repeating(size, scale, alignment_px), repeats=size)
    top = left = 0
    if crop is not None:
        part, size = size, whole_of(size, trained)
        top, left = corner_of(part, size, crop)
    if not scale:
        return Opacity(path, size, (top, left))
    top += round((trained.height * scale - size.height) / 2)
    left += round((trained.width * scale - size.width) / 2)
    return Opacity(path, Size(round(trained.height * scale), round(trained.width * scale)), (top, left))


def _trained(method: Method, content: SourceImage, render_mode: RenderMode) -> Size:
    """The canvas at the scale of the training."""
    if not (render_mode.own_shape and render_mode.frame):
        return method.canvas_size
    frame = image_size(Path(render_mode.frame))
    factor = content.scale * float(getattr(method.settings, "content_scale", 1.0))
    return shaped(method.canvas_size, Size(max(1, round(frame.height * factor)), max(1, round(frame.width * factor))))


def _repeating(size: Size, scale: float, alignment_px: int) -> Size:
    """What a repeat's content covers: at the scale of the training its sides are rounded, so that it closes."""
    if not scale:
        return size
    steps = (max(1, round(side / scale / alignment_px)) for side in (size.height, size.width))
    return Size(*(round(step * alignment_px * scale) for step in steps))


@contextmanager
def written(plane: Plane, painted: Box, bits: int, path: Path) -> Iterator[Path]:
    """The plane of what was painted as a file of plain numbers, uint8 or uint16 [H, W], for as long as it is needed.

    Raises:
        NoRoomError: the disk is too full.
    """
    try:
        try:
            with path.open("wb") as file:
                for top in range(painted.top, painted.bottom, _ROWS):
                    strip = Box(top, painted.left, min(_ROWS, painted.bottom - top), painted.width)
                    file.write((to_uint8(plane(strip)) if bits == 8 else to_uint16(plane(strip))).tobytes())
        except OSError as error:
            raise no_room(path, error) from error
        yield path
    finally:
        path.unlink(missing_ok=True)
