"""What a worker of a cluster does: it builds what an order names, once, and paints boxes of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine import snapshots
from engine.box import Box, Size
from engine.device import Device, available, choose
from engine.errors import ClusterError, MissingSourcesError, TesseraError
from engine.export.cropping import cropped
from engine.export.fingerprint import image_digests, state_digest
from engine.export.renderer import PatientRenderer
from engine.export.tiles import ExportPlan, fulfil
from engine.job import Job
from engine.method import method_class
from engine.options import RenderMode

_SHARED = "Put the project and its images on a disk that all machines share, under the same path."


@dataclass(frozen=True)
class Order:
    """What is painted. Paths have to lead to the same files on each machine.

    Args:
        job: with its settings of the moment.
        snapshot: whose weights; None for those that the method comes with.
        weights, images: digests of what the client has, which a worker has to have as well.
        crop: which part of the picture; see `ExportRequest`.
        threads: always so many; None for the worker's own number.
    """

    job: Job
    snapshot: Path | None
    weights: str
    images: Mapping[str, Sequence[str]]
    canvas_size: Size
    layer: str
    render_mode: RenderMode
    crop: tuple[float, float] | None = None
    threads: int | None = None

    def fits(self, built: Order) -> bool:
        """Whether the method that was built for another order can paint this one, by the live settings of this one."""
        ours = (self.job, self.snapshot, self.weights, self.images)
        job = built.job.model_copy(update={"settings": self.job.settings})
        same = ours == (job, built.snapshot, built.weights, built.images)
        return same and not built.job.settings.needs_rebuild(self.job.settings)


def painted_tile(order: Order, tile: Box) -> np.ndarray:
    """float32 [3, h, w], 0..1. Raises TesseraError."""
    bench = _bench()
    with bench.lock:
        return bench.renderer(order)(tile).float().cpu().numpy()


def painted_frame(order: Order, plan: ExportPlan) -> float:
    """Paints a whole frame to its file on the shared disk; returns its seam meter. Raises TesseraError."""
    bench = _bench()
    with bench.lock:
        job = fulfil(bench.renderer(order), plan)
        while True:
            try:
                next(job)
            except StopIteration as end:
                return end.value.seam or 1.0


class _Bench:
    """The method that a worker has built last; one task at a time uses it, since torch has threads of its own.

    Args:
        name: of the worker, see `device_of`.
    """

    def __init__(self, name: object = None) -> None:
        self.lock, self._name = threading.Lock(), name
        self._method: Any = None
        self._order: Order | None = None

    def renderer(self, order: Order) -> PatientRenderer:
        if order.threads is not None:
            torch.set_num_threads(order.threads)
        if self._order is None or not order.fits(self._order):
            self._method, self._order = None, None
            self._method = _built(order, device_of(self._name))
            self._order = order
        self._method.settings = order.job.settings
        field = cropped(self._method, order.canvas_size, order.layer, order.render_mode, order.crop)
        return PatientRenderer(field, None, lambda _message: None)


def _bench() -> _Bench:
    """The worker's own, which lives as long as its process."""
    from distributed import get_worker

    worker: Any = get_worker()
    if not hasattr(worker, "tessera_bench"):
        worker.tessera_bench = _Bench(worker.name)
    return worker.tessera_bench


def device_of(name: object) -> Device:
    """What a worker paints on: those of a local cluster, who are numbered, take turns with the cards."""
    cards = available()[:-1]  # the last one is the processor
    return cards[name % len(cards)] if isinstance(name, int) and cards else choose("auto")


def _built(order: Order, device: Device) -> Any:
    try:
        if image_digests(order.job) != dict(order.images):
            raise ClusterError(f"A worker has other images under the same names. {_SHARED}")
        method = method_class(order.job.method)(order.job, device.torch)
        if order.snapshot is not None:
            method.restore(snapshots.load_state(snapshots.read(order.snapshot)))
    except ClusterError:
        raise
    except MissingSourcesError as error:
        raise ClusterError(f"A worker does not have all images: {error} {_SHARED}") from None
    except TesseraError as error:
        raise ClusterError(f"A worker can not build what is to be painted: {error} {_SHARED}") from None
    if state_digest(method.state()) != order.weights:
        raise ClusterError(f"A worker has other weights. Install the same version of Tessera there. {_SHARED}")
    return method
