"""Cuts the examples on the cards of methods out of the pictures of docs/gallery.md: `python docs/gallery/cards.py`."""

from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "resources" / "methods"
SIZE = (424, 248)
"""Twice the card's own pixels, for sharp screens."""
CUTS = {
    "magic": (0.5, 0.36, 0.85),
    "famos": (0.5, 0.4, 0.9),
    "neural_style": (0.5, 0.38, 0.9),
    "doodle": (0.5, 0.45, 1.0),
    "texture": (0.5, 0.5, 0.7),
    "stylize": (0.5, 0.5, 0.9),
    "doodle_net": (0.53, 0.45, 0.8),
}
"""Of each picture: where the middle of the cut lies, across and down, and the cut's width, in shares of the picture."""

OUT.mkdir(exist_ok=True)
for name, (across, down, share) in CUTS.items():
    with Image.open(HERE / f"{name}.jpg") as picture:
        width = picture.width * share
        height = min(picture.height, width * SIZE[1] / SIZE[0])
        left = min(max(picture.width * across - width / 2, 0), picture.width - width)
        top = min(max(picture.height * down - height / 2, 0), picture.height - height)
        cut = picture.resize(SIZE, Image.Resampling.LANCZOS, (left, top, left + width, top + height))
        cut.save(OUT / f"{name}.jpg", quality=80, optimize=True)
