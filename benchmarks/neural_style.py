"""`python -m benchmarks.neural_style speed | large | presets`: how fast pixels are optimised, in what memory, how well.

speed: 100 iterations at 512 px, in one piece. large: iterations at 4000 x 3000 px in tiles, and the peak of memory.
presets: the paper's columns and the default after equal iterations; style match is the distance of patches of three
sizes to the style's (0 the same, 1 as far as the content is), content match as for mosaics. No claim goes beyond these.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from benchmarks import common
from benchmarks.measures import content_match
from benchmarks.memory import PeakMemory, mebibytes
from engine.box import Size
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8
from engine.images.read import read_image
from engine.job import Job, SourceImage
from engine.method_choices import preset_values
from engine.methods.optimised.neural_style import NeuralStyle
from engine.settings import parse_assignments
from engine.style.filters import Filters
from engine.style.sliced import Sliced

COLUMNS = (
    *("Default", "Classic", "Classic Shifted", "Classic Dense", "All-To-Content"),
    *("Chain", "Chain Uniform", "Chain Unshifted", "Chain Blurred", "Chain Extended"),
)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    device = common.prepared(arguments)
    work = {"speed": _speed, "large": _large, "presets": _presets}[arguments.what]
    with common.workshop() as folder:
        rows = work(arguments, folder, PeakMemory(device))
    return {"what": arguments.what, "steps": arguments.steps, "rows": rows, **common.machine(device)}


def _images(arguments: argparse.Namespace, folder: Path, height: int, width: int) -> dict[str, Any]:
    """The images given, else made ones of this size."""
    found = {}
    for seed, slot in enumerate(("style", "content")):
        paths = getattr(arguments, slot) or [common.made_picture(folder / f"{slot}.png", height, width, seed)]
        found[slot] = tuple(SourceImage(path=str(path.absolute())) for path in paths[:1])
    return found


def _method(
    arguments: argparse.Namespace, images: dict[str, Any], values: dict[str, Any], **changes: Any
) -> NeuralStyle:
    settings = NeuralStyle.Settings.of(values | parse_assignments(NeuralStyle.Settings, arguments.assignments))
    job = Job(method="neural_style", settings=settings, sources=images, seed=arguments.seed, **changes)
    return NeuralStyle(job, common.choose(arguments.device).torch)


def _stepped(method: NeuralStyle, steps: int) -> float:
    began = time.perf_counter()
    for step in range(steps):
        method.step(step)
    common.wait(method.device)
    return time.perf_counter() - began


def _speed(arguments: argparse.Namespace, folder: Path, memory: PeakMemory) -> list[dict[str, Any]]:
    rows = []
    for name, values in (("sorted values", {}), ("Gram matrices", {"statistic": "gram", "levels": 4})):
        method = _method(
            arguments, _images(arguments, folder, 512, 512), {"scales": 1} | values, canvas_size=Size(512, 512)
        )
        _stepped(method, 2)
        memory.restart()
        rows.append({"name": name, "seconds": _stepped(method, arguments.steps), "peak_bytes": memory.peak_bytes})
    return rows


def _large(arguments: argparse.Namespace, folder: Path, memory: PeakMemory) -> list[dict[str, Any]]:
    memory.restart()
    method = _method(arguments, _images(arguments, folder, 3000, 4000), {"scales": 1}, canvas_size=Size(3000, 4000))
    seconds = _stepped(method, arguments.steps)
    return [{"name": "4000 x 3000", "seconds": seconds, "peak_bytes": memory.peak_bytes}]


def _presets(arguments: argparse.Namespace, folder: Path, memory: PeakMemory) -> list[dict[str, Any]]:
    images, rows = _images(arguments, folder, 384, 512), []
    style, content = (Path(images[slot][0].path) for slot in ("style", "content"))
    for name in COLUMNS:
        memory.restart()
        network = {} if name == "Default" else {"network": arguments.network}
        method = _method(arguments, images, preset_values(NeuralStyle, [name]) | {"levels": 4} | network)
        if name == "Default":
            method = _method(arguments, images, preset_values(NeuralStyle, [name]))
        seconds = _stepped(method, arguments.steps)
        with torch.no_grad():
            picture = Artwork(method, method.canvas_size).at(method.canvas_size.box)
        Image.fromarray(to_uint8(picture)).save(folder / "result.png")
        if arguments.pictures:
            arguments.pictures.mkdir(parents=True, exist_ok=True)
            Image.fromarray(to_uint8(picture)).save(arguments.pictures / f"{name}.png")
        rows.append(
            {
                "name": name,
                "style_distance": style_distance(picture, _read(style), _read(content)),
                "content_match": content_match(folder / "result.png", content),
                "seconds": seconds,
                "peak_bytes": memory.peak_bytes,
            }
        )
    return rows


def _read(path: Path) -> Tensor:
    return read_image(path).pixels.float() / 255


def style_distance(picture: Tensor, style: Tensor, content: Tensor) -> float:
    """Sliced Wasserstein distance of 7 x 7 patches of a picture [3, h, w] to those of the style, at three scales.

    In units of the content's distance; the same 64 filters each time.
    """
    filters = Filters(64, 3, rectified=False, fixed=True, random=torch.Generator().manual_seed(1))
    statistic = Sliced(filters.layers)
    with torch.no_grad():
        target = statistic.target([[filters.extract(style[None])]])
        ours, theirs = (
            sum(float(loss) for loss in statistic.losses(filters.extract(image[None].cpu()), target).values())
            for image in (picture, content)
        )
    return ours / max(theirs, 1e-9)


def show(result: Mapping[str, Any]) -> str:
    rows, steps = result["rows"], result["steps"]
    title = f"Neural style, {steps:,} iterations; {result['device']}, {result['threads']} threads"
    if result["what"] != "presets":
        cells = [("", "time", "per iteration", "peak memory")]
        cells += [
            (r["name"], f"{r['seconds']:.0f} s", f"{r['seconds'] / steps:.2f} s", mebibytes(r["peak_bytes"]))
            for r in rows
        ]
        return common.table(title, cells)
    cells = [("preset", "distance to the style", "content match", "time", "peak memory")]
    cells += [
        (
            r["name"],
            *(f"{r['style_distance']:.3f}", f"{r['content_match']:.3f}"),
            *(f"{r['seconds']:.0f} s", mebibytes(r["peak_bytes"])),
        )
        for r in rows
    ]
    return common.table(title, cells)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neural_style", description=__doc__)
    parser.add_argument("what", choices=("speed", "large", "presets"))
    parser.add_argument("--steps", type=int, default=100, metavar="N", help="iterations; 100 unless given")
    parser.add_argument("--network", choices=("vgg19", "filters"), default="vgg19", help="of the paper's presets")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="also save what each preset made")
    common.add_common(parser)
    common.add_threads(parser)
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
