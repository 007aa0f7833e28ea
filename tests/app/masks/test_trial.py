"""The picture follows the brush: a session shows a mask while it is painted, and goes back if it is not kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.document import Document
from app.masks.controller import MaskController
from app.masks.editor import MaskEditor
from app.masks.files import FOLDER, write
from app.masks.trial import MaskTrial
from app.session_events import CANVAS
from app.training import Training
from engine import snapshots
from engine.box import Box, Size
from engine.declarations import Slot
from engine.messages.commands import RenderView
from engine.messages.events import Stepped, ViewRendered
from tests.app.masks.hand import LAND, SKY
from tests.app.toys import register, write_image
from tests.engine.toy import Toy

SLOTS = (
    Slot("style", "Style", "The painting.", maximum=1),
    Slot("target_mask", "Target mask", "Where.", maximum=1, kind="mask", beneath=("style",), live=True),
)
LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Studio:
    """A document in training whose method takes masks over, and notes them."""

    def __init__(self, qtbot, folder: Path, monkeypatch) -> None:
        register(monkeypatch)
        monkeypatch.setattr(Toy, "slots", SLOTS)
        self.seen: list[tuple[str, tuple[int, int, int]]] = []
        """Name of each mask that was taken over, and its colour in the middle."""

        def try_update(toy: Toy, job) -> bool:
            path = Path(job.sources["target_mask"][0].path)
            pixels = np.array(Image.open(path).convert("RGB"))
            red, green, blue = (int(x) for x in pixels[30, 40])
            self.seen.append((path.name, (red, green, blue)))
            return True

        monkeypatch.setattr(Toy, "try_update", try_update)
        self.qtbot, self.document = qtbot, Document(folder / "data")
        self.training = Training(self.document)
        window = QWidget()
        qtbot.addWidget(window)
        self.snapshot: Path | None = None
        self.painted: QImage | None = None
        self.controller = MaskController(
            self.document, self.training, window, lambda: self.snapshot, lambda: self.painted
        )
        self.document.add("style", [write_image(folder / "style.png", 60, 80)])

    def begin(self, folder: Path) -> None:
        """With a mask, a session that has paused, and the editor."""
        labels = np.full((60, 80), SKY.label, np.uint8)
        labels[50:] = LAND.label
        write(folder / "mask.png", labels, (SKY, LAND))
        self.document.add("target_mask", [folder / "mask.png"])
        self.train()
        self.open()

    def train(self) -> None:
        """Until it has learned something and paused."""
        stepped = []
        self.training.events.on(Stepped, stepped.append)
        assert self.training.start()
        self.wait(lambda: stepped)
        self.training.pause()
        self.wait(lambda: self.training.state == "paused")

    def open(self) -> None:
        self.controller.open("target_mask")
        self.wait(lambda: self.controller.editor is not None)

    def paint(self) -> None:
        """The canvas has a picture now."""
        self.painted = QImage(80, 60, QImage.Format.Format_RGB32)
        self.painted.fill(Qt.GlobalColor.magenta)

    @property
    def editor(self) -> MaskEditor:
        assert isinstance(self.controller.editor, MaskEditor)
        return self.controller.editor

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=20_000)

    def paint_middle(self, label: int) -> None:
        view = self.editor.view
        self.editor.regions.choose(label)
        point = view.to_widget(40, 30).toPoint()
        self.qtbot.mousePress(view, LEFT, NOTHING, point)
        self.qtbot.mouseRelease(view, LEFT, NOTHING, point)


@pytest.fixture
def without_mask(qtbot, tmp_path, monkeypatch):
    studio = Studio(qtbot, tmp_path, monkeypatch)
    yield studio
    if studio.controller.editor is not None:
        studio.controller.editor.picture.stack.setClean()
        studio.controller.close()
    studio.controller.wait()
    studio.training.wait()


@pytest.fixture
def studio(without_mask, tmp_path):
    without_mask.begin(tmp_path)
    return without_mask


def test_the_session_shows_what_is_painted_and_the_document_waits(studio: Studio) -> None:
    before = studio.document.job
    studio.paint_middle(LAND.label)
    studio.wait(lambda: studio.seen and studio.seen[-1][1] == LAND.color)
    studio.wait(lambda: studio.training.built != before)
    assert studio.document.job == before
    assert not studio.training.stale, "nothing waits for a rebuild"


def test_the_result_lies_below_the_mask_where_the_artist_wants_it(studio: Studio) -> None:
    editor = studio.editor
    assert editor.underlay.over_result.isHidden(), "nothing is painted yet"
    style = editor.view._below
    studio.paint()
    studio.training.post(RenderView(Size(60, 80).box, Size(60, 80), ticket=7, requester=CANVAS))
    studio.wait(lambda: not editor.underlay.over_result.isHidden())
    assert editor.view._below is not None
    assert editor.view._below.pixelColor(3, 3) == Qt.GlobalColor.magenta
    editor.underlay.over_result.click()
    assert editor.view._below is style
    editor.underlay.over_result.click()
    assert editor.view._below is not style


def test_an_editor_that_was_open_before_the_first_picture_takes_it_when_it_comes(without_mask: Studio) -> None:
    studio = without_mask
    studio.open()
    editor = studio.editor
    studio.paint_middle(SKY.label)
    editor.apply_button.click()
    studio.train()
    assert editor.underlay.shown is None or editor.underlay.over_result.isHidden()
    studio.paint()
    studio.training.post(RenderView(Size(60, 80).box, Size(60, 80), ticket=7, requester=CANVAS))
    studio.wait(lambda: not editor.underlay.over_result.isHidden())
    assert editor.view._below is not None
    assert editor.view._below.pixelColor(3, 3) == Qt.GlobalColor.magenta
    studio.paint_middle(SKY.label)
    studio.wait(lambda: studio.seen)


def test_a_coarse_picture_of_the_whole_is_taken_before_the_sharp_one(studio: Studio) -> None:
    editor = studio.editor
    studio.paint()
    canvas = Size(60, 80)
    part, coarse = (
        ViewRendered(np.zeros((6, 8, 3), np.uint8), box, canvas, "result", 1, 1, CANVAS, done=False)
        for box in (Box(0, 0, 30, 80), canvas.box)
    )
    studio.training.events.deliver(part)
    assert editor.underlay.over_result.isHidden()
    studio.training.events.deliver(coarse)
    assert not editor.underlay.over_result.isHidden()


def test_the_newest_of_many_strokes_is_shown_in_the_end(studio: Studio) -> None:
    for turn in range(9):
        studio.paint_middle((LAND, SKY)[turn % 2].label)
    studio.paint_middle(SKY.label)
    studio.paint_middle(LAND.label)
    studio.wait(lambda: studio.seen and studio.seen[-1][1] == LAND.color)


def test_what_is_thrown_away_is_taken_back(studio: Studio) -> None:
    before = studio.document.job
    studio.paint_middle(LAND.label)
    studio.wait(lambda: studio.seen and studio.seen[-1][1] == LAND.color)
    studio.editor.throw_away()
    studio.wait(lambda: studio.seen[-1] == ("mask.png", SKY.color))
    studio.wait(lambda: studio.training.built == before)
    assert studio.document.job == before


def test_what_is_kept_is_the_documents(studio: Studio) -> None:
    studio.paint_middle(LAND.label)
    studio.qtbot.mouseClick(studio.editor.done_button, LEFT)
    assert studio.controller.editor is None
    kept = studio.document.sources("target_mask")[0].path
    studio.wait(lambda: studio.seen and studio.seen[-1] == (Path(kept).name, LAND.color))
    studio.wait(lambda: studio.training.built == studio.document.job)
    studio.document.stack.undo()
    studio.wait(lambda: studio.seen[-1] == ("mask.png", SKY.color))


def test_a_region_that_was_not_learned_waits_until_the_mask_is_kept(studio: Studio) -> None:
    region = studio.editor.picture.add_region()
    assert region is not None
    studio.paint_middle(region.label)
    trial = studio.editor.findChild(MaskTrial)
    assert isinstance(trial, MaskTrial)
    trial._timer.stop()
    trial._send()
    assert not trial._under_way
    assert not studio.seen


def test_after_training_the_newest_snapshot_shows_what_is_painted(studio: Studio) -> None:
    studio.controller.close()
    studio.training.stop()
    studio.wait(lambda: studio.training.state == "idle")
    (kept,) = snapshots.listing(studio.document.folder)
    studio.snapshot = kept.folder
    studio.controller.open("target_mask")
    studio.wait(lambda: studio.controller.editor is not None)
    studio.wait(lambda: studio.training.state == "paused")
    studio.paint_middle(LAND.label)
    studio.wait(lambda: studio.seen and studio.seen[-1][1] == LAND.color)


def test_a_snapshot_kept_while_painting_finds_its_mask_again(studio: Studio) -> None:
    studio.paint_middle(LAND.label)
    studio.wait(lambda: studio.seen and studio.seen[-1][1] == LAND.color)
    before = len(snapshots.listing(studio.document.folder))
    studio.training.keep("in between")
    studio.wait(lambda: len(snapshots.listing(studio.document.folder)) > before)
    for label in (SKY.label, LAND.label, SKY.label):
        studio.seen.clear()
        studio.paint_middle(label)
        studio.wait(lambda: studio.seen)
    studio.editor.throw_away()
    kept = next(s for s in snapshots.listing(studio.document.folder) if s.name == "in between")
    mask = Path(kept.job.sources["target_mask"][0].path)
    assert tuple(np.array(Image.open(mask).convert("RGB"))[30, 40].tolist()) == LAND.color


def test_masks_that_were_only_tried_out_are_cleared_away(studio: Studio) -> None:
    for label in (LAND.label, SKY.label, LAND.label):
        studio.seen.clear()
        studio.paint_middle(label)
        studio.wait(lambda: studio.seen)
    trial = studio.editor.findChild(MaskTrial)
    assert trial is not None
    studio.wait(lambda: not trial._under_way)
    studio.editor.throw_away()
    studio.wait(lambda: studio.seen[-1][0] == "mask.png")
    assert list((studio.document.folder / "masks").glob("*trial*")) == []


def test_what_was_painted_before_a_crash_is_back(studio: Studio) -> None:
    studio.paint_middle(LAND.label)
    draft = studio.document.folder / FOLDER / "target_mask-unkept.png"
    studio.wait(draft.exists)
    left = draft.read_bytes()
    studio.editor.throw_away()
    assert not draft.exists()
    draft.write_bytes(left)  # as a window leaves it that is killed instead
    said: list[str] = []
    studio.controller.problem.connect(said.append)
    studio.open()
    studio.wait(lambda: studio.editor.picture.labels[30, 40] == LAND.label)
    assert any("is back" in text for text in said)
    assert not studio.editor.picture.stack.isClean(), "it is not kept yet"
    studio.qtbot.mouseClick(studio.editor.done_button, LEFT)
    assert not draft.exists()
    kept = np.array(Image.open(studio.document.sources("target_mask")[0].path).convert("RGB"))
    assert tuple(kept[30, 40]) == LAND.color


def test_what_is_painted_when_somebody_ends_the_program_is_back(studio: Studio) -> None:
    """At once: the brush had not rested yet."""
    studio.paint_middle(LAND.label)
    studio.controller.leave()
    assert studio.controller.editor is None
    studio.open()
    studio.wait(lambda: studio.editor.picture.labels[30, 40] == LAND.label)


def test_a_closed_editor_leaves_no_draft_behind(studio: Studio) -> None:
    studio.paint_middle(LAND.label)
    draft = studio.document.folder / FOLDER / "target_mask-unkept.png"
    studio.wait(draft.exists)
    studio.editor.picture.stack.undo()
    assert not draft.exists(), "as it was kept"
    studio.controller.close()
    said: list[str] = []
    studio.controller.problem.connect(said.append)
    studio.open()
    assert not said
