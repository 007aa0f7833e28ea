"""The part of a picture that is seen, shared by many pictures that stand side by side."""

from __future__ import annotations

LARGEST_ZOOM = 16.0


class Place:
    """What part of each picture is seen: its middle, 0..1 across and down, and how much larger than whole."""

    def __init__(self) -> None:
        self.fit()

    def fit(self) -> None:
        self.x = self.y = 0.5
        self.zoom = 1.0

    def zoom_by(self, factor: float, across: float, down: float) -> None:
        """Args: across, down: the point that stays where it is, -0.5..0.5 of a cell's picture from its middle."""
        before, self.zoom = self.zoom, min(max(self.zoom * factor, 1.0), LARGEST_ZOOM)
        less = 1 / before - 1 / self.zoom
        self.move(across * less, down * less)

    def move(self, across: float, down: float) -> None:
        """Moves by shares of the whole picture; it stays on it."""
        half = 0.5 / self.zoom
        self.x = min(max(self.x + across, half), 1 - half)
        self.y = min(max(self.y + down, half), 1 - half)
