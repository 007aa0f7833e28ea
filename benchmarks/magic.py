"""`python -m benchmarks.magic PART`: the figures of MAGIC. Parts: step, picture, attention, weights, permutation.

Times depend on the machine and on what else it does; memory, the effects of weights and the permutation hardly do.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from benchmarks import common
from benchmarks.measures import content_match
from benchmarks.memory import PeakMemory, mebibytes
from engine.device import Device
from engine.errors import TesseraError
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8
from engine.job import Job
from engine.method_choices import preset_values
from engine.methods.magic.method import Magic
from engine.nn.set_attention import SetAttention
from engine.settings import parse_assignments
from engine.templates.atlas import Templates

_TILE_PX = 256
_WEIGHTS: tuple[tuple[str, float, float, str, dict[str, Any]], ...] = (
    ("entropy_weight", 0.5, 5.0, "entropy", {}),
    ("variation_weight", 1.0, 100.0, "variation", {}),
    ("largest_share_weight", 0.0, 10.0, "largest_share", {"guidance": "unguided", "set_size": 3}),
)
"""Setting, its two values, the term that falls, and what else is set."""


def measure_step(arguments: argparse.Namespace, device: Device, folder: Path) -> dict[str, Any]:
    """Seconds of a step, and the peak memory of the steps above that of the built method."""
    method = _method(arguments, device, folder)
    peak = PeakMemory(device)
    before = peak.now_bytes
    method.step(0)
    peak.restart()
    start = time.perf_counter()
    for step in range(1, arguments.steps + 1):
        method.step(step)
    common.wait(device.torch)
    seconds = (time.perf_counter() - start) / arguments.steps
    return {
        "steps_per_s": 1 / seconds,
        "step_s": seconds,
        "peak_bytes": peak.peak_bytes - before,
        "precision": "bfloat16" if method._bfloat16 else "float32",
    }


def measure_picture(arguments: argparse.Namespace, device: Device, folder: Path) -> dict[str, Any]:
    """Trains for so many steps, paints the canvas to `--out`, and compares it with the content."""
    method = _method(arguments, device, folder)
    start = time.perf_counter()
    terms = {key: float(value) for key, value in _trained(method, arguments.steps).items()}
    seconds = time.perf_counter() - start
    picture = to_uint8(_painted(method))
    Image.fromarray(picture).save(arguments.out)
    content = Path(common.sources(arguments, folder)["content"][0].path)
    return {
        "steps": arguments.steps,
        "seconds": seconds,
        "content_match": content_match(arguments.out, content),
        "templates_in_use": terms["templates_in_use"],
        "terms": terms,
        "picture": str(arguments.out),
    }


def measure_attention(arguments: argparse.Namespace, device: Device, folder: Path) -> dict[str, Any]:
    """Peak memory of one attention, forward and backward, above its input: K 50, the quarter size of a patch of 256."""
    result = {}
    for kind in _ATTENTIONS:  # each in a process of its own, which has no memory left over from another
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            result[kind] = pool.submit(_attention_peak, kind, device, torch.get_num_threads()).result()
    return {"peak_bytes": result, "ratio_to_full": result["through points"] / result["full"]}


_ATTENTIONS = {"every score kept": 0, "full": 0, "through points": 8}
"""How it is computed, and with how many points."""


def _attention_peak(kind: str, device: Device, threads: int) -> int:
    torch.set_num_threads(threads)
    width, side, count = 32, 64, 50
    points = _ATTENTIONS[kind]
    attention = SetAttention(width, 4, points).to(device.torch)
    attention.initialise(torch.Generator().manual_seed(0))
    small = torch.rand(2, width, 4, 4, device=device.torch, requires_grad=True)
    attention(small, 2).square().sum().backward()  # what the first call imports is no part of it
    elements = torch.rand(count, width, side, side, device=device.torch).to(memory_format=torch.channels_last)
    elements.requires_grad_()
    peak = PeakMemory(device)
    before = peak.now_bytes
    peak.restart()
    with sdpa_kernel(SDPBackend.MATH) if kind == "every score kept" else nullcontext():
        attention(elements, count).square().sum().backward()
    common.wait(device.torch)
    return peak.peak_bytes - before


def measure_weights(arguments: argparse.Namespace, device: Device, folder: Path) -> dict[str, Any]:
    """What a term is after a short training with little and with much weight on it."""
    result = {}
    for name, less, more, term, others in _WEIGHTS:
        values = {}
        for weight in (less, more):
            method = _method(arguments, device, folder, {**others, name: weight})
            values[f"{weight:g}"] = float(_trained(method, arguments.steps)[term])
        result[name] = {"term": term, "values": values, "ratio": values[f"{more:g}"] / values[f"{less:g}"]}
    return result


def measure_permutation(arguments: argparse.Namespace, device: Device, folder: Path) -> dict[str, Any]:
    """How far A and I_M of a trained network move when its set is given in another order, in float32."""
    method = _method(arguments, device, folder)
    _trained(method, arguments.steps)
    box = method.canvas_size.box.align(method.alignment_px).quarters(method.alignment_px)[0]
    content = method._content_at(box, method.scene(method.canvas_size))
    straight = method.draw.templates(method.shown_size, 1)
    order = torch.randperm(len(straight), generator=torch.Generator().manual_seed(0))
    permuted = Templates(
        straight.atlas, straight.image[order], straight.offset[order], straight.flip[order], straight.edge
    )
    painted = []
    for templates in (straight, permuted):
        size = (box.height, box.width)
        with torch.no_grad():
            choice = method.average.choose(
                method.draw.at(templates, box), content, size, 0.0, None, (0.0, 0.0), method._conditions()
            )
            painted.append(method.average.paste([(choice, 1.0)], method.settings.temperature, method._mix_kernel))
    (collage, mixture), (same, turned) = painted
    return {
        "collage": float((same - collage).abs().max() / 2),
        "mixture": float((turned - mixture[:, order]).abs().max()),
    }


PARTS: dict[str, Callable[[argparse.Namespace, Device, Path], dict[str, Any]]] = {
    "step": measure_step,
    "picture": measure_picture,
    "attention": measure_attention,
    "weights": measure_weights,
    "permutation": measure_permutation,
}


def _method(
    arguments: argparse.Namespace, device: Device, folder: Path, changes: Mapping[str, Any] | None = None
) -> Magic:
    values = preset_values(Magic, arguments.preset or ["Draft"])
    values |= parse_assignments(Magic.Settings, arguments.assignments)
    values |= changes or {}
    sources = common.sources(arguments, folder)
    job = Job(method="magic", settings=Magic.Settings.of(values), sources=sources, seed=arguments.seed)
    return Magic(job, device.torch)


def _trained(method: Magic, steps: int) -> dict[str, Tensor]:
    """Means of the last tenth of the terms."""
    last = max(1, steps // 10)
    terms = [method.step(step) for step in range(steps)][-last:]
    return {key: torch.stack([term[key] for term in terms if key in term]).mean() for key in terms[-1]}


def _painted(method: Magic) -> Tensor:
    canvas = method.canvas_size
    picture = torch.empty(3, canvas.height, canvas.width)
    artwork = Artwork(method, canvas)
    with torch.no_grad():
        for tile in canvas.box.tiles(_TILE_PX):
            picture[:, *tile.within(canvas.box)] = artwork.at(tile).cpu()
    return picture


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Raises TesseraError."""
    device = common.prepared(arguments)
    if arguments.steps < 1:
        raise TesseraError(f"steps can not be {arguments.steps}; it is a whole number from 1.")
    with common.workshop() as folder:
        return {
            "part": arguments.part,
            **common.machine(device),
            **PARTS[arguments.part](arguments, device, folder),
        }


def show(result: Mapping[str, Any]) -> str:
    shown = [(key, _cell(key, value)) for key, value in result.items() if key not in ("part", "system", "terms")]
    return common.table(f"MAGIC, {result['part']}", shown)


def _cell(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_cell(key, inner)}" for name, inner in value.items())
    if key.endswith("bytes"):
        return mebibytes(value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.magic", description=__doc__)
    parser.add_argument("part", choices=tuple(PARTS))
    common.add_common(parser)
    common.add_threads(parser)
    parser.add_argument("--steps", type=int, default=60, metavar="N", help="of training; 60 unless given")
    parser.add_argument("--out", type=Path, default=Path("collage.png"), metavar="FILE", help="the picture")
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
