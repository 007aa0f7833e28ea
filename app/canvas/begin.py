"""What comes first on a canvas on which nothing was made yet: the button that begins, or what is being done."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from app.widgets import theme

WIDEST_PX = 320


class BeginCard(QFrame):
    """Lies over `host`, in its middle, while there are words to say."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("begin")
        frame = "background: palette(window); border: 1px solid palette(mid); border-radius: 8px;"
        self.setStyleSheet(f"#begin {{ {frame} }}")
        self._host = host
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.button = QPushButton(self.tr("Train"), self)
        self.button.setProperty("role", "primary")
        self.without = QPushButton(self.tr("Without a content"), self)
        """What can be done instead of adding an image on Content."""
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(theme.UNIT)
        column.addWidget(self.words)
        for button in (self.button, self.without):
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        host.installEventFilter(self)
        self.hide()

    def offer(self, words: str) -> None:
        """Says what pressing it will do; nothing hides it."""
        self._show(words, self.button)

    def offer_without(self, words: str) -> None:
        """Says what is lacking, and offers to go without it."""
        self._show(words, self.without)

    def tell(self, words: str) -> None:
        """Says what is being done, for which there is nothing to press; nothing hides it."""
        self._show(words, None)

    def _show(self, words: str, offered: QPushButton | None) -> None:
        self.words.setText(words)
        for button in (self.button, self.without):
            button.setVisible(button is offered)
        self.setVisible(bool(words))
        self._stand()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._stand()
        return super().eventFilter(watched, event)

    def _stand(self) -> None:
        width = min(WIDEST_PX, self._host.width() - 2 * theme.UNIT)
        self.resize(width, self.heightForWidth(width))
        self.move(self._host.rect().center() - self.rect().center())
        self.raise_()
