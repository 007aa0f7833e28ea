"""Canvas size and seed: the two choices that are neither a setting of the method nor an image."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from app.document import Document
from app.widgets.keyed_dialog import KeyedDialog
from engine.box import Size

LARGEST_TRAINED_PX = 20_000
LARGEST_SEED = 2**31 - 1


def edit_frame(document: Document, content: Size | None, parent: QWidget) -> None:
    """Asks for canvas size and seed of a document; `content` as far as it is known."""
    dialog = FrameDialog(document.job.canvas_size, content, document.job.seed, parent)
    if dialog.exec() == QDialog.DialogCode.Accepted:
        document.set_frame(dialog.canvas_size, dialog.seed)
    dialog.deleteLater()  # the window that it belongs to would keep it


class FrameDialog(KeyedDialog):
    """Asks for a size or None, and a seed; read `canvas_size` and `seed` after it was accepted."""

    def __init__(
        self, canvas_size: Size | None, content_size: Size | None, seed: int, parent: QWidget | None = None
    ) -> None:
        """
        Args:
            canvas_size: chosen so far; None follows the content.
            content_size: of the first content image, where there is one.
        """
        super().__init__(parent)
        self.setWindowTitle(self.tr("Canvas size and seed"))
        size = canvas_size or content_size or Size(768, 1024)
        self.follow = QCheckBox(self.tr("Same size as the first content image"), self)
        self.width_box, self.height_box = self._side(size.width), self._side(size.height)
        self.width_box.setAccessibleName(self.tr("Width in pixels"))
        self.height_box.setAccessibleName(self.tr("Height in pixels"))
        self.seed_box = QSpinBox(self)
        self.seed_box.setRange(0, LARGEST_SEED)
        self.seed_box.setAccessibleName(self.tr("Seed"))
        self.seed_box.setValue(seed)
        other = QPushButton(self.tr("Another"), self)
        other.clicked.connect(lambda: self.seed_box.setValue((self.seed_box.value() * 48271 + 11) % LARGEST_SEED))
        sides, seeds = QHBoxLayout(), QHBoxLayout()
        sides.addWidget(self.width_box)
        sides.addWidget(QLabel("×", self))
        sides.addWidget(self.height_box)
        sides.addStretch(1)
        seeds.addWidget(self.seed_box, 1)
        seeds.addWidget(other)
        note = QLabel(
            self.tr("An export can be of any size, whatever the canvas is. Another seed gives another mosaic.")
        )
        note.setWordWrap(True)
        note.setProperty("role", "muted")
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, parent=self
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.setContentsMargins(16, 16, 16, 16)
        form.setVerticalSpacing(12)
        form.addRow(self.follow)
        form.addRow(self.tr("Canvas"), sides)
        form.addRow(self.tr("Seed"), seeds)
        form.addRow(note)
        form.addRow(buttons)
        self.follow.toggled.connect(self._on_follow)
        self.follow.setChecked(canvas_size is None)

    @property
    def canvas_size(self) -> Size | None:
        return None if self.follow.isChecked() else Size(self.height_box.value(), self.width_box.value())

    @property
    def seed(self) -> int:
        return self.seed_box.value()

    def _side(self, value: int) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(64, LARGEST_TRAINED_PX)
        box.setValue(value)
        box.setSuffix(" px")
        return box

    def _on_follow(self, follow: bool) -> None:
        self.width_box.setEnabled(not follow)
        self.height_box.setEnabled(not follow)
