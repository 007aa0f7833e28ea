"""`python -m benchmarks.prints`: memory and speed of large prints, size after size, and of exports that are killed.

Each size is painted by a process of its own, so that one does not hide behind the memory of another.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import common
from benchmarks.memory import PeakMemory, mebibytes
from engine.box import Box, Size
from engine.errors import TesseraError
from engine.export.canvas_file import CanvasFile
from engine.export.encoders import encode
from engine.export.journal import NAME, folder_for
from engine.export.tiles import ExportPlan, fulfil
from engine.methods.famos.method import Famos
from engine.preview.views import painter, tile_px

_PROPORTION = 1.5
_KILLED_MEGAPIXELS, _KILLED_TILE_PX = 1.5, 128


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures; times in seconds, memory in bytes. Raises TesseraError."""
    if arguments.one is not None:
        return _one(arguments)
    if arguments.kills:
        return _kills(arguments)
    sizes = [_in_own_process(arguments, ["--one", f"{megapixels:g}"]) for megapixels in arguments.megapixels]
    first, last = sizes[0], sizes[-1]
    grown = last["peak_paint_bytes"] - first["peak_paint_bytes"]
    more = last["megapixels"] - first["megapixels"]
    return {
        "sizes": sizes,
        "growth_bytes_per_megapixel": grown / more if more else 0.0,
        "speed_of_last_by_first": last["megapixels_per_s"] / first["megapixels_per_s"],
    }


def _one(arguments: argparse.Namespace) -> dict[str, Any]:
    """Paints one size into a canvas file, and encodes that to PNG and to JPEG."""
    device = common.prepared(arguments)
    height = round(math.sqrt(arguments.one * 1e6 / _PROPORTION))
    canvas = Size(height, round(height * _PROPORTION))
    tile = arguments.tile or tile_px(device.torch, on_screen=False)
    with common.workshop() as folder:
        job = common.job(arguments, folder, canvas_size=canvas)
        common.import_the_rest()
        memory = PeakMemory(device)
        idle = memory.now_bytes
        method = Famos(job, device.torch)
        memory.restart()
        inside = _Stopwatch(method)
        began = time.perf_counter()
        painted = _paint(method, canvas, tile, folder, arguments.share)
        paint_s = time.perf_counter() - began
        peak_paint = memory.peak_bytes
        encoded = {}
        for suffix in (".png", ".jpg"):
            before = memory.now_bytes
            memory.restart()
            began = time.perf_counter()
            for _ in encode(CanvasFile.open(folder / "canvas" / NAME, canvas, 8), folder / f"a{suffix}"):
                pass
            encoded[suffix] = {"seconds": time.perf_counter() - began, "peak_bytes": memory.peak_bytes - before}
    return {
        **common.machine(device),
        "megapixels": canvas.area / 1e6,
        "width": canvas.width,
        "height": canvas.height,
        "templates": job.settings.model_dump()["templates"],
        "generator_width": job.settings.model_dump()["generator_width"],
        "tile_px": tile,
        "painted_px": painted,
        "paint_s": paint_s,
        "network_s": inside.seconds,
        "megapixels_per_s": painted / 1e6 / paint_s,
        "overhead": 1 - inside.seconds / paint_s,
        "idle_bytes": idle,
        "peak_paint_bytes": peak_paint - idle,
        "png": encoded[".png"],
        "jpeg": encoded[".jpg"],
    }


def _paint(method: Famos, canvas: Size, tile: int, folder: Path, share: int) -> int:
    """Paints every `share`-th tile, and no file; returns how many pixels."""
    paint, area = painter(method, canvas, "result"), 0

    def counted(box: Box) -> Any:
        nonlocal area
        area += box.area
        return paint(box)

    for part in [(1, share)] if share > 1 else [(1, 2), (2, 2)]:
        for _ in fulfil(counted, ExportPlan(folder / "a.tif", canvas, tile, folder=folder / "canvas", part=part)):
            pass
    return area


class _Stopwatch:
    """Seconds inside the network, halo included."""

    def __init__(self, method: Famos) -> None:
        self.seconds, self._inside = 0.0, False
        for name in ("forward", "decided", "composed"):
            setattr(method.average, name, self._timed(getattr(method.average, name), method.device))

    def _timed(self, call: Callable[..., Any], device: Any) -> Callable[..., Any]:
        """What one of them does within another one is counted once."""

        def timed(*arguments: Any, **options: Any) -> Any:
            if self._inside:
                return call(*arguments, **options)
            began, self._inside = time.perf_counter(), True
            try:
                result = call(*arguments, **options)
                common.wait(device)
            finally:
                self._inside = False
            self.seconds += time.perf_counter() - began
            return result

        return timed


def _kills(arguments: argparse.Namespace) -> dict[str, Any]:
    """Exports of one picture: one left alone, one killed again and again at random moments and gone on with."""
    chance = random.Random(arguments.seed)
    with common.workshop() as folder:
        whole, killed = folder / "whole.png", folder / "killed.png"
        if _child(arguments, whole).wait():
            raise TesseraError("the export could not be painted; see above")
        count = len(_killed_canvas().box.tiles(_KILLED_TILE_PX))
        painted = []
        for goal in sorted(chance.uniform(0, 0.95) * count for _ in range(arguments.kills)):
            child = _child(arguments, killed)
            while _painted(killed) < goal and child.poll() is None:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.1))  # in the middle of a tile, or of writing it
            child.send_signal(signal.SIGKILL)
            child.wait()
            painted.append(_painted(killed))
        if _child(arguments, killed).wait():
            raise TesseraError("the killed export could not be gone on with; see above")
        same = _hash(whole) == _hash(killed)
    return {"kills": len(painted), "painted_when_killed": painted, "tiles": count, "identical": same}


def _painted(out: Path) -> int:
    """Tiles that are noted."""
    return sum(len(path.read_bytes().splitlines()) for path in folder_for(out).glob("tiles-*.txt"))


def _killed_canvas() -> Size:
    height = round(math.sqrt(_KILLED_MEGAPIXELS * 1e6 / _PROPORTION))
    return Size(height, round(height * _PROPORTION))


def _child(arguments: argparse.Namespace, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.prints", *_same(arguments), "--paint", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def _paint_child(arguments: argparse.Namespace) -> dict[str, Any]:
    device = common.prepared(arguments)
    canvas = _killed_canvas()
    with common.workshop() as folder:
        method = Famos(common.job(arguments, folder, canvas_size=canvas), device.torch)
        for _ in fulfil(
            painter(method, canvas, "result"), ExportPlan(arguments.paint, canvas, _KILLED_TILE_PX, resume=True)
        ):
            pass
    return {"out": str(arguments.paint)}


def _in_own_process(arguments: argparse.Namespace, more: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.prints", *_same(arguments), *more, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise TesseraError("one of the sizes could not be measured; see above")
    return json.loads(done.stdout)


def _same(arguments: argparse.Namespace) -> list[str]:
    """The arguments that a process of its own needs."""
    given = ["--templates", arguments.templates, "--ngf", arguments.generator_width, "--seed", arguments.seed]
    given += ["--device", arguments.device, "--share", arguments.share]
    given += ["--threads", arguments.threads] if arguments.threads else []
    given += ["--tile", arguments.tile] if arguments.tile else []
    for name in ("style", "content"):
        paths = getattr(arguments, name)
        given += [f"--{name}", *paths] if paths else []
    for assignment in arguments.assignments:
        given += ["--set", assignment]
    return [str(value) for value in given]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def show(result: Mapping[str, Any]) -> str:
    if "kills" in result:
        word = "identical" if result["identical"] else "DIFFERENT"
        painted = ", ".join(map(str, result["painted_when_killed"]))
        return f"Killed {result['kills']} times, with {painted} of {result['tiles']} tiles painted: {word}"
    if "sizes" not in result:
        return json.dumps(result)
    rows = [("megapixels", "speed", "overhead", "painting", "to PNG", "to JPEG")]
    rows += [
        (
            f"{size['megapixels']:.0f}",
            f"{size['megapixels_per_s']:.3f}/s",
            f"{size['overhead']:.1%}",
            mebibytes(size["peak_paint_bytes"]),
            f"{mebibytes(size['png']['peak_bytes'])}, {size['png']['seconds']:.0f} s",
            f"{mebibytes(size['jpeg']['peak_bytes'])}, {size['jpeg']['seconds']:.0f} s",
        )
        for size in result["sizes"]
    ]
    first = result["sizes"][0]
    title = (
        f"FAMOS prints: N {first['templates']}, ngf {first['generator_width']}, tiles of {first['tile_px']} px; "
        f"{first['device']}, {first['threads']} threads; memory over the idle process; "
        f"{result['growth_bytes_per_megapixel'] / 2**20:.2f} MiB more per megapixel, "
        f"{result['speed_of_last_by_first']:.2f} times the speed at the largest size"
    )
    return common.table(title, rows)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.prints", description=__doc__)
    common.add_sizes(parser)
    common.add_common(parser)
    common.add_threads(parser)
    parser.set_defaults(templates=100, generator_width=32)
    add = parser.add_argument
    add("--megapixels", type=float, nargs="+", default=[15, 60, 150], metavar="M", help="15 60 150 unless given")
    add("--share", type=int, default=1, metavar="N", help="paint only every N-th tile; speed is that of those")
    add("--kills", type=int, default=0, metavar="K", help="kill an export so many times, and compare what comes out")
    add("--tile", type=int, metavar="PX", help="side of a tile; the device decides unless given")
    add("--one", type=float, help=argparse.SUPPRESS)
    add("--paint", type=Path, help=argparse.SUPPRESS)
    if argv is None and "--paint" in sys.argv:
        return common.main(parser, _paint_child, json.dumps, None)
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
