"""Memory and time before a training, asked from the window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import OutOfMemoryError
from engine.method import method_class, method_keys
from engine.training import probe as probes
from engine.training.probe import Needs
from tests.app.studio import Studio
from tests.engine.toy import Toy

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


@pytest.mark.parametrize("for_card", [True, False])
def test_a_preset_for_a_graphics_card_is_said_to_be_one_where_there_is_none(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, for_card: bool
) -> None:
    few = replace(Toy.presets[0], for_card=for_card)
    monkeypatch.setattr(Toy, "presets", (few, *Toy.presets[1:]))
    monkeypatch.setattr(probes, "probe", lambda job, device, go_on: NEEDS)
    window = studio.window
    studio.drop_style()
    window.document.set("colors", 7)
    window.own_presets.refresh()
    action = next(action for action in window.presets.menu().actions() if action.text() == few.name)
    action.trigger()
    said = [text for text in studio.said() if "graphics card" in text]
    assert len(said) == for_card
    if for_card:
        assert window.messages.button.text() == "Measure it"
        window.messages.button.click()
        studio.until(lambda: any("A step takes about" in text for text in studio.said()))
        assert said[0] not in studio.said(), "figures take its place"
        studio.press("undo")
        assert not [text for text in studio.said() if "graphics card" in text or "A step takes" in text]


def test_methods_say_which_of_their_presets_are_for_a_graphics_card() -> None:
    """In the words that one reads before choosing, and in what the window goes by."""
    for key in method_keys():
        for preset in method_class(key).presets:
            told = "graphics card" in preset.help and "without a graphics card" not in preset.help
            assert not told or preset.for_card, f"{key}: {preset.name}"
