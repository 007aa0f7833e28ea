"""`python -m benchmarks.monkey`: a thousand things that a person could do in the window, in an order that a seed gives.

No exception may come of it, no warning of Qt, no report of a crash, and the memory may not grow; afterwards each
project opens whole. Threads run as they like, so that the same seed gives similar actions, and not the same ones.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import common
from engine import device, heap
from engine.errors import TesseraError
from engine.job import Job, SourceImage
from engine.method import method_class, method_keys
from engine.preview.views import preview

MOST_GROWTH_MB = 50.0
WARM_UP = 100
"""Actions before the memory is compared: what is loaded once is loaded then."""
SMALL: dict[str, dict[str, Any]] = {
    "famos": {
        "templates": 5,
        "generator_width": 4,
        "discriminator_width": 4,
        "patch": 32,
        "batch": 1,
        "depth": 2,
        "discriminator_depth": 2,
    },
    "magic": {
        "set_size": 5,
        "generator_width": 4,
        "discriminator_width": 4,
        "heads": 2,
        "depth": 2,
        "discriminator_depth": 2,
        "patch": 32,
        "batch": 2,
        "points": 2,
    },
    **{key: {"patch": 64, "batch": 1, "width": 4} for key in ("texture", "stylize", "doodle_net")},
}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """What happened. Raises TesseraError: something went wrong."""
    faulthandler.enable()
    heap.keep_freed()  # as the program does, before there are threads
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with common.workshop() as folder:
        load_methods(folder)
        return play(folder, arguments.actions, arguments.seed, SMALL, arguments.told)


def load_methods(folder: Path) -> None:
    """A step and a picture of each method: what each loads at its first use stays, some megabytes of the libraries.

    Chance may choose a method for the first time after the memory was taken down.
    """
    (folder / "first").mkdir()
    picture = common.made_picture(folder / "first" / "picture.png", 96, 128, seed=1)
    for key in method_keys():
        kind = method_class(key)
        sources = {slot.key: (SourceImage(path=str(picture)),) for slot in kind.slots}
        job = Job(method=key, settings=kind.Settings.of(dict(SMALL.get(key, {}))), sources=sources)
        method = kind(job, device.choose("cpu").torch)
        method.step(0)
        preview(method)


def play(
    folder: Path, actions: int, seed: int, small: Mapping[str, Mapping[str, Any]], told: bool = False
) -> dict[str, Any]:
    """Plays in a folder that is empty.

    Args:
        small: settings for each method that would be slow without.
        told: print each action before it is done.

    Raises:
        TesseraError: what went wrong, with the actions before it.
    """
    from benchmarks.monkey_player import Monkey  # what names a platform for Qt comes before Qt

    monkey = Monkey(folder, seed, small)
    began = time.monotonic()
    grown_mb, first_mb = 0.0, 0.0
    for number in range(1, actions + 1):
        name = monkey.act()
        if told:
            print(number, name, monkey.window.training.state, f"{monkey.memory_mb():.0f} MB", flush=True)
        if monkey.wrong:
            break
        if number == min(WARM_UP, actions):
            first_mb = monkey.memory_at_rest_mb()
    else:
        grown_mb = monkey.memory_at_rest_mb() - first_mb
    monkey.end()
    if monkey.wrong:
        before = ", ".join(monkey.done)
        raise TesseraError("\n".join([*monkey.wrong, f"After {sum(monkey.counts.values())} actions: {before}"]))
    if actions > WARM_UP and grown_mb > MOST_GROWTH_MB:
        raise TesseraError(f"The memory grew by {grown_mb:.0f} MB after the first {WARM_UP} actions.")
    return {
        "actions": actions,
        "seed": seed,
        "windows": monkey.windows,
        "answers": monkey.answers.given,
        "projects": len(monkey.projects()),
        "memory_mb": round(first_mb, 1),
        "grown_mb": round(grown_mb, 1),
        "seconds": round(time.monotonic() - began, 1),
        "counts": dict(sorted(monkey.counts.items())),
    }


def show(result: Mapping[str, Any]) -> str:
    return common.table(
        "Played with the window",
        [
            ("actions", f"{result['actions']}, seed {result['seed']}"),
            ("windows", f"{result['windows']}"),
            ("questions answered", f"{result['answers']}"),
            ("projects that open", f"{result['projects']}"),
            ("memory at rest", f"{result['memory_mb']:.0f} MB"),
            ("grown since", f"{result['grown_mb']:.1f} MB"),
            ("time", f"{result['seconds']:.0f} s"),
        ],
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.monkey", description=__doc__)
    parser.add_argument("--actions", type=int, default=1000, metavar="N", help="1,000 unless given")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--told", action="store_true", help="print each action")
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
