"""Ways back and other methods lose nothing: what was left is a moment; undo brings settings and network together."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PySide6.QtGui import QImage

from app.widgets.thumbnails import read_preview
from engine.messages.events import Began, Kept, Paused, Retuned, Stepped
from engine.snapshots import Snapshot, listing, load_state
from engine.training import autosave
from tests.app.studio import Studio
from tests.app.toys import write_image
from tests.engine import toy_two


def colors(snapshot: Snapshot) -> torch.Tensor:
    return load_state(snapshot).tensors["colors"]


def moments(studio: Studio) -> list[Snapshot]:
    return listing(studio.window.document.folder)


def restored(studio: Studio) -> list[Began]:
    return [event for event in studio.seen(Began) if event.reason == "restored"]


def paused_at(studio: Studio) -> None:
    studio.press("train")
    studio.until(lambda: studio.window.training.state == "paused")


def keep(studio: Studio) -> Snapshot:
    """Keeps the present by hand."""

    def kept() -> list[Path]:
        return [event.snapshot for event in studio.seen(Kept) if event.reason == "kept"]

    count = len(kept())
    studio.press("keep")
    studio.until(lambda: len(kept()) > count)
    return next(s for s in moments(studio) if s.folder == kept()[-1])


def train_on(studio: Studio) -> None:
    """Goes on from a pause, for a few reports."""
    count = len(studio.seen(Stepped))
    studio.press("train")
    studio.until(lambda: studio.window.training.state == "training" and len(studio.seen(Stepped)) > count + 2)


def go_back(studio: Studio, snapshot: Snapshot) -> None:
    count = len(restored(studio))
    studio.window.strip.restore_requested.emit(snapshot)
    studio.until(lambda: len(restored(studio)) == count + 1)


def test_going_back_keeps_the_present_as_a_moment_first(studio: Studio) -> None:
    studio.train()
    first = keep(studio)
    studio.until(lambda: studio.seen(Stepped)[-1].step > first.step)
    paused_at(studio)
    step = studio.seen(Paused)[-1].step
    go_back(studio, first)
    left = [snapshot for snapshot in moments(studio) if snapshot.reason == "before"]
    assert [snapshot.step for snapshot in left] == [step]
    assert left[0].parent == first.folder.name
    assert restored(studio)[-1].left == left[0].folder


def test_going_back_shows_the_stored_picture_at_once(studio: Studio) -> None:
    studio.train()
    first = keep(studio)
    paused_at(studio)
    view = studio.window.canvas.view
    studio.window.strip.restore_requested.emit(first)
    shown = view.picture()
    assert shown is not None
    assert shown == read_preview(first.preview).convertToFormat(QImage.Format.Format_RGB32)
    studio.until(lambda: bool(restored(studio)))
    studio.until(lambda: not view._pixels.standing_in)  # the network of then has painted all of it


@pytest.mark.parametrize("better_by", [1e6, -1e6], ids=["autosaves", "best so far"])
def test_autosaves_of_a_new_branch_leave_the_one_that_was_left(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, better_by: float
) -> None:
    """Where the present was kept already, as the best so far, that moment is what stays."""
    monkeypatch.setattr(autosave, "AUTOSAVE_S", 0.0)
    monkeypatch.setattr(autosave, "AUTOSAVE_COST", 1.0)
    monkeypatch.setattr(autosave, "BETTER_BY", better_by)
    studio.train()
    first = keep(studio)
    studio.until(lambda: any(e.reason != "kept" and e.step > first.step for e in studio.seen(Kept)))
    paused_at(studio)
    step = studio.seen(Paused)[-1].step
    go_back(studio, first)
    count = len(studio.seen(Kept))
    train_on(studio)
    studio.until(lambda: len(studio.seen(Kept)) >= count + 3)
    paused_at(studio)
    assert [s.step for s in moments(studio) if s.folder == restored(studio)[-1].left] == [step]
    assert len([s for s in moments(studio) if s.reason == "autosave"]) <= 1, "those of its own branch are superseded"


def test_undo_after_going_back_restores_settings_and_network_together(studio: Studio) -> None:
    window = studio.window
    studio.train()
    first = keep(studio)
    window.document.set("weight", 4.0)
    studio.until_seen(Retuned)
    paused_at(studio)
    go_back(studio, first)
    left = next(snapshot for snapshot in moments(studio) if snapshot.reason == "before")
    assert studio.settings.weight == 1.0
    studio.press("undo")
    studio.until(lambda: len(restored(studio)) == 2)
    now = keep(studio)
    assert studio.settings.weight == 4.0
    assert now.job.settings == studio.settings
    assert now.step == left.step
    assert torch.equal(colors(now), colors(left))
    studio.press("redo")
    studio.until(lambda: len(restored(studio)) == 3)
    again = keep(studio)
    assert studio.settings.weight == 1.0
    assert (again.step, again.job.settings) == (first.step, studio.settings)
    assert torch.equal(colors(again), colors(first))


def test_undo_and_redo_around_a_way_back_lose_no_training(studio: Studio) -> None:
    studio.train()
    first = keep(studio)
    studio.until(lambda: studio.seen(Stepped)[-1].step > first.step)
    paused_at(studio)
    go_back(studio, first)
    train_on(studio)
    paused_at(studio)
    step = studio.seen(Paused)[-1].step
    studio.press("undo")
    studio.until(lambda: len(restored(studio)) == 2)
    studio.press("redo")
    studio.until(lambda: len(restored(studio)) == 3)
    assert restored(studio)[-1].step == step, "redo comes back to where the new branch was, not to its first step"


def test_undo_after_going_back_also_acts_when_no_session_runs(studio: Studio) -> None:
    window = studio.window
    studio.train()
    first = keep(studio)
    window.document.set("weight", 4.0)
    studio.until_seen(Retuned)
    go_back(studio, first)
    left = next(snapshot for snapshot in moments(studio) if snapshot.reason == "before")
    studio.stop()
    studio.press("undo")
    assert studio.settings.weight == 4.0
    assert window.snapshots.newest() == left.folder, "training goes on from what the settings belong to"
    studio.press("redo")
    assert window.snapshots.newest() != left.folder


def test_undo_is_refused_plainly_where_the_moment_is_gone(studio: Studio) -> None:
    window = studio.window
    studio.train()
    first = keep(studio)
    window.document.set("weight", 4.0)
    studio.until_seen(Retuned)
    paused_at(studio)
    go_back(studio, first)
    left = next(snapshot for snapshot in moments(studio) if snapshot.reason == "before")
    left.folder.rename(left.folder.with_name("elsewhere"))
    studio.press("undo")
    assert studio.settings.weight == 1.0, "settings do not go back without their network"
    assert any("no longer there" in text for text in studio.said())


def test_training_goes_on_from_where_one_went_back_to(studio: Studio) -> None:
    """Stopping at once after a way back, and training again, stays on that branch."""
    window = studio.window
    studio.train()
    first = keep(studio)
    studio.until(lambda: studio.seen(Stepped)[-1].step > first.step)
    paused_at(studio)
    go_back(studio, first)
    studio.stop()
    assert window.snapshots.newest() == first.folder


@pytest.fixture
def two(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A studio with two methods and images for both."""
    toy_two.register(monkeypatch)
    studio.window.methods.add(toy_two.ToyTwo)
    studio.window.document.add("content", [write_image(studio.folder / "content.png")])
    return studio


def choose(studio: Studio, key: str) -> None:
    methods = studio.window.methods
    methods.open_cards()
    methods.cards.card(key).click()


def test_another_method_keeps_the_session_as_a_moment_and_comes_back_to_it(two: Studio) -> None:
    studio, window = two, two.window
    studio.train()
    window.document.set("weight", 4.0)
    window.document.set("colors", 9)
    paused_at(studio)
    step = studio.seen(Paused)[-1].step
    choose(studio, "toy_two")
    studio.until(lambda: studio.seen(Began)[-1].job.method == "toy_two")
    assert [s.step for s in moments(studio) if s.reason == "method" and s.job.method == "toy"] == [step]
    window.document.set("warmth", 0.9)
    choose(studio, "toy")
    studio.until(lambda: studio.seen(Began)[-1].job.method == "toy")
    assert studio.seen(Began)[-1].step == step
    assert (studio.settings.weight, studio.settings.colors) == (4.0, 9)
    choose(studio, "toy_two")
    assert window.document.settings.model_dump()["warmth"] == 0.9


def test_settings_of_each_method_are_remembered_by_the_project(two: Studio) -> None:
    document = two.window.document
    document.set("colors", 9)
    document.set_method("toy_two")
    document.set("warmth", 0.9)
    folder = document.folder
    document.flush()
    document.new()
    document.set_method("toy")
    assert two.settings.colors != 9, "another project has its own"
    assert document.open(folder)
    document.set_method("toy")
    assert two.settings.colors == 9
    document.set_method("toy_two")
    assert document.settings.model_dump()["warmth"] == 0.9


def test_undoing_another_method_brings_its_network_back(two: Studio) -> None:
    studio = two
    studio.train()
    paused_at(studio)
    step = studio.seen(Paused)[-1].step
    choose(studio, "toy_two")
    studio.until(lambda: studio.seen(Began)[-1].job.method == "toy_two")
    studio.press("undo")
    studio.until(lambda: studio.seen(Began)[-1].job.method == "toy")
    assert studio.seen(Began)[-1].step == step


def test_a_method_that_lacks_images_ends_the_session_with_its_work_kept(two: Studio) -> None:
    studio, window = two, two.window
    window.document.set_sources("content", ())
    studio.train()
    choose(studio, "toy_two")
    studio.until(lambda: window.training.state == "idle")
    assert [s.job.method for s in moments(studio)] == ["toy"]
    assert any("Content" in text for text in studio.said())


def test_what_another_method_reports_last_is_in_no_curve_of_this_one(two: Studio) -> None:
    two.train()
    window = two.window
    window.document.set_method("toy_two")
    late = two.seen(Stepped)[-1]
    window.training.events.deliver(late)
    assert not len(window.curves.history)
    assert not window.curves.history.latest
