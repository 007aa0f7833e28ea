"""What training steps of adversarial methods draw: chance from (seed, step), patches of the style and the content."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.device import uploaded_together
from engine.images.sources import ContentField, Source, Taps
from engine.templates.atlas import Atlas
from engine.tiling import Edge

_TRIES = 24
"""Places that are tried for a patch of an image that is transparent in places; the most opaque one is taken."""


def step_generator(seed: int, step: int) -> torch.Generator:
    """All chance of a step, from (seed, step) alone; on the CPU, so that devices draw alike."""
    return torch.Generator().manual_seed((seed * 0x9E3779B1 + step * 0x85EBCA77) % 2**63)


def corner(size: Size, side: int, random: torch.Generator, over_px: int = 0) -> Tensor:
    """A place for a patch in a picture, int64 [2]; where that is smaller, the patch reaches beyond both edges.

    Args:
        over_px: so far it may reach over an edge.
    """
    room = [extent - side for extent in (size.height, size.width)]
    draws = torch.rand(2, generator=random)
    return torch.tensor(
        [
            int(draw * (r + 2 * over_px + 1)) - over_px if r >= 0 else r // 2
            for draw, r in zip(draws.tolist(), room, strict=True)
        ]
    )


class StylePatches:
    """Random patches of the style images, each image by its weight; flipped at random where the tiling mirrors."""

    def __init__(self, styles: Sequence[Source], atlas: Atlas, edge: Edge) -> None:
        self._atlas = atlas
        self._edge: Edge = edge
        self._weights = _weights(styles)
        self._sizes = [style.size for style in styles]
        self._solid = [None if style.opacity is None else _summed(style.opacity) for style in styles]

    def draw(self, side: int, count: int, random: torch.Generator) -> Tensor:
        """float32 [B, 3, side, side] in -1..1, on the atlas' device."""
        device = self._atlas.pixels.device
        image = torch.multinomial(self._weights, count, replacement=True, generator=random)
        place = torch.stack([self._corner(index, side, random) for index in image.tolist()])  # [B, 2]
        flip = torch.rand(count, 2, generator=random) < (0.5 if self._edge == "mirror" else 0.0)
        # A flipped crop runs backwards from its corner: -1 - (corner + i) must again lie inside the image.
        lengths = torch.tensor([[self._sizes[i].height, self._sizes[i].width] for i in image.tolist()])
        image, place, flip = uploaded_together((image, torch.where(flip, place - lengths, place), flip), device)
        begins, columns = self._atlas.indices(image, place[:, 0], place[:, 1], flip, side, side, self._edge)
        style = self._atlas.gather(begins, columns) / 127.5 - 1
        return style.contiguous(memory_format=torch.channels_last)

    def _corner(self, index: int, side: int, random: torch.Generator) -> Tensor:
        """Where a patch lies, int64 [2]; of an image that is transparent in places, where it is opaque."""
        size, solid = self._sizes[index], self._solid[index]
        if solid is None:
            return corner(size, side, random)
        tries = torch.stack([corner(size, side, random) for _ in range(_TRIES)])
        parts = torch.tensor([_opaque_part(solid, top, left, side) for top, left in tries.tolist()])
        return tries[int(parts.argmax())]


def _summed(opacity: Tensor) -> Tensor:
    """Sums over all above and to the left, float64 [h + 1, w + 1]."""
    sums = torch.zeros(opacity.shape[0] + 1, opacity.shape[1] + 1, dtype=torch.float64)
    sums[1:, 1:] = (opacity.double() / 255).cumsum(0).cumsum(1)
    return sums


def _opaque_part(sums: Tensor, top: int, left: int, side: int) -> float:
    """How much of a patch is opaque, where it lies on the image."""
    height, width = sums.shape[0] - 1, sums.shape[1] - 1
    upper, lower = (min(max(y, 0), height) for y in (top, top + side))
    first, last = (min(max(x, 0), width) for x in (left, left + side))
    area = max(1, (lower - upper) * (last - first))
    return float(sums[lower, last] - sums[upper, last] - sums[lower, first] + sums[upper, first]) / area


class ContentPatches:
    """Random patches of the content images, each by its weight; only the first is stretched to the canvas."""

    def __init__(self, contents: Sequence[Source], canvas_size: Size, device: torch.device) -> None:
        self._fields = [ContentField(contents[0].pixels_on(device), canvas_size, device)]
        self._fields += [ContentField(content.pixels_on(device), content.size, device) for content in contents[1:]]
        self._weights = _weights(contents)

    def draw(
        self, side: int, count: int, random: torch.Generator, enlarged: float = 1.0, over_px: int = 0
    ) -> tuple[Tensor, Tensor]:
        """Patches, float32 [B, 3, side, side] in -1..1, and where they lie, int64 [B, 2], on the CPU.

        Args:
            enlarged: up to so many times, each patch by a factor of its own.
            over_px: how far they may reach over the edges, where contents are mirrored.
        """
        chosen = torch.multinomial(self._weights, count, replacement=True, generator=random).tolist()
        fields = [self._fields[index] for index in chosen]
        if enlarged > 1:
            factors = enlarged ** torch.rand(count, generator=random)
            fields = [_enlarged(field, factor) for field, factor in zip(fields, factors.tolist(), strict=True)]
        corners = torch.stack([corner(field.canvas_size, side, random, over_px) for field in fields])
        boxes = [Box(int(top), int(left), side, side) for top, left in corners.tolist()]
        taps = [field.taps(box) for field, box in zip(fields, boxes, strict=True)]
        there = iter(uploaded_together([part for each in taps for part in each], fields[0].device))
        patches = torch.stack([field.sampled(Taps(*islice(there, len(Taps._fields)))) for field in fields])
        return (patches * 2 - 1).contiguous(memory_format=torch.channels_last), corners


def _enlarged(field: ContentField, factor: float) -> ContentField:
    canvas_size = Size(round(field.canvas_size.height * factor), round(field.canvas_size.width * factor))
    return ContentField(field.pixels, canvas_size, field.device)


def _weights(images: Sequence[Source]) -> Tensor:
    weights = torch.tensor([source.image.weight for source in images])
    return weights if weights.sum() > 0 else torch.ones_like(weights)
