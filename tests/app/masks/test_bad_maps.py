"""Maps and pieces that can not be meant as they are, in the window: each is said in the bar, and nothing is lost.

The method is a real MAGIC of the smallest size; what is said of each map is images/maps.py's, and tested there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QSettings

from app.main_window import MainWindow
from app.preferences import Preferences
from engine import pieces
from engine.job import Job, SourceImage
from engine.messages.events import Began, Failed, PiecesCounted
from engine.method import method_class
from engine.methods.map_slots import CONTENT_MAP, PIECES_MAP
from tests.app.studio import Studio
from tests.engine import famos_jobs, magic_jobs

RED, BLUE, GREEN = "#dc1414", "#1428dc", "#14b414"


@pytest.fixture
def studio(qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """A window that shows a collage of two images, live."""
    monkeypatch.setattr(method_class("magic"), "is_instant", classmethod(lambda _cls, _settings: True))
    preferences = Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    window = MainWindow(preferences, tmp_path / "data")
    window.show()
    qtbot.waitExposed(window)
    studio = Studio(window, qtbot, tmp_path)
    window.document.adopt(magic_jobs.job(tmp_path), "begin")
    studio.until(lambda: window.training.state == "live")
    studio.until(lambda: window.canvas.view.picture() is not None)
    yield studio
    window.close_anyway()
    qtbot.waitUntil(lambda: not window.training.running, timeout=60_000)
    window.deleteLater()


def painted(path: Path, *colors: str, size: tuple[int, int] = (101, 77)) -> SourceImage:
    """Stripes side by side."""
    image = Image.new("RGB", size, colors[0])
    for place, color in enumerate(colors):
        image.paste(color, (place * size[0] // len(colors), 0, *size))
    image.save(path)
    return SourceImage(path=str(path))


def directed(job: Job, map_image: SourceImage, *regions: tuple[str, ...] | None, slot: str = PIECES_MAP) -> Job:
    """With a map, and style images in its regions."""
    styles = [
        image.model_copy(update={"regions": where}) for image, where in zip(job.sources["style"], regions, strict=False)
    ]
    sources = {**job.sources, slot: (map_image,)}
    return job.model_copy(update={"sources": sources | ({"style": tuple(styles)} if regions else {})})


def adopted(studio: Studio, job: Job) -> None:
    """Gives the window a job, and waits until the session has taken it."""
    began = len(studio.seen(Began)) + len(studio.seen(Failed))
    studio.window.document.adopt(job, "direct")
    studio.until(lambda: len(studio.seen(Began)) + len(studio.seen(Failed)) > began)


Given = Callable[[Path, Job], Job]
CASES: dict[str, tuple[Given, str]] = {
    "another shape": (
        lambda at, job: directed(job, painted(at / "wide.png", RED, BLUE, size=(300, 60)), (RED,), (BLUE,)),
        "wide.png has other proportions than the canvas, so its middle is used",
    ),
    "one colour": (
        lambda at, job: directed(job, painted(at / "plain.png", RED), (RED,), None),
        "plain.png has one colour only, so the whole picture is one region",
    ),
    "one grey": (
        lambda at, job: directed(job, painted(at / "grey.png", "#808080"), slot=CONTENT_MAP),
        "grey.png is of one middle grey, so How much content changes nothing",
    ),
    "a region without an image": (
        lambda at, job: directed(job, painted(at / "two.png", RED, BLUE), (RED,), (RED,)),
        "No image is given to the blue (#1428dc) region of two.png, so all may lie there",
    ),
    "an image allowed nowhere": (
        lambda at, job: directed(job, painted(at / "two.png", RED, BLUE), None, ()),
        "b.png may lie in no region of two.png, so it takes no part",
    ),
    "a file that is missing": (
        lambda at, job: directed(job, SourceImage(path=str(at / "gone.png")), slot=CONTENT_MAP),
        "choose it again where it is now. Until then the picture is shown without this map.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_said_and_is_gone_with_an_undo(name, studio: Studio):
    given, sentence = CASES[name]
    document = studio.window.document
    plain = document.job
    adopted(studio, given(studio.folder, plain))
    studio.until(lambda: any(sentence in text for text in studio.said()))
    assert studio.window.training.state == "live", "the picture goes on"
    began = len(studio.seen(Began))
    studio.press("undo")
    studio.until(lambda: len(studio.seen(Began)) > began)
    assert document.job == plain
    assert not any(sentence in text for text in studio.said()), "what holds no longer is not said"


def test_more_regions_than_pieces_are_said(studio: Studio):
    plain = studio.window.document.job
    third = famos_jobs.picture(studio.folder / "d.png", 60, 60, 4)
    sources = {**plain.sources, "style": (*plain.sources["style"], third)}
    job = plain.model_copy(update={"sources": sources, "settings": plain.settings.with_values({"set_size": 2})})
    adopted(studio, directed(job, painted(studio.folder / "three.png", RED, BLUE, GREEN), (RED,), (BLUE,), (GREEN,)))
    studio.until(lambda: any("3 groups of images, more than" in text for text in studio.said()))
    assert studio.window.training.state == "live"


def test_images_that_may_lie_nowhere_are_refused_and_an_undo_leads_back(studio: Studio):
    document = studio.window.document
    plain = document.job
    adopted(studio, directed(plain, painted(studio.folder / "two.png", RED, BLUE), (), ()))
    studio.until(lambda: any("Give at least one image to one of its regions" in text for text in studio.said()))
    assert studio.window.training.running
    assert studio.window.canvas.view.picture() is not None, "the last picture stays in sight"
    studio.press("undo")
    assert document.job == plain
    assert not studio.window.training.stale, "the session is where it was"
    studio.until(lambda: studio.window.training.state == "live")


def test_all_pieces_muted_is_refused_with_the_remedy_and_nothing_is_lost(studio: Studio):
    """The tray refuses it; a project may say so all the same."""
    document = studio.window.document
    plain = document.job
    infos = studio.until_seen(PiecesCounted).pieces
    adopted(studio, pieces.weighed(plain, infos, 0))
    studio.until(lambda: any("Unmute at least one" in text for text in studio.said()))
    assert studio.window.training.running
    began = len(studio.seen(Began))
    studio.press("undo")
    studio.until(lambda: len(studio.seen(Began)) > began)
    assert document.job == plain
    assert studio.window.training.state == "live"
