"""An `ExportRequest` carried out: from which weights, by which renderers, to which file. Its tiles are tiles.py's."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from engine import snapshots
from engine.box import Box, Size
from engine.device import Device, choose, peak_memory_bytes
from engine.errors import CancelledError
from engine.export import cluster, layered, provenance, unfinished
from engine.export import journal as journals
from engine.export.cluster_tasks import Order, painted_frame
from engine.export.cropping import cropped
from engine.export.fingerprint import image_digests, state_digest
from engine.export.legend import credits_line, legend_path, write_legend
from engine.export.preflight import Probe, findings, measured
from engine.export.print_sizes import Layout
from engine.export.relink import refuse_missing_images, refuse_to_overwrite
from engine.export.renderer import PatientRenderer
from engine.export.sweep import sweep
from engine.export.tiles import ExportPlan, Paint, Report, fulfil
from engine.export.transparency import Opacity, opacity_of, opaque_everywhere
from engine.export.video import FRAMES_PER_S, Film, begin_film, end_film, numbered, open_film, write_video
from engine.export.video_formats import check_video, is_video
from engine.fields.artwork import Artwork
from engine.job import Job
from engine.messages import ALL_LAYERS, Event, ExportCancelled, Exported, ExportRequest, Finding, Progressed, Warned
from engine.method import Method, method_class
from engine.options import RenderMode
from engine.preview import usage
from engine.preview.views import artwork, tile_px
from engine.templates.palette import palette
from engine.threads import Threads


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


class Frame(NamedTuple):
    """A picture of a film: how it is painted, and with which live settings in place of the present ones."""

    number: int
    render_mode: RenderMode
    values: Mapping[str, Any]


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
        self.request, self._project, self._device, self._threads = request, project, device, threads
        self._told: deque[str] = deque()
        self._noted = False
        self._folder = request.canvas_folder or journals.folder_for(request.out)
        self.request = request = self._as_begun(present.kept)
        if request.snapshot is not None:
            present = self._from(request.snapshot)
        self._now = present

    def run(self, stop: Callable[[], bool], keep: Callable[[], bool]) -> Iterator[Event]:
        """
        Args:
            stop: is asked between two tiles.
            keep: whether, after a stop, what is painted stays.

        Raises:
            TesseraError: one sentence; what was painted stays.
        """
        started = time.perf_counter()
        refuse_missing_images(self._now.job, type(self._now.method).slots)
        refuse_to_overwrite(self.request.out, self._now.job)
        try:
            request = self.request
            layered.check(request)
            if request.layer == ALL_LAYERS:
                done = yield from self._all_layers(stop)
            else:
                done = yield from self._all_frames(stop) if request.frames or request.sweep else self._picture(stop)
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
        plan = replace(self._plan(), opacity=self._opacity(request.render_mode))
        if plan.opacity is not None and plan.opacity.plane() is None:
            self._told.append(opaque_everywhere(plan.opacity.path))
        if request.cluster:
            with cluster.opened(request.cluster) as machines:
                shared = machines.tiles(self._order(request.render_mode))
                report = yield from self._told_between(fulfil([], plan, stop=stop, shared=shared))
        else:
            painters = self._painters(request.render_mode)
            report = yield from self._told_between(fulfil(painters, plan, stop=stop))
        if request.layer == self._now.method.pieces_layer and request.part == (1, 1):
            pieces = usage.pieces_of(self._now.method)
            write_legend(legend_path(request.out), pieces, palette(len(pieces)).tolist())
        share = report.resumed_tiles / report.tiles
        meters = (report.seam, report.border)
        return Exported(request.out, report.size, 0.0, 0, *meters, share, request.canvas_folder)

    def _all_layers(self, stop: Callable[[], bool]) -> Generator[Event, None, Exported]:
        """Layer after layer, each in a file of its own, joined at the end; what broke off begins anew."""
        request, layers = self.request, type(self._now.method).layers
        plain = replace(request.encode_options, compression="none")
        painted: list[tuple[str, Path]] = []
        seams: list[float] = []
        xmp = None
        with layered.pages(self._folder) as place:
            for number, layer in enumerate(layers):
                page = replace(request, layer=layer.key, out=place / f"{number}.tif", encode_options=plain)
                one = ExportRun(replace(page, resume=False), self._now, self._project, self._device, self._threads)
                one._noted = True
                plan = replace(one._plan(), opacity=self._opacity(page.render_mode))
                xmp = plan.xmp if xmp is None else xmp
                job = fulfil(one._painters(page.render_mode), plan, stop=stop)
                report = yield from one._told_between(job, number, len(layers))
                painted.append((layer.title, page.out))
                seams.append(report.seam or 1.0)
            layered.join(painted, request.out, request.encode_options, xmp, stop)
        size = Layout(self._size(), request.bleed_px, request.encode_options).file
        return Exported(request.out, size, 0.0, 0, max(seams))

    def _all_frames(self, stop: Callable[[], bool]) -> Generator[Event, None, Exported]:
        """Picture after picture, those that are there already left out; a video is made of them at the end."""
        request, folder = self.request, self._folder
        film, video = self._film(), is_video(request.out)
        if video:
            check_video(request.out, self._size(), request.encode_options.transparent)
        plan = replace(self._plan(), details={}, request_json={}, resume=False, fill=lambda _: None)
        goes_on = begin_film(folder, self._about_film(film), request.resume)
        pictures: list[Path] = []
        seams: list[float] = []
        before = 0

        def target(number: int) -> Path:
            return numbered(folder / "painted.png" if video else request.out, number)

        def planned(number: int, render_mode: RenderMode) -> ExportPlan:
            return replace(plan, out=target(number), opacity=self._opacity(render_mode))

        def unpainted() -> Iterator[Frame]:
            nonlocal before
            for frame in self._frames(film, lambda number: not (goes_on and target(number).exists())):
                pictures.append(target(frame.number))
                if goes_on and target(frame.number).exists():
                    before += 1
                    continue
                yield frame

        if request.cluster:
            frames = (self._kept_apart(frame, film) for frame in unpainted())
            tasks = (
                (each.number, (self._order(each.render_mode, each.values), planned(each.number, each.render_mode)))
                for each in frames
            )
            seams += yield from self._frames_elsewhere(tasks, film, stop, lambda: before)
        else:
            for number, render_mode, values in unpainted():
                with self._along(values):
                    job = fulfil(self._painters(render_mode), planned(number, render_mode), stop=stop)
                    report = yield from self._told_between(job, number - 1, max(film.count, number))
                seams.append(report.seam or 1.0)
        if video:
            write_video(pictures, request.out, film.per_second)
        end_film(folder, pictures)
        out = request.out if video else pictures[0]
        size = Layout(self._size(), request.bleed_px, request.encode_options).file
        return Exported(out, size, 0.0, 0, max(seams, default=1.0), resumed_share=before / len(pictures))

    def _film(self) -> Film:
        """What is filmed; along a setting no files are."""
        if self.request.frames is not None:
            return open_film(self.request.frames)
        return Film(Path(), (), len(self._values), FRAMES_PER_S)

    @cached_property
    def _values(self) -> list[dict[str, Any]]:
        """Of the setting that is swept, frame by frame. Raises BadSettingError."""
        return sweep(type(self._now.method).Settings, self.request.sweep)

    def _frames(self, film: Film, wanted: Callable[[int], bool]) -> Iterator[Frame]:
        """All frames; a video's lie in one place, one after the other, where they are wanted."""
        mode = self.request.render_mode
        if self.request.frames is None:
            yield from (Frame(number, mode, values) for number, values in enumerate(self._values, start=1))
            return
        first = str(film.first(self._folder))
        for number, picture in film.frames(self._folder, wanted):
            yield Frame(number, replace(mode, frame=str(picture), tones=first), {})

    @contextmanager
    def _along(self, values: Mapping[str, Any]) -> Iterator[None]:
        """With other live settings; what they were before comes back."""
        methods = [method for method, _ in self._methods] if values else []
        before = [{name: getattr(method.settings, name) for name in values} for method in methods]
        for method in methods:
            method.settings = method.settings.with_values(values)
        try:
            yield
        finally:
            for method, old in zip(methods, before, strict=True):
                method.settings = method.settings.with_values(old)

    def _kept_apart(self, frame: Frame, film: Film) -> Frame:
        """Where several frames are painted at a time, each picture of a video has a place of its own."""
        if self.request.frames is None or film.files:
            return frame
        place = Path(frame.render_mode.frame).rename(Film.scratch(self._folder, frame.number))
        return frame._replace(render_mode=replace(frame.render_mode, frame=str(place)))

    def _frames_elsewhere(
        self,
        tasks: Iterator[tuple[int, tuple[Order, ExportPlan]]],
        film: Film,
        stop: Callable[[], bool],
        before: Callable[[], int],
    ) -> Generator[Event, None, list[float]]:
        """Whole frames as tasks of a cluster, in any order; returns their seam meters."""
        seams: list[float] = []
        unfinished.note(self._project, self._folder)
        with cluster.opened(self.request.cluster) as machines:
            for number, seam in machines.results(painted_frame, tasks):
                seams.append(seam)
                film.scratch(self._folder, number).unlink(missing_ok=True)
                yield Progressed("export", before() + len(seams), max(film.count, before() + len(seams)), None)
                if stop():
                    raise CancelledError(f"The export of {self.request.out.name} was stopped.")
        return seams

    def _order(self, render_mode: RenderMode, values: Mapping[str, Any] = MappingProxyType({})) -> Order:
        """What other machines are told to paint."""
        now = self._now
        job = now.job.model_copy(update={"settings": now.job.settings.with_values(values)}) if values else now.job
        return Order(
            job,
            None if now.kept is None else now.kept.absolute(),
            self._weights,
            image_digests(now.job),
            self._size(),
            self.request.layer,
            render_mode,
            self.request.crop,
            torch.get_num_threads() if self._threads is not None and self._threads.fixed else None,
        )

    @cached_property
    def _weights(self) -> str:
        return state_digest(self._now.method.state())

    def _about_film(self, film: Film) -> dict[str, Any]:
        """What decides the pixels of all frames."""
        files = [path.name for path in film.files]
        plan = self._plan()
        encode_options = plan.encode_options.stored()
        return {
            "film": str(film.path.absolute()) if self.request.frames else self.request.sweep,
            "files": files,
            "encode_options": encode_options,
            "picture": plan.picture.stored(),
        }

    def inspect(self, probe: bool) -> list[Finding]:
        """See `preflight`."""
        size, now = self._size(), self._now
        found = findings(self.request, now.method.canvas_size, now.job, now.method.capabilities)
        if size != (self.request.size or now.method.canvas_size):
            message = f"To repeat, the picture becomes {size.width:,} x {size.height:,} px."
            found.append(Finding("repeat", "note", message))
        if probe and not any(finding.severity == "stop" for finding in found):
            found += measured(self._probe(size), self.request, size)
        return found

    def _probe(self, size: Size) -> Probe:
        """The two tiles nearest to the middle; the first one warms up."""
        every = self.request.layer == ALL_LAYERS
        layer = type(self._now.method).layers[0].key if every else self.request.layer
        field = artwork(self._now.method, size, layer, self.request.render_mode)
        tiles = size.box.tiles_from_middle(self._tile_px())[:2]
        seconds_per_px = 0.0
        for tile in (tiles * 2)[:2]:
            started = time.perf_counter()
            with torch.no_grad():
                field.at(tile).cpu()
            seconds_per_px = (time.perf_counter() - started) / tile.area
        return Probe(seconds_per_px, field.too_large_px < math.inf, self._device.title)

    def _tile_px(self) -> int:
        return self.request.tile_px or tile_px(self._device.torch, on_screen=False)

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

    # ------------------------------------------------------------ what is painted

    def _as_begun(self, kept: Path | None) -> ExportRequest:
        """To go on after a crash, the weights are those that the canvas was begun with."""
        request = self.request
        if request.resume and request.snapshot is None and (begun := journals.find(self._folder)) is not None:
            snapshot = unfinished.request_of(begun).snapshot
            if kept is None or snapshot != kept.absolute():
                return replace(request, snapshot=snapshot)
        return request

    def _from(self, folder: Path) -> Present:
        snapshot = snapshots.read(folder)
        method = self._built(snapshot.job, self._device.torch)
        method.restore(snapshots.load_state(snapshot))
        return Present(method, snapshot.job, snapshot.step, snapshot.elapsed_s, snapshot.terms, folder)

    def _plan(self) -> ExportPlan:
        request, now = self.request, self._now
        size = self._size()
        state = now.method.state()
        details = {
            "job": {key: value for key, value in now.job.stored().items() if key != "sources"},
            "images": image_digests(now.job),
            "weights": self._weights,
            "canvas_size": [size.height, size.width],
            "layer": request.layer,
            "render_mode": request.render_mode.stored(),
        }
        if (version := type(now.method).painting_version) > 1:
            details["painting_version"] = version
        if request.crop is not None:
            details["crop"] = list(request.crop)
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

        request_json = unfinished.stored(replace(request, snapshot=now.kept, size=size))
        if now.kept is None:
            request_json["snapshot"] = inside
        title = type(now.method).title
        render_mode = {key: value for key, value in asdict(request.render_mode).items() if value}
        kept = request.canvas_folder is not None and request.canvas_folder.exists()  # it needs no painting any more
        said = credits_line(usage.pieces_of(now.method, not kept)) if request.encode_options.provenance else ""
        xmp = provenance.packet(
            now.job, title=title, step=now.step, layer=request.layer, render_mode=render_mode, credits_line=said
        )
        return ExportPlan(
            request.out,
            size,
            self._tile_px(),
            bits=request.bits,
            bleed_px=request.bleed_px,
            encode_options=request.encode_options,
            details=details,
            request_json=request_json,
            folder=request.canvas_folder,
            resume=request.resume,
            part=request.part,
            assemble=request.assemble,
            xmp=xmp if request.encode_options.provenance else None,
            fill=fill,
        )

    def _opacity(self, render_mode: RenderMode) -> Opacity | None:
        """Which places stay transparent, where that is wanted."""
        if not self.request.encode_options.transparent:
            return None
        return opacity_of(self._now.method, self._now.job, self._size(), render_mode, self.request.crop)

    def _size(self) -> Size:
        """A repeat closes on the method's alignment, so its sides may change by a few pixels."""
        size, alignment_px = self.request.size or self._now.method.canvas_size, self._now.method.alignment_px
        if not self.request.render_mode.repeat or self.request.render_mode.originals:
            return size
        return Size(*(max(1, round(side / alignment_px)) * alignment_px for side in (size.height, size.width)))

    # ------------------------------------------------------------ who paints it

    @cached_property
    def _methods(self) -> list[tuple[Method, Device]]:
        """One for each device that shares the tiles."""
        keys = self.request.devices
        if not keys:
            return [(self._now.method, self._device)]
        state = self._now.method.state()
        methods = []
        for key in keys:
            device = choose(key)
            if device == self._device and not methods:  # the session's own is there already
                methods.append((self._now.method, device))
                continue
            method = self._built(self._now.job, device.torch)
            method.restore(state)
            methods.append((method, device))
        return methods

    def _painters(self, render_mode: RenderMode) -> list[Paint]:
        painters = [self._painter(method, device, render_mode) for method, device in self._methods]
        if self._threads is None or len(painters) > 1:  # several paint in threads of their own
            return list(painters)
        threads, paint = self._threads, painters[0]

        def painted(tile: Box) -> Tensor:
            with threads.picture():
                return paint(tile)

        return [painted]

    def _painter(self, method: Method, device: Device, render_mode: RenderMode) -> PatientRenderer:
        def on_cpu() -> Artwork:
            copy = self._built(self._now.job, torch.device("cpu"))
            copy.restore(method.state())
            return self._artwork(copy, render_mode)

        field = self._artwork(method, render_mode)
        return PatientRenderer(field, None if device.torch.type == "cpu" else on_cpu, self._told.append)

    def _artwork(self, method: Method, render_mode: RenderMode) -> Artwork:
        return cropped(method, self._size(), self.request.layer, render_mode, self.request.crop)

    @staticmethod
    def _built(job: Job, device: torch.device) -> Method:
        return method_class(job.method)(job, device)
