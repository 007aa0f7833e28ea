"""`python -m benchmarks.longer IMAGES OUT`: is a picture that learned for longer ever worse than one that did not?

Trains FAMOS and MAGIC (preset Draft) on pairs of benchmarks.instant, and measures the picture again and again. Pictures
at the marks, a strip of the same part of each at 100 %, the curves as SVG and the figures lie in OUT. What was trained
is kept there, too: a run that ended goes on where it was, so that half an hour can be had in pieces.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from benchmarks.instant import PAIRS
from benchmarks.measures import content_match, structure, style_distances
from engine import heap
from engine.fields.artwork import Artwork
from engine.files import replacing
from engine.images.find import find_images
from engine.images.quantise import to_uint8
from engine.job import Job, SourceImage
from engine.method import State, method_class
from engine.method_choices import preset_values
from engine.settings import parse_assignments
from engine.training.borrowed import take
from engine.training.matches import MatchMeter

_PAIRS = ("milano", "peppers", "starry", "monet-tower", "milano-creek")
_MEASURES = ("content", "structure", "style", "detail")
_PART_PX = 400


class Run:
    """One method on one pair, its figures by step, and where both are kept.

    Args:
        folder: of this run alone.
        start_from: that of another run, whose networks it begins with.
    """

    def __init__(self, job: Job, files: tuple[Sequence[Path], Path], folder: Path, start_from: Path | None) -> None:
        self._method = method = method_class(job.method)(job, torch.device("cpu"))
        (self._styles, self._content), self._folder = files, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.step, self.seconds, self.rows = 0, 0.0, list[dict[str, float]]()
        self._meter = MatchMeter(method, job)
        if (folder / "run.json").exists():
            about = json.loads((folder / "run.json").read_text())
            method.restore(State(load_file(folder / "state.safetensors"), about["plain"]))
            self.step, self.seconds, self.rows = about["step"], about["seconds"], about["rows"]
        elif start_from is not None:
            take(method, State(load_file(start_from / "state.safetensors"), {}), start_from)

    def train(self, until: int, end: float) -> bool:
        """Trains to a step, or until that time; whether it came so far."""
        start = time.perf_counter()
        while self.step < until and time.perf_counter() < end:
            self._method.step(self.step)
            self.step += 1
        self.seconds += time.perf_counter() - start
        return self.step >= until

    def measure(self) -> dict[str, float]:
        """The picture as it is now, written and measured."""
        size, file = self._method.canvas_size, self._folder / f"{self.step:06}.png"
        with torch.no_grad():
            picture = Artwork(self._method, size).at(size.box)
        Image.fromarray(to_uint8(picture)).save(file)
        found = (
            content_match(file, self._content),
            structure(file, self._content),
            *style_distances(file, self._styles),
        )
        row = {"step": self.step, "seconds": self.seconds}
        row |= {name: round(value, 3) for name, value in zip(_MEASURES, found, strict=True)}
        while not self._meter.advance(math.inf):  # as the window measures
            pass
        row |= {name: round(value, 1) for name, value in self._meter.latest.items()}
        self.rows.append(row)
        return row

    def keep(self) -> None:
        state = self._method.state()
        with replacing(self._folder / "state.safetensors") as temporary:
            save_file(state.tensors, temporary)
        about = {"plain": state.plain, "step": self.step, "seconds": self.seconds, "rows": self.rows}
        with replacing(self._folder / "run.json") as temporary:
            temporary.write_text(json.dumps(about))

    def strip(self, marks: Sequence[int]) -> None:
        """The middle of the pictures at some steps, pixel by pixel, side by side."""
        parts = []
        for mark in marks:
            picture = np.asarray(Image.open(self._folder / f"{mark:06}.png"))
            top, left = (max(0, (side - _PART_PX) // 2) for side in picture.shape[:2])
            parts.append(picture[top : top + _PART_PX, left : left + _PART_PX])
        Image.fromarray(np.concatenate(parts, 1)).save(self._folder / "strip.png")


def _job(name: str, styles: Sequence[Path], content: Path, values: dict[str, Any]) -> Job:
    method = method_class(name)
    settings = method.Settings.of(preset_values(method, ["Draft"]) | values)
    sources = {
        "style": tuple(SourceImage(path=str(path)) for path in styles),
        "content": (SourceImage(path=str(content)),),
    }
    return Job(method=name, settings=settings, sources=sources)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.longer", description=__doc__)
    add = parser.add_argument
    add("images", type=Path)
    add("out", type=Path)
    add("--pairs", nargs="+", choices=list(PAIRS), default=list(_PAIRS))
    add("--methods", nargs="+", choices=("famos", "magic"), default=["famos", "magic"])
    add("--marks", nargs="+", type=int, default=[800, 4000, 12000], metavar="STEP", help="2, 10, 30 minutes, about")
    add("--every", type=int, default=400, metavar="STEPS", help="between two measurements")
    add("--set", nargs="+", default=[], metavar="NAME=VALUE", help="settle_after_steps=0: as if it did not settle")
    add("--name", default="", help="told in the names of folders, so that other settings have their own")
    add("--start-from", type=Path, metavar="FOLDER", help="of another run in OUT, whose networks are begun with")
    add("--most-minutes", type=float, default=1e9, metavar="M", help="end then; the same command goes on")
    add("--threads", type=int, default=0)
    arguments = parser.parse_args(argv)
    heap.keep_freed()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    end = time.perf_counter() + 60 * arguments.most_minutes
    stops = sorted({*arguments.marks, *range(arguments.every, max(arguments.marks), arguments.every)})
    for pair in arguments.pairs:
        style, content = (arguments.images / name for name in PAIRS[pair])
        styles, _ = find_images([style])
        for name in arguments.methods:
            values = parse_assignments(method_class(name).Settings, arguments.set)
            title = "-".join(part for part in (pair, name, arguments.name) if part)
            run = Run(
                _job(name, styles, content, values), (styles, content), arguments.out / title, arguments.start_from
            )
            for stop in (stop for stop in stops if stop > run.step):
                whole = run.train(stop, end)
                if whole:
                    row = run.measure()
                    print(title, " ".join(f"{key} {value:g}" for key, value in row.items()), flush=True)
                run.keep()
                if not whole:
                    print(f"{title}: {run.step} steps so far.")
                    return 0
            run.strip(arguments.marks)
    (arguments.out / "curves.svg").write_text(_curves(arguments.out))
    return 0


def _curves(out: Path) -> str:
    """All runs in `out` as an SVG: a frame for each measure, a line for each run."""
    runs = {file.parent.name: json.loads(file.read_text())["rows"] for file in sorted(out.glob("*/run.json"))}
    width, height, gap = 360, 200, 46
    parts, most = [], max(row["step"] for rows in runs.values() for row in rows)
    for place, measure in enumerate(_MEASURES):
        left, top = 40 + place % 2 * (width + gap), 24 + place // 2 * (height + gap)
        values = [row[measure] for rows in runs.values() for row in rows]
        least, span = min(values), max(max(values) - min(values), 1e-6)
        parts.append(f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#888"/>')
        words = ((left, top - 6, measure), (left - 36, top + 10, f"{least + span:.2f}"))
        words += ((left - 36, top + height, f"{least:.2f}"), (left + width - 70, top + height + 14, f"{most:g} steps"))
        parts += [f'<text x="{x}" y="{y}">{text}</text>' for x, y, text in words]
        for number, (title, rows) in enumerate(runs.items()):
            points = " ".join(
                f"{left + width * row['step'] / most:.1f},{top + height * (1 - (row[measure] - least) / span):.1f}"
                for row in rows
            )
            hue = 360 * number // len(runs)
            parts.append(f'<polyline points="{points}" fill="none" stroke="hsl({hue} 70% 40%)" stroke-width="1.6"/>')
            if not place:
                y = 24 + 2 * (height + gap) + 14 * number
                parts.append(f'<text x="40" y="{y}" fill="hsl({hue} 70% 40%)">{title}</text>')
    size = f'width="{2 * (width + gap) + 20}" height="{2 * (height + gap) + 24 + 14 * len(runs)}"'
    style = 'font-family="sans-serif" font-size="11"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>' + "\n".join(parts) + "</svg>\n"


if __name__ == "__main__":
    sys.exit(main())
