"""`python -m benchmarks.window`: how soon the window is there, and how it answers while it trains.

The real program runs in a process of its own, driven by window_driver.py; here it is started, and its answer printed.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import common
from engine.device import choose
from engine.errors import TesseraError

_ROOT = Path(__file__).parents[1]
_SAID = 2000
"""Characters of what the program said last that are worth showing where it failed."""


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures; times in seconds, ticks in milliseconds. Raises TesseraError."""
    device = choose(arguments.device)
    arguments.preset = arguments.preset or ["Draft"]
    with common.workshop() as folder:
        job = common.job(arguments, folder)
        order = {
            "sources": {slot: [image.path for image in images] for slot, images in job.sources.items()},
            "settings": job.settings.model_dump(),
            "device": device.key,
            "seconds": arguments.seconds,
            "settle": arguments.settle,
            "folder": str(folder),
        }
        answer = _drive(order, arguments.platform, arguments.timeout + 2 * arguments.seconds)
    # The program decides itself how many threads it trains with.
    machine = {key: value for key, value in common.machine(device).items() if key != "threads"}
    return {"presets": arguments.preset, **machine, "platform": arguments.platform, **answer}


def _drive(order: dict[str, Any], platform: str, timeout_s: float) -> dict[str, Any]:
    """What the driven program measured. Raises TesseraError where it fails or hangs."""
    environment = os.environ | ({"QT_QPA_PLATFORM": platform} if platform else {})
    for package in ("app", "benchmarks", "engine"):  # an installed program is compiled once, and not at each start
        compileall.compile_dir(_ROOT / package, quiet=2)
    order_file = Path(order["folder"]) / "order.json"
    # The clock is one for all processes of a machine, so that the child can tell how long ago it was started.
    order["started"] = time.monotonic()
    order_file.write_text(json.dumps(order), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.window_driver", str(order_file)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        said = (error.stderr or b"").decode(errors="replace").strip()[-_SAID:]
        raise TesseraError(f"The window did not finish within {timeout_s:.0f} s; see --timeout. {said}") from None
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise TesseraError(f"The window ended with status {done.returncode}: {done.stderr.strip()[-_SAID:]}")
    return json.loads(lines[-1])


def show(result: Mapping[str, Any]) -> str:
    def ticks(name: str) -> tuple[str, ...]:
        figures = result[name]
        return (f"p50 {figures['p50']:.1f}", f"p95 {figures['p95']:.1f}", f"max {figures['max']:.1f} ms")

    moves = result["slider"]
    return common.table(
        f"Tessera's window with FAMOS ({result['platform'] or 'as the environment says'}): "
        f"{', '.join(result['presets'])}; {result['device']}",
        [
            ("splash after", "", "", f"{result['splash_s']:.2f} s"),
            ("window after", "", "", f"{result['window_s']:.2f} s"),
            ("ready after", "", "", f"{result['ready_s']:.2f} s"),
            ("16 ms timer, idle", *ticks("ticks_idle_ms")),
            ("16 ms timer, training", *ticks("ticks_training_ms")),
            ("steps before, untouched", "", "", f"{result['steps_untouched_per_s']:.2f} steps/s"),
            ("steps meanwhile", "", "", f"{result['steps_per_s']:.2f} steps/s"),
            ("pictures shown meanwhile", "", "", f"{result['views']}"),
            ("slider moved", "", "", f"{moves['moves']} times"),
            ("in the next step", "", "", f"{moves['in_the_next_step']} times"),
            ("latest", "", "", f"{moves['latest_steps']} steps later"),
        ],
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.window", description=__doc__)
    common.add_common(parser)
    parser.add_argument(
        "--seconds",
        type=float,
        default=15.0,
        metavar="S",
        help="of training untouched, and with a slider that moves; 15 unless given",
    )
    parser.add_argument("--settle", type=float, default=3.0, metavar="S", help="between two parts; 3 unless given")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="S", help="for all besides; 120 unless given")
    parser.add_argument(
        "--platform", default="offscreen", metavar="NAME", help="of Qt; empty for the screen; offscreen unless given"
    )
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
