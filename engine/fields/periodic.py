"""Planes that close at the edges of a canvas, for seamless repeats: fields that fade over, templates that walk home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.templates.atlas import Templates, View
from engine.templates.sets import Sets
from engine.tiling import tiled

_FADED = 8
"""One part in so many of a canvas is faded over, half of it at each edge."""


class Closed:
    """A field with the canvas as its period: near each edge it fades into what lies beyond the opposite one.

    Args:
        at: the field, also asked beyond the canvas.
    """

    def __init__(self, at: Callable[[Box], Tensor], canvas_size: Size) -> None:
        self._at, self._canvas = at, canvas_size

    def at(self, box: Box) -> Tensor:
        """[C, h, w]"""
        rows = [
            torch.cat([self._part(top, left) for left in _runs(box.left, box.right, self._canvas.width)], 2)
            for top in _runs(box.top, box.bottom, self._canvas.height)
        ]
        return torch.cat(rows, 1)

    def _part(self, rows: _Run, columns: _Run) -> Tensor:
        part = None
        for down, share_down in rows.shares():
            for right, share_right in columns.shares():
                image = self._at(Box(rows.start + down, columns.start + right, rows.count, columns.count))
                image = image * (share_down[:, None] * share_right).to(image.device)
                part = image if part is None else part + image
        assert part is not None
        return part


class _Run:
    """Places [start, start + count) of one period, which fade into those `beyond` (0: they do not)."""

    def __init__(self, start: int, count: int, length: int, beyond: int) -> None:
        self.start, self.count, self._length, self._beyond = start, count, length, beyond

    def shares(self) -> list[tuple[int, Tensor]]:
        """Shifts, and how much of each there is at each place, [count]."""
        if not self._beyond:
            return [(0, torch.ones(self.count))]
        place = torch.arange(self.start, self.start + self.count, dtype=torch.float64) + 0.5
        depth = place if self._beyond > 0 else self._length - place
        other = 0.5 * (1 - depth / _half(self._length))
        return [(0, (1 - other).float()), (self._beyond, other.float())]


def _half(length: int) -> int:
    return max(1, length // _FADED // 2)


def _runs(start: int, stop: int, length: int) -> list[_Run]:
    """A line of the plane as runs of one period, cut where the fading begins and ends."""
    runs, half = [], _half(length)
    borders = ((half, length), (length - half, 0), (length, -length))
    while start < stop:
        place = start % length
        end, beyond = next(border for border in borders if place < border[0])
        count = min(end - place, stop - start)
        runs.append(_Run(place, count, length, beyond))
        start += count
    return runs


class ClosedTemplates:
    """Templates with the canvas as their period.

    Each runs over the canvas as it always does, and turns in time to walk straight back, pixel by pixel, to where it
    began; so no template is cut anywhere, whatever the sizes of canvas and images are.
    """

    def __init__(self, templates: Templates, canvas_size: Size) -> None:
        self._templates, self._canvas = templates, canvas_size
        atlas, image = templates.atlas, templates.image
        self._rows = _walk(templates, 0, canvas_size.height, atlas.heights[image])  # [N, H]
        self._columns = _walk(templates, 1, canvas_size.width, atlas.widths[image])  # [N, W]

    @property
    def templates(self) -> Templates:
        return self._templates

    def places(self, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Rows and columns in the images, of places on the plane: int64 [1, N, h, w] each."""
        index = torch.arange(len(self._templates), device=rows.device)[:, None, None]
        down, right = rows % self._canvas.height, columns % self._canvas.width
        return self._rows[index, down].long(), self._columns[index, right].long()

    def view(self, box: Box) -> View:
        """All templates inside one box."""
        atlas, image = self._templates.atlas, self._templates.image
        down = torch.arange(box.top, box.bottom, device=image.device) % self._canvas.height
        right = torch.arange(box.left, box.right, device=image.device) % self._canvas.width
        rows = self._rows[:, down].long()  # [N, h]
        begins = atlas.starts[image][:, None] + rows * atlas.widths[image][:, None]
        return View(atlas, begins[None], self._columns[:, right][None])


@dataclass(frozen=True)
class ClosedSets(Sets):
    """A set of closed templates, looked at from one box."""

    closed: ClosedTemplates

    @classmethod
    def of(cls, closed: ClosedTemplates, box: Box) -> ClosedSets:
        templates = closed.templates
        corner = torch.tensor([box.top, box.left], device=templates.image.device).expand(1, len(templates), 2)
        return cls(templates.atlas, templates.image[None], corner, templates.flip[None], templates.edge, closed)

    def view(self, height: int, width: int) -> View:
        top, left = self.origin[0, 0].tolist()
        return self.closed.view(Box(top, left, height, width))

    def _places(self, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        return self.closed.places(rows, columns)


def _walk(templates: Templates, axis: int, length: int, extent: Tensor) -> Tensor:
    """Places in the images, int32 [N, length], whose last step leads back to the first."""
    device = templates.image.device
    along = torch.arange(length, device=device)
    place = along + templates.offset[:, axis : axis + 1]  # [N, length]
    place = torch.where(templates.flip[:, axis : axis + 1], -1 - place, place)
    place = tiled(place, extent[:, None], templates.edge)
    first, left = place[:, :1], length - along  # steps that are left before the period ends
    apart = place - first
    late = apart.abs() >= left
    turn = torch.where(late.any(1), late.int().argmax(1), length)[:, None]  # [N, 1]
    side = apart.gather(1, turn.clamp(max=length - 1)).sign()
    return torch.where(along >= turn, first + side * left, place).to(torch.int32)
