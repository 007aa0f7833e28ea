"""Questions: what is done by each answer, and that one can always be left without one."""

import pytest
from PySide6.QtWidgets import QMessageBox, QWidget

from app.widgets.question import Answer, ask


@pytest.fixture
def above(qtbot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


def button(box: QMessageBox, words: str):
    return next(each for each in box.buttons() if each.text().replace("&", "") == words)


def test_an_answer_does_what_it_says_and_the_question_goes(above: QWidget, qtbot) -> None:
    done: list[str] = []
    box = ask(
        above,
        "Export",
        "Stop?",
        Answer("Wait", lambda: done.append("wait")),
        Answer("Stop", lambda: done.append("stop"), loses=True, default=True),
    )
    assert box.defaultButton().text() == "Stop"
    with qtbot.waitSignal(box.destroyed):
        button(box, "Stop").click()
    assert done == ["stop"]


def test_where_each_answer_does_something_one_may_still_do_nothing(above: QWidget, qtbot) -> None:
    done: list[str] = []
    box = ask(above, "Export", "Stop?", Answer("Stop", lambda: done.append("stop")))
    with qtbot.waitSignal(box.destroyed):
        button(box, "Cancel").click()
    assert not done
    box = ask(above, "Export", "Stop?", Answer("Stop", lambda: done.append("stop")), Answer("Go on"))
    assert len(box.buttons()) == 2
    box.reject()
    assert not done
