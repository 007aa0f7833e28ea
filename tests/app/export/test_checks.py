"""What the export dialog refuses or warns of, why, and what helps."""

from __future__ import annotations

from collections import namedtuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.export.journal import CanvasSpec, Journal, folder_for
from engine.export.print_sizes import pixels
from engine.export.profiles import made
from engine.messages.exports import ExportRequest, Finding, Inspected, Remedy
from tests.app.export.dialogs import CANVAS, refusal, remedy, set_format, times
from tests.engine.toy import job, picture


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


def test_who_made_room_elsewhere_comes_back_to_a_dialog_that_knows_it(dialog, monkeypatch, qtbot):
    usage = namedtuple("usage", "total used free")
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    with monkeypatch.context() as full:
        full.setattr("shutil.disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))
        dialog.refresh()
        assert "free" in refusal(dialog)
        files = QWidget()
        qtbot.addWidget(files)
        files.show()
        files.activateWindow()
        qtbot.waitUntil(files.isActiveWindow)
    assert not dialog.start.isEnabled()
    dialog.activateWindow()
    qtbot.waitUntil(dialog.start.isEnabled)


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
