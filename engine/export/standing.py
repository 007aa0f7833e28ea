"""Whether a film along a setting would stand still: networks learn to take no notice of what does not help them."""

from __future__ import annotations

import torch

from engine.box import Box
from engine.export.painting import Painting
from engine.export.sweep import sweep
from engine.messages.exports import ALL_LAYERS
from engine.preview.views import artwork
from engine.settings import specs

_LOOKED_AT_PX = 256
_SEEN = 0.5 / 255
"""A mean change below this is no motion: of 8 bit values most stay what they are."""


def told_of_a_standing_film(painting: Painting) -> str:
    """One sentence where the pictures of a request's sweep are all but the same; empty where they move.

    The middle of the picture is painted as the film begins, half-way and as it ends.

    Raises:
        BadSettingError: the sweep names something that can not be had.
    """
    method, request = painting.now.method, painting.request
    frames = sweep(type(method).Settings, request.sweep)
    size = painting.size()
    layer = method.layers[0].key if request.layer == ALL_LAYERS else request.layer
    side_height, side_width = min(_LOOKED_AT_PX, size.height), min(_LOOKED_AT_PX, size.width)
    middle = Box((size.height - side_height) // 2, (size.width - side_width) // 2, side_height, side_width)
    pictures = []
    for values in (frames[0], frames[len(frames) // 2], frames[-1]):
        with painting.along(values), torch.no_grad():
            pictures.append(artwork(method, size, layer, request.render_mode).at(middle).float().cpu())
    change = max(float((picture - pictures[0]).abs().mean()) for picture in pictures[1:])
    if change >= _SEEN:
        return ""
    (name,) = frames[0]
    title = next(spec.knob.label for spec in specs(type(method).Settings) if spec.name == name)
    return (
        f"The film will stand still: along “{title}” the picture changes by {change * 255:.2f} of 255 levels in the "
        "mean. What was trained takes no notice of it."
    )
