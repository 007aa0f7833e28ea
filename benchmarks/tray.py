"""What the tray of pieces takes from training: its usage is asked for twice a second, as the window does.

    python -m benchmarks.tray --method magic --style IMAGES --content C --seconds 60

Prints a row: the processor's time of the answers by the time that passed, and by that of the whole session; how many
answers there were, and how long one took at most. On a busy machine less is trained in the time that passes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from engine.device import choose, prepare_thread
from engine.images.find import find_images
from engine.images.read import image_size
from engine.job import Job, SourceImage
from engine.messages.commands import CountPieces, Resume, Stop
from engine.messages.events import PiecesCounted, Stepped
from engine.method import method_class
from engine.method_choices import preset_values
from engine.preview.usage import PieceCounter
from engine.training.session import Session

EVERY_S = 0.5


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=("famos", "magic"), default="magic")
    parser.add_argument("--style", type=Path, nargs="+", required=True)
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    return parser.parse_args(arguments)


class Watched(PieceCounter):
    """Notes the processor's time of each answer, all threads together."""

    def __init__(self) -> None:
        super().__init__()
        self.each_s: list[float] = []

    def counted(self, method: Any) -> Any:
        began_s = time.process_time()
        found = super().counted(method)
        self.each_s.append(time.process_time() - began_s)
        return found


def measured(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    method = method_class(arguments.method)
    styles = find_images(arguments.style)[0]
    sizes = {"style": [image_size(path) for path in styles], "content": [image_size(arguments.content)]}
    values: dict[str, Any] = preset_values(method, ["Draft"]) | method.fitting(sizes)
    sources = {
        "style": tuple(SourceImage(path=str(path.absolute())) for path in styles),
        "content": (SourceImage(path=str(arguments.content.absolute())),),
    }
    job = Job(method=arguments.method, settings=method.Settings.of(values), sources=sources)
    prepare_thread(choose("cpu"))
    session = Session(job, folder / "project", device="cpu", paused=True)
    watched = session._piece_counter = Watched()
    session.post(CountPieces())
    session.post(Resume())
    began_s = asked_s = time.monotonic()
    began_cpu_s, steps, first = time.process_time(), 0, 0
    for event in session.run():
        if isinstance(event, Stepped) and not steps:  # what is built and compiled first is no training
            began_s, began_cpu_s, first = time.monotonic(), time.process_time(), event.step
            watched.each_s.clear()
            steps = 1
        elif isinstance(event, Stepped):
            steps = event.step - first
        elif isinstance(event, PiecesCounted):
            assert event.pieces
        now_s = time.monotonic()
        if steps and now_s - asked_s >= EVERY_S:
            session.post(CountPieces())
            asked_s = now_s
        if steps and now_s - began_s > arguments.seconds:
            session.post(Stop(keep=False))
    counting_s, whole_s = sum(watched.each_s), time.process_time() - began_cpu_s
    return {
        "method": arguments.method,
        "seconds": round(time.monotonic() - began_s),
        "steps": steps,
        "answers": len(watched.each_s),
        "longest_ms": round(1000 * max(watched.each_s), 1),
        "of_the_time": round(counting_s / (time.monotonic() - began_s), 5),
        "of_the_processor": round(counting_s / whole_s, 5),
    }


def main() -> None:
    arguments = parsed()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measured(arguments, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
