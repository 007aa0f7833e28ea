"""How large the generator of MAGIC is, by its settings, how its weights begin, how far it looks, and at what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from engine.box import Margin, Size
from engine.fields.artwork import receptive_margin
from engine.methods.magic.conditions import COUNT
from engine.methods.magic.settings import MagicSettings
from engine.nn.collage import CollageGenerator, CollageShape
from engine.nn.conditional import ConditionalScale, Conditioning
from engine.nn.layers import initialise
from engine.nn.set_attention import SetAttention
from engine.nn.set_unet import SetUNetShape
from engine.nn.unet import UNetShape

CANVAS_PX = 530_000
"""Pixels of a canvas that is painted in two or three seconds on a laptop; prints have as many as they like."""
STYLE_PX = 450
"""Shorter side of style images, of which a patch then shows whole things."""


def initialised(network: torch.nn.Module, random: torch.Generator) -> None:
    """Weights of convolutions and of attention, all from one generator."""
    initialise(network, random)
    for module in network.modules():
        if isinstance(module, SetAttention | ConditionalScale | Conditioning):
            module.initialise(random)


def collage_shape(s: MagicSettings) -> CollageShape:
    """The generator's sizes that some settings ask for."""
    sets = SetUNetShape(
        width=s.generator_width,
        depth=s.depth,
        kernel=int(s.kernel),
        out_channels=3 if s.warp == "flow" else 1,
        guided=s.guidance == "guided",
        full_size=s.full_size,
        norm=s.norm,
        heads=s.heads,
        attention_from=s.attention_from,
        points=s.points if s.attention == "inducing" else 0,
        conditions=COUNT if s.conditional else 0,
    )
    refiner = UNetShape(
        in_channels=3,
        out_channels=3,
        width=s.generator_width,
        depth=s.depth,
        kernel=int(s.kernel),
        norm="layer" if s.refiner_norm == "layer" else s.norm,
        coordinates=False,
    )
    return CollageShape(sets, refiner if s.refine else None, s.warp, s.refiner_paints)


def composed_reach(s: MagicSettings) -> Margin:
    """How far the second U-Net looks, measured in the same way as the halo of all."""
    thin = collage_shape(s.with_values({"generator_width": -(-4 // s.heads) * s.heads}))
    generator = CollageGenerator(thin).eval()
    initialised(generator, torch.Generator().manual_seed(0))
    return receptive_margin(lambda plane: generator.refined(plane, 1.0), 3, thin.sets.alignment_px)


def measured_halo(s: MagicSettings) -> Margin:
    """The halo of the generator, measured on a thin one of the same depth, kernels and joints.

    The convolutions see every element alike, and attention no other pixel, so one element and little of it will do.
    """
    width = -(-4 // s.heads) * s.heads
    thin = collage_shape(s.with_values({"generator_width": width, "attention_from": 6}))
    generator = CollageGenerator(thin).eval()
    initialised(generator, torch.Generator().manual_seed(0))

    told = torch.zeros(thin.sets.conditions)

    def network(plane: Tensor) -> Tensor:
        choices = generator.st_unet(plane[:, None], plane if thin.sets.guided else None, told)
        logits = choices[:, :, 0]
        collage = torch.einsum("bkhw,bchw->bchw", logits.softmax(1), plane)
        return torch.cat([generator.refined(collage, 1.0), logits], 1)

    return receptive_margin(network, 3, thin.sets.alignment_px)


def fitting_scales(sizes: Mapping[str, Sequence[Size]]) -> dict[str, float]:
    """Scales at which images have about the detail that the shipped network learned from, and a canvas is quick."""
    scales = {}
    if contents := sizes.get("content"):
        scales["content_scale"] = _rounded((CANVAS_PX / contents[0].area) ** 0.5, 0.1, 2.0)
    if styles := sizes.get("style"):
        shortest = sorted(min(size.height, size.width) for size in styles)
        scales["style_scale"] = _rounded(STYLE_PX / shortest[len(shortest) // 2], 0.1, 1.5)
    return scales


def _rounded(scale: float, least: float, most: float) -> float:
    return round(min(max(scale, least), most), 2)
