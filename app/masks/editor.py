"""The window in which a mask is painted: tools above, the mask in the middle, its regions on the right.

Where the mask comes from and where it is kept is controller.py's.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.masks.beginning import Beginning
from app.masks.files import MaskFile, matched, read
from app.masks.list import RegionList, percent
from app.masks.picture import LARGEST_PX, SMALLEST_PX, UNPAINTED, MaskPicture
from app.masks.pieces import RegionPieces
from app.masks.tools import MaskTools
from app.masks.underlay import Underlay
from app.masks.view import MaskView
from app.widgets import background, theme
from app.widgets.controls import Note
from engine.errors import TesseraError
from engine.images.find import SUFFIXES

_SHARES_MS = 120


class MaskEditor(QDialog):
    """Paints one mask; the rest of the window can be used meanwhile.

    Signals:
        applied(labels, regions): the artist wants the mask used as it is, uint8 [h, w], without unpainted places; the
            receiver calls `set_saved`.
    """

    applied = Signal(object, object)

    def __init__(self, begin: Beginning, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(begin.title + "[*]")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._begin = begin
        self._task: background.Task | None = None
        self._problem = ""
        self._over = False
        self.picture = MaskPicture(begin.mask.labels, begin.mask.regions, self)
        self.view = MaskView(self.picture, self)
        self.tools = MaskTools(self.picture, self.view, begin.below_path is not None, self)
        self.regions = RegionList(self.picture, self)
        if begin.needs:
            self.regions.set_needed(begin.others, begin.needs)
        self.pieces = RegionPieces(self.picture, self)
        self._lay_out()
        self._add_keys()
        # shares are counted over all pixels: not in the middle of a stroke
        self._count = QTimer(self, singleShot=True, interval=_SHARES_MS)
        self._count.timeout.connect(self._show_shares)
        self.picture.painted.connect(lambda _rect: self._count.start())
        self.picture.resized.connect(self._show_size)
        self.picture.regions_changed.connect(self._show_shares)
        self.picture.stack.cleanChanged.connect(self._on_clean)
        self.view.stroke_ended.connect(self._show_shares)
        self.regions.chosen.connect(self.view.set_label)
        self.regions.chosen.connect(self.pieces.set_label)
        self.view.picked.connect(self.regions.choose)
        self.view.zoomed.connect(lambda scale: self.zoom.setText(f"{100 * scale:.0f} %"))
        self.tools.file_wanted.connect(self.browse)
        self.tools.guess_wanted.connect(self._guess)
        self.view.set_label(self.regions.label)
        self.pieces.set_images(begin.pieces)
        self.pieces.set_label(self.regions.label)
        self._show_size()
        self._tell_crowded(begin.mask)
        self._show_shares()
        self.resize(1080, 720)
        self.view.setFocus()

    # ------------------------------------------------------------ building

    def _add_keys(self) -> None:
        standard = QKeySequence.StandardKey
        self.tools.action("fit", self.tr("See the whole mask"), "Ctrl+0", self.view.fit)
        self.tools.action("zoom_in", self.tr("Zoom in"), standard.ZoomIn, lambda: self.view.zoom_by(1.25))
        self.tools.action("zoom_out", self.tr("Zoom out"), standard.ZoomOut, lambda: self.view.zoom_by(0.8))
        for row in range(9):
            self.tools.action(f"region {row + 1}", "", str(row + 1), lambda row=row: self.regions.choose_row(row))

    def _lay_out(self) -> None:
        right = QWidget(self)
        right.setLayout(self._side())
        right.setFixedWidth(264)
        middle = QHBoxLayout()
        middle.setSpacing(2 * theme.UNIT)
        middle.addWidget(self.view, 1)
        middle.addWidget(right)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.tools)
        layout.addLayout(middle, 1)
        layout.addLayout(self._foot())

    def _side(self) -> QVBoxLayout:
        heading = QLabel(self.tr("Regions"), self)
        heading.setProperty("role", "heading")
        self.note = Note(self)
        self.underlay = Underlay(self.view, self._begin.below, self)
        size = QHBoxLayout()
        self.width_box, self.height_box = self._side_box(self.tr("Width")), self._side_box(self.tr("Height"))
        size.addWidget(QLabel(self.tr("Size"), self))
        size.addWidget(self.width_box, 1)
        size.addWidget(QLabel("×", self))
        size.addWidget(self.height_box, 1)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(heading)
        column.addWidget(self.regions, 1)
        column.addWidget(self.pieces, 1)
        column.addWidget(self.note)
        column.addWidget(self.underlay)
        column.addLayout(size)
        return column

    def _foot(self) -> QHBoxLayout:
        self.zoom = QLabel(self)
        self.zoom.setProperty("role", "muted")
        self.zoom.setMinimumWidth(self.fontMetrics().horizontalAdvance("3200 %"))
        hint = QLabel(self.tr("Right click takes a region from the mask · wheel zooms · space and drag moves"), self)
        hint.setProperty("role", "muted")
        cancel = QPushButton(self.tr("Cancel"), self)
        self.apply_button = QPushButton(self.tr("Apply"), self)
        self.apply_button.setToolTip(self.tr("Use the mask as it is now, and go on painting"))
        self.done_button = QPushButton(self.tr("Use this mask"), self)
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
        box.setToolTip(self.tr("{} of the mask in pixels").format(words))
        box.valueChanged.connect(lambda _value: self._resize())
        return box

    # ------------------------------------------------------------ regions from images

    def browse(self) -> QFileDialog:
        """Asks for an image whose regions to take, without blocking."""
        dialog = QFileDialog(self, self.tr("Take the regions of an image"))
        if self._begin.below_path is not None:
            dialog.setDirectory(str(self._begin.below_path.parent))
        dialog.setNameFilter(self.tr("Images ({})").format(" ".join(f"*{suffix}" for suffix in SUFFIXES)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.load(Path(name)))
        dialog.open()
        return dialog

    def load(self, path: Path, count: int = 0) -> None:
        """Takes over the regions of an image, found in the background; can be undone.

        Args:
            count: how many regions; 0 finds out.
        """
        if self._task is None:
            self.note.say(self.tr("Finding the regions of {}…").format(path.name))
            self._task = background.run(self, lambda: read(path, count), self._loaded, self._not_loaded)
            self._task.finished.connect(self._forget_task)

    def _guess(self, count: int) -> None:
        if self._begin.below_path is not None:
            self.load(self._begin.below_path, count)

    def _loaded(self, found: MaskFile) -> None:
        if self._over:
            return
        if self._begin.others:
            found = matched(found, self._begin.others)
        self.picture.adopt(found.labels, found.regions, self.tr("take the regions of an image"))
        self._tell_crowded(found)
        self._show_shares()

    def _not_loaded(self, error: BaseException) -> None:
        reason = str(error) if isinstance(error, TesseraError) else type(error).__name__
        self.note.say(reason, "error")

    def _forget_task(self) -> None:
        self._task = None

    def _tell_crowded(self, mask: MaskFile) -> None:
        text = self.tr(
            "The image has very many colours; its {} most frequent ones are regions. Merge what belongs together."
        )
        self._problem = text.format(len(mask.regions)) if mask.crowded else ""

    # ------------------------------------------------------------ what is shown

    def _show_shares(self) -> None:
        self._count.stop()
        shares = self.picture.shares()
        self.regions.show_shares(shares)
        empty = shares[UNPAINTED]
        lacking = [r.name for r in self.picture.regions if shares[r.label] and self.regions.lacking(r)]
        if self._problem:
            self.note.say(self._problem, "warning")
        elif empty == 1:
            self.note.say(self.tr("Choose a region and paint where it shall be."))
        elif lacking:
            text = self.tr("{} has no {}: merge it into a region that is there, or paint it there as well.")
            self.note.say(text.format(self._begin.needs, self.tr(" and no ").join(lacking)), "warning")
        elif empty:
            self.note.say(self.tr("Unpainted places ({}) will join the region nearest to them.").format(percent(empty)))
        else:
            self.note.say("")
        for button in (self.apply_button, self.done_button):
            button.setEnabled(empty < 1)

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
        self._problem = ""
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
            self._task.wait()
        super().done(result)
        self.picture.stack.clear()  # or it would tell of its own end to what has ended before it

    def _ask(self) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Question, self.windowTitle(), self.tr("Use what you painted as the mask?"), parent=self
        )
        use = box.addButton(self.tr("Use this mask"), QMessageBox.ButtonRole.AcceptRole)
        throw = box.addButton(self.tr("Throw it away"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(self.tr("Go on painting"), QMessageBox.ButtonRole.RejectRole)
        use.clicked.connect(self._use_mask)
        throw.clicked.connect(self._throw_away)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _throw_away(self) -> None:
        self.picture.stack.setClean()
        self.close()
