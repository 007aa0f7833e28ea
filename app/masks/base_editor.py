"""The window in which something is painted over a picture: tools above, the mask below, what to paint with beside it.

What is painted, regions or amounts, is editor.py's and amount_editor.py's; where it is kept is controller.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.masks.beginning import Beginning
from app.masks.files import write
from app.masks.picture import LARGEST_PX, SMALLEST_PX, MaskPicture, crop
from app.masks.tools import MaskTools, Toolbox
from app.masks.underlay import Underlay
from app.masks.view import MaskView
from app.widgets import background, theme
from app.widgets.controls import Note
from app.widgets.keyed_dialog import KeyedDialog
from app.widgets.placing import place
from app.widgets.question import Answer, ask
from engine.errors import TesseraError
from engine.images.find import SUFFIXES

_SHARES_MS = 120


class BaseEditor(KeyedDialog):
    """Paints one mask or map; the rest of the window can be used meanwhile. A subclass calls `finish` when it is made.

    Signals:
        applied(labels, regions): the artist wants the mask used as it is, uint8 [h, w], without unpainted places; greys
            where there are no regions. The receiver calls `set_saved`.
    """

    applied = Signal(object, object)

    def __init__(self, begin: Beginning, picture: MaskPicture, toolbox: Toolbox, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(begin.title + "[*]")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.begin = begin
        self.piece_covers: Callable[[float, float], np.ndarray | None] = lambda _down, _right: None
        """See `MaskController`."""
        self._task: background.Task | None = None
        self._over = False
        picture.setParent(self)
        self.picture = picture
        self.view = MaskView(picture, self)
        self.tools = MaskTools(picture, self.view, toolbox, self)
        self.note = Note(self)
        # shares are counted over all pixels: not in the middle of a stroke
        self._count = QTimer(self, singleShot=True, interval=_SHARES_MS)
        self._count.timeout.connect(self.show_shares)
        picture.painted.connect(lambda _rect: self._count.start())
        picture.resized.connect(self._show_size)
        picture.regions_changed.connect(self.show_shares)
        picture.stack.cleanChanged.connect(self._on_clean)
        self.view.stroke_ended.connect(self.show_shares)
        self.view.piece_wanted.connect(self._paint_piece)
        self.view.zoomed.connect(lambda scale: self.zoom.setText(f"{100 * scale:.0f} %"))
        self.tools.file_wanted.connect(self.browse)
        self.tools.guess_wanted.connect(self.guess)
        self.tools.save_wanted.connect(self.browse_to_save)
        self.tools.invert_wanted.connect(self.invert)

    def finish(self, middle: list[tuple[QWidget, int]]) -> None:
        """Lays the window out, with what is between the heading and the note beside the mask, and shows it all."""
        right = QWidget(self)
        right.setLayout(self._side(middle))
        right.setFixedWidth(264)
        row = QHBoxLayout()
        row.setSpacing(2 * theme.UNIT)
        row.addWidget(self.view, 1)
        row.addWidget(right)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.tools)
        layout.addLayout(row, 1)
        layout.addLayout(self._foot())
        standard = QKeySequence.StandardKey
        self.tools.action("fit", self.tr("See the whole {}").format(self.begin.noun), "Ctrl+0", self.view.fit)
        self.tools.action("zoom_in", self.tr("Zoom in"), standard.ZoomIn, lambda: self.view.zoom_by(1.25))
        self.tools.action("zoom_out", self.tr("Zoom out"), standard.ZoomOut, lambda: self.view.zoom_by(0.8))
        self._show_size()
        self.show_shares()
        place(self, QSize(1080, 720))
        self.view.setFocus()

    # ------------------------------------------------------------ what a subclass says

    def show_shares(self) -> None:
        """What there is to say of the mask as it is."""
        self._count.stop()

    def load(self, path: Path) -> None:
        """Takes over an image, in the background; can be undone."""

    def guess(self, kind: str) -> None:
        """Takes over what is found in the picture below, in the background; can be undone."""

    # ------------------------------------------------------------ building

    def _side(self, middle: list[tuple[QWidget, int]]) -> QVBoxLayout:
        self.underlay = Underlay(self.view, self.begin.below, self.begin.noun, self)
        size = QHBoxLayout()
        self.width_box, self.height_box = self._side_box(self.tr("Width")), self._side_box(self.tr("Height"))
        size.addWidget(QLabel(self.tr("Size"), self))
        size.addWidget(self.width_box, 1)
        size.addWidget(QLabel("×", self))
        size.addWidget(self.height_box, 1)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        for widget, stretch in middle:
            column.addWidget(widget, stretch)
        column.addWidget(self.note)
        column.addWidget(self.underlay)
        column.addLayout(size)
        return column

    def _foot(self) -> QHBoxLayout:
        self.zoom = QLabel(self)
        self.zoom.setProperty("role", "muted")
        self.zoom.setMinimumWidth(self.fontMetrics().horizontalAdvance("3200 %"))
        hint = QLabel(self.tr("Right click takes what is there · wheel zooms · space and drag moves"), self)
        hint.setProperty("role", "muted")
        cancel = QPushButton(self.tr("Cancel"), self)
        self.apply_button = QPushButton(self.tr("Apply"), self)
        self.apply_button.setToolTip(self.tr("Use the {} as it is now, and go on painting").format(self.begin.noun))
        self.done_button = QPushButton(self.tr("Use this {}").format(self.begin.noun), self)
        self.done_button.setProperty("role", "primary")
        cancel.clicked.connect(self.close)
        self.apply_button.clicked.connect(self.apply)
        self.done_button.clicked.connect(self._use_mask)
        foot = QHBoxLayout()
        foot.addWidget(self.zoom)
        foot.addWidget(hint, 1)
        for button in (cancel, self.apply_button, self.done_button):
            button.setAutoDefault(False)
            foot.addWidget(button)
        return foot

    def _side_box(self, words: str) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(SMALLEST_PX, LARGEST_PX)
        box.setKeyboardTracking(False)
        box.setAccessibleName(words)
        box.setToolTip(self.tr("{} of the {} in pixels").format(words, self.begin.noun))
        box.valueChanged.connect(lambda _value: self._resize())
        return box

    # ------------------------------------------------------------ images in and out

    def browse(self) -> QFileDialog:
        """Asks for an image to take over, without blocking."""
        dialog = QFileDialog(self, self.tr("Take over an image"))
        if self.begin.below_path is not None:
            dialog.setDirectory(str(self.begin.below_path.parent))
        dialog.setNameFilter(self.tr("Images ({})").format(" ".join(f"*{suffix}" for suffix in SUFFIXES)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.load(Path(name)))
        dialog.open()
        return dialog

    def browse_to_save(self) -> QFileDialog:
        """Asks where to save the mask as an image of its own, without blocking."""
        dialog = QFileDialog(self, self.tr("Save as an image"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(self.tr("PNG (*.png)"))
        dialog.setDefaultSuffix("png")
        dialog.selectFile(f"{self.begin.title.lower()}.png")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.save_to(Path(name)))
        dialog.open()
        return dialog

    def save_to(self, path: Path) -> None:
        """The mask as an image that other programs read; the note says whether it could be written."""
        try:
            write(path, self.picture.completed(), self.picture.regions)
        except TesseraError as error:
            self.note.say(str(error), "error")
        else:
            self.note.say(self.tr("Saved as {}.").format(path.name))

    def invert(self) -> None:
        """Inverts all of it, as one step of undo."""
        self.picture.begin()
        self.picture.invert(self.view.label)
        self.picture.commit(self.tr("invert"))
        self.show_shares()

    def _paint_piece(self, right: float, down: float) -> None:
        """Paints what one piece covers at a place of the mask, in shares of its sides."""
        picture = self.picture
        canvas = self.view.on_sheet(self.underlay.shown) if self.underlay.shown is not None else None
        if canvas is None:
            canvas = QRectF(0, 0, picture.width, picture.height)
        place = QPointF(right * picture.width, down * picture.height) - canvas.topLeft()
        found = self.piece_covers(place.y() / canvas.height(), place.x() / canvas.width())
        if found is None:
            self.note.say(
                self.tr("Which piece lies there is not known: see the whole picture on the canvas, and click again.")
            )
            return
        box = canvas.toRect().intersected(QRect(0, 0, picture.width, picture.height))
        inside = np.zeros((picture.height, picture.width), np.uint8)
        size = (box.width(), box.height())
        crop(inside, box)[:] = cv2.resize(found.astype(np.uint8) * 255, size, interpolation=cv2.INTER_NEAREST)
        picture.begin()
        picture.select(inside, self.view.label, self.view.touch)
        picture.commit(self.tr("select a piece"))
        self.show_shares()

    def read_in_background(self, work, taken_over, words: str) -> None:
        """Reads something while the artist goes on; nothing where something is being read already."""
        if self._task is not None:
            return

        def taken(found) -> None:
            if not self._over:
                taken_over(found)

        self.note.say(words)
        self._task = task = background.Task(work, self)
        task.finished.connect(self._forget_task)  # before it begins: it may end at once
        background.begin(task, taken, self._not_loaded)

    def _not_loaded(self, error: BaseException) -> None:
        reason = str(error) if isinstance(error, TesseraError) else type(error).__name__
        self.note.say(reason, "error")

    def _forget_task(self) -> None:
        self._task = None

    # ------------------------------------------------------------ what is shown

    def _on_clean(self, clean: bool) -> None:
        self.setWindowModified(not clean)

    def _show_size(self) -> None:
        with QSignalBlocker(self.width_box), QSignalBlocker(self.height_box):
            self.width_box.setValue(self.picture.width)
            self.height_box.setValue(self.picture.height)

    def _resize(self) -> None:
        self.picture.resize(self.width_box.value(), self.height_box.value())

    # ------------------------------------------------------------ the end

    def apply(self) -> None:
        """Gives the mask out as it is."""
        self.applied.emit(self.picture.completed(), self.picture.regions)

    def set_saved(self, message: str = "") -> None:
        """The mask was kept; or was not, and why."""
        if message:
            self.note.say(message, "error")
        else:
            self.picture.stack.setClean()

    def _use_mask(self) -> None:
        self.apply()
        if self.picture.stack.isClean():
            self.done(QDialog.DialogCode.Accepted)

    def reject(self) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.picture.stack.isClean() and self.isVisible():
            event.ignore()
            self._ask()
            return
        event.accept()
        self.done(QDialog.DialogCode.Rejected)

    def done(self, result: int) -> None:
        self._over = True
        if self._task is not None:
            background.wait_for(self._task)
        super().done(result)
        self.picture.stack.clear()  # or it would tell of its own end to what has ended before it

    def _ask(self) -> None:
        ask(
            self,
            self.windowTitle(),
            self.tr("Use what you painted as the {}?").format(self.begin.noun),
            Answer(self.tr("Use this {}").format(self.begin.noun), self._use_mask),
            Answer(self.tr("Throw it away"), self.throw_away, loses=True),
            Answer(self.tr("Go on painting")),
        )

    def throw_away(self) -> None:
        """Closes without using what was painted."""
        self.picture.stack.setClean()
        self.close()
