"""Single pieces, as the artist knows them: what a session tells of each, and what can be wanted of it. No torch here.

A session answers `commands.CountPieces` by a list of `PieceInfo`. The functions here make of a job and some of these
the job in which they are muted, favoured, locked, replaced or drawn anew. It is given to the session by a `Load`, and
acts in the next picture and step, without a rebuild.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.job import MOST_WEIGHT, Job, PieceChoice, PieceChoices, PiecePlace

if TYPE_CHECKING:  # the window starts without torch
    from engine.tiling import Edge


@dataclass(frozen=True)
class PieceInfo:
    """One piece of the picture: a template, or an element of the set that is shown.

    Args:
        index: its number; the layer "templates" or "sets" has its colour.
        of: names the piece that was drawn here; see `PieceChoice`.
        image: the name of its image, see `image_names`.
        path: of that image.
        place: what of the image lies in the middle of the canvas.
        drawn: what lay there as the piece was drawn.
        box: (top, left, height, width) of what it shows where most of it lies, as shares of the image's sides: for a
            thumbnail, and for a frame on the source that can be dragged, see `moved_by`.
        flip: whether the box is shown upside down, and with left and right exchanged.
        weight: 1 as drawn, 0 muted, up to `MOST_WEIGHT` favoured.
        locked: it stays when others are drawn anew.
        usage: its part of the canvas, 0..1, as it was painted last; 0 before.
        edge: how the image goes on beyond its ends.
    """

    index: int
    of: str
    image: str
    path: Path
    place: PiecePlace
    drawn: PiecePlace
    box: tuple[float, float, float, float]
    flip: tuple[bool, bool]
    weight: float
    locked: bool
    usage: float
    edge: Edge

    @property
    def replaced(self) -> bool:
        """Whether it shows another place than the one that was drawn."""
        return self.place != self.drawn


@dataclass(frozen=True)
class Piece:
    """What a place of a picture shows.

    Args:
        path: of the image that most of it comes from.
        share: how much of it does, 0..1.
        row, column: where in that image, 0..1 of its sides.
        index: of the piece, see `PieceInfo`; -1 where it has none.
    """

    path: Path
    share: float
    row: float
    column: float
    index: int = -1


def image_names(paths: Sequence[Path]) -> list[str]:
    """What images are called in a job's choices: by their files' names, so that folders may move.

    The second one of a name is "leaf.jpg (2)".
    """
    seen: Counter[str] = Counter()
    names = []
    for path in paths:
        seen[path.name] += 1
        names.append(path.name if seen[path.name] == 1 else f"{path.name} ({seen[path.name]})")
    return names


# ---------------------------------------------------------------- what can be wanted


def weighed(job: Job, pieces: Iterable[PieceInfo], weight: float) -> Job:
    """Some pieces muted (0), favoured (more than 1), or as they were drawn (1)."""
    return _changed(job, pieces, weight=min(max(weight, 0.0), MOST_WEIGHT))


def locked(job: Job, pieces: Iterable[PieceInfo], lock: bool = True) -> Job:
    """Some pieces that stay when others are drawn anew, or no longer."""
    return _changed(job, pieces, locked=lock)


def replaced(job: Job, piece: PieceInfo, place: PiecePlace) -> Job:
    """A piece that shows another place of its image, or one of another image."""
    return _changed(job, [piece], place=place)


def as_drawn(job: Job, pieces: Iterable[PieceInfo]) -> Job:
    """Some pieces as they were drawn: nothing is wanted of them any more."""
    gone = {piece.index for piece in pieces}
    left = tuple(choice for choice in job.pieces.choices if choice.index not in gone)
    return _with(job, job.pieces.model_copy(update={"choices": left}))


def drawn_anew(job: Job) -> Job:
    """All pieces drawn anew but those that are locked; what was wanted of the others goes with them."""
    left = tuple(choice for choice in job.pieces.choices if choice.locked)
    return _with(job, PieceChoices(draw=job.pieces.draw + 1, choices=left))


def moved_by(piece: PieceInfo, down: float, right: float) -> PiecePlace:
    """The place of a piece whose box was dragged over its image, by shares of the image's sides."""
    rows = _moved(piece.place.row, piece.place.flip[0], piece.flip[0], down, piece.edge)
    columns = _moved(piece.place.column, piece.place.flip[1], piece.flip[1], right, piece.edge)
    return PiecePlace(image=piece.image, row=rows[0], column=columns[0], flip=(rows[1], columns[1]))


def _moved(at: float, backwards: bool, box_backwards: bool, by: float, edge: Edge) -> tuple[float, bool]:
    """A share of a side, and whether the image runs backwards there."""
    at += -by if backwards != box_backwards else by
    if edge == "wrap":
        return at % 1.0, backwards
    at %= 2.0
    return (2.0 - at, not backwards) if at > 1.0 else (at, backwards)


def _changed(job: Job, pieces: Iterable[PieceInfo], **wanted: Any) -> Job:
    present = {choice.index: choice for choice in job.pieces.choices}
    for piece in pieces:
        known = present.get(piece.index)
        if known is None or (known.of != piece.of and not known.locked):  # of one that is not shown any more
            known = PieceChoice(index=piece.index, of=piece.of)
        choice = known.model_copy(update={"of": piece.of, **wanted})
        if choice.locked and choice.place is None:
            choice = choice.model_copy(update={"place": piece.place})
        elif not choice.locked and choice.place == piece.drawn:
            choice = choice.model_copy(update={"place": None})
        if choice == PieceChoice(index=piece.index, of=piece.of):
            present.pop(piece.index, None)
        else:
            present[piece.index] = choice
    return _with(job, job.pieces.model_copy(update={"choices": tuple(present[index] for index in sorted(present))}))


def _with(job: Job, pieces: PieceChoices) -> Job:
    return job.model_copy(update={"pieces": pieces})
