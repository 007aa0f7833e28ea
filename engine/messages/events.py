"""What the training loop tells: frozen, plain data that comes out of `Session.run`.

What is told of exports is in exports.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine.box import Box, Size
from engine.job import Job
from engine.messages.commands import Command, FindPiece, Requester
from engine.pieces import Piece, PieceInfo
from engine.stop_rule import Limit


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
class FittedToImages(Event):
    """Answers `FitToImages`. Nothing is changed by it.

    Args:
        values: of settings, also those that stay as they come; empty where there is nothing to tell. None where it gave
            way to something more urgent, and may be asked again.
    """

    values: Mapping[str, Any] | None


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
