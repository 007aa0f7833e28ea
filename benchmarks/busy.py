"""`python -m benchmarks.busy`: training and painting beside other programs, with fixed numbers of threads and its own.

For each kind of neighbour the same program runs with one thread, two, and so on, and with as many as it finds to pay,
in turn, several rounds; what is told is the part of the best fixed number that the last one reaches. 70 % are asked.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import common
from engine import cores
from engine.device import choose
from engine.errors import BadSettingError, TesseraError
from engine.project import save_job

_LOOP = "import os\nparent = {parent}\nwhile os.getppid() == parent:\n    for _ in range(10**6): pass\n"
_TORCH = (
    "import os, torch\ntorch.set_num_threads({threads})\n"
    "image, kernel = torch.rand(4, 64, 64, 64), torch.rand(64, 64, 3, 3)\n"
    "parent = {parent}\nwhile os.getppid() == parent:\n    torch.nn.functional.conv2d(image, kernel)\n"
)
"""Programs that end by themselves when nobody is left who began them."""
NEIGHBORS = ("none", "loop", "loops", "torch", "torch-all")
"""Nobody; a plain loop; one on every core; a program that computes with torch on one core; on all cores."""
_SETTLED_SHARE = 1 / 3
"""Of a training, that is left out at its beginning."""
_SAID = 1000


@contextmanager
def neighbors(kind: str) -> Iterator[None]:
    """Other programs that keep the processor busy meanwhile. Raises BadSettingError."""
    scripts = {
        "none": [],
        "loop": [_LOOP],
        "loops": [_LOOP] * cores.usable(),
        "torch": [_TORCH.replace("{threads}", "1")],
        "torch-all": [_TORCH.replace("{threads}", str(cores.usable()))],
    }
    if kind not in scripts:
        raise BadSettingError(f"neighbours can not be {kind!r}; they are {', '.join(NEIGHBORS)}.")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    programs = [
        subprocess.Popen([sys.executable, "-c", script.format(parent=os.getpid())], env=environment)
        for script in scripts[kind]
    ]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Steps (or pictures) per second by neighbour and number of threads. Raises TesseraError."""
    device = choose("cpu")
    arguments.preset = arguments.preset or ["Draft"]
    kinds = arguments.beside or list(NEIGHBORS)
    counts = arguments.threads or sorted({1, max(1, cores.usable() - 1), cores.usable()})
    ways = [str(count) for count in counts] + ["auto"]
    found: dict[str, dict[str, float]] = {}
    with common.workshop() as folder:
        job = common.job(arguments, folder)
        for kind in kinds:
            speeds: dict[str, list[float]] = {way: [] for way in ways}
            with neighbors(kind):
                for number in range(arguments.rounds):
                    for way in ways if number % 2 == 0 else reversed(ways):
                        out = folder / f"{kind}-{way}-{number}"
                        save_job(out, job)
                        speeds[way].append(_speed(out, way, arguments))
            found[kind] = {way: mean(values) for way, values in speeds.items()}
    return {**common.machine(device), "what": arguments.what, "seconds": arguments.seconds, "per_second": found}


def _speed(out: Path, way: str, arguments: argparse.Namespace) -> float:
    """Steps per second of a training once it has settled, or tiles of 256 px per second of an export."""
    fixed = [] if way == "auto" else ["--threads", way]
    train = ["train", "--resume", "--out", str(out), "--json"]
    if arguments.what == "train":
        lines = _run([*train, "--minutes", str(arguments.seconds / 60), *fixed], arguments.seconds)
        reports = [line for line in lines if "steps_per_s" in line]
        if len(reports) < 2:
            return 1 / arguments.seconds
        settled = next(line for line in reports if line["elapsed_s"] >= _SETTLED_SHARE * reports[-1]["elapsed_s"])
        last = reports[-1] if reports[-1] is not settled else {**settled, "step": settled["step"] + 1}
        return (last["step"] - settled["step"]) / max(1e-9, last["elapsed_s"] - settled["elapsed_s"])
    _run([*train, "--steps", "1"], arguments.seconds)
    picture = ["--out", str(out / "picture.png"), "--width", str(arguments.width), "--tile", "256", "--json"]
    done = _run(["render", str(out), *picture, *fixed], arguments.seconds)[-1]
    return done["width"] * done["height"] / 256**2 / done["seconds"]


def _run(arguments: list[str], seconds: float) -> list[dict[str, Any]]:
    """What a command of the program said. Raises TesseraError."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    command = [sys.executable, "-m", "engine", *arguments]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60 + 20 * seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise TesseraError(f"{' '.join(arguments[:2])} did not end. Try with fewer neighbours.") from None
    if done.returncode:
        raise TesseraError(done.stderr.strip()[-_SAID:])
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def show(result: Mapping[str, Any]) -> str:
    unit = "steps/s" if result["what"] == "train" else "tiles/s"
    found = result["per_second"]
    ways = list(next(iter(found.values())))
    head = ("beside", *(f"{way} threads" for way in ways[:-1]), "by itself", "of the best")
    rows = [(kind, *(f"{speeds[way]:.2f}" for way in ways), f"{share(speeds):.0%}") for kind, speeds in found.items()]
    return common.table(f"{unit} beside other programs; {result['device']}, torch {result['torch']}", [head, *rows])


def share(speeds: Mapping[str, float]) -> float:
    """What the number found by itself reaches, of the best fixed number."""
    return speeds["auto"] / max(speed for way, speed in speeds.items() if way != "auto")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.busy", description=__doc__)
    common.add_common(parser)
    add = parser.add_argument
    add("--what", choices=("train", "render"), default="train", help="training unless given")
    add("--beside", nargs="+", metavar="KIND", help=f"{', '.join(NEIGHBORS)}; all of them unless given")
    add("--threads", type=int, nargs="+", metavar="T", help="fixed numbers; one, all but one and all unless given")
    add("--seconds", type=float, default=15.0, metavar="S", help="of each training; 15 unless given")
    add("--width", type=int, default=1200, metavar="W", help="of the picture that is painted; 1200 unless given")
    add("--rounds", type=int, default=2, metavar="N", help="2 unless given")
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
