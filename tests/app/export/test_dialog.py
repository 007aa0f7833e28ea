"""The export dialog: what it asks for, what it refuses and why, and what it says about a choice."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QFileDialog

from app.export.choices import choices_of, take
from app.export.crop import CropField
from app.export.dialog import ExportDialog
from app.export.form import ExportForm
from app.export.queue import ExportQueue
from app.session_events import SessionEvents
from app.widgets import words
from engine.box import Box, Size
from engine.declarations import Layer
from engine.errors import BadSettingError
from engine.export.format import formats
from engine.export.journal import CanvasSpec, Journal, folder_for
from engine.export.print_sizes import LABS, PAPERS, pixels
from engine.export.profiles import made
from engine.job import SourceImage
from engine.messages.exports import ExportRequest, Finding, Inspected, Remedy
from engine.options import EncodeOptions, RenderMode
from tests.app.toys import register
from tests.app.wheel import turn
from tests.engine import toy_format
from tests.engine.toy import job, picture

CANVAS = Size(1184, 1760)
LAYERS = (Layer("result", "Result", "All of it."), Layer("collage", "Collage", "Only the pieces."))
WAYS = frozenset({"originals", "repeat"})


def times(factor):
    return Size(factor * CANVAS.height, factor * CANVAS.width)


def a_queue() -> ExportQueue:
    return ExportQueue(lambda command: True, SessionEvents())


@pytest.fixture
def dialog(qtbot, tmp_path, monkeypatch):
    register(monkeypatch)
    dialog = ExportDialog(CANVAS, LAYERS, tmp_path, a_queue(), job(tmp_path), capabilities=WAYS)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


@pytest.fixture
def requests(dialog: ExportDialog) -> list[ExportRequest]:
    """What the dialog asked for since it was opened."""
    seen: list[ExportRequest] = []
    dialog.start_requested.connect(seen.append)
    return seen


def set_format(dialog, key):
    kinds = [kind.key for kind in formats()]
    dialog.form.format.setCurrentIndex(kinds.index(key))


def refusal(dialog):
    assert not dialog.start.isEnabled()
    return dialog.checks.text()


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


def test_the_shops_profile_is_checked(dialog, tmp_path):
    (tmp_path / "shop.icc").write_bytes(made("adobe-rgb"))
    (tmp_path / "photo.icc").write_bytes(b"no profile at all")
    dialog.form.options.set_profile(str(tmp_path / "shop.icc"))
    assert dialog.form.options.profile.currentText() == "shop.icc"
    assert dialog.start.isEnabled()
    dialog.form.options.set_profile(str(tmp_path / "photo.icc"))
    assert "photo.icc is no ICC profile" in refusal(dialog)
    dialog.form.options.set_profile("srgb")
    assert dialog.start.isEnabled()


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


def test_another_shape_says_what_is_cut_away(dialog):
    assert not dialog.cut_away.isVisible()
    dialog.form.size_field.choose(Size(1184, 880))
    assert "left and right lose 50 %" in dialog.cut_away.text()
    dialog.form.size_field.choose(Size(592, 1760))
    assert "top and bottom lose 50 %" in dialog.cut_away.text()


def test_what_is_cut_away_is_chosen_by_dragging_a_frame(dialog, qtbot, requests):
    crop = dialog.form.crop
    assert not crop.isVisible()
    assert dialog.form.request().crop is None
    dialog.form.size_field.choose(Size(1184, 880))
    assert crop.isVisible()
    assert dialog.form.request().crop == (0.5, 0.5)
    middle = crop.frame().center().toPoint()
    qtbot.mousePress(crop, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(crop, middle + QPoint(-8, 5))
    qtbot.mouseMove(crop, middle + QPoint(-200, 5))
    qtbot.mouseRelease(crop, Qt.MouseButton.LeftButton, pos=middle)
    assert dialog.form.request().crop == (0.5, 0.0), "the whole left, and nothing up or down where nothing is cut"
    assert crop.frame().left() == 0
    qtbot.keyClick(crop, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert dialog.form.request().crop == (0.5, 0.1)
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert requests[-1].crop == (0.5, 0.1)
    dialog.form.size_field.choose(times(2))
    assert not crop.isVisible()
    assert dialog.form.request().crop is None


def test_the_frame_on_a_panorama_is_wide_enough_for_a_hand(qtbot, dialog):
    field = CropField(Size(619, 3185), dialog)
    field.set_print(Size(297, 420))
    assert field.height() >= 48
    assert field.frame().width() >= 64


def test_the_frame_has_the_shape_of_the_paper(dialog):
    dialog.form.size_field.choose(Size(592, 1760))
    frame, whole = dialog.form.crop.frame(), dialog.form.crop.rect()
    assert frame.width() == whole.width()
    assert frame.width() / frame.height() == pytest.approx(1760 / 592, rel=0.02)


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


def test_what_can_not_be_is_refused_with_a_sentence(dialog, tmp_path):
    dialog.form.file_name.setText(" ")
    assert refusal(dialog) == "Give the file a name."
    dialog.form.file_name.setText("a/b")
    assert "/" in refusal(dialog)
    dialog.form.file_name.setText("mosaic")
    dialog.form.folder.setText(str(tmp_path / "nowhere"))
    assert "nowhere" in refusal(dialog)
    dialog.form.folder.setText(str(tmp_path))
    (tmp_path / "taken.png").mkdir()
    dialog.form.file_name.setText("taken")
    assert "folder" in refusal(dialog)
    dialog.form.file_name.setText("mosaic")
    assert dialog.start.isEnabled()
    assert dialog.checks.text() == ""


def test_a_formats_limit_is_told_before_the_start(dialog):
    set_format(dialog, "webp")
    dialog.form.size_field.choose(Size(1000, 20_000))
    assert "16,383" in refusal(dialog)
    set_format(dialog, "png")
    assert dialog.start.isEnabled()


def test_what_the_engine_refuses_is_told_before_the_start(dialog, monkeypatch):
    def check(out, canvas, bits, encode_options, folder):
        raise BadSettingError(f"{canvas.width} px are too many.")

    monkeypatch.setattr("engine.export.preflight.check", check)
    dialog.form.size_field.choose(Size(100, 2000))
    assert refusal(dialog) == "2000 px are too many."


def test_a_full_disk_is_told_before_the_start(dialog, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))
    dialog.form.size_field.choose(times(2))
    assert "free" in refusal(dialog)


def test_a_disk_that_fills_up_after_the_last_look_is_noticed_at_the_start(dialog, requests, monkeypatch, qtbot):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert not requests
    assert "free" in refusal(dialog)


def test_a_file_that_is_there_will_be_replaced(dialog, tmp_path):
    (tmp_path / "old.png").write_bytes(b"x")
    dialog.form.file_name.setText("old")
    assert "old.png" in dialog.checks.text()
    assert "replaced" in dialog.checks.text()
    assert dialog.start.isEnabled()


def test_an_unfinished_picture_of_this_name_can_be_gone_on_with(dialog, tmp_path, qtbot):
    folder = folder_for(tmp_path / "old.png")
    picture = CanvasSpec(Box(0, 0, 64, 128), 8, 64, {})
    import torch

    Journal.begin(folder, picture, {}).put(0, picture.tiles()[0], torch.zeros(3, 64, 64))
    dialog.form.file_name.setText("old")
    assert "50%" in dialog.checks.text()
    (button,) = dialog.checks.buttons()
    with qtbot.waitSignal(dialog.resume_requested) as asked:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked.args == [folder]


def test_the_same_file_is_not_queued_twice(dialog, qtbot):
    dialog._queue.add(dialog.form.request())
    assert "another name" in refusal(dialog)
    assert dialog.checks.checks[0].tone == "muted", "nothing is wrong"
    assert not dialog.form.compare.isEnabled()
    dialog.form.file_name.setText("other")
    assert dialog.start.isEnabled()
    assert dialog.start.text() == "Add to the queue"


def test_what_the_session_finds_has_remedies_and_goes_with_the_next_change(dialog, qtbot):
    with qtbot.waitSignal(dialog.settled) as settled:
        dialog.form.size_field.choose(times(2))
    assert settled.args == [dialog.form.request()]
    found = (
        Finding("time", "note", "It takes 9 h.", (Remedy("Smaller tiles", {"tile_px": 256}),)),
        Finding("memory", "stop", "No."),
    )
    other = ExportRequest(dialog.form.out(), Size(1, 1))
    dialog.show_inspected(Inspected(other, found, True))
    assert dialog.checks.text() == "", "about something else"
    dialog.show_inspected(Inspected(dialog.form.request(), found, True))
    assert dialog.checks.text() == "No.\nIt takes 9 h.", "the worst first"
    assert not dialog.start.isEnabled()
    qtbot.mouseClick(dialog.checks.buttons()[0], Qt.MouseButton.LeftButton)
    assert dialog.form.request().tile_px == 256
    assert dialog.checks.text() == ""
    assert dialog.start.isEnabled()


def remedy(dialog, qtbot, title):
    button = next(button for button in dialog.checks.buttons() if button.text() == title)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_remedies_change_the_form(dialog, qtbot):
    set_format(dialog, "webp")
    dialog.form.size_field.choose(Size(1000, 20_000))
    assert not dialog.start.isEnabled()
    remedy(dialog, qtbot, "Save as TIFF")
    assert dialog.form.kind().key == "tiff"
    assert dialog.start.isEnabled()
    dialog.form.options.marks.setChecked(True)
    remedy(dialog, qtbot, "3 mm of bleed")
    assert dialog.form.request().bleed_px == pixels(3, 300)
    assert dialog.form.request().size == Size(1000, 20_000)


def test_missing_images_stop_it_and_can_be_looked_for(dialog, qtbot, tmp_path):
    gone = job(tmp_path)
    (tmp_path / "style.png").unlink()
    dialog.set_job(gone)
    assert "style.png" in refusal(dialog)
    with qtbot.waitSignal(dialog.images_requested):
        remedy(dialog, qtbot, "Find images")
    picture(tmp_path)
    dialog.set_job(gone)
    assert dialog.start.isEnabled()


def test_facts_for_the_curious_are_in_the_fold(dialog):
    dialog.form.size_field.choose(CANVAS)
    assert dialog.checks.text() == ""
    dialog.form.fold.setChecked(True)
    assert "The pieces are as they were trained, at 300 DPI." in dialog.checks.text()


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


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min"), (250, "4 min 10 s"), (3599, "59 min"), (7500, "2 h 5 min")],
)
def test_durations_in_words(seconds, text):
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(10, "1 kB"), (640_000, "640 kB"), (5_240_000, "5.2 MB"), (1.4e9, "1.4 GB"), (123e9, "123 GB")]
)
def test_amounts_in_words(size, text):
    assert words.amount(size) == text


def test_a_film_takes_the_contents_place(dialog, qtbot, tmp_path):
    film = dialog.form.film
    dialog.form.fold.setChecked(True)
    assert not film.isVisible(), "not for a method that can not"
    other = ExportDialog(CANVAS, LAYERS, tmp_path, a_queue(), job(tmp_path), capabilities=frozenset({"frames"}))
    qtbot.addWidget(other)
    other.show()
    other.form.fold.setChecked(True)
    film = other.form.film
    assert film.isVisible()
    assert not film.written.isVisible()
    walk = tmp_path / "walk"
    walk.mkdir()
    film.set_source(walk)
    assert film.choice.currentText() == "walk"
    assert other.form.request().frames == walk
    assert other.form.out() == tmp_path / "mosaic.png"
    assert "Each frame" in other.on_disk.text()
    film.written.setCurrentIndex(1)
    assert other.form.out() == tmp_path / "mosaic.mp4"
    assert not other.form.format.isEnabled()
    other.form.size_field.choose(Size(9000, 9000))
    assert "8,192" in other.checks.text()
    film.set_source(None)
    assert other.form.request().frames is None
    assert other.form.out() == tmp_path / "mosaic.png"
    assert other.start.isEnabled()


def test_a_film_from_one_noise_to_the_next(qtbot, tmp_path):
    form = ExportForm(CANVAS, LAYERS, tmp_path, None, walks=["noise_drift"])
    qtbot.addWidget(form)
    form.show()
    film = form.film
    assert [film.choice.itemData(index) for index in range(film.choice.count())] == ["one", "noise_drift"]
    form.fold.setChecked(True)
    assert not film.seconds.isVisible()
    film.choice.setCurrentIndex(1)
    film.choice.activated.emit(1)
    film.seconds.setValue(2)
    assert film.seconds.isVisible()
    assert form.request().sweep == "noise_drift=0:1:50"
    assert form.request().frames is None
    film.written.setCurrentIndex(1)
    assert form.out().suffix == ".mp4"
    film.set_source(None)
    assert form.request().sweep == ""
    assert not film.seconds.isVisible()


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
