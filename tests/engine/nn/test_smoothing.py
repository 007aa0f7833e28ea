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
