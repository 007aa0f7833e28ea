"""What one training step of FAMOS draws: patches of the style, of the content, of the templates, and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine.box import Size
from engine.device import uploaded_together
from engine.images.sampling import ContentPatches, StylePatches, corner
from engine.images.sources import Source
from engine.methods.famos.mirrored import Mirrored
from engine.methods.famos.settings import FamosSettings
from engine.nn.mosaic import MosaicShape, Noise
from engine.templates.atlas import Atlas, Templates, View


class Batch(NamedTuple):
    """content, style: [B, 3, H, W] in -1..1. psi: [B, 2, H, W]. view: the templates at B places; None without them."""

    content: Tensor
    style: Tensor
    psi: Tensor
    noise: Noise
    view: View | None


class Batches:
    """Draws batches; holds no state between two of them."""

    def __init__(
        self,
        settings: FamosSettings,
        contents: Sequence[Source],
        styles: Sequence[Source],
        atlas: Atlas,
        templates: Templates | None,
        canvas_size: Size,
        shape: MosaicShape,
        device: torch.device,
    ) -> None:
        self._patch, self._batch, self._crops = settings.patch, settings.batch, settings.crops
        self._templates, self._canvas, self._shape, self._device = templates, canvas_size, shape, device
        self._plane = Mirrored(canvas_size)
        # Over the border patches see it half as often as the inside, and the mirror images beyond, which painting shows
        # the network; else only a patch that lies exactly at an edge has the outermost pixels.
        self._over_px = settings.patch // 2 if settings.border == "over" else 0
        self._contents = ContentPatches(contents, canvas_size, device)
        self._styles = StylePatches(styles, atlas, settings.tiling)

    def draw(self, random: torch.Generator) -> Batch:
        side, count = self._patch, self._batch
        content, corners = self._contents.draw(side, count, random, over_px=self._over_px)
        places = corners
        if self._crops == "apart":
            places = torch.stack([corner(self._canvas, side, random, self._over_px) for _ in range(count)])
        rows, columns = uploaded_together(self._plane.places(places, Size(side, side)), self._device)
        return Batch(
            content=content,
            style=self._styles.draw(side, count, random),
            psi=self._plane.coordinates(rows, columns),
            noise=self._noise(random),
            view=None if self._templates is None else self._templates.view_at(rows, columns),
        )

    def _noise(self, random: torch.Generator) -> Noise:
        shape, count = self._shape, self._batch
        coarse = self._patch // shape.unet.alignment_px

        def uniform(*size: int) -> Tensor:
            return torch.rand(*size, generator=random) * 2 - 1

        drawn = (
            uniform(count, shape.global_noise),
            uniform(count, shape.local_noise, coarse, coarse),
            uniform(count, shape.periodic_noise) * math.pi,
        )
        line = torch.arange(coarse, device=self._device).float()
        return Noise(*uploaded_together(drawn, self._device), rows=line, columns=line)
