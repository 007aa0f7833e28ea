"""`python -m benchmarks.evened`: filters evened out over the style alone, or over style and contents.

For fast stylisation with Gram matrices, by `normalised_over`: the mean activation of each layer over the style and over
the contents, and what has been learned after equal steps. Texture and doodle networks have no contents: for them both
are the same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from benchmarks import common
from benchmarks.measures import content_match, structure, style_distances
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8
from engine.images.read import read_image
from engine.job import Job
from engine.method_choices import preset_values
from engine.methods.feedforward.stylize import Stylize
from engine.settings import parse_assignments
from engine.style.perceptual import Perceptual

WAYS = ("style", "both")
PAPERS = {"statistic": "gram", "content_by": "features", "content_weight": 1.0, "adversarial_weight": 0.0}
"""Compared as in the papers, but by the built-in filters unless `--set network=vgg19`."""


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    device = common.prepared(arguments)
    with common.workshop() as folder:
        images = common.sources(arguments, folder)
        paths = {slot: [Path(image.path) for image in images[slot]] for slot in ("style", "content")}
        rows = []
        for way in WAYS:
            method = Stylize(_job(arguments, images, way), device.torch)
            layers = _activations(method.style_loss.network, paths)
            for step in range(arguments.steps):
                method.step(step)
            file = (arguments.pictures or folder) / f"{way}.png"
            rows.append({"way": way, "layers": layers, **_painted(method, file, paths)})
    return {"steps": arguments.steps, "rows": rows, **common.machine(device)}


def _job(arguments: argparse.Namespace, images: Any, way: str) -> Job:
    values = preset_values(Stylize, arguments.preset or ["Draft"]) | PAPERS
    values |= parse_assignments(Stylize.Settings, arguments.assignments) | {"normalised_over": way}
    return Job(method=Stylize.key, settings=Stylize.Settings.of(values), sources=images, seed=arguments.seed)


def _activations(network: Perceptual, paths: Mapping[str, Sequence[Path]]) -> dict[str, dict[str, list[float]]]:
    """By layer and slot: the mean of its filters' mean activations, and what a tenth of them are below or above."""
    found: dict[str, dict[str, list[float]]] = {layer: {} for layer in network.layers}
    for slot, files in paths.items():
        seen = [_means(network, file) for file in files]
        for layer in network.layers:
            filters = torch.stack([means[layer] for means in seen]).mean(0)
            few, many = torch.quantile(filters, torch.tensor([0.1, 0.9])).tolist()
            found[layer][slot] = [float(filters.mean()), few, many]
    return found


def _means(network: Perceptual, file: Path) -> dict[str, Tensor]:
    """Of each filter, [C], over a whole image."""
    with torch.no_grad():
        image = read_image(file).pixels[None].float() / 255
        return {layer: x.abs().mean((0, 2, 3)).cpu() for layer, x in network(image).items()}


def _painted(method: Stylize, file: Path, paths: Mapping[str, Sequence[Path]]) -> dict[str, float]:
    """The whole canvas, written to a file and measured."""
    method.freeze_statistics()
    file.parent.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        Image.fromarray(to_uint8(Artwork(method, method.canvas_size).at(method.canvas_size.box))).save(file)
    content = paths["content"][0]
    style, detail = style_distances(file, paths["style"])
    found = {"content": content_match(file, content), "structure": structure(file, content)}
    return found | {"style": style, "detail": detail}


def show(result: Mapping[str, Any]) -> str:
    rows, tables = result["rows"], []
    for row in rows:
        cells = [("layer", "style", "a tenth below, above", "content", "a tenth below, above")]
        for layer, slots in row["layers"].items():
            parts = [f"{slots[slot][0]:.2f}" for slot in ("style", "content")]
            ranges = ["{:.2f}, {:.2f}".format(*slots[slot][1:]) for slot in ("style", "content")]
            cells.append((layer, parts[0], ranges[0], parts[1], ranges[1]))
        tables.append(common.table(f"Mean activations, evened out over {row['way']}", cells))
    names = ("content", "structure", "style", "detail")
    cells = [("evened out over", "content match", "structure match", "style", "detail")]
    cells += [(row["way"], *(f"{row[name]:.3f}" for name in names)) for row in rows]
    tables.append(common.table(f"Fast stylisation, {result['steps']:,} steps; {result['device']}", cells))
    return "\n\n".join(tables)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evened", description=__doc__)
    parser.add_argument("--steps", type=int, default=300, metavar="N", help="of training; 300 unless given")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="keep what was learned there")
    common.add_common(parser)
    common.add_threads(parser)
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
