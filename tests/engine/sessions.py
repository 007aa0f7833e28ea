"""Sessions run to their end, and what they told and kept."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import torch

from engine import snapshots
from engine.files import no_room
from engine.messages.events import Ended, Event, Kept
from engine.training.session import Session
from tests.engine import toy

E = TypeVar("E", bound=Event)


def of(events: Iterable[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def play(session: Session, react: Callable[[Event], None] = lambda event: None) -> list[Event]:
    events = []
    for event in session.run():
        events.append(event)
        react(event)
        assert len(events) < 5000, "the session does not end"
    assert isinstance(events[-1], Ended)
    assert len(of(events, Ended)) == 1
    return events


def trained(folder: Path, steps: int, **options: Any) -> snapshots.Snapshot:
    """The final snapshot of a session."""
    events = play(Session(options.pop("job", None) or toy.job(folder), folder, device="cpu", steps=steps, **options))
    return snapshots.read(of(events, Kept)[-1].snapshot)


def weights(snapshot: snapshots.Snapshot) -> dict[str, torch.Tensor]:
    return snapshots.load_state(snapshot).tensors


def same(a: snapshots.Snapshot, b: snapshots.Snapshot) -> bool:
    first, second = weights(a), weights(b)
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def full_disk(*_args: object, **_options: object) -> None:
    """In place of `snapshots.keep`."""
    raise no_room(Path("snapshots"), OSError(errno.ENOSPC, "No space left on device"))
