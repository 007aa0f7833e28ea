"""The ST-U-Net of MAGIC (figures 3 and 4): convolutions on each element alone, and attention among the elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from engine.nn.layers import ChannelLayerNorm, UpConvolution, norm_layer
from engine.nn.painting_kernel import PaintingKernel, kernel_for
from engine.nn.parts import in_parts
from engine.nn.set_attention import SetAttention

SetNorm = Literal["layer", "instance", "none"]


@dataclass(frozen=True)
class SetUNetShape:
    """Sizes of an ST-U-Net.

    Args:
        width: channels after the first layer, doubled at each halving.
        depth: number of halvings.
        out_channels: for each element: its logit, and the flow where elements are warped by one.
        guided: the content joins every element as three more channels.
        full_size: a first layer at the full size of the picture, as in the paper; otherwise the first one halves it.
        attention_from: halvings from which on elements look at each other; the coarsest level always has it.
        points: inducing points; 0 for full attention.
        conditions: numbers that the network is told besides its images; see `ConditionalScale`.
    """

    width: int = 48
    depth: int = 5
    kernel: int = 5
    out_channels: int = 1
    guided: bool = True
    full_size: bool = False
    norm: SetNorm = "layer"
    heads: int = 4
    attention_from: int = 2
    points: int = 0
    conditions: int = 0

    @property
    def alignment_px(self) -> int:
        return 2**self.depth

    @property
    def levels(self) -> list[tuple[int, int]]:
        """(channels, halvings) of each level, the finest first."""
        first = 0 if self.full_size else 1
        return [(self.width * 2 ** (halvings - first), halvings) for halvings in range(first, self.depth + 1)]

    def attends(self, halvings: int) -> bool:
        return halvings >= min(self.attention_from, self.depth)


class SettledInstanceNorm(nn.BatchNorm2d):
    """Instance norm while training; otherwise with gathered statistics, so that only its surroundings make a pixel.

    Its running statistics are those of batch norm, and are gathered and frozen alike (training.fresh_statistics).
    """

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        momentum = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        return functional.instance_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, True, momentum, self.eps
        )


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


class SetUNet(nn.Module):
    """Sides of the input are multiples of the alignment, 2**depth. `checkpointed` spares memory, with equal results."""

    def __init__(self, shape: SetUNetShape, checkpointed: bool = False) -> None:
        super().__init__()
        self.shape, self.checkpointed = shape, checkpointed
        s = shape
        levels = s.levels
        self.conditioning = Conditioning(s.conditions) if s.conditions else None
        features = self.conditioning.features if self.conditioning is not None else 0
        self.first_content = None
        self.encoder = nn.ModuleList()
        channels = 3
        for index, (width, halvings) in enumerate(levels):
            stride = 2 if halvings > (levels[index - 1][1] if index else 0) else 1
            self.encoder.append(
                _Block(
                    nn.Conv2d(channels, width, s.kernel, stride=stride, padding=s.kernel // 2),
                    "none" if index == 0 else s.norm,
                    nn.LeakyReLU(0.2),
                    SetAttention(width, s.heads, s.points) if s.attends(halvings) else None,
                    features,
                )
            )
            if index == 0 and s.guided:
                # The first convolution of [M, I_C], split: what it makes of I_C is the same for every element.
                self.first_content = nn.Conv2d(3, width, s.kernel, stride=stride, padding=s.kernel // 2, bias=False)
            channels = width
        self.decoder = nn.ModuleList()
        for width, halvings in reversed(levels[:-1]):
            self.decoder.append(
                _Block(
                    UpConvolution(channels, width, s.kernel),
                    s.norm,
                    nn.ReLU(),
                    SetAttention(width, s.heads, s.points) if s.attends(halvings) else None,
                    features,
                )
            )
            channels = 2 * width
        if s.full_size:
            self.last = nn.Conv2d(channels, s.out_channels, s.kernel, padding=s.kernel // 2)
        else:
            self.last = UpConvolution(channels, s.out_channels, s.kernel)

    def forward(self, elements: Tensor, content: Tensor | None, conditions: Tensor | None = None) -> Tensor:
        """
        Args:
            elements: M, [B, K, 3, H, W] in -1..1.
            content: I_C, [B, 3, H, W] in -1..1; None where nothing guides the network.
            conditions: c, [P], where the shape has them.

        Returns:
            [B, K, D, H, W], without a bound.
        """
        count = elements.shape[1]
        x = elements.flatten(0, 1)  # [B * K, 3, H, W]
        shared = None
        if self.first_content is not None and content is not None:
            shared = self.first_content(content)  # [B, C, h, w]
        told = None
        if self.conditioning is not None:
            assert conditions is not None
            told = self.conditioning(conditions)
        skips = []
        for index, block in enumerate(self.encoder):
            x = self._run(block, (x,), count, shared if index == 0 else None, told)
            skips.append(x)
        blocks = [*self.decoder]
        finest = blocks.pop() if blocks else None
        joined: tuple[Tensor, ...] = (skips.pop(),)
        for block in blocks:
            joined = self._run(block, joined, count, None, told), skips.pop()
        if finest is not None and finest.attention is not None:
            joined = self._run(finest, joined, count, None, told), skips.pop()
            finest = None

        def finished(*parts: Tensor) -> Tensor:
            if finest is None:
                return self.last(_joined(parts))
            x = self._run(finest, parts[:-1], count, None, told)
            return self.last(_joined((x, parts[-1])))

        return in_parts(finished, joined if finest is None else (*joined, skips[0]), 0).unflatten(0, (-1, count))

    def _run(self, block: nn.Module, *arguments: object) -> Tensor:
        if self.checkpointed and torch.is_grad_enabled():
            # No block draws anything; the state of chance could not be read while a step is captured.
            return checkpoint(block, *arguments, use_reentrant=False, preserve_rng_state=False)  # type: ignore[return-value]
        return block(*arguments)


def _joined(inputs: Sequence[Tensor]) -> Tensor:
    return inputs[0] if len(inputs) == 1 else torch.cat([*inputs], 1)


class _Block(nn.Module):
    """Convolution, norm and activation of each element; then attention among them."""

    def __init__(
        self,
        convolution: nn.Conv2d | UpConvolution,
        norm: SetNorm,
        activation: nn.Module,
        attention: SetAttention | None,
        features: int,
    ) -> None:
        super().__init__()
        self.width = width = convolution.weight.shape[0]
        self.convolution, self.activation, self.attention = convolution, activation, attention
        self.norm = SettledInstanceNorm(width) if norm == "instance" else norm_layer(norm, width)  # type: ignore[arg-type]
        self.conditional = ConditionalScale(features, width) if features else None

    def forward(self, inputs: tuple[Tensor, ...], count: int, shared: Tensor | None, told: Tensor | None) -> Tensor:
        """
        Args:
            inputs: [B * K, C_i, h, w] each, seen as one.
            shared: [B, D, h', w'], added to the convolution of every element.
            told: h.
        """
        if shared is None:
            x = in_parts(lambda *inputs: self._each(_joined(inputs), told), inputs, 0)
        else:
            places = torch.arange(len(inputs[0]), device=shared.device) // count  # [B * K], whose content it is
            alone = shared if len(shared) == 1 else None

            def each(at: Tensor, *inputs: Tensor) -> Tensor:
                return self._each(_joined(inputs), told, shared[at] if alone is None else alone)

            x = in_parts(each, (places, *inputs), 0)
        return x if self.attention is None else self.attention(x, count)

    def _each(self, x: Tensor, told: Tensor | None, shared: Tensor | None = None) -> Tensor:
        """What is made of each element alone."""
        kernel = None if isinstance(self.norm, nn.BatchNorm2d) else kernel_for(x, self.width)
        if kernel is not None and (shared is None or len(shared) == 1):
            return self._compiled(kernel, x, told, shared)
        x = self.convolution(x)
        if shared is not None:
            x = x + shared
        if self.conditional is None:
            return self.activation(self.norm(x))
        assert told is not None
        if isinstance(self.norm, ChannelLayerNorm):
            scale, shift = self.conditional.after(told, self.norm.weight, self.norm.bias)
            return self.activation(self.norm.scaled(x, scale, shift))
        return self.activation(self.conditional(self.norm(x), told))

    def _compiled(self, kernel: PaintingKernel, x: Tensor, told: Tensor | None, shared: Tensor | None) -> Tensor:
        """The same without gradients: what follows the convolution in one pass over memory."""
        scale, shift = torch.ones(self.width), torch.zeros(self.width)
        normed = isinstance(self.norm, ChannelLayerNorm)
        if isinstance(self.norm, ChannelLayerNorm):
            scale, shift = self.norm.weight, self.norm.bias
        if self.conditional is not None:
            assert told is not None
            scale, shift = self.conditional.after(told, scale, shift)
        slope = getattr(self.activation, "negative_slope", 0.0)
        if isinstance(self.convolution, UpConvolution) and normed:
            return kernel.enlarged(self.convolution.phases_together(x), scale, shift, slope)
        x = self.convolution(x).contiguous(memory_format=torch.channels_last)
        return kernel.normalised(x, scale, shift, slope, normed, shared)
