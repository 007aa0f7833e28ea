"""What one training step of FAMOS draws: patches of the style, of the content, of the templates, and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.memory import Atlas, Templates, View
from engine.methods.famos_settings import FamosSettings
from engine.nn.mosaic import MosaicShape, Noise
from engine.sources import ContentField, Source


class Batch(NamedTuple):
    """content, style: [B, 3, H, W] in -1..1. psi: [B, 2, H, W]. view: the templates at B places; None without them."""

    content: Tensor
    style: Tensor
    psi: Tensor
    noise: Noise
    view: View | None


def step_generator(seed: int, step: int) -> torch.Generator:
    """All chance of a step, from (seed, step) alone; on the CPU, so that devices draw alike."""
    return torch.Generator().manual_seed((seed * 0x9E3779B1 + step * 0x85EBCA77) % 2**63)


class Batches:
    """Draws batches; holds no state between two of them."""

    def __init__(
        self,
        settings: FamosSettings,
        contents: Sequence[Source],
        styles: Sequence[Source],
        atlas: Atlas,
        templates: Templates | None,
        canvas: Size,
        shape: MosaicShape,
        device: torch.device,
    ) -> None:
        self._patch, self._batch, self._crops, self._edge = (
            settings.patch,
            settings.batch,
            settings.crops,
            settings.tiling,
        )
        self._atlas, self._templates, self._canvas, self._shape, self._device = atlas, templates, canvas, shape, device
        # Only the target is stretched to the canvas; the others are learned at their own size.
        self._fields = [ContentField(contents[0].pixels, canvas, device)]
        self._fields += [ContentField(content.pixels, content.size, device) for content in contents[1:]]
        self._content_weights = _weights(contents)
        self._style_weights = _weights(styles)
        self._style_sizes = [style.size for style in styles]

    def draw(self, random: torch.Generator) -> Batch:
        side, count = self._patch, self._batch
        chosen = torch.multinomial(self._content_weights, count, replacement=True, generator=random).tolist()
        corners = torch.stack([_corner(self._fields[index].canvas, side, random) for index in chosen])  # [B, 2]
        content = torch.stack(
            [
                self._fields[index].at(Box(int(top), int(left), side, side))
                for index, (top, left) in zip(chosen, corners, strict=True)
            ]
        )
        places = corners
        if self._crops == "apart":
            places = torch.stack([_corner(self._canvas, side, random) for _ in range(count)])
        places = places.to(self._device)
        view = None
        if self._templates is not None:
            view = self._templates.view(places[:, 0], places[:, 1], side, side)
        return Batch(
            content=(content * 2 - 1).contiguous(memory_format=torch.channels_last),
            style=self._style(random),
            psi=self._psi(places),
            noise=self._noise(random),
            view=view,
        )

    def _style(self, random: torch.Generator) -> Tensor:
        """Random patches of the style images; flipped at random where the tiling mirrors."""
        side, count = self._patch, self._batch
        image = torch.multinomial(self._style_weights, count, replacement=True, generator=random)
        corner = torch.stack([_corner(self._style_sizes[index], side, random) for index in image.tolist()])  # [B, 2]
        flip = torch.rand(count, 2, generator=random) < (0.5 if self._edge == "mirror" else 0.0)
        # A flipped crop runs backwards from its corner: -1 - (corner + i) must again lie inside the image.
        lengths = torch.tensor([[self._style_sizes[i].height, self._style_sizes[i].width] for i in image.tolist()])
        corner = torch.where(flip, corner - lengths, corner)
        begins, columns = self._atlas.indices(
            image.to(self._device),
            corner[:, 0].to(self._device),
            corner[:, 1].to(self._device),
            flip.to(self._device),
            side,
            side,
            self._edge,
        )
        style = self._atlas.gather(begins, columns) / 127.5 - 1
        return style.contiguous(memory_format=torch.channels_last)

    def _psi(self, places: Tensor) -> Tensor:
        """[B, 2, H, W], as `sources.coordinates` for each place."""
        along = torch.arange(self._patch, device=self._device) + 0.5
        rows = (places[:, :1] + along) * (2 / self._canvas.height) - 1  # [B, H]
        columns = (places[:, 1:] + along) * (2 / self._canvas.width) - 1  # [B, W]
        side = self._patch
        return torch.stack([rows[:, :, None].expand(-1, side, side), columns[:, None].expand(-1, side, side)], 1)

    def _noise(self, random: torch.Generator) -> Noise:
        shape, count = self._shape, self._batch
        coarse = self._patch // shape.unet.grain

        def uniform(*size: int) -> Tensor:
            return (torch.rand(*size, generator=random) * 2 - 1).to(self._device)

        line = torch.arange(coarse, device=self._device).float()
        return Noise(
            everywhere=uniform(count, shape.global_noise),
            local=uniform(count, shape.local_noise, coarse, coarse),
            phase=uniform(count, shape.periodic_noise) * math.pi,
            rows=line,
            columns=line,
        )


def _corner(size: Size, side: int, random: torch.Generator) -> Tensor:
    """A place for a patch inside a picture; where the picture is smaller, the patch reaches beyond both edges."""
    room = [extent - side for extent in (size.height, size.width)]
    draws = torch.rand(2, generator=random)
    return torch.tensor(
        [int(draw * (r + 1)) if r >= 0 else r // 2 for draw, r in zip(draws.tolist(), room, strict=True)]
    )


def _weights(images: Sequence[Source]) -> Tensor:
    weights = torch.tensor([source.image.weight for source in images])
    return weights if weights.sum() > 0 else torch.ones_like(weights)
