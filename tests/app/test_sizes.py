"""The window is whole on small screens and scaled ones: nothing outside of it, no words cut, in every state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from engine.method import method_keys
from tests.app.looks import cut, outside
from tests.app.test_main_window import Studio, studio

__all__ = ["studio"]

SIZES = ((1024, 700), (960, 540), (1366, 768))
"""The smallest screen; one of 1920 x 1080 at scale factor 2; a common one."""


@pytest.fixture
def qt_said() -> Iterator[list[str]]:
    """What Qt complained of meanwhile."""
    said: list[str] = []
    usual = "This plugin does not support propagateSizeHints()"  # offscreen has no window manager to tell
    before = qInstallMessageHandler(
        lambda kind, _where, text: said.append(text) if kind != QtMsgType.QtDebugMsg and text != usual else None
    )
    yield said
    qInstallMessageHandler(before)


def look(studio: Studio, said: list[str], state: str) -> None:
    window = studio.window
    for mode in ("dark", "light"):
        window.set_theme(mode)
        for size in SIZES:
            window.resize(*size)
            QApplication.processEvents()
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)  # of what a report has just changed
            assert (window.width(), window.height()) == size, state
            assert not outside(window), f"{state} at {size}"
            assert not cut(window), f"{state} at {size}"
            window.grab()
    assert not said, state


def test_every_method_fits_before_there_are_images(studio: Studio, qt_said: list[str]) -> None:
    for key in method_keys():
        studio.window.document.set_method(key)
        look(studio, qt_said, key)


def test_every_state_fits(studio: Studio, qt_said: list[str]) -> None:
    window = studio.window
    window.files.take("style", [studio.folder / "a long name of a picture that is not there, and needs two lines.png"])
    look(studio, qt_said, "error")
    studio.train()
    look(studio, qt_said, "training")
    window.docks["curves"].show()
    look(studio, qt_said, "curves")
    studio.press("keep")
    studio.until(lambda: len(window.strip.tiles) == 1)
    look(studio, qt_said, "snapshots")
    studio.press("train")
    studio.until(lambda: window.training.state == "paused")
    window.strip.select(0)
    look(studio, qt_said, "compare")
    studio.press("export")
    look(studio, qt_said, "export")
    dialog = window.exports.dialog
    assert dialog is not None
    dialog.form.fold.setChecked(True)
    QApplication.processEvents()
    dialog.grab()
    assert not outside(dialog)
    assert not cut(dialog)
    assert not qt_said
    dialog.close()


def test_a_narrow_window_folds_the_layers_into_a_menu_that_chooses_them(studio: Studio) -> None:
    window = studio.window
    window.document.set_method("magic")
    window.canvas.show_start(False)
    window.resize(960, 540)
    QApplication.processEvents()
    tabs = window.canvas.layers
    assert tabs.menu_button.isVisible()
    assert not any(button.isVisible() for button in tabs.buttons)
    tabs.menu_button.menu().aboutToShow.emit()
    tabs.menu_button.menu().actions()[2].trigger()
    assert tabs.buttons[2].isChecked()
    assert window.canvas.view.layer == tabs.buttons[2].property("layer")
    assert tabs.buttons[2].text() in tabs.menu_button.text()
    window.resize(1900, 800)
    QApplication.processEvents()
    assert all(button.isVisible() for button in tabs.buttons)


def test_the_status_leaves_out_whole_facts_and_what_matters_least_first(studio: Studio) -> None:
    window, status = studio.window, studio.window.status
    studio.train()
    studio.until(lambda: bool(status.time.text()))
    status.set_device("A graphics card with a name so long that nothing else has room beside it in the line")
    window.resize(1024, 700)
    QApplication.processEvents()
    assert status.saved.isVisible()
    assert status.step.isVisible()
    assert not status.device.isVisible()
    window.resize(1900, 800)
    QApplication.processEvents()
    assert status.device.isVisible()
