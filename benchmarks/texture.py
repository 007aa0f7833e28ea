"""`python -m benchmarks.texture norms` and `... variety`: what norms and the diversity term do to trained generators.

norms: the objective of stylize after equal steps, by norm (figure 3a of Ulyanov et al. 2017). variety: how much samples
of texture differ, and how near they are to the style, with the diversity term and without.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from benchmarks import common
from engine import losses
from engine.box import Size
from engine.fields.artwork import Artwork
from engine.job import Job
from engine.method_choices import preset_values
from engine.methods.feedforward.base import GeneratorMethod
from engine.methods.feedforward.stylize import Stylize
from engine.methods.feedforward.texture import Texture
from engine.settings import parse_assignments

PAPERS = {"adversarial_weight": 0.0}
"""The objective is the papers', without a discriminator, unless `--set` says otherwise."""
SAMPLES = 16
LOOKS = 8
"""How often the style loss of samples is taken, each time through other filters."""


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    device = common.prepared(arguments)
    with common.workshop() as folder:
        images = common.sources(arguments, folder)
        rows = {"norms": _norms, "variety": _variety}[arguments.what](arguments, images, device.torch)
    return {"what": arguments.what, "steps": arguments.steps, "rows": rows, **common.machine(device)}


def _norms(arguments: argparse.Namespace, images: Mapping[str, Any], device: torch.device) -> list[dict[str, Any]]:
    rows = []
    for norm in arguments.norms:
        method = Stylize(_job(arguments, Stylize, images, {"norm": norm}), device)
        curve, seconds = _trained(method, arguments.steps)
        last = curve[-max(1, len(curve) // 10) :]
        means = {key: sum(terms[key] for terms in last) / len(last) for key in ("objective", "style", "content")}
        rows.append({"norm": norm, **means, "seconds": seconds, "curve": [terms["objective"] for terms in curve]})
    return rows


def _variety(arguments: argparse.Namespace, images: Mapping[str, Any], device: torch.device) -> list[dict[str, Any]]:
    rows = []
    for weight in (0.0, arguments.weight):
        changes = {"generator": arguments.generator, "diversity_weight": weight}
        method = Texture(_job(arguments, Texture, {"style": images["style"]}, changes), device)
        _, seconds = _trained(method, arguments.steps)
        samples = _samples(method)
        rows.append(
            {
                "variety": weight,
                "distance": float(losses.mean_distance(samples[None])),
                "style": _distance_to_the_style(method, samples),
                "seconds": seconds,
            }
        )
    return rows


def _job(arguments: argparse.Namespace, method: type[GeneratorMethod], images: Any, changes: dict[str, Any]) -> Job:
    values = preset_values(method, arguments.preset or ["Draft"]) | PAPERS
    values |= parse_assignments(method.Settings, arguments.assignments) | changes
    return Job(method=method.key, settings=method.Settings.of(values), sources=images, seed=arguments.seed)


def _trained(method: GeneratorMethod, steps: int) -> tuple[list[dict[str, float]], float]:
    """The terms of each step, with the objective, and how long it took."""
    began, curve = time.perf_counter(), []
    for step in range(steps):
        terms = method.step(step)
        terms["objective"] = method._objective(terms)
        curve.append({key: float(value) for key, value in terms.items()})
    common.wait(method.device)
    return curve, time.perf_counter() - began


def _samples(method: Texture) -> Tensor:
    """[16, 3, H, W]: one place of the canvas in as many samples."""
    side = method.settings.patch
    method.freeze_statistics()
    images = []
    for seed in range(SAMPLES):
        method.settings = method.settings.with_values({"sample_seed": seed})
        with torch.no_grad():
            images.append(Artwork(method, method.canvas_size).at(Size(side, side).box))
    return torch.stack(images)


def _distance_to_the_style(method: GeneratorMethod, samples: Tensor) -> float:
    random, total = torch.Generator().manual_seed(1), 0.0
    with torch.no_grad():
        for _ in range(LOOKS):
            method.style_loss.refresh(random)
            total += float(method.style_loss(samples, None))
    return total / LOOKS


def show(result: Mapping[str, Any]) -> str:
    rows = result["rows"]
    if result["what"] == "norms":
        title = f"Fast stylisation, {result['steps']:,} steps, mean of the last tenth; {result['device']}"
        cells = [("norm", "objective", "style", "content", "time")]
        cells += [
            (r["norm"], f"{r['objective']:.4f}", f"{r['style']:.4f}", f"{r['content']:.4f}", f"{r['seconds']:.0f} s")
            for r in rows
        ]
        return common.table(title, cells)
    title = f"Texture network, {result['steps']:,} steps, {SAMPLES} samples; {result['device']}"
    cells = [("variety", "distance of two samples", "distance to the style", "time")]
    cells += [(f"{r['variety']:g}", f"{r['distance']:.4f}", f"{r['style']:.4f}", f"{r['seconds']:.0f} s") for r in rows]
    return common.table(title, cells)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.texture", description=__doc__)
    parser.add_argument("what", choices=("norms", "variety"))
    common.add_common(parser)
    common.add_threads(parser)
    parser.add_argument("--steps", type=int, default=300, metavar="N", help="of training; 300 unless given")
    parser.add_argument("--norms", nargs="+", default=["instance", "batch", "layer"], metavar="NAME")
    parser.add_argument("--weight", type=float, default=1.0, metavar="W", help="of the diversity term; 1 unless given")
    parser.add_argument(
        "--generator", default="deep", metavar="NAME", help="deep unless given, which lacks variety most"
    )
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
