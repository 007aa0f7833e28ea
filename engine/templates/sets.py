"""Sets of style crops (MAGIC: M drawn from P_T): drawing them, and seeing them straight or warped.

An element is a template as in atlas.py, (style image, offset, flip), with the place it is looked at from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.device import uploaded, uploaded_together
from engine.templates.atlas import Atlas, Templates, View, colors
from engine.tiling import Edge, tiled

Placement = Literal["anywhere", "aligned"]


@dataclass(frozen=True)
class Sets:
    """B sets of K elements, looked at from B places.

    Args:
        image: int64 [B, K]. origin: int64 [B, K, 2], where row 0 and column 0 lie in the element's tiling.
        flip: bool [B, K, 2].
    """

    atlas: Atlas
    image: Tensor
    origin: Tensor
    flip: Tensor
    edge: Edge

    @property
    def count(self) -> int:
        return self.image.shape[1]

    def view(self, height: int, width: int) -> View:
        """The elements inside boxes of this size, for `memory.mix`."""
        top, left = self.origin.unbind(-1)
        return View(self.atlas, *self.atlas.indices(self.image, top, left, self.flip, height, width, self.edge))

    def warped(self, displacement: Tensor) -> Tensor:
        """M_k(p + d_k(p)), bilinear, with a gradient for d.

        Args:
            displacement: float32 [B, K, 2, H, W], (y, x) in pixels, of any length: tilings have no end.

        Returns:
            float32 [B, K, 3, H, W], 0..1.
        """
        return self._warped(displacement, colors)

    def warped_opacity(self, displacement: Tensor) -> Tensor:
        """How opaque elements are there, float32 [B, K, H, W]."""
        return 1 - self._warped(displacement, _transparency)[:, :, 0]

    def _warped(self, displacement: Tensor, read: Callable[[Tensor], Tensor]) -> Tensor:
        _, _, _, height, width = displacement.shape
        device = displacement.device
        whole = displacement.detach().floor()
        part_y, part_x = (displacement - whole).unbind(2)  # [B, K, H, W]
        grid = torch.stack(
            torch.meshgrid(torch.arange(height, device=device), torch.arange(width, device=device), indexing="ij")
        )
        place = self.origin[..., None, None] + grid + whole.long()  # [B, K, 2, H, W]
        total = torch.zeros((), device=device)
        for down in (0, 1):
            for right in (0, 1):
                weight = (part_y if down else 1 - part_y) * (part_x if right else 1 - part_x)
                there = self._pixels(place[:, :, 0] + down, place[:, :, 1] + right, read)
                total = total + weight[:, :, None] * there
        return total

    def places(self, row: int, column: int) -> tuple[Tensor, Tensor]:
        """Where the elements of the first set have a pixel of the box, as shares of their images: float32 [K] each."""
        at = self.origin[:1, :, :, None, None] + torch.tensor([row, column], device=self.origin.device)[:, None, None]
        rows, columns = self._places(at[:, :, 0], at[:, :, 1])
        image = self.image[0]
        return (
            (rows[0, :, 0, 0] + 0.5) / self.atlas.heights[image],
            (columns[0, :, 0, 0] + 0.5) / self.atlas.widths[image],
        )

    def _pixels(self, rows: Tensor, columns: Tensor, read: Callable[[Tensor], Tensor]) -> Tensor:
        """int64 [B, K, H, W] twice gives float32 [B, K, C, H, W], 0..1."""
        rows, columns = self._places(rows, columns)
        image = self.image[..., None, None]
        return read(self.atlas.pixels[self.atlas.starts[image] + rows * self.atlas.widths[image] + columns]) / 255

    def _places(self, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Rows and columns in the images, of places in the elements' tilings: int64 [B, K, H, W] each."""
        flip_rows, flip_columns = self.flip[..., None, None, :].unbind(-1)
        rows, columns = torch.where(flip_rows, -1 - rows, rows), torch.where(flip_columns, -1 - columns, columns)
        image = self.image[..., None, None]
        return tiled(rows, self.atlas.heights[image], self.edge), tiled(columns, self.atlas.widths[image], self.edge)


def _transparency(packed: Tensor) -> Tensor:
    """Of pixels of the atlas, int32 [..., H, W]: float32 0..255, [..., 1, H, W]."""
    return packed.view(torch.uint8).unflatten(-1, (-1, 4))[..., 3].float().unsqueeze(-3)


class SetDraw:
    """P_T: which sets there can be.

    Args:
        weights: of the style images.
        placement: `anywhere`, or `aligned`: each image lies in the middle of the canvas and is never flipped, for
            pictures that are alike, such as faces.
        groups: bool [R, S]; each set has an element of one image of each group, as far as it has room.
        again: how often the sets that belong to seeds were drawn anew: each time they are others.
    """

    def __init__(
        self,
        atlas: Atlas,
        weights: Sequence[float],
        edge: Edge,
        placement: Placement,
        canvas_size: Size,
        groups: Tensor | None = None,
        again: int = 0,
    ) -> None:
        self.atlas, self.placement, self.canvas_size = atlas, placement, canvas_size
        self.edge: Edge = edge
        shares = torch.tensor(weights, dtype=torch.float64)
        self._shares = shares / shares.sum() if shares.sum() > 0 else torch.full_like(shares, 1 / len(shares))
        self._groups, self._again = groups, again
        self._extents = torch.stack([atlas.heights.cpu(), atlas.widths.cpu()], 1)  # [S, 2]

    def templates(self, count: int, seed: int) -> Templates:
        """One set for a whole canvas: the set that belongs to a seed."""
        random = torch.Generator().manual_seed(seed * 0x9E3779B1 + 0x5E75 + self._again * 0x85EBCA77)
        image, offset, flip = uploaded_together(self._drawn(count, random), self.atlas.pixels.device)
        return Templates(self.atlas, image, offset, flip, self.edge)

    def sets(self, count: int, tops: Tensor, lefts: Tensor, random: torch.Generator) -> Sets:
        """Another set of `count` elements for each of B places, int64 [B]."""
        drawn = [self._drawn(count, random) for _ in range(len(tops))]
        parts = [torch.stack(part) for part in zip(*drawn, strict=True)]
        image, offset, flip = uploaded_together(parts, tops.device)
        return Sets(self.atlas, image, offset + torch.stack([tops, lefts], 1)[:, None], flip, self.edge)

    def at(self, templates: Templates, box: Box) -> Sets:
        """One set, looked at from a box of the canvas."""
        corner = uploaded(torch.tensor([box.top, box.left]), self.atlas.pixels.device)
        origin = templates.offset + corner
        return Sets(templates.atlas, templates.image[None], origin[None], templates.flip[None], self.edge)

    def _drawn(self, count: int, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Style image [K], offset [K, 2], flip [K, 2]; each image has its share of the set, rounded up or down."""
        order = torch.randperm(len(self._shares), generator=random)
        start = torch.rand((), generator=random, dtype=torch.float64)
        places = (torch.arange(count) + start) / count
        image = order[torch.searchsorted(self._shares[order].cumsum(0), places).clamp(max=len(order) - 1)]
        if self._groups is not None:
            image = self._completed(image, self._groups)
        extent = self._extents[image]  # [K, 2]
        if self.placement == "aligned":
            offset = (extent - torch.tensor([self.canvas_size.height, self.canvas_size.width])).div(
                2, rounding_mode="floor"
            )
            return image, offset, torch.zeros(count, 2, dtype=torch.bool)
        offset = (torch.rand(count, 2, generator=random, dtype=torch.float64) * extent * 2).long()
        flip = torch.rand(count, 2, generator=random) < (0.5 if self.edge == "mirror" else 0.0)
        return image, offset, flip

    def _completed(self, image: Tensor, groups: Tensor) -> Tensor:
        """Images [K] of which each group has one; elements that others can do without change theirs."""
        image = image.clone()
        for group in groups:
            if group[image].any():
                continue
            held = groups[:, image]  # [R, K]
            spare = ~(held & (held.sum(1, keepdim=True) == 1)).any(0)  # not the last of any group
            if not spare.any():
                break
            counts = torch.bincount(image, minlength=len(self._shares))[image] * spare
            image[counts.argmax()] = int((self._shares * group).argmax())
        return image
