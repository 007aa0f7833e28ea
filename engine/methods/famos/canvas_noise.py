"""The noise of FAMOS on a canvas: the same for one seed and one place, whatever box is asked for."""

from __future__ import annotations

import torch

from engine.box import Box, Size
from engine.fields.noise import NoiseField, constant
from engine.methods.famos.settings import FamosSettings
from engine.nn.mosaic import Noise


def canvas_noise(
    settings: FamosSettings, seed: int, alignment_px: int, box: Box, period: Size | None, device: torch.device
) -> Noise:
    """The noise of a box of the canvas, on the bottleneck's grid: that of `noise_seed`, or on the way to the next.

    Args:
        seed: the job's.
        period: of a canvas that repeats; None never repeats.
    """
    place = settings, alignment_px, box, period, device
    here = _noise_of(seed + 10_007 * settings.noise_seed, *place)
    if not settings.noise_drift:
        return here
    return here.towards(_noise_of(seed + 10_007 * (settings.noise_seed + 1), *place), settings.noise_drift)


def _noise_of(
    seed: int, settings: FamosSettings, alignment_px: int, box: Box, period: Size | None, device: torch.device
) -> Noise:
    coarse = box.coarser(alignment_px)
    rows = torch.arange(coarse.top, coarse.bottom, device=device)
    columns = torch.arange(coarse.left, coarse.right, device=device)
    repeat = None
    if period is not None:
        repeat = (period.height // alignment_px, period.width // alignment_px)
        rows, columns = rows % repeat[0], columns % repeat[1]
    return Noise(
        everywhere=constant(settings.global_noise, seed, device)[None],
        local=NoiseField(settings.local_noise, seed + 1, device, repeat).at(coarse)[None],
        phase=constant(settings.periodic_noise, seed + 2, device)[None] * torch.pi,
        rows=rows.float(),
        columns=columns.float(),
    )
