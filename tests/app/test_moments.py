"""Moments in the window: compared as sharp as the canvas, removed as a step of undo, thinned by their budget."""

from __future__ import annotations

import pytest

from app.curves.health import Health
from app.snapshots.grid import MomentGrid
from app.snapshots.strip import SnapshotStrip
from engine.messages.commands import Keep
from engine.messages.events import Began, Kept, Stepped, ViewRendered
from engine.moments import BY_THEMSELVES
from engine.snapshots import listing
from tests.app.studio import Studio
from tests.app.test_ways_back import go_back, keep, moments, paused_at, train_on


def answers(studio: Studio, side: str) -> list[ViewRendered]:
    return [event for event in studio.seen(ViewRendered) if side in event.requester]


def test_a_moment_is_compared_with_the_present_pixel_by_pixel(studio: Studio) -> None:
    studio.train()
    first = keep(studio)
    studio.window.strip.compare_requested.emit(first)
    studio.until(lambda: any(event.done for event in answers(studio, "left")))
    last = answers(studio, "left")[-1]
    assert last.image.shape[:2] == (last.box.height, last.box.width), "one pixel of the screen for each of the canvas"
    assert not answers(studio, "right")
    assert studio.window.canvas.back.isVisible()


def test_two_moments_are_compared_where_no_session_runs(studio: Studio) -> None:
    window = studio.window
    studio.train()
    first = keep(studio)
    studio.until(lambda: studio.seen(Stepped)[-1].step > first.step)
    studio.stop()
    second = moments(studio)[-1]
    window.strip.pair_requested.emit(first, second)
    studio.until(lambda: any(e.done for e in answers(studio, "left")) and any(e.done for e in answers(studio, "right")))
    assert window.training.state == "paused", "a session that only looks"
    assert len(listing(window.document.folder)) == 2, "looking keeps nothing"
    window.canvas.back.click()
    assert window.canvas.view.compare.image is None


def test_removing_a_moment_is_a_step_of_undo(studio: Studio) -> None:
    window = studio.window
    studio.train()
    first, second = keep(studio), keep(studio)
    paused_at(studio)
    window.strip.removed.emit(first)
    assert [moment.folder for moment in moments(studio)] == [second.folder]
    assert window.document.stack.undoText() == "remove a moment"
    studio.press("undo")
    assert [moment.folder for moment in moments(studio)] == [first.folder, second.folder]
    assert len(window.strip.tiles) == 2
    window.strip.removed.emit(second)
    assert any("goes on from" in text for text in studio.said()), "the one at hand stays"
    assert len(moments(studio)) == 2


def test_what_undo_needs_can_be_removed_and_comes_back_with_undo(studio: Studio) -> None:
    studio.train()
    first = keep(studio)
    studio.until(lambda: studio.seen(Stepped)[-1].step > first.step)
    paused_at(studio)
    go_back(studio, first)
    left = next(moment for moment in moments(studio) if moment.reason == "before")
    studio.window.strip.removed.emit(left)
    studio.press("undo")
    count = len(studio.seen(Began))
    studio.press("undo")
    studio.until(lambda: len(studio.seen(Began)) > count)
    assert studio.seen(Began)[-1].step == left.step


def test_a_project_that_moves_takes_removed_moments_and_ways_back_along(studio: Studio) -> None:
    window = studio.window
    studio.train()
    first = keep(studio)
    studio.until(lambda: studio.seen(Stepped)[-1].step > first.step)
    paused_at(studio)
    go_back(studio, first)
    train_on(studio)
    studio.stop()
    window.strip.removed.emit(first)
    place = studio.folder / "elsewhere"
    window.files.save_to(place)
    studio.until(lambda: window.document.folder == place)
    studio.press("undo")
    assert (place / "snapshots" / first.folder.name).exists()
    studio.press("undo")
    left = next(moment for moment in listing(place) if moment.reason == "before")
    assert window.snapshots.newest() == left.folder


def test_the_budget_thins_what_was_kept_by_itself_and_nothing_else(studio: Studio) -> None:
    window = studio.window
    studio.train()
    window.snapshots.budget_bytes = 0
    for _ in range(5):
        window.training.post(Keep(reason="minutes"))
    studio.until(lambda: len(studio.seen(Kept)) == 5)
    first = keep(studio)
    left = moments(studio)
    assert len(left) <= 3, "what is best at something may stay"
    assert left[-1].folder == first.folder
    assert "0 kB" not in window.strip.choice.room.text()
    assert "nearest to its neighbours" in window.strip.choice.room.toolTip()


def test_only_what_was_kept_by_itself_is_said_to_be(studio: Studio) -> None:
    window = studio.window
    studio.train()
    kept = [keep(studio) for _ in range(3)]
    mine = [moment for moment in window.snapshots.all if moment.reason in BY_THEMSELVES]
    for moment in mine:
        window.snapshots.remove([moment])
    assert len(window.snapshots.all) == len(kept)
    assert window.strip.choice.room.accessibleName() == "3 moments"
    window.training.post(Keep(reason="minutes"))
    studio.until(lambda: len(window.snapshots.all) == 4)
    assert window.strip.choice.room.accessibleName().startswith("4 moments, 1 kept by themselves: ")


def test_a_star_and_a_note_are_kept_with_the_moment(studio: Studio) -> None:
    studio.train()
    first = keep(studio)
    studio.window.strip.starred.emit(first, True)
    studio.window.strip.noted.emit(first, "warm light")
    read = moments(studio)[0]
    assert (read.starred, read.note) == (True, "warm light")
    assert "warm light" in studio.window.strip.tiles[0].toolTip()


def test_health_leads_back_to_the_best_moment(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    window = studio.window
    studio.train()
    first = keep(studio)
    studio.until(lambda: studio.seen(Stepped)[-1].step > first.step)
    paused_at(studio)
    monkeypatch.setattr(window.snapshots, "best", lambda: first.folder)
    window.snapshots.refresh()
    monkeypatch.setattr("app.curves.plots.health", lambda *_: Health("Worse.", "warning", back=True))
    window.curves.redraw()
    assert window.curves.line.best.isVisible()
    window.curves.line.best.click()
    studio.until(lambda: studio.seen(Began)[-1].snapshot == first.folder)


def test_keeping_shows_its_place_at_once_with_the_picture_of_the_canvas(studio: Studio) -> None:
    window = studio.window
    studio.train()
    studio.until(lambda: window.canvas.view.result() is not None)
    studio.press("keep")
    assert [tile.picture is not None for tile in window.strip.pending] == [True]
    studio.until(lambda: any(event.reason == "kept" for event in studio.seen(Kept)))
    assert not window.strip.pending
    assert any(tile.snapshot.reason == "kept" for tile in window.strip.tiles)


def test_moments_side_by_side_are_reached_where_the_row_is_low(studio: Studio) -> None:
    studio.train()
    studio.window.training.keep()
    studio.until_seen(Kept)
    studio.window.training.keep()
    studio.until_seen(Kept, 2)
    kept = listing(studio.window.document.folder)
    for height, roomy in ((0, False), (400, True)):
        strip = SnapshotStrip()
        studio.qtbot.addWidget(strip)
        strip.resize(700, max(height, strip.minimumHeight()))
        strip.show()
        assert not strip.grid_button.isVisible(), "there is nothing to be compared"
        strip.set_snapshots(kept)
        assert (strip.choice.isVisible(), strip.grid_button.isVisible()) == (roomy, not roomy)
    studio.press("grid")
    (grid,) = studio.window.findChildren(MomentGrid)
    assert grid.isVisible()
    grid.close()


def test_a_chosen_moment_is_called_the_same_over_the_picture_as_in_its_row(studio: Studio) -> None:
    studio.train()
    kept = keep(studio)
    paused_at(studio)
    compare, tile = studio.window.canvas.view.compare, studio.window.strip.tiles[0]
    studio.window.strip.select(0)
    assert compare._labels == (tile.title, "Now") == (f"Step {kept.step:,}", "Now")


def test_a_moment_that_is_kept_while_they_stand_side_by_side_joins_them(studio: Studio) -> None:
    """The grid showed what there was when it was opened, for as long as it was open."""
    studio.train()
    keep(studio)
    grid = studio.window.snapshots.open_grid()
    before = len(grid.cells)
    keep(studio)
    studio.until(lambda: len(grid.cells) == before + 1)
    assert grid.cells[-1].isVisible()
    grid.close()
    keep(studio)  # nobody follows any more
    assert not studio.said()
