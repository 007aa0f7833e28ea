"""Damaged project, snapshot and `.tessera` files by the thousand: each is opened or refused in a sentence, and no more.

    python -m benchmarks.fuzz --count 5000 --seed 1

Counts what became of them. Leaves with 1 where one raised anything but an error for the artist, wrote outside its
folder, or took the memory beyond the limit; the seed and number of that one are told, and `--only N` repeats it alone.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from app.widgets.thumbnails import read_preview
from benchmarks.damage import damage, damaged_archive
from engine import snapshots
from engine.archive import pack, unpack
from engine.errors import TesseraError
from engine.foreign import outside_paths, withhold
from engine.job import Job, SourceImage
from engine.method import State, method_class
from engine.opening import open_project
from engine.project import project_folder, read_project, save_job

MOST_MEMORY_BYTES = 500 * 2**20
"""That all files together may add to what the program needs by itself."""
KINDS = ("project", "snapshot", "state", "preview", "packed")


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 where all were opened or refused as they should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=5000, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--only", type=int, metavar="N", help="the N-th alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        result = fuzz(Path(place), wanted.count, wanted.seed, wanted.only)
    if wanted.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name}: {value}")
    return 1 if result["failures"] else 0


def fuzz(place: Path, count: int, seed: int, only: int | None = None) -> dict[str, Any]:
    """Makes and opens `count` damaged files; what became of them, and of the memory.

    Args:
        place: an empty folder; everything is made in it.
    """
    whole = _whole(place / "whole")
    _open_all(whole, place / "first")  # what is loaded once is not counted
    before = _memory_bytes()
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    for number in range(count) if only is None else [only]:
        chance = random.Random(f"{seed} {number}")
        kind = KINDS[number % len(KINDS)]
        try:
            outcomes[f"{kind}: {_tried(whole, place, kind, chance)}"] += 1
        except Exception as error:
            failures.append(f"{number} ({kind}): {type(error).__name__}: {error}")
    grown = max(0, _memory_bytes() - before)
    if grown > MOST_MEMORY_BYTES:
        failures.append(f"the memory grew by {grown / 2**20:.0f} MB")
    return {
        "files": count if only is None else 1,
        "memory_mb": round(grown / 2**20, 1),
        "failures": failures,
        **dict(sorted(outcomes.items())),
    }


class EscapedError(Exception):
    """Something was written, or is named, outside the folder that it belongs in."""


# ---------------------------------------------------------------- what is damaged


def _whole(place: Path) -> Path:
    """A project that nothing is wrong with, and the same packed."""
    folder = place / "project"
    (folder / "masks").mkdir(parents=True)
    Image.new("RGB", (20, 16), (200, 90, 30)).save(folder / "masks" / "a.png")
    settings = method_class("famos").Settings.of({"content_weight": 3.0, "templates": 5})
    images = (SourceImage(path=str(folder / "masks" / "a.png")),)
    job = Job(method="famos", settings=settings, sources={"style": images, "content": images})
    save_job(folder, job)
    state = State({"weight": torch.rand(5, 7), "bias": torch.rand(3)}, {"steps_done": 4, "names": ["a"]})
    snapshot = snapshots.keep(folder, state, None, job=job, step=4, elapsed_s=1.0, terms={"loss": 0.5}, name="first")
    Image.new("RGB", (30, 20), (10, 90, 30)).save(snapshot.preview)
    pack(folder, place / "packed.tessera", with_images=True)
    return place


def _tried(whole: Path, place: Path, kind: str, chance: random.Random) -> str:
    """Damages one file of a copy and opens it; what became of it, in a word. Raises whatever is a defect."""
    with tempfile.TemporaryDirectory(dir=place) as made:
        copy = Path(made) / "in" / "copy"
        if kind == "packed":
            copy.mkdir(parents=True)
            packed = damaged_archive((whole / "packed.tessera").read_bytes(), chance, Path(made) / "evil")
            (copy / "packed.tessera").write_bytes(packed)
        else:
            _copied(whole / "project", copy / "project")
            damage(copy / "project", kind, chance)
        outcome = _open_all(copy, Path(made) / "out")
        left = sorted(path.name for path in Path(made).iterdir())
        if left not in (["in"], ["in", "out"]) or sorted(path.name for path in (Path(made) / "in").iterdir()) != [
            "copy"
        ]:
            raise EscapedError(f"written outside: {left}")
        return outcome


def _copied(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


# ---------------------------------------------------------------- what is done with it


def _open_all(copy: Path, out: Path) -> str:
    """All that opening a project does in the window, without one; "opened", "repaired" or "refused".

    Raises:
        EscapedError: it would reach outside although nobody allowed it.
    """
    folder = copy / "project"
    try:
        if (copy / "packed.tessera").exists():
            folder = out / "project"
            unpack(copy / "packed.tessera", folder)
        folder = project_folder(folder)
        outside_paths(folder)
        withhold(folder)
        if reached := outside_paths(folder):
            raise EscapedError(f"still reaches {reached[0][:80]}")
        job, sentences = open_project(folder)
        for images in job.sources.values():
            for image in images:
                if not Path(image.path).is_relative_to(folder):
                    raise EscapedError(f"reaches {image.path[:80]}")
        kept, lost = snapshots.survey(folder)
        for snapshot in kept:
            read_preview(snapshot.preview, 200)
            if snapshots.is_whole(snapshot):
                _load(snapshot)
            snapshots.revise(snapshot, name="again")
        save_job(folder, job)
        if read_project(folder).sentences:
            raise EscapedError("what was repaired and written is not whole")
        return "repaired" if sentences or lost else "opened"
    except TesseraError as error:
        if not str(error).endswith("."):
            raise EscapedError(f"no sentence: {error}") from None
        return "refused"


def _load(snapshot: snapshots.Snapshot) -> None:
    """What going back to a snapshot reads; refused in a sentence where it can not be."""
    try:
        snapshots.load_state(snapshot)
    except TesseraError as error:
        if not str(error).endswith("."):
            raise


def _memory_bytes() -> int:
    """The most that the program ever took."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    sys.exit(main())
