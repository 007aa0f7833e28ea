"""The preferences that an artist sets, in force: in the training that runs, the moments that are kept, the loupe."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.canvas.loupe import Loupe
from app.preferences import Preferences
from app.preferences_dialog import PreferencesDialog
from app.snapshots.controller import SnapshotsController
from app.training import Training
from engine.messages.commands import Share


class PreferencesController:
    """Opens the dialog, and follows each choice at once.

    Args:
        set_theme: shows the window in another theme.
        window: the dialog's parent.
    """

    def __init__(
        self,
        preferences: Preferences,
        training: Training,
        snapshots: SnapshotsController,
        loupe: Loupe,
        set_theme: Callable[[str], None],
        window: QWidget,
    ) -> None:
        self._preferences, self._training, self._snapshots = preferences, training, snapshots
        self._loupe, self._set_theme, self._window = loupe, set_theme, window

    def edit(self) -> None:
        dialog = PreferencesDialog(self._preferences, self._window)
        dialog.theme_chosen.connect(self._set_theme)
        dialog.device_chosen.connect(lambda key: setattr(self._training, "device_key", key))
        dialog.moments_chosen.connect(self._follow_moments)
        dialog.share_chosen.connect(self._follow_share)
        dialog.loupe_chosen.connect(self._follow_loupe)
        dialog.exec()
        dialog.deleteLater()  # the window that it belongs to would keep it

    def follow(self) -> None:
        """All that is stored is in force from now on."""
        self._follow_moments()
        self._follow_loupe()

    def _follow_moments(self) -> None:
        """How often moments are kept, and what they may take, from now on."""
        self._follow_share()
        self._snapshots.budget_bytes = self._preferences.moments_mb * 1_000_000
        self._snapshots.thin()
        self._snapshots.refresh()

    def _follow_share(self) -> None:
        preferences = self._preferences
        self._training.follow(
            Share(
                preferences.threads,
                preferences.preview_percent / 100,
                preferences.autosave_s,
                preferences.moments_minutes,
            )
        )

    def _follow_loupe(self) -> None:
        self._loupe.magnification = self._preferences.loupe
