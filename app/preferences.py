"""What the program remembers between two starts, typed. The part that an artist sets by hand has a dialog."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from app.widgets import theme

MOMENTS_MB, MOMENTS_MINUTES = (100, 1_000_000), (0, 240)
AUTOSAVE_S, PREVIEW_PERCENT, THREADS = (10, 600), (5, 80), (0, 256)
"""The least and the most."""
LOUPES = (1, 2, 4)
"""Pixels of the screen for each of the canvas."""


class Preferences:
    """A typed face of QSettings, which forgets types: every value is asked for with its own.

    Args:
        store: where values are kept; by default the user's settings of the application.
    """

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store if store is not None else QSettings()

    @property
    def theme(self) -> str:
        """One of `theme.MODES`."""
        stored = self._text("theme", "system")
        return stored if stored in theme.MODES else "system"

    @theme.setter
    def theme(self, mode: str) -> None:
        self._store.setValue("theme", mode)

    @property
    def device(self) -> str:
        """A device's key, or "auto"."""
        return self._text("device", "auto") or "auto"

    @device.setter
    def device(self, key: str) -> None:
        self._store.setValue("device", key)

    @property
    def geometry(self) -> bytes:
        """The place of the main window, as Qt saved it; empty at the first start."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, geometry: bytes) -> None:
        self._store.setValue("window/geometry", QByteArray(geometry))

    @property
    def state(self) -> bytes:
        """The state of docks and toolbars, as Qt saved it; empty at the first start."""
        return self._bytes("window/state")

    @state.setter
    def state(self, state: bytes) -> None:
        self._store.setValue("window/state", QByteArray(state))

    def last_folder(self, purpose: str) -> Path:
        """The folder last used for "images", "projects", "export"...; the user's pictures where there is none."""
        stored = self._text(f"folders/{purpose}", "")
        if stored and os.path.isdir(stored):
            return Path(stored)
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        return Path(pictures) if pictures and os.path.isdir(pictures) else Path.home()

    def set_last_folder(self, purpose: str, folder: Path) -> None:
        self._store.setValue(f"folders/{purpose}", str(folder))

    @property
    def last_project(self) -> Path | None:
        """The project that was open when the program was closed."""
        stored = self._text("projects/last", "")
        return Path(stored) if stored else None

    @last_project.setter
    def last_project(self, folder: Path | None) -> None:
        self._store.setValue("projects/last", "" if folder is None else str(folder))

    @property
    def recent_projects(self) -> list[Path]:
        """Folders of the projects that were worked on, the last one first."""
        return [Path(line) for line in self._text("projects/recent", "").split("\n") if line]

    @recent_projects.setter
    def recent_projects(self, folders: list[Path]) -> None:
        self._store.setValue("projects/recent", "\n".join(str(folder) for folder in folders))

    @property
    def moments_mb(self) -> int:
        """Megabytes that moments kept by themselves may take in each project."""
        return self._number("moments/megabytes", 4000, *MOMENTS_MB)

    @moments_mb.setter
    def moments_mb(self, megabytes: int) -> None:
        self._store.setValue("moments/megabytes", megabytes)

    @property
    def moments_minutes(self) -> int:
        """Minutes of training between two moments kept by the clock; 0 for none."""
        return self._number("moments/minutes", 10, *MOMENTS_MINUTES)

    @moments_minutes.setter
    def moments_minutes(self, minutes: int) -> None:
        self._store.setValue("moments/minutes", minutes)

    @property
    def threads(self) -> int:
        """The threads of the processor that training may use; 0 for all but one core."""
        return self._number("training/threads", 0, *THREADS)

    @threads.setter
    def threads(self, count: int) -> None:
        self._store.setValue("training/threads", count)

    @property
    def preview_percent(self) -> int:
        """Share of the time that pictures may take while it trains."""
        return self._number("training/previews", 20, *PREVIEW_PERCENT)

    @preview_percent.setter
    def preview_percent(self, percent: int) -> None:
        self._store.setValue("training/previews", percent)

    @property
    def autosave_s(self) -> int | None:
        """Seconds of training between two autosaves; None where the artist chose none."""
        return self._number("training/autosave", 50, *AUTOSAVE_S) if self._store.contains("training/autosave") else None

    @autosave_s.setter
    def autosave_s(self, seconds: int) -> None:
        self._store.setValue("training/autosave", seconds)

    @property
    def loupe(self) -> int:
        """One of `LOUPES`."""
        stored = self._number("canvas/loupe", LOUPES[0], LOUPES[0], LOUPES[-1])
        return stored if stored in LOUPES else LOUPES[0]

    @loupe.setter
    def loupe(self, magnification: int) -> None:
        self._store.setValue("canvas/loupe", magnification)

    @property
    def export_form(self) -> dict[str, Any]:
        """What was chosen for the last export, see export/choices.py; empty before the first."""
        return self._table("export/form")

    @export_form.setter
    def export_form(self, choices: dict[str, Any]) -> None:
        self._store.setValue("export/form", json.dumps(choices))

    @property
    def export_presets(self) -> dict[str, dict[str, Any]]:
        """Choices for exports by the names that the artist gave them."""
        stored = self._table("export/presets")
        return {name: choices for name, choices in stored.items() if isinstance(choices, dict)}

    @export_presets.setter
    def export_presets(self, presets: dict[str, dict[str, Any]]) -> None:
        self._store.setValue("export/presets", json.dumps(presets))

    def save(self) -> None:
        """Writes what is pending now instead of later."""
        self._store.sync()

    def _text(self, key: str, default: str) -> str:
        return str(self._store.value(key, default, type=str))

    def _number(self, key: str, default: int, least: int, most: int) -> int:
        try:
            value = int(str(self._store.value(key, default)))
        except ValueError:
            return default
        return min(max(value, least), most)

    def _table(self, key: str) -> dict[str, Any]:
        try:
            stored = json.loads(self._text(key, "{}"))
        except (ValueError, RecursionError):
            return {}
        return stored if isinstance(stored, dict) else {}

    def _bytes(self, key: str) -> bytes:
        value = self._store.value(key, QByteArray(), type=QByteArray)
        return bytes(value.data()) if isinstance(value, QByteArray) else b""
