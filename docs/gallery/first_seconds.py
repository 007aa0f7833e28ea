"""`python docs/gallery/first_seconds.py fruit.png self_portrait.jpg OUT.jpg`: the window in its first ten seconds.

Four pictures of the real window, each with the seconds of a clock since the first image was dropped. Nothing else
should run meanwhile.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.preferences import Preferences
from app.widgets.ring import hand
from app.widgets.theme import apply
from benchmarks.live import Watch, until
from benchmarks.window_home import at_home

WIDTH, HEIGHT = 1200, 780
SHOWN = 0.75
"""Size of each window in the file."""


def seen(window: MainWindow, stamp: str) -> Image.Image:
    for _ in range(5):
        QApplication.processEvents()
    grabbed = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(grabbed.constBits(), np.uint8).reshape(grabbed.height(), grabbed.bytesPerLine())
    picture = Image.fromarray(rows[:, : grabbed.width() * 3].reshape(grabbed.height(), grabbed.width(), 3))
    size = round(picture.width * SHOWN), round(picture.height * SHOWN)
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    draw, font = ImageDraw.Draw(picture), ImageFont.truetype("DejaVuSans.ttf", 20)
    left, _, right, _ = draw.textbbox((0, 0), stamp, font)
    draw.rectangle((12, size[1] - 50, 36 + right - left, size[1] - 14), fill=(20, 20, 20))
    draw.text((24, size[1] - 44), stamp, (240, 240, 240), font)
    return picture


def main(style: Path, content: Path, out: Path) -> int:
    with at_home() as (app, folder):
        apply(app, "dark")
        window = MainWindow(Preferences(), folder)
        window.resize(WIDTH, HEIGHT)
        window.show()
        until(lambda: window.built)
        hand().on_mouse = True  # it has dropped something
        watch, document = Watch(window), window.document
        began = time.perf_counter()
        pictures = []

        def after(change, what: str) -> None:
            watch.start()
            change()
            until(lambda: watch.sharp_s)
            pictures.append(seen(window, f"{time.perf_counter() - began:.1f} s   {what}"))

        after(lambda: document.add("style", [style]), "fruit is dropped")
        after(lambda: document.add("content", [content]), "and a portrait")
        after(lambda: document.set("smoothing_px", 6.0), "Keep pieces whole, to the right")
        after(lambda: document.set("set_seed", 4), "another set")
        window.close()
        until(lambda: window.training.state == "idle")
    width, height = pictures[0].size
    sheet = Image.new("RGB", (2 * width + 8, 2 * height + 8), "white")
    for index, picture in enumerate(pictures):
        sheet.paste(picture, (index % 2 * (width + 8), index // 2 * (height + 8)))
    sheet.save(out, quality=86)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
