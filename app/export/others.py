"""Paint another content: images in place of the content, shown as they are painted, exported one after another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QKeyEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.export.names import free_name
from app.export.queue import ExportQueue
from app.export.queue_rows import QueueRows
from app.export.windows import Pane
from app.images.arrivals import local_paths
from app.widgets import theme
from app.widgets.keyed_dialog import KeyedDialog
from engine.box import Size, shaped
from engine.errors import BadImageError
from engine.export.print_sizes import print_scale, proposed_size
from engine.files import numbered
from engine.images.find import SUFFIXES, find_images
from engine.images.read import image_size
from engine.messages.commands import RenderView
from engine.messages.exports import ExportRequest
from engine.options import RenderMode

_PREVIEW_PX = 480
_LEAST_PREVIEW_PX = 240
"""On a low screen, where exports are listed below it."""
_LIST_PX, _HEIGHT_PX = 180, 600
_EMPTY = "Drop or add images. What was learned paints them at once, and nothing is trained."


class OthersWindow(KeyedDialog):
    """A list of images and a picture of the chosen one.

    Signals:
        look_wanted(RenderView): the chosen image is to be painted; `show_picture` takes the answer.
        export_wanted(ExportRequest): for each image that is to be exported.

    Args:
        canvas: the size that was trained for.
        folder: where files go.
        capabilities: see `Method.capabilities`.
        name: files begin with it.
        place: where images are looked for first.
        queue: what is exported; how that stands is seen here as well.
    """

    look_wanted = Signal(object)
    export_wanted = Signal(object)

    def __init__(
        self,
        canvas: Size,
        folder: Path,
        capabilities: frozenset[str],
        name: str,
        place: Path,
        queue: ExportQueue,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._canvas, self._folder, self._capabilities = canvas, folder, capabilities
        self._name, self._place = name, place
        self.setWindowTitle(self.tr("Paint another content"))
        self.setModal(False)
        self.list = QListWidget(self)
        self.list.setFixedWidth(_LIST_PX)
        self.list.setSpacing(theme.UNIT // 2)
        self.list.setAccessibleName(self.tr("Other contents"))
        self.pane = Pane(self)
        self.pane.setMinimumSize(_PREVIEW_PX, _LEAST_PREVIEW_PX)
        self.pane.empty_text = _EMPTY
        self.add_button = QPushButton(self.tr("Add images…"), self)
        self.folder_button = QPushButton(self.tr("Add a folder…"), self)
        self.export_button = QPushButton(self.tr("Export all"), self)
        self.export_button.setProperty("role", "primary")
        self.close_button = QPushButton(self.tr("Close"), self)
        self.note = QLabel(self)
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.rows = QueueRows(queue, self)
        for button in (self.add_button, self.folder_button, self.export_button, self.close_button):
            button.setAutoDefault(False)
        self._lay_out()
        self.resize(self.sizeHint().width(), _HEIGHT_PX)
        self.list.currentItemChanged.connect(lambda _now, _before: self._look())
        self.add_button.clicked.connect(lambda: self._ask(folder=False))
        self.folder_button.clicked.connect(lambda: self._ask(folder=True))
        self.export_button.clicked.connect(self._export)
        self.close_button.clicked.connect(self.close)
        self._show_count()
        self.add_button.setFocus()  # what comes first, and not the empty list

    def add(self, paths: list[Path]) -> None:
        """Images, or folders of them; the first new one is shown."""
        found, problems = find_images(paths)
        row = self.list.count()
        for path in found:
            try:
                size = image_size(path)
            except BadImageError as error:
                problems.append(str(error))
                continue
            item = QListWidgetItem(path.name, self.list)
            item.setToolTip(str(path))
            item.setData(Qt.ItemDataRole.UserRole, (path, size))
        if self.list.count() > row:
            self.list.setCurrentRow(row)
        self._show_count()
        if problems:
            self.note.setText(" ".join(problems))

    def show_picture(self, path: Path, pixels: object) -> None:
        """What was painted of an image, uint8 [h, w, 3], where it is still the chosen one."""
        if self._chosen() is not None and self._chosen()[0] == path:  # type: ignore[index]
            self.pane.set_picture(pixels)  # type: ignore[arg-type]

    def requests(self) -> list[ExportRequest]:
        """An export of each image, in its own shape, at least at its own size, under names that replace nothing."""
        taken: set[str] = set()
        wanted = []
        for row in range(self.list.count()):
            path, image = self.list.item(row).data(Qt.ItemDataRole.UserRole)
            own = f"{self._name}-{path.stem}"
            name = next(name for name in numbered(own) if name not in taken and free_name(name, self._folder) == name)
            taken.add(name)
            trained = shaped(self._canvas, image)
            size = proposed_size(trained, image)
            larger = "originals" in self._capabilities and size != trained
            mode = RenderMode(originals=print_scale(size, trained) if larger else 0.0, frame=str(path), own_shape=True)
            wanted.append(ExportRequest(self._folder / f"{name}.png", size, render_mode=mode))
        return wanted

    # ------------------------------------------------------------ how

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(theme.UNIT)
        left.addWidget(self.list, 1)
        left.addWidget(self.add_button)
        left.addWidget(self.folder_button)
        above = QHBoxLayout()
        above.setSpacing(2 * theme.UNIT)
        above.addLayout(left)
        above.addWidget(self.pane, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.UNIT)
        buttons.addWidget(self.note, 1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.export_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(2 * theme.UNIT)
        column.addLayout(above, 1)
        column.addLayout(buttons)
        column.addWidget(self.rows)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.add(local_paths(event.mimeData()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.focusWidget() is self.list:
            self.list.takeItem(self.list.currentRow())
            self._show_count()
        else:
            super().keyPressEvent(event)

    def _chosen(self) -> tuple[Path, Size] | None:
        item = self.list.currentItem()
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    def _look(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            self.pane.empty_text = _EMPTY
            self.pane.set_picture(QImage())
            return
        path, image = chosen
        canvas = shaped(self._canvas, image)
        mode = RenderMode(frame=str(path), own_shape=True)
        size = Size(_PREVIEW_PX, _PREVIEW_PX)
        self.pane.empty_text = self.tr("Painting…")
        self.pane.update()
        self.look_wanted.emit(
            RenderView(canvas.box, size, "result", canvas_size=canvas, render_mode=mode, coarse_first=True)
        )

    def _export(self) -> None:
        for request in self.requests():
            self.export_wanted.emit(request)

    def _ask(self, folder: bool) -> None:
        title = self.tr("Folder of images to paint") if folder else self.tr("Images to paint")
        dialog = QFileDialog(self, title, str(self._place))
        if folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
            dialog.setNameFilters(["Images (" + " ".join(f"*{s}" for s in SUFFIXES) + ")", "All files (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.add([Path(name) for name in names]))
        dialog.open()

    def _show_count(self) -> None:
        self.export_button.setEnabled(self.list.count() > 0)
        self.note.setText(self.tr("Each is written at its own size, into {}.").format(self._folder))


def paths_of(view: RenderView) -> Path:
    """The image that a view shows."""
    assert view.render_mode is not None
    return Path(view.render_mode.frame)


Ask = Callable[[RenderView, Callable[[object], object], Callable[[str], object]], object]


def connected(window: OthersWindow, ask: Ask, start: Callable[[ExportRequest], object]) -> OthersWindow:
    """The window with those who paint for it: `ask` a small picture, `start` an export."""

    def look(view: RenderView) -> None:
        path = paths_of(view)

        def failed(message: str) -> None:
            window.pane.empty_text = message
            window.pane.update()

        ask(view, lambda pixels: window.show_picture(path, pixels), failed)

    window.look_wanted.connect(look)
    window.export_wanted.connect(start)
    return window
