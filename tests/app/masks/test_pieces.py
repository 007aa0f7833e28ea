"""Style images given to the regions of a map, while it is painted over the living result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.document import Document
from app.masks.controller import MaskController
from app.masks.editor import MaskEditor
from app.training import Training
from engine.declarations import Slot
from engine.images import maps
from tests.app.toys import register, write_image
from tests.engine.toy import Toy

SLOTS = (
    Slot("style", "Style", "What the pieces are cut from."),
    Slot("where", "Pieces from", "Where they lie.", 0, 1, "mask", ("style",), True, map="pieces", directs="style"),
)


@pytest.fixture
def studio(qtbot, tmp_path, monkeypatch):
    """A document with two style images, and what opens editors for it."""
    register(monkeypatch)
    monkeypatch.setattr(Toy, "slots", SLOTS)
    document = Document(tmp_path / "data")
    window = QWidget()
    qtbot.addWidget(window)
    document.add("style", [write_image(tmp_path / name, 60, 80) for name in ("a.png", "b.png")])
    return document, MaskController(document, Training(document, window), window)


def opened(qtbot, controller: MaskController, slot: str) -> MaskEditor:
    controller.open(slot)
    qtbot.waitUntil(lambda: controller.editor is not None, timeout=20_000)
    editor = controller.editor
    assert isinstance(editor, MaskEditor)
    qtbot.addWidget(editor, before_close_func=lambda e: e.picture.stack.setClean())
    return editor


def regions(document: Document) -> list[tuple[str, ...] | None]:
    return [image.regions for image in document.sources("style")]


def stroke(editor: MaskEditor, label: int) -> None:
    editor.picture.begin()
    editor.picture.stroke((10, 10), (30, 30), 8, label)
    editor.picture.commit("paint")


def test_a_new_map_is_one_region_everywhere(qtbot, studio):
    _, controller = studio
    editor = opened(qtbot, controller, "where")
    assert set(np.unique(editor.picture.labels)) == {editor.picture.regions[0].label}
    assert not editor.pieces.isHidden()


def test_ticking_gives_an_image_to_the_region_in_one_step_with_the_map(qtbot, studio):
    document, controller = studio
    editor = opened(qtbot, controller, "where")
    first, second, third = editor.picture.regions
    stroke(editor, second.label)
    editor.regions.choose(second.label)
    steps = document.stack.count()
    editor.pieces.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert document.stack.count() == steps + 1
    colors = ["#{:02x}{:02x}{:02x}".format(*region.color) for region in (first, third)]
    assert regions(document) == [tuple(sorted(colors)), None]
    assert editor.picture.stack.isClean(), "what was painted is kept with it"
    path = Path(document.sources("where")[0].path)
    said: list[str] = []
    found = maps.read_regions(path, document.sources("style"), said)
    assert found.count == 2
    assert found.allowed.sum().item() == 3
    assert said == []

    document.stack.undo()
    assert regions(document) == [None, None]
    assert not document.sources("where")
    assert editor.pieces.list.item(0).checkState() == Qt.CheckState.Checked, "the editor follows"


def test_only_here_anywhere_and_nowhere(qtbot, studio):
    document, controller = studio
    editor = opened(qtbot, controller, "where")
    second = editor.picture.regions[1]
    editor.regions.choose(second.label)
    only, anywhere, nowhere = (action.trigger for action in editor.pieces.menu(0).actions())
    only()
    assert regions(document)[0] == ("#{:02x}{:02x}{:02x}".format(*second.color),)
    nowhere()
    assert regions(document)[0] == ()
    anywhere()
    assert regions(document)[0] is None


def test_a_region_of_another_colour_keeps_its_images(qtbot, studio):
    document, controller = studio
    editor = opened(qtbot, controller, "where")
    second = editor.picture.regions[1]
    editor.regions.choose(second.label)
    editor.pieces.menu(1).actions()[0].trigger()
    editor.picture.recolor(second.label, (1, 2, 3))
    assert regions(document)[1] == ("#010203",)


def test_a_region_looks_like_the_first_image_that_may_lie_there(qtbot, studio):
    _document, controller = studio
    editor = opened(qtbot, controller, "where")
    first, second, _third = editor.picture.regions
    qtbot.waitUntil(lambda: editor.pieces._thumbnails.image(editor.begin.pieces[0].path) is not None, timeout=10_000)
    assert editor.pieces.swatch(first.label) is None, "all may lie there, so none stands for it"
    editor.regions.choose(second.label)
    editor.pieces.menu(0).actions()[0].trigger()
    swatch = editor.pieces.swatch(second.label)
    assert swatch is not None
    assert swatch.width() == swatch.height()


def test_a_click_takes_what_one_piece_covers(qtbot, studio, monkeypatch):
    monkeypatch.setattr(Toy, "capabilities", frozenset({"pieces"}))
    _document, controller = studio
    found = np.zeros((6, 8), bool)
    found[1:3, 2:5] = True
    asked = []
    controller._covered = lambda down, right: asked.append((round(down, 2), round(right, 2))) or found
    editor = opened(qtbot, controller, "where")
    with qtbot.waitActive(editor):
        editor.show()
    second = editor.picture.regions[1].label
    editor.regions.choose(second)
    editor.view.setFocus()
    qtbot.keyClick(editor.view, Qt.Key.Key_W)
    point = editor.view.to_widget(40, 15).toPoint()
    qtbot.mouseClick(editor.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    assert asked == [(0.25, 0.5)]
    assert (editor.picture.labels == second).sum() == found.sum() * 100
    assert editor.picture.label_at(25, 15) == second
    editor.picture.stack.undo()
    controller._covered = lambda _down, _right: None
    editor.piece_covers = controller._covered
    qtbot.mouseClick(editor.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    assert "not known" in editor.note.text()


def test_icons_are_of_one_size_and_what_can_not_be_read_is_not_offered(qtbot, studio):
    """A small image's icon drew its name to the left of the others, and a panorama's was a speck."""
    document, controller = studio
    folder = Path(document.sources("style")[0].path).parent
    (folder / "torn.png").write_bytes(b"not a picture")
    document.add("style", [write_image(folder / "dot.png", 20, 20), write_image(folder / "wide.png", 100, 900)])
    document.add("style", [folder / "torn.png"])
    editor = opened(qtbot, controller, "where")
    pieces = editor.pieces
    qtbot.waitUntil(lambda: bool(pieces._thumbnails.reason(str(folder / "torn.png"))))
    qtbot.waitUntil(lambda: all(pieces._thumbnails.image(i.path) is not None for i in document.sources("style")[:4]))
    side = pieces.list.iconSize()
    for row in range(4):
        item = pieces.list.item(row)
        assert item.icon().actualSize(side) == side, item.text()
        assert item.flags() & Qt.ItemFlag.ItemIsUserCheckable
    torn = pieces.list.item(4)
    assert not torn.flags() & Qt.ItemFlag.ItemIsEnabled
    assert "torn.png" in torn.toolTip()
