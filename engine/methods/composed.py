"""The pieces of a picture as the artist wants them: drawn ones, some of them replaced, favoured or muted; and how much
of the canvas each has. What can be wanted is in engine/pieces.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.errors import BadSettingError
from engine.images.maps import FORBIDDEN
from engine.job import PieceChoice, PieceChoices, PiecePlace
from engine.pieces import Piece, PieceInfo, image_names
from engine.templates.atlas import Atlas, Templates
from engine.tiling import Edge, tiled_place

CELLS = 64
"""Places along each side of the canvas at which it is noted what lies there."""
_PARTS = 16
"""Of each side: where most of a piece lies is told so exactly."""
_SHOWN_PX = 96
"""Side of what a piece's thumbnail shows, at working scale."""


@dataclass(frozen=True)
class Composed:
    """Pieces with what is wanted of them.

    Args:
        drawn: as chance has it.
        templates: as they are shown.
        weights: float32 [K], on the CPU: 1 as drawn, 0 muted.
        locked: bool [K].
    """

    drawn: Templates
    templates: Templates
    weights: Tensor
    locked: Tensor

    @cached_property
    def bias(self) -> Tensor | None:
        """What is added to log A everywhere, float32 [K] on the templates' device; None where it is nothing."""
        if bool((self.weights == 1).all()):
            return None
        # Twice: what is muted does not come back where a map forbids everything else.
        return self.weights.log().clamp_min(2 * FORBIDDEN).to(self.templates.image.device)


class Composer:
    """Makes `Composed` of drawn templates.

    Args:
        choices: what is wanted.
        paths: of the style images, in the atlas' order.
        canvas_size: that is trained for; places are those in its middle.
    """

    def __init__(self, choices: PieceChoices, paths: Sequence[Path], canvas_size: Size) -> None:
        self._choices = {choice.index: choice for choice in choices.choices}
        self._paths, self._names = paths, image_names(paths)
        self._middle = (canvas_size.height // 2, canvas_size.width // 2)

    def composed(self, drawn: Templates) -> Composed:
        """
        Raises:
            BadSettingError: all pieces are muted.
        """
        weights, locked = torch.ones(len(drawn)), torch.zeros(len(drawn), dtype=torch.bool)
        present = {index: choice for index, choice in self._choices.items() if index < len(drawn)}
        if not present:
            return Composed(drawn, drawn, weights, locked)
        image, offset, flip = drawn.image.cpu().clone(), drawn.offset.cpu().clone(), drawn.flip.cpu().clone()
        names = self._drawn_names(drawn)
        for index, choice in present.items():
            if not choice.locked and choice.of != names[index]:
                continue
            weights[index], locked[index] = choice.weight, choice.locked
            if choice.place is not None and choice.place.image in self._names:
                image[index] = self._names.index(choice.place.image)
                offset[index], flip[index] = self._tiling(choice.place, drawn.atlas, int(image[index]), drawn.edge)
        if not bool((weights > 0).any()):
            raise BadSettingError("All pieces are muted, so there is nothing to lay. Unmute at least one.")
        device = drawn.image.device
        templates = Templates(drawn.atlas, image.to(device), offset.to(device), flip.to(device), drawn.edge)
        return Composed(drawn, templates, weights, locked)

    @property
    def places(self) -> tuple[PieceChoice, ...]:
        """The choices that change what the networks see: those with a place of their own."""
        return tuple(choice for choice in self._choices.values() if choice.place is not None)

    # ------------------------------------------------------------ for the artist

    def infos(self, composed: Composed, shares: Tensor | None) -> list[PieceInfo]:
        """All pieces.

        Args:
            shares: of each, at cells of the canvas, float32 [K, CELLS, CELLS]; NaN where it was not painted yet.
        """
        names, edge = self._drawn_names(composed.drawn), composed.templates.edge
        shown = self._places(composed.templates)
        drawn = shown if composed.drawn is composed.templates else self._places(composed.drawn)
        usage, used_at = self._used(shares, len(names))
        boxes = self._boxes(composed.templates, used_at)
        return [
            PieceInfo(
                index=index,
                of=names[index],
                image=place.image,
                path=self._paths[self._names.index(place.image)],
                place=place,
                drawn=drawn[index],
                box=box,
                flip=flip,
                weight=float(composed.weights[index]),
                locked=bool(composed.locked[index]),
                usage=usage[index],
                edge=edge,
            )
            for index, (place, (box, flip)) in enumerate(zip(shown, boxes, strict=True))
        ]

    def _drawn_names(self, drawn: Templates) -> list[str]:
        rows = zip(drawn.image.tolist(), drawn.offset.tolist(), drawn.flip.tolist(), strict=True)
        return [f"{self._names[image]} {y} {x} {down:d}{right:d}" for image, (y, x), (down, right) in rows]

    def _places(self, templates: Templates) -> list[PiecePlace]:
        """What of its image each piece has in the middle of the canvas."""
        places, sides = [], _every_side(templates.atlas)
        for image, offset, flip in zip(
            templates.image.tolist(), templates.offset.tolist(), templates.flip.tolist(), strict=True
        ):
            (row, backwards), (column, leftwards) = (
                _share_at(offset[axis] + self._middle[axis], flip[axis], length, templates.edge)
                for axis, length in enumerate(sides[image])
            )
            places.append(PiecePlace(image=self._names[image], row=row, column=column, flip=(backwards, leftwards)))
        return places

    def _tiling(self, place: PiecePlace, atlas: Atlas, image: int, edge: Edge) -> tuple[Tensor, Tensor]:
        """Offset int64 [2] and flip bool [2] of the tiling that has a place in the middle of the canvas."""
        offset, flip = [], []
        for axis, (length, share) in enumerate(zip(_sides(atlas, image), (place.row, place.column), strict=True)):
            pixel = min(int(share * length), length - 1)
            backwards = place.flip[axis]
            if edge == "mirror":  # running backwards is the mirrored half of the same tiling
                at = 2 * length - 1 - pixel if backwards else pixel
                flip.append(False)
            else:
                at = -1 - pixel if backwards else pixel
                flip.append(backwards)
            offset.append(at - self._middle[axis])
        return torch.tensor(offset), torch.tensor(flip)

    def _used(self, shares: Tensor | None, count: int) -> tuple[list[float], list[tuple[int, int]]]:
        """Each piece's part of the canvas, and a place of the canvas in the midst of where it lies."""
        if shares is None:
            return [0.0] * count, [self._middle] * count
        known = shares.nan_to_num(0.0)
        painted = (~shares[0].isnan()).sum().clamp_min(1)
        usage = (known.sum((1, 2)) / painted).tolist()
        around = torch.nn.functional.avg_pool2d(known[:, None], CELLS // _PARTS)[:, 0].flatten(1).argmax(1)  # [K]
        height, width = (2 * side for side in self._middle)
        places = [
            (int((part // _PARTS + 0.5) * height / _PARTS), int((part % _PARTS + 0.5) * width / _PARTS))
            for part in around.tolist()
        ]
        return usage, [at if part > 0 else self._middle for at, part in zip(places, usage, strict=True)]

    def _boxes(
        self, templates: Templates, places: Sequence[tuple[int, int]]
    ) -> list[tuple[tuple[float, float, float, float], tuple[bool, bool]]]:
        """What each piece shows around a place of the canvas: a box as shares of its image's sides, and how it runs."""
        boxes, every = [], _every_side(templates.atlas)
        for image, offset, flip, at in zip(
            templates.image.tolist(), templates.offset.tolist(), templates.flip.tolist(), places, strict=True
        ):
            starts, lengths, runs = [], [], []
            for axis, side in enumerate(every[image]):
                share, backwards = _share_at(offset[axis] + at[axis], flip[axis], side, templates.edge)
                length = min(1.0, _SHOWN_PX / side)
                starts.append(min(max(share - length / 2, 0.0), 1.0 - length))
                lengths.append(length)
                runs.append(backwards)
            boxes.append(((starts[0], starts[1], lengths[0], lengths[1]), (runs[0], runs[1])))
        return boxes


class Tally:
    """Which piece lies where, as it was painted last: at cells of the canvas, so that it costs next to nothing."""

    def __init__(self) -> None:
        self._key: object = None
        self.shares: Tensor | None = None
        """float32 [K, CELLS, CELLS], on the CPU; NaN where nothing was painted yet."""
        self._steps = torch.zeros(CELLS, CELLS, dtype=torch.int64)

    def add(
        self, key: object, mixture: Tensor, box: Box, asked: Box, halo: Margin, canvas_size: Size, step: int
    ) -> None:
        """
        Args:
            key: what the pieces are; others begin a tally of their own.
            mixture: A of a box, [K, h, w].
            asked: the box that was asked for; away from its edges by the halo, A is as it will be shown.
        """
        height, width = asked.height - halo.top - halo.bottom, asked.width - halo.left - halo.right
        if height <= 0 or width <= 0:
            return
        valid = Box(asked.top + halo.top, asked.left + halo.left, height, width).clip(canvas_size.box).clip(box)
        if self.shares is None or key != self._key or len(self.shares) != len(mixture):
            self._key, self.shares = key, torch.full((len(mixture), CELLS, CELLS), torch.nan)
        rows, in_rows = _cells(valid.top, valid.bottom, box.top, canvas_size.height)
        columns, in_columns = _cells(valid.left, valid.right, box.left, canvas_size.width)
        if len(rows) and len(columns):
            seen = mixture[:, in_rows.to(mixture.device)][:, :, in_columns.to(mixture.device)]
            self.shares[:, rows[:, None], columns] = seen.float().cpu()
            self._steps[rows[:, None], columns] = step

    def knows(self, key: object) -> bool:
        """Whether some of the canvas was painted of these pieces."""
        return self.shares is not None and key == self._key

    def oldest_step(self, key: object) -> int | None:
        """The step at which the part of the canvas was painted that was painted longest ago; None: not all was yet."""
        if self.shares is None or key != self._key or bool(self.shares[0].isnan().any()):
            return None
        return int(self._steps.min())


def _cells(start: int, stop: int, box_start: int, side: int) -> tuple[Tensor, Tensor]:
    """The cells of an axis whose middles lie in a range of pixels, and those middles as pixels of the box."""
    cells = torch.arange(CELLS)
    middles = ((cells + 0.5) * side / CELLS).long()
    inside = (middles >= start) & (middles < stop)
    return cells[inside], middles[inside] - box_start


def _sides(atlas: Atlas, image: int) -> tuple[int, int]:
    return int(atlas.heights[image]), int(atlas.widths[image])


def _every_side(atlas: Atlas) -> list[tuple[int, int]]:
    """Height and width of each image."""
    return list(zip(atlas.heights.tolist(), atlas.widths.tolist(), strict=True))


def _share_at(at: int, flip: bool, length: int, edge: Edge) -> tuple[float, bool]:
    """Where in an image a coordinate of its tiling is, as a share of the side, and whether it runs backwards there."""
    if flip:
        at = -1 - at
    backwards = flip
    if edge == "mirror":
        backwards = (at % (2 * length) >= length) != flip
    pixel = tiled_place(at, length, edge)
    return (pixel + 0.5) / length, backwards


def piece_of(templates: Templates, mixture: Tensor, row: int, column: int, box: Box, paths: Sequence[Path]) -> Piece:
    """What lies at a pixel of the canvas.

    Args:
        mixture: A of a box in which it lies, [K, h, w].
        paths: of the images.
    """
    shares = mixture[:, row - box.top, column - box.left].float()
    index = int(shares.argmax())
    image = int(templates.image[index])
    at = [
        _share_at(int(templates.offset[index, axis]) + place, bool(templates.flip[index, axis]), side, templates.edge)[
            0
        ]
        for axis, (place, side) in enumerate(zip((row, column), _sides(templates.atlas, image), strict=True))
    ]
    return Piece(paths[image], float(shares[templates.image == image].sum()), at[0], at[1], index)


def log_bias(*parts: Tensor | None) -> Tensor | None:
    """All that is added to log A together, each [..., K, h, w], with sides of 1 where it is the same everywhere."""
    there = [part for part in parts if part is not None]
    return sum(there[1:], there[0]) if there else None


def everywhere(piece: Tensor | None) -> Tensor | None:
    """A bias of pieces, [..., K], as one of places, [B, K, 1, 1]."""
    return None if piece is None else piece.view(-1, piece.shape[-1], 1, 1)
