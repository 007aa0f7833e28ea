"""The places for images of MAGIC; read by the command line before torch is loaded."""

from __future__ import annotations

from engine.method import Slot

PIECES_MAP, CONTENT_MAP, SIZE_MAP = "pieces_map", "content_map", "size_map"
SLOTS = {
    "magic": (
        Slot("style", "Style", "The pieces are cut from these images: city views, foliage, paintings, textiles."),
        Slot(
            "content",
            "Content",
            "What the collage shows. The first image is the target; others are learned as well. "
            "None is needed for unguided collages.",
            minimum=0,
        ),
        Slot(
            PIECES_MAP,
            "Pieces from",
            "Regions of the canvas, a plain colour for each, and which style images may lie in them.",
            minimum=0,
            maximum=1,
            kind="mask",
            beneath=("content", "style"),
            live=True,
            map="pieces",
            directs="style",
        ),
        Slot(
            CONTENT_MAP,
            "How much content",
            "Where the picture follows the content more (lighter) or less (darker) than the setting says.",
            minimum=0,
            maximum=1,
            kind="amount",
            beneath=("content", "style"),
            live=True,
            map="content",
        ),
        Slot(
            SIZE_MAP,
            "Size of pieces",
            "Where pieces are larger (lighter) or smaller (darker) than the setting says.",
            minimum=0,
            maximum=1,
            kind="amount",
            beneath=("content", "style"),
            live=True,
            map="size",
        ),
    ),
}
