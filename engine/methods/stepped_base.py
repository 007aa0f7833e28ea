"""What all methods share that come nearer to their picture step by step: seed, progress, and how fast they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic

from engine.box import Size
from engine.method import Method, MethodSettings, State


class SteppedMethod(Method[MethodSettings], Generic[MethodSettings]):
    """A subclass sets `seed` and `_canvas` while it is built."""

    seed: int
    steps_done: int = 0
    _rate_title: str = "The learning rate is"
    """What `slow_down` halves, in the artist's words."""

    _canvas: Size
    _rate_factor: float = 1.0
    """Of the rates that the settings ask for."""
    _said: Sequence[str] = ()
    """What there is to say of the artist's maps as they are."""

    @property
    def canvas_size(self) -> Size:
        return self._canvas

    @property
    def notes(self) -> Sequence[str]:
        return self._said

    def slow_down(self) -> str:
        self._rate_factor *= 0.5
        return f"{self._rate_title} now {self._rate_factor:.3g} of what the panel says."

    def _progress(self) -> dict[str, Any]:
        """What every state holds of it, as plain JSON values."""
        return {"steps_done": self.steps_done, "rate_factor": self._rate_factor}

    def _restore_progress(self, state: State) -> None:
        self.steps_done = int(state.plain["steps_done"])
        self._rate_factor = float(state.plain["rate_factor"])
