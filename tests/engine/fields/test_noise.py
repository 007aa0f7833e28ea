"""Noise: crops agree, and it is noise."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.box import Box
from engine.fields.noise import NoiseField, constant

CPU = torch.device("cpu")
places = st.integers(-(10**6), 10**6)


@given(places, places, st.integers(0, 9), st.integers(0, 9), st.integers(0, 2**31))
def test_crops_agree(top: int, left: int, down: int, right: int, seed: int) -> None:
    field = NoiseField(3, seed, CPU)
    outer = Box(top, left, 20, 20)
    inner = Box(top + down, left + right, 10, 10)
    rows, columns = inner.within(outer)
    assert torch.equal(field.at(outer)[:, rows, columns], field.at(inner))


def test_it_is_uniform_and_uncorrelated() -> None:
    values = NoiseField(4, 7, CPU).at(Box(-50, -50, 200, 200))
    assert values.min() >= -1
    assert values.max() < 1
    counts = torch.histc(values, 16, -1, 1) / values.numel()
    assert (counts - 1 / 16).abs().max() < 0.004
    shifted = [
        values[0, 1:].flatten(),
        values[0, :-1].flatten(),
        values[1, 1:].flatten(),
        values[0, 1:, :].roll(1, 1).flatten(),
    ]
    correlation = torch.corrcoef(torch.stack(shifted))
    assert (correlation - torch.eye(4)).abs().max() < 0.03


def test_other_seeds_and_places_give_other_noise() -> None:
    box = Box(0, 0, 8, 8)
    assert not torch.equal(NoiseField(1, 1, CPU).at(box), NoiseField(1, 2, CPU).at(box))
    assert len(set(constant(64, 3, CPU).tolist())) == 64


def test_a_period_repeats() -> None:
    field = NoiseField(2, 5, CPU, period=(6, 9))
    assert torch.equal(field.at(Box(0, 0, 6, 9)), field.at(Box(12, -9, 6, 9)))
