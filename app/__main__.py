"""The command `tessera`: the window, or the engine's commands without it. Loads as little as it can before it must."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import cores, heap
from engine.cli.commands import COMMANDS, spelled
from engine.nearest import nearest

NAMES = tuple(command.name for command in COMMANDS)
FOLLOWER = "engine.training.follower"
"""Trains on another device beside this process. A bundle has no Python, so the program is asked for it in its place."""
WITHOUT_DISPLAY = ("offscreen", "minimal", "vnc")
USAGE = f"""usage: tessera [PROJECT_OR_IMAGES...]
       tessera {" | ".join(NAMES)} ...

Without a command, opens the window: with a project, with images, or with neither.
The commands work without a window; each explains itself with --help.

  -h, --help     show this text
  --version      show the version
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0, 1 when something failed, 2 for wrong arguments or a missing display."""
    multiprocessing.freeze_support()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:2] == ["-m", FOLLOWER]:
        from engine.training.follower import main as follow

        return follow(arguments[2:])
    if arguments and arguments[0] in NAMES:
        from engine.__main__ import main as engine_main

        return engine_main(arguments)
    if any(word in ("-h", "--help") for word in arguments):
        print(USAGE, end="")
        return 0
    if "--version" in arguments:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"tessera {version('tessera')}")
        except PackageNotFoundError:
            print("tessera (not installed)")
        return 0
    unknown = next((word for word in arguments if word.startswith("-")), None)
    if unknown is not None:
        print(f"tessera: there is no option {unknown}; see tessera --help.", file=sys.stderr)
        return 2
    lacking = next((word for word in arguments if not os.path.exists(word)), None)
    if lacking is not None:
        meant = nearest(lacking, NAMES) if lacking is arguments[0] else None
        asked = f" Did you mean tessera {meant}?" if meant else ""
        names = ", ".join(NAMES)
        print(f"tessera: {lacking} is neither a file nor a folder, nor one of {names}.{asked}", file=sys.stderr)
        return 2
    if not _has_display():
        return _no_display()
    cores.wait_passively()
    heap.keep_freed()  # before there are threads
    sys.setswitchinterval(0.001)  # the window's thread gets its turn soon while the engine's computes
    if sys.platform == "win32":
        import torch  # noqa: F401, fails to load there once Qt is loaded
    from app.window import run

    return run([Path(word) for word in arguments])


def _has_display() -> bool:
    """Whether Qt can hope to open a window."""
    if sys.platform in ("win32", "darwin"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if platform in WITHOUT_DISPLAY:
        return True
    if os.environ.get("WAYLAND_DISPLAY"):
        return True
    return bool(os.environ.get("DISPLAY")) and _x_answers(os.environ["DISPLAY"])


def _x_answers(display: str) -> bool:
    """Whether an X server listens: Qt would end the program where none does."""
    import socket

    host, _, rest = display.rpartition(":")
    number = rest.split(".")[0]
    if host not in ("", "unix") or not number.isdigit():
        return True  # another machine's display, which Qt may try itself
    for address in (f"\0/tmp/.X11-unix/X{number}", f"/tmp/.X11-unix/X{number}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            if connection.connect_ex(address) == 0:
                return True
    return False


def _no_display() -> int:
    print(
        f"tessera: there is no display to open a window on; without one, use {spelled()}.",
        file=sys.stderr,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
