"""`python -m benchmarks.instant IMAGES OUT`: MAGIC's collages without training, of pairs that the network never saw.

IMAGES is a folder of folders with pictures. For each pair of styles and content: content match, structure match,
distances to the style, seconds; what Content and Size of the pieces do; what refining does. Pictures, and a sheet of
them, are written to OUT.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.measures import content_match, piece_area_px, structure, style_distances
from engine import heap
from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8
from engine.images.read import image_size
from engine.job import Job, SourceImage
from engine.methods.magic.method import Magic
from engine.methods.magic.settings import MagicSettings

PAIRS = {
    "milano": ("milano", "arcimboldo/self_portrait.jpg"),
    "peppers": ("textures/red_peppers.jpg", "arcimboldo/self_portrait.jpg"),
    "starry": ("paintings/starry_night.jpg", "arcimboldo/self_portrait.jpg"),
    "renoir": ("doodle-renoir/style.png", "arcimboldo/self_portrait.jpg"),
    "milano-gate": ("milano", "photos/golden_gate.jpg"),
    "cezanne-gate": ("paintings/cezanne.jpg", "photos/golden_gate.jpg"),
    "monet-tower": ("doodle-monet/style.png", "photos/tubingen.jpg"),
    "peppers-tower": ("textures/red_peppers.jpg", "photos/tubingen.jpg"),
    "starry-creek": ("paintings/starry_night.jpg", "doodle-renoir/creek.jpg"),
    "milano-creek": ("milano", "doodle-renoir/creek.jpg"),
    "creek-cezanne": ("doodle-renoir/creek.jpg", "paintings/cezanne.jpg"),
    "tower-starry": ("photos", "paintings/starry_night.jpg"),
}
"""Styles and content, below IMAGES."""


def method_for(styles: list[Path], content: Path, network: Path | None, values: dict[str, Any]) -> Magic:
    sizes = {"style": [image_size(path) for path in styles], "content": [image_size(content)]}
    settings = {
        **Magic.fitting(sizes),
        **({} if network is None else {"start": "nothing"}),
        **values,
    }
    job = Job(
        method="magic",
        settings=MagicSettings.of(settings),
        sources={
            "style": tuple(SourceImage(path=str(path)) for path in styles),
            "content": (SourceImage(path=str(content)),),
        },
    )
    method = Magic(job, torch.device("cpu"))
    if network is not None:
        method.begin_with(network)
    return method


def painted(method: Magic, layer: str = "result") -> np.ndarray:
    """uint8 [H, W, 3], the whole canvas."""
    size = method.canvas_size
    with torch.no_grad():
        picture = Artwork(method, size, layer).at(Box(0, 0, size.height, size.width))
    return to_uint8(picture)


def chosen(method: Magic) -> np.ndarray:
    """int [H, W]: the piece that has most of each pixel."""
    size = method.canvas_size
    box = size.box.align(method.alignment_px)
    with torch.no_grad():
        mixture = method.painting(box, method.scene(size)).mixture[0]  # [K, h, w]
    return mixture.argmax(0)[: size.height, : size.width].numpy()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instant", description="MAGIC without training.")
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--network", type=Path, help="instead of the one that comes with the program")
    parser.add_argument("--pairs", nargs="+", choices=list(PAIRS), default=list(PAIRS))
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=NUMBER")
    parser.add_argument("--plain", action="store_true", help="nothing is fitted to the images, besides their scales")
    parser.add_argument("--sliders", action="store_true", help="also what Content and Size of the pieces do")
    parser.add_argument("--refine", type=float, default=0.0, metavar="SECONDS", help="and five times that from nothing")
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args(argv)
    heap.keep_freed()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    values = {name: json.loads(value) for name, value in (item.split("=") for item in arguments.set)}
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows, pictures = [], []
    for pair in arguments.pairs:
        style, content = (arguments.images / name for name in PAIRS[pair])
        styles = sorted(style.glob("*.*")) if style.is_dir() else [style]
        method = method_for(styles, content, arguments.network, values)
        start = time.perf_counter()
        picture = painted(method)
        seconds = time.perf_counter() - start
        fitted = {} if arguments.plain else method.fitting_picture(method.fitted_by_picture.difference(values))
        if fitted:
            method.settings = method.settings.with_values(fitted)
            picture = painted(method)
        file = arguments.out / f"{pair}.png"
        Image.fromarray(picture).save(file)
        pictures.append(picture)
        every, detail = style_distances(file, styles)
        row = {
            "pair": pair,
            "content": content_match(file, content),
            "structure": structure(file, content),
            "style": every,
            "detail": detail,
            "area_px": piece_area_px(chosen(method)),
            "seconds": seconds,
            **fitted,
        }
        if arguments.refine:
            for name, start, seconds in (
                ("refined", "network", arguments.refine),
                ("scratch", "nothing", 5 * arguments.refine),
            ):
                learned = method_for(styles, content, None, {**values, **fitted, "start": start})
                row[name] = _after(learned, seconds, file.with_stem(f"{pair}-{name}"), styles, content)
        if arguments.sliders:
            row["lambda"] = [_with(method, file, content, content_weight=w)[0] for w in (5.0, 25.0, 125.0)]
            row["tv"] = [_with(method, file, content, variation_weight=w)[1] for w in (0.02, 0.12, 0.7)]
        rows.append(row)
        print(" ".join(f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()), flush=True)
    numbers = {
        key: np.mean([row[key] for row in rows]) for key in ("content", "structure", "style", "detail", "seconds")
    }
    print("mean", " ".join(f"{key} {value:.3f}" for key, value in numbers.items()))
    (arguments.out / "figures.json").write_text(json.dumps(rows, indent=1))
    Image.fromarray(_sheet(pictures)).save(arguments.out / "sheet.jpg", quality=92)
    return 0


def _after(method: Magic, seconds: float, file: Path, styles: list[Path], content: Path) -> dict[str, float]:
    """Measures of the picture after so many seconds of training."""
    step, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        method.step(step)
        step += 1
    Image.fromarray(painted(method)).save(file)
    every, detail = style_distances(file, styles)
    found = {"content": content_match(file, content), "structure": structure(file, content)}
    return {"steps": step} | {
        key: round(value, 3) for key, value in (found | {"style": every, "detail": detail}).items()
    }


def _with(method: Magic, file: Path, content: Path, **values: float) -> tuple[float, float]:
    """Structure match and mean area of the pieces with other live settings."""
    before = method.settings
    method.settings = before.with_values(values)
    other = file.with_stem(file.stem + "-" + "-".join(f"{k}{v}" for k, v in values.items()))
    Image.fromarray(painted(method)).save(other)
    area = piece_area_px(chosen(method))
    method.settings = before
    return round(structure(other, content), 3), round(area, 1)


def _sheet(pictures: list[np.ndarray], height: int = 560, columns: int = 4) -> np.ndarray:
    cells = []
    for picture in pictures:
        size = Size(height, round(picture.shape[1] * height / picture.shape[0]))
        cells.append(np.asarray(Image.fromarray(picture).resize((size.width, size.height), Image.Resampling.LANCZOS)))
    rows = []
    for first in range(0, len(cells), columns):
        rows.append(np.concatenate(cells[first : first + columns], 1))
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
