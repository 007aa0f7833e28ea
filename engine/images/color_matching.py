"""Colours of a content moved towards those of the styles, so that grey stone can be shown by green leaves, say.

A few colours stand for each side (k-means); the content's are carried to the styles' as cheaply as can be, by optimal
transport with an entropy (Cuturi 2013) whose own blur is taken off (Feydy et al. 2019), so that alike colours stay
where they are. As with tones, flat places count little, no colour counts for more than a part, and slopes are bounded.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_COLORS = 8
"""That stand for each side."""
_BINS = 24
"""Of each axis, in which colours are counted before some are chosen to stand for them."""
_MOST_SHARE = 2 / _COLORS
"""Most of one side that one of its colours may count for; what is above is shared out evenly."""
_SOFTNESS = 24.0
"""Deviation, of 0..255, over which what is done to a colour is done to those beside it."""
_BLUR = 16.0
"""That of the transport, of 0..255: colours nearer than this are carried alike."""
_STEEPEST = 2.5
"""How many times farther apart two colours may lie after it than before."""
_ROUNDS = 200
_AXES = torch.tensor([[3.0**-0.5] * 3, [2.0**-0.5, 0.0, -(2.0**-0.5)], [6.0**-0.5, -2 * 6.0**-0.5, 6.0**-0.5]])
"""Rows: grey, red against blue, green against both; of length 1, at right angles."""


class Palette(NamedTuple):
    """colors: [K, 3] along the axes, in 0..255 of RGB. masses: [K] of sum 1. Both float64."""

    colors: Tensor
    masses: Tensor


class ColorMapping(NamedTuple):
    """What is done to each color: shifts [K, 2] of what is not grey, at places [K, 3] along the axes; float32."""

    places: Tensor
    shifts: Tensor

    def shift_of(self, colors: Tensor) -> Tensor:
        """[N, 3] along the axes gives [N, 2]."""
        nearness = torch.cdist(colors, self.places).square_().mul_(-0.5 / _SOFTNESS**2)
        return nearness.softmax(1) @ self.shifts
