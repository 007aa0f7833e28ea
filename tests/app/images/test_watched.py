"""Images that another program saves while they are in use: the picture follows."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from engine.job import SourceImage
from engine.messages.events import Began
from tests.app.studio import Studio
from tests.app.toys import write_image


def paint_over(path: Path, color: str) -> None:
    """As most programs save: a new file takes the place of the old one."""
    fresh = path.with_suffix(".new")
    Image.new("RGB", (64, 48), color).save(fresh, "PNG")
    fresh.replace(path)


def test_a_training_reads_an_image_again_that_was_painted_on(studio: Studio) -> None:
    studio.train()
    path = studio.folder / "style ä.png"
    for color in ("#204060", "#a01020"):  # the second file is watched as the first was
        begun = len(studio.seen(Began))
        paint_over(path, color)
        studio.until(lambda begun=begun: len(studio.seen(Began)) > begun)
        assert studio.seen(Began)[-1].reason == "rebuilt"
        tile = studio.window.sources.section("style").tiles[0]
        studio.until(
            lambda tile=tile, color=color: tile._image is not None and tile._image.pixelColor(9, 9).name() == color
        )
    assert studio.window.training.state == "training"


def test_a_file_that_goes_and_comes_back_the_same_changes_nothing(studio: Studio, qtbot) -> None:
    path = write_image(studio.folder / "a.png")
    window = studio.window
    window.files.take("style", [path])
    told: list[object] = []
    window.watched.changed.connect(told.append)
    aside = path.rename(path.with_suffix(".aside"))
    qtbot.wait(20)
    aside.rename(path)
    for _ in range(3):
        window.watched.look()
    assert told == []


def test_images_that_are_gone_are_not_watched_and_qt_says_nothing(studio: Studio, qtlog) -> None:
    gone = SourceImage(path=str(studio.folder / "gone.png"))
    studio.window.document.set_sources("style", (gone,))
    assert not [record.message for record in qtlog.records if "QFileSystemWatcher" in record.message]
