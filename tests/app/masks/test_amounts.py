"""Maps of how much, painted by mouse as true greys: soft brushes, gradients, guesses, and what the engine reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.document import Document
from app.masks.amount_editor import AmountEditor
from app.masks.amount_picture import UNCHANGED, AmountPicture, grey_of, times_of
from app.masks.beginning import Beginning
from app.masks.controller import MaskController
from app.masks.files import MaskFile
from app.masks.guesses import GUESSES, guessed
from app.masks.picture import Touch
from app.training import Training
from app.widgets import background
from engine.declarations import Slot
from engine.images import maps
from tests.app.masks.hand import LEFT, NOTHING, at, drag, on_screen
from tests.app.toys import register, write_image
from tests.engine.toy import Toy

SLOTS = (
    Slot("style", "Style", "What the pieces are cut from."),
    Slot("care", "How much", "Where there is more.", 0, 1, "amount", ("style",), True, map="content"),
)


@pytest.fixture
def editor(qtbot):
    """A map of 80 x 60 px where nothing is changed."""
    begin = Beginning("How much", MaskFile(np.full((60, 80), UNCHANGED, np.uint8), ()))
    return on_screen(qtbot, AmountEditor(begin))


def test_greys_mean_what_the_engine_reads(tmp_path):
    for times in (0.1, 0.3, 1.0, 2.5, 10.0):
        Image.new("L", (8, 8), grey_of(times)).save(tmp_path / "map.png")
        read = float(maps.STRONGEST ** maps.read_amount(tmp_path / "map.png").mean())
        assert read == pytest.approx(times, rel=0.02)
        assert times_of(grey_of(times)) == pytest.approx(read, rel=1e-3)
    assert grey_of(1.0) == UNCHANGED == maps.UNCHANGED
    assert times_of(0) == pytest.approx(1 / maps.STRONGEST)


def test_a_soft_brush_fades_at_its_edge_and_a_hard_one_does_not(qtbot, editor):
    for hardness, values in ((100, 3), (0, 12)):
        editor.amounts.hardness.setValue(hardness)
        editor.tools.set_brush(30)
        qtbot.keyClick(editor.view, Qt.Key.Key_5)
        drag(qtbot, editor, (20, 30), (60, 30))
        column = editor.picture.labels[:, 40]
        assert column[30] == 255
        assert column[2] == UNCHANGED
        across = len(np.unique(column[:30]))
        assert across <= values if hardness else across >= values
        editor.picture.stack.undo()


def test_a_stroke_that_crosses_itself_covers_no_more_than_its_opacity(qtbot, editor):
    editor.amounts.opacity.setValue(50)
    editor.amounts.hardness.setValue(100)
    qtbot.keyClick(editor.view, Qt.Key.Key_5)
    drag(qtbot, editor, (20, 30), (60, 30), (20, 30), (60, 30))
    half = editor.picture.labels[30, 40]
    assert half == pytest.approx((UNCHANGED + 255) / 2, abs=1)
    drag(qtbot, editor, (20, 30), (60, 30))
    assert editor.picture.labels[30, 40] > half + 20, "another stroke lies over the first"


def test_the_eraser_leads_back_to_what_the_setting_says(qtbot, editor):
    qtbot.keyClick(editor.view, Qt.Key.Key_1)
    drag(qtbot, editor, (20, 30), (60, 30))
    assert editor.picture.labels[30, 40] == 0
    qtbot.keyClick(editor.view, Qt.Key.Key_E)
    drag(qtbot, editor, (20, 30), (60, 30))
    assert editor.picture.labels[30, 40] == UNCHANGED


def test_a_gradient_goes_from_the_amount_to_what_is_there_as_one_step(qtbot, editor):
    qtbot.keyClick(editor.view, Qt.Key.Key_G)
    qtbot.keyClick(editor.view, Qt.Key.Key_5)
    drag(qtbot, editor, (10, 30), (30, 30), (70, 30))
    row = editor.picture.labels[30].astype(int)
    assert row[5] == 255
    assert row[75] == UNCHANGED
    assert (np.diff(row) <= 0).all()
    assert len(np.unique(row)) > 40, "true greys"
    assert editor.picture.stack.count() == 1


def test_a_line_drawn_around_a_place_fills_it(qtbot, editor):
    qtbot.keyClick(editor.view, Qt.Key.Key_L)
    qtbot.keyClick(editor.view, Qt.Key.Key_5)
    drag(qtbot, editor, (20, 10), (60, 10), (60, 50), (20, 50), (20, 12))
    assert editor.picture.labels[30, 40] == 255
    assert editor.picture.labels[5, 40] == editor.picture.labels[30, 70] == UNCHANGED
    assert (editor.picture.labels == 255).mean() == pytest.approx(1600 / 4800, abs=0.04)


def test_fill_takes_what_is_about_as_grey_and_invert_turns_more_into_less(qtbot, editor):
    drag(qtbot, editor, (40, 0), (40, 30), (40, 59))
    qtbot.keyClick(editor.view, Qt.Key.Key_F)
    qtbot.keyClick(editor.view, Qt.Key.Key_1)
    qtbot.mouseClick(editor.view, LEFT, NOTHING, at(editor, 5, 30))
    assert editor.picture.labels[30, 5] == 0
    assert editor.picture.labels[30, 75] == UNCHANGED
    before = maps_of(editor.picture.labels)
    qtbot.keyClick(editor.view, Qt.Key.Key_I)
    assert np.allclose(maps_of(editor.picture.labels), -before, atol=0.01)
    editor.picture.stack.undo()
    assert np.array_equal(maps_of(editor.picture.labels), before)


def maps_of(greys: np.ndarray) -> np.ndarray:
    return np.clip((greys.astype(float) - UNCHANGED) / (255 - UNCHANGED), -1, 1)


def test_the_right_button_takes_the_amount_under_it(qtbot, editor):
    qtbot.keyClick(editor.view, Qt.Key.Key_4)
    drag(qtbot, editor, (40, 30), (41, 30))
    qtbot.keyClick(editor.view, Qt.Key.Key_1)
    qtbot.mouseClick(editor.view, Qt.MouseButton.RightButton, NOTHING, at(editor, 40, 30))
    assert editor.view.label == editor.amounts.grey == grey_of(3.0)
    assert "More: × 3" in editor.amounts.value.text()


def test_more_and_less_shine_over_a_picture_and_what_is_unchanged_shows_it_as_it_is(qtbot, editor):
    below = QImage(80, 60, QImage.Format.Format_RGB32)
    below.fill(Qt.GlobalColor.darkGreen)
    editor.view.set_below(below)
    editor.view.set_strength(1.0)
    qtbot.keyClick(editor.view, Qt.Key.Key_5)
    drag(qtbot, editor, (20, 30), (21, 30))
    editor.view.leaveEvent(None)
    on_screen = editor.view.grab().toImage()
    assert on_screen.pixelColor(at(editor, 70, 50)) == below.pixelColor(70, 50), "no veil"
    assert on_screen.pixelColor(at(editor, 20, 30)).red() > 200


def test_the_picture_below_keeps_its_shape_whatever_shape_the_map_has(editor):
    below = QImage(40, 40, QImage.Format.Format_RGB32)
    place = editor.view.on_sheet(below)
    assert place.width() == place.height() == 60
    assert place.center().x() == 40


def with_a_style(qtbot, tmp_path, monkeypatch) -> tuple[Document, MaskController]:
    """A document of a method with a map, one image in it, and what opens the map's editor."""
    register(monkeypatch)
    monkeypatch.setattr(Toy, "slots", SLOTS)
    document = Document(tmp_path / "data")
    window = QWidget()
    qtbot.addWidget(window)
    document.add("style", [write_image(tmp_path / "a.png", 60, 80)])
    controller = MaskController(document, Training(document, window), window)
    return document, controller


def test_a_painted_map_is_kept_as_greys_and_comes_back(qtbot, tmp_path, monkeypatch):
    document, controller = with_a_style(qtbot, tmp_path, monkeypatch)

    def opened() -> AmountEditor:
        controller.open("care")
        qtbot.waitUntil(lambda: controller.editor is not None, timeout=20_000)
        assert isinstance(controller.editor, AmountEditor)
        return controller.editor

    editor = opened()
    assert (editor.picture.labels == UNCHANGED).all()
    editor.picture.begin()
    assert isinstance(editor.picture, AmountPicture)
    editor.picture.gradient((0, 0), (80, 0), 255, Touch())
    editor.picture.commit("gradient")
    painted = editor.picture.labels.copy()
    editor.apply()
    path = Path(document.sources("care")[0].path)
    assert np.array_equal(np.array(Image.open(path).convert("L")), painted)
    editor.save_to(tmp_path / "mine.png")
    assert np.array_equal(np.array(Image.open(tmp_path / "mine.png").convert("L")), painted)
    editor.close()
    again = opened()
    assert np.array_equal(again.picture.labels, painted), "greys as they were, not their most frequent ones"
    Image.new("L", (30, 20), 77).save(tmp_path / "other.png")
    again.load(tmp_path / "other.png")
    qtbot.waitUntil(lambda: again.picture.width == 30, timeout=10_000)
    assert (again.picture.labels == 77).all()
    again.picture.stack.undo()
    again.close()
    controller.wait()


def test_each_guess_finds_what_it_is_named_after(tmp_path):
    random = np.random.default_rng(1)
    pixels = np.full((90, 120, 3), 90, np.uint8)
    pixels[30:60, 70:100] = random.integers(0, 255, (30, 30, 3))
    pixels[:, :20] = 220
    pixels[70:, 40:60] = 5
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    found = {kind: guessed(tmp_path / "picture.png", kind, (90, 120)).astype(int) for kind in GUESSES}
    for kind in ("detail", "standing_out"):
        assert found[kind][40:50, 80:90].mean() > found[kind][10:20, 90:110].mean() + 80, kind
    assert found["light"][40, 8] > 200 > 60 > found["light"][80, 50]
    assert found["dark"][80, 50] > 200 > 60 > found["dark"][40, 8]
    wide = guessed(tmp_path / "picture.png", "light", (60, 200))
    assert (wide[:, :50] == UNCHANGED).all(), "beyond the picture nothing is changed"


def test_an_editor_opens_again_while_the_thread_that_read_for_it_ends(qtbot, tmp_path, monkeypatch):
    """On a busy machine that takes longer than to close one, and the next was not opened, without a word."""

    def run(parent, function, done, _failed):
        done(function())
        return background.Task(function, parent)  # says never that it has ended

    monkeypatch.setattr(background, "run", run)
    _, controller = with_a_style(qtbot, tmp_path, monkeypatch)
    for _ in range(2):
        controller.open("care")
        assert controller.editor is not None
        controller.editor.close()
    controller.wait()


def test_what_was_read_at_once_does_not_bar_what_is_read_next(qtbot, editor, monkeypatch):
    """The end of a thread that was quicker than its listener was never heard of, and nothing could be read any more."""
    start = background.Task.start
    monkeypatch.setattr(background.Task, "start", lambda task: (start(task), task.wait()))
    taken: list[int] = []
    for number in (1, 2):
        editor.read_in_background(lambda number=number: number, taken.append, "Reading")
        qtbot.waitUntil(lambda number=number: number in taken, timeout=10_000)
        qtbot.wait(1)
    assert taken == [1, 2]
