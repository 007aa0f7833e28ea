"""The moments of a project as a tree: where each method's training stands, what branched off where, what may go.

A moment is a snapshot; those with a reason of `BY_THEMSELVES` were kept without being asked for. The rule by which
these are thinned:

    They may take a budget together. While they take more, the one goes that stands nearest to its neighbours in
    training time on its branch, so that the rest stays spread over the whole training. Never touched are moments that
    were kept by hand or at a stop, that have a star, a name or a note, the best matches of each method, the newest
    moment of each branch, and those that the present or undo needs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine import snapshots
from engine.bounded import read_json
from engine.errors import BadProjectError, BadSettingError
from engine.files import write_atomically
from engine.snapshots import Snapshot

BY_THEMSELVES = frozenset({"minutes", "style", "content", "before", "method", "rebuild", "autosave"})
"""Reasons of moments that nobody asked for."""
BEST_OF = {"style": "style_match", "content": "content_match"}
"""Reason of a moment that is kept for being the best so far, and the term that it is best at."""
_PRESENT = "present.json"


@dataclass(frozen=True)
class MomentRule:
    """When a session keeps moments by itself, besides its autosaves.

    Args:
        minutes: of training between two of them; 0 for none.
        best: also at the best style match and content match so far.
    """

    minutes: float = 10.0
    best: bool = True


def present(project: Path, method: str, among: Sequence[Snapshot] | None = None) -> Snapshot | None:
    """The moment that a method's training goes on from; its newest one where none is noted (any more).

    Args:
        among: all of the project's, where they were read already.
    """
    noted = _noted(project).get(method)
    if among is None:
        if noted is not None:
            with suppress(BadProjectError, BadSettingError):
                snapshot = snapshots.read(project / snapshots.FOLDER / noted)
                if snapshot.job.method == method:
                    return snapshot
        among = snapshots.listing(project)
    fitting = [snapshot for snapshot in among if snapshot.job.method == method]
    at = next((snapshot for snapshot in fitting if snapshot.folder.name == noted), None)
    return at or (fitting[-1] if fitting else None)


def set_present(project: Path, method: str, folder: Path) -> None:
    """Notes what `present` answers. Raises NoRoomError."""
    noted = _noted(project)
    if noted.get(method) != folder.name:
        text = json.dumps({**noted, method: folder.name}, indent=1)
        write_atomically(project / snapshots.FOLDER / _PRESENT, text)


def _noted(project: Path) -> dict[str, str]:
    """Names of folders by method; what is damaged counts as not noted."""
    with suppress(OSError, ValueError):
        stored = read_json(project / snapshots.FOLDER / _PRESENT)
        if isinstance(stored, dict):
            # only plain numbers: a project from elsewhere names no place outside
            return {str(key): name for key, name in stored.items() if isinstance(name, str) and name.isdecimal()}
    return {}


# ---------------------------------------------------------------- the tree


@dataclass(frozen=True)
class Place:
    """Where a moment stands in the drawing of a tree.

    Args:
        lane: row of its branch; 0 is the first.
        parent: index of the nearest moment that it came from and that is there; None for a beginning.
    """

    snapshot: Snapshot
    lane: int
    parent: int | None


def tree(all_moments: Sequence[Snapshot]) -> list[Place]:
    """The moments in their order, each with its lane: a child goes on in its parent's, further children open new ones.

    A lane is free again behind its last moment.
    """
    index = {snapshot.folder.name: place for place, snapshot in enumerate(all_moments)}
    parents = [_known(snapshot, place, index) for place, snapshot in enumerate(all_moments)]
    last = list(range(len(all_moments)))
    """For each moment the last one that goes on from it, directly or not: its lane is taken until there."""
    for place in reversed(range(len(all_moments))):
        parent = parents[place]
        if parent is not None:
            last[parent] = max(last[parent], last[place])
    places: list[Place] = []
    taken: dict[int, int] = {}
    """For each lane the place up to which it is taken."""
    continued: set[int] = set()
    for place, snapshot in enumerate(all_moments):
        parent = parents[place]
        if parent is not None and parent not in continued:
            lane = places[parent].lane
            continued.add(parent)
        else:
            lane = next(n for n in range(len(taken) + 1) if taken.get(n, -1) < (place if parent is None else parent))
        taken[lane] = max(taken.get(lane, -1), last[place])
        places.append(Place(snapshot, lane, parent))
    return places


def _known(snapshot: Snapshot, place: int, index: Mapping[str, int]) -> int | None:
    """The nearest ancestor that there is."""
    ancestors = (*snapshot.line, *([snapshot.parent] if snapshot.parent is not None else []))
    known = (index[name] for name in reversed(ancestors) if name in index)
    return next((at for at in known if at < place), None)


def best(all_moments: Iterable[Snapshot], method: str) -> dict[str, Snapshot]:
    """For each term of `BEST_OF` the moment of a method that is best at it; the newest one of several."""
    found: dict[str, Snapshot] = {}
    for snapshot in all_moments:
        for term in BEST_OF.values():
            if snapshot.job.method != method or term not in snapshot.terms:
                continue
            if term not in found or snapshot.terms[term] >= found[term].terms[term]:
                found[term] = snapshot
    return found


# ---------------------------------------------------------------- thinning


def dispensable(
    all_moments: Sequence[Snapshot], sizes: Mapping[Path, int], budget_bytes: int, needed: Collection[Path] = ()
) -> list[Snapshot]:
    """What has to go for the moments kept by themselves to fit their budget; the rule is at the top of this file.

    Args:
        sizes: bytes of each folder.
        needed: folders that the present or undo needs.
    """
    going = [place for place in tree(all_moments) if place.snapshot.reason in BY_THEMSELVES]
    total = sum(sizes[place.snapshot.folder] for place in going)
    if total <= budget_bytes:
        return []
    kept = {snapshot.folder for m in {s.job.method for s in all_moments} for snapshot in best(all_moments, m).values()}
    kept |= set(needed) | _ends(all_moments)
    gone: list[Snapshot] = []
    left = list(all_moments)
    while total > budget_bytes:
        choice = [
            (gap, place)
            for place, gap in enumerate(_gaps(left))
            if left[place].reason in BY_THEMSELVES and left[place].folder not in kept and not _marked(left[place])
        ]
        if not choice:
            break
        snapshot = left.pop(min(choice)[1])
        total -= sizes[snapshot.folder]
        gone.append(snapshot)
    return gone


def _marked(snapshot: Snapshot) -> bool:
    return snapshot.starred or bool(snapshot.name) or bool(snapshot.note)


def _ends(all_moments: Sequence[Snapshot]) -> set[Path]:
    """Folders of the moments from which no other one came."""
    parents = {snapshot.parent for snapshot in all_moments}
    return {snapshot.folder for snapshot in all_moments if snapshot.folder.name not in parents}


def _gaps(left: Sequence[Snapshot]) -> list[float]:
    """For each moment the seconds of training between its neighbours on its lane; infinite at an end of one."""
    lanes: dict[int, list[int]] = {}
    for index, place in enumerate(tree(left)):
        lanes.setdefault(place.lane, []).append(index)
    gaps = [float("inf")] * len(left)
    for members in lanes.values():
        for before, index, after in zip(members, members[1:], members[2:], strict=False):
            gaps[index] = abs(left[after].elapsed_s - left[before].elapsed_s)
    return gaps
