"""Float pictures as whole numbers of 8 or 16 bit, for files and for the screen."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.device import is_out_of_memory


def to_uint8(picture: Tensor) -> np.ndarray:
    """Float [C, h, w], 0..1, to uint8 [h, w, C], rounded; values outside are clipped, NaN becomes black."""
    return _whole_numbers(picture, 255, torch.uint8)


def to_uint16(picture: Tensor) -> np.ndarray:
    """Float [C, h, w], 0..1, to uint16 [h, w, C], rounded; values outside are clipped, NaN becomes black."""
    return _whole_numbers(picture, 65535, torch.int32).astype(np.uint16)  # few operators know torch.uint16


def _whole_numbers(picture: Tensor, white: int, dtype: torch.dtype) -> np.ndarray:
    """[h, w, C], rounded where the picture lies; on the CPU where its device has no memory left, once it is painted."""
    try:
        return _rounded(picture, white, dtype)
    except (RuntimeError, MemoryError) as error:
        if picture.device.type == "cpu" or not is_out_of_memory(error):
            raise
    return _rounded(picture.cpu(), white, dtype)


def _rounded(picture: Tensor, white: int, dtype: torch.dtype) -> np.ndarray:
    whole = picture.detach().float().nan_to_num(0.0).clamp(0, 1).mul(white).round_().to(dtype)
    return whole.permute(1, 2, 0).contiguous().cpu().numpy()
