"""A film instead of one picture: what its frames show, and whether pictures or a video are written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QFileDialog, QHBoxLayout, QLabel, QWidget

from app.widgets import theme
from app.widgets.controls import RingedCombo
from engine.export.video_formats import READ_SUFFIXES, VIDEO_FORMATS
from engine.settings import Settings

_ONE, _FOLDER, _VIDEO = "one", "folder", "video"
_SECONDS, _FRAMES_PER_S = 6.0, 25
WALKS = ("between", "noise_drift", "sample_drift")
"""Live settings that lead from one picture to another, 0 to 1: a film along them needs no other content."""


def walks_of(settings: Settings) -> dict[str, str]:
    """What to say of each of `WALKS` that these settings have, with the numbers of the sets that it leads between."""
    titles = {
        "between": _tr("From set {} to set {}").format(
            getattr(settings, "set_seed", ""), getattr(settings, "between_seed", "")
        ),
        "noise_drift": _tr("From this noise to the next"),
        "sample_drift": _tr("From this sample to the next"),
    }
    return {walk: titles[walk] for walk in WALKS if hasattr(settings, walk)}


class FilmField(QWidget):
    """One picture; one for each image of a folder or frame of a video, which take the content's place; or a walk.

    `changed` says that it became another.

    Args:
        frames: other contents can take the content's place.
        walks: what to say of each of `WALKS` that there is, see `walks_of`.
    """

    changed = Signal()

    def __init__(
        self, frames: bool = True, walks: Mapping[str, str] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.source: Path | None = None
        """A folder or a video; None for one picture, and for a walk."""
        self.walk = ""
        """The setting that leads to another picture; empty for none."""
        self.place = Path.home()
        """Where to look for images and videos first."""
        self.choice = RingedCombo(self)
        self.choice.setAccessibleName(self.tr("Film"))
        self.choice.addItem(self.tr("One picture"), _ONE)
        if frames:
            self.choice.addItem(self.tr("For each image of a folder…"), _FOLDER)
            self.choice.addItem(self.tr("For each frame of a video…"), _VIDEO)
        for walk, title in (walks or {}).items():
            self.choice.addItem(title, walk)
        if "between" in (walks or {}):
            tip = self.tr("The other set is the number at “On the way to the set”, beside “Part of the way”.")
            self.choice.setItemData(self.choice.findData("between"), tip, Qt.ItemDataRole.ToolTipRole)
        self._ways = self.choice.count()
        self.seconds = QDoubleSpinBox(self)
        self.seconds.setAccessibleName(self.tr("How long the film is"))
        self.seconds.setRange(0.5, 600)
        self.seconds.setCorrectionMode(QDoubleSpinBox.CorrectionMode.CorrectToNearestValue)
        self.seconds.setDecimals(2)  # 0.04 s is one picture
        self.seconds.setSuffix(self.tr(" s"))
        self.seconds.setToolTip(self.tr("At {} pictures a second.").format(_FRAMES_PER_S))
        self.frames = QLabel(self)
        self.frames.setProperty("role", "muted")
        self.written = RingedCombo(self)
        self.written.setAccessibleName(self.tr("What is written of a film"))
        self.written.addItem(self.tr("as numbered pictures"), "")
        for kind in VIDEO_FORMATS:
            self.written.addItem(self.tr("as a video, {}").format(kind.title), kind.suffix)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        row.addWidget(self.choice, 1)
        row.addWidget(self.seconds)
        row.addWidget(self.frames)
        row.addWidget(self.written)
        self.setFocusProxy(self.choice)
        self.choice.activated.connect(lambda _index: self._on_choice(self.choice.currentData()))
        self.written.currentIndexChanged.connect(self.changed)
        self.seconds.valueChanged.connect(self._show_frames)
        self.seconds.valueChanged.connect(self.changed)
        self.seconds.setValue(_SECONDS)
        self.set_source(None)

    @property
    def is_film(self) -> bool:
        """More than one picture."""
        return self.source is not None or bool(self.walk)

    @property
    def sweep(self) -> str:
        """The request's sweep: the walk and its frames; empty for none."""
        return f"{self.walk}=0:1:{self._frames}" if self.walk else ""

    @property
    def suffix(self) -> str:
        """The suffix of the video that is written; empty for pictures."""
        return self.written.currentData() if self.is_film else ""

    def set_source(self, source: Path | None) -> None:
        """A folder of images, a video, or None for one picture."""
        self.source, self.walk = source, ""
        with QSignalBlocker(self.choice):
            while self.choice.count() > self._ways:
                self.choice.removeItem(self._ways)
            if source is not None:
                self.choice.addItem(source.name, source)
                self.choice.setItemData(self._ways, str(source), Qt.ItemDataRole.ToolTipRole)
            self.choice.setCurrentIndex(0 if source is None else self._ways)
        self._show()

    def name_walks(self, walks: Mapping[str, str]) -> None:
        """The same walks lead elsewhere now."""
        for walk, title in walks.items():
            self.choice.setItemText(self.choice.findData(walk), title)

    def set_walk(self, walk: str) -> None:
        """One of `WALKS`."""
        self.source, self.walk = None, walk
        with QSignalBlocker(self.choice):
            self.choice.setCurrentIndex(self.choice.findData(walk))
        self._show()

    @property
    def _frames(self) -> int:
        return max(2, round(self.seconds.value() * _FRAMES_PER_S))

    def _show_frames(self) -> None:
        self.frames.setText(self.tr("{} pictures").format(self._frames))

    def _show(self) -> None:
        self.written.setVisible(self.is_film)
        self.seconds.setVisible(bool(self.walk))
        self.frames.setVisible(bool(self.walk))
        self.changed.emit()

    def _on_choice(self, choice: object) -> None:
        if choice == _ONE:
            self.set_source(None)
        elif choice in WALKS:
            self.set_walk(str(choice))
        elif choice in (_FOLDER, _VIDEO):
            with QSignalBlocker(self.choice):
                now = self._ways if self.source is not None else max(0, self.choice.findData(self.walk or _ONE))
                self.choice.setCurrentIndex(now)
            self._ask(folder=choice == _FOLDER)

    def _ask(self, folder: bool) -> None:
        title = self.tr("Folder of images") if folder else self.tr("Video")
        kinds = self.tr("Videos ({})").format(" ".join(f"*{suffix}" for suffix in READ_SUFFIXES))
        place = self.place if self.source is None else self.source.parent
        dialog = QFileDialog(self, title, str(place), "" if folder else kinds)
        dialog.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.set_source(Path(name)))
        dialog.open()


def _tr(text: str) -> str:
    return QCoreApplication.translate("FilmField", text)
