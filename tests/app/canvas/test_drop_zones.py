"""Where what is dragged over the window may be dropped, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.canvas.drop_zones import DropZones
from engine.declarations import Slot
from engine.project import FILE_NAME


@pytest.fixture
def host(qtbot) -> QWidget:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(600, 300)
    return host


@pytest.fixture
def zones(qtbot, host: QWidget) -> DropZones:
    zones = DropZones(host)
    zones.set_slots((Slot("style", "Style", "Pieces."), Slot("content", "Content", "The picture.")))
    host.show()
    qtbot.waitExposed(host)
    return zones


@dataclass(frozen=True)
class Dropped:
    zones_shown: bool
    """Before the drop."""
    accepted: bool


def drag(host: QWidget, zones: DropZones, paths: list[Path], x: int) -> Dropped:
    """Enters, moves and drops; returns what came of it."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys, action = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(x, 100), action, mime, buttons, keys)
    QApplication.sendEvent(host, enter)
    QApplication.sendEvent(host, QDragMoveEvent(QPoint(x, 100), action, mime, buttons, keys))
    zones_shown = zones.isVisible()
    drop = QDropEvent(QPointF(x, 100), action, mime, buttons, keys)
    QApplication.sendEvent(host, drop)
    return Dropped(zones_shown, drop.isAccepted())


@pytest.mark.parametrize(("x", "slot"), [(50, "style"), (550, "content")])
def test_a_drop_goes_to_the_zone_under_it(host: QWidget, zones: DropZones, tmp_path: Path, x: int, slot: str) -> None:
    dropped = []
    zones.dropped.connect(lambda key, paths: dropped.append((key, paths)))
    image = tmp_path / "bild ä.png"
    image.write_bytes(b"x")
    drop = drag(host, zones, [image], x)
    assert drop.zones_shown
    assert drop.accepted
    assert dropped == [(slot, [image])]
    assert not zones.isVisible()


def test_a_dropped_project_is_opened_not_added(host: QWidget, zones: DropZones, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{}")
    projects, dropped = [], []
    zones.project_dropped.connect(projects.append)
    zones.dropped.connect(lambda key, paths: dropped.append(key))
    drag(host, zones, [tmp_path], 50)
    assert projects == [tmp_path]
    assert not dropped


def test_a_drag_without_files_is_refused(host: QWidget, zones: DropZones) -> None:
    refused = drag(host, zones, [], 50)
    assert not refused.accepted
    assert not refused.zones_shown


def test_the_zones_go_when_the_drag_leaves(host: QWidget, zones: DropZones, tmp_path: Path) -> None:
    zones.show()
    QApplication.sendEvent(host, QDragLeaveEvent())
    assert not zones.isVisible()


def test_the_zones_of_maps_are_in_rows_of_one_length_and_all_explained_or_none(host: QWidget, zones: DropZones) -> None:
    words = (
        "Short.",
        "A sentence that needs some lines of a narrow zone, and more of them than there is room for. " * 3,
    )
    maps = tuple(Slot(f"map {n}", f"Map {n}", words[n == 3], map="content") for n in range(4))
    zones.set_slots((Slot("style", "Style", "Pieces."), *maps))
    zones.resize(520, 300)
    places = [zones.zone(index) for index in range(1, 5)]
    assert places[0].top() == places[1].top() < places[2].top() == places[3].top(), "two and two, not three and one"
    assert not zones._have_room_for_words(True)
    assert zones._have_room_for_words(False)
    zones.resize(1600, 800)
    assert len({place.top() for place in (zones.zone(index) for index in range(1, 5))}) == 1
    assert zones._have_room_for_words(True)


def test_nothing_shines_through_the_zones(host: QWidget, zones: DropZones, tmp_path: Path) -> None:
    host.setStyleSheet("QLabel { background: red; }")
    card = QLabel("A card with words", host)
    card.setGeometry(100, 100, 300, 60)
    card.show()
    zones.show()
    zones.raise_()
    zones.setGeometry(host.rect())
    grabbed = host.grab().toImage()
    assert not any(
        grabbed.pixelColor(x, 130).red() > 220 > 100 > grabbed.pixelColor(x, 130).green() for x in range(600)
    )
