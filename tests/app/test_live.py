"""Live, in the real window: the picture is there when the images are dropped, and follows every change of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint

from engine.job import Job, PieceChoices, SourceImage
from engine.messages.events import Began, Ended, Failed, Kept, Paused, Retuned, Stepped, StoodIn, ViewRendered
from engine.messages.exports import Exported, ExportRequest
from engine.method import State
from engine.project import save_job
from engine.settings import Settings
from engine.snapshots import keep, listing, read
from tests.app.drops import drop, files
from tests.app.studio import Studio
from tests.app.toys import write_image
from tests.engine.toy import Toy, ToySettings


@pytest.fixture
def live(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """The toy begins with what was learned elsewhere, unless it has just one colour."""

    def is_instant(cls: type[Toy], settings: Settings) -> bool:
        return settings.colors > 1  # type: ignore[attr-defined]

    monkeypatch.setattr(Toy, "is_instant", classmethod(is_instant))
    return studio


def shown(live: Studio) -> None:
    """Images are dropped, and their picture is there."""
    live.drop_style()
    live.until(lambda: live.window.training.state == "live")
    live.until(lambda: live.window.canvas.view.picture() is not None)  # pieces of an older question are passed over


def test_the_picture_is_there_when_the_images_are_dropped(live: Studio) -> None:
    shown(live)
    window = live.window
    assert window.canvas.view.isVisible()
    assert window.canvas.view.picture() is not None
    assert not live.seen(Stepped), "nothing is trained"
    assert window.status.state.text() == "Live"
    assert window.actions_by_name["train"].text() == "Refine"
    assert not window.actions_by_name["stop"].isEnabled(), "there is nothing to stop"
    assert not live.said()


def test_live_settings_act_at_once_and_undo_too(live: Studio) -> None:
    shown(live)
    before = len(live.seen(ViewRendered))
    live.window.document.set("rate", 0.7)
    live.until_seen(Retuned)
    live.until(lambda: len(live.seen(ViewRendered)) > before)
    live.press("undo")
    live.until_seen(Retuned, 2)
    assert live.window.training.state == "live"


def test_settings_that_need_other_networks_act_without_asking(live: Studio) -> None:
    shown(live)
    for colors in (3, 9, 5):
        live.window.document.set("colors", colors)
    live.until(lambda: not live.window.training.stale)
    assert live.seen(Began)[-1].reason == "rebuilt"
    assert live.window.training.built is not None
    assert live.window.training.built.settings.colors == 5  # type: ignore[attr-defined]
    assert live.window.training.state == "live"
    assert not live.said(), "nobody is asked to rebuild"


def test_more_images_are_taken_in(live: Studio) -> None:
    shown(live)
    viewport = live.window.canvas.view.viewport()
    drop(viewport, files(write_image(live.folder / "more.png", seed=3)), QPoint(20, viewport.height() // 2))
    live.until(lambda: live.seen(Began)[-1].reason == "rebuilt")
    assert len(live.seen(Began)[-1].job.sources["style"]) == 2


def test_refine_learns_from_the_picture_on(live: Studio) -> None:
    shown(live)
    live.press("train")
    live.until_seen(Stepped, 2)
    assert live.window.training.state == "training"
    assert len(live.seen(Began)) == 1, "it is the same session"
    live.press("train")
    live.until_seen(Paused, 2)
    assert live.window.training.state == "paused"
    live.press("stop")
    live.until(lambda: live.window.training.state == "idle")
    assert listing(live.window.document.folder)
    live.qtbot.wait(50)
    assert live.window.training.state == "idle", "what was learned is shown, not what was there before"


def test_a_moment_can_be_kept_and_gone_back_to(live: Studio) -> None:
    shown(live)
    live.press("keep")
    kept = live.until_seen(Kept)
    assert kept.step == 0
    live.window.document.set("colors", 7)
    live.until(lambda: live.seen(Began)[-1].reason == "rebuilt")
    live.window.training.go_back(kept.snapshot)
    live.until(lambda: live.seen(Began)[-1].reason == "restored")
    assert live.settings.colors == 2
    assert live.window.training.state == "live", "nothing was learned: there is nothing to resume"
    assert live.window.actions_by_name["train"].text() == "Refine"


def test_a_way_back_from_what_was_learned_to_the_picture_as_it_came_is_live_again(live: Studio) -> None:
    shown(live)
    live.press("keep")
    kept = live.until_seen(Kept)
    live.press("train")
    live.until_seen(Stepped, 2)
    live.press("train")
    live.until(lambda: live.window.training.state == "paused")
    live.window.training.go_back(kept.snapshot)
    live.until(lambda: live.seen(Began)[-1].reason == "restored")
    assert live.window.training.state == "live"
    learned = next(moment.folder for moment in listing(live.window.document.folder) if moment.step)
    live.window.training.go_back(learned)
    live.until(lambda: live.seen(Began)[-1].step > 0)
    assert live.window.training.state == "paused"


def test_a_project_whose_moments_were_kept_live_opens_live(live: Studio) -> None:
    """It stood still: its sliders did nothing before somebody trained."""
    shown(live)
    live.press("keep")
    live.until_seen(Kept)
    folder = live.window.document.folder
    live.press("new")
    live.until(lambda: live.window.training.state == "idle")
    live.window.files.open_path(folder)
    live.until(lambda: live.window.training.state == "live")
    assert not live.seen(Stepped)
    before = len(live.seen(Retuned))
    live.window.document.set("rate", 0.7)
    live.until_seen(Retuned, before + 1)


def test_going_back_to_a_moment_of_the_picture_as_it_came_trains_nothing(live: Studio) -> None:
    shown(live)
    live.press("keep")
    kept = live.until_seen(Kept)
    live.press("train")
    live.until_seen(Stepped, 2)
    live.press("stop")
    live.until(lambda: live.window.training.state == "idle")
    live.window.training.go_back(kept.snapshot)
    live.until(lambda: live.seen(Began)[-1].reason == "restored")
    assert live.window.training.state == "live"


def test_what_is_live_can_be_exported(live: Studio) -> None:
    shown(live)
    live.press("export")
    live.until(lambda: live.window.exports.dialog is not None and live.window.exports.dialog.isVisible())
    out = live.folder / "print.png"
    live.window.exports.start(ExportRequest(out))
    live.until_seen(Exported)
    assert out.is_file()
    assert live.window.training.state == "live"
    dialog = live.window.exports.dialog
    assert dialog is not None
    dialog.close()


def test_without_a_network_it_waits_for_train(live: Studio) -> None:
    live.window.document.set("colors", 1)
    live.drop_style()
    live.qtbot.wait(50)
    assert live.window.training.state == "idle"
    assert live.window.actions_by_name["train"].text() == "Train"
    live.window.document.set("colors", 5)
    live.until(lambda: live.window.training.state == "live")
    live.window.document.set("colors", 1)
    live.until(lambda: live.window.training.state == "idle")
    live.window.document.set("colors", 6)
    live.until(lambda: live.window.training.state == "live")


def test_the_last_image_taken_away_ends_it(live: Studio) -> None:
    shown(live)
    live.window.document.set_sources("style", ())
    live.until(lambda: live.window.training.state == "idle")
    live.press("undo")
    live.until(lambda: live.window.training.state == "live")


def test_what_can_not_be_shown_is_told_once(live: Studio) -> None:
    broken = live.folder / "broken.png"
    broken.write_bytes(b"no picture")
    live.window.document.add("style", [broken])
    live.until(lambda: bool(live.seen(Ended)))
    live.until(lambda: live.window.training.state == "idle")
    live.qtbot.wait(100)
    assert len(live.seen(Ended)) == 1
    live.window.document.add("style", [write_image(live.folder / "good.png")])
    live.window.document.set_sources("style", live.window.document.sources("style")[1:])
    live.until(lambda: live.window.training.state == "live")


def test_a_new_project_begins_empty(live: Studio, tmp_path: Path) -> None:
    shown(live)
    live.press("new")
    live.until(lambda: live.window.training.state == "idle" and live.window.document.empty)
    shown_again = live.window.canvas.start
    live.until(shown_again.isVisible)


def test_what_is_tried_out_gives_way_to_what_the_document_has(live: Studio) -> None:
    """Else the session would be told to load the document again and again."""
    shown(live)
    document, training = live.window.document, live.window.training
    (image,) = document.sources("style")

    def weighing(weight: float) -> tuple[SourceImage, ...]:
        return (image.model_copy(update={"weight": weight}),)

    training.try_out("style", weighing(2.0))
    live.until(lambda: training.built is not None and training.built.sources["style"] == weighing(2.0))
    document.set_sources("style", weighing(3.0))
    training.try_out("style", weighing(4.0))
    live.until(lambda: training.built is not None and training.built.sources == document.job.sources)
    live.until(lambda: not training.stale)


def test_single_pieces_never_wait_for_a_rebuild(live: Studio) -> None:
    """They are given to the session at once, which may be busy for a while; nobody is asked to rebuild meanwhile."""
    shown(live)
    training, document = live.window.training, live.window.document
    seen: list[bool] = []
    training.stale_changed.connect(seen.append)
    began = len(live.seen(Began))
    document.adopt(document.job.model_copy(update={"pieces": PieceChoices(draw=1)}), "draw anew")
    live.press("undo")
    live.until(lambda: len(live.seen(Began)) > began)
    assert True not in seen
    assert not live.said()


def test_the_line_at_the_bottom_says_whose_picture_it_is(live: Studio) -> None:
    shown(live)
    status, events = live.window.status, live.window.training.events
    events.deliver(StoodIn("MAGIC collage"))
    assert status.state.text() == "Live, as MAGIC collage lays it; Train to learn"
    live.press("train")
    live.until_seen(Stepped)
    assert status.state.text() == "Training; MAGIC collage is shown until this is better"
    events.deliver(StoodIn(""))
    assert status.state.text() == "Training"


def test_it_can_start_from_another_project(live: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    other = live.folder / "other"
    save_job(other, Job(method="toy", settings=ToySettings()))
    keep(other, State({}, {}), None, job=Job(method="toy", settings=ToySettings()), step=3, elapsed_s=1.0, terms={})
    shown(live)
    action, window = live.window.actions_by_name["start_from"], live.window
    assert action.isEnabled()
    dialog = window.training_actions.ask_where_from()
    dialog.chosen.emit(live.folder)
    dialog.close()
    live.until_seen(Failed)
    assert "not a Tessera project" in live.said()[-1]
    assert window.training.state == "live", "what was there goes on"
    monkeypatch.setattr(Toy, "begin_from", lambda self, state: True)
    window.training.start_from(other)
    kept = live.until_seen(Kept)
    assert read(kept.snapshot).name == "From other"
    assert window.training.state == "live"


def test_what_stands_in_is_not_refined_and_not_kept(live: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    shown(live)
    monkeypatch.setattr(Toy, "stand_in", "magic")
    live.window.training_actions.refresh()
    assert live.window.actions_by_name["train"].text() == "Train"
    assert not live.window.actions_by_name["keep"].isEnabled()
    live.press("train")
    live.until_seen(Stepped)
    assert live.window.actions_by_name["keep"].isEnabled()


def test_a_method_that_needs_more_images_says_nothing_of_a_training_that_was_none(live: Studio) -> None:
    """What is lacking stands on the canvas; nothing was trained that could have been kept."""
    shown(live)
    live.window.document.set_method("stylize")
    live.until(lambda: live.window.training.state == "idle")
    live.qtbot.wait(1)
    assert not [text for text in live.said() if "training" in text.lower()]
