"""What a picture shows at other sizes than the trained one: `python -m benchmarks.sizes FOLDER [--minutes M]`.

FOLDER has a folder for each pair, with `style/` and a content image beside it. FAMOS and MAGIC learn each at Draft, and
are exported with the same pieces and with more of them; content match and structure are compared with the trained size,
and the border meter of each is told. With `--keep PROJECTS` what was learned stays, and is found the next time.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measures import content_match, structure
from engine.__main__ import main as tessera
from engine.images.find import find_images

SCALES = (0.5, 1.25, 2.0, 4.0)
KINDS = {"same pieces": ((), 0.03), "more pieces": (("--more-pieces",), 0.08)}
"""Options, and how far the measures may move."""


def measured(
    method: str, style: Path, content: Path, minutes: float, work: Path, scales: Sequence[float] = SCALES
) -> list[dict[str, Any]]:
    """A row for each size and kind, the trained size first."""
    project = work / f"{method}-{content.stem}"
    begun = ["train", "--method", method, "--preset", "Draft", "--style", str(style), "--content", str(content)]
    if not project.exists() and tessera([*begun, "--minutes", str(minutes), "--out", str(project)]):
        raise SystemExit(f"{method} could not learn {content.stem}.")

    def shown(scale: float, *options: str) -> tuple[float, float, float]:
        out, told = work / "picture.png", io.StringIO()
        with contextlib.redirect_stdout(told):
            if tessera(["render", str(project), "--out", str(out), "--json", "--times", str(scale), *options]):
                raise SystemExit(f"{method} could not paint {content.stem} at {scale} times.")
        border = json.loads(told.getvalue().splitlines()[-1])["border"]
        return content_match(out, content), structure(out, content), border

    trained = shown(1)
    rows = [_row(method, content, "as trained", 1.0, trained, trained, 0.0)]
    for kind, (options, tolerance) in KINDS.items():
        rows += [_row(method, content, kind, scale, shown(scale, *options), trained, tolerance) for scale in scales]
    return rows


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
    parser.add_argument(
        "--scales", type=float, nargs="+", default=SCALES, metavar="TIMES", help="sizes, of the trained"
    )
    parser.add_argument("--method", action="append", metavar="NAME", help="famos and magic unless given")
    parser.add_argument("--keep", type=Path, metavar="PROJECTS", help="folder of what was learned, which stays")
    given = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    with contextlib.ExitStack() as stack:
        work = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for pair in sorted(path for path in given.folder.iterdir() if (path / "style").is_dir()):
            contents = [path for path in find_images([pair])[0] if path.parent == pair]
            for method in given.method or ["famos", "magic"]:
                rows += measured(method, pair / "style", contents[0], given.minutes, work, given.scales)
    for row in rows:
        print("  ".join(f"{value!s:>12}" for value in row.values()))
    return 0 if all(row["within"] for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
