"""The tray of pieces: what is shown of each, what mouse and keys wish, and what becomes of it in the document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QMenu, QWidget

from app.document import Document
from app.pieces.controller import PiecesController
from app.pieces.model import PieceModel, cut
from app.pieces.report import ReportPanel
from app.pieces.tray import PieceTray
from app.session_events import SessionEvents
from app.training import Training
from engine.box import Size
from engine.job import PiecePlace
from engine.messages.commands import Command, CountImages, CountPieces
from engine.messages.events import Began, Failed, ImagesCounted, PiecesCounted
from engine.pieces import PieceInfo
from tests.app.toys import register, write_image
from tests.engine.toy import Toy

LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def info(index: int, folder: Path = Path("/images"), usage: float = 0.25) -> PieceInfo:
    place = PiecePlace(image="a.png", row=0.3, column=0.4)
    box = (0.1, 0.2, 0.25, 0.5)
    flip = (False, False)
    return PieceInfo(
        index, f"a {index}", "a.png", folder / "a.png", place, place, box, flip, 1.0, False, usage, "mirror"
    )


class FakeTraining(QObject):
    """A session that answers nothing by itself; what was posted to it is kept."""

    state_changed = Signal(str)
    answers = Training.answers

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document, self.events, self.state, self.built = document, SessionEvents(self), "paused", document.job
        self.posted: list[Command] = []

    def post(self, command: Command) -> None:
        self.posted.append(command)


class Bench:
    """A tray with what makes its wishes steps of a document."""

    def __init__(self, qtbot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        register(monkeypatch)
        monkeypatch.setattr(Toy, "capabilities", frozenset({"pieces"}))
        self.document = Document(folder / "data")
        self.document.add("style", [write_image(folder / "a.png", 60, 80), write_image(folder / "b.png", 60, 80)])
        self.training = FakeTraining(self.document)
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.tray, self.report = PieceTray(self.window), ReportPanel(self.window)
        self.tray.resize(320, 600)
        self.window.show()
        self.told: list[str] = []
        self.shown: list[Path] = []
        self.controller = PiecesController(
            self.document,
            self.training,  # type: ignore[arg-type]
            self.tray,
            self.report,
            self.told.append,
            self.shown.append,
            self.window,
        )
        self.folder = folder
        self.count([info(n, folder) for n in range(4)])

    def count(self, infos: list[PieceInfo]) -> None:
        self.training.events.deliver(PiecesCounted(tuple(infos), 0))

    @property
    def choices(self) -> dict[int, tuple[float, bool]]:
        return {choice.index: (choice.weight, choice.locked) for choice in self.document.job.pieces.choices}


@pytest.fixture
def bench(qtbot, tmp_path, monkeypatch) -> Bench:
    return Bench(qtbot, tmp_path, monkeypatch)


def choose(qtbot, tray: PieceTray, row: int, modifier: Qt.KeyboardModifier = NOTHING) -> None:
    qtbot.mouseClick(tray.view.viewport(), LEFT, modifier, tray.view.visualRect(tray.model.index(row)).center())


def test_pieces_are_muted_favoured_and_locked_by_keys_in_steps_of_undo(qtbot, bench: Bench) -> None:
    tray, document = bench.tray, bench.document
    choose(qtbot, tray, 1)
    choose(qtbot, tray, 2, Qt.KeyboardModifier.ControlModifier)
    tray.view.setFocus()
    qtbot.keyClick(tray.view, Qt.Key.Key_M)
    assert bench.choices == {1: (0.0, False), 2: (0.0, False)}
    bench.count([replace(each, weight=0.0 if each.index in (1, 2) else 1.0) for each in tray.model.infos])
    assert [each.index for each in tray.chosen()] == [1, 2], "what was chosen stays so while usage is counted"
    qtbot.keyClick(tray.view, Qt.Key.Key_M)
    assert bench.choices == {}, "once more brings them back"
    qtbot.keyClick(tray.view, Qt.Key.Key_F)
    qtbot.keyClick(tray.view, Qt.Key.Key_L)
    assert bench.choices == {1: (3.0, True), 2: (3.0, True)}
    document.stack.undo()
    document.stack.undo()
    assert bench.choices == {}


def test_the_last_piece_can_not_be_muted(qtbot, bench: Bench) -> None:
    bench.tray.view.selectAll()
    qtbot.mouseClick(bench.tray.buttons["mute"], LEFT)
    assert bench.choices == {}
    assert "At least one piece" in bench.told[0]


def test_a_frame_dragged_on_the_source_is_another_place(qtbot, bench: Bench) -> None:
    tray = bench.tray
    qtbot.waitUntil(lambda: tray.model.sources.image(str(bench.folder / "a.png")) is not None, timeout=10_000)
    choose(qtbot, tray, 3)
    place, frame = tray.source.place(), tray.source.frame()
    start = frame.center().toPoint()
    end = start + QPoint(round(0.1 * place.width()), round(0.2 * place.height()))
    qtbot.mousePress(tray.source, LEFT, NOTHING, start)
    qtbot.mouseMove(tray.source, end)
    qtbot.mouseRelease(tray.source, LEFT, NOTHING, end)
    (choice,) = bench.document.job.pieces.choices
    assert choice.index == 3
    assert choice.place is not None
    assert choice.place.row == pytest.approx(0.5, abs=0.02)
    assert choice.place.column == pytest.approx(0.5, abs=0.02)
    tray.source.setFocus()
    qtbot.keyClick(tray.source, Qt.Key.Key_Left)
    (choice,) = bench.document.job.pieces.choices
    assert choice.place is not None
    assert choice.place.column == pytest.approx(0.38, abs=0.001)


def test_a_piece_is_taken_from_another_image_and_all_are_drawn_anew(qtbot, bench: Bench) -> None:
    choose(qtbot, bench.tray, 0)
    menu = bench.tray.menu()
    other = next(each.menu() for each in menu.actions() if each.menu() and "another image" in each.text())
    assert isinstance(other, QMenu)
    next(each for each in other.actions() if each.text() == "b.png").trigger()
    (choice,) = bench.document.job.pieces.choices
    assert choice.place is not None
    assert choice.place.image == "b.png"
    qtbot.mouseClick(bench.tray.buttons["anew"], LEFT)
    assert bench.document.job.pieces.draw == 1
    assert bench.choices == {}, "it was not locked"


def test_what_the_pointer_is_on_in_the_picture_is_marked_and_a_click_keeps_it(bench: Bench) -> None:
    tray = bench.tray
    tray.point_at(2, (0.5, 0.5))
    assert tray.source.info == tray.model.infos[2]
    assert "a.png" in tray.said._whole
    tray.point_at(-1)
    assert tray.source.info is None
    tray.choose(2)
    assert tray.source.info == tray.model.infos[2]
    assert bench.controller.share_of(2) == 0.25
    tray.buttons["source"].click()
    assert bench.shown == [bench.folder / "a.png"]


def test_usage_is_asked_for_once_at_a_time(qtbot, bench: Bench) -> None:
    asked = bench.training.posted
    bench.controller._asked = False
    asked.clear()
    bench.controller._ask()
    bench.controller._ask()
    assert len([each for each in asked if isinstance(each, CountPieces)]) == 1
    bench.training.state = "idle"
    bench.training.state_changed.emit("idle")
    assert not bench.tray.model.infos
    assert "as soon as there is a picture" in bench.tray.note.text()


def test_thumbnails_stay_while_what_is_left_of_a_replaced_piece_is_not_painted_yet(bench: Bench) -> None:
    known = [replace(each, box=(0.5, 0.6, 0.25, 0.25)) for each in bench.tray.model.infos]
    bench.tray.set_infos(known)
    moved = known[1].place.model_copy(update={"row": 0.7})
    fresh = [replace(each, usage=0.0, box=(0.1, 0.1, 0.25, 0.25)) for each in known]
    fresh[1] = replace(fresh[1], place=moved)
    bench.count(fresh)
    shown = bench.tray.model.infos
    assert [each.usage for each in shown] == [0.25] * 4
    assert [each.box for each in shown] == [known[0].box, fresh[1].box, known[2].box, known[3].box]


def test_thumbnails_stay_where_another_piece_is_muted_and_follow_what_is_learned(bench: Bench) -> None:
    known = bench.tray.model.infos
    box = (0.1, 0.1, 0.25, 0.25)
    fresh = [replace(each, usage=0.3, box=box) for each in known]
    fresh[0] = replace(fresh[0], usage=0.0, weight=0.0)
    bench.count(fresh)
    shown = bench.tray.model.infos
    assert [each.usage for each in shown] == [0.0, 0.3, 0.3, 0.3]
    assert [each.box for each in shown] == [each.box for each in known], "they look as they did"
    bench.training.events.deliver(PiecesCounted(tuple(fresh), 40))
    assert [each.box for each in bench.tray.model.infos] == [known[0].box, box, box, box]


def test_what_is_read_out_of_a_piece(bench: Bench) -> None:
    model = bench.tray.model
    bench.count([replace(info(0, bench.folder, 0.031), weight=0.0, locked=True), info(1, bench.folder)])
    said = model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Piece 1, a.png, 3.1 % of the picture, muted, locked"


def test_a_locked_piece_is_not_called_moved_when_others_are_drawn_anew(bench: Bench) -> None:
    model, elsewhere = bench.tray.model, PiecePlace(image="a.png", row=0.8, column=0.1)
    moved = replace(info(0, bench.folder), place=elsewhere)
    bench.count([moved, replace(moved, index=1, locked=True)])
    said = [model.data(model.index(row), Qt.ItemDataRole.AccessibleTextRole) for row in range(2)]
    assert said[0] == "Piece 1, a.png, 25 % of the picture, another place than drawn"
    assert said[1] == "Piece 2, a.png, 25 % of the picture, locked"


def test_a_piece_is_cut_as_it_lies_in_the_picture() -> None:
    source = QImage(100, 100, QImage.Format.Format_RGB32)
    source.fill(QColor("white"))
    for x in range(20, 45):
        for y in range(10, 35):
            source.setPixelColor(x, y, QColor("red" if x < 30 else "blue"))
    piece = replace(info(0), box=(0.1, 0.2, 0.25, 0.25))
    assert cut(source, piece).pixelColor(2, 2) == QColor("red")
    assert cut(source, replace(piece, flip=(False, True))).pixelColor(2, 2) == QColor("blue")
    assert PieceModel().rowCount() == 0


def test_the_report_is_shown_and_saved(qtbot, bench: Bench, tmp_path: Path) -> None:
    report = bench.report
    qtbot.mouseClick(report.count_button, LEFT)
    shares = ((bench.folder / "a.png", 0.75, 0.6), (bench.folder / "b.png", 0.25, 0.4))
    bench.training.events.deliver(ImagesCounted(shares))
    model = report.table.model()
    cells = [[model.index(row, column).data() for column in range(3)] for row in range(2)]
    assert cells == [["a.png", "75.0 %", "60.0 %"], ["b.png", "25.0 %", "40.0 %"]]
    report.save_to(tmp_path / "report.csv")
    lines = (tmp_path / "report.csv").read_text().splitlines()
    assert lines[0] == "image,percent,percent_of_copied"
    assert lines[1].endswith("a.png,75.000,60.000")
    (tmp_path / "in the way").write_text("")
    report.save_to(tmp_path / "in the way" / "report.json")
    assert not report.note.isHidden()
    assert "Saved" not in report.note.text()
    bench.document.set_method("magic")
    assert report.table.model().rowCount() == 0, "it is of another picture"


def test_the_report_does_not_wait_for_an_answer_that_does_not_come(qtbot, bench: Bench) -> None:
    report, training = bench.report, bench.training
    waiting = report.note.text()
    qtbot.mouseClick(report.count_button, LEFT)
    assert report.note.text() == "Counting…"
    training.events.deliver(Failed("There is too little memory.", command=CountImages()))
    assert report.note.text() == waiting
    qtbot.mouseClick(report.count_button, LEFT)
    training.events.deliver(ImagesCounted(((bench.folder / "a.png", 1.0, 1.0),)))
    qtbot.mouseClick(report.count_button, LEFT)
    training.state = "idle"
    training.state_changed.emit("idle")
    assert report.note.isHidden(), "what was counted before stays"
    assert report.table.rowCount() == 1


def test_a_count_ends_whatever_is_done_meanwhile(qtbot, bench: Bench) -> None:
    report, training = bench.report, bench.training
    answer = ImagesCounted(((bench.folder / "a.png", 1.0, 1.0),))
    for states in (("training",), ("paused",), ("paused", "training"), ("training", "paused", "training")):
        qtbot.mouseClick(report.count_button, LEFT)
        for state in states:
            training.state = state
            training.state_changed.emit(state)
        assert report.note.text() == "Counting…"
        training.events.deliver(answer)
        assert report.note.isHidden()


def test_a_count_of_a_picture_that_is_gone_is_not_shown(qtbot, bench: Bench) -> None:
    report, training = bench.report, bench.training
    qtbot.mouseClick(report.count_button, LEFT)
    bench.document.set_method("magic")
    assert report.note.text() != "Counting…"
    assert not report.count_button.isEnabled(), "the session still works by the method before"
    training.events.deliver(ImagesCounted(((bench.folder / "a.png", 1.0, 1.0),)))
    assert report.table.rowCount() == 0
    training.built = bench.document.job
    training.events.deliver(Began(0, bench.document.job, Size(60, 80), "cpu"))
    assert report.count_button.isEnabled()
