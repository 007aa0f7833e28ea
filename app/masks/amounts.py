"""How much shall be painted: a slider from a tenth to ten times, the usual values, and how softly the brush covers."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.masks.amount_picture import TIMES, UNCHANGED, AmountPicture, grey_of, times_of
from app.masks.picture import Touch
from app.widgets import theme
from app.widgets.controls import JumpSlider

_STEPS = 100
USUAL = ((0.1, "÷ 10"), (1 / 3, "÷ 3"), (1.0, "× 1"), (3.0, "× 3"), (10.0, "× 10"))


class AmountChooser(QWidget):
    """Signals:
    chosen(grey): what to paint with.
    touch_changed(touch): how the brush covers what is there.
    """

    chosen = Signal(int)
    touch_changed = Signal(object)

    def __init__(self, picture: AmountPicture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grey = grey_of(3.0)
        self.slider = self._slider(-_STEPS, _STEPS, self.tr("How many times as much as the setting says"))
        self.slider.valueChanged.connect(lambda step: self.choose(grey_of(TIMES ** (step / _STEPS))))
        self.value = QLabel(self)
        self.value.setProperty("role", "heading")
        usual = QHBoxLayout()
        usual.setSpacing(2)
        self.buttons: list[QToolButton] = []
        for times, words in USUAL:
            button = QToolButton(self)
            button.setText(words)
            button.setCheckable(True)
            button.setToolTip(self.tr("{} ({})").format(self._words(grey_of(times)), len(self.buttons) + 1))
            button.setAccessibleName(self._words(grey_of(times)))
            button.clicked.connect(lambda _checked=False, times=times: self.choose(grey_of(times)))
            usual.addWidget(button, 1)
            self.buttons.append(button)
        self.hardness = self._slider(0, 100, self.tr("Hardness: how much of the brush covers wholly"))
        self.opacity = self._slider(1, 100, self.tr("Opacity: how much of what is there a stroke covers"))
        self.hardness.setValue(60)
        self.opacity.setValue(100)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.UNIT)
        for row, (words, slider) in enumerate(
            ((self.tr("Hardness"), self.hardness), (self.tr("Opacity"), self.opacity))
        ):
            grid.addWidget(QLabel(words, self), row, 0)
            grid.addWidget(slider, row, 1)
            slider.valueChanged.connect(lambda _value: self.touch_changed.emit(self.touch))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(self.value)
        column.addWidget(_Scale(picture, self))
        column.addWidget(self.slider)
        column.addLayout(usual)
        column.addLayout(grid)
        column.addStretch(1)
        self._show()

    @property
    def grey(self) -> int:
        """What to paint with."""
        return self._grey

    @property
    def touch(self) -> Touch:
        return Touch(self.hardness.value() / 100, self.opacity.value() / 100)

    def choose(self, grey: int) -> None:
        if grey != self._grey:
            self._grey = grey
            self._show()
            self.chosen.emit(grey)

    def choose_usual(self, index: int) -> None:
        """By its place in the row, from 0; nothing where there are fewer."""
        if index < len(USUAL):
            self.choose(grey_of(USUAL[index][0]))

    def _show(self) -> None:
        self.value.setText(self._words(self._grey))
        with QSignalBlocker(self.slider):
            power = max(-1.0, (self._grey - UNCHANGED) / (255 - UNCHANGED))
            self.slider.setValue(round(_STEPS * power))
        for (times, _words), button in zip(USUAL, self.buttons, strict=True):
            button.setChecked(grey_of(times) == self._grey)

    def _words(self, grey: int) -> str:
        times = times_of(grey)
        if grey == UNCHANGED:
            return self.tr("As the setting says")
        if times > 1:
            return self.tr("More: × {}").format(_number(times))
        return self.tr("Less: ÷ {}").format(_number(1 / times))

    def _slider(self, least: int, most: int, words: str) -> JumpSlider:
        slider = JumpSlider(self)
        slider.setRange(least, most)
        slider.setToolTip(words)
        slider.setAccessibleName(words)
        return slider


class _Scale(QWidget):
    """The colours that amounts have over a picture, from least to most."""

    def __init__(self, picture: AmountPicture, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture = picture
        self.setFixedHeight(10)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gradient = QLinearGradient(6, 0, self.width() - 6, 0)
        shades = self._picture.shades(over_picture=True)
        for place, grey in ((0.0, 0), (0.5, UNCHANGED), (1.0, 255)):
            shade = int(shades[grey])
            color = QColor(shade >> 16 & 255, shade >> 8 & 255, shade & 255, shade >> 24)
            gradient.setColorAt(place, color if shade >> 24 else QColor(128, 128, 128, 40))
        painter.setPen(QColor(theme.colors().border))
        painter.setBrush(gradient)
        painter.drawRoundedRect(self.rect().adjusted(6, 0, -7, -1), 3, 3)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{value:.0f}"
