"""What Python keeps and nobody needs goes: circles of objects, in the window's thread and no other, and read sources.

Python collects in whichever thread makes one object too many: that which trains, or one that reads a thumbnail. Among
what it finds are widgets, timers and pictures of Qt, which may only go in the window's thread; beside a repaint the
program can crash. Without a window Python keeps its own way.

PySide looks into the source of each module that is imported after it, and Python keeps every line that was read, to
quote it in reports of errors: 830,000 lines of torch and of what torch needs, some 70 MB. A report reads anew what it
quotes.
"""

from __future__ import annotations

import gc
import linecache

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 500
_GROWN = 1.25
"""All is looked through when what has become old is a quarter more than the last time, as Python does by itself."""


class Collector(QObject):
    """From now on Python collects nothing by itself; a timer does, in the thread that made this.

    What is there already and stays is to be frozen before: to look through all classes takes a quarter of a second, and
    through what a window makes later some milliseconds. The timer forgets sources as well.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._old_objects = self._sources = 0
        timer = QTimer(self)
        timer.timeout.connect(self.collect)
        timer.timeout.connect(self.forget_sources)
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

    def forget_sources(self) -> None:
        """Lets the lines go once no more came since the last time: while a thread imports, it reads among them."""
        sources = len(linecache.cache)
        if sources == self._sources:
            linecache.clearcache()
            sources = 0
        self._sources = sources
