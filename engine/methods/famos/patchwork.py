"""What FAMOS paints towards where no content guides its pieces: a patchwork of them, as chance deals places out.

Without it nothing tells one place from another at first: all of the canvas goes over to one template at once, then to
another, until the softmax is so sharp that none has a gradient any more.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.templates.atlas import Templates

_STEP_PX = 4
"""Borders are drawn on a grid of so many pixels; contents are compared in coarser blocks."""
_BENDS, _BENT = 3, 0.35
"""Waves that bend the borders of fields, each way, and by how much of a field's side."""


def patchwork(templates: Templates, weights: Tensor, canvas_size: Size, side_px: int, seed: int) -> Tensor:
    """A picture of the templates in fields, uint8 [3, H, W]; each has as many fields as any other, give or take one.

    Args:
        weights: of the templates, [N]; those of weight 0 get none, where others have more.
        side_px: of a field, about; less where there would not be one for each template.
        seed: of the places.
    """
    random = torch.Generator().manual_seed(seed % 2**63)
    there = (weights.cpu() > 0).nonzero().flatten()
    places, side = _places(canvas_size, max(len(there), round(canvas_size.area / side_px**2)), random)
    owner = there[torch.arange(len(places)) % len(there)][torch.randperm(len(places), generator=random)]
    field = _nearest(places, canvas_size, side, random)
    picture = torch.zeros(3, canvas_size.height, canvas_size.width, dtype=torch.uint8)
    for index in field.unique().tolist():
        rows, columns = (field == index).nonzero().unbind(1)
        box = Box(
            top := int(rows.min()),
            left := int(columns.min()),
            int(rows.max()) + 1 - top,
            int(columns.max()) + 1 - left,
        )
        large = Box(box.top * _STEP_PX, box.left * _STEP_PX, box.height * _STEP_PX, box.width * _STEP_PX)
        large = large.clip(canvas_size.box)
        inside = field[box.top : box.bottom, box.left : box.right] == index
        inside = inside.repeat_interleave(_STEP_PX, 0).repeat_interleave(_STEP_PX, 1)[: large.height, : large.width]
        number = int(owner[index])
        crop = templates.view_of(large).crops(number, number + 1)[0, 0].mul(255).round().to(torch.uint8).cpu()
        picture[:, large.top : large.bottom, large.left : large.right][:, inside] = crop[:, inside]
    return picture


def _places(size: Size, count: int, random: torch.Generator) -> tuple[Tensor, float]:
    """The middles of `count` fields or some more, one in each cell of a grid: [P, 2] in pixels; and a cell's side."""
    rows = max(1, round(math.sqrt(count * size.height / size.width)))
    columns = math.ceil(count / rows)
    cells = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).float()
    unit = torch.tensor([size.height / rows, size.width / columns])
    return (cells + torch.rand(len(cells), 2, generator=random)) * unit, float(unit.mean())


def _nearest(places: Tensor, size: Size, side: float, random: torch.Generator) -> Tensor:
    """The field of each place of the grid, int64 [h, w], by distance, with borders that are bent."""
    rows = torch.arange(math.ceil(size.height / _STEP_PX)) * float(_STEP_PX)
    columns = torch.arange(math.ceil(size.width / _STEP_PX)) * float(_STEP_PX)
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))  # [2, h, w]
    bent = grid.clone()
    for axis in range(2):
        for _ in range(_BENDS):
            turn, phase, length = torch.rand(3, generator=random).tolist()
            along = grid[0] * math.sin(math.tau * turn) + grid[1] * math.cos(math.tau * turn)
            bent[axis] += _BENT / _BENDS * side * (along * math.tau / (side * (0.5 + length)) + math.tau * phase).sin()
    least = torch.full(grid.shape[1:], torch.inf)
    field = torch.zeros(grid.shape[1:], dtype=torch.int64)
    for index, (row, column) in enumerate(places.tolist()):
        distance = (bent[0] - row).square() + (bent[1] - column).square()
        nearer = distance < least
        least, field = torch.where(nearer, distance, least), torch.where(nearer, index, field)
    return field
