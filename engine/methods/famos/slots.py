"""The places for images of FAMOS; read by the command line before torch is loaded."""

from __future__ import annotations

from engine.declarations import Slot
from engine.methods.map_slots import MAP_SLOTS

SLOTS = {
    "famos": (
        Slot("style", "Style", "The pieces are cut from these images: city views, foliage, paintings, textiles."),
        Slot(
            "content",
            "Content",
            "What the mosaic shows. The first image is the target; others are learned as well. None is needed for "
            "unguided textures.",
            minimum=0,
        ),
        *MAP_SLOTS,
    ),
}
