"""What is edited: every change is validated, undoable and told."""

from __future__ import annotations

import gc
from pathlib import Path

from PySide6.QtTest import QSignalSpy

from app.change import ChangeStep
from app.document import Document
from engine.box import Size
from engine.declarations import Slot
from tests.app.toys import toy_settings, write_image


def test_a_bad_value_is_told_and_changes_nothing(document: Document) -> None:
    spy = QSignalSpy(document.problem)
    before = document.job
    assert not document.set("weight", 1e9)
    assert document.job == before
    assert document.stack.count() == 0
    assert "weight" in spy.at(0)[0]


def test_each_change_can_be_undone_and_done_again(document: Document, tmp_path: Path) -> None:
    seen = [document.job]

    def note() -> None:
        document.begin_movement()
        seen.append(document.job)

    document.set("weight", 2.0)
    note()
    document.apply_preset("Few")
    note()
    document.add("style", [write_image(tmp_path / "a.png")])
    note()
    document.set_frame(Size(128, 192), 11)
    note()
    document.reset("weight")
    note()
    assert len(set(map(repr, seen))) == len(seen)
    for earlier in reversed(seen[:-1]):
        document.stack.undo()
        assert document.job == earlier
    for later in seen[1:]:
        document.stack.redo()
        assert document.job == later


def test_a_movement_of_the_hand_is_one_step_however_long_it_takes(document: Document) -> None:
    document.begin_movement()
    for value in (1.1, 1.5, 2.0, 3.0):
        document.set("weight", value)
    assert document.stack.count() == 1
    document.begin_movement()
    document.set("weight", 4.0)
    document.set("rate", 0.5)
    assert document.stack.count() == 3
    document.stack.undo()
    document.stack.undo()
    assert toy_settings(document).weight == 3.0


def test_every_change_is_told_in_words_with_what_it_led_to(document: Document, tmp_path: Path) -> None:
    spy = QSignalSpy(document.changed)
    document.set("weight", 2.0)
    document.apply_preset("Few")
    document.add("style", [write_image(tmp_path / "a.png")])
    document.stack.undo()
    changes = [spy.at(index)[0] for index in range(spy.count())]
    assert [change.text for change in changes] == ["change Weight", "preset Few", "add images", "undo add images"]
    assert [change.names for change in changes] == [("weight",), ("colors",), (), ()]
    assert changes[-1].job == document.job


def test_a_drag_that_comes_back_leaves_no_step(document: Document) -> None:
    document.set("weight", 5.0)
    document.set("weight", 1.0)
    assert document.stack.count() == 0


def test_listeners_hear_what_differs_and_nothing_else(document: Document, tmp_path: Path) -> None:
    settings, sources, frame = (
        QSignalSpy(s) for s in (document.settings_changed, document.sources_changed, document.frame_changed)
    )
    document.set("weight", 2.5)
    assert (settings.count(), sources.count(), frame.count()) == (1, 0, 0)
    assert settings.at(0)[0] == ("weight",)
    document.add("content", [write_image(tmp_path / "a.png")])
    assert (settings.count(), sources.count(), frame.count()) == (1, 1, 0)
    assert sources.at(0)[0] == "content"
    document.set_frame(None, 99)
    assert (settings.count(), sources.count(), frame.count()) == (1, 1, 1)


def test_folders_are_opened_and_images_come_once(document: Document, tmp_path: Path) -> None:
    folder = tmp_path / "bilder ä"
    folder.mkdir()
    first, second = write_image(folder / "ä1.png"), write_image(folder / "ä2.png")
    assert document.add("style", [folder, first]) == 2
    assert document.add("style", [second]) == 0
    assert [Path(image.path).name for image in document.sources("style")] == ["ä1.png", "ä2.png"]


def test_what_can_not_be_used_is_named_and_the_rest_is_taken(document: Document, tmp_path: Path) -> None:
    spy = QSignalSpy(document.problem)
    good = write_image(tmp_path / "good.png")
    assert document.add("style", [tmp_path / "gone.png", good]) == 1
    assert "gone.png" in spy.at(0)[0]


def test_where_there_is_room_for_one_the_new_image_takes_its_place(
    document: Document, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(document.method, "slots", (Slot("mask", "Mask", "Where.", maximum=1),))
    first, second, third = (write_image(tmp_path / f"{name}.png") for name in "abc")
    document.add("mask", [first])
    assert document.add("mask", [second]) == 1
    assert [image.path for image in document.sources("mask")] == [str(second)]
    spy = QSignalSpy(document.problem)
    assert document.add("mask", [first, third]) == 1
    assert spy.count() == 1
    document.stack.undo()
    assert [image.path for image in document.sources("mask")] == [str(second)]


def test_ticks_of_one_drag_hold_no_jobs_once_they_are_one_step(document: Document) -> None:
    """Qt deletes a step that another has taken in, and PySide keeps the Python part of it for ever."""
    before = [step for step in gc.get_objects() if type(step) is ChangeStep]
    document.begin_movement()
    for value in range(1, 30):
        document.set("weight", value / 10)
    gc.collect()
    assert document.stack.count() == 1
    made = [step for step in gc.get_objects() if type(step) is ChangeStep and step not in before]
    assert sum(hasattr(step, "after") for step in made) == 1
