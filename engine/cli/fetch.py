"""`tessera fetch`: the weights of VGG-19 into the user's cache, from their publisher or from a file."""

from __future__ import annotations

import threading
from argparse import Namespace

from engine.cli.terminal import Progress, interrupted, say
from engine.errors import CancelledError
from engine.style.weights import VGG19, adopt, fetch, place_of


def run(arguments: Namespace) -> int:
    """Raises MissingWeightsError, BadWeightsError, NoRoomError."""
    path = place_of(VGG19)
    if arguments.file is not None:
        say(f"{VGG19.name} is at {adopt(VGG19, arguments.file)}.")
        return 0
    if path.is_file():
        say(f"{VGG19.name} is there already, at {path}.")
        return 0
    stop, progress = threading.Event(), Progress()
    with interrupted(stop.set):
        try:
            for there, total in fetch(VGG19, stop=stop.is_set):
                progress.show(there / max(total, 1), f"{there / 1e6:,.0f} of {total / 1e6:,.0f} MB")
        except CancelledError as stopped:
            progress.end()
            say(str(stopped))
            return 1
    progress.end()
    say(f"{VGG19.name} is at {path}.")
    return 0
