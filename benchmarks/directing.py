"""What maps do, measured: each of two halves of a canvas by a map, and the same without one.

    python -m benchmarks.directing --map pieces --style A --style-right B --content C --seconds 90 --out run.png

Each run trains one method (or none, with 0 seconds: what is there at once) and prints a row: of each half the share
that its own images have, the content match, the error of the content, and the mean area of a piece. On a computer that
others use as well `--steps` says how long instead, so that runs are alike.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.measures import content_match, piece_area_px
from engine.box import Box
from engine.device import choose, prepare_thread
from engine.fields.artwork import Artwork
from engine.images.find import find_images
from engine.images.quantise import to_uint8
from engine.images.read import image_size
from engine.job import Job, SourceImage
from engine.method import Method, method_class
from engine.method_choices import preset_values
from engine.renderer import PIECES_LAYER, RendererAround
from engine.settings import parse_assignments

LEFT, RIGHT = "#dc1414", "#1428dc"
GREYS = {"content": (62, 189), "size": (0, 255), "paint": (0, 255)}
"""Of the halves of a map: for content 0.3 and 3 times what the setting says."""
MAPS = ("none", "pieces", *GREYS)


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--method", choices=("famos", "magic"), default="famos")
    add("--map", choices=MAPS, default="pieces")
    add("--style", type=Path, nargs="+", required=True, help="images of the left half, where a map says so")
    add("--style-right", type=Path, nargs="+", required=True, help="images of the right half")
    add("--content", type=Path, required=True)
    add("--seconds", type=float, default=90.0, help="of training; 0 shows what is there at once")
    add("--steps", type=int, help="of training, in place of seconds")
    add("--set", action="append", default=[], dest="assignments", metavar="NAME=VALUE")
    add("--out", type=Path, help="the picture as PNG")
    return parser.parse_args(arguments)


def job_of(arguments: argparse.Namespace, folder: Path) -> Job:
    method = method_class(arguments.method)
    left, right = (find_images(paths)[0] for paths in (arguments.style, arguments.style_right))
    values: dict[str, Any] = preset_values(method, ["Draft"])
    sizes = {"style": [image_size(path) for path in [*left, *right]], "content": [image_size(arguments.content)]}
    values |= method.fitting(sizes) | parse_assignments(method.Settings, arguments.assignments)
    regions = {True: (LEFT,), False: (RIGHT,)} if arguments.map == "pieces" else {True: None, False: None}
    sources = {
        "style": tuple(SourceImage(path=str(p.absolute()), regions=regions[p in left]) for p in [*left, *right]),
        "content": (SourceImage(path=str(arguments.content.absolute())),),
    }
    if arguments.map != "none":
        width, height = 400, 600
        colors = (LEFT, RIGHT) if arguments.map == "pieces" else ((grey,) * 3 for grey in GREYS[arguments.map])
        first, second = colors
        picture = Image.new("RGB", (width, height), first)
        picture.paste(second, (width // 2, 0, width, height))
        picture.save(folder / "map.png")
        sources[f"{arguments.map}_map"] = (SourceImage(path=str(folder / "map.png")),)
    return Job(method=arguments.method, settings=method.Settings.of(values), sources=sources)


class _Shares(RendererAround):
    """The shares of images as a layer."""

    def __init__(self, method: Method) -> None:
        super().__init__(method)
        self._method = method

    def paint(self, box: Box, canvas_size: Any) -> dict[str, torch.Tensor]:
        return {"shares": self._method.image_shares(box, canvas_size)}


def measured(method: Method, own: tuple[list[int], list[int]], content: Path, out: Path) -> dict[str, Any]:
    """One row of figures: for each half of the canvas how far it has what was asked for."""
    size, row = method.canvas_size, dict[str, Any]()
    with torch.no_grad():
        shares = Artwork(_Shares(method), size, "shares").at(size.box)
        layers = Artwork(method, size).some_at(size.box, ("result", "content", "mask", PIECES_LAYER))
    picture = to_uint8(layers["result"])
    Image.fromarray(picture).save(out)
    chosen = layers[PIECES_LAYER][0].long().cpu().numpy()
    middle = size.width // 2
    with Image.open(content) as image:
        original = image.convert("RGB").resize((size.width, size.height), Image.Resampling.BOX)
    for name, images, part in zip(("left", "right"), own, (slice(0, middle), slice(middle, None)), strict=True):
        ours, theirs = out.with_suffix(f".{name}.png"), out.with_suffix(f".{name}.content.png")
        Image.fromarray(picture[:, part]).save(ours)
        Image.fromarray(np.asarray(original)[:, part]).save(theirs)
        wanted = to_uint8(layers["content"])[:, part].mean(2) / 255
        given = picture[:, part].mean(2) / 255
        row[name] = {
            "own share": round(float(shares[images][:, :, part].sum(0).mean()), 4),
            "content match": round(content_match(ours, theirs), 3),
            "content error": round(float(np.square(_blocks(given) - _blocks(wanted)).mean()), 5),
            "piece area px": round(piece_area_px(chosen[:, part]), 1),
            "painted": round(float(layers["mask"][:, :, part].mean()), 3),
        }
        ours.unlink()
        theirs.unlink()
    return row


def _blocks(plane: np.ndarray, side: int = 8) -> np.ndarray:
    height, width = (length // side * side for length in plane.shape)
    return plane[:height, :width].reshape(height // side, side, width // side, side).mean((1, 3))


def main() -> None:
    arguments = parsed()
    device = choose("cpu")
    prepare_thread(device)
    with tempfile.TemporaryDirectory() as folder:
        job = job_of(arguments, Path(folder))
        method = method_class(job.method)(job, device.torch)
        steps, began = 0, time.monotonic()
        while time.monotonic() - began < arguments.seconds if arguments.steps is None else steps < arguments.steps:
            method.step(steps)
            steps += 1
        seconds = round(time.monotonic() - began, 1)
        left = len(find_images(arguments.style)[0])
        own = list(range(left)), list(range(left, len(job.sources["style"])))
        out = arguments.out or Path(folder) / "picture.png"
        row = {"method": job.method, "map": arguments.map, "seconds": seconds, "steps": steps}
        print(json.dumps(row | measured(method, own, arguments.content, out)), flush=True)


if __name__ == "__main__":
    main()
