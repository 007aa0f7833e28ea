"""The layers of a method as a row of buttons; where there is no room for all, one button with a menu of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

GAP_PX = 2


class LayerTabs(QWidget):
    """One of the layers is always chosen, where there are any."""

    chosen = Signal(str)
    """Key of a layer."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.buttonToggled.connect(self._on_toggled)
        self.menu_button = QToolButton(self)
        self.menu_button.setAccessibleName(self.tr("Layer"))
        self.menu_button.setToolTip(self.tr("Which layer is shown"))
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.menu_button.setMenu(QMenu(self.menu_button))
        self.menu_button.menu().aboutToShow.connect(self._fill)
        self.menu_button.hide()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP_PX)
        self._row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self._row.addWidget(self.menu_button)
        self._row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @property
    def buttons(self) -> Sequence[QToolButton]:
        """One for each layer, whether they are in sight or not."""
        return [button for button in self._group.buttons() if isinstance(button, QToolButton)]

    def show_layers(self, layers: Sequence[tuple[str, str, str]]) -> None:
        """Key, title and help of each; the first is chosen."""
        for button in self.buttons:
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        for place, (key, title, help_text) in enumerate(layers):
            button = QToolButton(self)
            button.setText(title)
            button.setToolTip(help_text)
            button.setProperty("layer", key)
            button.setCheckable(True)
            button.setAutoRaise(True)
            self._group.addButton(button)
            self._row.insertWidget(place + 1, button)
        if self.buttons:
            self.buttons[0].setChecked(True)
        self.updateGeometry()
        self._fit()

    def choose(self, layer: str) -> None:
        """Shows a layer by its key; an unknown one changes nothing."""
        for button in self.buttons:
            if button.property("layer") == layer:
                button.setChecked(True)

    def choose_next(self) -> None:
        """The one after the layer in sight; after the last comes the first."""
        buttons = self.buttons
        if buttons:
            shown = next((index for index, button in enumerate(buttons) if button.isChecked()), -1)
            buttons[(shown + 1) % len(buttons)].setChecked(True)

    def sizeHint(self) -> QSize:
        return QSize(self._width_of_all(), self.menu_button.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.menu_button.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _width_of_all(self) -> int:
        widths = [button.sizeHint().width() for button in self.buttons]
        return sum(widths) + GAP_PX * max(0, len(widths) - 1)

    def _fit(self) -> None:
        folded = self.width() < self._width_of_all()
        for button in self.buttons:
            button.setVisible(not folded)
        self.menu_button.setVisible(folded)

    def _on_toggled(self, button: QToolButton, checked: bool) -> None:
        if checked:
            self.menu_button.setText(f"{button.text()} ▾")
            self.chosen.emit(button.property("layer"))

    def _fill(self) -> None:
        menu = self.menu_button.menu()
        menu.clear()
        group = QActionGroup(menu)
        for button in self.buttons:
            action = menu.addAction(button.text(), lambda button=button: button.setChecked(True))
            action.setCheckable(True)
            action.setChecked(button.isChecked())
            group.addAction(action)
