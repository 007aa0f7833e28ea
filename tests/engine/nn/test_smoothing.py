"""Decisions averaged over their surroundings: a Gaussian window, against its formula in float64."""

from __future__ import annotations

import pytest
import torch

from engine.nn.smoothing import reach_px, smoothed


@pytest.mark.parametrize("deviation_px", [0.4, 1.5, 3.0])
def test_it_is_the_gaussian_window(deviation_px: float) -> None:
    radius = reach_px(deviation_px)
    planes = torch.zeros(1, 2, 2 * radius + 5, 2 * radius + 7)
    row, column = radius + 2, radius + 3
    planes[0, 1, row, column] = 1.0
    places = torch.arange(-radius, radius + 1, dtype=torch.float64)
    window = torch.exp(-(places**2) / (2 * deviation_px**2))
    window = window / window.sum()
    result = smoothed(planes, deviation_px)
    around = result[0, 1, row - radius : row + radius + 1, column - radius : column + radius + 1]
    torch.testing.assert_close(around.double(), window[:, None] * window, rtol=1e-5, atol=1e-9)
    assert not result[0, 0].any()


def test_plain_decisions_and_none_stay_as_they_are() -> None:
    plain = torch.full((2, 3, 9, 8), 0.7)
    torch.testing.assert_close(smoothed(plain, 2.0), plain)
    planes = torch.randn(1, 2, 5, 5).bfloat16()
    assert smoothed(planes, 0.0) is planes


@pytest.mark.parametrize("size", [(3, 4), (9, 17), (24, 21)])
def test_gradients_are_those_of_torch(size: tuple[int, int]) -> None:
    """At the edges, and of planes that are smaller than the window, as well."""
    planes = torch.randn(2, 3, *size, dtype=torch.float32, requires_grad=True)
    weight = torch.randn(2, 3, *size)
    found = torch.autograd.grad(smoothed(planes, 1.4), planes, weight)[0]
    double = planes.detach().double().requires_grad_()
    radius = reach_px(1.4)
    places = torch.arange(-radius, radius + 1, dtype=torch.float64)
    window = torch.exp(-(places**2) / (2 * 1.4**2))
    window = (window / window.sum()).outer(window / window.sum())[None, None].expand(3, 1, -1, -1)
    around = torch.nn.functional.pad(double, (radius,) * 4, mode="replicate")
    expected = torch.autograd.grad(torch.nn.functional.conv2d(around, window, groups=3), double, weight.double())[0]
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
