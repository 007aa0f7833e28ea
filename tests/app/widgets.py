"""Settings of every kind, and helpers to drop things on widgets, for the tests of the window's parts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from engine.settings import Knob, Settings, When


class Every(Settings):
    """One setting of each kind and scale."""

    weight: Annotated[
        float, Field(ge=0, le=200), Knob("Content", "More shows it.", symbol="lambda", scale="log", live=True)
    ] = 20.0
    rate: Annotated[
        float,
        Field(ge=1e-5, le=1e-2),
        Knob("Learning rate", "More runs away.", scale="log", live=True, group="Training"),
    ] = 1e-3
    share: Annotated[float, Field(ge=0, le=1), Knob("Share", "More of it.", live=True)] = 0.15
    templates: Annotated[int, Field(ge=1, le=400), Knob("Templates", "More choice.", symbol="N", group="Memory")] = 24
    ramp: Annotated[
        int,
        Field(ge=0, le=20_000),
        Knob("Sharpen over", "More is slower.", unit="steps", scale="log", group="Training", advanced=True),
    ] = 300
    mode: Annotated[
        Literal["blend", "paint", "copy"],
        Knob("Copy or paint", "What it is made of.", choices=("Both", "Paint", "Copy")),
    ] = "blend"
    tone: Annotated[bool, Knob("Match tones", "On fits the tones.", live=True)] = True
    decay: Annotated[
        float,
        Field(ge=0, le=0.9999),
        Knob("Averaging", "More is calmer.", scale="near one", live=True, when=(When("mode", ("blend", "paint")),)),
    ] = 0.995


class Paper:
    """Stands for a method where only its settings matter."""

    Settings = Every


def drop(widget: QWidget, data: QMimeData, at: QPoint) -> bool:
    """Drags data over a widget and lets go; whether the widget wanted it."""
    everything = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, everything, data, buttons, keys)
    enter.ignore()
    QApplication.sendEvent(widget, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(widget, QDragMoveEvent(at, everything, data, buttons, keys))
    QApplication.sendEvent(widget, QDropEvent(QPointF(at), everything, data, buttons, keys))
    return True
