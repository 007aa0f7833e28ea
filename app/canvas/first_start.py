"""What is in the place of the canvas while there are no images: three doors, the last projects, help after a crash.

What is behind them is not known here.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

from app.canvas.recent_row import RecentRow
from app.widgets.controls import IconLabel
from app.widgets.down_area import DownArea
from engine.method import Method

NARROW_PX = 620
WIDEST_CARD_PX, WIDEST_ROW_PX = 320, 560
ICON_PX = 32
RESCUE_PICTURE_PX = QSize(132, 92)


class FirstStart(QWidget):
    images_requested = Signal()
    project_requested = Signal()
    example_requested = Signal()
    methods_requested = Signal()
    continue_requested = Signal(object)
    """Path of a project that was worked on before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rescued: Path | None = None
        # two of them, since a font that is changed later is lost with the next theme
        self._title, self._small_title = (self._heading(size) for size in (1.9, 1.5))
        self.lead = QLabel(self)
        self.lead.setProperty("role", "muted")
        for label in (self._title, self._small_title, self.lead):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(True)
        self.images = _Door(
            "style",
            self.tr("Drop your images"),
            self.tr("Drag files or folders here, onto the place that they are for. Or choose them from your disk."),
            self.tr("Choose images…"),
        )
        self.project = _Door(
            "open",
            self.tr("Open a project"),
            self.tr("Go on where you stopped: the images, the settings and all moments are there."),
            self.tr("Open project…"),
        )
        self.example = _Door(
            "train",
            self.tr("Try the example"),
            self.tr("A few textures and a picture are made for you, and a collage of them is there at once."),
            self.tr("Load the example"),
        )
        self.other_method = QPushButton(self.tr("Choose another method…"), self)
        self.other_method.setProperty("role", "small")
        self.other_method.clicked.connect(self.methods_requested)
        self.images.button.clicked.connect(self.images_requested)
        self.project.button.clicked.connect(self.project_requested)
        self.example.button.clicked.connect(self.example_requested)
        self.recents = RecentRow(self)
        self.recents.chosen.connect(self.continue_requested)
        self.rescue = _Rescue(self)
        self.rescue.hide()
        self.rescue.button.clicked.connect(self._on_rescue)
        self._doors = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._doors.setSpacing(16)
        self._doors.addStretch(1)
        for door in (self.images, self.project, self.example):
            self._doors.addWidget(door, 100)
        self._doors.addStretch(1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addStretch(2)
        layout.addWidget(self.rescue, 0, Qt.AlignmentFlag.AlignHCenter)
        self._above, self._between = QSpacerItem(0, 28), QSpacerItem(0, 16)
        layout.addItem(self._above)
        layout.addWidget(self._title)
        layout.addWidget(self._small_title)
        layout.addWidget(self.lead)
        layout.addWidget(self.other_method, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addItem(self._between)
        layout.addLayout(self._doors)
        layout.addSpacing(12)
        layout.addWidget(self.recents)
        layout.addStretch(3)
        self.scroll_area = DownArea(self)
        self.scroll_area.setWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.scroll_area)

    def _heading(self, size: float) -> QLabel:
        """What the page is for, in so many times the usual size."""
        label = QLabel(self.tr("Make a picture of your images"), self)
        font = label.font()
        font.setPointSizeF(font.pointSizeF() * size)
        font.setWeight(font.Weight.DemiBold)
        label.setFont(font)
        return label

    def show_method(self, method: type[Method]) -> None:
        """Says what the method begins with."""
        needed = self._listed([slot.title for slot in method.slots if slot.minimum])
        optional = self._listed([slot.title for slot in method.slots if not slot.minimum and not slot.map])
        words = self.tr("{} begins with images on {}.").format(method.title, needed)
        if optional:
            words += " " + self.tr("Optional: {}.").format(optional)
        self.lead.setText(words)

    def _listed(self, names: list[str]) -> str:
        *first, last = names or [""]
        return self.tr("{} and {}").format(", ".join(first), last) if first else last

    def offer_rescue(self, folder: Path, message: str, picture: QImage) -> None:
        """After a crash: the project that was open, what of it is there, and its newest picture (may be null)."""
        self._rescued = folder
        self.rescue.show_offer(message, QPixmap.fromImage(picture))
        if self.images.button.hasFocus():
            self.rescue.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def way_in(self) -> QWidget:
        """What has the keys first: what the page is for."""
        return self.images.button if self.rescue.isHidden() else self.rescue.button

    def set_busy(self, busy: bool) -> None:
        """While the example is being made."""
        self.example.button.setEnabled(not busy)
        self.example.button.setText(self.tr("Making it…") if busy else self.tr("Load the example"))

    def _on_rescue(self) -> None:
        if self._rescued is not None:
            self.rescue.hide()
            self.continue_requested.emit(self._rescued)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        direction, narrow = QBoxLayout.Direction, self.width() < NARROW_PX
        self.rescue.set_narrow(narrow)
        self._title.setVisible(not narrow)
        self._small_title.setVisible(narrow)
        self._doors.setSpacing(8 if narrow else 16)
        self._above.changeSize(0, 0 if narrow else 28)
        self._between.changeSize(0, 4 if narrow else 16)
        self._doors.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        for door in (self.images, self.project, self.example):
            door.set_flat(narrow)
            self._doors.setAlignment(door, Qt.AlignmentFlag(0))


class _Rescue(QFrame):
    """Picture, sentence and button in a row."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("rescue")
        self.setStyleSheet(
            "#rescue { background: palette(base); border: 2px solid palette(highlight); border-radius: 8px; }"
        )
        self.setMaximumWidth(720)
        self._picture = QLabel(self)
        self._has_picture = self._narrow = False
        self.heading = QLabel(self.tr("Your work is still here"), self)
        self.heading.setProperty("role", "heading")
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setMinimumWidth(280)
        self.button = QPushButton(self.tr("Go on where it stopped"), self)
        self.button.setProperty("role", "primary")
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addStretch(1)
        column.addWidget(self.heading)
        column.addWidget(self.words)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(16)
        layout.addWidget(self._picture)
        layout.addLayout(column, 1)

    def set_narrow(self, narrow: bool) -> None:
        """The words alone, which would make the page wider than its place beside the picture."""
        self._narrow = narrow
        self._picture.setVisible(self._has_picture and not narrow)

    def show_offer(self, message: str, picture: QPixmap) -> None:
        self.words.setText(message)
        self.button.setAccessibleDescription(message)
        self._has_picture = not picture.isNull()
        self._picture.setVisible(self._has_picture and not self._narrow)
        if not picture.isNull():
            ratio = self.devicePixelRatioF()
            smooth = Qt.TransformationMode.SmoothTransformation
            scaled = picture.scaled(RESCUE_PICTURE_PX * ratio, Qt.AspectRatioMode.KeepAspectRatio, smooth)
            scaled.setDevicePixelRatio(ratio)
            self._picture.setPixmap(scaled)
        self.show()


class _Door(QFrame):
    """A card: icon, heading, words and button below each other, or in a flat row where the page is narrow."""

    def __init__(self, icon: str, title: str, text: str, button: str) -> None:
        super().__init__()
        self.setObjectName("door")
        self.setStyleSheet("#door { background: palette(base); border: 1px solid palette(mid); border-radius: 8px; }")
        self._picture = IconLabel(icon, ICON_PX, self)
        self._heading = QLabel(title, self)
        self._heading.setProperty("role", "heading")
        self._words = QLabel(text, self)
        self._words.setWordWrap(True)
        self._words.setProperty("role", "muted")
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._words.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
        self.button = QPushButton(button, self)
        self.button.setAccessibleDescription(text)
        self._grid = QGridLayout(self)
        self.set_flat(False)

    def set_flat(self, flat: bool) -> None:
        """A row of little height, or a card."""
        self.setMaximumWidth(WIDEST_ROW_PX if flat else WIDEST_CARD_PX)
        side, edge = (12, 10) if flat else (16, 16)
        self._grid.setContentsMargins(side, edge, side, edge)
        self._grid.setVerticalSpacing(2 if flat else 8)
        self._grid.setHorizontalSpacing(12 if flat else 8)
        top, left, middle = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter
        if flat:
            self._grid.addWidget(self._picture, 0, 0, 2, 1, middle | left)
            self._grid.addWidget(self._heading, 0, 1)
            self._grid.addWidget(self._words, 1, 1)
            self._grid.addWidget(self.button, 0, 2, 2, 1, middle)
        else:
            for row, widget in enumerate((self._picture, self._heading, self._words, self.button)):
                self._grid.addWidget(widget, row, 0, top | left if widget is self._picture else Qt.AlignmentFlag(0))
        self._grid.setColumnStretch(0, 0 if flat else 1)
        self._grid.setColumnStretch(1, 1 if flat else 0)
        self._grid.setRowStretch(1, 1 if flat else 0)
        self._grid.setRowStretch(3, 0 if flat else 1)
