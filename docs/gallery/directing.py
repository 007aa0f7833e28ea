"""`python docs/gallery/directing.py FOLDER`: maps for the portrait; and where it is painted by them, the sheet of all.

The head is an ellipse, so that it needs no reproduction of its own: any of the self-portrait will do.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = (580, 862)
HEAD = (0.12, 0.03, 0.93, 0.80)
FACE = (0.24, 0.30, 0.78, 0.74)
"""Left, top, right and bottom of ellipses, as shares of the sides."""


def ellipse(place: tuple[float, float, float, float], blur_px: float = 0.0) -> np.ndarray:
    """0..1 [h, w], 1 inside."""
    plane = Image.new("L", SIZE, 0)
    corners = [share * SIZE[index % 2] for index, share in enumerate(place)]
    ImageDraw.Draw(plane).ellipse(corners, fill=255)
    if blur_px:
        plane = plane.filter(ImageFilter.GaussianBlur(blur_px))
    return np.asarray(plane, np.float32) / 255


def grey(outside: int, inside: int, blur_px: float) -> Image.Image:
    share = ellipse(FACE, blur_px)
    return Image.fromarray(np.round(outside + (inside - outside) * share).astype(np.uint8))


def main(folder: Path) -> int:
    head = ellipse(HEAD)[..., None] > 0.5
    regions = np.where(head, (220, 20, 20), (20, 40, 220)).astype(np.uint8)
    maps = {
        "pieces_map.png": Image.fromarray(regions),
        "content_map.png": grey(100, 190, 24),
        "size_map.png": grey(190, 90, 24),
    }
    for name, image in maps.items():
        image.save(folder / name)
    painted = [folder / name for name in ("undirected.jpg", "directed.jpg")]
    if all(path.exists() for path in painted):
        pictures = [Image.open(path).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS) for path in painted]
        small = (SIZE[0] // 3 - 6, (SIZE[1] - 16) // 3)
        sheet = Image.new("RGB", (2 * SIZE[0] + small[0] + 16, SIZE[1]), "white")
        for index, picture in enumerate(pictures):
            sheet.paste(picture, (index * (SIZE[0] + small[0] + 16), 0))
        for index, image in enumerate(maps.values()):
            map_ = image.convert("RGB").resize(small, Image.Resampling.LANCZOS)
            sheet.paste(map_, (SIZE[0] + 8, index * (small[1] + 8)))
        sheet.save(folder / "directing.jpg", quality=74)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
