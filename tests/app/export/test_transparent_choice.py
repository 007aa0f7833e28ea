"""A content that is transparent in places: what the dialog offers, and where it says that it can not be."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from app.export.choices import choices_of, take
from app.export.dialog import ExportDialog
from engine.job import SourceImage
from tests.app.export.dialogs import CANVAS, LAYERS, WAYS, a_queue, refusal, remedy, set_format
from tests.app.toys import register
from tests.engine.toy import job


@pytest.fixture
def cut_out_dialog(qtbot, tmp_path, monkeypatch):
    """Of a content that is transparent in places."""
    register(monkeypatch)
    pixels = np.full((30, 40, 4), 255, np.uint8)
    pixels[:, :20, 3] = 0
    Image.fromarray(pixels, "RGBA").save(tmp_path / "c.png")
    plain = job(tmp_path)
    content = (SourceImage(path=str(tmp_path / "c.png")),)
    cut_out = plain.model_copy(update={"sources": {**plain.sources, "content": content}})
    ways = WAYS | {"transparent"}
    dialog = ExportDialog(CANVAS, LAYERS, tmp_path, a_queue(), cut_out, capabilities=ways)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def test_a_content_that_is_transparent_offers_a_transparent_file(cut_out_dialog, qtbot):
    dialog = cut_out_dialog
    assert "c.png is transparent in places" in dialog.checks.text()
    assert not dialog.form.request().encode_options.transparent
    remedy(dialog, qtbot, "Stay transparent there")
    assert dialog.form.request().encode_options.transparent
    assert "c.png" not in dialog.checks.text()
    dialog.form.fold.click()
    assert dialog.form.options.transparent.isVisible()
    assert dialog.form.options.transparent.isChecked()


def test_a_format_that_holds_no_transparency_says_so(cut_out_dialog, qtbot):
    dialog = cut_out_dialog
    dialog.form.options.transparent.setChecked(True)
    set_format(dialog, "jpeg")
    assert "JPEG holds no transparency. Choose PNG, TIFF, WebP or Photoshop" in refusal(dialog)
    remedy(dialog, qtbot, "Opaque")
    assert dialog.start.isEnabled()
    assert not dialog.form.request().encode_options.transparent


def test_the_canvas_shows_it_only_for_files_that_will_be_transparent(cut_out_dialog, tmp_path):
    dialog = cut_out_dialog
    assert dialog.clear_content() is None
    dialog.form.options.transparent.setChecked(True)
    assert dialog.clear_content() == tmp_path / "c.png"
    set_format(dialog, "jpeg")
    assert dialog.clear_content() is None
    set_format(dialog, "tiff")
    assert dialog.clear_content() == tmp_path / "c.png"
    dialog.set_job(job(tmp_path))
    assert dialog.clear_content() is None


def test_an_opaque_content_has_no_such_choice_and_a_remembered_one_waits(cut_out_dialog, tmp_path):
    dialog = cut_out_dialog
    dialog.form.options.transparent.setChecked(True)
    dialog.set_job(job(tmp_path))
    dialog.form.fold.click()
    assert not dialog.form.options.transparent.isVisible()
    assert not dialog.form.request().encode_options.transparent
    kept = choices_of(dialog.form)
    dialog.form.options.transparent.setChecked(False)
    take(dialog.form, kept)
    assert dialog.form.options.transparent.isChecked()
