"""The choices of the export form as plain JSON values, to be remembered or kept under a name.

A size is kept as it was meant: a paper, a multiple of what was trained, what the originals hold, or else the longer
side; the other side follows the picture that is exported then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.export.form import ExportForm
from app.export.size import SizeField
from engine.errors import BadSettingError
from engine.export.format import formats
from engine.export.print_sizes import length_mm, pixels
from engine.options import EncodeOptions


def choices_of(form: ExportForm) -> dict[str, Any]:
    """All but the file's name and folder, the snapshot and a film's frames."""
    options, size = form.options, form.size_field
    encode = options.encode_options(size.dpi)
    return {
        "format": form.kind().suffixes[0],
        "layer": form.layer.currentData(),
        "same_picture": bool(form.detail.currentData()),
        "bits": options.bits_box.currentData(),
        "bleed_mm": options.bleed.value(),
        "repeat": options.repeat.isChecked(),
        "size": _size_choices(size),
        **{name: getattr(encode, name) for name in _ENCODED},
        "pyramid": options.pyramid.isChecked(),
        "transparent": options.transparent.isChecked(),
        "paint_detail": form.paint_detail.isChecked(),
    }


def take(form: ExportForm, choices: Mapping[str, Any]) -> None:
    """Chooses again what `choices_of` gave; what is unknown, or can not be had here, is left as it is."""
    options = form.options
    suffix = choices.get("format")
    for index, kind in enumerate(formats()):
        if suffix in kind.suffixes:
            form.format.setCurrentIndex(index)
    _take_size(form.size_field, choices.get("size"))
    for combo, name in ((form.layer, "layer"), (form.detail, "same_picture"), (options.bits_box, "bits")):
        index = combo.findData(choices.get(name))
        if index >= 0:
            combo.setCurrentIndex(index)
    try:
        known = {name: choices[name] for name in _ENCODED if name in choices}
        options.show_encoded(replace(EncodeOptions(), **known))
    except (BadSettingError, TypeError, ValueError):
        pass  # somebody wrote them by hand
    if _is_number(bleed_mm := choices.get("bleed_mm", 0.0)):
        options.bleed.setValue(bleed_mm)
    checks = ((options.repeat, "repeat"), (options.pyramid, "pyramid"), (form.paint_detail, "paint_detail"))
    for check, name in checks:
        if isinstance(choices.get(name), bool):
            check.setChecked(choices[name])


_ENCODED = ("profile", "intent", "black_point", "quality", "compression", "marks", "provenance", "transparent")


def _size_choices(field: SizeField) -> dict[str, Any]:
    about: dict[str, Any] = {"dpi": field.dpi, "unit": field.unit.currentText(), "locked": field.locked.isChecked()}
    if field.choice.currentIndex() < field.choice.count() - 1:
        return {**about, "choice": field.choice.currentText()}
    longer_px = max(field.size_px.height, field.size_px.width)
    if field.on_paper:
        return {**about, "longer_mm": length_mm(longer_px, field.dpi)}
    return {**about, "longer_px": longer_px}


def _take_size(field: SizeField, about: object) -> None:
    if not isinstance(about, dict):
        return
    if _is_number(about.get("dpi")):
        field.dpi_box.setValue(about["dpi"])
    field.unit.setCurrentText(str(about.get("unit")))  # another text changes nothing
    index = field.choice.findText(str(about.get("choice")))
    if index >= 0:
        field.choose(field.choice.itemData(index))
    elif _is_number(about.get("longer_mm")):
        field.choose_longer(pixels(about["longer_mm"], field.dpi), on_paper=True)
    elif _is_number(about.get("longer_px")):
        field.choose_longer(round(about["longer_px"]), on_paper=False)
    if isinstance(about.get("locked"), bool):
        field.locked.setChecked(about["locked"])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
