"""Decisions averaged over their surroundings: a Gaussian window, against its formula in float64."""

from __future__ import annotations

import pytest
import torch

from engine.nn import smoothing
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


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (17, 9)])
@pytest.mark.parametrize("compiled", [True, False])
def test_the_gradient_is_that_of_the_formula(
    size: tuple[int, int], compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not compiled:
        monkeypatch.setattr(smoothing, "kernel_for", lambda *_: None)
    radius, random = reach_px(1.5), torch.Generator().manual_seed(0)
    places = torch.arange(-radius, radius + 1, dtype=torch.float64)
    window = torch.exp(-(places**2) / (2 * 1.5**2))

    def shares(length: int) -> torch.Tensor:
        """How much of each place each other one gets, [length, length]: beyond the edges planes go on."""
        matrix = torch.zeros(length, length, dtype=torch.float64)
        for place in range(length):
            for step, weight in zip(range(-radius, radius + 1), (window / window.sum()).tolist(), strict=True):
                matrix[place, min(max(place + step, 0), length - 1)] += weight
        return matrix

    start = torch.randn(2, 3, *size, generator=random)
    towards = torch.randn(2, 3, *size, generator=random)
    planes = start.clone().requires_grad_()
    result = smoothed(planes, 1.5)
    result.backward(towards)
    down, right = shares(size[0]), shares(size[1])
    torch.testing.assert_close(result.double(), down @ start.double() @ right.T, rtol=1e-5, atol=1e-6)
    assert planes.grad is not None
    torch.testing.assert_close(planes.grad.double(), down.T @ towards.double() @ right, rtol=1e-5, atol=1e-6)


def test_plain_decisions_and_none_stay_as_they_are() -> None:
    plain = torch.full((2, 3, 9, 8), 0.7)
    torch.testing.assert_close(smoothed(plain, 2.0), plain)
    planes = torch.randn(1, 2, 5, 5).bfloat16()
    assert smoothed(planes, 0.0) is planes
