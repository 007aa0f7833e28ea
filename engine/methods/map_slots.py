"""Maps and masks, as places for images; read by the command line before torch is loaded.

Maps of the canvas for FAMOS and MAGIC, those for neural style and fast stylisation, and the mask of a style.
"""

from __future__ import annotations

from dataclasses import replace

from engine.declarations import Slot

PIECES_MAP, CONTENT_MAP, SIZE_MAP, PAINT_MAP = "pieces_map", "content_map", "size_map", "paint_map"
STYLES_MAP, STRENGTH_MAP = "styles_map", "strength_map"
STYLE_MASK_SLOT = Slot(
    "style_mask",
    "Style mask",
    "Where which part lies in the style: a plain colour for each.",
    maximum=1,
    kind="mask",
    beneath=("style",),
)
"""Of both doodles."""
_AMOUNT = Slot("", "", "", minimum=0, maximum=1, kind="amount", beneath=("content", "style"), live=True)
_REGIONS = replace(_AMOUNT, kind="mask", directs="style")
MAP_SLOTS = (
    replace(
        _REGIONS,
        key=PIECES_MAP,
        title="Pieces from",
        help="Regions of the canvas, a plain colour for each, and which style images may lie in them.",
        map="pieces",
    ),
    replace(
        _AMOUNT,
        key=CONTENT_MAP,
        title="How much content",
        help="Where the picture follows the content more (lighter) or less (darker) than the setting says.",
        map="content",
    ),
    replace(
        _AMOUNT,
        key=SIZE_MAP,
        title="Size of pieces",
        help="Where pieces are larger (lighter) or smaller (darker) than the setting says.",
        map="size",
    ),
    replace(
        _AMOUNT,
        key=PAINT_MAP,
        title="Copy or paint",
        help="Where pieces are painted over more (lighter) or less (darker) than the setting says; where it is black, "
        "they are left as they are.",
        map="paint",
    ),
)
STYLE_MAP_SLOTS = (
    replace(
        _REGIONS,
        key=STYLES_MAP,
        title="Style from",
        help="Regions of the canvas, a plain colour for each, and which style images each is painted like.",
        map="styles",
    ),
    replace(
        _AMOUNT,
        key=STRENGTH_MAP,
        title="How much style",
        help="Where the style is stronger (lighter) or weaker (darker) than the settings say; where it is black, the "
        "content stays as it is.",
        map="strength",
    ),
)
