"""The patch discriminator (FAMOS, figure 7): which parts of a patch look like the style."""

from __future__ import annotations

from torch import Tensor, nn

from engine.nn.layers import Norm, norm_layer


class Discriminator(nn.Module):
    """[B, C, H, W], pictures in -1..1 and what lies beside them, to scores [B, 1, H / 2**depth, W / 2**depth].

    Scores have no bound.

    Args:
        width: channels after the first layer, doubled at each but the last.
        inputs: C.
        norm: "none" for penalties on each sample's gradient, which have no meaning under batch norm.
    """

    def __init__(self, width: int, depth: int, kernel: int, norm: Norm, inputs: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = inputs
        for level in range(depth - 1):
            layers += [
                nn.Conv2d(channels, width * 2**level, kernel, stride=2, padding=kernel // 2),
                norm_layer(norm if level else "none", width * 2**level),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            channels = width * 2**level
        layers.append(nn.Conv2d(channels, 1, kernel, stride=2, padding=kernel // 2))
        self.layers = nn.Sequential(*layers)

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)
