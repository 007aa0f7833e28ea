"""A patch discriminator beside the style loss of a generator: which pictures are cut from the style, which are made.

Statistics of filters know each filter's distribution alone, so a generator may reach them with gratings and coloured
fringes; a discriminator finds such a trick and takes it away. Li and Wand 2016 ("Precomputed real-time texture
synthesis with Markovian generative adversarial networks") train textures and stylisation by one that looks at features;
here it looks at pixels, as FAMOS's does, and at the mask beside them where there are regions (Isola et al. 2017).

What it can not do: it sees patches of its receptive field, so larger shapes are left to the style loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from engine import losses
from engine.box import Box, Size
from engine.images.regions import one_hot
from engine.images.sampling import corner
from engine.nn import training
from engine.nn.discriminator import Discriminator
from engine.nn.layers import initialise_scaled
from engine.style.style_loss import Style

DEPTH, KERNEL = 4, 5
R1_WEIGHT, R1_EVERY_STEPS = 0.02, 16
"""Lazy: taken in every so many steps, it weighs as much more (Karras et al. 2020, appendix B)."""


class StyleDiscriminator:
    """A discriminator with its optimiser, and the patches of the style that it learns from.

    Args:
        width: channels after its first layer.
        regions: of the masks; 0 where there are none.
        side: of the patches, px; smaller where a style image is smaller.
    """

    def __init__(
        self,
        styles: Sequence[Style],
        width: int,
        regions: int,
        side: int,
        device: torch.device,
        random: torch.Generator,
    ) -> None:
        self._styles, self._regions = styles, regions
        self._side = min(side, *(extent for style in styles for extent in style.pixels.shape[1:]))
        weights = torch.tensor([style.weight for style in styles])
        self._weights = weights if weights.sum() > 0 else torch.ones_like(weights)
        self.network: nn.Module = Discriminator(width, DEPTH, KERNEL, "none", 3 + regions)
        initialise_scaled(self.network, random)
        self.network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = training.adam(self.network.parameters(), 0.0)

    def learn(self, images: Tensor, mask: Tensor | None, step: int, rate: float, random: torch.Generator) -> Tensor:
        """One update by the hinge loss, with lazy R1; its value, a scalar.

        Args:
            images: [B, 3, H, W], 0..1.
            mask: [B, R, H, W], one-hot, where there are regions.
        """
        real = self._patches(len(images), random)
        value = images.new_zeros(())

        def parts() -> Iterator[Tensor]:
            for loss in (
                losses.real_loss("hinge", self.network(real)),
                losses.fake_loss("hinge", self.network(_beside(images.detach(), mask))),
            ):
                value.add_(loss.detach())
                yield loss
            if step % R1_EVERY_STEPS == 0:
                yield R1_WEIGHT * R1_EVERY_STEPS * losses.r1_penalty(self.network, real)

        training.descend(self._optimizer, parts(), rate)
        return value

    def judge(self, images: Tensor, mask: Tensor | None) -> Tensor:
        """What the generator minimises, a scalar; see `learn`."""
        with training.frozen(self.network):
            return losses.generator_loss("hinge", self.network(_beside(images, mask)))

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Everything that `learn` changes, by name."""
        yield from ((f"discriminator.{key}", value) for key, value in self.network.state_dict().items())
        parameters = [*self.network.named_parameters("discriminator")]
        yield from training.moments("discriminator_optimizer", self._optimizer, parameters)

    def _patches(self, count: int, random: torch.Generator) -> Tensor:
        """[B, 3 + R, side, side] of the style images, each by its weight."""
        chosen = torch.multinomial(self._weights, count, replacement=True, generator=random).tolist()
        patches = []
        for style in (self._styles[index] for index in chosen):
            top, left = corner(Size(*style.pixels.shape[1:]), self._side, random).tolist()
            box = Box(top, left, self._side, self._side)
            rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
            patch = style.pixels[:, rows, columns].float() / 127.5 - 1
            if self._regions:
                assert style.labels is not None
                patch = torch.cat([patch, one_hot(style.labels[rows, columns], self._regions)])
            patches.append(patch)
        return torch.stack(patches).contiguous(memory_format=torch.channels_last)


def _beside(images: Tensor, mask: Tensor | None) -> Tensor:
    """Pictures 0..1 as the discriminator sees them, [B, 3 + R, H, W]."""
    images = images * 2 - 1
    return images if mask is None else torch.cat([images, mask], 1)
