"""Feed-forward neural doodles (Ulyanov 2016): a mask becomes a picture in one pass, after practice on generated masks.

Answers to the post's own remarks: a share of the practice masks is one region all over, so that large, varied regions
are learned whole; practice has no borders and the finished picture is painted beyond its own, so no lines lie there.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.declarations import Layer
from engine.device import uploaded
from engine.images import sources
from engine.images.read import read_image
from engine.images.region_field import MaskField, nearest_region
from engine.images.regions import fitted, one_hot, regions_of
from engine.job import Job
from engine.methods.feedforward.base import STYLE_TERMS, VARIETY_TERMS, shown
from engine.methods.feedforward.doodle_net_settings import PRESETS, DoodleNetSettings
from engine.methods.feedforward.practice_masks import practice
from engine.methods.feedforward.slots import SLOTS
from engine.methods.feedforward.texture_base import SMOOTH, TextureNetwork, TextureNetworkMethod, TextureNoise
from engine.nn.deep_network import DeepNetwork, DeepShape
from engine.nn.texture_networks import PyramidNetwork, PyramidShape
from engine.style.comparing import Comparison
from engine.style.style_loss import Style

SAME_COLOR = 60.0
"""Colours nearer than this (of 441 from black to white) are one region when a mask is repainted."""
NEW_REGION_SHARE = 0.002
"""Of the pixels, with other colours: more than blended edges between regions."""


class Batch(NamedTuple):
    """mask: one-hot [B, R, H, W]."""

    mask: Tensor
    noise: TextureNoise


class DoodleNet(TextureNetworkMethod[DoodleNetSettings, Batch]):
    """A mask and noise become a picture, whose regions look like those of the style."""

    key = "doodle_net"
    title = "Fast doodle"
    summary = "Learns to paint your regions; then the picture follows the brush."
    pace = "Learns for some minutes; then at each stroke."
    paper = "Ulyanov 2016: Feed-forward Neural Doodle"
    Settings = DoodleNetSettings
    slots = SLOTS["doodle_net"]
    layers = (
        Layer("result", "Result", "The picture."),
        Layer("mask", "Mask", "The target mask as it is understood: one colour for each region."),
    )
    terms = (*STYLE_TERMS, *VARIETY_TERMS)
    presets = PRESETS

    _field: MaskField | None
    """Of the target mask on the canvas that was painted last."""

    def _read(self, job: Job) -> list[Style]:
        s = self.settings
        (style,) = sources.load(job.sources["style"][:1], s.style_scale, "style", self.warnings)
        found = regions_of(_mask_image(job, "style_mask"), _mask_image(job, "target_mask"), s.regions)
        self.warnings.extend(found.messages())
        # By their share of the style: another target mask then leaves each region its place in the network.
        share = torch.bincount(found.style.flatten().long(), minlength=found.count)
        order = share.argsort(descending=True, stable=True)[: int((share > 0).sum())]
        place = torch.zeros(found.count, dtype=torch.uint8)
        place[order] = torch.arange(len(order), dtype=torch.uint8)
        self.palette, self.regions = found.palette[order], len(order)
        labels = fitted(place[found.style.long()], style.size)
        self._present = torch.bincount(labels.flatten().long(), minlength=self.regions) > 0  # [R]
        self._target, self._job, self._field = place[found.target.long()], job, None
        height, width = found.target.shape
        scaled = Size(max(64, round(height * s.canvas_scale)), max(64, round(width * s.canvas_scale)))
        self._canvas = job.canvas_size or scaled
        return [Style(style.pixels.to(self.device), 1.0, labels.to(self.device))]

    def try_update(self, job: Job) -> bool:
        """A repainted target mask of the same size and colours: nothing has to be learned again."""
        target = job.sources.get("target_mask", ())
        sources = {**self._job.sources, "target_mask": target}
        present = self._job.model_copy(update={"sources": sources, "settings": job.settings})
        if job != present or self._job.settings.needs_rebuild(job.settings) or not target:
            return False
        mask = _mask_image(job, "target_mask")
        if mask.shape[1:] != self._target.shape:
            return False
        # A region that the style lacks can not be painted.
        labels, distance = nearest_region(mask, self.palette, self._present)
        if (distance > SAME_COLOR).float().mean() > NEW_REGION_SHARE:
            return False
        self._target, self._job, self._field = labels, job, None
        return True

    @property
    def _comparison(self) -> Comparison:
        return replace(super()._comparison, equal_regions=self.settings.region_pull == "equal")

    @property
    def _hard_edges(self) -> bool:
        return self.settings.edges == "hard"

    def _network(self, thin: bool) -> TextureNetwork:
        s = self.settings
        width = 2 if thin else s.width
        if s.generator == "pyramid":
            return PyramidNetwork(PyramidShape(width, s.scales, s.noise, self.regions, s.norm, s.padding))
        return DeepNetwork(
            DeepShape(
                width,
                s.scales - 1,
                condition=self.regions,
                local=s.noise,
                finest=int(s.finest_noise_px),
                cells=False,
                norm=s.norm,
                padding=s.padding,
                smooth=SMOOTH if s.enlarging == "smooth" else 0,
            )
        )

    def _draw_batch(self, random: torch.Generator) -> Batch:
        s = self.settings
        there = self._present.nonzero().flatten()
        masks = []
        for _ in range(s.batch // self._repeats):
            labels = there[practice(s.patch, len(there), random, s.whole_share).long()]
            masks.append(one_hot(labels, self.regions))
        mask = uploaded(torch.stack(masks).repeat_interleave(self._repeats, 0), self.device)
        return Batch(mask, self.generator.drawn(len(mask), s.patch, random, self.device))

    @property
    def _repeats(self) -> int:
        """How often each mask is in a batch: variety compares pictures of one mask."""
        return 2 if self.settings.diversity_weight and self.settings.batch > 1 else 1

    def _groups(self, images: Tensor) -> Tensor | None:
        return images.unflatten(0, (-1, self._repeats)) if self._repeats > 1 else None

    def _generate(self, network: TextureNetwork, batch: Batch) -> Tensor:
        return network(batch.noise, batch.mask)

    def _mask(self, batch: Batch) -> Tensor:
        return batch.mask

    def _terms(self, batch: Batch, images: Tensor) -> dict[str, Tensor]:
        return {"style": self.style_loss(images, batch.mask, self._pull)}

    def paint(self, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        self._freeze_if_needed()
        if self._field is None or self._field.canvas_size != canvas_size:  # one for all tiles
            self._field = MaskField(self._target, self.regions, canvas_size, self.device)
        mask = self._field.at(box)
        noise = self._drifting(lambda seed: self.average.noise_at(box, seed, self.device, None))
        image = self._painted(noise, mask[None].contiguous(memory_format=torch.channels_last))
        colors = uploaded(self.palette.float() / 255, self.device)
        return {"result": shown(image[0]), "mask": torch.einsum("rhw,rc->chw", mask, colors)}

    def _patches_of(self, batch: Batch, output: Tensor) -> dict[str, Tensor]:
        colors = self.palette.to(self.device).float() / 255
        return {"Mask": torch.einsum("brhw,rc->bchw", batch.mask, colors), "Result": shown(output)}


def _mask_image(job: Job, slot: str) -> Tensor:
    """uint8 [3, h, w]. Raises BadImageError."""
    return read_image(Path(job.sources[slot][0].path), limit_px=sources.LIMIT_PX).pixels


METHOD = DoodleNet
