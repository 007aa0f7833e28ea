"""The memory of templates (FAMOS, appendix I): virtual tilings of the style images. Their mixture is mixture.py's.

A template is (style image, integer offset, flip): it exists only inside the box that is asked for, as two index
vectors into the atlas of style pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engine.box import Box, Size
from engine.device import uploaded, uploaded_together
from engine.tiling import Edge, tiled

TRANSPARENT = -1.5e4
"""Added to log A where a template is transparent; a map forbids by -1e4, and a piece is muted by twice as much."""
_LEAST_OPACITY = 4 / 255


class Atlas:
    """The style images on the device, one int32 a pixel: red, green, blue, transparency, the lowest byte first.

    Args:
        images: uint8 [3, H, W] each.
        opacities: uint8 [H, W] of each that is transparent in places; none at all where all are opaque.
    """

    def __init__(self, images: Sequence[Tensor], device: torch.device, opacities: Sequence[Tensor | None] = ()) -> None:
        self.heights = torch.tensor([image.shape[1] for image in images], device=device)  # [S]
        self.widths = torch.tensor([image.shape[2] for image in images], device=device)  # [S]
        areas = torch.tensor([image.shape[1] * image.shape[2] for image in images], device=device)
        self.starts = areas.cumsum(0) - areas  # [S]
        each = opacities or [None] * len(images)
        self.pixels = torch.cat([_packed(*parts) for parts in zip(images, each, strict=True)]).to(device)  # [P]
        self.has_cut_outs = any(opacity is not None for opacity in each)

    def __len__(self) -> int:
        return len(self.heights)

    def indices(
        self, image: Tensor, top: Tensor, left: Tensor, flip: Tensor, height: int, width: int, edge: Edge
    ) -> tuple[Tensor, Tensor]:
        """Where the rows and columns of crops lie in `pixels`.

        Args:
            image, top, left: int64 [...], of each crop; corners may lie anywhere.
            flip: bool [..., 2], whether to run upwards, and leftwards.

        Returns:
            where each row begins, int64 [..., height], and columns within it, int32 [..., width].
        """
        rows = top[..., None] + torch.arange(height, device=top.device)
        columns = left[..., None] + torch.arange(width, device=top.device)
        return self.indices_at(image, rows, columns, flip, edge)

    def indices_at(
        self, image: Tensor, rows: Tensor, columns: Tensor, flip: Tensor, edge: Edge
    ) -> tuple[Tensor, Tensor]:
        """The same for any rows int64 [..., height] and columns [..., width] of the tilings."""
        rows = torch.where(flip[..., :1], -1 - rows, rows)
        columns = torch.where(flip[..., 1:], -1 - columns, columns)
        rows = tiled(rows, self.heights[image][..., None], edge)
        columns = tiled(columns, self.widths[image][..., None], edge)
        begins = self.starts[image][..., None] + rows * self.widths[image][..., None]
        return begins, columns.to(torch.int32)

    def gather(self, begins: Tensor, columns: Tensor) -> Tensor:
        """Pixels as float32 0..255: [..., H] and [..., W] give [..., 3, H, W]."""
        return colors(self.pixels[begins[..., :, None] + columns[..., None, :]])

    def opacity(self, begins: Tensor, columns: Tensor) -> Tensor:
        """How opaque pixels are, float32 0..1: [..., H] and [..., W] give [..., H, W]."""
        packed = self.pixels[begins[..., :, None] + columns[..., None, :]]
        return 1 - packed.view(torch.uint8).unflatten(-1, (-1, 4))[..., 3].float() / 255


@dataclass(frozen=True)
class View:
    """The templates inside boxes of equal size: what `mix` reads.

    Args:
        begins: int64 [B, N, H]; columns: int32 [B, N, W]. See `Atlas.indices`.
    """

    atlas: Atlas
    begins: Tensor
    columns: Tensor

    def part(self, rows: slice) -> View:
        """Inside some of the boxes."""
        return View(self.atlas, self.begins[rows], self.columns[rows])

    def crops(self, first: int, last: int, pool: int = 1) -> Tensor:
        """Templates first..last, average-pooled: float32 [B, last - first, 3, H / pool, W / pool], 0..1."""
        crops = self.atlas.gather(self.begins[:, first:last], self.columns[:, first:last]).div_(255)
        return crops if pool == 1 else functional.avg_pool2d(crops.flatten(0, 1), pool).unflatten(0, crops.shape[:2])

    def bias(self) -> Tensor | None:
        """What is added to log A since templates are transparent in places, [B, N, H, W]: log of how opaque they are.

        None where no image has such places.
        """
        return opacity_bias(self.atlas.opacity(self.begins, self.columns)) if self.atlas.has_cut_outs else None


def opacity_bias(opacity: Tensor) -> Tensor:
    """log of 0..1; far below anything that is decided where (nearly) nothing is there, and below what a map forbids."""
    return torch.where(opacity < _LEAST_OPACITY, TRANSPARENT, opacity.clamp_min(_LEAST_OPACITY).log())


class Templates:
    """N tilings of the plane: M_n(y, x) = style[s(n)][t(y + offset), t(x + offset)].

    Args:
        image: int64 [N], s(n).
        offset: int64 [N, 2], (y, x).
        flip: bool [N, 2].
        edge: how t continues beyond the style image.
    """

    def __init__(self, atlas: Atlas, image: Tensor, offset: Tensor, flip: Tensor, edge: Edge) -> None:
        self.atlas, self.image, self.offset, self.flip = atlas, image, offset, flip
        self.edge: Edge = edge

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def drawn(
        cls, atlas: Atlas, count: int, weights: Sequence[float], edge: Edge, generator: torch.Generator
    ) -> Templates:
        """Random offsets (and flips, where the edge mirrors); style images in turn, each by its share."""
        device = atlas.pixels.device
        image = torch.tensor(shares(weights, count))
        extent = torch.stack([atlas.heights.cpu(), atlas.widths.cpu()], 1)[image] * 2  # [N, 2]
        offset = (torch.rand(count, 2, generator=generator, dtype=torch.float64) * extent).long()
        flip = torch.rand(count, 2, generator=generator) < (0.5 if edge == "mirror" else 0.0)
        return cls(atlas, image.to(device), offset.to(device), flip.to(device), edge)

    def view(self, tops: Tensor, lefts: Tensor, height: int, width: int) -> View:
        """All templates inside B boxes of one size; corners int64 [B], anywhere on the plane."""
        top = tops[:, None] + self.offset[:, 0]  # [B, N]
        left = lefts[:, None] + self.offset[:, 1]
        image, flip = self.image.expand_as(top), self.flip.expand(*top.shape, 2)
        return View(self.atlas, *self.atlas.indices(image, top, left, flip, height, width, self.edge))

    def view_of(self, box: Box) -> View:
        """All templates inside one box."""
        corner = uploaded(torch.tensor([[box.top], [box.left]]), self.atlas.pixels.device)
        return self.view(corner[0], corner[1], box.height, box.width)

    def view_at(self, rows: Tensor, columns: Tensor) -> View:
        """All templates at places of the plane that need not be neighbours: int64 [B, h] and [B, w]."""
        rows = rows[:, None] + self.offset[:, :1]  # [B, N, h]
        columns = columns[:, None] + self.offset[:, 1:]
        image, flip = self.image.expand(rows.shape[:2]), self.flip.expand(*rows.shape[:2], 2)
        return View(self.atlas, *self.atlas.indices_at(image, rows, columns, flip, self.edge))

    def mirrored_view_of(self, box: Box, period: Size) -> View:
        """All templates inside one box of a plane where all beyond a canvas is its mirror image.

        Args:
            period: after so many pixels the plane repeats: twice the canvas, which need not have whole pixels.
        """

        def places(first: int, last: int, length: int) -> Tensor:
            place = torch.arange(first, last) % length
            return torch.minimum(place, length - 1 - place)

        rows, columns = places(box.top, box.bottom, period.height), places(box.left, box.right, period.width)
        down, right = uploaded_together((rows, columns), self.atlas.pixels.device)
        return self.view_at(down[None], right[None])

    def enlarged(self, atlas: Atlas) -> Templates:
        """The same tilings of the same images at another size, which `atlas` holds."""
        # In double, on the CPU: MPS has none, and offsets of large images have more digits than a float.
        down = atlas.heights.cpu().double() / self.atlas.heights.cpu()  # [S]
        right = atlas.widths.cpu().double() / self.atlas.widths.cpu()
        scale = torch.stack([down, right], 1)[self.image.cpu()]  # [N, 2]
        offset = (self.offset.cpu() * scale).round().long().to(self.offset.device)
        return Templates(atlas, self.image, offset, self.flip, self.edge)

    def at(self, box: Box) -> Tensor:
        """All templates inside one box, as a Field: float32 [N, 3, h, w], 0..1. Large: for looking at."""
        return self.view_of(box).crops(0, len(self))[0]


def shares(weights: Sequence[float], count: int) -> list[int]:
    """`count` places handed out in turn to images by weight (largest remainder first); all weights 0 count as equal."""
    total = sum(weights)
    parts = [w / total if total > 0 else 1 / len(weights) for w in weights]
    given = [0] * len(parts)
    order = []
    for place in range(1, count + 1):
        owed = [part * place - had for part, had in zip(parts, given, strict=True)]
        chosen = max(range(len(parts)), key=lambda index: (owed[index], -index))
        given[chosen] += 1
        order.append(chosen)
    return order


def colors(packed: Tensor) -> Tensor:
    """Pixels of the atlas, int32 [..., H, W], as float32 0..255: [..., 3, H, W]."""
    # Their bytes as they lie in memory, the lowest first: one kernel instead of eight.
    parts = packed.view(torch.uint8).unflatten(-1, (-1, 4))[..., :3]  # [..., H, W, 3]
    return parts.movedim(-1, -3).to(torch.float32, memory_format=torch.contiguous_format)


def _packed(image: Tensor, opacity: Tensor | None) -> Tensor:
    packed = image[2].to(torch.int32)
    if opacity is not None:  # the other way round, so that opaque images are as they always were
        packed.bitwise_or_((255 - opacity.to(torch.int32)).bitwise_left_shift(8))
    for channel in (image[1], image[0]):
        packed.bitwise_left_shift_(8).bitwise_or_(channel)
    return packed.flatten()
