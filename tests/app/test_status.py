"""The line at the bottom says what is so now, whole, and is not hidden by what the pointer rests on."""

from __future__ import annotations

from PySide6.QtGui import QStatusTipEvent
from PySide6.QtWidgets import QApplication, QMenu

from app.status import WORDS, Status
from engine.messages.events import Stepped
from tests.app.studio import Studio


def test_a_state_has_its_room_before_the_window_is_painted_again(qtbot) -> None:
    status = Status()
    qtbot.addWidget(status)
    status.resize(900, 24)
    status.set_state("idle")
    status.show()
    qtbot.waitExposed(status)
    status.set_state("starting")
    assert status.state.width() >= status.state.sizeHint().width(), f"“{WORDS['starting']}” is cut"


def test_words_about_a_button_do_not_hide_what_is_going_on(studio: Studio) -> None:
    window = studio.window
    QApplication.sendEvent(window, QStatusTipEvent("Learn from these images"))
    assert window.status.currentMessage() == ""
    assert window.status.state.isVisible()


def test_an_entry_of_a_menu_is_explained_until_the_menu_closes(studio: Studio, qtbot) -> None:
    window = studio.window
    menu: QMenu = window.menu("File")
    menu.popup(window.mapToGlobal(window.rect().topLeft()))
    qtbot.waitUntil(menu.isVisible)
    QApplication.sendEvent(window, QStatusTipEvent("Begin an empty project"))
    assert window.status.currentMessage() == "Begin an empty project"
    menu.close()
    QApplication.sendEvent(window, QStatusTipEvent(""))  # as a menu does whose entry was pointed at
    assert window.status.currentMessage() == ""


def test_a_way_back_does_not_keep_the_time_of_what_was_left(qtbot) -> None:
    status = Status()
    qtbot.addWidget(status)
    status.began(0)
    status.stepped(Stepped(step=177, elapsed_s=22.0, steps_per_s=8.0, terms={}, memory_bytes=0))
    assert status.time.text() == "0:22"
    status.began(177, rebuilt=True)
    assert status.time.text() == "0:22", "what is rebuilt has learned for as long"
    status.began(0)
    assert not status.time.text()
