"""The folded up-convolution: enlarging and a convolution in one, at the lower resolution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from engine.nn import phases_kernel


class UpConvolution(nn.Module):
    """Enlarging x2 followed by a k x k convolution, computed at the lower resolution.

    Each of the four output phases sees the enlarged image through a smaller kernel whose taps are sums of the k x k
    ones, so the pair equals a convolution to 4 C channels and a pixel shuffle, exactly. Weights stay k x k.

    Args:
        padding: beyond the edge; reflection does not fold.
        smooth: enlarges linearly instead of by the nearest neighbour. What repeats in each square of 2 x 2 px is then
            out of a network's reach unless it shows up in the smaller image, and costs as much as k + 2 otherwise.
    """

    fold: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        padding: Literal["zeros", "circular", "replicate"] = "zeros",
        smooth: bool = False,
    ) -> None:
        super().__init__()
        self.padding, self.smooth = padding, smooth
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        fold = _fold(kernel + 2) @ _smoothing(kernel) if smooth else _fold(kernel)
        self.register_buffer("fold", fold, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, D, 2H, 2W], in channels_last memory."""
        phases = self._phases(x)
        b, _, _, d, h, w = phases.shape
        return phases.permute(0, 4, 1, 5, 2, 3).reshape(b, 2 * h, 2 * w, d).permute(0, 3, 1, 2)

    def planes(self, x: Tensor, splits: Sequence[int]) -> list[Tensor]:
        """The same as dense float32 planes, the channels parted: [B, D_i, 2H, 2W] each. For a network's last layer."""
        return list(_Planes.apply(self._phases(x), tuple(splits)))  # type: ignore[arg-type]

    def phases_together(self, x: Tensor) -> Tensor:
        """The same before the outputs of one place are put apart, dense [B, H, W, 4, D]: two by two, row by row."""
        return self._phases(x).permute(0, 4, 5, 1, 2, 3).flatten(3, 4).contiguous()

    def _phases(self, x: Tensor) -> Tensor:
        """[B, 2, 2, D, H, W]: outputs of one phase lie together, so that one strided copy can place them."""
        kind = x.device.type
        narrow = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else self.weight.dtype
        with torch.autocast(kind, enabled=False):
            weight = self.folded(narrow)
        radius = weight.shape[-1] // 2
        if self.padding != "zeros":
            x, radius = functional.pad(x, (radius,) * 4, mode=self.padding), 0
        y = functional.conv2d(x, weight, self.bias.repeat(4), padding=radius)  # [B, 4 D, H, W]
        return y.unflatten(1, (2, 2, -1))

    def folded(self, dtype: torch.dtype) -> Tensor:
        """[4 D, C, q, q] of any float type, q at most k; phases (row, column) first, in channels_last memory."""
        side, taps = math.isqrt(len(self.fold) // 4), self.weight.permute(0, 2, 3, 1)  # as they lie in channels_last
        sums: Tensor = _Folded.apply(taps.flatten(1, 2), self.fold, dtype)  # type: ignore[assignment]
        return sums.unflatten(2, (side, side)).flatten(0, 1).permute(0, 3, 1, 2)


class _Folded(torch.autograd.Function):
    """Taps [D, k k, C] summed to those of the four phases, [4, D, q q, C] of another type, with one copy each way."""

    @staticmethod
    def forward(context, taps: Tensor, fold: Tensor, dtype: torch.dtype) -> Tensor:
        context.save_for_backward(fold)
        context.dtype = taps.dtype
        sums = (fold @ taps).unflatten(1, (4, -1)).transpose(0, 1)
        return sums.to(dtype, memory_format=torch.contiguous_format)

    @staticmethod
    @once_differentiable
    def backward(context, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        (fold,) = context.saved_tensors
        parts = gradient.transpose(0, 1).to(context.dtype, memory_format=torch.contiguous_format)  # [D, 4, q q, C]
        return fold.T @ parts.flatten(1, 2), None, None


class _Planes(torch.autograd.Function):
    """Phases [B, 2, 2, D, H, W] to dense planes [B, D_i, 2H, 2W], and back in one copy each way."""

    @staticmethod
    def forward(context, phases: Tensor, splits: tuple[int, ...]) -> tuple[Tensor, ...]:
        context.phases, context.splits = phases.new_empty(0), splits
        b, _, _, _, h, w = phases.shape
        kernel = phases_kernel.kernel_for(_as_they_lie(phases))
        parts, first = [], 0
        for part in phases.split(splits, 3):
            planes = torch.empty(b, part.shape[3], h, 2, w, 2, device=phases.device)
            parts.append(planes.view(b, -1, 2 * h, 2 * w))
            if kernel is not None:
                kernel.to_planes(_as_they_lie(phases), parts[-1], first)
            else:
                planes.copy_(_interleaved(part))
            first += part.shape[3]
        return tuple(parts)

    @staticmethod
    def backward(context, *gradients: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        b, _, height, width = gradients[0].shape
        h, w = height // 2, width // 2
        # The memory of the convolution's output in channels_last, so that its backward need not copy it.
        lying = context.phases.new_empty(b, h, w, 2, 2, sum(context.splits))
        whole, kernel, first = lying.permute(0, 3, 4, 5, 1, 2), phases_kernel.kernel_for(lying), 0
        for part, gradient in zip(whole.split(context.splits, 3), gradients, strict=True):
            if kernel is not None:
                kernel.to_phases(gradient.float().contiguous(), lying, first)
            else:
                _interleaved(part).copy_(gradient.view(b, part.shape[3], h, 2, w, 2))
            first += part.shape[3]
        return whole, None


def _as_they_lie(phases: Tensor) -> Tensor:
    """[B, 2, 2, D, H, W] seen as [B, H, W, 2, 2, D], the memory of a convolution's output in channels_last."""
    return phases.permute(0, 4, 5, 1, 2, 3)


def _interleaved(phases: Tensor) -> Tensor:
    """[B, 2, 2, D, H, W] seen as [B, D, H, 2, W, 2]."""
    return phases.permute(0, 3, 4, 1, 5, 2)


def _fold(kernel: int) -> Tensor:
    """[4 q q, k k]: which taps of the small kernel of each phase each of the k x k taps falls on."""
    radius = kernel // 2
    places = [[(phase + tap - radius) // 2 for tap in range(kernel)] for phase in range(2)]
    reach = max(abs(place) for phase in places for place in phase)
    fold = torch.zeros(2, 2 * reach + 1, kernel)  # along one axis, for even and odd output pixels
    for phase in range(2):
        for tap, place in enumerate(places[phase]):
            fold[phase, place + reach, tap] = 1
    return torch.einsum("api,bqj->abpqij", fold, fold).flatten(4, 5).flatten(0, 3)


def _smoothing(kernel: int) -> Tensor:
    """[(k + 2)(k + 2), k k]: each tap spread by 1/4, 1/2, 1/4 both ways, which makes nearest enlarging linear."""
    line = torch.tensor([0.25, 0.5, 0.25])
    spread = torch.zeros(kernel + 2, kernel)
    for tap in range(kernel):
        spread[tap : tap + 3, tap] = line
    return torch.einsum("ij,ab->iajb", spread, spread).flatten(2, 3).flatten(0, 1)
