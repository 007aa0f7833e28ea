"""Colours become bytes and words, rounded and clipped."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.images.quantise import to_uint8, to_uint16


@given(st.lists(st.floats(-2, 3, width=32), min_size=6, max_size=6))
def test_bytes_and_words_are_rounded_and_clipped(values: list[float]) -> None:
    picture = torch.tensor(values).reshape(3, 1, 2)
    expected = np.clip(picture.permute(1, 2, 0).numpy().astype(float), 0, 1)
    as_bytes, as_words = to_uint8(picture), to_uint16(picture)
    assert (as_bytes.dtype, as_words.dtype) == (np.uint8, np.uint16)
    assert as_bytes.shape == as_words.shape == (1, 2, 3)
    assert np.abs(as_bytes - expected * 255).max() <= 0.5 + 1e-4
    assert np.abs(as_words - expected * 65535).max() <= 0.5 + 1e-2


def test_bytes_survive_the_way_through_a_tensor() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(3, axis=2)
    tensor = torch.from_numpy(levels).permute(2, 0, 1).float() / 255
    assert (to_uint8(tensor) == levels).all()
    assert (to_uint16(tensor) == levels.astype(np.uint16) * 257).all()
    assert to_uint8(torch.full((3, 1, 1), torch.nan)).max() == 0
