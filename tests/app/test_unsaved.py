"""A disk that is full, and a project that is left all the same: nothing goes without a question."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app import document as documents
from engine import snapshots
from engine.errors import NoRoomError
from engine.messages.events import Kept
from engine.project import load_job, save_job
from engine.snapshots import listing
from tests.app.studio import Studio
from tests.app.test_files import answer, boxes
from tests.engine.toy import ToySettings

REASON = "There is no room left."


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Whether the disk is full: nothing of a project can be written then."""
    disk = {"full": False}

    def when_there_is_room(write: Callable) -> Callable:
        def wrapped(*values, **named):
            if disk["full"]:
                raise NoRoomError(REASON)
            return write(*values, **named)

        return wrapped

    monkeypatch.setattr(documents, "save_job", when_there_is_room(save_job))
    monkeypatch.setattr(snapshots, "keep", when_there_is_room(snapshots.keep))
    return disk


def stored_weight(folder: Path) -> float:
    settings = load_job(folder).settings
    assert isinstance(settings, ToySettings)
    return settings.weight


def changed_on_a_full_disk(studio: Studio, full: dict[str, bool]) -> Path:
    studio.drop_style()
    studio.window.document.flush()
    full["full"] = True
    studio.window.document.set("weight", 5.0)
    return studio.window.document.folder


def test_a_new_project_waits_for_changes_that_could_not_be_saved(studio: Studio, full: dict[str, bool]) -> None:
    folder = changed_on_a_full_disk(studio, full)
    document = studio.window.document
    studio.press("new")
    (box,) = boxes(studio)
    assert REASON in box.informativeText()
    assert (document.folder, studio.settings.weight) == (folder, 5.0)
    answer(studio, "Cancel")
    assert (document.folder, studio.settings.weight) == (folder, 5.0)
    studio.press("new")
    full["full"] = False
    answer(studio, "Try again")
    assert document.folder != folder
    assert stored_weight(folder) == 5.0


def test_another_project_takes_its_place_where_the_artist_says_so(studio: Studio, full: dict[str, bool]) -> None:
    folder = changed_on_a_full_disk(studio, full)
    studio.press("new")
    answer(studio, "without")
    assert studio.window.document.folder != folder
    assert stored_weight(folder) == 1.0


def test_the_window_does_not_close_over_unsaved_changes(studio: Studio, full: dict[str, bool]) -> None:
    folder = changed_on_a_full_disk(studio, full)
    window = studio.window
    assert not window.close()
    assert (window.isVisible(), window.isEnabled()) == (True, True)
    answer(studio, "Cancel")
    full["full"] = False
    assert window.close()
    assert stored_weight(folder) == 5.0


def test_the_window_closes_without_them_where_the_artist_says_so(studio: Studio, full: dict[str, bool]) -> None:
    changed_on_a_full_disk(studio, full)
    studio.window.close()
    answer(studio, "without")
    assert not studio.window.isVisible()


def test_a_training_that_can_not_be_kept_leaves_a_window_to_work_in(studio: Studio, full: dict[str, bool]) -> None:
    window = studio.window
    studio.train()
    window.document.flush()
    full["full"] = True
    assert not window.close()
    studio.until(lambda: window.training.state == "paused")
    assert (window.isVisible(), window.isEnabled()) == (True, True)
    assert any(REASON in text for text in studio.said())
    full["full"] = False
    window.close()
    studio.until(lambda: not window.isVisible())
    assert [snapshot.reason for snapshot in listing(window.document.folder)] == ["stopped"]


def test_a_project_that_waited_for_a_training_that_stays_is_not_opened_later(
    studio: Studio, full: dict[str, bool]
) -> None:
    window = studio.window
    studio.train()
    window.document.flush()
    folder = window.document.folder
    full["full"] = True
    studio.press("new")
    studio.until(lambda: window.training.state == "paused")
    full["full"] = False
    studio.stop()
    assert window.document.folder == folder


def test_what_could_not_be_written_is_tried_again_without_being_told_again(
    studio: Studio, full: dict[str, bool]
) -> None:
    studio.window.document._again.setInterval(20)
    folder = changed_on_a_full_disk(studio, full)
    told: list[str] = []
    studio.window.document.problem.connect(told.append)
    assert not studio.window.document.save()
    tries: list[bool] = []
    studio.window.document.saved.connect(lambda: tries.append(studio.window.document.dirty))
    studio.until(lambda: len(tries) >= 3)
    assert told == [REASON]
    full["full"] = False
    studio.until(lambda: not studio.window.document.dirty)
    assert stored_weight(folder) == 5.0


def test_a_folder_that_was_moved_away_is_told_and_the_work_is_written(studio: Studio) -> None:
    window = studio.window
    studio.train()
    studio.press("keep")
    studio.until_seen(Kept)
    window.document.flush()
    folder, moved = window.document.folder, studio.folder / "renamed"
    folder.rename(moved)
    studio.press("keep")
    studio.until(lambda: any("was not there any more" in text for text in studio.said()))
    assert load_job(folder) == window.document.job
    studio.until(lambda: [tile.snapshot.folder for tile in window.strip.tiles] == [s.folder for s in listing(folder)])
    assert [snapshot.reason for snapshot in listing(moved)] == ["kept"], "what was kept before stays as it is"


def test_a_folder_that_was_deleted_is_told_with_the_next_change(studio: Studio) -> None:
    studio.drop_style()
    document = studio.window.document
    document.flush()
    shutil.rmtree(document.folder)
    document.set("weight", 5.0)
    document.flush()
    assert any("was not there any more" in text for text in studio.said())
    assert stored_weight(document.folder) == 5.0


def test_what_could_not_be_written_is_no_longer_said_once_it_is(studio: Studio, full: dict[str, bool]) -> None:
    changed_on_a_full_disk(studio, full)
    document, messages = studio.window.document, studio.window.messages
    assert not document.save()
    (told,) = (message for message in messages.messages if message.text == REASON)
    assert (told.button, told.act) == ("Save as…", studio.window.files.save_as), "a way out"
    assert not document.save()
    assert [message.button for message in messages.messages if message.text == REASON] == ["Save as…"]
    messages.dismiss()
    assert not document.save(quiet=True)
    assert not messages.messages, "it was read"
    full["full"] = False
    assert document.save()
    assert all(message.text != REASON for message in messages.messages)


def test_a_place_that_refused_is_no_longer_spoken_of_once_another_took_it(
    studio: Studio, full: dict[str, bool]
) -> None:
    """An untitled project whose own folder can not be written is given two places; the second has room."""
    full["full"] = True
    studio.drop_style()
    document, messages = studio.window.document, studio.window.messages
    document.flush()
    studio.window.files.save_to(studio.folder / "full")
    assert any(message.text == REASON for message in messages.messages)
    full["full"] = False
    studio.window.files.save_to(studio.folder / "roomy")
    studio.until(lambda: document.folder == studio.folder / "roomy")
    assert all(message.text != REASON for message in messages.messages)


def test_a_moment_that_could_not_be_kept_is_no_longer_spoken_of_once_another_is(
    studio: Studio, full: dict[str, bool]
) -> None:
    studio.train()
    full["full"] = True
    studio.press("keep")
    messages = studio.window.messages
    studio.until(lambda: any(REASON in message.text for message in messages.messages))
    full["full"] = False
    studio.press("keep")
    studio.until(lambda: bool(studio.seen(Kept)))
    assert all(REASON not in message.text for message in messages.messages)
