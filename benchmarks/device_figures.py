"""The figures of `benchmarks.device`, each by a function that takes the device and the sizes, and gives rows.

A row is plain data: what was measured, of what, and the numbers with their units in the names. What can not be measured
here is left out of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from benchmarks import common, launches
from benchmarks.device_cases import Case, Sizes
from benchmarks.memory import PeakMemory, of_graphs_bytes
from engine.box import Box, Size
from engine.device import Device
from engine.errors import TesseraError
from engine.export.tiles import ExportPlan, fulfil
from engine.messages.commands import RenderView, Retune, Stop
from engine.messages.events import Ended, Event, Failed, Paused, Stepped, ViewRendered
from engine.method import Method, method_class
from engine.nn.capture import PLAIN_STEPS, CapturedSteps
from engine.preview.views import painter, tile_px
from engine.training.session import Session

Row = dict[str, Any]
_WARM_UP = 3
_PROPORTION = 1.5
_SETTLED_SHARE = 0.3
"""Of a training, that is left out at its beginning."""


# ---------------------------------------------------------------- steps


def step(case: Case, device: Device, folder: Path, captured: bool = False) -> Row:
    """Steps of one method: their time, memory over the idle process, and what the card is told.

    Args:
        captured: as CUDA graphs, where the method has them. Raises TesseraError where they can not be had.
    """
    common.import_the_rest()
    if captured:
        launches.get_ready()
    memory = PeakMemory(device)
    idle = memory.now_bytes
    method = _built(case, device, folder)
    built = memory.now_bytes
    numbers = iter(range(10**9))
    with Flops() as flops:
        method.step(next(numbers))
    _warm_up(method, numbers, captured)
    common.wait(device.torch)
    memory.restart()
    seconds = [_seconds(method, next(numbers)) for _ in range(case.steps)]
    row = {
        "figure": "step",
        "of": case.title,
        "way": "captured" if captured else "eager",
        "precision": "bfloat16" if getattr(method, "_bfloat16", False) else "float32",
        "step_s": median(seconds),
        "peak_bytes": memory.peak_bytes - idle + (of_graphs_bytes() if captured else 0),
        "built_bytes": built - idle,
    }
    row |= _pipelined(method, numbers, case.steps)
    if device.torch.type == "cuda":
        told = launches.counted(lambda: method.step(next(numbers)), device.torch)
        row |= {"launches": told.launches, "waits": told.waits, "kernels": told.kernels, "kernels_s": told.kernels_s}
    return row | {"flops": flops.total}


class Flops(TorchDispatchMode):
    """Counts multiplications and additions of convolutions, matrix products and attention.

    As torch's own FlopCounterMode, whose hooks on modules can not be had within `autograd.grad`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.total += count(*args, **(kwargs or {}), out_val=result)
        return result


def _warm_up(method: Method, numbers: Iterator[int], captured: bool) -> None:
    """A few plain steps; or as many as it takes until those with R1 and those without are graphs."""
    graphs: CapturedSteps | None = getattr(method, "_captured", None)
    if graphs is not None:
        graphs.off = graphs.off or not captured
    if not captured:
        for _ in range(_WARM_UP):
            method.step(next(numbers))
        return
    if graphs is None or graphs.off:
        raise TesseraError(f"steps of {type(method).title} are not captured here")
    period = method.settings.r1_every_steps  # type: ignore[attr-defined]
    for _ in range((PLAIN_STEPS + 2) * period):
        method.step(next(numbers))
    if graphs.off or not graphs.held:
        raise TesseraError(method.warnings[-1] if method.warnings else "no step was captured")


def _pipelined(method: Method, numbers: Iterator[int], steps: int) -> Row:
    """Steps that nobody waits for singly, as a training makes them; on a processor they are the same."""
    if method.device.type == "cpu":
        return {}
    began = time.perf_counter()
    for _ in range(steps):
        method.step(next(numbers))
    common.wait(method.device)
    return {"pipelined_step_s": (time.perf_counter() - began) / steps}


def _seconds(method: Method, number: int) -> float:
    common.wait(method.device)
    began = time.perf_counter()
    method.step(number)
    common.wait(method.device)
    return time.perf_counter() - began


# ---------------------------------------------------------------- painting


def painting(case: Case, device: Device, folder: Path, tiles: int) -> Row:
    """Tiles as an export paints them, one after the other, each fetched from the device."""
    side = min(tile_px(device.torch, on_screen=False), case.content.height)
    canvas = Size(4 * side, 4 * side)
    method = _built(case, device, folder, canvas)
    paint = painter(method, canvas, "result")
    memory = PeakMemory(device)
    before = memory.now_bytes
    boxes = canvas.box.tiles(side)
    paint(boxes[0]).cpu()  # the margin is measured by the first, and kernels are chosen
    memory.restart()
    seconds = []
    for number in range(tiles):
        began = time.perf_counter()
        paint(boxes[number % len(boxes)]).cpu()
        seconds.append(time.perf_counter() - began)
    return {
        "figure": "painting",
        "of": case.title,
        "tile_px": side,
        "tile_s": median(seconds),
        "megapixels_per_s": side**2 / 1e6 / median(seconds),
        "peak_bytes": memory.peak_bytes - before,
    }


def canvas(sizes: Sizes, device: Device, folder: Path) -> Row:
    """A print from the first tile to the PNG, through the canvas file."""
    height = round((sizes.megapixels * 1e6 / _PROPORTION) ** 0.5)
    size = Size(height, round(height * _PROPORTION))
    common.import_the_rest()
    memory = PeakMemory(device)
    idle = memory.now_bytes
    method = _built(sizes.canvas, device, folder, size)
    paint = painter(method, size, "result")
    memory.restart()
    plan = ExportPlan(folder / "canvas.png", size, tile_px(device.torch, on_screen=False))
    tiles, painted = len(plan.picture.tiles()), 0.0
    began = time.perf_counter()
    for progress in fulfil(paint, plan):
        if not painted and progress.done == tiles:  # what follows is the encoding
            painted = time.perf_counter()
    return {
        "figure": "canvas",
        "of": sizes.canvas.title,
        "megapixels": size.area / 1e6,
        "seconds": time.perf_counter() - began,
        "paint_s": painted - began,
        "peak_bytes": memory.peak_bytes - idle,
    }


# ---------------------------------------------------------------- pictures


def live(sizes: Sizes, device: Device, folder: Path) -> Row:
    """A slider moves while nothing learns: how soon its picture comes, coarse and sharp."""
    session = Session(sizes.live.job(folder), folder, device=device.key, paused=True, previews=False)
    size = sizes.live.content
    began, first_s, sharp_s = 0.0, list[float](), list[float]()

    def ask(number: int) -> None:
        nonlocal began
        began = time.perf_counter()
        session.post(Retune({"content_weight": 40.0 + number % 50}))
        session.post(RenderView(Box(0, 0, size.height, size.width), size, ticket=number, coarse_first=True))

    for event in _running(session):
        if isinstance(event, Paused):
            ask(0)
        elif isinstance(event, ViewRendered):
            if len(first_s) == event.ticket:
                first_s.append(time.perf_counter() - began)
            if event.done:
                sharp_s.append(time.perf_counter() - began)
                session.post(Stop(keep=False)) if len(sharp_s) > sizes.live_pictures else ask(len(sharp_s))
    return {
        "figure": "live",
        "of": sizes.live.title,
        "canvas_px": [size.height, size.width],
        "coarse_s": median(first_s[1:]),
        "sharp_s": median(sharp_s[1:]),
        "pictures_per_s": 1 / median(sharp_s[1:]),
    }


def live_training(sizes: Sizes, device: Device, folder: Path) -> Row:
    """While it learns: steps a second without pictures, and with as many as the window shows by itself."""
    alone, _ = _trained(sizes, device, folder, shown=False)
    beside, pictures = _trained(sizes, device, folder, shown=True)
    return {
        "figure": "live while it learns",
        "of": sizes.live.title,
        "steps_per_s": alone,
        "steps_per_s_beside": beside,
        "pictures_per_s": pictures,
        "share_left": beside / alone,
    }


def _trained(sizes: Sizes, device: Device, folder: Path, shown: bool) -> tuple[float, float]:
    """Steps and whole pictures per second of a training once it has settled."""
    job, size = sizes.live.job(folder), sizes.live.content
    session = Session(job, folder, device=device.key, steps=sizes.live_steps, previews=False)
    view = RenderView(Box(0, 0, size.height, size.width), size, coarse_first=True)
    if shown:
        session.post(view)
    reports: list[tuple[float, int, int]] = []
    pictures = 0
    for event in _running(session):
        if isinstance(event, Stepped):
            reports.append((time.perf_counter(), event.step, pictures))
        elif isinstance(event, ViewRendered) and event.done:
            pictures += 1
            session.post(view)
        elif isinstance(event, Ended):
            reports.append((time.perf_counter(), event.step, pictures))
    settled = next(r for r in reports if r[0] >= reports[0][0] + _SETTLED_SHARE * (reports[-1][0] - reports[0][0]))
    first = settled if settled[1] < reports[-1][1] else reports[0]
    passed_s = max(1e-9, reports[-1][0] - first[0])
    return (reports[-1][1] - first[1]) / passed_s, (reports[-1][2] - first[2]) / passed_s


def _running(session: Session) -> Iterator[Event]:
    for event in session.run():
        if isinstance(event, Failed):
            raise TesseraError(event.message)
        yield event


def _built(case: Case, device: Device, folder: Path, canvas_size: Size | None = None) -> Method:
    job = case.job(folder, canvas_size)
    return method_class(job.method)(job, device.torch)
