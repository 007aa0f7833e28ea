"""An `ExportRequest` carried out: its events from first to last. What is painted is painting.py's."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from engine.box import Size
from engine.device import Device, peak_memory_bytes
from engine.errors import CancelledError
from engine.export import cluster, layered, unfinished
from engine.export import journal as journals
from engine.export.film_run import FilmRun
from engine.export.legend import legend_path, write_legend
from engine.export.painting import Painting, Present, present_of
from engine.export.preflight import Probe, findings, measured
from engine.export.print_sizes import Layout
from engine.export.relink import refuse_missing_images, refuse_to_overwrite
from engine.export.standing import told_of_a_standing_film
from engine.export.tiles import Report, fulfil
from engine.export.transparency import opaque_everywhere
from engine.export.video import end_film
from engine.messages.events import Event, Warned
from engine.messages.exports import ALL_LAYERS, ExportCancelled, Exported, ExportRequest, Finding, Progressed
from engine.preview import usage
from engine.preview.views import artwork
from engine.templates.palette import palette
from engine.threads import Threads


class ExportRun:
    """One export.

    Args:
        request: what is asked for.
        present: what is painted, unless the request names a snapshot.
        project: the folder that notes unfinished exports.
        device: the session's.
        threads: the session's, with which tiles are painted.
    """

    def __init__(
        self, request: ExportRequest, present: Present, project: Path, device: Device, threads: Threads | None = None
    ) -> None:
        self.request, self._project = request, project
        self._told: deque[str] = deque()
        self._noted = False
        self._folder = request.canvas_folder or journals.folder_for(request.out)
        self.request = request = self._as_begun(present.kept)
        if request.snapshot is not None:
            present = present_of(request.snapshot, device)
        self._painting = Painting(request, present, device, threads, self._told.append)

    def run(self, stop: Callable[[], bool], keep: Callable[[], bool]) -> Iterator[Event]:
        """
        Args:
            stop: is asked between two tiles.
            keep: whether, after a stop, what is painted stays.

        Raises:
            TesseraError: one sentence; what was painted stays.
        """
        started = time.perf_counter()
        refuse_missing_images(self._painting.now.job, type(self._painting.now.method).slots)
        refuse_to_overwrite(self.request.out, self._painting.now.job)
        try:
            request = self.request
            layered.check(request)
            if request.layer == ALL_LAYERS:
                done = yield from self._all_layers(stop)
            elif request.frames or request.sweep:
                done = yield from FilmRun(self._painting, self._project, self._folder, self._told_between).run(stop)
            else:
                done = yield from self._picture(stop)
        except CancelledError:
            kept = keep() and self.request.layer != ALL_LAYERS
            if not kept:
                journals.remove(self._folder)
                end_film(self._folder, [])
                unfinished.forget(self._project, self._folder)
            yield ExportCancelled(self.request.out, self._folder if kept else None)
            return
        unfinished.forget(self._project, self._folder)
        yield replace(done, seconds=time.perf_counter() - started, peak_memory_bytes=peak_memory_bytes())

    def _picture(self, stop: Callable[[], bool]) -> Generator[Event, None, Exported]:
        request = self.request
        plan = replace(self._painting.plan(), opacity=self._painting.opacity(request.render_mode))
        if plan.opacity is not None and plan.opacity.plane() is None:
            self._told.append(opaque_everywhere(plan.opacity.path))
        if request.cluster:
            with cluster.opened(request.cluster) as machines:
                shared = machines.tiles(self._painting.order(request.render_mode))
                report = yield from self._told_between(fulfil([], plan, stop=stop, shared=shared))
        else:
            painters = self._painting.painters(request.render_mode)
            report = yield from self._told_between(fulfil(painters, plan, stop=stop))
        if request.layer == self._painting.now.method.pieces_layer and request.part == (1, 1):
            pieces = usage.pieces_of(self._painting.now.method)
            write_legend(legend_path(request.out), pieces, palette(len(pieces)).tolist())
        share = report.resumed_tiles / report.tiles
        meters = (report.seam, report.border)
        return Exported(request.out, report.size, 0.0, 0, *meters, share, request.canvas_folder)

    def _all_layers(self, stop: Callable[[], bool]) -> Generator[Event, None, Exported]:
        """Layer after layer, each in a file of its own, joined at the end; what broke off begins anew."""
        request, now = self.request, self._painting.now
        layers = type(now.method).layers
        plain = replace(request.encode_options, compression="none")
        painted: list[tuple[str, Path]] = []
        seams: list[float] = []
        xmp = None
        self._noted = True  # not as unfinished: it can not be gone on with
        with layered.pages(self._folder) as place:
            for number, layer in enumerate(layers):
                page = replace(
                    request, layer=layer.key, out=place / f"{number}.tif", encode_options=plain, resume=False
                )
                painting = Painting(page, now, self._painting.device, self._painting.threads, self._told.append)
                plan = replace(painting.plan(), opacity=painting.opacity(page.render_mode))
                xmp = plan.xmp if xmp is None else xmp
                job = fulfil(painting.painters(page.render_mode), plan, stop=stop)
                report = yield from self._told_between(job, number, len(layers))
                painted.append((layer.title, page.out))
                seams.append(report.seam or 1.0)
            layered.join(painted, request.out, request.encode_options, xmp, stop)
        size = Layout(self._painting.size(), request.bleed_px, request.encode_options).file
        return Exported(request.out, size, 0.0, 0, max(seams))

    def inspect(self, probe: bool) -> list[Finding]:
        """See `preflight`."""
        size, now = self._painting.size(), self._painting.now
        found = findings(self.request, now.method.canvas_size, now.job, now.method.capabilities)
        if size != (self.request.size or now.method.canvas_size):
            message = f"To repeat, the picture becomes {size.width:,} × {size.height:,} px."
            found.append(Finding("repeat", "note", message))
        found += self._standing(found)
        if probe and not any(finding.severity == "stop" for finding in found):
            found += measured(self._probe(size), self.request, size)
        return found

    def _standing(self, found: list[Finding]) -> list[Finding]:
        """That a film along a setting would stand still, where it can be painted at all."""
        if not self.request.sweep or any(finding.severity == "stop" for finding in found):
            return []
        message = told_of_a_standing_film(self._painting)
        return [Finding("still", "warning", message)] if message else []

    def _probe(self, size: Size) -> Probe:
        """The two tiles nearest to the middle; the first one warms up."""
        every = self.request.layer == ALL_LAYERS
        layer = type(self._painting.now.method).layers[0].key if every else self.request.layer
        field = artwork(self._painting.now.method, size, layer, self.request.render_mode)
        tiles = size.box.tiles_from_middle(self._painting.tile_px())[:2]
        seconds_per_px = 0.0
        for tile in (tiles * 2)[:2]:
            started = time.perf_counter()
            with torch.no_grad():
                field.at(tile).cpu()
            seconds_per_px = (time.perf_counter() - started) / tile.area
        return Probe(seconds_per_px, field.too_large_px < math.inf, self._painting.device.title)

    def _told_between(
        self, job: Generator[Progressed, None, Report], frame: int = 0, count: int = 1
    ) -> Generator[Event, None, Report]:
        """An export's events, with what its painters had to say; of one of `count` frames."""
        while True:
            try:
                event = next(job)
            except StopIteration as end:
                yield from self._sentences()
                return end.value
            if not self._noted:  # now there is a canvas
                self._noted = True
                unfinished.note(self._project, self._folder)
            yield from self._sentences()
            if count > 1:
                left = None if event.seconds_left is None or frame + 1 < count else event.seconds_left
                event = Progressed("export", frame * event.total + event.done, count * event.total, left)
            yield event

    def _sentences(self) -> Iterator[Event]:
        for message in dict.fromkeys(self._told):
            yield Warned(message, "memory")
        self._told.clear()

    def _as_begun(self, kept: Path | None) -> ExportRequest:
        """To go on after a crash, the weights are those that the canvas was begun with."""
        request = self.request
        if request.resume and request.snapshot is None and (begun := journals.find(self._folder)) is not None:
            snapshot = unfinished.request_of(begun).snapshot
            if kept is None or snapshot != kept.absolute():
                return replace(request, snapshot=snapshot)
        return request
