"""The export form is remembered whole, and its choices are kept under names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from app.export.choices import choices_of, take
from app.export.form import ExportForm
from app.export.presets_button import ExportPresets
from app.preferences import Preferences
from engine.box import Size
from engine.declarations import Layer
from tests.app.studio import Studio

LAYERS = (Layer("result", "Result", ""), Layer("mask", "Mask", ""))


@pytest.fixture
def preferences(tmp_path: Path) -> Preferences:
    return Preferences(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))


def form(qtbot, tmp_path: Path, canvas: Size | None = None) -> ExportForm:
    made = ExportForm(canvas or Size(200, 300), LAYERS, tmp_path, None, frozenset({"repeat", "originals"}))
    qtbot.addWidget(made)
    return made


def choose_otherwise(made: ExportForm) -> None:
    """Everything other than at first."""
    made.format.setCurrentIndex(made.format.findText("TIFF"))
    made.size_field.choose(made.size_field.choice.itemData(made.size_field.choice.findText("A3")))
    made.size_field.dpi_box.setValue(240)
    made.layer.setCurrentIndex(1)
    made.detail.setCurrentIndex(1)
    options = made.options
    options.bits_box.setCurrentIndex(1)
    options.bleed.setValue(3.0)
    options.set_profile("adobe-rgb")
    options.intent.setCurrentIndex(1)
    options.compression.setCurrentIndex(1)
    options.quality.setValue(77)
    for check in (options.black_point, options.provenance, made.paint_detail):
        check.setChecked(False)
    for check in (options.marks, options.repeat, options.pyramid, options.transparent):
        check.setChecked(True)


def test_all_choices_come_back(qtbot, tmp_path: Path) -> None:
    first, second = form(qtbot, tmp_path), form(qtbot, tmp_path)
    before = choices_of(first)
    choose_otherwise(first)
    chosen = json.loads(json.dumps(choices_of(first)))
    assert [name for name in before if before[name] == chosen[name]] == [], "the test changes every one of them"
    take(second, chosen)
    assert choices_of(second) == chosen
    assert second.request() == first.request()


@pytest.mark.parametrize("size", ["own pixels", "own length", "4 × as large", "A4"])
def test_a_size_means_the_same_for_a_picture_of_another_shape(qtbot, tmp_path: Path, size: str) -> None:
    first, second = form(qtbot, tmp_path), form(qtbot, tmp_path, Size(500, 250))
    field = first.size_field
    if size == "own pixels":
        field.choose(Size(700, 1050))
    elif size == "own length":
        field.unit.setCurrentText("cm")
        field.width_box.setValue(40.0)
    else:
        field.choose(field.choice.itemData(field.choice.findText(size)))
    take(second, choices_of(first))
    after = second.size_field.size_px
    if size == "own pixels":
        assert after == Size(1050, 525)
    elif size == "own length":
        assert after == Size(round(40 / 2.54 * 300), round(20 / 2.54 * 300))
        second.size_field.dpi_box.setValue(150)
        assert second.size_field.size_px.height == round(40 / 2.54 * 150), "the length stays"
    elif size == "A4":
        assert after.height > after.width, "turned as the picture lies"
        assert sorted((after.height, after.width)) == sorted((field.size_px.height, field.size_px.width))
    else:
        assert after == Size(2000, 1000)


@pytest.mark.parametrize(
    "stored",
    ["", "[]", "{", '{"size": 3, "quality": 900, "bits": "x", "format": [], "bleed_mm": "y", "repeat": 4}', "[" * 9999],
)
def test_what_is_damaged_is_passed_over(qtbot, tmp_path: Path, preferences: Preferences, stored: str) -> None:
    preferences._store.setValue("export/form", stored)
    preferences._store.setValue("export/presets", stored)
    made = form(qtbot, tmp_path)
    before = choices_of(made)
    take(made, preferences.export_form)
    assert choices_of(made) == before
    assert isinstance(preferences.export_presets, dict)


def test_presets_are_kept_chosen_marked_and_removed(qtbot, tmp_path: Path, preferences: Preferences) -> None:
    made = form(qtbot, tmp_path)
    presets = ExportPresets(made, preferences)
    qtbot.addWidget(presets)
    choose_otherwise(made)
    chosen = choices_of(made)
    presets.keep("Für die Druckerei")
    other = form(qtbot, tmp_path)
    there = ExportPresets(other, preferences)
    qtbot.addWidget(there)
    there.refresh()
    action = there.menu().actions()[0]
    assert (action.text(), action.isChecked()) == ("Für die Druckerei", False)
    action.trigger()
    assert choices_of(other) == chosen
    there.refresh()
    assert there.menu().actions()[0].isChecked()
    there.remove("Für die Druckerei")
    assert preferences.export_presets == {}


def test_the_next_dialog_begins_with_what_was_exported_last(studio: Studio) -> None:
    studio.train()
    studio.press("export")
    dialog = studio.window.exports.dialog
    assert dialog is not None
    dialog.form.format.setCurrentIndex(dialog.form.format.findText("TIFF"))
    dialog.form.size_field.choose(Size(140, 180))
    dialog.form.folder.setText(str(studio.folder))
    dialog.start.click()
    studio.until(lambda: not studio.window.exports.running)
    dialog.close()
    studio.window.exports._about = ()  # as after the next start
    studio.press("export")
    again = studio.window.exports.dialog
    assert again is not None
    assert again is not dialog
    assert again.form.kind().name == "TIFF"
    assert again.form.size_field.size_px == Size(140, 180)
    assert again.presets is not None
    again.presets.keep("Small")
    assert list(studio.window.preferences.export_presets) == ["Small"]
