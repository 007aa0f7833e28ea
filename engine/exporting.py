"""An `Export` carried out: from which weights, by which painters, to which file. Tiles and formats are export.py's."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from engine import journal as journals
from engine import provenance, snapshots, unfinished
from engine.box import Size
from engine.device import Device, choose, peak_memory_bytes
from engine.errors import Cancelled
from engine.export import Report, Wish, fulfil
from engine.looking import artwork, tile_px
from engine.messages import Event, Export, ExportCancelled, Exported, Progressed, Warned
from engine.method import Method, method_class
from engine.painters import PatientPainter, mark_of, mark_of_images, refuse_missing_images
from engine.project import Job


@dataclass(frozen=True)
class Present:
    """What a session holds at this moment.

    Args:
        kept: the snapshot on disk that equals it, if there is one.
        terms, elapsed_s: for a snapshot of it.
    """

    method: Method
    job: Job
    step: int
    elapsed_s: float
    terms: dict[str, float]
    kept: Path | None


class Exporting:
    """One export.

    Args:
        command: what is wished.
        present: what is painted, unless the wish names a snapshot.
        project: the folder that notes unfinished exports.
        device: the session's.
    """

    def __init__(self, command: Export, present: Present, project: Path, device: Device) -> None:
        self.command, self._project, self._device = command, project, device
        self._told: deque[str] = deque()
        self._folder = command.canvas or journals.folder_for(command.out)
        self.command = command = self._as_begun(present.kept)
        self._snapshot = command.snapshot
        if command.snapshot is not None:
            present = self._from(command.snapshot)
        else:
            refuse_missing_images(present.job)
        self._now = present

    def run(self, stop: Callable[[], bool], keep: Callable[[], bool]) -> Iterator[Event]:
        """
        Args:
            stop: is asked between two tiles.
            keep: whether, after a stop, what is painted stays.

        Raises:
            TesseraError: one sentence; what was painted stays.
        """
        command = self.command
        started = time.perf_counter()
        wish = self._wish()
        unfinished.note(self._project, self._folder)
        try:
            report = yield from self._told_between(fulfil(self._painters(), wish, stop=stop))
        except Cancelled:
            if not keep():
                journals.remove(self._folder)
                unfinished.forget(self._project, self._folder)
            yield ExportCancelled(command.out, self._folder if keep() else None)
            return
        if not self._folder.exists() or not wish.partial:
            unfinished.forget(self._project, self._folder)
        seconds = time.perf_counter() - started
        share = report.gone_on_with / report.tiles
        yield Exported(command.out, report.size, seconds, peak_memory_bytes(), report.seam, share, command.canvas)

    def _told_between(self, job) -> Iterator[Event]:
        while True:
            try:
                event: Progressed = next(job)
            except StopIteration as end:
                yield from self._sentences()
                report: Report = end.value
                return report
            yield from self._sentences()
            yield event

    def _sentences(self) -> Iterator[Event]:
        for sentence in dict.fromkeys(self._told):
            yield Warned(sentence, "memory")
        self._told.clear()

    # ------------------------------------------------------------ what is painted

    def _as_begun(self, kept: Path | None) -> Export:
        """To go on after a crash, the weights are those that the canvas was begun with."""
        command = self.command
        if command.resume and command.snapshot is None and (begun := journals.find(self._folder)) is not None:
            snapshot = unfinished.wish_of(begun).snapshot
            if kept is None or snapshot != kept.absolute():
                return replace(command, snapshot=snapshot)
        return command

    def _from(self, folder: Path) -> Present:
        snapshot = snapshots.read(folder)
        refuse_missing_images(snapshot.job)
        method = self._built(snapshot.job, self._device.torch)
        method.restore(snapshots.load_state(snapshot))
        return Present(method, snapshot.job, snapshot.step, snapshot.elapsed_s, snapshot.terms, folder)

    def _wish(self) -> Wish:
        command, now = self.command, self._now
        size = self._size()
        state = now.method.state()
        details = {
            "job": now.job.model_dump(mode="json", exclude={"sources"}),
            "images": mark_of_images(now.job),
            "weights": mark_of(state),
            "canvas": [size.height, size.width],
            "layer": command.layer,
            "how": asdict(command.how),
        }
        inside = snapshots.FOLDER + "/0001"

        def fill(folder: Path) -> None:
            if now.kept is None:
                snapshots.keep(
                    folder,
                    state,
                    None,
                    job=now.job,
                    step=now.step,
                    elapsed_s=now.elapsed_s,
                    terms=now.terms,
                    reason="final",
                )

        story = unfinished.stored(replace(command, snapshot=now.kept, size=size))
        if now.kept is None:
            story["snapshot"] = inside
        title = type(now.method).title
        how = {key: value for key, value in asdict(command.how).items() if value}
        xmp = provenance.packet(now.job, title=title, step=now.step, layer=command.layer, how=how)
        return Wish(
            command.out,
            size,
            command.tile_px or tile_px(self._device.torch, on_screen=False),
            bits=command.bits,
            bleed_px=command.bleed_px,
            finish=command.finish,
            details=details,
            story=story,
            folder=command.canvas,
            resume=command.resume,
            part=command.part,
            assemble=command.assemble,
            xmp=xmp if command.finish.provenance else None,
            fill=fill,
        )

    def _size(self) -> Size:
        """A repeat closes on the method's grain, so its sides may change by a few pixels."""
        size, grain = self.command.size or self._now.method.canvas, self._now.method.grain
        if not self.command.how.repeat or self.command.how.originals:
            return size
        return Size(*(max(1, round(side / grain)) * grain for side in (size.height, size.width)))

    # ------------------------------------------------------------ who paints it

    def _painters(self) -> list[PatientPainter]:
        keys = self.command.devices
        if not keys:
            return [self._painter(self._now.method, self._device)]
        state = self._now.method.state()
        painters = []
        for key in keys:
            device = choose(key)
            method = self._built(self._now.job, device.torch)
            method.restore(state)
            painters.append(self._painter(method, device))
        return painters

    def _painter(self, method: Method, device: Device) -> PatientPainter:
        command, size = self.command, self._size()

        def on_cpu():
            copy = self._built(self._now.job, torch.device("cpu"))
            copy.restore(method.state())
            return artwork(copy, size, command.layer, command.how)

        return PatientPainter(
            artwork(method, size, command.layer, command.how),
            None if device.torch.type == "cpu" else on_cpu,
            self._told.append,
        )

    @staticmethod
    def _built(job: Job, device: torch.device) -> Method:
        return method_class(job.method)(job, device)
