"""Draws docs/architecture.svg from the imports in the code: what stands on what in app and engine.

    python docs/draw_architecture.py            writes the drawing
    python docs/draw_architecture.py --check    ends with 1 where the drawing is not what the code says

A box is a module or a package (a room) at the root of app or engine, with the files in it. Its row is as low as what it
imports allows. An arrow points from a box to one that it imports; arrows that follow from two others are left out.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from layered_drawing import Edges, Node, laid_out

ROOT = Path(__file__).parents[1]
DRAWING = Path(__file__).with_name("architecture.svg")
MARGIN_PX = 28
STYLE = """<style>
text { font-family: 'DejaVu Sans', Verdana, sans-serif; fill: #223 }
.package { font-size: 17px; font-weight: bold } .title { font-size: 12px; font-weight: bold }
.files { font-size: 10px; fill: #556 } .note { font-size: 11px; fill: #556 }
.box { fill: #f3f1ec; stroke: #998 } .public { fill: #e2ecf7; stroke: #36a; stroke-width: 1.5 }
.arrow { fill: none; stroke: #889; stroke-width: 1 }
</style>
<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 L8 4 L0 8 z" fill="#667"/></marker>"""


def modules(package: str) -> dict[str, Path]:
    """Full names of a package's modules, and their files."""
    found = {}
    for file in sorted((ROOT / package).rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imported(file: Path, known: set[str]) -> Iterator[str]:
    """The known modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in known else node.module


def box_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def edges_between_boxes(found: dict[str, Path]) -> Edges:
    """(importer, imported) at the level of boxes."""
    pairs = (
        (box_of(module), box_of(target)) for module, file in found.items() for target in imported(file, set(found))
    )
    return {(above, below) for above, below in pairs if above != below and "." in above and "." in below}


def rows_of(boxes: set[str], edges: Edges) -> dict[str, int]:
    """How many boxes stand beneath each, along the longest way down.

    Raises:
        SystemExit: imports form a circle.
    """
    rows: dict[str, int] = {}
    while len(rows) < len(boxes):
        ready = {
            box: 1 + max((rows[below] for above, below in edges if above == box), default=-1)
            for box in boxes - rows.keys()
            if all(below in rows for above, below in edges if above == box)
        }
        if not ready:
            raise SystemExit(f"Imports form a circle among: {', '.join(sorted(boxes - rows.keys()))}")
        rows |= ready
    return rows


def reduced(edges: Edges) -> Edges:
    """Without the arrows that follow from two or more others. The edges must form no circle."""
    below: dict[str, set[str]] = {}
    for above, target in edges:
        below.setdefault(above, set()).add(target)

    def reached(box: str) -> set[str]:
        return {deeper for target in below.get(box, ()) for deeper in {target, *reached(target)}}

    return {
        (above, target)
        for above, target in edges
        if not any(target in reached(other) for other in below[above] if other != target)
    }


def part(package: str, found: dict[str, Path], public: set[str]) -> tuple[str, float, float]:
    """One package's boxes and arrows as SVG, its width and height."""
    own = {module: file for module, file in found.items() if module.split(".")[0] == package}
    edges = edges_between_boxes(own)
    names = {box_of(module) for module in own} - {package}
    rows = rows_of(names, edges)
    boxes = {}
    for name in names:
        # a room within a room (a family of methods, the formats) is one word
        files = sorted({module.split(".")[2] for module in own if module.startswith(f"{name}.")})
        boxes[name] = Node(name.split(".")[1] + "/" * bool(files), rows[name], files, name in public)
    return laid_out(boxes, reduced(edges))


def drawing() -> str:
    """The whole drawing, as SVG."""
    found = modules("app") | modules("engine")
    edges = edges_between_boxes(found)
    public = {below for above, below in edges if above.startswith("app.") and below.startswith("engine.")}
    parts = [
        ("app", "what is on screen: a box imports those that its arrows reach"),
        ("engine", "everything that computes: app imports from the blue boxes only; method loads methods by name"),
    ]
    pictures = [part(package, found, public) for package, _ in parts]
    width = max(width for _, width, _ in pictures) + 2 * MARGIN_PX
    bodies, top = [], MARGIN_PX
    for (package, note), (picture, own_width, height) in zip(parts, pictures, strict=True):
        bodies += [
            f'<text x="{MARGIN_PX}" y="{top:.0f}" class="package">{package}</text>',
            f'<text x="{MARGIN_PX + 75}" y="{top:.0f}" class="note">{note}</text>',
            f'<g transform="translate({(width - own_width) / 2:.0f} {top + MARGIN_PX:.0f})">',
            picture,
            "</g>",
        ]
        top += height + 3 * MARGIN_PX
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {top - MARGIN_PX:.0f}">',
        STYLE,
        f'<rect width="{width:.0f}" height="{top - MARGIN_PX:.0f}" fill="#fff"/>',
        *bodies,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Draws docs/architecture.svg from the imports in the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where the drawing is outdated")
    asked = parser.parse_args()
    text = drawing()
    if not asked.check:
        DRAWING.write_text(text, encoding="utf-8")
    elif not DRAWING.exists() or DRAWING.read_text(encoding="utf-8") != text:
        print("docs/architecture.svg is outdated: run python docs/draw_architecture.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
