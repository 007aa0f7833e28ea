"""What an export paints, from which weights and by whom: the plan of its canvas, and painters for each device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from engine import snapshots
from engine.box import Box, Size
from engine.device import Device, choose
from engine.export import provenance, unfinished
from engine.export.cluster_tasks import Order
from engine.export.cropping import cropped
from engine.export.fingerprint import image_digests, state_digest
from engine.export.legend import credits_line
from engine.export.renderer import PatientRenderer
from engine.export.tiles import ExportPlan, Paint
from engine.export.transparency import Opacity, opacity_of
from engine.fields.artwork import Artwork
from engine.job import Job
from engine.messages.exports import ExportRequest
from engine.method import Method, method_class
from engine.options import RenderMode
from engine.preview import usage
from engine.preview.views import tile_px
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


def built(job: Job, device: torch.device) -> Method:
    return method_class(job.method)(job, device)


def present_of(folder: Path, device: Device) -> Present:
    """What a snapshot holds, its method built for a device. Raises TesseraError."""
    snapshot = snapshots.read(folder)
    method = built(snapshot.job, device.torch)
    method.restore(snapshots.load_state(snapshot))
    return Present(method, snapshot.job, snapshot.step, snapshot.elapsed_s, snapshot.terms, folder)


class Painting:
    """What one request paints.

    Args:
        request: what is asked for.
        now: what is painted.
        device: the session's.
        threads: the session's, with which tiles are painted.
        say: is told what painters have to say.
    """

    def __init__(
        self, request: ExportRequest, now: Present, device: Device, threads: Threads | None, say: Callable[[str], None]
    ) -> None:
        self.request, self.now, self.device, self.threads, self._say = request, now, device, threads, say

    def order(self, render_mode: RenderMode, values: Mapping[str, Any] = MappingProxyType({})) -> Order:
        """What other machines are told to paint."""
        now = self.now
        job = now.job.model_copy(update={"settings": now.job.settings.with_values(values)}) if values else now.job
        return Order(
            job,
            None if now.kept is None else now.kept.absolute(),
            self.weights,
            image_digests(now.job),
            self.size(),
            self.request.layer,
            render_mode,
            self.request.crop,
            torch.get_num_threads() if self.threads is not None and self.threads.fixed else None,
        )

    @cached_property
    def weights(self) -> str:
        """The digest of what the method has learned: an export is gone on with by these weights alone."""
        return state_digest(self.now.method.state())

    def plan(self) -> ExportPlan:
        """What is to be painted into which file, with all that has to be the same where it is gone on with."""
        request, now = self.request, self.now
        size = self.size()
        state = now.method.state()
        details = {
            "job": {key: value for key, value in now.job.stored().items() if key != "sources"},
            "images": image_digests(now.job),
            "weights": self.weights,
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
            self.tile_px(),
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

    def opacity(self, render_mode: RenderMode) -> Opacity | None:
        """Which places stay transparent, where that is wanted."""
        if not self.request.encode_options.transparent:
            return None
        return opacity_of(self.now.method, self.now.job, self.size(), render_mode, self.request.crop)

    def size(self) -> Size:
        """A repeat closes on the method's alignment, so its sides may change by a few pixels."""
        size, alignment_px = self.request.size or self.now.method.canvas_size, self.now.method.alignment_px
        if not self.request.render_mode.repeat or self.request.render_mode.originals:
            return size
        return Size(*(max(1, round(side / alignment_px)) * alignment_px for side in (size.height, size.width)))

    def tile_px(self) -> int:
        return self.request.tile_px or tile_px(self.device.torch, on_screen=False)

    @contextmanager
    def along(self, values: Mapping[str, Any]) -> Iterator[None]:
        """Paints with other live settings; those of before come back."""
        methods = [method for method, _ in self.methods] if values else []
        before = [{name: getattr(method.settings, name) for name in values} for method in methods]
        for method in methods:
            method.settings = method.settings.with_values(values)
        try:
            yield
        finally:
            for method, old in zip(methods, before, strict=True):
                method.settings = method.settings.with_values(old)

    # ------------------------------------------------------------ who paints it

    @cached_property
    def methods(self) -> list[tuple[Method, Device]]:
        """One for each device that shares the tiles."""
        keys = self.request.devices
        if not keys:
            return [(self.now.method, self.device)]
        state = self.now.method.state()
        methods = []
        for key in keys:
            device = choose(key)
            if device == self.device and not methods:  # the session's own is there already
                methods.append((self.now.method, device))
                continue
            method = built(self.now.job, device.torch)
            method.restore(state)
            methods.append((method, device))
        return methods

    def painters(self, render_mode: RenderMode) -> list[Paint]:
        """What paints tiles in a way, one for each device; a lone one takes as many threads as pay."""
        painters = [self._painter(method, device, render_mode) for method, device in self.methods]
        if self.threads is None or len(painters) > 1:  # several paint in threads of their own
            return list(painters)
        threads, paint = self.threads, painters[0]

        def painted(tile: Box) -> Tensor:
            with threads.picture():
                return paint(tile)

        return [painted]

    def _painter(self, method: Method, device: Device, render_mode: RenderMode) -> PatientRenderer:
        def on_cpu() -> Artwork:
            copy = built(self.now.job, torch.device("cpu"))
            copy.restore(method.state())
            return self._artwork(copy, render_mode)

        field = self._artwork(method, render_mode)
        return PatientRenderer(field, None if device.torch.type == "cpu" else on_cpu, self._say)

    def _artwork(self, method: Method, render_mode: RenderMode) -> Artwork:
        return cropped(method, self.size(), self.request.layer, render_mode, self.request.crop)
