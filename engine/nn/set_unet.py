"""The ST-U-Net of MAGIC (figures 3 and 4): convolutions on each element alone, and attention among the elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from engine.box import Box
from engine.nn.conditional import ConditionalScale, Conditioning
from engine.nn.layers import ChannelLayerNorm, norm_layer, normed_then_relu, scaled_then_relu
from engine.nn.painting_kernel import PaintingKernel, kernel_for
from engine.nn.parts import in_parts
from engine.nn.set_attention import SetAttention
from engine.nn.up_convolution import UpConvolution

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


class Begun(NamedTuple):
    """What the first convolution makes of a set and its content, before anything that the network is told counts.

    elements: [K, C, h, w]. content: [1, C, h, w], to be added to each; None where nothing guides.
    """

    elements: Tensor
    content: Tensor | None

    def cropped(self, outer: Box, box: Box) -> Begun:
        """Itself: it is only remembered for the very box that it was made for."""
        assert outer == box
        return self

    def decisions(self) -> tuple[Tensor | None, ...]:
        return self  # what takes memory where it is kept


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
        count, told = elements.shape[1], self._features(conditions)
        x = self._run(self.encoder[0], (elements.flatten(0, 1),), count, self._of_content(content), told)
        return self._after_first(x, count, told)

    def begin(self, elements: Tensor, content: Tensor | None) -> Begun:
        """What `go_on` begins with, of one set [1, K, 3, H, W]; for painting."""
        first = self.encoder[0]
        assert isinstance(first, _Block)
        x = in_parts(first.convolution, (elements[0],), 0)
        return Begun(x.contiguous(memory_format=torch.channels_last), self._of_content(content))

    def go_on(self, begun: Begun, conditions: Tensor | None = None) -> Tensor:
        """What `forward` returns, [1, K, D, H, W]; `begun` stays as it is."""
        first, count, told = self.encoder[0], len(begun.elements), self._features(conditions)
        assert isinstance(first, _Block)
        return self._after_first(first.go_on(begun, count, told), count, told)

    def _of_content(self, content: Tensor | None) -> Tensor | None:
        """What the first convolution makes of I_C: [B, C, h, w]."""
        return None if self.first_content is None or content is None else self.first_content(content)

    def _features(self, conditions: Tensor | None) -> Tensor | None:
        """h, where the network is told something."""
        if self.conditioning is None:
            return None
        assert conditions is not None
        return self.conditioning(conditions)

    def _after_first(self, x: Tensor, count: int, told: Tensor | None) -> Tensor:
        """All that follows the first block."""
        skips = [x]
        for block in list(self.encoder)[1:]:
            x = self._run(block, (x,), count, None, told)
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

            def each(at: Tensor, *inputs: Tensor) -> Tensor:
                whole = len(shared) == 1 or len(at) == len(places)
                return self._each(_joined(inputs), told, shared if whole else shared[at])

            x = in_parts(each, (places, *inputs), 0)
        return x if self.attention is None else self.attention(x, count)

    def _each(self, x: Tensor, told: Tensor | None, shared: Tensor | None = None) -> Tensor:
        """What is made of each element alone."""
        kernel = None if isinstance(self.norm, nn.BatchNorm2d) else kernel_for(x, self.width)
        if kernel is not None and (shared is None or len(shared) == 1):
            return self._compiled(kernel, x, told, shared)
        return self._finished(self.convolution(x), told, shared)

    def _finished(self, x: Tensor, told: Tensor | None, shared: Tensor | None) -> Tensor:
        """What follows the convolution of each element. shared: of each of several sets that are as large."""
        if shared is not None:
            x = (x.unflatten(0, (len(shared), -1)) + shared[:, None]).flatten(0, 1)
        if isinstance(self.norm, ChannelLayerNorm):
            scale, shift, slope, _ = self._scales(told)
            return normed_then_relu(x, scale, shift, slope)
        if self.conditional is None:
            return self.activation(self.norm(x))
        if isinstance(self.norm, nn.Identity):
            scale, shift, slope, _ = self._scales(told)
            return scaled_then_relu(x, scale, shift, slope)
        assert told is not None
        return self.activation(self.conditional(self.norm(x), told))

    def _compiled(self, kernel: PaintingKernel, x: Tensor, told: Tensor | None, shared: Tensor | None) -> Tensor:
        """The same without gradients: what follows the convolution in one pass over memory."""
        scale, shift, slope, normed = self._scales(told)
        if isinstance(self.convolution, UpConvolution) and normed:
            return kernel.enlarged(self.convolution.phases_together(x), scale, shift, slope)
        x = self.convolution(x).contiguous(memory_format=torch.channels_last)
        return kernel.normalised(x, scale, shift, slope, normed, shared)

    def go_on(self, begun: Begun, count: int, told: Tensor | None) -> Tensor:
        """What `forward` makes of a set whose convolution is there."""
        kernel = None if isinstance(self.norm, nn.BatchNorm2d) else kernel_for(begun.elements, self.width)
        if kernel is None:
            x = self._finished(begun.elements, told, begun.content)
        else:
            scale, shift, slope, normed = self._scales(told)
            result = torch.empty_like(begun.elements)
            x = kernel.normalised(begun.elements, scale, shift, slope, normed, begun.content, result)
        return x if self.attention is None else self.attention(x, count)

    def _scales(self, told: Tensor | None) -> tuple[Tensor, Tensor, float, bool]:
        """Scale and shift [C] each, the slope of negative values, and whether channels are normalised before."""
        normed = isinstance(self.norm, ChannelLayerNorm)
        scale, shift = (self.norm.weight, self.norm.bias) if isinstance(self.norm, ChannelLayerNorm) else (None, None)
        if self.conditional is not None:
            assert told is not None
            scale, shift = self.conditional.after(told, scale, shift)
        if scale is None or shift is None:
            scale, shift = torch.ones(self.width), torch.zeros(self.width)
        return scale, shift, getattr(self.activation, "negative_slope", 0.0), normed
