"""The editor of a slot's mask: opened with its images, and each mask that is kept is a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.document import Document
from app.images.sources_bar import SourcesBar
from app.masks.controller import MaskController
from app.masks.editor import MaskEditor
from app.masks.files import read
from app.training import Training
from engine.declarations import Slot
from engine.images.read import read_image
from engine.images.regions import regions_of, shares
from tests.app.masks.hand import LAND, LEFT, NOTHING, SKY, WATER, at, drag, key
from tests.app.toys import register, write_image
from tests.engine.toy import Toy

SLOTS = (
    Slot("style", "Style", "The painting.", maximum=1),
    Slot("style_mask", "Style mask", "Its parts.", maximum=1, kind="mask", beneath=("style",)),
    Slot("target_mask", "Target mask", "Where they shall lie.", maximum=1, kind="mask", beneath=("style",)),
)


@pytest.fixture
def painting(qtbot, tmp_path, monkeypatch) -> Iterator[tuple[Document, SourcesBar, MaskController]]:
    """A document without images, the bar of its slots, and what opens editors for it."""
    register(monkeypatch)
    monkeypatch.setattr(Toy, "slots", SLOTS)
    document, bar = Document(tmp_path / "data"), SourcesBar()
    qtbot.addWidget(bar)
    link = MaskController(document, Training(document, bar), bar)
    yield document, bar, link
    link.wait()


def editor_of(qtbot, link: MaskController) -> MaskEditor:
    """The editor, once its picture is read."""
    qtbot.waitUntil(lambda: link.editor is not None, timeout=20_000)
    assert isinstance(link.editor, MaskEditor)
    return link.editor


def test_a_mask_painted_by_mouse_in_a_slot_is_read_back_as_regions_by_the_engine(qtbot, tmp_path, painting):
    document, bar, link = painting
    bar.show_slots(SLOTS)
    bar.paint_requested.connect(link.open)
    document.sources_changed.connect(lambda _slot: bar.set_sources(document.job.sources))
    document.add("style", [write_image(tmp_path / "style.png", 120, 160)])
    bar.show()

    qtbot.mouseClick(bar.section("target_mask").paint_button, LEFT)
    editor = editor_of(qtbot, link)
    assert (editor.picture.width, editor.picture.height) == (160, 120), "as large as the picture below"
    editor.tools.set_brush(8)
    key(qtbot, editor, Qt.Key.Key_1)
    drag(qtbot, editor, (-5, 60), (60, 60), (165, 60))
    key(qtbot, editor, Qt.Key.Key_F)
    qtbot.mouseClick(editor.view, LEFT, NOTHING, at(editor, 80, 20))
    key(qtbot, editor, Qt.Key.Key_3)
    qtbot.mouseClick(editor.view, LEFT, NOTHING, at(editor, 80, 100))
    key(qtbot, editor, Qt.Key.Key_B)
    key(qtbot, editor, Qt.Key.Key_2)
    drag(qtbot, editor, (120, 100), (121, 100))
    qtbot.mouseClick(editor.done_button, LEFT)

    assert link.editor is None
    (source,) = document.sources("target_mask")
    path = Path(source.path)
    assert path.is_relative_to(document.folder)
    pixels = read_image(path).pixels
    found = regions_of(pixels, pixels)
    by_color = dict(zip(map(tuple, found.palette.tolist()), shares(found.target, found.count), strict=True))
    assert by_color.keys() == {SKY.color, LAND.color, WATER.color}
    assert by_color[SKY.color] == pytest.approx(64 / 120, abs=0.02)
    assert by_color[LAND.color] == pytest.approx(4**2 * np.pi / 19200, rel=0.4)
    assert tuple(found.palette[int(found.target[100, 120])].tolist()) == LAND.color
    assert tuple(found.palette[int(found.target[10, 10])].tolist()) == SKY.color
    assert len(bar.section("target_mask").tiles) == 1

    link.open("style_mask")
    again = editor_of(qtbot, link)
    assert [(r.name, r.color) for r in again.picture.regions if r.label <= 3] == [
        (r.name, r.color) for r in (SKY, LAND, WATER)
    ], "both masks share their colours and names, in one order"
    document.stack.undo()
    assert not document.sources("target_mask")
    assert link.close()


def test_a_mask_that_can_not_be_kept_is_told_and_stays(qtbot, tmp_path, painting):
    document, _, link = painting
    (tmp_path / "file").write_text("in the way")
    document.folder = tmp_path / "file"
    link.open("style_mask")
    editor = editor_of(qtbot, link)
    drag(qtbot, editor, (300, 300), (400, 400))
    qtbot.waitUntil(editor.done_button.isEnabled, timeout=10_000)
    qtbot.mouseClick(editor.done_button, LEFT)
    assert editor.isVisible()
    assert "could not be written" in editor.note.text()
    assert not document.sources("style_mask")
    document.method_changed.emit()
    assert editor.isVisible(), "what was painted is kept nowhere else"
    editor.picture.stack.setClean()
    assert link.close()


def test_each_kept_mask_has_its_own_file_and_its_regions_come_back(qtbot, painting):
    document, _, link = painting
    link.open("style_mask")
    editor = editor_of(qtbot, link)
    editor.picture.rename(SKY.label, "Evening")
    for place in ((300, 300), (600, 400)):
        key(qtbot, editor, Qt.Key.Key_1 if place[0] == 300 else Qt.Key.Key_2)
        drag(qtbot, editor, place, (place[0] + 50, place[1]))
        qtbot.waitUntil(editor.apply_button.isEnabled, timeout=10_000)
        qtbot.mouseClick(editor.apply_button, LEFT)
    assert editor.isVisible()
    assert link.close(), "nothing is lost"
    files = sorted((document.folder / "masks").iterdir())
    assert len(files) == 2
    assert [image.path for image in document.sources("style_mask")] == [str(files[1])]
    assert {region.name for region in read(files[1]).regions} == {"Evening", LAND.name, WATER.name}
    document.stack.undo()
    assert [image.path for image in document.sources("style_mask")] == [str(files[0])]
