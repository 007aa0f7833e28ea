"""`python -m benchmarks.device`: what this machine does with Tessera, as one table and as JSON, to be sent in.

    python -m benchmarks.device --out my-card.json

Steps of every method, their memory and what a card is told in them, tiles, a print through its canvas file, and live
pictures. On a card at the sizes of docs/figures.md, on a processor at sizes that end within two minutes. Needs no
window. Each figure is measured by a process of its own, so that one that fails costs no other; why it failed is said.
What tells most comes first, and the file is written after each: where a machine can be had for a short time only,

    python -m benchmarks.device --out my-card.json --minutes 8
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import common, device_figures, device_machine, device_parts
from benchmarks.device_cases import CAPTURED, SIZES, TINY, Sizes
from benchmarks.device_table import text
from engine.device import Device, is_out_of_memory
from engine.errors import BadSettingError

FORMAT = 1
"""Of the JSON; larger where a figure means something else than before."""
_FIRST = (
    *("agreement", "step-famos-hinge-captured", "step-magic-guided-captured", "canvas", "step-famos-wgan-captured"),
    *("step-famos-hinge", "mixture", "smoothing", "live", "step-magic-guided", "live-training", "painting-famos"),
)
"""The figures that are asked for most, where a machine can be had for minutes only."""
_SAID = 400
"""Characters of what a process said last that are worth showing where it failed."""
Figure = Callable[[Device, Path], dict[str, Any]]


def figures(sizes: Sizes, device: Device) -> dict[str, Figure]:
    """All that can be measured on the device, by name; what tells most comes first."""
    steps: dict[str, Figure] = {}
    for name, case in sizes.steps.items():
        steps[f"step-{name}"] = partial(device_figures.step, case)
        if device.torch.type == "cuda" and case.method in CAPTURED:
            steps[f"step-{name}-captured"] = partial(device_figures.step, case, captured=True)
    painting: dict[str, Figure] = {
        f"painting-{name}": partial(device_figures.painting, case, tiles=sizes.tiles)
        for name, case in sizes.painted.items()
    }
    found: dict[str, Figure] = {
        "agreement": partial(device_parts.agreement, TINY.steps),
        "mixture": partial(device_parts.mixture, sizes),
        "smoothing": partial(device_parts.smoothing, sizes),
        "canvas": partial(device_figures.canvas, sizes),
        "live": partial(device_figures.live, sizes),
        "live-training": partial(device_figures.live_training, sizes),
    }
    found |= steps | painting
    return {name: found.pop(name) for name in _FIRST if name in found} | found


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The machine and all figures. Raises TesseraError."""
    device = common.prepared(arguments)
    name = arguments.sizes or ("processor" if device.key == "cpu" else "card")
    known = figures(SIZES[name], device)
    if arguments.one:
        with common.workshop() as folder:
            return known[arguments.one](device, folder)
    unknown = set(arguments.only or ()) - set(known)
    if unknown:
        raise BadSettingError(f"only can not be {', '.join(sorted(unknown))}; known are {', '.join(known)}.")
    began = time.perf_counter()
    probe = (8192, 2**30) if name == "card" else (1024, 2**26)
    result = {
        "format": FORMAT,
        "sizes": name,
        "machine": device_machine.described(device),
        "at_best": device_machine.at_best(device, *probe),
        "figures": [],
    }
    until = began + 60 * arguments.minutes
    for figure in arguments.only or known:
        left_s = until - time.perf_counter()
        print(f"{figure} ...", file=sys.stderr, flush=True)
        if left_s <= 0:
            measured: dict[str, Any] = {"failed": "there was no time left for it; see --minutes"}
        elif arguments.together:
            measured = _here(known[figure], device)
        else:
            measured = _elsewhere(figure, device, name, arguments, min(left_s, arguments.timeout))
        result["figures"].append({"name": figure, **measured})
        result["seconds"] = time.perf_counter() - began
        if arguments.out:  # after each, so that what ends this from outside costs one
            arguments.out.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


def _here(figure: Figure, device: Device) -> dict[str, Any]:
    try:
        with common.workshop() as folder:
            return figure(device, folder)
    except Exception as error:
        return {"failed": "out of memory" if is_out_of_memory(error) else str(error) or type(error).__name__}


def _elsewhere(
    figure: str, device: Device, sizes: str, arguments: argparse.Namespace, timeout_s: float
) -> dict[str, Any]:
    """The figure by a process of its own; where that fails, why."""
    command = [sys.executable, "-m", "benchmarks.device", "--one", figure, "--device", device.key, "--sizes", sizes]
    command += ["--threads", str(arguments.threads)] if arguments.threads else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"took longer than {timeout_s:.0f} s; see --timeout and --minutes"}
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"]
        return {"failed": said[-1][:_SAID]}
    return json.loads(done.stdout.splitlines()[-1])


def show(result: Mapping[str, Any]) -> str:
    return text(result) if "figures" in result else json.dumps(result)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.device", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--device", default="auto", metavar="D", help="see `tessera devices`; the fastest unless given")
    add("--sizes", choices=tuple(SIZES), help="by the device unless given")
    add("--only", nargs="+", metavar="FIGURE", help="some of the figures, by the names that are told while it runs")
    add("--out", type=Path, metavar="FILE", help="write the JSON to a file as well")
    add("--timeout", type=float, default=600.0, metavar="S", help="of one figure; 600 unless given")
    add("--minutes", type=float, default=math.inf, metavar="M", help="begin no figure after so many, and end then")
    add(
        "--together",
        action="store_true",
        help="all in one process: sooner, but memory left by one hides that of others",
    )
    add("--one", help=argparse.SUPPRESS)
    common.add_threads(parser)
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
