"""Memory and time before a training, asked from the window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import OutOfMemoryError
from engine.training import probe as probes
from engine.training.probe import Needs
from tests.app.studio import Studio

NEEDS = Needs(0.25, 2_000_000_000, 8_000_000_000, {"colors": 32})


def ask(studio: Studio, monkeypatch: pytest.MonkeyPatch, answer: Needs) -> str:
    monkeypatch.setattr(probes, "probe", lambda job, device, go_on: answer)
    studio.press("needs")
    studio.until(lambda: studio.window.actions_by_name["needs"].isEnabled())
    return studio.said()[-1]


def test_it_is_told_in_a_sentence_and_the_largest_that_fits_is_a_button(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.drop_style()
    said = ask(studio, monkeypatch, NEEDS)
    assert "A step takes about 0.25 s, 1,000 steps about 4 min 10 s." in said
    assert "2.0 GB of memory; 8.0 GB are free" in said
    bar = studio.window.messages
    assert bar.button.text() == "Colours 32 fits"
    bar.button.click()
    assert studio.settings.colors == 32
    studio.press("undo")
    assert studio.settings.colors != 32


def test_what_does_not_fit_is_a_warning_that_goes_with_other_settings(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.drop_style()
    said = ask(studio, monkeypatch, replace(NEEDS, free_bytes=1_000_000_000))
    assert "It would take about 2.0 GB of memory, and 1.0 GB are free." in said
    assert studio.window.messages.messages[-1].tone == "warning"
    studio.window.document.set("weight", 3.0)
    assert said not in studio.said(), "it was told of other settings"


def test_without_images_it_says_which_are_missing_and_a_failure_is_told(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.press("needs")
    assert "To measure, drop images on Style." in studio.said()
    studio.drop_style()

    def fail(*_arguments: object) -> Needs:
        raise OutOfMemoryError("It has too little memory.")

    monkeypatch.setattr(probes, "probe", fail)
    studio.press("needs")
    studio.until(lambda: "It has too little memory." in studio.said())


def test_a_method_without_patches_says_so(studio: Studio) -> None:
    studio.drop_style()
    studio.press("needs")
    studio.until(lambda: any("tile by tile" in text for text in studio.said()))


def test_while_it_trains_it_can_not_be_asked(studio: Studio) -> None:
    studio.train()
    assert not studio.window.actions_by_name["needs"].isEnabled()
