"""What paints the pictures of a session: the present, what stands still of it, and snapshots beside it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

from engine import snapshots
from engine.device import Device, empty_cache
from engine.messages.commands import RenderView
from engine.method import Method
from engine.training.rebuilding import built

MOST_LOOKED_AT = 2
"""Snapshots whose networks are held in memory for looking at them, to compare two."""


class Painters:
    """
    Args:
        device: the session's.
        shown: what shows a layer at present.
    """

    def __init__(self, device: Device, shown: Callable[[str], Method]) -> None:
        self._device, self._shown = device, shown
        self._still: tuple[Method, int, Method] | None = None
        """What was shown last beside the steps, how many it had done, and what paints that."""
        self._looked_at: dict[Path, Method] = {}
        """Methods of snapshots that are looked at beside the present; the last used is last."""

    def begin_anew(self) -> None:
        """There is another present now."""
        self._still = None

    def let_go(self) -> None:
        """Holds no method any more."""
        self._still, self._looked_at = None, {}

    def of(self, request: RenderView) -> Method:
        """What is shown at present, or the method of a snapshot. Raises what building one does, and TesseraError."""
        return self._shown(request.layer) if request.snapshot is None else self._of_snapshot(request.snapshot)

    def beside_steps(self, request: RenderView) -> Method | None:
        """What paints the same from another thread; None where it can only be painted between two steps.

        Raises what `of` and `Method.still` do.
        """
        if request.render_mode.asks_for:  # which reads files, and the method remembers what it has read
            return None
        method = self.of(request)
        return self._still_of(method) if request.snapshot is None else method

    def _still_of(self, method: Method) -> Method | None:
        """What paints a method as it is now; where no step was done since, with all that it remembers."""
        known, self._still = self._still, None
        if known is not None and known[0] is method and known[1] == method.steps_done:
            still = known[2]
            if still.settings != method.settings:
                still = copy.copy(still)
                still.settings = method.settings
        else:
            known = None  # before there is another one
            still = method.still()
        if still is not None:
            self._still = method, method.steps_done, still
        return still

    def _of_snapshot(self, folder: Path) -> Method:
        """A snapshot's method, of which the last ones that were looked at are held."""
        if folder not in self._looked_at:
            snapshot = snapshots.read(folder)
            state = snapshots.load_state(snapshot)
            while len(self._looked_at) >= MOST_LOOKED_AT:
                del self._looked_at[next(iter(self._looked_at))]
            empty_cache(self._device.torch)
            method = built(snapshot.job, self._device)
            method.restore(state)
            self._looked_at[folder] = method
        self._looked_at[folder] = method = self._looked_at.pop(folder)
        return method
