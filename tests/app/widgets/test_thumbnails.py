"""Pictures are read once, and those that are not shown any more are forgotten."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QImage

from app.widgets.thumbnails import Thumbnails


def test_only_what_is_shown_is_kept(qtbot) -> None:
    read: list[str] = []

    def made(path: Path, side: int) -> QImage:
        read.append(path.name)
        return QImage(side, side, QImage.Format.Format_RGB32)

    pictures = Thumbnails(made, 8)
    names = ("a", "b", "c")
    for name in (*names, *names):
        pictures.want(name)
    qtbot.waitUntil(lambda: all(pictures.image(name) is not None for name in names))
    assert sorted(read) == ["a", "b", "c"]
    pictures.keep_only(["b"])
    assert [pictures.image(name) is not None for name in names] == [False, True, False]
    pictures.want("a")
    qtbot.waitUntil(lambda: pictures.image("a") is not None)
    assert sorted(read) == ["a", "a", "b", "c"]
