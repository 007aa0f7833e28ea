"""The export dialog: what it proposes and asks for, and what it says about a choice."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QFileDialog

from app.export.dialog import ExportDialog
from app.export.form import ExportForm
from engine.box import Size
from engine.export.format import formats
from engine.export.print_sizes import LABS, PAPERS, pixels
from engine.messages.exports import ExportRequest, Finding, Remedy
from engine.options import EncodeOptions, RenderMode
from tests.app.export.dialogs import CANVAS, LAYERS, a_queue, set_format, times
from tests.app.toys import register
from tests.app.wheel import turn
from tests.engine import toy_format
from tests.engine.toy import job


def test_it_proposes_the_canvas_as_png(dialog, tmp_path):
    assert dialog.form.request() == ExportRequest(tmp_path / "mosaic.png", CANVAS, "result", bits=8)
    assert dialog.start.isEnabled()
    assert not dialog.isModal()
    assert not dialog.form.options.isVisible(), "few fields for one who just wants a picture"
    assert not dialog.form.detail.isVisible()
    assert not dialog.checks.isVisible()


def test_the_request_holds_what_was_chosen(dialog, requests, tmp_path, qtbot):
    form = dialog.form
    form.file_name.setText("  Größe 2 ")
    set_format(dialog, "tiff")
    form.layer.setCurrentIndex(1)
    form.size_field.choose(times(4))
    form.size_field.dpi_box.setValue(200)
    form.options.bits_box.setCurrentIndex(1)
    form.options.compression.setCurrentIndex(1)
    form.options.pyramid.setChecked(True)
    form.options.set_profile("adobe-rgb")
    form.options.intent.setCurrentIndex(1)
    form.options.black_point.setChecked(False)
    form.options.bleed.setValue(3)
    form.options.marks.setChecked(True)
    form.options.repeat.setChecked(True)
    form.options.provenance.setChecked(False)
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    encode_options = EncodeOptions(
        dpi=200,
        profile="adobe-rgb",
        intent="perceptual",
        black_point=False,
        compression="lzw",
        pyramid=True,
        marks=True,
        provenance=False,
    )
    expected = ExportRequest(
        tmp_path / "Größe 2.tif",
        Size(4 * 1184, 4 * 1760),
        "collage",
        bits=16,
        encode_options=encode_options,
        render_mode=RenderMode(repeat=True, originals=4.0),
        bleed_px=pixels(3, 200),
    )
    assert requests == [expected]


def test_a_format_that_is_a_file_more_is_offered_with_its_options(qtbot, tmp_path, monkeypatch):
    register(monkeypatch)
    with toy_format.registered(tmp_path / "formats"):
        form = ExportForm(CANVAS, LAYERS, tmp_path, None)
        qtbot.addWidget(form)
        form.format.setCurrentText(toy_format.TITLE)
        form.fold.setChecked(True)
        assert form.out() == tmp_path / f"mosaic{toy_format.SUFFIX}"
        assert form.options.quality.isVisibleTo(form)
        assert not form.options.compression.isVisibleTo(form)
        form.set_out(tmp_path / "other.png")
        form.file_name.setText(f"typed{toy_format.SUFFIX}")
        assert form.out() == tmp_path / "typed.png", "what was typed is known to be an ending"


@pytest.mark.parametrize("kind", formats(), ids=lambda kind: kind.key)
def test_each_format_shows_only_what_it_can_hold(dialog, kind):
    dialog.form.fold.setChecked(True)
    dialog.form.options.bits_box.setCurrentIndex(1)
    set_format(dialog, kind.key)
    options = dialog.form.options
    assert options.bits_box.isVisible() == (16 in kind.bits)
    assert options.compression.isVisible() == options.pyramid.isVisible() == (kind.key == "tiff")
    assert options.quality.isVisible() == (kind.key in ("jpeg", "webp", "dzi"))
    assert not options.intent.isVisible()
    assert dialog.form.request().bits in kind.bits
    assert dialog.form.out().suffix == kind.suffixes[0]
    assert dialog.start.isEnabled()


def test_a_lab_sets_what_it_asks_for_and_leaves_the_size(dialog):
    dialog.form.size_field.choose(next(paper for paper in PAPERS if paper.name == "A3"))
    size = dialog.form.size_field.size_px
    for index, lab in enumerate(LABS, start=1):
        dialog.form.lab.setCurrentIndex(index)
        dialog.form.lab.activated.emit(index)
        request = dialog.form.request()
        assert request.out.suffix == lab.suffix
        assert request.bits == lab.bits
        assert request.encode_options.profile == lab.encode_options.profile
        assert request.size == size
        assert dialog.form.lab.currentIndex() == index
    dialog.form.options.set_profile("adobe-rgb")
    assert dialog.form.lab.currentIndex() == 0, "own choice"


def test_the_canvas_is_proofed_only_for_another_profile(dialog):
    options = dialog.form.options
    assert dialog.form.proof() is None
    options.set_profile("adobe-rgb")
    options.proof.setChecked(True)
    assert dialog.form.proof().profile == "adobe-rgb"
    options.set_profile("srgb")
    assert dialog.form.proof() is None


def test_larger_and_smaller_is_the_same_picture_and_more_pieces_the_second_choice(dialog, qtbot, tmp_path):
    form = dialog.form
    assert form.request().render_mode == RenderMode(), "at its own size there is nothing to choose"
    assert not dialog.pieces.isVisible()
    form.size_field.choose(Size(592, 880))
    assert form.detail.isVisible()
    assert form.request().render_mode == RenderMode(originals=0.5)
    form.size_field.choose(Size(3000, 3520))
    assert "1,760 × 1,184 px" in dialog.pieces.text(), "the toy's images have no more detail than it learns from"
    assert "full-size images" in dialog.checks.text()
    assert not dialog.pieces.isVisible(), "it is not said twice"
    with_images = dialog.job
    dialog.set_job(with_images.model_copy(update={"sources": {}}))
    assert dialog.pieces.isVisible()
    dialog.set_job(with_images)
    form.detail.setCurrentIndex(1)
    assert form.request().render_mode == RenderMode()
    assert not dialog.pieces.isVisible()
    form.detail.setCurrentIndex(0)
    factor = form.request().render_mode.originals
    # a working canvas of the print's shape that fits the trained one in one direction
    assert factor == pytest.approx(3000 / 1184)
    assert 3520 / factor < 1760
    plain = ExportDialog(CANVAS, LAYERS, tmp_path, a_queue(), job(tmp_path))
    qtbot.addWidget(plain)
    plain.show()
    plain.form.size_field.choose(times(2))
    plain.form.options.repeat.setChecked(True)
    assert not plain.form.detail.isVisible()
    assert plain.form.request().render_mode == RenderMode(), "a method that has no such ways is not asked for them"


def test_learning_on_is_asked_for_at_the_size_of_the_print(dialog):
    seen = []
    dialog.learn_requested.connect(seen.append)
    dialog.form.size_field.choose(times(2))
    learn = Remedy("Learn on for this size", ask="learn")
    dialog._apply(Finding("more_pieces", "warning", "Less sure.", (learn,)), learn)
    assert seen == [times(2)]


def test_a_snapshot_is_passed_on(qtbot, tmp_path):
    dialog = ExportDialog(CANVAS, LAYERS, tmp_path, a_queue(), job(tmp_path), snapshot=tmp_path / "0003")
    qtbot.addWidget(dialog)
    assert dialog.form.request().snapshot == tmp_path / "0003"
    assert "0003" in dialog.windowTitle()


def test_a_typed_suffix_is_not_doubled(dialog, tmp_path):
    dialog.form.file_name.setText("wall.v2.PNG")
    assert dialog.form.out() == tmp_path / "wall.v2.png"
    dialog.form.file_name.setText("wall.v2")
    assert dialog.form.out() == tmp_path / "wall.v2.png"


def test_sizes_are_told_in_pixels_and_on_paper(dialog):
    dialog.form.size_field.choose(times(2))
    assert "8.3 megapixels" in dialog.on_paper.text()
    assert "29.8 × 20.0 cm" in dialog.on_paper.text()
    eight = dialog.on_disk.text()
    dialog.form.options.bits_box.setCurrentIndex(1)
    assert dialog.on_disk.text() != eight
    assert "free" in eight


def test_bleed_and_marks_make_the_file_larger_not_the_picture(dialog):
    plain = dialog.form.layout_px().file
    dialog.form.options.bleed.setValue(3)
    bled = dialog.form.layout_px().file
    assert bled == Size(plain.height + 2 * pixels(3, 300), plain.width + 2 * pixels(3, 300))
    dialog.form.options.marks.setChecked(True)
    assert dialog.form.layout_px().file.width > bled.width
    assert dialog.form.request().size == CANVAS


def test_the_fold_makes_room_and_gives_it_back(dialog, qtbot):
    low = dialog.height()
    dialog.form.fold.setChecked(True)
    qtbot.waitUntil(lambda: dialog.height() > low)
    dialog.form.fold.setChecked(False)
    qtbot.waitUntil(lambda: dialog.height() == low)


def test_every_field_has_a_name_for_who_can_not_see(dialog):
    from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit

    dialog.form.fold.setChecked(True)
    for kind in (QComboBox, QAbstractSpinBox, QLineEdit):
        for field in dialog.form.findChildren(kind):
            inner = isinstance(field.parent(), (QAbstractSpinBox, QComboBox))
            assert inner or field.accessibleName(), field


def test_the_wheel_turns_nothing_that_it_passes_over(dialog, qtbot):
    """Over the kind of detail it chose another one, which nobody saw who was looking further down."""
    dialog.form.fold.setChecked(True)
    dialog.form.file_name.setFocus()
    before = dialog.form.request()
    every = [*dialog.form.findChildren(QComboBox), *dialog.form.findChildren(QAbstractSpinBox)]
    boxes = [box for box in every if box.isVisible()]
    assert len(boxes) > 5
    for box in boxes:
        turn(box)
        assert not box.hasFocus()
    assert dialog.form.request() == before


def test_images_for_a_film_are_looked_for_where_images_were_before(dialog, tmp_path):
    dialog.form.film.place = tmp_path
    dialog.form.film._ask(folder=True)
    asking = dialog.form.film.findChildren(QFileDialog)[0]
    assert Path(asking.directory().absolutePath()) == tmp_path
    asking.close()


def test_it_does_not_stay_where_its_title_is_above_the_screen(dialog, qtbot):
    """It once opened in the corner of the screen: it grew before the window manager had given it its frame."""
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.move(0, -20)
    screen = dialog.screen().availableGeometry()
    qtbot.waitUntil(lambda: dialog.frameGeometry().top() >= screen.top())
    assert screen.contains(dialog.frameGeometry())
