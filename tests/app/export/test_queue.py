"""The queue of exports: one at a time, cancelled at once, gone on with later; and its rows."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.export.queue import ExportQueue
from app.export.queue_rows import QueueRows
from app.session_events import SessionEvents
from engine.box import Size
from engine.messages.commands import Command, RenderView
from engine.messages.events import Ended, Failed, Paused
from engine.messages.exports import CancelExport, ExportCancelled, Exported, ExportRequest, Progressed

SIZE = Size(64, 96)


class Bench:
    """A queue, its rows, and what it sent."""

    def __init__(self, qtbot, folder) -> None:
        self.sent: list[Command] = []
        self.answers = True
        self.events = SessionEvents()
        self.queue = ExportQueue(self.send, self.events)
        self.rows = QueueRows(self.queue)
        self.qtbot, self.folder = qtbot, folder
        qtbot.addWidget(self.rows)

    def send(self, command: Command) -> bool:
        if self.answers:
            self.sent.append(command)
        return self.answers

    def add(self, name: str):
        return self.queue.add(ExportRequest(self.folder / name, SIZE))

    def ends(self, item, seam=1.0) -> None:
        self.events.deliver(Exported(item.request.out, SIZE, 12.0, 1, seam=seam))

    def row(self, item):
        return self.rows.rows[item]

    def click(self, button) -> None:
        self.qtbot.waitUntil(button.isVisible)
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def bench(qtbot, tmp_path):
    return Bench(qtbot, tmp_path)


def test_nothing_is_shown_while_there_is_nothing(bench):
    assert not bench.rows.isVisible()
    bench.add("a.png")
    assert bench.rows.isVisible()


def test_one_after_another_in_their_order(bench):
    items = [bench.add(name) for name in ("a.png", "b.png", "c.png")]
    assert bench.sent == [items[0].request]
    assert [item.state for item in items] == ["running", "waiting", "waiting"]
    bench.ends(items[0])
    assert bench.sent == [items[0].request, items[1].request]
    bench.events.deliver(Failed("The disk is full.", command=items[1].request))
    assert bench.sent[-1] == items[2].request, "one that fails does not hold up the others"
    bench.ends(items[2])
    assert [item.state for item in items] == ["done", "failed", "done"]
    assert not bench.queue.busy


def test_progress_in_the_row(bench):
    item = bench.add("a.png")
    row = bench.row(item)
    assert row.facts.text() == "Getting ready"
    assert not row.look.isEnabled()
    bench.events.deliver(Progressed("export", 30, 120, 95.0))
    assert (row.bar.value(), row.bar.maximum()) == (30, 120)
    assert row.facts.text() == "25% painted · about 1 min 35 s left"
    assert row.look.isEnabled()
    with bench.qtbot.waitSignal(bench.rows.look_requested) as asked:
        bench.click(row.look)
    assert asked.args == [item]


def test_cancelling_keeps_what_is_painted_and_going_on_resumes(bench):
    item, other = bench.add("a.png"), bench.add("b.png")
    bench.events.deliver(Progressed("export", 30, 120))
    bench.click(bench.row(item).cancel)
    assert bench.sent[-1] == CancelExport(keep=True)
    assert item.state == "stopping", "until the engine says so"
    assert not bench.row(item).cancel.isVisible()
    bench.events.deliver(ExportCancelled(item.request.out, bench.folder / "a.png.unfinished"))
    assert item.state == "stopped"
    assert "25%" in bench.row(item).facts.text()
    assert bench.sent[-1] == other.request
    bench.click(bench.row(item).again)
    bench.ends(other)
    again = bench.sent[-1]
    assert isinstance(again, ExportRequest)
    assert (again.out, again.resume) == (item.request.out, True)
    assert len(bench.queue.items) == 2


def test_one_that_waits_is_taken_out_without_a_word(bench):
    bench.add("a.png")
    second = bench.add("b.png")
    bench.click(bench.row(second).cancel)
    assert second not in bench.queue.items
    assert len(bench.sent) == 1
    assert len(bench.rows.rows) == 1


def test_the_report_tells_size_time_and_seams(bench):
    item = bench.add("a.png")
    item.request.out.write_bytes(b"x" * 2_000_000)
    bench.ends(item, seam=1.004)
    assert bench.row(item).facts.text() == "96 × 64 px · 2.0 MB · 12 s · no visible seams"
    bench.qtbot.waitUntil(bench.row(item).show_button.isVisible)
    other = bench.add("b.png")
    bench.ends(other, seam=1.31)
    assert "seams may be seen" in bench.row(other).facts.text()
    assert [bench.row(each).facts.property("role") for each in (item, other)] == ["good", "warning"]
    assert "seam meter 1.31" in bench.row(other).facts.toolTip()
    with bench.qtbot.waitSignal(bench.rows.removed) as asked:
        bench.click(bench.row(item).remove)
    assert asked.args == [item]


def test_a_failure_is_told_and_can_be_tried_again(bench):
    item = bench.add("a.png")
    bench.events.deliver(Failed("No.", command=RenderView(SIZE.box, SIZE)))
    assert item.state == "running", "that was about something else"
    bench.events.deliver(Failed("The disk is full.", command=item.request))
    assert bench.row(item).facts.text() == "The disk is full."
    assert bench.row(item).again.text() == "Try again"
    bench.click(bench.row(item).again)
    assert bench.sent[-1] == item.request
    assert bench.queue.running is not None


def test_the_end_of_the_session_ends_them_all(bench):
    item, other = bench.add("a.png"), bench.add("b.png")
    bench.events.deliver(Failed("The GPU is gone.", fatal=True))
    assert item.message == "The GPU is gone."
    bench.events.deliver(Ended(3))
    assert (item.state, other.state) == ("failed", "stopped")
    assert len(bench.sent) == 1
    assert not bench.queue.busy


def test_where_no_session_can_begin_nothing_waits_forever(bench):
    bench.answers = False
    item = bench.add("a.png")
    assert item.state == "stopped"
    assert not bench.queue.busy


def test_a_new_attempt_takes_the_place_of_the_old_one(bench):
    first = bench.add("a.png")
    bench.ends(first)
    second = bench.add("a.png")
    assert bench.queue.items == [second]
    assert bench.queue.is_wanted(second.request.out)


def test_what_an_earlier_start_left_is_offered(bench):
    request = ExportRequest(bench.folder / "wall.tif", SIZE, resume=True, snapshot=bench.folder / "s")
    bench.queue.show_unfinished([(request, 3, 4)])
    (item,) = bench.queue.items
    assert "75%" in bench.row(item).facts.text()
    assert not bench.sent
    bench.click(bench.row(item).again)
    assert bench.sent == [request]


def test_events_of_others_change_nothing(bench):
    item = bench.add("a.png")
    bench.events.deliver(Progressed("import", 1, 2))
    bench.events.deliver(Paused(3))
    assert (item.state, item.total) == ("running", 0)
    bench.ends(item)
    bench.events.deliver(Progressed("export", 1, 2))
    bench.events.deliver(Exported(bench.folder / "x.png", SIZE, 1.0, 1))
    assert item.total == 0
    assert len(bench.queue.items) == 1


def test_many_rows_are_scrolled(bench):
    for number in range(12):
        bench.add(f"{number}.png")
    rows = list(bench.rows.rows.values())
    assert bench.rows.sizeHint().height() < sum(row.height() for row in rows) / 2


def test_what_was_begun_last_is_in_sight_below_many_others(bench):
    """A film that was begun below three finished pictures was out of sight."""
    bench.rows.resize(420, 200)
    for number in range(5):
        bench.ends(bench.add(f"{number}.png"))
    last = bench.row(bench.add("film.mp4"))
    bench.qtbot.waitUntil(lambda: last.visibleRegion().boundingRect().height() >= last.cancel.geometry().bottom())
