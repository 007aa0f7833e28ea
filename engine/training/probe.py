"""Before training: what the chosen settings will take in memory and time, told by a few tiny steps.

A step's work grows with the pixels that it learns from, batch x patch², over a base that images and networks take.
Two probes with few pixels, and the networks as they are to be, give base and slope of both memory and time.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.device import Device, empty_cache, is_out_of_memory, memory_free_bytes
from engine.errors import BadSettingError, CancelledError, OutOfMemoryError
from engine.job import Job
from engine.method import Method, method_class
from engine.settings import Settings, specs

HEADROOM = 0.9
"""Share of the free memory that may be planned with: pictures are painted beside the training."""
UNSEEN = 1.5
"""The memory of a process by that of its tensors, where no graphics card counts it: libraries take some for a moment
within one operation, and the heap has gaps. 1.1 to 1.75 were measured."""
TIMED_STEPS = 3
LARGEST_PROBE_PX = 128
"""Side of the patches of a probe at most."""
_PATCH, _BATCH = "patch", "batch"
"""What all methods that learn from patches call these settings."""


@dataclass(frozen=True)
class Needs:
    """What a training will take.

    Args:
        step_s: seconds of one step.
        memory_bytes: of the device, at the most, besides what is in use already.
        free_bytes: of the device, now; 0 where it does not tell.
        largest: one setting and the largest value of it that fits; empty where none does, or nothing is known.
    """

    step_s: float
    memory_bytes: int
    free_bytes: int
    largest: dict[str, int]

    @property
    def fits(self) -> bool:
        return not self.free_bytes or self.memory_bytes <= HEADROOM * self.free_bytes


@dataclass(frozen=True)
class Measured:
    """A probe.

    Args:
        pixels: that a step learned from.
        base_bytes: what is held between two steps.
        step_bytes: what a step takes besides, at the most.
        step_s: seconds of a step.
    """

    pixels: int
    base_bytes: float
    step_bytes: float
    step_s: float


def can_probe(settings: type[Settings]) -> bool:
    """Whether a method learns from batches of patches."""
    return {_PATCH, _BATCH} <= settings.model_fields.keys()


def probe(job: Job, device: Device, go_on: Callable[[], bool] = lambda: True) -> Needs:
    """Measures; takes some seconds, of which reading the images is the larger part.

    Args:
        go_on: is asked now and then.

    Raises:
        BadSettingError: the method does not learn from patches.
        CancelledError: `go_on` said so.
        OutOfMemoryError: not even the probes fit.
        BadImageError, MissingSourcesError: as `Method.__init__`.
    """
    if not can_probe(type(job.settings)):
        title = method_class(job.method).title
        raise BadSettingError(f"{title} paints its picture tile by tile, so that it needs no more than one tile takes.")
    measured = []
    try:
        for settings in _tiny(job.settings):
            measured.append(_measure(job.model_copy(update={"settings": settings}), device, go_on))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        refusal = OutOfMemoryError(
            f"{device.title} has too little memory even for a small part of this. Lower the widths of the networks, or "
            "close other programs that use it."
        )
    else:
        refusal = None
    empty_cache(device.torch)
    if refusal is not None:
        raise refusal
    return needs(job.settings, measured[0], measured[-1], memory_free_bytes(device.torch))


def needs(settings: Settings, first: Measured, second: Measured, free_bytes: int) -> Needs:
    """What settings take, from two measurements with few pixels. Nothing falls where there are more pixels."""
    more = max(1, second.pixels - first.pixels)
    memory_slope = max(0.0, (second.step_bytes - first.step_bytes) / more)
    time_slope = max(0.0, (second.step_s - first.step_s) / more)

    def memory(candidate: Settings) -> float:
        grown = memory_slope * (_pixels(candidate) - second.pixels)
        return second.base_bytes + max(first.step_bytes, second.step_bytes + grown)

    step_s = max(first.step_s, second.step_s + time_slope * (_pixels(settings) - second.pixels))
    room = HEADROOM * free_bytes
    return Needs(step_s, round(memory(settings)), free_bytes, _largest(settings, lambda c: memory(c) <= room))


def _largest(settings: Settings, fits: Callable[[Settings], bool]) -> dict[str, int]:
    """The largest patch that fits with this batch; where none as large as now does, the batch or patch that does."""
    fitting = [c for c in _candidates(settings, _PATCH) if fits(c)]
    best = max((_value(c, _PATCH) for c in fitting), default=0)
    if best >= _value(settings, _PATCH):
        return {_PATCH: best} if best > _value(settings, _PATCH) else {}
    batches = [_value(c, _BATCH) for c in _candidates(settings, _BATCH) if fits(c)]
    if batches:
        return {_BATCH: max(batches)}
    return {_PATCH: best} if best else {}


def _candidates(settings: Settings, name: str) -> list[Settings]:
    """The settings with every value that one of them can have."""
    spec = next(spec for spec in specs(type(settings)) if spec.name == name)
    assert spec.minimum is not None
    assert spec.maximum is not None
    step = 8 if name == _PATCH else 1
    found = []
    for value in range(int(spec.minimum), int(spec.maximum) + 1, step):
        try:
            found.append(settings.with_values({name: value}))
        except BadSettingError:  # no multiple of what the networks need
            continue
    return found


def _tiny(settings: Settings) -> tuple[Settings, Settings]:
    """The same networks, with few pixels to learn from; the second has about twice as many as the first."""
    most = min(_value(settings, _PATCH), LARGEST_PROBE_PX)
    sides = _candidates(settings.with_values({_BATCH: 1}), _PATCH)
    first = next((c for c in reversed(sides) if _value(c, _PATCH) <= most), sides[0])
    return first, first.with_values({_BATCH: 2})


def _measure(job: Job, device: Device, go_on: Callable[[], bool]) -> Measured:
    counted = _Counted(device)
    with counted:
        method = _built(job, device, go_on)
        method.step(0)  # what an optimiser holds is made in the first step
        base_bytes = counted.restart()
        method.step(0)  # with all that is only done now and then
    seconds = []
    for step in range(1, 1 + TIMED_STEPS):
        _ask(go_on)
        started = time.perf_counter()
        method.step(step)
        _finish(device)
        seconds.append(time.perf_counter() - started)
    factor = 1.0 if device.torch.type == "cuda" else UNSEEN
    step_bytes = counted.peak_bytes - base_bytes
    return Measured(_pixels(job.settings), factor * base_bytes, factor * step_bytes, min(seconds))


def _built(job: Job, device: Device, go_on: Callable[[], bool]) -> Method:
    _ask(go_on)
    method = method_class(job.method)(job, device.torch)
    _ask(go_on)
    return method


def _ask(go_on: Callable[[], bool]) -> None:
    if not go_on():
        raise CancelledError("It was not measured.")


def _finish(device: Device) -> None:
    if device.torch.type == "cuda":
        torch.cuda.synchronize(device.torch)
    elif device.torch.type == "mps":
        torch.mps.synchronize()


def _pixels(settings: Settings) -> int:
    return _value(settings, _BATCH) * _value(settings, _PATCH) ** 2


def _value(settings: Settings, name: str) -> int:
    return int(getattr(settings, name))


class _Counted(TorchDispatchMode):
    """The most bytes that tensors made inside have held at a time.

    A graphics card counts by itself; elsewhere every new storage is noted, and forgotten with its tensor. What
    libraries take for a moment within one operation is not seen.
    """

    def __init__(self, device: Device) -> None:
        super().__init__()
        self._cuda = device.torch if device.torch.type == "cuda" else None
        self._live: dict[int, int] = {}
        self._now = self._most = self._before = 0

    def __enter__(self) -> _Counted:
        if self._cuda is not None:
            self._before = torch.cuda.memory_allocated(self._cuda)
            return self
        super().__enter__()
        return self

    def __exit__(self, *about: Any) -> None:
        if self._cuda is not None:
            self._most = torch.cuda.max_memory_allocated(self._cuda) - self._before
            return
        super().__exit__(*about)

    def restart(self) -> int:
        """Forgets the most so far; returns the bytes that are held now."""
        if self._cuda is not None:
            torch.cuda.reset_peak_memory_stats(self._cuda)
            return torch.cuda.memory_allocated(self._cuda) - self._before
        self._most = self._now
        return self._now

    @property
    def peak_bytes(self) -> int:
        return self._most

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._note(tensor.untyped_storage())
        return result

    def _note(self, storage: torch.UntypedStorage) -> None:
        address, size = storage.data_ptr(), storage.nbytes()
        if not address or self._live.get(address) == size:
            return
        self._now += size - self._live.get(address, 0)
        self._live[address] = size
        self._most = max(self._most, self._now)
        weakref.finalize(storage, self._forget, address)

    def _forget(self, address: int) -> None:
        self._now -= self._live.pop(address, 0)
