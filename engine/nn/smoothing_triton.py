"""The smoothing of decisions as a Triton kernel for graphics cards, see smoothing.py: a pass over memory for each axis.

A convolution of one channel reads and writes planes that were padded before, four passes each way; here a program has a
block of pixels, and looks for the neighbours of each where they lie. Tested by Triton's interpreter, on the processor;
it has never run on a card. So it is compared with plain torch before it is used (`checked`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import triton  # type: ignore[import-not-found]
import triton.language as tl  # type: ignore[import-not-found]
from torch import Tensor
from torch.autograd.function import once_differentiable

from engine.kernel_check import on_card_of, same_as_plain

Smoothing = Callable[[Tensor, int, float], Tensor]
"""See `smoothed`."""
BLOCK_PX = 1024
"""Values of a program."""
_SAMPLES = (((2, 1, 9, 21), 1.5), ((1, 1, 2, 31), 2.0), ((1, 2, 16, 48), 1.5))
"""Shapes and deviations that are compared. Triton compiles numbers that 16 divides by themselves."""


@triton.jit
def _along(
    given, result, area, length, apart, radius, inverse_deviation, part, BACK: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    """Each value with its neighbours along one axis, whose places lie `apart` in memory; beyond its ends, the ends.

    BACK: the gradient. What goes on beyond an end comes back to it: a value takes at an end, besides its own share, the
    shares of all that lies farther than the other one.
    """
    plane = tl.program_id(1).to(tl.int64) * area  # all planes may have more than 2**31 values
    given += plane
    result += plane
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < area
    at = (place // apart) % length
    total = tl.zeros((BLOCK,), tl.float32)
    beyond = 0.0
    for step in range(0, radius + 1):  # from the farthest, whose shares are the smallest
        distance = radius - step
        way = distance * inverse_deviation
        share = tl.exp(-0.5 * way * way) * part
        once = tl.where(distance == 0, 0.5 * share, share)  # else the middle would be taken from both sides
        if BACK:
            before = tl.load(given + place - distance * apart, mask=inside & (at >= distance), other=0.0)
            after = tl.load(given + place + distance * apart, mask=inside & (at + distance < length), other=0.0)
            total += after.to(tl.float32) * (once + tl.where(at == 0, beyond, 0.0))
            total += before.to(tl.float32) * (once + tl.where(at == length - 1, beyond, 0.0))
        else:
            before = tl.load(given + place - tl.minimum(at, distance) * apart, mask=inside, other=0.0)
            after = tl.load(given + place + tl.minimum(length - 1 - at, distance) * apart, mask=inside, other=0.0)
            total += once * (before.to(tl.float32) + after.to(tl.float32))
        beyond += share
    tl.store(result + place, total.to(result.dtype.element_ty), mask=inside)


class _Smoothed(torch.autograd.Function):
    """[B, K, H, W] of any float type to float32, on a card."""

    @staticmethod
    def forward(context, planes: Tensor, radius: int, deviation_px: float) -> Tensor:
        context.dtype, context.window = planes.dtype, (radius, deviation_px)
        return _both_axes(planes, torch.float32, radius, deviation_px, back=False)

    @staticmethod
    @once_differentiable
    def backward(context, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        return _both_axes(gradient, context.dtype, *context.window, back=True), None, None


def _both_axes(planes: Tensor, dtype: torch.dtype, radius: int, deviation_px: float, back: bool) -> Tensor:
    planes = planes.contiguous()
    b, count, height, width = planes.shape
    kernel: Any = _along
    launched = kernel[triton.cdiv(height * width, BLOCK_PX), b * count]
    whole = sum(math.exp(-0.5 * (place / deviation_px) ** 2) for place in range(-radius, radius + 1))
    between = torch.empty_like(planes, dtype=torch.float32)
    result = torch.empty_like(planes, dtype=dtype)
    with on_card_of(planes):
        for source, target, length, apart in ((planes, between, width, 1), (between, result, height, width)):
            launched(
                *(source, target, height * width, length, apart, radius, 1 / deviation_px, 1 / whole),
                BACK=back,
                BLOCK=BLOCK_PX,
            )
    return result


def smoothed(planes: Tensor, radius: int, deviation_px: float) -> Tensor:
    """[B, K, H, W] of any float type under a Gaussian window that reaches over `radius` pixels, float32."""
    return _Smoothed.apply(planes, radius, deviation_px)  # type: ignore[return-value]


def checked(device: torch.device, plain: Smoothing) -> Smoothing | None:
    """`smoothed`, where it does on this device what plain torch does; None where it differs, or fails in any way."""

    def sample(smoothing: Smoothing) -> Callable[[tuple[tuple[int, ...], float]], tuple[Tensor, Tensor]]:
        return lambda sizes: _sample(device, smoothing, *sizes)

    return smoothed if same_as_plain(sample(smoothed), sample(plain), _SAMPLES) else None


def _sample(
    device: torch.device, smoothing: Smoothing, shape: tuple[int, ...], deviation_px: float
) -> tuple[Tensor, Tensor]:
    """What is smoothed, and its gradient."""
    random = torch.Generator().manual_seed(0)
    planes, towards = (torch.randn(shape, generator=random).to(device) for _ in range(2))
    found = smoothing(planes.requires_grad_(), math.ceil(3 * deviation_px), deviation_px)
    (gradient,) = torch.autograd.grad(found, planes, towards)
    return found.detach(), gradient
