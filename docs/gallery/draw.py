"""Draws the inputs of the gallery that are made by code: `python docs/gallery/draw.py FOLDER`.

koi.png, fruit.png and the masks are drawn here, owl.png and the textures by the program's own example. What the
paintings are, docs/gallery.md tells.
"""

import sys
from pathlib import Path

import cv2
from fruit import fruit
from koi import koi
from masks import etretat_mask, mont_mask

from resources import example

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
drawn_here = {draw.__name__: draw for draw in (koi, fruit, etretat_mask, mont_mask)}
for name, draw in (drawn_here | example.contents() | example.styles()).items():
    cv2.imwrite(str(folder / f"{name}.png"), cv2.cvtColor(draw(), cv2.COLOR_RGB2BGR))
