"""Float pictures as whole numbers of 8 or 16 bit, for files and for the screen."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def to_uint8(picture: Tensor) -> np.ndarray:
    """Float [3, h, w], 0..1, to uint8 [h, w, 3], rounded; values outside are clipped, NaN becomes black."""
    return _to_whole_numbers(picture, 255).to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()


def to_uint16(picture: Tensor) -> np.ndarray:
    """Float [3, h, w], 0..1, to uint16 [h, w, 3], rounded; values outside are clipped, NaN becomes black."""
    whole = _to_whole_numbers(picture, 65535).to(torch.int32)  # few operators know torch.uint16
    return whole.permute(1, 2, 0).contiguous().cpu().numpy().astype(np.uint16)


def _to_whole_numbers(picture: Tensor, white: int) -> Tensor:
    return picture.detach().float().nan_to_num(0.0).clamp(0, 1).mul(white).round_()
