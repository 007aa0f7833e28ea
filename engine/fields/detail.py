"""The pieces of a print, with all detail of the style images' files: read pixel by pixel, or enlarged beyond it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.fields.periodic import ClosedSets, ClosedTemplates
from engine.fields.resample import Zoom, needed, resampled
from engine.templates.atlas import Atlas, Templates, View, opacity_bias
from engine.templates.mix_kernel import MixKernel
from engine.templates.mixture import mix_only
from engine.templates.sets import Sets

_PART_PX = 96
"""Side of what is mixed at once of pieces that are enlarged: small, so that few of them take part."""
_LEAST_SHARE = 2.0**-12
"""Of a piece that is enlarged: less of it can not be seen."""


@dataclass(frozen=True)
class Detail:
    """What all templates of a print have in common.

    Args:
        atlas: the style images, at any size.
        zoom: how the print lies on the plane of that size.
        scale: of this plane, relative to the one that was trained on.
        period: of this plane, for repeats; None never repeats.
        mix_kernel: see `mixture.mix`.
    """

    atlas: Atlas
    zoom: Zoom
    scale: tuple[float, float]
    period: Size | None
    mix_kernel: MixKernel | None

    def of(self, templates: Templates, mirrored: Size | None = None) -> DetailedTemplates:
        """The same tilings, in the print.

        Args:
            mirrored: the canvas that was trained on, where templates are mirrored beyond its edges; None where they go
                on. A print that closes repeats instead.
        """
        return DetailedTemplates(self, templates.enlarged(self.atlas), mirrored)


class DetailedTemplates:
    """Templates inside any box of a print."""

    def __init__(self, detail: Detail, templates: Templates, mirrored: Size | None = None) -> None:
        self._detail, self._templates = detail, templates
        self._closed = None if detail.period is None else ClosedTemplates(templates, detail.period)
        self._view: Callable[[Box], View] = templates.view_of
        if self._closed is not None:
            self._view = self._closed.view
        elif mirrored is not None:
            down, right = detail.scale
            period = Size(round(2 * mirrored.height * down), round(2 * mirrored.width * right))
            self._view = partial(templates.mirrored_view_of, period=period)

    def mixed(self, logits: Tensor, box: Box) -> tuple[Tensor, Tensor]:
        """I_M [1, 3, h, w], 0..1, and A from its logarithms [1, N, h, w], which are lost."""
        zoom = self._detail.zoom
        if zoom.keeps_scale:
            view = self._view(self._moved(box))
            if (bias := view.bias()) is not None:
                logits = logits + bias
            return mix_only(logits, view, 1.0, self._detail.mix_kernel, overwrite=True)
        if self._templates.atlas.has_cut_outs:
            logits = logits + self._enlarged_bias(box)
        weights = _without_traces(logits.softmax(1))
        collage = weights.new_zeros(1, 3, box.height, box.width)
        for part in box.tiles(_PART_PX):
            rows, columns = part.within(box)
            at = needed(part, zoom)
            view = self._view(at)
            shares = weights[:, :, rows, columns]
            for index in shares.amax((0, 2, 3)).nonzero().flatten().tolist():  # most pieces lie elsewhere
                crop = view.crops(index, index + 1)[0, 0]
                collage[:, :, rows, columns] += shares[:, index : index + 1] * resampled(crop, at, part, zoom)
        return collage.clamp_(0, 1), weights

    def warped(self, weights: Tensor, displacement: Tensor, box: Box) -> Tensor:
        """I_M [1, 3, h, w], 0..1, of pieces that are bent.

        Args:
            weights: A, [1, N, h, w].
            displacement: in pixels of the working scale, [1, N, 2, h, w].
        """
        zoom, device = self._detail.zoom, weights.device
        scale = torch.tensor(self._detail.scale, device=device)[:, None, None]
        places = displacement * scale
        if not zoom.keeps_scale:  # where a pixel lies, as a way from its number
            down = (torch.arange(box.top, box.bottom, dtype=torch.float64) + 0.5) / zoom.down + zoom.top - 0.5
            right = (torch.arange(box.left, box.right, dtype=torch.float64) + 0.5) / zoom.right + zoom.left - 0.5
            down = down - torch.arange(box.top, box.bottom)
            right = right - torch.arange(box.left, box.right)
            places = places + torch.stack(torch.meshgrid(down, right, indexing="ij")).float().to(device)
        else:
            box = self._moved(box)
        crops = self._sets(box).warped(places)  # [1, N, 3, h, w]
        collage = torch.zeros_like(crops[:, 0])
        for index in range(weights.shape[1]):  # in this order, whatever the box is
            collage += weights[:, index : index + 1] * crops[:, index]
        return collage

    def _enlarged_bias(self, box: Box) -> Tensor:
        """`View.bias` of a box where pieces are enlarged, [1, N, h, w]."""
        opacity = torch.empty(1, len(self._templates), box.height, box.width, device=self._templates.image.device)
        for part in box.tiles(_PART_PX):
            rows, columns = part.within(box)
            at = needed(part, self._detail.zoom)
            view = self._view(at)
            there = self._templates.atlas.opacity(view.begins, view.columns)[0]
            opacity[0, :, rows, columns] = resampled(there, at, part, self._detail.zoom)
        return opacity_bias(opacity)

    def _sets(self, box: Box) -> Sets:
        if self._closed is not None:
            return ClosedSets.of(self._closed, box)
        templates = self._templates
        corner = torch.tensor([box.top, box.left], device=templates.image.device)
        return Sets(
            templates.atlas,
            templates.image[None],
            (templates.offset + corner)[None],
            templates.flip[None],
            templates.edge,
        )

    def _moved(self, box: Box) -> Box:
        zoom = self._detail.zoom
        return Box(box.top + round(zoom.top), box.left + round(zoom.left), box.height, box.width)


def _without_traces(weights: Tensor) -> Tensor:
    """Shares [1, N, h, w] that add up to 1, those that can not be seen left away, pixel by pixel."""
    kept = torch.where(weights < _LEAST_SHARE, torch.zeros_like(weights), weights)
    return kept / kept.sum(1, keepdim=True)
