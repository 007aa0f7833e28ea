"""One snapshot in the strip: picture, star, name that can be edited in place, step and why it was kept."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.snapshots.tile_picture import PAD, STAR_PX, describe, draw_method, draw_star, inside, title_of
from app.widgets import theme
from app.widgets.controls import ElidedLabel
from engine.errors import TesseraError

if TYPE_CHECKING:
    from engine.snapshots import Snapshot

HEIGHT, SMALL_HEIGHT = 96, 34
NARROWEST, WIDEST = 104, 220
_SMALL_PX, _SMALL_WORDS_PX = 52, 104
"""Width of a small tile's picture, and of the words beside it."""
_BADGES = {
    "kept": "kept",
    "autosave": "autosave",
    "stopped": "at stop",
    "final": "final",
    "before": "before going back",
    "method": "before another method",
    "rebuild": "before a rebuild",
    "minutes": "by the clock",
    "style": "best style match",
    "content": "best content match",
}
"""Why a moment was kept, in words."""


class SnapshotTile(QWidget):
    """A snapshot of `HEIGHT` pixels and two lines of text; or a small one with its words beside the picture.

    Signals:
        picked(): clicked.
        restore_requested(): double click or its button.
        renamed(name): the new name, not empty and not the old one.
        starred(bool): it is to have a star, or none.
        removed(): it is to go.
        menu_requested(point): where to open a menu, global.
        preview_needed(): painted for the first time without a picture.
    """

    picked = Signal()
    restore_requested = Signal()
    renamed = Signal(str)
    starred = Signal(bool)
    removed = Signal()
    menu_requested = Signal(QPoint)
    preview_needed = Signal()

    def __init__(self, snapshot: Snapshot, parent: QWidget | None = None, small: bool = False) -> None:
        super().__init__(parent)
        self.snapshot, self._small = snapshot, small
        self._image: QImage | None = None
        self._asked = False
        self._method = ""
        self._selected = self._hovered = False
        self.present = False
        """Whether the training goes on from it."""
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

        self.back_button = QPushButton("Go back", self)
        self.back_button.setProperty("role", "small")
        self.back_button.setToolTip("Go back to this moment and train on from it")
        self.back_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.back_button.setProperty("keys", "Return")
        self.back_button.clicked.connect(self.restore_requested)
        self.back_button.hide()
        self.name_edit = QLineEdit(self)
        self.name_edit.setAccessibleName("Name of the moment")
        self.name_edit.setMaxLength(80)
        self.name_edit.hide()
        self.name_edit.editingFinished.connect(self._finish_rename)
        self.name_edit.installEventFilter(self)
        self.name_label = ElidedLabel("", self)
        self.facts_label = ElidedLabel("", self)
        self.facts_label.setProperty("role", "muted")
        for label in (self.name_label, self.facts_label):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

        column = QVBoxLayout(self)
        if small:
            column.setContentsMargins(_SMALL_PX + 3 * PAD, PAD, PAD, PAD)
        else:
            column.setContentsMargins(PAD, HEIGHT + 2 * PAD, PAD, PAD)
        column.setSpacing(0)
        column.addWidget(self.name_label)
        column.addWidget(self.name_edit)
        column.addWidget(self.facts_label)

        self.set_snapshot(snapshot)
        self._fit()

    @property
    def title(self) -> str:
        return title_of(self.snapshot)

    def set_snapshot(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        badge = _BADGES.get(snapshot.reason, snapshot.reason)
        self.name_label.setText(self.title)
        facts = [f"{snapshot.step:,}"] if snapshot.name else []
        here = ["here"] if self.present else []
        self.facts_label.setText(" · ".join([*facts, badge, *here]))
        self._method = self._made_by()
        star = ", with a star" if snapshot.starred else ""
        self.setAccessibleName(f"{self.title}, step {snapshot.step}, {badge}, {self._method}{star}")
        self.update()
        self.setToolTip(describe(snapshot, self.title, self._method))

    def _made_by(self) -> str:
        """The method's name; empty where it is not known here any more."""
        from engine.method import method_class  # brings torch along, which no snapshot can be without

        with suppress(TesseraError):
            return method_class(self.snapshot.job.method).title
        return ""

    def set_present(self, present: bool) -> None:
        """Whether the training goes on from it."""
        if present != self.present:
            self.present = present
            self.set_snapshot(self.snapshot)

    def toggle_star(self) -> None:
        self.starred.emit(not self.snapshot.starred)

    def set_image(self, image: QImage) -> None:
        self._image = image if not image.isNull() else None
        self._fit()
        self.update()

    def set_selected(self, selected: bool) -> None:
        self._selected = selected
        self._tell_button()
        self.update()

    def rename(self) -> None:
        """Opens the name for editing; Return keeps it, Escape does not."""
        self.name_label.hide()
        self.name_edit.setText(self.title)
        self.name_edit.show()
        self.name_edit.setFocus()
        self.name_edit.selectAll()

    def remove(self) -> None:
        self.removed.emit()

    def _finish_rename(self) -> None:
        if self.name_edit.isHidden():
            return
        name = self.name_edit.text().strip()
        self.name_edit.hide()
        self.name_label.show()
        if name and name != self.title:
            self.name_label.setText(name)
            self.renamed.emit(name)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """The keys that end the renaming say nothing else to anyone, and go back to the tile."""
        if not isinstance(event, QKeyEvent) or event.type() not in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            if event.key() == Qt.Key.Key_Escape:  # else it would end what is compared on the canvas
                event.accept()
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish_rename()
        elif event.key() == Qt.Key.Key_Escape:
            self.name_edit.hide()
            self.name_label.show()
        else:
            return False
        self.setFocus()
        return True

    def _fit(self) -> None:
        width = HEIGHT
        if self._image is not None:
            width = round(self._image.width() * HEIGHT / self._image.height())
        if self._small:
            self.setFixedSize(_SMALL_PX + _SMALL_WORDS_PX + 4 * PAD, SMALL_HEIGHT + 2 * PAD)
        else:
            self.setFixedWidth(min(max(width, NARROWEST), WIDEST) + 2 * PAD)
            self.setFixedHeight(HEIGHT + 3 * PAD + 2 * self.fontMetrics().height() + 6)
        self._place_buttons()

    def _frame(self) -> QRectF:
        """Where the picture stands."""
        if self._small:
            return QRectF(PAD, PAD, _SMALL_PX, SMALL_HEIGHT)
        return QRectF(PAD, PAD, self.width() - 2 * PAD, HEIGHT)

    def _place_buttons(self) -> None:
        button = self.back_button
        button.adjustSize()
        width = min(button.width(), self.width() - 4 * PAD)
        button.setFixedWidth(width)
        if self._small:  # over the words: its picture would be hidden
            button.move(self.width() - width - PAD, (self.height() - button.height()) // 2)
        else:
            button.move((self.width() - width) // 2, HEIGHT + PAD - button.height() - PAD)

    def _tell_button(self) -> None:
        self.back_button.setVisible(self._hovered)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None and not self._asked:
            self._asked = True
            self.preview_needed.emit()
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        frame = self._frame()
        painter.fillRect(frame, QColor(named.canvas))
        if self._image is not None:
            painter.drawImage(inside(frame, self._image), self._image)
        else:
            painter.setPen(QColor(named.on_canvas))
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, "–" if self._small else "no picture")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._selected or self.hasFocus():
            painter.setPen(QPen(QColor(named.accent), 3 if self.hasFocus() else 2))
            painter.drawRect(frame.adjusted(-1, -1, 1, 1))
        else:
            painter.setPen(QPen(QColor(named.border), 1))
            painter.drawRect(frame)
        if self._method and not self._small:
            draw_method(painter, frame, self._method)
        if self.snapshot.starred or (self.underMouse() and not self._small):
            draw_star(painter, self._star_place(), self.snapshot.starred)

    def _star_place(self) -> QRectF:
        if self._small and not self.snapshot.starred:
            return QRectF()  # a click on so small a picture means the picture
        return QRectF(self._frame().right() - STAR_PX - 3, PAD + 3, STAR_PX, STAR_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.picked.emit()
        if event.button() == Qt.MouseButton.LeftButton and self._star_place().contains(event.position()):
            self.toggle_star()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self._small and event.position().y() > HEIGHT + PAD:
            self.rename()
        elif event.button() == Qt.MouseButton.LeftButton and not self._star_place().contains(event.position()):
            self.restore_requested.emit()

    def contextMenuEvent(self, event: QEvent) -> None:
        self.picked.emit()
        self.menu_requested.emit(event.globalPos())  # type: ignore[attr-defined]

    def enterEvent(self, event: QEvent) -> None:
        self._hovered = True
        self._tell_button()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = False
        self._tell_button()
        self.update()
