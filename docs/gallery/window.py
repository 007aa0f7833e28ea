"""`python docs/gallery/window.py fruit.png self_portrait.jpg FOLDER`: window.png and window-dark.png, while it refines.

The real window, with one moment for each set that is tried before, as it looks to a hand on the mouse; without the
figures of its speed, which are those of whatever machine it is painted on.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from app.main_window import MainWindow
from app.preferences import Preferences
from app.widgets.ring import hand
from benchmarks.live import Watch, until
from benchmarks.window_home import at_home
from engine.messages.events import Stepped

WIDTH, HEIGHT = 1440, 900
SETS, STEPS = (1, 4, 9), 24
REST_S = 4.0


def rest(seconds: float) -> None:
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


def main(style: Path, content: Path, folder: Path) -> int:
    with at_home() as (app, home):
        window = MainWindow(Preferences(), home)
        window.set_theme("light")
        window.resize(WIDTH, HEIGHT)
        window.show()
        window.reset_layout()
        until(lambda: window.built)
        hand().on_mouse = True
        watch, document, training = Watch(window), window.document, window.training
        steps = [0]
        training.events.on(Stepped, lambda event: steps.append(event.step))

        def after(change) -> None:
            watch.start()
            change()
            until(lambda: watch.sharp_s)

        document.add("style", [style])
        after(lambda: document.add("content", [content]))
        after(lambda: document.set("smoothing_px", 4.0))
        for number, seed in enumerate(SETS, start=1):
            if seed != document.settings.model_dump()["set_seed"]:
                after(lambda seed=seed: document.set("set_seed", seed))
            training.keep()
            until(lambda number=number: len(window.strip.tiles) == number)
        window.training_actions.train()
        until(lambda: steps[-1] >= STEPS)
        rest(REST_S)
        for theme, name in (("light", "window.png"), ("dark", "window-dark.png")):
            window.set_theme(theme)
            rest(1.0)
            window.status.clear_run()
            window.grab().save(str(folder / name))
        window.close()
        until(lambda: training.state == "idle")
    app.processEvents()
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
