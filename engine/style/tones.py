"""Content by its light and dark alone: blurred grey values, compared without each side's mean and spread.

A dark style can then show a bright content. The blurred grey map is the correspondence map of FAMOS (Jetchev, Bergmann
and Yildirim 2018, appendix I); to standardise it is found by trying, and in no paper.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from engine import losses


class Tones(NamedTuple):
    """Mean and standard deviation of grey values, 0..1: of a whole picture, or of each place, [B, 1, H, W]."""

    mean: float | Tensor
    deviation: float | Tensor


def tone_difference(image: Tensor, content: Tensor, image_tones: Tones, content_tones: Tones, blur_px: float) -> Tensor:
    """Difference of the standardised tones, [B, 1, H, W].

    Args:
        image, content: [B, 3, H, W], 0..1.
        image_tones: those that the picture is to have: the style's.
        content_tones: the content's own.
        blur_px: sigma.
    """
    ours, theirs = (
        (losses.gaussian_blur(losses.grey(x), blur_px) - tones.mean) / tones.deviation
        for x, tones in ((image, image_tones), (content, content_tones))
    )
    return ours - theirs
