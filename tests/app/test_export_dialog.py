"""The export dialog: what it asks for, what it refuses and why, and how it follows a painting."""

from __future__ import annotations

from collections import namedtuple

import pytest
from PySide6.QtCore import Qt

from app import words
from app.export_dialog import ExportDialog
from engine import messages
from engine.box import Size
from engine.errors import BadSetting
from engine.method import Layer

CANVAS = Size(1184, 1760)
LAYERS = (Layer("result", "Result", "All of it."), Layer("collage", "Collage", "Only the pieces."))


@pytest.fixture
def dialog(qtbot, tmp_path):
    dialog = ExportDialog(CANVAS, LAYERS, tmp_path)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.requests = []
    dialog.start_requested.connect(dialog.requests.append)
    return dialog


def test_it_proposes_the_canvas_as_png(dialog, tmp_path):
    assert dialog.form.request() == messages.Export(tmp_path / "mosaic.png", CANVAS, "result", bits=8)
    assert dialog.start.isEnabled()
    assert not dialog.isModal()


def test_the_request_holds_what_was_chosen(dialog, tmp_path, qtbot):
    dialog.form.file_name.setText("  Größe 2 ")
    dialog.form.format.setCurrentIndex(dialog.form.format.findText("TIFF"))
    dialog.form.layer.setCurrentIndex(1)
    dialog.form.bits.setCurrentIndex(1)
    qtbot.mouseClick(dialog.form.factors[4], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    expected = messages.Export(tmp_path / "Größe 2.tif", Size(4 * 1184, 4 * 1760), "collage", bits=16)
    assert dialog.requests == [expected]


def test_a_snapshot_is_passed_on(qtbot, tmp_path):
    dialog = ExportDialog(CANVAS, LAYERS, tmp_path, snapshot=tmp_path / "0003")
    qtbot.addWidget(dialog)
    assert dialog.form.request().snapshot == tmp_path / "0003"
    assert "0003" in dialog.windowTitle()


def test_a_typed_suffix_is_not_doubled(dialog, tmp_path):
    dialog.form.file_name.setText("wall.v2.PNG")
    assert dialog.form.out() == tmp_path / "wall.v2.png"
    dialog.form.file_name.setText("wall.v2")
    assert dialog.form.out() == tmp_path / "wall.v2.png"


@pytest.mark.parametrize("width", [64, 500, 1760, 12_345, 30_000])
def test_sides_keep_the_proportion(dialog, width):
    dialog.form.width_px.setValue(width)
    assert dialog.form.height_px.value() == max(64, round(width * 1184 / 1760))
    dialog.form.height_px.setValue(1184)
    assert dialog.form.width_px.value() == 1760


def test_quick_sizes_are_exact_and_show_which_one_is_set(dialog, qtbot):
    for factor in (2, 4, 1):
        qtbot.mouseClick(dialog.form.factors[factor], Qt.MouseButton.LeftButton)
        assert dialog.form.request().size == Size(factor * 1184, factor * 1760)
        assert [f for f, button in dialog.form.factors.items() if button.isChecked()] == [factor]
    dialog.form.width_px.setValue(1000)
    assert not any(button.isChecked() for button in dialog.form.factors.values())


def test_sizes_are_told_in_pixels_and_on_paper(dialog):
    dialog.form.width_px.setValue(3520)
    assert "8.3 megapixels" in dialog.print_size.text()
    assert "29.8 × 20.0 cm" in dialog.print_size.text()
    eight = dialog.file_size.text()
    dialog.form.bits.setCurrentIndex(1)
    assert dialog.file_size.text() != eight
    assert "free" in eight


def refusal(dialog):
    assert not dialog.start.isEnabled()
    return dialog.message.text()


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
    assert dialog.message.text() == ""


def test_what_the_engine_refuses_is_told_before_the_start(dialog, monkeypatch):
    def check(out, canvas, bits):
        raise BadSetting(f"{canvas.width} px are too many.")

    monkeypatch.setattr("app.export_form.export.check", check)
    dialog.form.width_px.setValue(2000)
    assert refusal(dialog) == "2000 px are too many."


def test_a_full_disk_is_told_before_the_start(dialog, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))
    dialog.form.width_px.setValue(2000)
    assert "free" in refusal(dialog)


def test_a_file_that_is_there_will_be_replaced(dialog, tmp_path):
    (tmp_path / "old.png").write_bytes(b"x")
    dialog.form.file_name.setText("old")
    assert "old.png" in dialog.message.text()
    assert "replaced" in dialog.message.text()
    assert dialog.start.isEnabled()


def started(dialog, qtbot):
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert dialog.running
    return dialog.requests[-1]


def test_progress_cancel_and_the_way_back_to_the_form(dialog, qtbot):
    request = started(dialog, qtbot)
    assert not dialog.form.isEnabled()
    assert dialog.cancel.isVisible()
    dialog.on_event(messages.Progressed("export", 30, 120, 95.0))
    assert (dialog.bar.value(), dialog.bar.maximum()) == (30, 120)
    assert "1 min 35 s" in dialog.time_left.text()
    with qtbot.waitSignal(dialog.cancel_requested):
        qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    assert dialog.running, "until the engine says so"
    dialog.on_event(messages.ExportCancelled(request.out))
    assert not dialog.running
    assert dialog.form.isEnabled()
    assert dialog.start.isVisible()
    assert "Cancelled" in dialog.message.text()


def test_the_end_tells_path_size_and_time(dialog, qtbot):
    request = started(dialog, qtbot)
    request.out.write_bytes(b"x" * 2_000_000)
    dialog.on_event(messages.Exported(request.out, CANVAS, 154.0, 10**9))
    text = dialog.message.text()
    for part in (str(request.out), "1,760 × 1,184 px", "2.0 MB", "2 min 34 s"):
        assert part in text
    assert dialog.show_button.isVisible()
    started(dialog, qtbot)
    assert not dialog.show_button.isVisible()


def test_a_failure_is_told_and_can_be_tried_again(dialog, qtbot):
    request = started(dialog, qtbot)
    dialog.on_event(messages.Failed("The disk is full.", command=messages.Look(CANVAS.box, CANVAS)))
    assert dialog.running, "that was about something else"
    dialog.on_event(messages.Failed("The disk is full.", command=request))
    assert not dialog.running
    assert dialog.message.text() == "The disk is full."
    assert dialog.start.isEnabled()


def test_events_of_others_change_nothing(dialog, tmp_path):
    for event in (
        messages.Progressed("export", 1, 2),
        messages.Exported(tmp_path / "x.png", CANVAS, 1.0, 1),
        messages.Failed("No.", fatal=True),
    ):
        dialog.on_event(event)
    assert dialog.message.text() == ""
    assert dialog.start.isEnabled()


def test_closing_while_it_runs_does_not_cancel(dialog, qtbot):
    request = started(dialog, qtbot)
    cancelled = []
    dialog.cancel_requested.connect(lambda: cancelled.append(True))
    dialog.close()
    dialog.show()
    assert dialog.running
    assert not cancelled
    dialog.on_event(messages.ExportCancelled(request.out))
    assert not dialog.running


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
