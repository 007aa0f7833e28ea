"""What a picture shows at other sizes than the trained one: `python -m benchmarks.sizes FOLDER [--minutes M]`.

FOLDER has a folder for each pair, with `style/` and a content image beside it. FAMOS and MAGIC learn each at Draft, and
are exported with the same pieces and with more of them; content match and structure are compared with the trained size,
and the border meter of each is told. With `--learn-on` each other size is also learned on for, as the export dialog
offers it, and painted as trained. With `--keep PROJECTS` what was learned stays, and is found the next time.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.measures import content_match, structure
from engine import snapshots
from engine.__main__ import main as tessera
from engine.box import Size
from engine.export import learn_on
from engine.images.find import find_images
from engine.opening import open_project

SCALES = (0.5, 1.25, 2.0, 4.0)
KINDS = {"same pieces": ((), 0.03), "more pieces": (("--more-pieces",), 0.08)}
"""Options, and how far the measures may move."""


LEARNED_ON_TOLERANCE = 0.08
"""For what learned on for its size: it is more pieces."""


def measured(
    method: str, style: Path, content: Path, limit: Sequence[str], work: Path, scales: Sequence[float], learns_on: bool
) -> list[dict[str, Any]]:
    """A row for each size and kind, the trained size first.

    Args:
        limit: options of `tessera train` that say how long it learns, and by what settings.
        learns_on: a row more for each size but the trained one.
    """
    project = work / f"{method}-{content.stem}"
    begun = ["train", "--method", method, "--preset", "Draft", "--style", str(style), "--content", str(content)]
    if not project.exists() and tessera([*begun, *limit, "--out", str(project)]):
        raise SystemExit(f"{method} could not learn {content.stem}.")
    out = work / "picture.png"

    def shown(painted: Path, scale: float, *options: str) -> tuple[float, float, float]:
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            if tessera(["render", str(painted), "--out", str(out), "--json", "--times", str(scale), *options]):
                raise SystemExit(f"{method} could not paint {content.stem} at {scale} times.")
        border = json.loads(told.getvalue().splitlines()[-1])["border"]
        return content_match(out, content), structure(out, content), border

    trained = shown(project, 1)
    with Image.open(out) as picture:
        size = Size(picture.height, picture.width)
    rows = [_row(method, content, "as trained", 1.0, trained, trained, 0.0)]
    for kind, (options, tolerance) in KINDS.items():
        rows += [
            _row(method, content, kind, scale, shown(project, scale, *options), trained, tolerance) for scale in scales
        ]
    for scale in scales if learns_on else ():
        if scale != 1:
            found = shown(_learned_on(project, size, scale), 1)
            rows.append(_row(method, content, "learned on", scale, found, trained, LEARNED_ON_TOLERANCE))
    return rows


def _learned_on(project: Path, trained: Size, scale: float) -> Path:
    """A copy of the project that learned on for such a canvas, with the steps that the dialog asks.

    One that was broken off goes on.
    """
    other = project.with_name(f"{project.name}-{scale:g}-times")
    size = Size(round(trained.height * scale), round(trained.width * scale))
    job, _ = open_project(project)
    after = learn_on.job_for(job, trained, size)
    if after is None:
        raise SystemExit(f"{project.name} can not have a canvas {scale:g} times as large.")
    steps = snapshots.listing(project)[-1].step + learn_on.steps_for(trained, size)
    if not other.exists():
        shutil.copytree(project, other)
    if snapshots.listing(other)[-1].step >= steps:
        return other
    canvas = ["--set", f"content_scale={after.settings.model_dump()['content_scale']}"]
    if tessera(["train", "--out", str(other), "--resume", *canvas, "--steps", str(steps)]):
        raise SystemExit(f"{project.name} could not learn on.")
    return other


def _row(
    method: str,
    content: Path,
    kind: str,
    scale: float,
    found: tuple[float, float, float],
    trained: tuple[float, float, float],
    tolerance: float,
) -> dict[str, Any]:
    off = max(abs(one - other) for one, other in zip(found[:2], trained[:2], strict=True))
    return {
        "method": method,
        "content": content.stem,
        "pieces": kind,
        "times": scale,
        "content_match": round(found[0], 3),
        "structure": round(found[1], 3),
        "border": round(found[2], 2),
        "within": off <= tolerance,
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizes", description=__doc__)
    parser.add_argument("folder", type=Path, help="of pairs: each a folder with style/ and one content image")
    parser.add_argument("--minutes", type=float, default=10, metavar="M", help="of training each; 10 unless given")
    parser.add_argument("--steps", type=int, metavar="N", help="of training each, instead of minutes")
    parser.add_argument(
        "--set", nargs="+", default=[], dest="values", metavar="NAME=VALUE", help="settings, over Draft"
    )
    parser.add_argument("--learn-on", action="store_true", help="measure other sizes after learning on for each, too")
    parser.add_argument(
        "--scales", type=float, nargs="+", default=SCALES, metavar="TIMES", help="sizes, of the trained"
    )
    parser.add_argument("--method", action="append", metavar="NAME", help="famos and magic unless given")
    parser.add_argument("--keep", type=Path, metavar="PROJECTS", help="folder of what was learned, which stays")
    given = parser.parse_args(arguments)
    limit = ["--minutes", str(given.minutes)] if given.steps is None else ["--steps", str(given.steps)]
    limit += ["--set", *given.values] if given.values else []
    rows: list[dict[str, Any]] = []
    with contextlib.ExitStack() as stack:
        work = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for pair in sorted(path for path in given.folder.iterdir() if (path / "style").is_dir()):
            contents = [path for path in find_images([pair])[0] if path.parent == pair]
            for method in given.method or ["famos", "magic"]:
                rows += measured(method, pair / "style", contents[0], limit, work, given.scales, given.learn_on)
    for row in rows:
        print("  ".join(f"{value!s:>12}" for value in row.values()))
    return 0 if all(row["within"] for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
