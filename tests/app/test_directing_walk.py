"""A collage directed with real mouse and keys: maps over the living result, an ugly piece found and replaced."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.app.test_walk import export as export_picture
from tests.app.test_walk import live, put_small_pictures
from tests.app.walker import OnScreen, Open, Walker, lacking

pytestmark = [
    pytest.mark.slow,
    pytest.mark.display,
    pytest.mark.xdist_group("display"),  # one pair of hands at a time
    pytest.mark.skipif(bool(lacking()), reason=f"needs {lacking()} on this machine"),
]


def test_a_collage_directed_with_a_brush(program: Open, tmp_path: Path) -> None:
    """Sky from one image and ground from another, the middle with more content and smaller pieces, an ugly piece muted,
    another replaced; looked at, and exported for a sheet of A3 with its report."""
    put_small_pictures(tmp_path / "data" / "Tessera" / "example")
    walker = program()
    walker.click(walker.one(kind="QPushButton", text="Load the example", enabled=True))
    live(walker)
    sky_and_ground(walker, tmp_path)
    more_content_and_smaller_pieces(walker)
    mute_the_piece_under_the_pointer(walker, tmp_path)
    move_another_on_its_source(walker, tmp_path)
    report(walker, tmp_path)
    choose_a3(walker)
    export_picture(walker, tmp_path)
    with Image.open(tmp_path / "walk.png") as picture:
        assert picture.info["dpi"] == pytest.approx((40, 40), abs=0.1)
        sheet_px = (297 / 25.4 * 40, 420 / 25.4 * 40)
        sides = zip(picture.size, sheet_px, strict=True)
        assert max(side / longest for side, longest in sides) == pytest.approx(1, abs=0.01), "it fills the sheet"
        assert any("Laid of " in str(said) for said in picture.info.values()), "the images are credited in the file"
    walker.focus()
    walker.keys("ctrl+q")
    assert walker.status() == 0
    assert "Traceback" not in walker.said()


def sky_and_ground(walker: Walker, home: Path) -> None:
    """Two regions, each with an image that lies only there."""
    walker.click(walker.one(kind="QToolButton", name="Paint a map: Pieces from"))
    view = walker.one(kind="MaskView")
    walker.focus("Pieces from")
    walker.click(view, 0.02, 0.02)  # the keys are the mask's
    for key, name, row, top, bottom in (("2", "Green", 0, 0.1, 0.45), ("3", "Blue", 1, 0.7, 0.95)):
        walker.keys(key, "l")
        around(walker, view, (0.25, top), (0.75, top), (0.75, bottom), (0.25, bottom))
        pieces = walker.one(kind="QListWidget", name=f"Images in {name}")
        walker.click(pieces, 80 / pieces.box[2], (20 + 38 * row) / pieces.box[3], button=3)
        walker.until(lambda: walker.all(kind="QMenu"), "its menu is open")
        walker.keys("Down", "Return")  # Only here
        walker.until(lambda row=row: len(only(home)) > row, f"an image lies only in {name}")
        walker.click(view, 0.02, 0.02)
    walker.keep_picture("d1 pieces from")
    walker.click(walker.one(kind="QPushButton", text="Use this map", enabled=True))
    walker.until(lambda: not walker.all(kind="MaskView"), "the map is used")


def only(home: Path) -> list[str]:
    """The regions of images that lie in one only, as the project is saved."""
    sources = job(home).get("sources", {}).get("style", [])
    return [image["regions"][0] for image in sources if len(image.get("regions") or ()) == 1]


def more_content_and_smaller_pieces(walker: Walker) -> None:
    for title, key in (("How much content", "5"), ("Size of pieces", "1")):
        walker.click(walker.one(kind="QToolButton", name=f"Paint a map: {title}"))
        view = walker.one(kind="MaskView")
        walker.focus(title)
        walker.click(view, 0.02, 0.02)
        walker.keys(key)
        walker.drag(view, 0.45, 0.55)
        walker.keep_picture(f"d2 {title}")
        walker.click(walker.one(kind="QPushButton", text="Use this map", enabled=True))
        walker.until(lambda: not walker.all(kind="MaskView"), "the map is used")


def mute_the_piece_under_the_pointer(walker: Walker, home: Path) -> None:
    canvas = walker.one(kind="CanvasView")
    bar = tabs(walker)
    walker.click(bar, 105 / bar.box[2])
    walker.until(lambda: named(walker, canvas), "the piece under the pointer is named in the tray")
    walker.click(canvas, 0.5, 0.5)
    walker.one(kind="QToolButton", name="Mute or unmute", enabled=True)
    walker.keep_picture("d3 found")
    walker.click(walker.one(kind="QToolButton", name="Mute or unmute", enabled=True))
    choice = walker.until(lambda: choices(home), "it is muted")[0]
    assert choice["weight"] == 0
    walker.keep_picture("d4 muted")


def tabs(walker: Walker) -> OnScreen:
    """Of settings, pieces and report; Qt keeps bars that are not used beside the screen."""
    return next(bar for bar in walker.all(kind="QTabBar") if bar.box[0] > 0 and bar.box[1] > 0)


def named(walker: Walker, canvas: OnScreen) -> bool:
    for across in (0.5, 0.501):
        walker._do("mousemove", *canvas.at(across, 0.5))
    return bool(walker.all(kind="ElidedLabel", name="% of the picture"))


def move_another_on_its_source(walker: Walker, home: Path) -> None:
    """The second piece of the tray, by the arrow keys on its source."""
    tray = walker.one(kind="QListView", name="Pieces")
    walker.click(tray, 105 / tray.box[2], 40 / tray.box[3])
    source = walker.one(kind="SourceView")
    walker.focus()
    walker.click(source, 0.5, 0.02)
    walker.keys("Right", "Down")
    moved = walker.until(lambda: [c for c in choices(home) if c.get("place")], "it shows another place")
    assert moved[0]["index"] == 1
    walker.keep_picture("d5 moved")


def report(walker: Walker, folder: Path) -> None:
    walker.focus()
    bar = tabs(walker)
    walker.click(bar, 168 / bar.box[2])
    walker.click(walker.one(kind="QPushButton", text="Count", enabled=True))
    walker.click(walker.one(kind="QPushButton", text="Save…", enabled=True))
    walker.focus("Save the report")
    walker.keys("ctrl+a")
    walker.type(str(folder / "report.csv"))
    walker.keys("Return")
    out = folder / "report.csv"
    walker.until(out.exists, "the report is saved")
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(float(row["percent"]) for row in rows) == pytest.approx(100, abs=0.1)
    walker.keep_picture("d6 report")


def choose_a3(walker: Walker) -> None:
    """By its button; few pixels an inch, so that it is quick. The dialog remembers it."""
    walker.focus()
    walker.keys("ctrl+shift+e")
    walker.one(kind="ExportDialog")
    walker.focus("Export")
    walker.click(walker.one(kind="QPushButton", text="A3", enabled=True))
    walker.click(walker.one(name="Resolution in print"))
    walker.keys("ctrl+a")
    walker.type("40")
    walker.keys("Tab")
    walker.keep_picture("d7 a3")


def around(walker: Walker, widget: OnScreen, *places: tuple[float, float]) -> None:
    """Draws around a place with the button down."""
    points = [widget.at(*place) for place in places]
    walker._do("mousemove", *points[0], "mousedown", 1)
    for point in points[1:]:
        walker._do("mousemove", *point)
    walker._do("mouseup", 1)


def choices(home: Path) -> list[dict[str, Any]]:
    """What the project says of single pieces, as it is saved."""
    return job(home).get("pieces", {}).get("choices", [])


def job(home: Path) -> dict[str, Any]:
    """The project's, as it is saved; empty before."""
    files = list((home / "data" / "Tessera" / "projects").glob("*/project.json"))
    return json.loads(files[0].read_text())["job"] if files else {}
