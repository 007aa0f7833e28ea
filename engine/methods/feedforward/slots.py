"""The places for images of the methods that train a network once; read by the command line before torch is loaded."""

from __future__ import annotations

from engine.declarations import Slot
from engine.methods.map_slots import STYLE_MAP_SLOTS, STYLE_MASK_SLOT

SLOTS = {
    "texture": (Slot("style", "Style", "The texture to learn: peppers, brushwork, cloth. Several are mixed."),),
    "stylize": (
        Slot("style", "Style", "Brushwork, colours and patterns are learned from these images."),
        Slot("content", "Content", "What is painted. The first image is the target; it practises on all of them."),
        *STYLE_MAP_SLOTS,
    ),
    "doodle_net": (
        Slot("style", "Style", "The painting whose parts are learned.", 1, 1),
        STYLE_MASK_SLOT,
        Slot(
            "target_mask",
            "Target mask",
            "Your doodle: the same colours, where you want the parts.",
            maximum=1,
            kind="mask",
            beneath=("style",),
            live=True,
            flag="--mask",
        ),
    ),
}
