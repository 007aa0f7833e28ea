"""Makes what only the window writes: projects with painted masks, named snapshots and autosaves, and preferences.

It uses the program's inside as it was in version 0.1, and so runs on that version alone; what it has made is kept. Run
from the root of that checkout:

    PYTHONPATH=. QT_QPA_PLATFORM=offscreen python make_window.py DATA

DATA/command is an output of make.sh, whose images are used; DATA/window is made.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from app.mask_regions import Region
from PySide6.QtCore import QEventLoop, QSettings
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.preferences import Preferences
from engine import messages as m
from engine.__main__ import main as tessera

FAMOS = {
    "templates": 5, "generator_width": 4, "discriminator_width": 4, "depth": 2, "discriminator_depth": 2, "patch": 32,
    "batch": 2, "global_noise": 2, "local_noise": 2, "periodic_noise": 2, "precision": "float32", "kernel": "3",
    "norm": "batch", "mode": "blend", "bottleneck": 8,
}  # fmt: skip
DOODLE = {"filters": 4, "levels": 2, "scales": 2, "steps_per_scale": 2, "content_scale": 0.5, "colours": "matched"}
REGIONS = (
    Region(1, "Himmel, blau", (110, 180, 240)),
    Region(2, "Grass", (60, 150, 60)),
    Region(3, "Sand", (245, 215, 80)),
)


def stripes(height: int, width: int, lean: float) -> np.ndarray:
    """uint8 [h, w], labels 1..3."""
    rows, columns = np.mgrid[:height, :width]
    return ((columns + lean * rows) / (width + lean * height) * 3).astype(np.uint8) + np.uint8(1)


class Studio:
    def __init__(self, window: MainWindow) -> None:
        self.window, self.events = window, []
        window.training.happened.connect(self.events.append)

    def until(self, true: Callable[[], bool]) -> None:
        ends = time.monotonic() + 60
        while not true():
            assert time.monotonic() < ends, "nothing happened for a minute"
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)

    def until_seen(self, kind: type, number: int) -> None:
        self.until(lambda: sum(isinstance(event, kind) for event in self.events) >= number)

    def save_as(self, folder: Path) -> None:
        self.window.files._saved_as(folder)  # what follows after the dialog
        self.window.preferences.add_recent(folder)

    def train(self) -> None:
        """A kept snapshot with a name, a live setting that changes, an autosave, and then an end that keeps nothing."""
        training, document = self.window.training, self.window.document
        self.events.clear()
        training.start()
        self.until_seen(m.Stepped, 1)
        training.pause()
        training.keep("Erster Blick – schön")
        self.until_seen(m.Kept, 1)
        assert document.set("content_weight", 12.5)
        training.resume()
        self.until_seen(m.Stepped, 2)
        training.post(m.Keep(reason="autosave"))
        self.until_seen(m.Kept, 2)
        training.stop(keep=False)
        self.until(lambda: training.state == "idle")


def main(data: Path) -> int:
    os.cpu_count = lambda: 1  # one thread, as in make.sh
    images, out = data / "command" / "images", data / "window"
    out.mkdir()
    app = QApplication([])
    with tempfile.TemporaryDirectory() as unnamed:
        preferences = Preferences(QSettings(str(out / "preferences.ini"), QSettings.Format.IniFormat))
        preferences.device = "cpu"
        window = MainWindow(preferences, Path(unnamed))
        studio, document = Studio(window), window.document
        window.show()
        window.set_theme("dark")
        for purpose in ("images", "export"):
            preferences.set_last_folder(purpose, images if purpose == "images" else out)

        document.set_method("famos")
        assert document.set_values(FAMOS, "tiny")
        document.add("style", [images / "bricks.png", images / "marks.png"])
        document.add("content", [images / "face.png"])
        first, second = document.sources("style")
        weighed = (first.model_copy(update={"weight": 3.0, "scale": 0.8}), second.model_copy(update={"weight": 0.5}))
        document.set_sources("style", weighed)
        document.set_frame((64, 80), 31)
        studio.save_as(out / "famos")
        studio.train()

        document.new()
        document.set_method("doodle")
        assert document.set_values(DOODLE, "tiny")
        document.add("style", [images / "bricks.png"])
        studio.save_as(out / "doodle")
        slots = {slot.key: slot for slot in document.method.slots}
        window.masks._keep(slots["style_mask"], stripes(48, 60, 0.0), REGIONS)  # what the editor's Apply does
        window.masks._keep(slots["target_mask"], stripes(72, 96, 0.2), REGIONS)
        window.masks._keep(slots["target_mask"], stripes(72, 96, 0.9), REGIONS)
        studio.train()
        window.close()
        preferences.save()
        app.processEvents()
    for name in ("famos", "doodle"):
        picture = ["render", str(out / name / "snapshots" / "0001"), "--out", str(out / f"{name}.png"), "--bits", "16"]
        assert tessera([*picture, "--device", "cpu", "--tile", "64"]) == 0
    for path in [*out.rglob("*.json"), out / "preferences.ini"]:  # only the relative paths are to be followed
        path.write_text(path.read_text(encoding="utf-8").replace(str(data), "/nonexistent"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
