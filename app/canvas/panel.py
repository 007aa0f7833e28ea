"""The middle of the window: messages, the chooser of layers, the canvas or the three doors, and the drop zones."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.canvas.drag_out import DragOut
from app.canvas.drop_zones import DropZones
from app.canvas.first_start import FirstStart
from app.canvas.still import MomentPicture
from app.canvas.view import PATCHES, CanvasView
from app.widgets import theme
from app.widgets.controls import JumpSlider
from app.widgets.message_bar import MessageBar
from engine.method import Method

SHARE_POSITIONS = 200


class CanvasPanel(QWidget):
    dropped = Signal(str, list)
    project_dropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.messages = MessageBar(self)
        self.view = CanvasView(self)
        self.start = FirstStart(self)
        self._hint = QLabel(self)
        self._hint.setProperty("role", "muted")
        self.back = QToolButton(self)
        self.back.setIcon(theme.icon("close"))
        self.back.setIconSize(QSize(12, 12))
        self.back.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.back.setText(self.tr("Back to now"))
        self.back.setToolTip(self.tr("Back to the present picture (Esc)"))
        self.back.setShortcut("Esc")
        self.back.hide()
        self.back.clicked.connect(lambda: self.show_still(None))
        self.share = JumpSlider(self)
        self.share.setRange(0, SHARE_POSITIONS)
        self.share.setFixedWidth(110)
        self.share.setAccessibleName(self.tr("Compare the snapshot with the present picture"))
        self.share.setToolTip(self.tr("Left of the line the snapshot, right of it the present picture"))
        self.share.hide()
        self.share.valueChanged.connect(lambda value: self.view.compare.set_share(value / SHARE_POSITIONS))
        self.view.compare.changed.connect(self._show_compared)
        self.view.compare.moved.connect(lambda share: self.share.setValue(round(share * SHARE_POSITIONS)))
        self.share.setValue(SHARE_POSITIONS)
        self.drag_out = DragOut(self)
        self._zoom = QLabel(self)
        self._zoom.setProperty("role", "muted")
        self._zoom.setToolTip(self.tr("Pixels of the screen for each pixel of the canvas"))
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._row = QHBoxLayout()
        self._row.setContentsMargins(8, 4, 8, 4)
        self._row.setSpacing(2)
        self._bar = QWidget(self)
        self._bar.setLayout(self._row)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.start)
        self._stack.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.messages)
        layout.addWidget(self._bar)
        layout.addLayout(self._stack, 1)
        self.zones = (DropZones(self.view.viewport()), DropZones(self.start))
        for zones in self.zones:
            zones.dropped.connect(self.dropped)
            zones.project_dropped.connect(self.project_dropped)
        self.view.zoomed.connect(lambda zoom: self._zoom.setText(_percent(zoom)))
        self._group.buttonToggled.connect(self._on_toggled)
        self.show_start(True)

    def show_method(self, method: type[Method]) -> None:
        """Buttons for the layers of a method, and zones for its slots."""
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if isinstance(widget, QToolButton) and widget not in (self.back, self.drag_out):
                self._group.removeButton(widget)
                widget.deleteLater()
        self.start.show_method(method)
        layers = [(layer.key, layer.title, layer.help) for layer in method.layers]
        layers.append((PATCHES, self.tr("Patches"), self.tr("What the networks saw in the last training step")))
        for key, title, help_text in layers:
            button = QToolButton(self._bar)
            button.setText(title)
            button.setToolTip(help_text)
            button.setProperty("layer", key)
            button.setCheckable(True)
            button.setAutoRaise(True)
            self._group.addButton(button)
            self._row.addWidget(button)
        self._row.addStretch(1)
        self._row.addWidget(self._hint)
        self._row.addWidget(self.share)
        self._row.addWidget(self.back)
        self._row.addSpacing(16)
        self._row.addWidget(self._zoom)
        self._row.addWidget(self.drag_out)
        if self._group.buttons():
            self._group.buttons()[0].setChecked(True)
        for zones in self.zones:
            zones.set_slots(method.slots)

    def show_start(self, shown: bool) -> None:
        """The three doors instead of the canvas."""
        self._stack.setCurrentWidget(self.start if shown else self.view)
        self._bar.setVisible(not shown)

    def set_hint(self, text: str) -> None:
        """A few quiet words beside the layers."""
        self._hint.setText(text)

    def choose(self, layer: str) -> None:
        for button in self._group.buttons():
            if button.property("layer") == layer:
                button.setChecked(True)

    def show_still(self, image: QImage | None, title: str = "") -> None:
        """A picture over the present one, to be compared with it, and a button that ends it; None ends it at once."""
        self.view.compare_moments(None)
        if image is not None:
            self.view.compare.show(image, title, self.tr("Now"))

    def compare(self, left: MomentPicture, right: MomentPicture | None = None) -> None:
        """Two moments, or one and the present, beside one another, each painted as sharp as the canvas."""
        self.view.compare_moments(left, right)

    def _show_compared(self) -> None:
        comparing = self.view.compare.image is not None
        for widget in (self.share, self.back):
            widget.setVisible(comparing)
        self._hint.setVisible(not comparing)

    def _on_toggled(self, button: QToolButton, checked: bool) -> None:
        if checked:
            self.show_still(None)
            self.view.set_layer(button.property("layer"))

    def focus_canvas(self) -> None:
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def next_layer(self) -> None:
        """The one after the layer in sight; after the last comes the first."""
        buttons = self._group.buttons()
        if buttons:
            shown = next((index for index, button in enumerate(buttons) if button.isChecked()), -1)
            buttons[(shown + 1) % len(buttons)].setChecked(True)


def _percent(zoom: float) -> str:
    return f"{100 * zoom:.0f} %" if zoom >= 0.1 else f"{100 * zoom:.2g} %"
