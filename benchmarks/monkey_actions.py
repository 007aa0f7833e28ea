"""What a person can do in the window, each with chance: the moves that monkey.py chooses from."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QAbstractSlider, QApplication, QComboBox, QDialog, QSlider, QWidget

from app.main_window import MainWindow
from app.snapshots.tile import SnapshotTile
from benchmarks.monkey_answers import press
from engine.box import Size
from engine.settings import specs

OFTEN, NOW_AND_THEN, SELDOM = 12, 5, 2

MOVES = {
    "drop": OFTEN,
    "slide": 2 * OFTEN,
    "undo": OFTEN,
    "redo": NOW_AND_THEN,
    "train": 2 * OFTEN,
    "stop": NOW_AND_THEN,
    "keep": OFTEN,
    "go_back": OFTEN,
    "mark_moment": NOW_AND_THEN,
    "remove_moment": SELDOM,
    "compare_moments": SELDOM,
    "look_at_moment": NOW_AND_THEN,
    "grid": SELDOM,
    "method": NOW_AND_THEN,
    "preset": SELDOM,
    "rebuild": NOW_AND_THEN,
    "afresh": SELDOM,
    "new": SELDOM,
    "open": SELDOM,
    "open_known": NOW_AND_THEN,
    "save": NOW_AND_THEN,
    "save_as": SELDOM,
    "pack": SELDOM,
    "export": NOW_AND_THEN,
    "cancel": NOW_AND_THEN,
    "go_on_painting": SELDOM,
    "others": SELDOM,
    "look": OFTEN,
    "paste": SELDOM,
    "remove_image": SELDOM,
    "mask": SELDOM,
    "form": SELDOM,
    "message": NOW_AND_THEN,
    "close_dialog": NOW_AND_THEN,
    "close": SELDOM,
}
"""How often each is chosen."""


class Moves:
    """One method for each name in MOVES; False where there is nothing to do it with at the moment.

    Args:
        window: the one that is open now.
        images: files to drop.
        known: projects that were saved.
        small: settings that keep a method quick; a method without any is quick as it is.
    """

    def __init__(
        self,
        chance: random.Random,
        window: Callable[[], MainWindow],
        images: list[Path],
        known: Callable[[], list[Path]],
        small: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._chance, self._window = chance, window
        self._images, self._known, self._small = images, known, small

    @property
    def window(self) -> MainWindow:
        return self._window()

    def make_small(self) -> None:
        """Settings that nobody has to wait for."""
        document = self.window.document
        values = self._small.get(document.job.method, {})
        if any(getattr(document.settings, name) != value for name, value in values.items()):
            document.set_values(dict(values), "small")

    # ------------------------------------------------------------ images and settings

    def drop(self) -> bool:
        canvas = self.window.canvas
        host = canvas.start if canvas.start.isVisible() else canvas.view.viewport()
        paths = self._chance.sample(self._images, self._chance.randint(1, 2))
        at = QPoint(self._chance.randrange(max(1, host.width())), self._chance.randrange(max(1, host.height())))
        _drop(host, paths, at)
        return True

    def slide(self) -> bool:
        document, panel = self.window.document, self.window.panel
        quick = document.job.method in self._small
        names = [s.name for s in specs(document.method.Settings) if s.knob.live or not quick]
        if not names:
            return False
        knob = panel.knob(self._chance.choice(names))
        slider = knob.findChild(QSlider)
        combo = knob.findChild(QComboBox)
        document.begin_movement()
        if isinstance(slider, QAbstractSlider) and knob.isEnabled():
            for _ in range(self._chance.randint(1, 4)):
                slider.setValue(self._chance.randint(slider.minimum(), slider.maximum()))
        elif isinstance(combo, QComboBox) and combo.count():
            index = self._chance.randrange(combo.count())
            combo.setCurrentIndex(index)
            combo.activated.emit(index)
        else:
            return False
        return True

    def preset(self) -> bool:
        document = self.window.document
        presets = document.method.presets
        if not presets:
            return False
        done = document.apply_preset(self._chance.choice(presets).name)
        self.make_small()
        return done

    def method(self) -> bool:
        cards = self.window.methods.cards
        cards.card(self._chance.choice(cards.keys)).click()
        self.make_small()
        return True

    def paste(self) -> bool:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(self._chance.choice(self._images)))])
        QApplication.clipboard().setMimeData(data)
        return self._act("paste")

    def remove_image(self) -> bool:
        slot = self._chance.choice(self.window.document.method.slots)
        section = self.window.sources.section(slot.key)
        if not section.images:
            return False
        section.remove(self._chance.randrange(len(section.images)))
        return True

    def mask(self) -> bool:
        masks = self.window.masks
        if masks.editor is not None:
            return masks.close()
        slots = [slot for slot in self.window.document.method.slots if slot.kind == "mask"]
        if slots:
            masks.open(self._chance.choice(slots).key)
        return bool(slots)

    # ------------------------------------------------------------ actions of the menus

    def undo(self) -> bool:
        return self._act("undo")

    def redo(self) -> bool:
        return self._act("redo")

    def train(self) -> bool:
        return self._act("train")

    def stop(self) -> bool:
        return self._act("stop")

    def keep(self) -> bool:
        return self._act("keep")

    def rebuild(self) -> bool:
        return self._act("rebuild")

    def afresh(self) -> bool:
        return self._act("afresh")

    def new(self) -> bool:
        return self._act("new")

    def open(self) -> bool:
        return self._act("open")

    def save(self) -> bool:
        return self._act("save")

    def save_as(self) -> bool:
        return self._act("save_as")

    def pack(self) -> bool:
        return self._act("pack")

    def others(self) -> bool:
        return self._act("others")

    def look(self) -> bool:
        names = ("fit", "pixels", "zoom_in", "zoom_out", "next_layer", "copy_view", "copy_settings")
        return self._act(self._chance.choice(names))

    def form(self) -> bool:
        return self._act(self._chance.choice(("frame", "preferences", "keys", "about")))

    def open_known(self) -> bool:
        known = self._known()
        if not known:
            return False
        self.window.files.open_path(self._chance.choice(known))
        return True

    # ------------------------------------------------------------ moments

    def go_back(self) -> bool:
        return self._with_moment(lambda tile: tile.restore_requested.emit())

    def mark_moment(self) -> bool:
        if self._chance.random() < 0.5:
            return self._with_moment(lambda tile: tile.toggle_star())
        return self._with_moment(lambda tile: tile.renamed.emit(f"name {self._chance.randrange(100)}"))

    def remove_moment(self) -> bool:
        return self._with_moment(lambda tile: tile.removed.emit())

    def look_at_moment(self) -> bool:
        if self._chance.random() < 0.3:
            self.window.canvas.show_still(None)
            return True
        return self._with_moment(lambda tile: tile.picked.emit())

    def compare_moments(self) -> bool:
        strip = self.window.strip
        if self._chance.random() < 0.5:
            return self._with_moment(lambda tile: strip.compare_requested.emit(tile.snapshot))
        tiles = strip.tiles
        if len(tiles) < 2:
            return False
        strip.pair_requested.emit(*(tile.snapshot for tile in self._chance.sample(tiles, 2)))
        return True

    def grid(self) -> bool:
        self.window.snapshots.open_grid()
        return True

    def _with_moment(self, act: Callable[[SnapshotTile], object]) -> bool:
        tiles = self.window.strip.tiles
        if tiles:
            act(self._chance.choice(tiles))
        return bool(tiles)

    # ------------------------------------------------------------ exports

    def export(self) -> bool:
        """Prints with other choices each time, of a size that is painted soon."""
        exports = self.window.exports
        tiles = self.window.strip.tiles
        exports.open(self._chance.choice(tiles).snapshot.folder if tiles and self._chance.random() < 0.3 else None)
        dialog = exports.dialog
        if dialog is None or not dialog.isVisible():
            return False
        form = dialog.form
        factor = self._chance.choice((1, 1, 2, 5))
        form.size_field.choose(Size(min(900, form.canvas.height * factor), min(900, form.canvas.width * factor)))
        for combo in (form.format, form.layer, form.detail):
            combo.setCurrentIndex(self._chance.randrange(combo.count()))
        form.file_name.setText(f"picture {self._chance.randrange(1000)}")
        return press(dialog.start)

    def cancel(self) -> bool:
        queue = self.window.exports.queue
        if queue.running is None:
            return False
        queue.cancel(queue.running)
        return True

    def go_on_painting(self) -> bool:
        queue = self.window.exports.queue
        stopped = [item for item in queue.items if item.over and item.state != "done"]
        if stopped:
            queue.again(self._chance.choice(stopped))
        return bool(stopped)

    # ------------------------------------------------------------ windows

    def message(self) -> bool:
        """The button of the message that is shown, or its cross."""
        bar = self.window.messages
        if not bar.messages:
            return False
        if self._chance.random() < 0.5:
            return press(bar.button)
        bar.dismiss()
        return True

    def close_dialog(self) -> bool:
        others = [
            w for w in QApplication.topLevelWidgets() if w.isVisible() and w.isWindow() and isinstance(w, QDialog)
        ]
        if others:
            self._chance.choice(others).close()
        return bool(others)

    def close(self) -> bool:
        self.window.close()
        return True

    def _act(self, name: str) -> bool:
        action = self.window.actions_by_name[name]
        if action.isEnabled():
            action.trigger()
        return action.isEnabled()


def _drop(host: QWidget, paths: list[Path], at: QPoint) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    drag = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(host, QDragEnterEvent(at, *drag))
    QApplication.sendEvent(host, QDragMoveEvent(at, *drag))
    QApplication.sendEvent(host, QDropEvent(QPointF(at), *drag))
