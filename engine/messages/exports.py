"""Commands and events of an export: what is asked for, what is to be known before it begins, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from engine.box import Size
from engine.messages.commands import Command
from engine.messages.events import Event
from engine.options import EncodeOptions, RenderMode

ALL_LAYERS = "all"
"""In place of the key of one layer: all of them, as the layers of one TIFF."""


@dataclass(frozen=True)
class ExportRequest(Command):
    """Paint a canvas to a file. Several wait for each other; training pauses meanwhile.

    Args:
        out: its ending decides the format, see engine/export/format.py.
        size: of the picture after cutting; None for the size that was trained for.
        layer: key of one of the method's layers, or ALL_LAYERS.
        tile_px: side of a tile; None lets the device decide.
        bits: 8 or 16 for each channel.
        snapshot: paint from this one instead of the present weights.
        encode_options: how the file is written.
        render_mode: whether it repeats, or is read from the originals; see `Method.capabilities`.
        bleed_px: more picture on each side, to be cut away.
        frames: a folder of images or a video that takes the place of the content, image after image; `out` is then
            a video (.mp4, .avi), or the name that numbered pictures have before their number.
        sweep: a film along a live setting instead, as "between=0:1:75" (see export/sweep.py); `out` as for `frames`.
        resume: go on with what an earlier attempt has painted.
        canvas_folder: a folder that keeps the canvas file, so that other formats need no painting; None removes it.
        devices: keys of several devices that share the tiles; none for the session's own.
        part: (k, n): paint the k-th of n parts of a canvas that several machines share, and write no file yet.
        assemble: all parts are painted: write the file.
        crop: where the size has another shape than the canvas, which part of the same picture it shows: how much of
            what is cut away lies above it, and how much to its left, 0..1. None paints anew for that shape.
        cluster: address of a scheduler of Dask whose workers paint, or "local"; empty for this process.
    """

    out: Path
    size: Size | None = None
    layer: str = "result"
    tile_px: int | None = None
    bits: Literal[8, 16] = 8
    snapshot: Path | None = None
    encode_options: EncodeOptions = field(default_factory=EncodeOptions)
    render_mode: RenderMode = field(default_factory=RenderMode)
    bleed_px: int = 0
    frames: Path | None = None
    resume: bool = False
    canvas_folder: Path | None = None
    devices: tuple[str, ...] = ()
    part: tuple[int, int] = (1, 1)
    assemble: bool = False
    sweep: str = ""
    crop: tuple[float, float] | None = None
    cluster: str = ""


@dataclass(frozen=True)
class Inspect(Command):
    """Say what can be known of an export before it begins; answered by `Inspected`.

    Args:
        probe: also paint two tiles, which takes seconds, to tell how long all of it will take.
    """

    export: ExportRequest
    probe: bool = False
    latest_wins: ClassVar[bool] = True


@dataclass(frozen=True)
class CancelExport(Command):
    """Stop the present export. With `keep`, what is painted stays, for an `ExportRequest` with `resume`."""

    keep: bool = False


@dataclass(frozen=True)
class Remedy:
    """What could be done about a finding, for a button.

    Args:
        title: of the button.
        changes: fields of `ExportRequest` and their other values.
        ask: what the artist has to choose first, where nothing else helps; "learn" is whether to learn on for this
            size.
    """

    title: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    ask: Literal["", "folder", "images", "profile", "learn"] = ""

    def applied(self, export: ExportRequest) -> ExportRequest:
        return replace(export, **self.changes)


@dataclass(frozen=True)
class Finding:
    """Something to know before an export begins.

    Args:
        kind: "format", "disk", "images", "begun", "bleed", "more_pieces", "style_detail", "content_detail", "memory",
            "still" or "time".
        severity: "stop" where the export can not be as it is.
    """

    kind: str
    severity: Literal["stop", "warning", "note"]
    message: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True)
class Inspected(Event):
    """The answer to an `Inspect`; `probed` says that its minutes are measured."""

    export: ExportRequest
    findings: tuple[Finding, ...]
    probed: bool


@dataclass(frozen=True)
class Progressed(Event):
    """How far a long job is: "export" so far."""

    job: str
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True)
class Exported(Event):
    """A file is written; or one part of a canvas is painted, whose file is not.

    Args:
        out: of frames, the video, or the first picture.
        size: of the file, bleed and margins included.
        seam: step across the borders of tiles by those beside it: 1 where no tile is seen; None for a part.
        border: how steep the outermost 4 px are, by what lies beside them: 1 where the edges have no fringe; None for
            a part or frames.
        resumed_share: share of the tiles (or frames) that an earlier attempt had painted, 0..1.
        canvas_folder: the folder that keeps the canvas, where one was asked for.
    """

    out: Path
    size: Size
    seconds: float
    peak_memory_bytes: int
    seam: float | None = None
    border: float | None = None
    resumed_share: float = 0.0
    canvas_folder: Path | None = None


@dataclass(frozen=True)
class ExportCancelled(Event):
    """`kept` is the folder with what was painted, if it was to be kept."""

    out: Path
    kept: Path | None = None
