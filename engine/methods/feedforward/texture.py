"""Texture networks (Ulyanov et al. 2017): endless samples of one texture, of any size, in one pass."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.declarations import Layer
from engine.images import sources
from engine.job import Job
from engine.methods.feedforward.base import STYLE_TERMS, VARIETY_TERMS, rounded, shown
from engine.methods.feedforward.slots import SLOTS
from engine.methods.feedforward.texture_base import SMOOTH, TextureNetwork, TextureNetworkMethod, TextureNoise
from engine.methods.feedforward.texture_settings import PRESETS, TextureSettings
from engine.nn.deep_network import DeepNetwork, DeepShape
from engine.nn.texture_networks import PyramidNetwork, PyramidShape
from engine.style.style_loss import Style


class Texture(TextureNetworkMethod[TextureSettings, TextureNoise]):
    """Noise becomes a sample of the styles' texture; the styles are mixed by their shares."""

    key = "texture"
    title = "Texture network"
    summary = "Endless texture of your images, at any size, and seamless if you like."
    pace = "Learns for some minutes; then any size at once."
    paper = "Ulyanov, Vedaldi and Lempitsky 2017: Improved Texture Networks"
    Settings = TextureSettings
    slots = SLOTS["texture"]
    layers = (Layer("result", "Result", "A sample of the texture."),)
    terms = (*STYLE_TERMS, *VARIETY_TERMS)
    presets = PRESETS

    def _read(self, job: Job) -> list[Style]:
        images = sources.load(job.sources["style"], self.settings.style_scale, "style", self.warnings)
        self._canvas = job.canvas_size or _twice(images[0].size)
        if self.settings.seamless and job.canvas_size not in (None, rounded(self._canvas, 128)):
            self.warnings.append(
                f"A canvas of {self._canvas.height} × {self._canvas.width} px does not repeat without seams; "
                "choose sides that are multiples of 128 px."
            )
        return [Style(source.pixels.to(self.device), source.image.weight) for source in images]

    def _network(self, thin: bool) -> TextureNetwork:
        s = self.settings
        width = 2 if thin else s.width
        if s.generator == "pyramid":
            return PyramidNetwork(PyramidShape(width, s.scales, s.noise, norm=s.norm, padding=s.padding))
        cells = s.generator == "deep"
        return DeepNetwork(
            DeepShape(
                width,
                s.scales - 1,
                2 if thin else s.latent,
                local=0 if cells else s.noise,
                finest=int(s.finest_noise_px),
                cells=cells,
                norm=s.norm,
                padding=s.padding,
                smooth=SMOOTH if s.enlarging == "smooth" else 0,
            )
        )

    def _draw_batch(self, random: torch.Generator) -> TextureNoise:
        return self.generator.drawn(self.settings.batch, self.settings.patch, random, self.device)

    def _generate(self, network: TextureNetwork, batch: TextureNoise) -> Tensor:
        return network(batch)

    def _terms(self, batch: TextureNoise, images: Tensor) -> dict[str, Tensor]:
        del batch
        return {"style": self.style_loss(images, None, self._pull)}

    def paint(self, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        self._freeze_if_needed()
        period = None
        if self.settings.seamless:
            unit = self.generator.period_px
            period = cast(
                tuple[int, int], tuple(max(1, side // unit) * unit for side in (canvas_size.height, canvas_size.width))
            )
        noise = self._drifting(lambda seed: self.average.noise_at(box, seed, self.device, period))
        return {"result": shown(self._painted(noise, None)[0])}

    def _patches_of(self, batch: TextureNoise, output: Tensor) -> dict[str, Tensor]:
        del batch
        return {"Samples": shown(output)}


def _twice(size: Size) -> Size:
    """A canvas for a texture: twice the image, but no smaller than 256 px and no larger than 1,024 px a side."""
    height, width = (min(1024, max(256, 2 * side)) for side in (size.height, size.width))
    return rounded(Size(height, width), 128)


METHOD = Texture
