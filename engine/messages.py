"""What the window (or command line) and the training loop say to each other: frozen, plain data.

Commands go in through `Session.post`, from any thread; events come out of `Session.run`. The mailbox keeps commands in
order, except that of those marked `latest_wins` at most one of each kind waits: the newest `RenderView` of each
requester, all `Retune`s in one.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, NewType

import numpy as np

from engine.box import Box, Size
from engine.job import Job
from engine.method import Piece
from engine.options import EncodeOptions, RenderMode
from engine.pieces import PieceInfo
from engine.stop_rule import Limit, StopRule

Requester = NewType("Requester", str)
"""Who asked for a view: a name that its answers carry back. Every requester has one view under way at most."""

# ---------------------------------------------------------------- commands


class Command:
    latest_wins: ClassVar[bool] = False
    replaces_pictures: ClassVar[bool] = False
    """Whether a picture that is being painted is likely to be of no use when this is obeyed."""

    def replaces(self, earlier: Command) -> bool:
        """Whether `earlier`, of the same kind, has become pointless with this one where `latest_wins`."""
        return True

    def after(self, earlier: Command) -> Command:
        """What is left to do when `earlier`, of the same kind, still waits."""
        return self


@dataclass(frozen=True)
class Retune(Command):
    """New values of live settings; in force from the next step on."""

    values: Mapping[str, Any]
    latest_wins: ClassVar[bool] = True
    replaces_pictures: ClassVar[bool] = True

    def after(self, earlier: Command) -> Command:
        assert isinstance(earlier, Retune)
        return Retune({**earlier.values, **self.values})


@dataclass(frozen=True)
class Load(Command):
    """Other images, method or settings that need a rebuild; present weights are kept where names and shapes allow.

    Args:
        reread: the images are others than they were, although their paths may be the same.
    """

    job: Job
    reread: bool = False
    replaces_pictures: ClassVar[bool] = True


@dataclass(frozen=True)
class RenderView(Command):
    """Paint what is on screen.

    Args:
        box: region of the canvas, in canvas pixels; is clipped to it.
        size: pixels that the region has on screen; the engine scales, never above 1:1.
        layer: key of one of the method's layers, or "patches" for the strip of training patches.
        ticket: comes back in each `ViewRendered`; tells the requests of one requester apart.
        requester: comes back as well. A newer request takes the place of the same requester's earlier one only.
        canvas_size: look at a picture of another size; None for the one that is trained for.
        render_mode: look at it as an export would paint it, see `options.RenderMode`.
        coarse_first: the whole of it small and soon, before the pieces; where the method can.
        snapshot: look at this one instead of the present.
        pieces: say as well which piece lies where, where the method knows.
    """

    box: Box
    size: Size
    layer: str = "result"
    ticket: int = 0
    requester: Requester = Requester("")
    canvas_size: Size | None = None
    render_mode: RenderMode = field(default_factory=RenderMode)
    coarse_first: bool = False
    snapshot: Path | None = None
    pieces: bool = False
    latest_wins: ClassVar[bool] = True
    replaces_pictures: ClassVar[bool] = True

    def replaces(self, earlier: Command) -> bool:
        return isinstance(earlier, RenderView) and self.requester == earlier.requester


@dataclass(frozen=True)
class Pause(Command):
    pass


@dataclass(frozen=True)
class Resume(Command):
    replaces_pictures: ClassVar[bool] = True


Reason = Literal["kept", "autosave", "stopped", "final", "before", "method", "rebuild", "minutes", "style", "content"]
"""Why a snapshot was kept: "kept" when the artist asked, the others by themselves; see moments.py."""


@dataclass(frozen=True)
class Keep(Command):
    """Keep a snapshot."""

    name: str = ""
    reason: Reason = "kept"


@dataclass(frozen=True)
class Restore(Command):
    """Go back to a snapshot and train on from it. What is left is kept first, where no snapshot has it yet.

    Args:
        reason: of the snapshot of what is left.
    """

    snapshot: Path
    reason: Reason = "before"
    replaces_pictures: ClassVar[bool] = True


ALL_LAYERS = "all"
"""In place of the key of one layer: all of them, as the layers of one TIFF."""


@dataclass(frozen=True)
class StartFrom(Command):
    """Begin anew with the networks of another project. What is left is kept first, where no snapshot has it yet.

    Args:
        project: its folder, or anything in it.
    """

    project: Path
    replaces_pictures: ClassVar[bool] = True


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
class CountImages(Command):
    """Say which image gave how much of the picture; answered by `ImagesCounted`."""

    latest_wins: ClassVar[bool] = True


@dataclass(frozen=True)
class CountPieces(Command):
    """List the single pieces, each with its part of the canvas; answered by `PiecesCounted`.

    Cheap enough to be asked twice a second while it trains: it is told what was painted last, and what is not on screen
    is painted for it rarely.
    """

    latest_wins: ClassVar[bool] = True


@dataclass(frozen=True)
class FindPiece(Command):
    """Say what lies at a pixel of the canvas; answered by `PieceFound`."""

    row: int
    column: int
    latest_wins: ClassVar[bool] = True


@dataclass(frozen=True)
class CancelExport(Command):
    """Stop the present export. With `keep`, what is painted stays, for an `ExportRequest` with `resume`."""

    keep: bool = False


@dataclass(frozen=True)
class Relocate(Command):
    """The project lies in another folder from now on; what was kept in the former one meanwhile is brought there."""

    folder: Path


@dataclass(frozen=True)
class Share(Command):
    """How the session shares the computer and saves, from now on.

    Args:
        threads: of the processor that it may use; 0 leaves one core free.
        previews: share of the time that pictures may take while it trains, 0..1.
        autosave_s: seconds of training between two autosaves; None for the usual.
        moments_minutes: minutes of training between two moments; 0 for none, None for what it began with.
    """

    threads: int = 0
    previews: float = 0.2
    autosave_s: float | None = None
    moments_minutes: float | None = None
    latest_wins: ClassVar[bool] = True


@dataclass(frozen=True)
class EndBy(Command):
    """End by itself by this rule from now on, in place of any that was given before."""

    rule: StopRule
    latest_wins: ClassVar[bool] = True


@dataclass(frozen=True)
class Stop(Command):
    """End the session. With `keep`, a snapshot of the last step is kept first."""

    keep: bool = True
    replaces_pictures: ClassVar[bool] = True


# ---------------------------------------------------------------- events


class Event:
    pass


@dataclass(frozen=True)
class Began(Event):
    """The networks are built (or restored) and training goes on from `step`.

    Args:
        left: the snapshot of what was left for it, where training went back or to another method.
        touched: the part of the canvas that looks otherwise than before; None for all of it.
        notes: see `Method.notes`; those of before that are not among them hold no longer.
    """

    step: int
    job: Job
    canvas_size: Size
    device: str
    snapshot: Path | None = None
    reason: Literal["built", "rebuilt", "restored"] = "built"
    left: Path | None = None
    touched: Box | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoodIn(Event):
    """Another method's picture is shown from now on, until the present one's own is better; or no more.

    Args:
        title: of the other method; empty where the own picture is shown.
    """

    title: str


@dataclass(frozen=True)
class Stepped(Event):
    """A report, a few times a second: means since the last one.

    Args:
        terms: unweighted loss terms and measures, by key (see `Method.terms`).
    """

    step: int
    steps_per_s: float
    elapsed_s: float
    terms: Mapping[str, float]
    memory_bytes: int = 0
    memory_total_bytes: int = 0


@dataclass(frozen=True)
class Retuned(Event):
    """Live settings changed; `names` are in force from `step` on."""

    step: int
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ViewRendered(Event):
    """A piece of the picture asked for by a `RenderView`; the last piece has `done`.

    Args:
        image: uint8 [h, w, 3], sRGB, scaled for the screen; empty where there is nothing to show (yet).
        box: where on the canvas it lies, in canvas pixels.
        pieces: int16 [h, w], the piece that has most of each of these pixels, see `PieceInfo.index`; -1 where it is
            not known. None where that was not asked for.
    """

    image: np.ndarray
    box: Box
    canvas_size: Size
    layer: str
    step: int
    ticket: int
    requester: Requester
    done: bool
    pieces: np.ndarray | None = None


@dataclass(frozen=True)
class Kept(Event):
    snapshot: Path
    step: int
    name: str
    reason: str


@dataclass(frozen=True)
class Relocated(Event):
    """What is kept from now on is kept below another folder; nothing is in the former one that is not in this."""

    folder: Path


@dataclass(frozen=True)
class Paused(Event):
    step: int


@dataclass(frozen=True)
class Resumed(Event):
    step: int


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
        border: step in the outermost 4 px by that inside: 1 where the edges have no fringe; None for a part or frames.
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
        kind: "format", "disk", "images", "begun", "bleed", "more_pieces", "style_detail", "content_detail", "memory" or
            "time".
        severity: "stop" where the export can not be as it is.
    """

    kind: str
    severity: Literal["stop", "warning", "note"]
    message: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True)
class PieceFound(Event):
    """Answers `FindPiece`; no piece where it is not known."""

    command: FindPiece
    piece: Piece | None


@dataclass(frozen=True)
class ImagesCounted(Event):
    """Answers `CountImages`.

    Args:
        shares: images, their parts of the area, and of what is copied rather than painted over, 0..1; the largest
            first.
    """

    shares: tuple[tuple[Path, float, float], ...]


@dataclass(frozen=True)
class PiecesCounted(Event):
    """Answers `CountPieces`; none where the method does not lay its picture out of pieces."""

    pieces: tuple[PieceInfo, ...]
    step: int


@dataclass(frozen=True)
class Inspected(Event):
    """The answer to an `Inspect`; `probed` says that its minutes are measured."""

    export: ExportRequest
    findings: tuple[Finding, ...]
    probed: bool


@dataclass(frozen=True)
class ExportCancelled(Event):
    """`kept` is the folder with what was painted, if it was to be kept."""

    out: Path
    kept: Path | None = None


@dataclass(frozen=True)
class Warned(Event):
    """Something the artist should know; the work goes on."""

    message: str
    kind: str = ""


@dataclass(frozen=True)
class Failed(Event):
    """One command could not be carried out (`fatal` False), or the session ends (`fatal` True)."""

    message: str
    fatal: bool = False
    command: Command | None = None


@dataclass(frozen=True)
class Ended(Event):
    """The session is over.

    Args:
        limit: what of its `StopRule` it came to; None where something else ended it.
    """

    step: int
    limit: Limit | None = None


# ---------------------------------------------------------------- mailbox


@dataclass
class Mailbox:
    """Commands on their way to the loop. `post` never waits for the loop."""

    _waiting: list[Command] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def post(self, command: Command) -> None:
        with self._changed:
            # Only back to the last command that keeps its place: a slider moved before a Load must not overrule it.
            for index in reversed(range(len(self._waiting))):
                earlier = self._waiting[index]
                if not (command.latest_wins and earlier.latest_wins):
                    break
                if type(earlier) is type(command) and command.replaces(earlier):
                    command = command.after(earlier)
                    del self._waiting[index]
                    break
            self._waiting.append(command)
            self._changed.notify()

    @property
    def replaces_pictures(self) -> bool:
        """Whether a waiting command does."""
        return any(command.replaces_pictures for command in self._waiting)

    def take(self, wait_s: float = 0) -> list[Command]:
        """All waiting commands, oldest first. Sleeps until there is one, at most so long; inf: as long as it takes."""
        with self._changed:
            if wait_s:
                self._changed.wait_for(lambda: self._waiting, None if wait_s == math.inf else wait_s)
            taken, self._waiting = self._waiting, []
            return taken
