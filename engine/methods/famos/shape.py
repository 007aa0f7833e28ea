"""How large the generator of FAMOS is, by its settings, and how far it looks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.box import Margin
from engine.fields.artwork import receptive_margin
from engine.methods.famos.settings import FamosSettings
from engine.nn.layers import initialise
from engine.nn.mosaic import MosaicGenerator, MosaicShape, Noise
from engine.nn.unet import UNetShape
from engine.templates.atlas import Atlas, Templates


def mosaic_shape(s: FamosSettings) -> MosaicShape:
    """The generator's sizes that some settings ask for."""
    unet = UNetShape(
        in_channels=3,
        out_channels=3,
        width=s.generator_width,
        depth=s.depth,
        kernel=int(s.kernel),
        norm=s.norm,
        bottleneck=s.bottleneck,
        skips=s.skips,
        residual_blocks=s.residual_blocks,
        noise_at=s.noise_at,
    )
    return MosaicShape(
        s.mode, s.templates, unet, s.refine, s.global_noise, s.local_noise, s.periodic_noise, s.mix_scales, s.blend
    )


def measured_halo(s: FamosSettings) -> Margin:
    """The halo of the generator, measured on a thin one of the same depth, kernels and joints."""
    thin = mosaic_shape(s.with_values({"generator_width": 4, "bottleneck": 0, "templates": 2}))
    random = torch.Generator().manual_seed(0)
    generator = MosaicGenerator(thin).eval()
    initialise(generator, random)
    atlas = Atlas([torch.zeros(3, 8, 8, dtype=torch.uint8)], torch.device("cpu"))
    templates = Templates.drawn(atlas, 2, [1.0], "wrap", random)

    def network(plane: Tensor) -> Tensor:
        """Content and local noise from one plane, so that poison reaches both; all outputs together."""
        _, _, height, width = plane.shape
        corner = torch.zeros(1, dtype=torch.long)
        coarse = functional.avg_pool2d(plane, thin.unet.alignment_px)[:, :1].expand(-1, thin.local_noise, -1, -1)
        noise = Noise(
            torch.zeros(1, thin.global_noise),
            coarse,
            torch.zeros(1, thin.periodic_noise),
            torch.zeros(height // thin.unet.alignment_px),
            torch.zeros(width // thin.unet.alignment_px),
        )
        view = templates.view(corner, corner, height, width) if thin.mixes else None
        painting = generator(plane[:, :3], plane[:, 3:], noise, view, 1.0, None, measure=False)
        return torch.cat([painting.result, painting.collage, painting.alpha], 1)

    return receptive_margin(network, 5, thin.unet.alignment_px)
