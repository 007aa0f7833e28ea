"""What texture and doodle_net share: networks that enlarge noise scale by scale, and how a box of them is painted."""

from __future__ import annotations

from typing import TypeVar

from torch import Tensor
from torch.nn import functional

from engine.methods.feedforward.base import GeneratorMethod
from engine.methods.feedforward.base_settings import TextureNetworkSettings
from engine.methods.trained_base import BatchT
from engine.nn.deep_network import DeepNetwork, DeepNoise
from engine.nn.texture_networks import PyramidNetwork

SMOOTH = 2
"""Of the last enlargements: those that would leave a grid of 2 and 4 px. All of them are slow to find shapes."""
TextureNetwork = PyramidNetwork | DeepNetwork
TextureNoise = list[Tensor] | DeepNoise
SettingsT = TypeVar("SettingsT", bound=TextureNetworkSettings)


class TextureNetworkMethod(GeneratorMethod[SettingsT, TextureNetwork, BatchT]):
    """Base of both."""

    @property
    def alignment_px(self) -> int:
        return self.generator.alignment_px

    def _painted(self, noise: TextureNoise, condition: Tensor | None) -> Tensor:
        """The picture of a box with its halo, [1, 3, h, w]; the halo is black where that is faster."""
        halo = self.halo
        margin = max(halo.top, halo.left, halo.bottom, halo.right)
        if not isinstance(noise, DeepNoise) or min(noise.height, noise.width) * self.alignment_px <= 2 * margin:
            return self.average(noise, condition)
        return functional.pad(self.average(noise, condition, margin), (margin,) * 4)
