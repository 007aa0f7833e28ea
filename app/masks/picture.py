"""A mask that is being painted: regions, the region of each pixel, and every change as an undo step. No widgets here.

Pixels are numbers of regions in a numpy array; how they look is view.py's, how they are stored files.py's.
"""

from __future__ import annotations

import weakref
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from app.masks.regions import Region, next_region

UNPAINTED = 0
"""The label of pixels that belong to no region yet."""
SMALLEST_PX, LARGEST_PX = 16, 4096
_UNDO_STEPS = 300
Place = tuple[float, float]
"""(x, y) in pixels of the mask."""


class Touch(NamedTuple):
    """How what is painted lies over what was there; regions have plain edges, and know none of it.

    Args:
        hardness: the part of a brush's radius that it covers wholly, 0..1.
        opacity: how much of what was there it covers, 0..1.
    """

    hardness: float = 1.0
    opacity: float = 1.0


WHOLLY = Touch()


class MaskPicture(QObject):
    """What is painted on. Positions are (x, y) in pixels of the mask; the middle of the first pixel is (0.5, 0.5).

    Signals:
        painted(rect): these pixels have other labels.
        regions_changed(): a region was added, named, coloured or removed.
        resized(): it has another size; all pixels are new.
    """

    empty = UNPAINTED
    """What the eraser leaves."""
    soft = False
    """Whether there is something between its values, as between greys."""
    painted = Signal(QRect)
    regions_changed = Signal()
    resized = Signal()

    def __init__(self, labels: np.ndarray, regions: Sequence[Region], parent: QObject | None = None) -> None:
        """
        Args:
            labels: uint8 [h, w].
        """
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(_UNDO_STEPS)
        self._labels = np.ascontiguousarray(labels, dtype=np.uint8)
        self._regions = tuple(regions)
        self._before: np.ndarray | None = None
        self._touched = QRect()

    # ------------------------------------------------------------ reading

    @property
    def labels(self) -> np.ndarray:
        """uint8 [h, w]; not to be written to."""
        return self._labels

    @property
    def regions(self) -> tuple[Region, ...]:
        return self._regions

    @property
    def width(self) -> int:
        return self._labels.shape[1]

    @property
    def height(self) -> int:
        return self._labels.shape[0]

    def region(self, label: int) -> Region:
        """Raises KeyError."""
        for region in self._regions:
            if region.label == label:
                return region
        raise KeyError(label)

    def label_at(self, x: float, y: float) -> int:
        """The label of a place; `UNPAINTED` outside."""
        inside = 0 <= x < self.width and 0 <= y < self.height
        return int(self._labels[int(y), int(x)]) if inside else UNPAINTED

    def shares(self) -> dict[int, float]:
        """The share of the picture that each label has, `UNPAINTED` included; 0..1."""
        counts = cv2.calcHist([self._labels], [0], None, [256], [0, 256]).ravel() / self._labels.size
        return {label: float(counts[label]) for label in (UNPAINTED, *(r.label for r in self._regions))}

    @property
    def blank(self) -> bool:
        """Whether there is nothing yet that a picture could be made by."""
        return not self._labels.any()

    def can_paint(self, label: int) -> bool:
        """Whether a brush can paint this; not where no region is chosen."""
        return label != UNPAINTED

    def shades(self, over_picture: bool) -> np.ndarray:
        """How each label looks, uint32 [256], 0xAARRGGBB.

        Args:
            over_picture: there is something to see below.
        """
        del over_picture
        shades = np.zeros(256, np.uint32)
        for region in self._regions:
            red, green, blue = region.color
            shades[region.label] = 0xFF000000 | red << 16 | green << 8 | blue
        return shades

    def completed(self) -> np.ndarray:
        """uint8 [h, w]: unpainted places have joined the nearest painted one. All `UNPAINTED` where nothing is."""
        empty = self._labels == UNPAINTED
        if not empty.any() or empty.all():
            return self._labels.copy()
        _, nearest = cv2.distanceTransformWithLabels(
            empty.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
        )
        label_of = np.zeros(int(nearest.max()) + 1, np.uint8)
        label_of[nearest[~empty]] = self._labels[~empty]
        return label_of[nearest]

    # ------------------------------------------------------------ painting

    def begin(self) -> None:
        """What is painted until `commit` is one undo step."""
        if self._before is None:
            self._before = self._labels.copy()
            self._touched = QRect()

    def stroke(self, start: Place, end: Place, radius: float, label: int, touch: Touch = WHOLLY) -> None:
        """Paints each pixel whose middle is at most `radius` from the line; at least the one under its end."""
        rect = self._near(start, end, max(radius, 0.75))
        if rect.isEmpty():
            return
        self._paint_line(rect, start, end, radius, label, touch)
        self._touch(rect)

    def _paint_line(self, rect: QRect, start: Place, end: Place, radius: float, label: int, touch: Touch) -> None:
        inside = squares_from_line(rect, start, end) <= radius * radius  # [h, w]
        x, y = int(end[0] // 1), int(end[1] // 1)
        if rect.contains(x, y):
            inside[y - rect.top(), x - rect.left()] = True
        crop(self._labels, rect)[inside] = label

    def lasso(self, places: Sequence[Place], label: int, touch: Touch = WHOLLY) -> None:
        """Paints what a line goes around; its ends are joined. Nothing where it goes around nothing."""
        if len(places) < 3:
            return
        across, down = zip(*places, strict=True)
        rect = self._near((min(across), min(down)), (max(across), max(down)), 1)  # what lies beyond the edge is left
        if rect.isEmpty():
            return
        corners = np.array(places) - (rect.left() + 0.5, rect.top() + 0.5)
        inside = np.zeros((rect.height(), rect.width()), np.uint8)
        fixed = np.round(corners * 16).astype(np.int32)  # four binary places of a pixel
        cv2.fillPoly(inside, [fixed], 255, cv2.LINE_AA if self.soft else cv2.LINE_8, shift=4)
        self._paint_inside(rect, inside, label, touch)
        self._touch(rect)

    def select(self, inside: np.ndarray, label: int, touch: Touch = WHOLLY) -> None:
        """Paints where a plane of the picture's shape, uint8 [h, w], is 255."""
        left, top, width, height = cv2.boundingRect(inside)
        if width:
            rect = QRect(left, top, width, height)
            self._paint_inside(rect, crop(inside, rect), label, touch)
            self._touch(rect)

    def _paint_inside(self, rect: QRect, inside: np.ndarray, label: int, touch: Touch) -> None:
        crop(self._labels, rect)[inside > 0] = label

    def invert(self, label: int) -> None:
        """A region where it is not; where it was there is the largest of the others."""
        shares = self.shares()
        others = [region.label for region in self._regions if region.label != label]
        if others and label != UNPAINTED:
            largest = max(others, key=lambda other: shares[other])
            self._labels[:] = np.where(self._labels == label, largest, label)
            self._touch(self._whole())

    def _near(self, start: Place, end: Place, reach: float) -> QRect:
        """The part of the picture around a line."""
        (x0, y0), (x1, y1) = start, end
        left, right = max(0, int(min(x0, x1) - reach)), min(self.width, int(max(x0, x1) + reach) + 1)
        top, bottom = max(0, int(min(y0, y1) - reach)), min(self.height, int(max(y0, y1) + reach) + 1)
        return QRect(left, top, max(0, right - left), max(0, bottom - top))

    def fill(self, x: float, y: float, label: int, touch: Touch = WHOLLY) -> None:
        """Gives the area of one label around a place to another; nothing outside the picture."""
        old = self.label_at(x, y)
        if not (0 <= x < self.width and 0 <= y < self.height) or old == label:
            return
        _, _, _, (left, top, width, height) = cv2.floodFill(self._labels, None, (int(x), int(y)), label, flags=4)
        self._touch(QRect(left, top, width, height))

    def commit(self, text: str) -> None:
        """Ends what `begin` began; nothing to undo where no pixel changed."""
        before, self._before = self._before, None
        if before is None or self._touched.isEmpty():
            return
        rect = self._touched
        old = crop(before, rect)
        if not np.array_equal(old, crop(self._labels, rect)):
            self._push(text, rect, old, self._regions, self._regions)

    def _touch(self, rect: QRect) -> None:
        self._touched = self._touched.united(rect)
        self.painted.emit(rect)

    # ------------------------------------------------------------ regions

    def add_region(self, name: str = "", color: tuple[int, int, int] | None = None) -> Region | None:
        """A new region, by default of a colour that is clearly another; None where there are too many."""
        region = next_region(self._regions, name, color)
        if region is not None:
            self._set_regions((*self._regions, region), "add a region")
        return region

    def rename(self, label: int, name: str) -> None:
        self._exchange(replace(self.region(label), name=name.strip() or self.region(label).name), "rename a region")

    def recolor(self, label: int, color: tuple[int, int, int]) -> None:
        self._exchange(replace(self.region(label), color=color), "change a colour")

    def remove(self, label: int, into: int = UNPAINTED) -> None:
        """Takes a region away; its pixels join another region, or are unpainted."""
        before = self._labels.copy()
        self._labels[self._labels == label] = into
        left = tuple(region for region in self._regions if region.label != label)
        self._push("remove a region", self._whole(), before, self._regions, left)

    def adopt(self, labels: np.ndarray, regions: Sequence[Region], text: str) -> None:
        """Takes over other pixels and regions, as one undo step.

        Args:
            labels: uint8 [h, w], of any size.
        """
        before = self._labels
        self._labels = np.ascontiguousarray(labels, dtype=np.uint8).copy()
        self._push(text, self._whole(), before, self._regions, tuple(regions))

    def resize(self, width: int, height: int) -> None:
        """Another size; each pixel takes the nearest one's region."""
        width, height = (min(max(side, SMALLEST_PX), LARGEST_PX) for side in (width, height))
        if (width, height) != (self.width, self.height):
            size = (width, height)
            self.adopt(self._scaled(size), self._regions, "resize")

    def _scaled(self, size: tuple[int, int]) -> np.ndarray:
        return cv2.resize(self._labels, size, interpolation=cv2.INTER_NEAREST_EXACT)

    def _exchange(self, region: Region, text: str) -> None:
        self._set_regions(tuple(region if r.label == region.label else r for r in self._regions), text)

    def _set_regions(self, regions: tuple[Region, ...], text: str) -> None:
        if regions != self._regions:
            nothing = QRect(0, 0, 0, 0)
            self._push(text, nothing, crop(self._labels, nothing), self._regions, regions)

    # ------------------------------------------------------------ undo

    @property
    def painting(self) -> bool:
        """Whether something began that is not committed yet: a stroke is under way."""
        return self._before is not None

    def undo(self) -> None:
        """Takes back the stroke under way; the last step where there is none."""
        if self._before is None:
            self.stack.undo()
            return
        before, self._before = self._before, None
        rect = self._touched
        if not rect.isEmpty():
            crop(self._labels, rect)[:] = crop(before, rect)
            self.painted.emit(rect)

    def redo(self) -> None:
        """The next step, as soon as no stroke is under way: it may belong to other pixels than are there now."""
        if self._before is None:
            self.stack.redo()

    def _whole(self) -> QRect:
        return QRect(0, 0, self.width, self.height)

    def _push(
        self,
        text: str,
        rect: QRect,
        before: np.ndarray,
        regions_before: tuple[Region, ...],
        regions_after: tuple[Region, ...],
    ) -> None:
        after = _Moment.of(crop(self._labels, rect), rect, regions_after)
        self.stack.push(_Change(self, text, _Moment.of(before, rect, regions_before), after))

    def become(self, moment: _Moment, other: _Moment) -> None:
        """Puts the pixels and regions of a moment in place of another's. Only undo steps call this."""
        pixels = moment.pixels()
        other_size = moment.shape != other.shape
        if other_size:
            self._labels = pixels.copy()
        else:
            crop(self._labels, moment.rect)[:] = pixels
        regions_differ, self._regions = self._regions != moment.regions, moment.regions
        if other_size:
            self.resized.emit()
        elif not moment.rect.isEmpty():
            self.painted.emit(moment.rect)
        if regions_differ or other_size:
            self.regions_changed.emit()


@dataclass(frozen=True)
class _Moment:
    """Some pixels, packed: areas of one colour take almost no room."""

    packed: bytes
    shape: tuple[int, int]
    rect: QRect
    regions: tuple[Region, ...]

    @classmethod
    def of(cls, pixels: np.ndarray, rect: QRect, regions: tuple[Region, ...]) -> _Moment:
        height, width = pixels.shape
        return cls(zlib.compress(np.ascontiguousarray(pixels).tobytes(), 1), (height, width), rect, regions)

    def pixels(self) -> np.ndarray:
        return np.frombuffer(zlib.decompress(self.packed), np.uint8).reshape(self.shape)


class _Change(QUndoCommand):
    def __init__(self, picture: MaskPicture, text: str, before: _Moment, after: _Moment) -> None:
        super().__init__(text)
        self._picture = weakref.proxy(picture)  # weak for the reason that document.py's change gives
        self._before, self._after = before, after

    def redo(self) -> None:
        self._picture.become(self._after, self._before)

    def undo(self) -> None:
        self._picture.become(self._before, self._after)


def squares_from_line(rect: QRect, start: Place, end: Place) -> np.ndarray:
    """The square of how far the middle of each pixel of a rectangle is from a line, float32 [h, w]."""
    (x0, y0), (x1, y1) = start, end
    x = np.arange(rect.left(), rect.left() + rect.width(), dtype=np.float32)[None] + 0.5 - x0  # [1, w]
    y = np.arange(rect.top(), rect.top() + rect.height(), dtype=np.float32)[:, None] + 0.5 - y0  # [h, 1]
    dx, dy = x1 - x0, y1 - y0
    along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-9), 0.0, 1.0)  # [h, w]
    return (x - along * dx) ** 2 + (y - along * dy) ** 2


def crop(labels: np.ndarray, rect: QRect) -> np.ndarray:
    """A view of the pixels in a rectangle."""
    return labels[rect.top() : rect.top() + rect.height(), rect.left() : rect.left() + rect.width()]
