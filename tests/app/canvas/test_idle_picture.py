"""What the canvas is known to be while nothing is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget

from app.canvas.idle_picture import IdlePictureController
from app.canvas.panel import CanvasPanel
from app.document import Document
from app.snapshots.controller import SnapshotsController
from app.snapshots.strip import SnapshotStrip
from app.training import Training
from engine.box import Size
from engine.messages.events import Stepped
from tests.app.toys import register, write_image


class Parts:
    def __init__(self, qtbot, folder: Path) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        canvas, strip = CanvasPanel(self.window), SnapshotStrip(self.window)
        self.canvas = canvas
        self.document = Document(folder / "data")
        self.training = Training(self.document)
        self.snapshots = SnapshotsController(self.document, self.training, strip, self.window)
        self.idle_picture = IdlePictureController(self.document, self.training, canvas, self.snapshots, self.window)


@pytest.fixture
def parts(qtbot, tmp_path, monkeypatch):
    register(monkeypatch)
    made = []

    def make() -> Parts:
        made.append(Parts(qtbot, tmp_path))
        return made[-1]

    yield make
    for parts in made:
        parts.training.wait()
        parts.idle_picture.wait()


def test_a_project_knows_the_size_it_was_trained_for_whatever_its_images_are(parts, qtbot, tmp_path):
    first = parts()
    first.document.add("style", [write_image(tmp_path / "style.png", 31, 43)])
    steps: list[Stepped] = []
    first.training.events.on(Stepped, steps.append)
    assert first.training.start()
    qtbot.waitUntil(lambda: bool(steps), timeout=20_000)  # before the first there is nothing to keep
    first.training.stop()
    qtbot.waitUntil(lambda: first.training.state == "idle", timeout=20_000)
    again = parts()
    assert again.document.open(first.document.folder)
    again.snapshots.refresh()
    again.idle_picture.refresh()
    qtbot.waitUntil(lambda: again.idle_picture.canvas_size is not None, timeout=20_000)
    assert again.idle_picture.canvas_size == Size(70, 90)


def test_the_picture_of_a_moment_stands_there_while_its_session_begins(parts, qtbot, tmp_path):
    made = parts()
    made.document.add("style", [write_image(tmp_path / "style.png")])
    made.idle_picture._shown = "its preview"
    made.training.start()
    assert made.training.state == "starting"
    made.canvas.begin.tell("Reading the images…")
    made.idle_picture._arrived("its preview", np.full((20, 30, 3), 90, np.uint8), Size(40, 60))
    assert made.canvas.view.picture() is not None
    assert made.canvas.begin.isHidden(), "no words lie over it"
    qtbot.waitUntil(lambda: made.training.answers, timeout=20_000)
    made.idle_picture._arrived("its preview", np.full((20, 30, 3), 90, np.uint8), Size(40, 61))
    assert made.canvas.view.extent != Size(40, 61), "what comes too late is passed over"


def test_without_content_nothing_is_called_the_content(parts, tmp_path):
    made = parts()
    made.document.add("style", [write_image(tmp_path / "style.png")])
    assert made.idle_picture._hint() == ""
