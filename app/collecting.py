"""Objects that hold one another in circles are collected in the window's thread, and in no other.

Python collects in whichever thread makes one object too many: that which trains, or one that reads a thumbnail. Among
what it finds are widgets, timers and pictures of Qt, which may only go in the window's thread; beside a repaint the
program can crash. Without a window Python keeps its own way.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 500
_GROWN = 1.25
"""All is looked through when what has become old is a quarter more than the last time, as Python does by itself."""


class Collector(QObject):
    """From now on Python collects nothing by itself; a timer does, in the thread that made this.

    What is there already and stays is to be frozen before: to look through all classes takes a quarter of a second, and
    through what a window makes later some milliseconds.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._old_objects = 0
        timer = QTimer(self)
        timer.timeout.connect(self.collect)
        timer.start(EVERY_MS)

    def collect(self) -> int | None:
        """Collects the generation whose turn it is by Python's thresholds, and those younger than it.

        Returns:
            Which: 0 is the youngest, 2 the oldest; None where it is no generation's turn.
        """
        due = [count > most for count, most in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if due[2] and len(gc.get_objects(generation=2)) > _GROWN * self._old_objects:
            gc.collect(2)
            self._old_objects = len(gc.get_objects(generation=2))
            return 2
        for generation in (1, 0):
            if due[generation]:
                gc.collect(generation)
                return generation
        return None
