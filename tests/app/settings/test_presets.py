"""Presets of one's own: kept, shared as a file, brought in again; the button says what is in force."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import own_presets
from app.settings.own_presets import OwnPreset
from engine.errors import BadProjectError
from engine.method import Preset, method_class
from tests.app.studio import Studio
from tests.engine import toy


def entries(studio: Studio) -> list[str]:
    return [action.text() for action in studio.window.presets.menu().actions() if not action.isSeparator()]


def press(studio: Studio, text: str) -> None:
    next(action for action in studio.window.presets.menu().actions() if action.text() == text).trigger()


def test_the_button_says_what_is_in_force_and_whether_it_was_changed(studio: Studio) -> None:
    window, button = studio.window, studio.window.presets
    press(studio, "Slow")
    assert "Slow" in button.text()
    assert "Slow" in button.accessibleName()
    window.document.set("rate", 0.5)
    window.document.set("colors", 9)
    assert button.accessibleName() == "Preset: Slow (changed)"
    window.document.stack.undo()
    window.document.stack.undo()
    assert "changed" not in button.accessibleName()
    window.document.stack.undo()
    assert "Slow" not in button.accessibleName(), "the preset itself was undone"


def test_what_is_fitted_to_the_images_changes_no_preset(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drop fits scales to the images, and "Draft" on the button became a bare "Preset"."""
    preset = Preset("Quick", "Few colours, slowly.", {"colors": 2, "rate": 0.01})
    monkeypatch.setattr(toy.Toy, "presets", (preset,))
    monkeypatch.setattr(toy.Toy, "fitted", frozenset(("rate",)))
    window = studio.window
    window.own_presets.refresh()
    press(studio, "Quick")
    window.document.set("rate", 0.5)
    assert window.presets.accessibleName() == "Preset: Quick"
    window.document.set("colors", 3)
    assert window.presets.accessibleName() == "Preset: Quick (changed)"


def test_kept_settings_come_back_under_their_name_also_in_another_window(studio: Studio) -> None:
    window = studio.window
    window.document.set("colors", 9)
    window.document.set("weight", 4.0)
    assert window.own_presets.keep("Dämmerung / warm")
    assert "Dämmerung / warm" in entries(studio)
    assert window.presets.accessibleName() == "Preset: Dämmerung / warm"
    window.document.set("colors", 3)
    assert window.presets.accessibleName() == "Preset: Dämmerung / warm (changed)"
    window.files.new()
    assert studio.settings.colors != 9
    press(studio, "Dämmerung / warm")
    assert (studio.settings.colors, studio.settings.weight) == (9, 4.0)
    assert window.document.stack.undoText() == "preset Dämmerung / warm"
    studio.press("undo")
    assert studio.settings.colors != 9


def test_a_preset_travels_as_a_file(studio: Studio) -> None:
    window = studio.window
    window.document.set("colors", 9)
    window.own_presets.keep("mine")
    (preset,) = own_presets.listing(window._data / "presets", "toy")
    shared = studio.folder / "for you.json"
    window.own_presets.share(preset, shared)
    window.own_presets.remove(preset)
    assert "mine" not in entries(studio)
    stored = json.loads(shared.read_text())
    stored["values"] |= {"sparkle": 3, "weight": 1e9}
    shared.write_text(json.dumps(stored))
    window.document.set("colors", 3)
    assert window.own_presets.bring_in(shared)
    assert studio.settings.colors == 9, "it is applied at once"
    assert "mine" in entries(studio)
    assert any("sparkle, weight" in text for text in studio.said()), "what can not be had is named"


def test_a_file_that_is_no_preset_is_told(studio: Studio) -> None:
    bad = studio.folder / "other.json"
    bad.write_text("{}")
    assert not studio.window.own_presets.bring_in(bad)
    assert any("other.json" in text for text in studio.said())


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("presets") / "any.json"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["tessera", "format", "method", "name", "values"]), PLAIN)
    | st.fixed_dictionaries(
        {"values": st.dictionaries(st.sampled_from(["content_weight", "patch", "guidance", "no"]), PLAIN)}
    )
)
def test_whatever_is_in_a_file_it_is_a_preset_or_a_sentence(file: Path, stored: dict) -> None:
    base = {"tessera": "preset", "format": 1, "method": "magic", "name": "x"} if set(stored) == {"values"} else {}
    file.write_text(json.dumps(base | stored))
    try:
        preset = own_presets.read(file)
    except BadProjectError:
        return
    method_class(preset.method).Settings.of(preset.values)


def test_two_names_that_look_alike_as_files_stay_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)
    for name in ("a/b", "a_b", "a:b"):
        own_presets.save(tmp_path, OwnPreset("toy", name, {"colors": 3}))
    assert [preset.name for preset in own_presets.listing(tmp_path, "toy")] == ["a/b", "a:b", "a_b"]
