"""From two files to a print of A3 by keys alone: no mouse is moved and no button of it pressed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.app.test_walk import live, step
from tests.app.toys import write_image
from tests.app.walker import Open, Walker, lacking

pytestmark = [
    pytest.mark.slow,
    pytest.mark.display,
    pytest.mark.xdist_group("display"),  # one pair of hands at a time
    pytest.mark.skipif(bool(lacking()), reason=f"needs {lacking()} on this machine"),
]


def test_from_two_files_to_an_a3_print_by_keys(program: Open, tmp_path: Path) -> None:
    style, content = (write_image(tmp_path / f"{name}.png", 180, 140) for name in ("style", "content"))
    walker = program()
    walker.one(kind="QPushButton", text="Load the example", enabled=True)
    walker.focus()
    walker.until(lambda: walker.held().text == "Choose images…", "the first door has the keys")
    walker.keys("Return")
    choose(walker, "Add images to Style", style)
    walker.key_to(name="Add images to Content")
    walker.keys("Return")
    choose(walker, "Add images to Content", content)
    live(walker)
    move_sliders(walker)
    keep_two_and_go_back(walker)
    look_at_a_map(walker)
    print_a3(walker, tmp_path)
    walker.keys("ctrl+comma")
    walker.focus("Preferences")
    walker.keys("Escape")
    walker.until(lambda: not walker.all(kind="PreferencesDialog"), "the preferences are closed")
    walker.focus()
    walker.held()
    walker.keys("ctrl+q")
    assert walker.status() == 0
    assert "Traceback" not in walker.said()


def choose(walker: Walker, title: str, path: Path) -> None:
    """A file by its name, typed into the dialog for files; what had the keys before, or what came of it, has them."""
    walker.focus(title)
    walker.type(str(path))
    walker.keys("Return")
    walker.until(lambda: walker.all(kind="SourceTile", name=path.name), f"{path.name} is there")
    walker.focus()
    walker.held()


def move_sliders(walker: Walker) -> None:
    """By arrows, finely, by a number; and taken back."""
    before = walker.key_to(kind="KnobSlider", name="Content").value
    assert before is not None
    walker.keys("Right")
    coarse = walker.until(lambda: moved(walker, before), "an arrow moves it")
    walker.keys("shift+Right")
    fine = walker.until(lambda: moved(walker, coarse), "and finely with Shift")
    assert 0 < fine - coarse < coarse - before
    walker.key_to(kind="NumberField", name="Content")
    walker.type("55")
    walker.keys("Tab")
    typed = walker.until(lambda: moved(walker, fine), "a number is taken over")
    walker.keys("ctrl+z")
    walker.until(lambda: moved(walker, typed), "undo takes it back")
    live(walker)


def moved(walker: Walker, before: int) -> int | None:
    """Where the slider stands now, where that is another place."""
    value = walker.one(kind="KnobSlider", name="Content").value
    return value if value != before else None


def keep_two_and_go_back(walker: Walker) -> None:
    walker.keys("ctrl+t")
    walker.until(lambda: step(walker) >= 1, "it learns")
    for number in (1, 2):
        at = step(walker)
        walker.until(lambda at=at: step(walker) > at, "it goes on")
        walker.keys("ctrl+d")
        walker.until(lambda number=number: len(walker.all(kind="SnapshotTile")) == number, "a moment is kept")
    walker.keys("ctrl+t")
    walker.one(kind="QToolButton", text="Resume", enabled=True)
    walker.key_to("F6", kind="SnapshotTile")
    walker.keys("Left", "s")
    walker.until(lambda: "with a star" in walker.held().name, "the first has a star")
    walker.keys("F2")
    walker.until(lambda: walker.held().kind == "QLineEdit", "its name can be typed")
    walker.type("dusk")
    walker.keys("Return")
    walker.until(lambda: walker.held().name.startswith("dusk"), "it is called so, and has the keys")
    walker.keep_picture("k1 moments")
    walker.keys("Return")
    walker.until(lambda: walker.all(kind="ElidedLabel", text="kept · here"), "the training stands there again")
    assert walker.held().kind == "SnapshotTile"


def look_at_a_map(walker: Walker) -> None:
    """A region and a tool chosen; left without a stroke, the keys are back at the button."""
    walker.key_to("F6", name="Choose the image of Copy or paint")  # the last stop there, where the keys were left
    walker.key_to("shift+Tab", name="Paint a map: Pieces from")
    walker.keys("Return")
    walker.focus("Pieces from")
    walker.until(lambda: walker.held().kind == "MaskView", "the mask has the keys")
    walker.keys("2", "l")
    walker.until(lambda: walker.all(kind="QToolButton", text="Lasso", checked=True), "the lasso is chosen")
    walker.key_to(kind="QPushButton", text="Cancel")
    walker.keys("Return")
    walker.until(lambda: not walker.all(kind="MaskView"), "the editor is closed")
    walker.focus()
    assert walker.held().name == "Paint a map: Pieces from"


def print_a3(walker: Walker, home: Path) -> None:
    """A sheet of another shape than the picture, few pixels an inch, so that it is quick; the crop is moved."""
    walker.keys("ctrl+shift+e")
    walker.one(kind="ExportDialog")
    walker.focus("Export")
    walker.key_to(name="Size for: A3")
    walker.keys("Return")
    walker.key_to(kind="RingedCombo", name="Size")
    while walker.held().text != "A3":
        before = walker.held().text
        walker.keys("Up")  # from the foot of the list, where the whole picture on A3 stands
        walker.until(lambda before=before: walker.held().text != before, "the next size is chosen")
    walker.key_to(name="Resolution in print")
    walker.keys("ctrl+a")
    walker.type("40")
    walker.keys("Return")
    walker.key_to(name="What of the picture is printed")
    walker.keys("Right", "Down")
    walker.keep_picture("k2 export")
    walker.key_to(kind="QPushButton", text="Export")
    walker.keys("Return")
    out = walker.until(lambda: next(home.glob("*.png"), None) if printed(home) else None, "the file is painted")
    assert out
    walker.until(lambda: walker.all(text="Show in folder", enabled=True), "it is done")
    walker.key_to(text="Show in folder")
    walker.keep_picture("k3 done")
    walker.keys("Escape")
    walker.until(lambda: not walker.all(kind="ExportDialog"), "the dialog is closed")
    walker.focus()
    assert walker.held().name == "Paint a map: Pieces from"
    with Image.open(printed(home)[0]) as picture:
        assert picture.info["dpi"] == pytest.approx((40, 40), abs=0.1)
        sheet_px = sorted((297 / 25.4 * 40, 420 / 25.4 * 40))
        assert sorted(picture.size) == pytest.approx(sheet_px, abs=2)


def printed(home: Path) -> list[Path]:
    """What was exported, beside the two pictures that it is made of."""
    return [path for path in home.glob("*.png") if path.stem not in ("style", "content")]
