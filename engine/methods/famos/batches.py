"""What one training step of FAMOS draws: patches of the style, of the content, of the templates, and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine.box import Size
from engine.device import uploaded, uploaded_together
from engine.images.sampling import ContentPatches, StylePatches, corner
from engine.images.sources import Source
from engine.methods.famos.settings import FamosSettings
from engine.nn.mosaic import MosaicShape, Noise
from engine.templates.atlas import Atlas, Templates, View


class Batch(NamedTuple):
    """content, style: [B, 3, H, W] in -1..1. psi: [B, 2, H, W]. view: the templates at B places; None without them.

    bias: what is added to log A, as `MosaicGenerator.forward` takes it.
    """

    content: Tensor
    style: Tensor
    psi: Tensor
    noise: Noise
    view: View | None
    bias: Tensor | None = None


class Batches:
    """Draws batches; holds no state between two of them.

    Attributes:
        templates, bias: the pieces, and what is added to log A everywhere, [N]; to be exchanged between two batches.
    """

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
        self.templates, self._canvas, self._shape, self._device = templates, canvas_size, shape, device
        self.bias: Tensor | None = None
        self._contents = ContentPatches(contents, canvas_size, device)
        self._styles = StylePatches(styles, atlas, settings.tiling)

    def draw(self, random: torch.Generator) -> Batch:
        side, count = self._patch, self._batch
        content, corners = self._contents.draw(side, count, random)
        places = corners
        if self._crops == "apart":
            places = torch.stack([corner(self._canvas, side, random) for _ in range(count)])
        places = uploaded(places, self._device)
        view = None
        if self.templates is not None:
            view = self.templates.view(places[:, 0], places[:, 1], side, side)
        return Batch(
            content=content,
            style=self._styles.draw(side, count, random),
            psi=self._psi(places),
            noise=self._noise(random),
            view=view,
            bias=None if self.bias is None else self.bias[None, :, None, None],
        )

    def _psi(self, places: Tensor) -> Tensor:
        """[B, 2, H, W], as `sources.coordinates` for each place."""
        along = torch.arange(self._patch, device=self._device) + 0.5
        rows = (places[:, :1] + along) * (2 / self._canvas.height) - 1  # [B, H]
        columns = (places[:, 1:] + along) * (2 / self._canvas.width) - 1  # [B, W]
        side = self._patch
        return torch.stack([rows[:, :, None].expand(-1, side, side), columns[:, None].expand(-1, side, side)], 1)

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
