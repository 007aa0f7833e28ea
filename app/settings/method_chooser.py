"""Which method makes the picture: a button with its name, and a card with an example for each of them.

The examples lie in resources/methods/, made by the program itself from images that docs/gallery.md names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QGridLayout, QToolButton, QVBoxLayout, QWidget

import resources
from app.widgets import theme
from app.widgets.down_area import DownArea

if TYPE_CHECKING:
    from engine.method import Method

EXAMPLES = Path(resources.__file__).parent / "methods"
MOST_COLUMNS = 4
CARD_PX, PICTURE_PX, PAD_PX = 212, 124, 10
SCREEN_EDGE_PX = 8


class MethodChooser(QToolButton):
    """Its text is the method in use; pressed, it shows the cards."""

    chosen = Signal(str)
    """Key of another method than the one in use."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.cards = MethodCards(self)
        self.cards.chosen.connect(self._on_chosen)
        self._key = ""
        self.setAccessibleName(self.tr("Method"))
        self.setToolTip(self.tr("What makes the picture: choose among examples"))
        self.setProperty("role", "chooser")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(lambda: self.open_cards())

    def add(self, method: type[Method]) -> None:
        """A card for one more method."""
        self.cards.add(method)

    def show_method(self, key: str) -> None:
        """The method that is in use."""
        self._key = key
        title = self.cards.card(key).title
        self.setText(f"{title} ▾")
        self.setAccessibleDescription(title)

    def open_cards(self, below: QWidget | None = None) -> None:
        """Args: below: the widget that was pressed; by default this one."""
        self.cards.show_below(below or self, self._key)

    def _on_chosen(self, key: str) -> None:
        self.setFocus(Qt.FocusReason.PopupFocusReason)
        if key != self._key:
            self.chosen.emit(key)


class MethodCards(QFrame):
    """A page that lies over the window until one is chosen, or until Escape or a click beside it."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("method-cards")
        self.setAccessibleName(self.tr("Methods"))
        self._cards: list[_Card] = []
        self._columns = MOST_COLUMNS
        page = QWidget()
        self._grid = QGridLayout(page)
        self._grid.setContentsMargins(12, 12, 12, 12)
        self._grid.setSpacing(8)
        self._area = DownArea(self)
        self._area.setWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._area)

    def add(self, method: type[Method]) -> None:
        card = _Card(method, self)
        card.clicked.connect(lambda: self._choose(card.key))
        self._cards.append(card)

    @property
    def keys(self) -> list[str]:
        return [card.key for card in self._cards]

    def card(self, key: str) -> _Card:
        """Raises KeyError: no such method was added."""
        for card in self._cards:
            if card.key == key:
                return card
        raise KeyError(key)

    def show_below(self, widget: QWidget, current: str) -> None:
        """Opens them near a widget, as large as they are or as the screen allows; the one in use has the keys."""
        screen = widget.screen().availableGeometry().adjusted(*(2 * [SCREEN_EDGE_PX]), *(2 * [-SCREEN_EDGE_PX]))
        room = screen.intersected(widget.window().geometry()) if widget.window().isVisible() else screen
        columns = max(1, min(MOST_COLUMNS, (room.width() - 40) // (CARD_PX + 8)))
        for place, card in enumerate(self._cards):
            self._grid.addWidget(card, place // columns, place % columns)
            card.setChecked(card.key == current)
        self._columns = columns
        wanted = self._grid.sizeHint()
        height = min(wanted.height() + 2, screen.height())
        bar = self._area.verticalScrollBar().sizeHint().width() if height < wanted.height() + 2 else 0
        self.resize(wanted.width() + 2 + bar, height)
        place = QRect(widget.mapToGlobal(QPoint(0, widget.height() + 2)), self.size())
        place.moveRight(min(place.right(), screen.right()))
        place.moveLeft(max(place.left(), screen.left()))
        place.moveBottom(min(place.bottom(), screen.bottom()))
        place.moveTop(max(place.top(), screen.top()))
        self.setGeometry(place)
        self.show()
        self._focus(self.keys.index(current) if current in self.keys else 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = next((place for place, card in enumerate(self._cards) if card.hasFocus()), 0)
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            self._focus(min(max(at + step, 0), len(self._cards) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._cards[at].click()
        else:
            super().keyPressEvent(event)  # a popup closes by Escape

    def _focus(self, place: int) -> None:
        card = self._cards[place]
        card.setFocus(Qt.FocusReason.OtherFocusReason)
        self._area.ensureWidgetVisible(card)

    def _choose(self, key: str) -> None:
        self.hide()
        self.chosen.emit(key)


class _Card(QAbstractButton):
    """Example, name, what it makes, when there is a picture, and which images it needs."""

    def __init__(self, method: type[Method], page: MethodCards) -> None:
        super().__init__(page)
        self._page = page
        self.key, self.title = method.key, method.title
        self._summary, self._facts = method.summary, [line for line in (needs(method), method.pace) if line]
        self._picture = QImage(str(EXAMPLES / f"{method.key}.jpg"))
        self.setCheckable(True)
        self.setText(self.title)
        self.setAccessibleName(". ".join([self.title, self._summary, *self._facts]))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(CARD_PX, PICTURE_PX + 2 * PAD_PX + sum(height for *_, height in self._lines()) + PAD_PX)

    def words_fit(self) -> bool:
        """Whether all that it says is in sight."""
        return all(self._height(text, bold) <= height for text, bold, _, height in self._lines())

    def _lines(self) -> list[tuple[str, bool, bool, int]]:
        """Of each part below the picture: text, whether it is bold, whether it is muted, and its height."""
        line = QFontMetrics(self.font()).lineSpacing()
        facts = "\n".join(self._facts)
        parts = [(self.title, True, False, 1), (self._summary, False, False, 4), (facts, False, True, 4)]
        return [(text, bold, muted, lines * line + 4) for text, bold, muted, lines in parts]

    def _height(self, text: str, bold: bool) -> int:
        """Of a text that is wrapped to the card."""
        room = QRect(0, 0, CARD_PX - 2 - 2 * PAD_PX, 1000)
        return QFontMetrics(self._font(bold)).boundingRect(room, Qt.TextFlag.TextWordWrap, text).height()

    def _font(self, bold: bool) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            super().keyPressEvent(event)
        else:
            self._page.keyPressEvent(event)  # at once: the view between the two would scroll by the arrows

    def nextCheckState(self) -> None:
        """The page says which one is in use."""

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        frame = self.rect().adjusted(1, 1, -1, -1)
        path = QPainterPath()
        path.addRoundedRect(frame, 7, 7)
        painter.fillPath(path, QColor(named.button if self.underMouse() else named.base))
        picture = QRect(frame.left(), frame.top(), frame.width(), PICTURE_PX)
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(picture, QColor(named.canvas))
        if not self._picture.isNull():
            painter.drawImage(picture, self._picture, _filling(self._picture.size(), picture.size()))
        painter.restore()
        top = picture.bottom() + PAD_PX
        for text, bold, muted, height in self._lines():
            painter.setFont(self._font(bold))
            painter.setPen(QColor(named.muted if muted else named.text))
            words = QRect(frame.left() + PAD_PX, top, frame.width() - 2 * PAD_PX, height)
            painter.drawText(words, Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, text)
            top += height
        if self.isChecked():
            self._paint_in_use(painter, picture, named)
        lit = self.isChecked() or self.hasFocus()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(named.accent if lit else named.border), 3 if self.hasFocus() else 1.5))
        painter.drawPath(path)

    def _paint_in_use(self, painter: QPainter, picture: QRect, named: theme.Colors) -> None:
        painter.setFont(self.font())
        text = self.tr("in use")
        width = painter.fontMetrics().horizontalAdvance(text) + 14
        pill = QRect(picture.right() - width - 6, picture.top() + 6, width, painter.fontMetrics().height() + 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(named.accent))
        painter.drawRoundedRect(pill, 5, 5)
        painter.setPen(QColor(named.on_accent))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


def needs(method: type[Method]) -> str:
    """Which images it begins with, and which pictures it takes besides."""
    needed = [slot.title for slot in method.slots if slot.minimum]
    optional = [slot.title for slot in method.slots if not slot.minimum and slot.kind == "picture"]
    words = "Needs " + " and ".join([", ".join(needed[:-1]), needed[-1]] if len(needed) > 1 else needed)
    return f"{words}; takes {' and '.join(optional)}." if optional else f"{words}."


def _filling(picture: QSize, frame: QSize) -> QRect:
    """The middle part of a picture that has the proportions of a frame."""
    part = frame.scaled(picture, Qt.AspectRatioMode.KeepAspectRatio)
    return QRect(QPoint((picture.width() - part.width()) // 2, (picture.height() - part.height()) // 2), part)
