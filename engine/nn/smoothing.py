"""Decisions averaged over their surroundings, so that pieces stay whole."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from engine.nn.painting_kernel import kernel_for

_REACH = 3.0
"""Deviations; beyond, the Gaussian counts as nothing."""


def reach_px(deviation_px: float) -> int:
    """How far a pixel is felt."""
    return math.ceil(_REACH * deviation_px)


def smoothed(planes: Tensor, deviation_px: float) -> Tensor:
    """[B, K, H, W] under a Gaussian window, float32; beyond the edges they go on. The same planes where it is 0."""
    radius = reach_px(deviation_px)
    if not radius:
        return planes
    if planes.device.type == "cpu":
        return _Smoothed.apply(planes, _shares(radius, deviation_px))  # type: ignore[return-value]
    kernel = _of_card(planes.device) if planes.device.type == "cuda" else None
    return (kernel or _convolved)(planes, radius, deviation_px)


@cache
def _of_card(device: torch.device) -> Callable[[Tensor, int, float], Tensor] | None:
    """Triton's, compiled and compared once, which takes seconds; None where there is none that can be used."""
    try:
        from engine.nn import smoothing_triton
    except Exception:  # it is not installed, or does not fit the driver
        return None
    return smoothing_triton.checked(device, _convolved)


def _convolved(planes: Tensor, radius: int, deviation_px: float) -> Tensor:
    """In plain torch."""
    along = _convolving(radius, deviation_px, planes)
    with torch.autocast(planes.device.type, enabled=False):
        x = along(functional.pad(planes.float(), (radius, radius, 0, 0), mode="replicate"), 3)
        return along(functional.pad(x, (0, 0, radius, radius), mode="replicate"), 2)


class _Smoothed(torch.autograd.Function):
    """On the processor: neighbours are added, each by its share, several times faster than by a convolution of one
    channel. A symmetric window is its own transpose, but that what goes on beyond the edges comes back to them;
    autograd would fill as many planes as there are shares.
    """

    @staticmethod
    def forward(context, planes: Tensor, shares: list[float]) -> Tensor:
        context.shares, context.dtype = shares, planes.dtype
        return _gathered(planes, shares)

    @staticmethod
    @once_differentiable
    def backward(context, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        if (kernel := kernel_for(gradient, 1)) is not None:
            return kernel.smoothed_back(gradient, torch.tensor(context.shares)).to(context.dtype), None
        radius = len(context.shares) // 2
        spread = _gathered(functional.pad(gradient, (radius,) * 4), context.shares)
        for axis in (2, 3):
            length = spread.shape[axis] - 2 * radius
            within = spread.narrow(axis, radius, length)
            within.narrow(axis, 0, 1).add_(spread.narrow(axis, 0, radius).sum(axis, keepdim=True))
            beyond = spread.narrow(axis, radius + length, radius).sum(axis, keepdim=True)
            within.narrow(axis, length - 1, 1).add_(beyond)
            spread = within
        return spread.to(context.dtype).contiguous(), None


def _shares(radius: int, deviation_px: float) -> list[float]:
    """Of the neighbours along an axis, the pixel's own in the middle."""
    window = [math.exp(-0.5 * (place / deviation_px) ** 2) for place in range(-radius, radius + 1)]
    return [weight / sum(window) for weight in window]


def _gathered(planes: Tensor, shares: list[float]) -> Tensor:
    """[B, K, H, W] to the sum of each pixel's neighbours, float32, in C where there is a compiler; beyond the edges
    planes go on."""
    if (kernel := kernel_for(planes, 1)) is not None:
        return kernel.smoothed(planes, torch.tensor(shares))
    return _gathered_along(_gathered_along(planes.float(), shares, 3), shares, 2)


def _gathered_along(x: Tensor, shares: list[float], axis: int) -> Tensor:
    radius, length = len(shares) // 2, x.shape[axis]
    x = functional.pad(x, (radius, radius, 0, 0) if axis == 3 else (0, 0, radius, radius), mode="replicate")
    total = x.narrow(axis, 0, length) * shares[0]
    for place, share in enumerate(shares[1:], 1):
        total.add_(x.narrow(axis, place, length), alpha=share)
    return total


def _convolving(radius: int, deviation_px: float, planes: Tensor) -> Callable[[Tensor, int], Tensor]:
    """The same in one call, which is what counts on a card."""
    places = torch.arange(-radius, radius + 1, device=planes.device, dtype=torch.float32)
    window = torch.exp(-0.5 * (places / deviation_px) ** 2)
    window = (window / window.sum())[None, None, None]

    def along(x: Tensor, axis: int) -> Tensor:
        kernel = window if axis == 3 else window.transpose(2, 3)
        return functional.conv2d(x.flatten(0, 1)[:, None], kernel)[:, 0].unflatten(0, x.shape[:2])

    return along
