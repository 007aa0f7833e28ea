"""The middle of the window: messages, the chooser of layers, the canvas or the three doors, and the drop zones."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.canvas.begin import BeginCard
from app.canvas.drag_out import DragOut
from app.canvas.drop_zones import DropZones
from app.canvas.first_start import FirstStart
from app.canvas.layer_tabs import LayerTabs
from app.canvas.picture_view import PATCHES
from app.canvas.still import MomentPicture
from app.canvas.view import CanvasView
from app.widgets import theme
from app.widgets.controls import ElidedLabel, JumpSlider
from app.widgets.message_bar import MessageBar
from engine.method import Method

SHARE_POSITIONS = 200


class CanvasPanel(QWidget):
    dropped = Signal(str, list)
    data_dropped = Signal(str, object)
    project_dropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.messages = MessageBar(self)
        self.view = CanvasView(self)
        self.begin = BeginCard(self.view)
        self.start = FirstStart(self)
        self._hint = ElidedLabel("", self)
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
        self.share.setMinimumWidth(40)
        self.share.setMaximumWidth(110)
        self.share.setAccessibleName(self.tr("Compare the moment with the present picture"))
        self.share.setToolTip(self.tr("Left of the line the moment, right of it the present picture"))
        self.share.hide()
        self.share.valueChanged.connect(lambda value: self.view.compare.set_share(value / SHARE_POSITIONS))
        self.view.compare.changed.connect(self._show_compared)
        self.view.compare.moved.connect(lambda share: self.share.setValue(round(share * SHARE_POSITIONS)))
        self.share.setValue(SHARE_POSITIONS // 2)
        self.drag_out = DragOut(self)
        self._zoom = QLabel(self)
        self._zoom.setProperty("role", "muted")
        self._zoom.setToolTip(self.tr("Pixels of the screen for each pixel of the canvas"))
        self.layers = LayerTabs(self)
        self.layers.chosen.connect(self._on_layer)
        self._bar = QWidget(self)
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(theme.UNIT)
        row.addWidget(self.layers, 1)
        for widget in (self._hint, self.share, self.back, self._zoom, self.drag_out):
            row.addWidget(widget)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.start)
        self._stack.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.messages)
        layout.addWidget(self._bar)
        layout.addLayout(self._stack, 1)
        self._column = layout
        self._below: QWidget | None = None
        self.zones = (DropZones(self.view.viewport()), DropZones(self.start))
        for zones in self.zones:
            zones.dropped.connect(self.dropped)
            zones.data_dropped.connect(self.data_dropped)
            zones.project_dropped.connect(self.project_dropped)
        self.view.zoomed.connect(lambda zoom: self._zoom.setText(_percent(zoom)))
        self.show_start(True)

    def show_method(self, method: type[Method]) -> None:
        """Buttons for the layers of a method, and zones for its slots."""
        self.start.show_method(method)
        layers = [(layer.key, layer.title, layer.help) for layer in method.layers]
        layers.append((PATCHES, self.tr("Patches"), self.tr("What the networks saw in the last training step")))
        self.layers.show_layers(layers)
        for zones in self.zones:
            zones.set_slots(method.slots)

    def add_below(self, widget: QWidget) -> None:
        """Something that belongs to the picture, in a line below it; it is there whenever the picture is."""
        self._below = widget
        self._column.addWidget(widget)
        widget.setVisible(not self._bar.isHidden())

    def show_start(self, shown: bool) -> None:
        """The three doors instead of the canvas; the keys go from the one to the other."""
        front, former = (self.start, self.view) if shown else (self.view, self.start)
        focused = QApplication.focusWidget()
        held = focused is not None and (focused is former or former.isAncestorOf(focused))
        self._stack.setCurrentWidget(front)
        self._bar.setVisible(not shown)
        if self._below is not None:
            self._below.setVisible(not shown)
        if held:
            self.way_in().setFocus(Qt.FocusReason.OtherFocusReason)

    def way_in(self) -> QWidget:
        """What has the keys first."""
        return self.start.way_in() if self._stack.currentWidget() is self.start else self.view

    def set_hint(self, text: str) -> None:
        """A few quiet words beside the layers."""
        self._hint.setText(text)

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

    def _on_layer(self, key: str) -> None:
        self.show_still(None)
        self.view.set_layer(key)

    def focus_canvas(self) -> None:
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)


def _percent(zoom: float) -> str:
    return f"{100 * zoom:.0f} %" if zoom >= 0.1 else f"{100 * zoom:.2g} %"
