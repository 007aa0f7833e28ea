"""A walk through the program with real mouse and keys: the example, training, sliders, snapshots, export, reopening."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from engine import moments
from engine.snapshots import listing
from resources import example
from tests.app.toys import write_image
from tests.app.walker import Open, Walker, lacking

pytestmark = [
    pytest.mark.slow,
    pytest.mark.display,
    pytest.mark.xdist_group("display"),  # one pair of hands at a time
    pytest.mark.skipif(bool(lacking()), reason=f"needs {lacking()} on this machine"),
]

TINY = {
    "templates": 4,
    "generator_width": 4,
    "discriminator_width": 4,
    "patch": 64,
    "batch": 1,
    "depth": 3,
    "content_scale": 1.0,
    "style_scale": 1.0,
    "precision": "float32",
}
"""Small enough that a step takes a moment on any machine."""


def test_from_the_example_to_a_file_and_back(program: Open, tmp_path: Path) -> None:
    put_small_pictures(tmp_path / "data" / "Tessera" / "example")
    project = load_the_example(program(), tmp_path)
    stored = json.loads((project / "project.json").read_text())
    stored["job"] |= {"method": "famos", "settings": TINY}  # whatever the first choice is
    (project / "project.json").write_text(json.dumps(stored))
    walker = program(str(project))
    train(walker)
    move_sliders(walker)
    keep_and_go_back(walker, project)
    change_the_layer(walker)
    export(walker, tmp_path)
    close_while_training(walker, project)
    reopen(program(str(project)), project)


def test_live_before_anything_is_trained(program: Open, tmp_path: Path) -> None:
    """Images are there, and so is their picture: it follows sliders, another set and undo, is refined and printed."""
    put_small_pictures(tmp_path / "data" / "Tessera" / "example")
    walker = program()
    walker.click(walker.one(kind="QPushButton", text="Load the example", enabled=True))
    live(walker)
    walker.keep_picture("8 live")
    for name in ("Content", "Size of the pieces", "Clean cuts", "Repaint"):
        slider = walker.one(kind="KnobSlider", name=name)
        walker.drag(slider, 0.5, 0.3)
        walker.until(
            lambda name=name, was=slider.value: walker.one(kind="KnobSlider", name=name).value != was, f"{name} moves"
        )
        live(walker)
    moved = walker.one(kind="KnobSlider", name="Repaint").value
    walker.focus()
    walker.keys("ctrl+z")
    walker.until(lambda: walker.one(kind="KnobSlider", name="Repaint").value != moved, "undo takes it back")
    walker.keys("ctrl+d")
    walker.until(lambda: walker.all(kind="SnapshotTile"), "a picture is kept before any step")
    walker.click(walker.one(kind="QToolButton", text="Refine", enabled=True))
    walker.until(lambda: step(walker) >= 3, "it learns on")
    walker.keep_picture("9 refined")
    export(walker, tmp_path)
    walker.focus()
    walker.keys("ctrl+q")
    assert walker.status() == 0
    assert "Traceback" not in walker.said()


def live(walker: Walker) -> None:
    walker.until(lambda: walker.all(kind="QLabel", text="Live"), "the picture is live")


def put_small_pictures(folder: Path) -> None:
    """Where the example keeps its pictures: drawing the real ones takes long, and is tested elsewhere."""
    folder.mkdir(parents=True)
    for name in (*example.styles(), *example.contents()):
        write_image(folder / f"{name}-{example._VERSION}.png", 180, 140)


def load_the_example(walker: Walker, home: Path) -> Path:
    """By the third door; the folder of the project that comes of it."""
    door = walker.one(kind="QPushButton", text="Load the example", enabled=True)
    walker.keep_picture("1 first start")
    walker.click(door)
    walker.until(lambda: len(walker.all(kind="SourceTile")) == 5, "five images are in their slots")
    projects = home / "data" / "Tessera" / "projects"
    saved = walker.until(lambda: list(projects.glob("*/project.json")), "the project is saved by itself")
    walker.until(lambda: walker.all(kind="QLabel", text="saved"), "the status says so")
    walker.keep_picture("2 example")
    walker.focus()
    walker.keys("ctrl+q")
    assert walker.status() == 0
    return saved[0].parent


def train(walker: Walker) -> None:
    stands_in = "Live, as MAGIC collage lays it; Train to learn"
    walker.until(lambda: walker.all(kind="QLabel", text=stands_in), "another method's picture is there at once")
    walker.click(walker.one(kind="QToolButton", text="Train", enabled=True))
    walker.until(lambda: step(walker) >= 3, "it trains")
    assert walker.one(kind="QToolButton", text="Pause").enabled


def move_sliders(walker: Walker) -> None:
    """The content weight by a drag, the size of the pieces by a click; the curves, once opened, name both."""
    walker.click(walker.one(kind="QToolButton", text="Curves"))
    for name, gesture in (
        ("Content", lambda slider: walker.drag(slider, 0.8, 0.3)),
        ("Size of the pieces", lambda slider: walker.click(slider, 0.9)),
    ):
        slider = walker.one(kind="KnobSlider", name=name)
        gesture(slider)
        walker.until(
            lambda name=name, was=slider.value: walker.one(kind="KnobSlider", name=name).value != was, f"{name} moves"
        )
        walker.until(
            lambda name=name: walker.all(kind="ElidedLabel", name=f"last: change {name}"), f"{name} is in force"
        )
    walker.keep_picture("3 sliders")


def keep_and_go_back(walker: Walker, project: Path) -> None:
    walker.focus()
    walker.keys("ctrl+d")
    kept = walker.until(lambda: [s for s in listing(project) if s.reason == "kept"], "a snapshot is kept")[0]
    assert kept.job.stored()["settings"]["content_weight"] != 60.0
    tile = walker.one(kind="SnapshotTile")
    slider, kept_at = walker.one(kind="KnobSlider", name="Content"), handle(walker, "Content")
    walker.click(slider, 0.95)
    walker.until(lambda: walker.one(kind="KnobSlider", name="Content").value != slider.value, "Content moves on")
    walker.until(lambda: step(walker) > kept.step + 2, "it trains on")
    walker.click(tile, 0.5, 0.3, times=2)
    walker.until(
        lambda: abs(handle(walker, "Content") - kept_at) < kept_at / 50,
        "the settings of then are back",  # the handle is where the number, which is rounded, has its place
    )
    walker.keep_picture("4 gone back")


def change_the_layer(walker: Walker) -> None:
    walker.click(walker.one(kind="QToolButton", text="Templates"))
    walker.until(lambda: walker.one(kind="QToolButton", text="Templates").checked, "the templates are shown")
    at = step(walker)
    walker.until(lambda: step(walker) > at + 1, "it goes on")
    walker.keep_picture("5 templates")
    walker.click(walker.one(kind="QToolButton", text="Result"))


def export(walker: Walker, folder: Path) -> None:
    """To a PNG, the folder and name typed in."""
    walker.focus()
    walker.keys("ctrl+shift+e")
    walker.one(kind="ExportDialog")
    for field, text in (("Folder", str(folder)), ("File name", "walk")):
        walker.focus("Export")
        walker.click(walker.one(kind="QLineEdit", name=field))
        walker.keys("ctrl+a")
        walker.type(text)
        walker.until(lambda field=field, text=text: walker.one(name=field).text == text, f"{field} is typed")
    walker.keep_picture("6 export")
    walker.click(walker.one(kind="QPushButton", text="Export", name="", enabled=True))
    out = folder / "walk.png"
    walker.until(out.exists, "the file is painted")
    with Image.open(out) as picture:
        assert picture.format == "PNG"
        assert len(picture.convert("RGB").getcolors(picture.width * picture.height) or ()) > 100
    walker.until(lambda: walker.all(text="Show in folder", enabled=True), "it is done")  # and no button moves then
    walker.click(walker.one(kind="QPushButton", text="Close", enabled=True))
    walker.until(lambda: not walker.all(kind="ExportDialog"), "the dialog is closed")


def close_while_training(walker: Walker, project: Path) -> None:
    at = step(walker)
    walker.until(lambda: step(walker) > at, "it trains on after the export")
    walker.focus()
    walker.keys("ctrl+q")
    assert walker.status() == 0
    assert "Traceback" not in walker.said()
    reasons = [snapshot.reason for snapshot in listing(project)]
    assert [reason for reason in reasons if reason not in moments.BY_THEMSELVES] == ["kept", "stopped"]


def reopen(walker: Walker, project: Path) -> None:
    walker.until(lambda: len(walker.all(kind="SnapshotTile")) == len(listing(project)), "all snapshots are there")
    assert len(walker.all(kind="SourceTile")) == 5
    newest = listing(project)[-1]
    walker.keep_picture("7 reopened")
    walker.click(walker.one(kind="QToolButton", text="Train", enabled=True))
    walker.until(lambda: step(walker) > newest.step, "it goes on from the newest snapshot")
    walker.focus()
    walker.keys("ctrl+q")
    assert walker.status() == 0


def handle(walker: Walker, name: str) -> int:
    """Where a slider stands."""
    value = walker.one(kind="KnobSlider", name=name).value
    assert value is not None
    return value


def step(walker: Walker) -> int:
    """What the status bar says."""
    found = [re.fullmatch(r"step ([\d,]+)", widget.text) for widget in walker.all(kind="QLabel", text="step ")]
    return max((int(match[1].replace(",", "")) for match in found if match), default=0)
