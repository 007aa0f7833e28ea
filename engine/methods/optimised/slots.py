"""The places for images of the methods that optimise pixels; read by the command line before torch is loaded."""

from __future__ import annotations

from engine.declarations import Slot
from engine.methods.map_slots import STYLE_MAP_SLOTS, STYLE_MASK_SLOT

SLOTS = {
    "neural_style": (
        Slot("style", "Style", "Paintings or textures whose brushwork, colours and patterns you want."),
        Slot("content", "Content", "What the picture shows. Without one the style alone makes a new picture.", 0, 1),
        Slot(
            "start",
            "Start",
            "A picture to begin with, such as one that fast stylisation has painted. Without one it begins with the "
            "content.",
            0,
            1,
        ),
        *STYLE_MAP_SLOTS,
    ),
    "doodle": (
        Slot("style", "Style", "The painting whose parts you want.", 1, 1),
        STYLE_MASK_SLOT,
        Slot(
            "target_mask",
            "Target mask",
            "Your doodle: the same colours, where you want the parts.",
            maximum=1,
            kind="mask",
            beneath=("content", "style"),
            flag="--mask",
        ),
        Slot("content", "Content", "A photo whose light and dark the picture follows; not needed.", 0, 1),
    ),
}
