"""A display of its own, the program on it, and a hand on mouse and keys, for the walk through the window."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
LOOK_AGAIN_S = 0.1
SCREEN = (1440, 900)
MOST_STOPS = 150
"""Of the Tab key, until it is back where it began."""


def lacking() -> str:
    """The tools that are not on this machine; empty when all are."""
    return " and ".join(tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None)


@contextmanager
def display() -> Iterator[str]:
    """An X server without a window manager, for as long as it is needed: its name."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SCREEN[0]}x{SCREEN[1]}x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


@dataclass(frozen=True)
class OnScreen:
    """A widget on the screen."""

    kind: str
    name: str
    text: str
    enabled: bool
    checked: bool
    value: int | None
    box: tuple[int, int, int, int]

    def at(self, across: float = 0.5, down: float = 0.5) -> tuple[int, int]:
        """A point in it, on the screen."""
        x, y, width, height = self.box
        return x + round(across * width), y + round(down * height)


class Walker:
    """One run of the program."""

    def __init__(self, display: str, home: Path, pictures: Path, *words: str) -> None:
        clean = {key: value for key, value in os.environ.items() if key not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")}
        homes = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("DATA", "CONFIG", "STATE")}
        # kernels that are compiled on first use are used again
        homes["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        self._environment = clean | homes | {"DISPLAY": display, "HOME": str(home), "OMP_NUM_THREADS": "1"}
        self._pictures = pictures
        self._pictures.mkdir(parents=True, exist_ok=True)
        self._errors = (home / "errors.txt").open("a+")
        self.program = subprocess.Popen(
            [sys.executable, "-m", "tests.app.walk_program", *words],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    # ------------------------------------------------------------ eyes

    def look(self, picture: Path | None = None) -> dict[str, Any]:
        """Everything that can be seen now; fails where the program is gone. `picture` is where to put one as well."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        try:
            self.program.stdin.write(f"{picture or ''}\n")
            self.program.stdin.flush()
            return json.loads(self.program.stdout.readline())
        except (OSError, ValueError):
            raise AssertionError(f"The program is gone. It said: {self.said()}") from None

    def said(self) -> str:
        self._errors.seek(0)
        return self._errors.read()

    def all(self, **wanted: object) -> list[OnScreen]:
        """The visible widgets with these properties; `text` and `name` need only be a part."""
        found = [OnScreen(**{**widget, "box": tuple(widget["box"])}) for widget in self.look()["widgets"]]
        return [widget for widget in found if all(_fits(getattr(widget, key), want) for key, want in wanted.items())]

    def one(self, **wanted: object) -> OnScreen:
        """The first of them, as soon as there is one."""
        return self.until(lambda: next(iter(self.all(**wanted)), None), f"{wanted} is to be seen")

    def held(self) -> OnScreen:
        """What has the keys; fails where nothing in sight has them, or what can not be used."""
        seen = self.look()["focus"]
        assert seen is not None, "nothing has the keys"
        assert seen.pop("shown"), f"{seen} has the keys and is hidden"
        assert seen["enabled"], f"{seen} has the keys and is disabled"
        return OnScreen(**{**seen, "box": tuple(seen["box"])})

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Waits until something is so, and returns it."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            result = condition()
            if result:
                return result
            time.sleep(LOOK_AGAIN_S)
        self.keep_picture("failed")
        raise AssertionError(f"It did not happen that {what}. The program said: {self.said()}")

    def keep_picture(self, name: str) -> None:
        """A picture of the screen, for people."""
        self.look(self._pictures / f"{name}.png")

    # ------------------------------------------------------------ hand

    def click(self, widget: OnScreen, across: float = 0.5, down: float = 0.5, times: int = 1, button: int = 1) -> None:
        x, y = widget.at(across, down)
        self._do("mousemove", x, y, "click", "--repeat", times, "--delay", 60, button)

    def drag(self, widget: OnScreen, start: float, end: float) -> None:
        """Along a widget's width, with the button down."""
        begin, stop = widget.at(start), widget.at(end)
        middle = ((begin[0] + stop[0]) // 2, begin[1])
        self._do("mousemove", *begin, "mousedown", 1, "mousemove", *middle, "mousemove", *stop, "mouseup", 1)

    def focus(self, title: str = "") -> None:
        """Gives a window the keys, as a window manager would; by default the main window."""

        def given() -> bool:
            seen = self.look()
            fitting = [w["id"] for w in seen["windows"] if title in w["title"] and (title or w["kind"] == "MainWindow")]
            if fitting and seen["active"] != fitting[0]:
                self._do("windowfocus", fitting[0])
            return bool(fitting) and seen["active"] == fitting[0]

        self.until(given, f"the window {title} has the keys")

    def keys(self, *names: str) -> None:
        self._do("key", *names)

    def key_to(self, key: str = "Tab", **wanted: object) -> OnScreen:
        """Presses a key until what has these properties has the keys. Each press must lead on."""
        for _ in range(MOST_STOPS):
            held = self.held()
            if all(_fits(getattr(held, name), want) for name, want in wanted.items()):
                return held
            self.keys(key)
            self.until(lambda held=held: not _same_place(self.held(), held), f"{key} leads on from {held}")
        self.keep_picture("failed")
        raise AssertionError(f"{key} does not lead to {wanted}")

    def type(self, text: str) -> None:
        self._do("type", "--delay", 5, text)

    def _do(self, *words: object) -> None:
        subprocess.run(
            ["xdotool", *(str(word) for word in words)], env=self._environment, check=True, timeout=PATIENCE_S
        )

    # ------------------------------------------------------------ the end

    def status(self) -> int:
        """Waits for the program to end by itself: its exit status."""
        return self.program.wait(timeout=PATIENCE_S)

    def give_up(self) -> None:
        """Ends the program where it has not ended."""
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        self._errors.close()


Open = Callable[..., Walker]
"""Starts the program with these words."""


def _same_place(one: OnScreen, other: OnScreen) -> bool:
    return (one.kind, one.name, one.text, one.box) == (other.kind, other.name, other.text, other.box)


def _fits(there: object, wanted: object) -> bool:
    return wanted in there if isinstance(there, str) and isinstance(wanted, str) else there == wanted
