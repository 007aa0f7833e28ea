"""Which kernel mixes templates on a device: mix.c on the processor, Triton's on a card, or none for plain torch."""

from __future__ import annotations

from functools import cache

import torch

from engine.templates import mix_kernel
from engine.templates.mix_kernel import MixKernel


def kernel_for(device: torch.device) -> MixKernel | None:
    """None where there is no compiler, no Triton, or a kernel that differs from plain torch."""
    if device.type == "cpu":
        return mix_kernel.load()
    return _of_card(device) if device.type == "cuda" else None


@cache
def _of_card(device: torch.device) -> MixKernel | None:
    """Compiled and compared once; takes seconds."""
    try:
        from engine.templates import mix_triton
    except Exception:  # it is not installed, or does not fit the driver
        return None
    return mix_triton.checked(device)
