"""Pictures for one who exports: so far, beside itself, two kinds of detail, and the canvas as it will print."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.canvas.view import CanvasView
from app.export.clear_places import Canvas, ClearPlaces, Print
from app.export.crop import CropField
from app.export.form import ExportForm
from app.export.peek import Peeks
from app.export.queue import Item
from app.export.windows import CompareWindow, PictureWindow
from app.snapshots.controller import SnapshotsController
from app.training import Training
from engine.box import Size
from engine.errors import TesseraError
from engine.export import journal, profiles
from engine.messages.commands import RenderView
from engine.options import EncodeOptions

GLANCE_PX = 1200
REPEAT_PX = 360
REPEAT_CANVAS_PX = 4_000_000
"""Pixels that are painted at most to show a repeat: a smaller picture repeats as the large one does."""

ALIGNMENT_PX = 64
"""Repeats close on a method's alignment, of which this is a multiple."""


class ExportViews(QObject):
    def __init__(
        self, training: Training, snapshots: SnapshotsController, canvas_view: CanvasView, window: QWidget
    ) -> None:
        super().__init__(window)
        self._training, self._snapshots, self._canvas_view, self._window = training, snapshots, canvas_view, window
        self.peeks = Peeks(training.post, training.events, self)
        self.peeks.busy_changed.connect(canvas_view.set_resting)
        self.so_far: PictureWindow | None = None
        self.compare_window: CompareWindow | None = None
        self.repeat_window: PictureWindow | None = None
        self._painted: Item | None = None
        self.clear_places = ClearPlaces(window)
        self._proof: tuple[profiles.Profile, EncodeOptions] | None = None

    # ------------------------------------------------------------ the picture so far

    def open_so_far(self, item: Item, trained: Size | None = None, content: Path | None = None) -> None:
        """A window that follows what is painted.

        Args:
            trained: the canvas of the training, where it is known.
            content: as whose the file will be transparent; None where it will not.
        """
        self.so_far = self.so_far or PictureWindow("", self._window)
        request, clear = item.request, None
        if content is not None and trained is not None:
            clear = Print(content, trained, request.size or trained, request.render_mode, request.crop)
        self.clear_places.show_on([self.so_far.pane], clear)
        self.so_far.setWindowTitle(self.tr("{} so far").format(item.request.out.name))
        self._painted = item
        self.show_so_far(item)
        self.so_far.show()
        self.so_far.raise_()

    def show_end(self) -> None:
        """What is looked at has another state now."""
        if self._painted is not None:
            self.show_so_far(self._painted)

    def show_so_far(self, item: Item) -> None:
        """New tiles, where anybody looks."""
        window = self.so_far
        if window is None or self._painted is not item:
            return
        done = item.state == "done" or item.share >= 1
        window.note.setText(
            self.tr("All of it is painted.")
            if done
            else self.tr("{:.0%} painted; the rest is black.").format(item.share)
        )
        try:
            begun = journal.find(item.request.canvas_folder or journal.folder_for(item.request.out))
            if begun is not None:
                window.pane.set_picture(begun.canvas_file().glance(GLANCE_PX))
        except (TesseraError, OSError):
            return  # the file has just been finished, or given up

    # ------------------------------------------------------------ two kinds of detail, repeats

    def compare(self, form: ExportForm, content: Path | None = None) -> None:
        """One region as trained and from the originals, to choose from; `content`: as whose the file is transparent."""
        if not self.ready_to_look():
            return
        size = form.size_field.size_px
        window = self.compare_window = CompareWindow(form.canvas, size, self._overview(), form.window())
        if content is not None:
            self.clear_places.show_on([window.map], Canvas(content, form.canvas))
            for originals, pane in window.panes.items():
                mode = form.render_mode(originals)
                self.clear_places.show_on([pane], Print(content, form.canvas, size, mode))

        def ask() -> None:
            self.peeks.forget()
            for originals in (False, True):
                request = RenderView(
                    window.region(),
                    window.region().size,
                    form.shown_layer,
                    canvas_size=size,
                    render_mode=form.render_mode(originals),
                )
                self.peeks.ask(
                    request,
                    lambda pixels, originals=originals: window.show_pane(originals, pixels),
                    lambda message, originals=originals: window.show_failure(originals, message),
                )

        window.region_wanted.connect(ask)
        window.chosen.connect(lambda originals: form.detail.setCurrentIndex(form.detail.findData(originals)))
        window.finished.connect(lambda _result: self.peeks.forget())
        window.open()
        ask()

    def show_repeat(self, form: ExportForm, content: Path | None = None) -> None:
        """The picture beside itself, 3 x 3; `content`: as whose the file will be transparent."""
        if not self.ready_to_look():
            return
        size = form.canvas if form.render_mode().originals else form.size_field.size_px
        scale = min(1.0, (REPEAT_CANVAS_PX / size.area) ** 0.5) / ALIGNMENT_PX
        size = Size(*(max(1, round(side * scale)) * ALIGNMENT_PX for side in (size.height, size.width)))
        window = self.repeat_window = PictureWindow(self.tr("3 × 3"), form.window())
        window.note.setText(self.tr("The picture beside itself. Where one ends and the next begins, nothing shows."))
        request = RenderView(
            size.box,
            Size(REPEAT_PX, REPEAT_PX),
            form.shown_layer,
            canvas_size=size,
            render_mode=replace(form.render_mode(originals=False), repeat=True),
        )
        if content is not None:
            printed = Print(content, form.canvas, size, request.render_mode)
            self.clear_places.show_on([window.pane], printed)

        def failed(message: str) -> None:
            window.pane.empty_text = message
            window.pane.update()

        self.peeks.ask(request, lambda pixels: window.pane.set_picture(pixels, times=3), failed)
        window.finished.connect(lambda _result: self.peeks.forget())
        window.show()

    # ------------------------------------------------------------ soft proof

    def set_proof(self, encode_options: EncodeOptions | None) -> None:
        """Shows the canvas as a file with these options will print; None shows it as it is."""
        proof = None
        if encode_options is not None and self.ready_to_look():
            with suppress(TesseraError):  # the dialog says what is wrong with the profile
                proof = (profiles.load(encode_options.profile), encode_options)
        if proof != self._proof:
            self._proof = proof
            transform = None if proof is None else (lambda pixels: profiles.soft_proof(pixels, *proof))
            self._canvas_view.set_display_transform(transform)

    # ------------------------------------------------------------ what will be transparent

    def set_transparent(self, content: Path | None, canvas_size: Size, crop: CropField | None = None) -> None:
        """Shows on the canvas, and where a part of it is chosen, what a file will leave transparent, as its content is;
        None shows all of the picture."""
        shown = [self._canvas_view] if crop is None else [self._canvas_view, crop]
        self.clear_places.show_on(shown, None if content is None else Canvas(content, canvas_size))

    # ------------------------------------------------------------ how

    def ready_to_look(self) -> bool:
        """Whether a session can paint now; begins one that only looks where none runs."""
        return self._training.running or self._training.start(self._snapshots.newest(), paused=True)

    def _overview(self) -> QImage:
        """The trained picture, small."""
        picture = self._canvas_view.picture()
        newest = self._snapshots.newest()
        if picture is None and newest is not None:
            picture = QImage(str(newest / "preview.png"))
        return picture if picture is not None else QImage()
