"""What one training step of FAMOS draws: patches of the style, of the content, of the templates, and noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.device import uploaded_together
from engine.images.sampling import ContentPatches, StylePatches, corner
from engine.images.sources import Source
from engine.methods.composed import Composed, everywhere, log_bias
from engine.methods.directed import CONTENT, PAINT, Directions, painted_share, times
from engine.methods.famos.mirrored import Mirrored
from engine.methods.famos.settings import FamosSettings
from engine.nn.mosaic import MosaicShape, Noise
from engine.templates.atlas import Atlas, View


class Directed(NamedTuple):
    """What the artist wants in the boxes of a batch.

    bias: what is added to log A, [B, N, H, W], or with sides of 1 where it is the same everywhere. times: how many
    times a term weighs, by the setting of its weight, [B, 1, H, W]. painted_share: multiplies alpha, [B, 1, H, W].
    free: the shares that templates have where nothing is decided, [N]; None where all have the same.
    """

    bias: Tensor | None = None
    times: Mapping[str, Tensor] = MappingProxyType({})
    painted_share: Tensor | None = None
    free: Tensor | None = None

    def part(self, rows: slice) -> Directed:
        """The batch of some of its boxes; shares of templates stay those of all."""
        bias = self.bias if self.bias is None or len(self.bias) == 1 else self.bias[rows]
        times = {name: weight[rows] for name, weight in self.times.items()}
        return Directed(bias, times, None if self.painted_share is None else self.painted_share[rows], self.free)


class Batch(NamedTuple):
    """content, style: [B, 3, H, W] in -1..1. psi: [B, 2, H, W]. view: the templates at B places; None without them.

    directed: what maps and choices of pieces say of these places.
    """

    content: Tensor
    style: Tensor
    psi: Tensor
    noise: Noise
    view: View | None
    directed: Directed

    def part(self, rows: slice) -> Batch:
        """Some of its patches."""
        each = self.noise
        noise = each._replace(everywhere=each.everywhere[rows], local=each.local[rows], phase=each.phase[rows])
        view = None if self.view is None else self.view.part(rows)
        return Batch(self.content[rows], self.style[rows], self.psi[rows], noise, view, self.directed.part(rows))


class Batches:
    """Draws batches; holds no state between two of them.

    Attributes:
        pieces: to be exchanged between two batches; None without any.
        directions: the artist's maps; likewise.
    """

    def __init__(
        self,
        settings: FamosSettings,
        styles: Sequence[Source],
        atlas: Atlas,
        pieces: Composed | None,
        directions: Directions,
        canvas_size: Size,
        shape: MosaicShape,
        device: torch.device,
    ) -> None:
        self._patch, self._batch, self._crops = settings.patch, settings.batch, settings.crops
        self.pieces, self.directions = pieces, directions
        self._canvas, self._shape, self._device = canvas_size, shape, device
        self._plane = Mirrored(canvas_size, settings.knows_places)
        # Over the border patches see it half as often as the inside, and the mirror images beyond, which painting shows
        # the network; else only a patch that lies exactly at an edge has the outermost pixels.
        self._over_px = settings.patch // 2 if settings.border == "over" else 0
        self._styles = StylePatches(styles, atlas, settings.tiling)

    def draw(self, contents: ContentPatches, random: torch.Generator, feather_px: float = 0.0) -> Batch:
        """
        Args:
            contents: of the canvas' size.
            feather_px: see `Directions.on`.
        """
        side, count = self._patch, self._batch
        content, corners = contents.draw(side, count, random, over_px=self._over_px)
        places = corners
        if self._crops == "apart":
            places = torch.stack([corner(self._canvas, side, random, self._over_px) for _ in range(count)])
        boxes = [Box(int(top), int(left), side, side) for top, left in places.tolist()]
        rows, columns = uploaded_together(self._plane.places(places, Size(side, side)), self._device)
        view = None if self.pieces is None else self.pieces.templates.view_at(rows, columns)
        directed = self._directed(boxes, view, feather_px)
        return Batch(
            content=content,
            style=self._styles.draw(side, count, random),
            psi=self._plane.coordinates(rows, columns),
            noise=self._noise(random),
            view=view,
            directed=directed,
        )

    def _directed(self, boxes: Sequence[Box], view: View | None, feather_px: float) -> Directed:
        pieces, fields = self.pieces, self.directions.on(self._canvas, self._device, feather_px)
        powers = {name: torch.stack([plane(box) for box in boxes]) for name, plane in fields.amounts.items()}
        weights = {name: times(-power if name == PAINT else power) for name, power in powers.items()}
        if fields.guided is not None:
            weights[CONTENT] = weights[CONTENT] * torch.stack([fields.guided(box) for box in boxes])
        painted = painted_share(powers[PAINT]) if PAINT in powers else None
        bias = free = None
        if pieces is not None and view is not None:
            regions = None if fields.regions is None else torch.stack([fields.regions(box) for box in boxes])
            image = pieces.templates.image.expand(len(boxes), -1)
            by_map = self.directions.bias(regions, image, fields.soft)
            bias = log_bias(by_map, everywhere(pieces.bias), view.bias())
            free = None if bias is None else bias.softmax(1).mean((0, 2, 3))
        return Directed(bias, weights, painted, free)

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
