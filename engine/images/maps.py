"""What an artist paints to say where: which images may lie in which region, and how much of something there shall be.

Both are maps over the canvas, and fields: boxes of them agree at any size. What a map does is a method's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from engine.box import Size
from engine.device import uploaded_together
from engine.errors import BadImageError, BadSettingError
from engine.images.read import read_image
from engine.images.regions import color_of, describe, one_hot, regions_of
from engine.images.sources import ContentField
from engine.job import COLOR, SourceImage
from engine.planes import largest

LIMIT_PX = 4_000_000
"""Of a map; larger ones are read smaller."""
UNCHANGED = 128
"""The grey that leaves everything as it is."""
STRONGEST = 10.0
"""White is so many times as much as the setting says, black so many times less."""
FORBIDDEN = -1e4
"""Added to log A where a piece may not lie: nothing that a network decides weighs as much."""
_SAME_COLOR = 60.0
"""A region whose colour is nearer than this (of 441 from black to white) to the one that was named is meant."""
_SAME_SHAPE = 0.01
_FEATHER_DEVIATIONS = 4.0
"""Deviations of the Gaussian that make the width of a border."""
_LEAST_SHARE = 2.0**-9
"""Of regions that go over into one another: where there is less of one, nothing of it lies any more."""


@dataclass(frozen=True)
class RegionMap:
    """Regions of the canvas, and the style images that may lie in each.

    Args:
        labels: uint8 [H, W], of 0..R-1.
        palette: uint8 [R, 3], their colours.
        allowed: bool [R, S]; each region has an image.
    """

    labels: Tensor
    palette: Tensor
    allowed: Tensor
    _pixels: dict[float, Tensor] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def count(self) -> int:
        return len(self.palette)

    def field(self, canvas_size: Size, device: torch.device, deviation: float = 0.0) -> ContentField:
        """The share of each region, float32 [R, h, w].

        Args:
            deviation: of the Gaussian over which borders go over into one another, in pixels of the map; 0 leaves them
                sharp, and the largest share is then the region that a place belongs to.
        """
        if deviation not in self._pixels:
            self._pixels.clear()
            self._pixels[deviation] = self._blurred(deviation).to(device)
        return ContentField(self._pixels[deviation], canvas_size, device)

    def on(self, canvas_size: Size, trained_for: Size, device: torch.device, feather_px: float) -> ContentField:
        """`field`, with borders that go over into one another over so many pixels of the canvas that is trained for."""
        height, width = self.labels.shape
        step = min(height / trained_for.height, width / trained_for.width)
        return self.field(canvas_size, device, round(feather_px * step / _FEATHER_DEVIATIONS, 2))

    def _blurred(self, deviation: float) -> Tensor:
        hot = one_hot(self.labels, self.count)
        if not deviation:
            return (hot * 255).to(torch.uint8)
        blurred = [cv2.GaussianBlur(plane.float().numpy(), (0, 0), deviation) for plane in hot]
        return torch.from_numpy(np.stack(blurred)).to(torch.float16)

    @property
    def groups(self) -> Tensor:
        """bool [G, S], the images of regions that have the same ones: each group needs pieces of its own."""
        return self.allowed.unique(dim=0)

    def weights(self, weights: Sequence[float]) -> list[float]:
        """How much of each image is drawn, so that every group of images has its part, whatever lies elsewhere.

        It does not depend on how large the regions are: what was drawn stays while they are painted.
        """
        each = torch.tensor(weights, dtype=torch.float64)
        there = self.groups * each  # [G, S]
        if there.sum(1).min() <= 0:
            there = self.groups.double()
        return (there / there.sum(1, keepdim=True)).mean(0).tolist()

    def bias(self, shares: Tensor, image: Tensor, soft: bool = False) -> Tensor:
        """What is added to log A: 0 where a piece may lie, else `FORBIDDEN`.

        Args:
            shares: of the regions, [..., R, h, w].
            image: int64 [..., K], the image of each piece; its leading dimensions are those of `shares`.
            soft: the logarithm of the share of regions in which a piece may lie, instead of that of the largest.

        Returns:
            float32 [..., K, h, w]
        """
        if soft:
            may = self.allowed.to(image.device).T[image]  # [..., K, R]
            share = torch.einsum("...kr,...rhw->...khw", may.float(), shares)
            return torch.where(share < _LEAST_SHARE, FORBIDDEN, share.clamp(_LEAST_SHARE, 1).log())
        place = largest(shares).flatten(-2)  # [..., h * w]
        # Images that may lie in the same regions share a plane, and pieces of one image anyhow.
        # Found on the CPU: a card would be waited for, and Apple's can not before torch 2.10.
        groups, group = uploaded_together(
            self.allowed.T.unique(dim=0, return_inverse=True), image.device
        )  # [G, R], [S]
        forbidden = groups.float().sub(1).mul(-FORBIDDEN)
        planes = torch.stack([row[place] for row in forbidden], -2).flatten(0, -2)  # [... * G, h * w]
        chosen = group[image].view(-1, image.shape[-1])  # [..., K]
        chosen = chosen + torch.arange(len(chosen), device=image.device)[:, None] * len(groups)
        return planes.index_select(0, chosen.flatten()).view(*image.shape, *shares.shape[-2:])


def read_regions(path: Path, images: Sequence[SourceImage], said: list[str]) -> RegionMap:
    """The map in a file, with the images that `SourceImage.regions` gives to its regions.

    Args:
        said: sentences are added on what is not as it may be meant.

    Raises:
        BadImageError: it can not be read.
        BadSettingError: no image may lie anywhere.
    """
    pixels = read_image(path, LIMIT_PX).pixels
    found = regions_of(pixels, pixels)
    # In an order that does not depend on how large they are, which is another one after each stroke.
    order = (found.palette.int() * torch.tensor([1 << 16, 1 << 8, 1])).sum(1).argsort()
    palette, labels = found.palette[order], order.argsort().to(torch.uint8)[found.style.long()]
    if found.crowded:
        said.append(
            f"{path.name} has very many colours; its {found.count} most frequent ones were taken as regions. "
            "Save maps as PNG with plain colours."
        )
    elif found.count < 2:
        said.append(f"{path.name} has one colour only, so the whole picture is one region.")
    allowed = torch.stack([_regions_of(image, palette) for image in images], 1)  # [R, S]
    somewhere = allowed.any(0)
    if not somewhere.any():
        raise BadSettingError(
            f"No image may lie anywhere on {path.name}. Give at least one image to one of its regions, "
            "or let an image lie anywhere."
        )
    for image, may in zip(images, somewhere.tolist(), strict=True):
        if not may:
            said.append(f"{Path(image.path).name} may lie in no region of {path.name}, so it takes no part.")
    for index, empty in enumerate((~allowed.any(1)).tolist()):
        if empty:
            said.append(
                f"No image is given to the {describe(palette[index])} region of {path.name}, so all may lie there."
            )
            allowed[index] = somewhere
    return RegionMap(labels, palette, allowed)


def read_palette(path: Path) -> Tensor:
    """The colours of a map's regions, uint8 [R, 3]. Raises BadImageError."""
    pixels = read_image(path, LIMIT_PX).pixels
    return regions_of(pixels, pixels).palette


def region_named(text: str, palette: Tensor) -> int | None:
    """The region that is meant by "#rrggbb" or by a colour's name, "red"; None where there is none."""
    if re.fullmatch(COLOR, text):
        return named(text, palette)
    names = [describe(color).partition(" (")[0] for color in palette]
    if text in names:
        return names.index(text)
    meant = color_of(text)
    return None if meant is None else named(as_hex(meant), palette)


def read_amount(path: Path) -> Tensor:
    """A grey map as powers of `STRONGEST`, float32 [1, H, W]: -1 black, 0 grey, 1 white. Raises BadImageError."""
    grey = read_image(path, LIMIT_PX).pixels.float().mean(0, keepdim=True)
    return ((grey - UNCHANGED) / (255 - UNCHANGED)).clamp(-1, 1)


def told_shape(path: Path, map_size: Size, canvas_size: Size) -> str:
    """A sentence where a map has other proportions than the canvas; else nothing."""
    ratio = map_size.width * canvas_size.height / (map_size.height * canvas_size.width)
    if abs(ratio - 1) <= _SAME_SHAPE:
        return ""
    return (
        f"{path.name} has other proportions than the canvas, so its middle is used: it covers the canvas, "
        "and what is beyond is cut off."
    )


def told_flat(path: Path, power: float, title: str) -> str:
    """A sentence for a map of amounts that has one grey only."""
    if abs(power) < 0.01:
        return f"{path.name} is of one middle grey, so {title} changes nothing. Paint lighter and darker places."
    return f"{path.name} has one grey only, so {title} acts alike everywhere. Paint lighter and darker places."


def missing(error: BadImageError) -> str:
    """What is said of a map that can not be read."""
    return f"{error} Until then the picture is shown without this map."


def as_hex(color: Sequence[int]) -> str:
    """A colour as `SourceImage.regions` names it, "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def named(color: str, palette: Tensor) -> int | None:
    """The region of a palette, uint8 [R, 3], whose colour "#rrggbb" is; None where there is none."""
    wanted = torch.tensor([int(color[place : place + 2], 16) for place in (1, 3, 5)])
    apart = (palette.float() - wanted).square().sum(1).sqrt()
    return int(apart.argmin()) if float(apart.min()) < _SAME_COLOR else None


def _regions_of(image: SourceImage, palette: Tensor) -> Tensor:
    """bool [R], where an image may lie."""
    if image.regions is None:
        return torch.ones(len(palette), dtype=torch.bool)
    places = [place for color in image.regions if (place := named(color, palette)) is not None]
    return torch.zeros(len(palette), dtype=torch.bool).index_fill(0, torch.tensor(places, dtype=torch.long), True)
