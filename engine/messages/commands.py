"""What is asked of the training loop: frozen, plain data that `Session.post` takes, from any thread.

Those that concern exports are in exports.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, NewType

from engine.box import Box, Size
from engine.job import Job
from engine.options import RenderMode
from engine.stop_rule import StopRule

Requester = NewType("Requester", str)
"""Who asked for a view: a name that its answers carry back. Every requester has one view under way at most."""
Reason = Literal["kept", "autosave", "stopped", "final", "before", "method", "rebuild", "minutes", "style", "content"]
"""Why a snapshot was kept: "kept" when the artist asked, the others by themselves; see moments.py."""


class Command:
    """What a session is asked to do between two steps."""

    latest_wins: ClassVar[bool] = False
    """Whether at most one of its kind waits, see mailbox.py."""
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


@dataclass(frozen=True)
class StartFrom(Command):
    """Begin anew with the networks of another project. What is left is kept first, where no snapshot has it yet.

    Args:
        project: its folder, or anything in it.
    """

    project: Path
    replaces_pictures: ClassVar[bool] = True


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
class FitToImages(Command):
    """Say which settings suit these very images, as the picture shows, see `Method.fitting_picture`.

    Answered by `FittedToImages`.

    Args:
        free: names of the settings that the artist has not chosen.
    """

    free: frozenset[str]
    latest_wins: ClassVar[bool] = True


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
