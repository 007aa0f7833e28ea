"""Layers by which a network is told numbers beside its images: one network for all weights of its loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Conditioning(nn.Module):
    """What the network is told, c [P] about -1..1, as features h [H] that every block scales and shifts by."""

    def __init__(self, conditions: int, features: int = 32) -> None:
        super().__init__()
        self.features = features
        self.layers = nn.Sequential(
            nn.Linear(conditions, features), nn.LeakyReLU(0.2), nn.Linear(features, features), nn.LeakyReLU(0.2)
        )

    def forward(self, conditions: Tensor) -> Tensor:
        return self.layers(conditions)

    def initialise(self, generator: torch.Generator) -> None:
        """He et al. 2015; biases apart, so that the features bend at different values of c."""
        with torch.no_grad():
            for layer in self.layers:
                if isinstance(layer, nn.Linear):
                    layer.weight.normal_(0, (2 / layer.in_features) ** 0.5, generator=generator)
                    layer.bias.uniform_(-0.5, 0.5, generator=generator)


class ConditionalScale(nn.Module):
    """x * (1 + gamma(h)) + beta(h): features h scale and shift each channel (Perez et al. 2018, FiLM).

    Told the weights of its loss, one network answers for all of them (Dosovitskiy and Djolonga 2020, You Only Train
    Once). It begins as the identity.
    """

    def __init__(self, features: int, channels: int) -> None:
        super().__init__()
        self.scale_shift = nn.Linear(features, 2 * channels)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """x: [B, C, H, W]. features: h, [H]; the same for all of the batch."""
        scale, shift = self.after(features, None, None)
        return torch.addcmul(shift.to(x.dtype)[:, None, None], x, scale.to(x.dtype)[:, None, None])

    def after(self, features: Tensor, scale: Tensor | None, shift: Tensor | None) -> tuple[Tensor, Tensor]:
        """Scale and shift [C] each that stand for those given, followed by this: a norm's own take it for nothing."""
        gamma, beta = self.scale_shift(features).float().chunk(2)  # [C] each
        own = 1 + gamma
        return own if scale is None else own * scale, beta if shift is None else torch.addcmul(beta, own, shift)

    def initialise(self, generator: torch.Generator) -> None:
        """The identity; nothing is drawn."""
        del generator
        nn.init.zeros_(self.scale_shift.weight)
        nn.init.zeros_(self.scale_shift.bias)
