"""Windows of tests go in the thread of the tests, as those of the program do in the window's."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication


@pytest.fixture(autouse=True, scope="session")
def _what_is_imported_stays() -> Iterator[None]:
    """To look through all classes takes a quarter of a second."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def _the_clipboard_is_left_empty() -> Iterator[None]:
    """Without a screen it outlives Python, and what Python laid into it would end the process by a fault."""
    yield
    if QGuiApplication.instance() is not None:
        QGuiApplication.clipboard().clear()


@pytest.fixture(autouse=True, scope="module")
def _old_circles(_what_is_imported_stays: None) -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _circles_are_collected_here() -> Iterator[None]:
    """And not by a thread that reads images, beside a repaint of a later test."""
    gc.disable()
    yield
    gc.collect(1)
    gc.enable()
