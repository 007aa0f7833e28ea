"""Messages that tell of success go by themselves, and no others do; none while a hand is on it or nobody looks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.widgets.message_bar import MessageBar


@pytest.fixture
def bar(qtbot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MessageBar]:
    """In a window in front; the pointer is elsewhere and its buttons are up, wherever other tests have left them."""
    monkeypatch.setattr(QApplication, "mouseButtons", lambda: Qt.MouseButton.NoButton)
    monkeypatch.setattr(MessageBar, "underMouse", lambda _self: False)
    window = QWidget()
    bar = MessageBar(window)
    QVBoxLayout(window).addWidget(bar)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    yield bar
    window.close()


def said(bar: MessageBar) -> list[str]:
    return [message.text for message in bar.messages]


def test_what_went_well_goes_by_itself_and_what_went_wrong_stays(bar: MessageBar) -> None:
    bar.show_message("It could not be written.", "warning")
    assert not bar.passes.isActive()
    bar.show_message("a.png is done.", "good", passing=True)
    assert bar.passes.isActive()
    bar.passes.timeout.emit()
    assert said(bar) == ["It could not be written."]
    assert not bar.passes.isActive()
    assert bar.isVisible()


def test_it_waits_where_another_message_is_in_front_of_it(bar: MessageBar) -> None:
    bar.show_message("a.png is done.", "good", passing=True)
    bar.show_message("It could not be written.", "warning")
    assert not bar.passes.isActive(), "nobody could have read it"
    bar.dismiss()
    assert bar.passes.isActive()
    assert said(bar) == ["a.png is done."]


def test_it_stays_while_the_keys_are_on_its_button(bar: MessageBar, qtbot) -> None:
    bar.show_message("a.png is done.", "good", button="Show in folder", passing=True)
    bar.button.setFocus()
    bar.passes.timeout.emit()
    assert said(bar) == ["a.png is done."]
    assert bar.passes.isActive(), "it is looked at again later"
    bar.button.clearFocus()
    bar.passes.timeout.emit()
    assert not said(bar)
    assert not bar.isVisible()


def test_it_stays_while_another_window_is_in_front(bar: MessageBar, qtbot, monkeypatch) -> None:
    bar.show_message("a.png is done.", "good", passing=True)
    monkeypatch.setattr(QWidget, "isActiveWindow", lambda _self: False)
    bar.passes.timeout.emit()
    assert said(bar) == ["a.png is done."]


def test_it_stays_while_a_stroke_is_drawn(bar: MessageBar, monkeypatch) -> None:
    """The picture below it would jump under the hand."""
    bar.show_message("a.png is done.", "good", passing=True)
    monkeypatch.setattr(QApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    bar.passes.timeout.emit()
    assert said(bar) == ["a.png is done."]


def test_it_stays_while_the_pointer_is_on_it(bar: MessageBar, monkeypatch) -> None:
    bar.show_message("a.png is done.", "good", passing=True)
    monkeypatch.setattr(MessageBar, "underMouse", lambda _self: True)
    bar.passes.timeout.emit()
    assert said(bar) == ["a.png is done."]
