"""Layers that several networks share: local norms, residual blocks; up_convolution.py has another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from engine import sharing
from engine.nn import norm_kernel
from engine.nn.norm_kernel import NormKernel
from engine.nn.up_convolution import UpConvolution

Norm = Literal["layer", "instance", "batch", "none"]
Padding = Literal["zeros", "circular", "replicate", "reflect"]
_EPSILON = 1e-5
"""Added to variances, torch's own."""


class ChannelLayerNorm(nn.Module):
    """Layer norm over the channels of each pixel: local, so tiles agree. [B, C, H, W] to the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.scaled(x, self.weight, self.bias)

    @staticmethod
    def scaled(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """x [B, C, H, W] normalised over its channels, with other scales and shifts, [C] each."""
        # In channels_last memory both permutations are free.
        return layer_norm(x.permute(0, 2, 3, 1), weight, bias).permute(0, 3, 1, 2)


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Over the last dimension, [..., C] to the same in x's own type; it computes in float32 inside.

    Autocast on a graphics card would give float32, which the gradient keeps: half as much memory again for a step of
    MAGIC. On the CPU it never did.
    """
    if x.dtype == weight.dtype or x.device.type == "cpu":
        return functional.layer_norm(x, weight.shape, weight, bias)
    with torch.autocast(x.device.type, enabled=False):
        return functional.layer_norm(x, weight.shape, weight.to(x.dtype), bias.to(x.dtype))


class NormThenReLU(nn.Sequential):
    """Layers one after another; a layer norm over channels and the (leaky) ReLU behind it are computed as one."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        layers = [*self]
        while layers:
            layer = layers.pop(0)
            if isinstance(layer, ChannelLayerNorm) and layers and isinstance(layers[0], nn.ReLU | nn.LeakyReLU):
                x = normed_then_relu(x, layer.weight, layer.bias, getattr(layers.pop(0), "negative_slope", 0.0))
            else:
                x = layer(x)
        return x


def normed_then_relu(x: Tensor, weight: Tensor, bias: Tensor, slope: float) -> Tensor:
    """`ChannelLayerNorm.scaled`, then a ReLU that is leaky by a slope: [B, C, H, W] to the same."""
    pixels = x.permute(0, 2, 3, 1)
    if (kernel := norm_kernel.kernel_for(pixels, weight)) is None:
        return functional.leaky_relu(ChannelLayerNorm.scaled(x, weight, bias), slope, inplace=True)
    return _NormThenReLU.apply(pixels, weight, bias, slope, kernel).permute(0, 3, 1, 2)  # type: ignore[union-attr]


def scaled_then_relu(x: Tensor, scale: Tensor, shift: Tensor, slope: float) -> Tensor:
    """The same without the norm."""
    pixels = x.permute(0, 2, 3, 1)
    if (kernel := norm_kernel.kernel_for(pixels, scale)) is None:
        scale, shift = (values.to(x.dtype)[:, None, None] for values in (scale, shift))
        return functional.leaky_relu(torch.addcmul(shift, x, scale), slope, inplace=True)
    return _NormThenReLU.apply(pixels, scale, shift, slope, kernel, False).permute(0, 3, 1, 2)  # type: ignore[union-attr]


def layer_norm_once(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`layer_norm` of [B, H, W, C] where nobody takes the gradient of its gradient: a generator's, as those above."""
    if (kernel := norm_kernel.kernel_for(x, weight)) is None:
        return layer_norm(x, weight, bias)
    return _NormThenReLU.apply(x, weight, bias, 1.0, kernel)  # type: ignore[return-value]


class _NormThenReLU(torch.autograd.Function):
    """The same, compiled, of [B, H, W, C]."""

    @staticmethod
    def forward(
        context, x: Tensor, weight: Tensor, bias: Tensor, slope: float, kernel: NormKernel, norm: bool = True
    ) -> Tensor:
        kept, affine = any(context.needs_input_grad), (weight.contiguous(), bias.contiguous())
        context.slope, context.kernel = slope, kernel
        if norm:
            result, statistics = kernel.forward(x, *affine, slope, _EPSILON, kept)
        else:
            result, statistics = kernel.scaled(x, *affine, slope), None
        if kept:
            context.save_for_backward(x, statistics, weight, bias)
        return result

    @staticmethod
    @once_differentiable
    def backward(context, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        x, statistics, weight, bias = context.saved_tensors
        affine = weight.contiguous(), bias.contiguous()
        return *context.kernel.backward(x, gradient, statistics, *affine, context.slope), None, None, None


class BatchNorm(nn.BatchNorm2d):
    """torch's; in a step that several processes share, its statistics are those of the whole batch."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or self.momentum is None or sharing.rows() is None:
            return super().forward(input)
        x = input.float()
        ones = x.new_full((1,), x.numel() / x.shape[1])
        counted = sharing.total(torch.cat([x.sum((0, 2, 3)), ones]))
        count = counted[-1].detach()
        mean = counted[:-1] / count  # [C]
        centred = x - mean[:, None, None]
        variance = sharing.total(centred.square().sum((0, 2, 3))) / count
        with torch.no_grad():
            assert self.running_mean is not None
            assert self.running_var is not None
            assert self.num_batches_tracked is not None
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
            self.num_batches_tracked.add_(1)
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(input.dtype)


class InstanceNorm(nn.BatchNorm2d):
    """Each channel of each sample to mean 0 and deviation 1 (Ulyanov et al. 2017, equation 12), then scale and shift.

    Its statistics are those of a whole picture, so tiles would disagree: in eval mode it uses frozen ones, which
    `training.fresh_statistics` takes over a batch of crops of one picture, all of them together.
    """

    def forward(self, input: Tensor) -> Tensor:
        if self.training and self.momentum is not None:
            return functional.instance_norm(input, weight=self.weight, bias=self.bias, eps=self.eps)
        return super().forward(input)


def norm_layer(kind: Norm, channels: int) -> nn.Module:
    """The norm of a kind for [B, channels, H, W]; the identity for "none"."""
    if kind == "layer":
        return ChannelLayerNorm(channels)
    if kind == "instance":
        return InstanceNorm(channels)
    if kind == "batch":
        return BatchNorm(channels)
    return nn.Identity()


class StyledNorm(nn.Module):
    """A norm for each of several styles, with its own statistics, scale and shift: conditional instance norm (Dumoulin,
    Shlens and Kudlur 2017, "A learned representation for artistic style").

    All else is shared, so that a network learns many styles for little more than one.
    """

    def __init__(self, kind: Norm, channels: int, styles: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(
            norm_layer(kind, channels) if kind != "none" else _Scaled(channels) for _ in range(styles)
        )

    def forward(self, x: Tensor, style: int) -> Tensor:
        """[B, C, H, W] to the same, all of one style."""
        return self.norms[style](x)


class _Scaled(nn.Module):
    """A scale and a shift of each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight + self.bias


def styled_norm(kind: Norm, channels: int, styles: int) -> nn.Module:
    """`norm_layer`, or with several styles one for each."""
    return StyledNorm(kind, channels, styles) if styles > 1 else norm_layer(kind, channels)


def applied(layers: nn.Sequential, x: Tensor, style: int) -> Tensor:
    """Layers one after another, in a style where they have several."""
    for layer in layers:
        x = layer(x, style) if isinstance(layer, StyledNorm | ResidualBlock) else layer(x)
    return x


class ResidualBlock(nn.Module):
    """x + gain * (conv, norm, ReLU, conv, norm)(x); the gain is learned, from 0 a block begins as the identity."""

    def __init__(
        self,
        channels: int,
        kernel: int,
        norm: Norm,
        padding: Padding = "zeros",
        styles: int = 1,
        gain: float = 0.0,
    ) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.full((1,), gain))
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, kernel, padding=kernel // 2, padding_mode=padding),
            styled_norm(norm, channels, styles),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, kernel, padding=kernel // 2, padding_mode=padding),
            styled_norm(norm, channels, styles),
        )

    def forward(self, x: Tensor, style: int = 0) -> Tensor:
        return x + self.gain * applied(self.body, x, style)


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Weights from N(0, 0.02), batch norm's from N(1, 0.02) (Radford et al. 2015, section 4); biases 0.

    Full layers are U(-b, b), b = 1 / sqrt(inputs), biases too, as torch has them: the waves of periodic noise have to
    begin apart. They are drawn last, so that they change no other weight of their network. Those of a module with an
    `initialise` of its own, such as attention, are left to it.
    """
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | UpConvolution):
                module.weight.normal_(0, 0.02, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()
            elif isinstance(module, nn.BatchNorm2d):
                module.weight.normal_(1, 0.02, generator=generator)
        for layer in _full_layers(network):
            bound = layer.in_features**-0.5
            for values in layer.parameters():
                values.uniform_(-bound, bound, generator=generator)


def _full_layers(network: nn.Module) -> Iterator[nn.Linear]:
    """Those that no module draws by itself."""
    for module in network.children():
        if isinstance(module, nn.Linear):
            yield module
        elif not hasattr(module, "initialise"):
            yield from _full_layers(module)


class NoiseInjection(nn.Module):
    """Adds one map of noise to all channels, to each as strongly as it learns (Karras et al. 2019, "A style-based
    generator architecture").

    Without chance at each pixel a network imitates grain and bristles by gratings.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.full((channels, 1, 1), 0.15))

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """x: [B, C, H, W]. noise: [B, 1, H, W]."""
        return x + self.strength * noise


def initialise_scaled(network: nn.Module, generator: torch.Generator) -> None:
    """Weights from N(0, 2 / inputs), so that depth neither dies out nor blows up without a norm (He et al. 2015)."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear | UpConvolution):
                module.weight.normal_(0, (2 / module.weight[0].numel()) ** 0.5, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()
