"""Training that settles: the longer nothing changes, the smaller its steps and the longer its average.

With rates that stay, two networks that train against each other circle around what they look for: after many minutes
pieces had grown harsh ridges, then grit, while every measure still improved.
"""

from __future__ import annotations

import math

from engine.settings import Settings

AVERAGED_PART = 0.1
"""Of the steps since the last change, that the average reaches over, where that is more than the settings ask for."""


class Settling:
    """Steps since the settings changed the last time; the rates are whole again then."""

    def __init__(self) -> None:
        self.calm_steps = 0
        self._settings: Settings | None = None

    def notice(self, settings: Settings) -> None:
        """What the next step is made by."""
        if settings is not self._settings:  # they are never changed in place
            if self._settings is not None and settings != self._settings:
                self.calm_steps = 0
            self._settings = settings

    def count(self) -> None:
        """One more step, which is done."""
        self.calm_steps += 1

    def rate(self, after_steps: int) -> float:
        """Part of the rates: 1 for so many steps, then falling as their inverse root. `after_steps` 0: always 1."""
        if not after_steps or self.calm_steps <= after_steps:
            return 1.0
        return math.sqrt(after_steps / self.calm_steps)

    def decay(self, decay: float, after_steps: int) -> float:
        """The decay of the average: at least `decay`, and so much that it reaches over a part of the calm steps."""
        if not after_steps:
            return decay
        return max(decay, 1 - 1 / max(1.0, AVERAGED_PART * self.calm_steps))

    def restored(self, calm_steps: int) -> None:
        """Goes on as a snapshot was made, its settings in force."""
        self.calm_steps, self._settings = calm_steps, None
