"""Settings that suit the dropped images, in the real window: said, shown, undone, and never over the artist's own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from PySide6.QtCore import QPoint

from engine.messages.commands import FitToImages
from engine.messages.events import Began, Failed, FittedToImages, Retuned, Stepped, ViewRendered
from engine.method import Preset
from engine.project import load_job
from engine.settings import Settings
from tests.app.drops import drop, files
from tests.app.studio import Studio
from tests.app.toys import write_image
from tests.engine.toy import Toy

ASKED: list[frozenset[str]] = []


@pytest.fixture
def live(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """The toy begins with what was learned elsewhere; its rate suits the number of images that it has."""
    ASKED.clear()

    def fitting_picture(self: Toy, free: Collection[str]) -> dict[str, Any]:
        ASKED.append(frozenset(free))
        fitted = {"rate": 0.1 + 0.2 * len(self.job.sources["style"]), "weight": 1.0}
        return {name: value for name, value in fitted.items() if name in free}

    def is_instant(cls: type[Toy], settings: Settings) -> bool:
        return True

    monkeypatch.setattr(Toy, "is_instant", classmethod(is_instant))
    monkeypatch.setattr(Toy, "fitted_by_picture", frozenset(("rate", "weight")))
    monkeypatch.setattr(Toy, "fitting_picture", fitting_picture)
    return studio


def drop_another(live: Studio, name: str) -> None:
    viewport = live.window.canvas.view.viewport()
    drop(viewport, files(write_image(live.folder / name, seed=len(name))), QPoint(20, viewport.height() // 2))


def until_fitted(live: Studio, times: int = 1) -> None:
    live.until_seen(FittedToImages, times)


def test_what_suits_the_images_is_taken_over_said_and_shown(live: Studio) -> None:
    live.drop_style()
    until_fitted(live)
    assert live.settings.rate == pytest.approx(0.3)
    assert live.said() == ["Fitted to these images: Rate 0.3."]
    assert live.window.panel.knob("rate").value() == pytest.approx(0.3)
    assert live.window.panel.knob("rate").reset_button.isVisibleTo(live.window.panel)
    live.until(lambda: "rate" in live.until_seen(Retuned).names)
    first = next(index for index, event in enumerate(live.events) if isinstance(event, ViewRendered))
    assert first < live.events.index(live.seen(FittedToImages)[0]), "the first picture waited for nothing"


def test_print_and_project_have_plain_values(live: Studio) -> None:
    live.drop_style()
    until_fitted(live)
    document = live.window.document
    assert document.save()
    assert load_job(document.folder).settings == live.settings


def test_one_undo_takes_the_images_and_what_was_fitted_to_them_away(live: Studio) -> None:
    live.drop_style()
    until_fitted(live)
    live.press("undo")
    assert live.window.document.empty
    assert live.settings.rate == pytest.approx(0.1)
    live.press("redo")
    assert live.settings.rate == pytest.approx(0.3)
    live.until(lambda: live.window.training.state == "live")
    live.qtbot.wait(50)
    assert len(ASKED) == 1, "what is there again is as it was"


def test_what_came_between_keeps_its_own_step_of_undo(live: Studio) -> None:
    document, colors = live.window.document, live.settings.colors
    live.drop_style()
    live.until_seen(ViewRendered)
    document.set("colors", 7)
    live.until(lambda: live.settings.rate == pytest.approx(0.3))
    while document.stack.canUndo():
        document.stack.undo()
    assert (document.empty, live.settings.rate, live.settings.colors) == (True, pytest.approx(0.1), colors)


def test_what_the_artist_chose_stays(live: Studio) -> None:
    live.window.document.set("rate", 0.9)
    live.drop_style()
    until_fitted(live)
    assert [{"weight"}] == ASKED
    assert live.settings.rate == 0.9
    assert not live.said(), "what is as it comes needs no word"


def test_where_all_is_chosen_nobody_is_asked(live: Studio) -> None:
    live.window.document.set("rate", 0.9)
    live.window.document.set("weight", 3.0)
    live.drop_style()
    live.until(lambda: any(view.done for view in live.seen(ViewRendered)))
    live.qtbot.wait(50)
    assert not ASKED


def test_other_images_are_fitted_anew_until_the_artist_chooses(live: Studio) -> None:
    live.drop_style()
    until_fitted(live)
    drop_another(live, "second.png")
    until_fitted(live, 2)
    assert live.settings.rate == pytest.approx(0.5)
    live.window.panel.knob("rate").reset()
    assert live.settings.rate == pytest.approx(0.1)
    drop_another(live, "third one.png")
    until_fitted(live, 3)
    assert ASKED[-1] == {"weight"}
    assert live.settings.rate == pytest.approx(0.1), "the default, since the artist chose it"


def test_what_is_left_of_the_images_is_fitted_too(live: Studio) -> None:
    live.drop_style()
    until_fitted(live)
    drop_another(live, "second.png")
    until_fitted(live, 2)
    document = live.window.document
    document.set_sources("style", document.sources("style")[:1])
    until_fitted(live, 3)
    assert live.settings.rate == pytest.approx(0.3)
    live.press("undo")
    assert (len(document.sources("style")), live.settings.rate) == (2, pytest.approx(0.5))


def test_a_map_that_is_painted_moves_no_slider(live: Studio) -> None:
    live.drop_style()
    until_fitted(live)
    done = len(live.seen(ViewRendered))
    live.window.document.add("map", [write_image(live.folder / "map.png", seed=7)])
    live.window.document.set("weight", 1.5)
    live.until(lambda: any(view.done for view in live.seen(ViewRendered)[done:]))
    live.qtbot.wait(50)
    assert len(ASKED) == 1


def test_a_click_leads_back_to_the_defaults_for_good(live: Studio) -> None:
    live.drop_style()
    until_fitted(live)
    assert live.window.messages.button.text() == "Use the defaults"
    live.window.messages.button.click()
    assert live.settings.rate == pytest.approx(0.1)
    assert not live.said()
    live.press("undo")
    assert live.settings.rate == pytest.approx(0.3)
    live.press("redo")
    drop_another(live, "second.png")
    live.until(lambda: len(live.window.document.sources("style")) == 2 and not live.window.training.stale)
    live.qtbot.wait(100)
    assert live.settings.rate == pytest.approx(0.1)


def test_an_answer_for_what_is_no_longer_there_changes_nothing(live: Studio) -> None:
    live.drop_style()
    until_fitted(live)
    live.window.document.set("rate", 0.8)
    live.window.training.events.deliver(FittedToImages({"rate": 0.2}))
    assert live.settings.rate == 0.8


def test_the_preset_in_force_stays_so(live: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Toy, "presets", (Preset("Quick", "Few colours.", {"colors": 2}),))
    window = live.window
    window.own_presets.refresh()
    assert window.document.apply_preset("Quick")
    live.drop_style()
    until_fitted(live)
    assert window.presets.accessibleName() == "Preset: Quick"


def test_it_is_not_tried_again_where_it_fails(live: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_self: Toy, free: Collection[str]) -> dict[str, Any]:
        ASKED.append(frozenset(free))
        raise RuntimeError("no")

    monkeypatch.setattr(Toy, "fitting_picture", failing)
    live.drop_style()
    live.until(lambda: any(isinstance(event.command, FitToImages) for event in live.seen(Failed)))
    live.window.document.set("colors", 7)
    live.until(lambda: not live.window.training.stale)
    live.qtbot.wait(100)
    assert len(ASKED) == 1
    assert live.window.training.state == "live"


def test_what_learns_is_fitted_no_more(live: Studio) -> None:
    live.drop_style()
    until_fitted(live)
    live.press("train")
    live.until_seen(Stepped, 2)
    drop_another(live, "second.png")
    live.until(lambda: live.seen(Began)[-1].reason == "rebuilt")
    seen = len(live.seen(ViewRendered))
    live.until(lambda: any(view.done for view in live.seen(ViewRendered)[seen:]))
    assert len(ASKED) == 1
