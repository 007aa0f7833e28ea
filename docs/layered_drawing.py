"""Lays boxes out in rows, with arrows that lead downwards between them, and writes both as SVG. Knows no code."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import escape

TITLE_CHAR_PX, FILE_CHAR_PX, LINE_PX, TITLE_PX, PAD_PX = 8.4, 5.9, 14, 17, 9
GAP_PX, ROW_GAP_PX, LANE_PX, WRAP_CHARS = 14, 34, 8, 30
SWEEPS = 40

Edges = set[tuple[str, str]]


@dataclass
class Node:
    """A box, or (where `files` is None) a lane on which an arrow passes a row."""

    name: str
    row: int
    files: list[str] | None = None
    public: bool = False
    x: float = 0.0
    top: float = 0.0
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = textwrap.wrap(" ".join(self.files or []), WRAP_CHARS)

    @property
    def width(self) -> float:
        if self.files is None:
            return LANE_PX
        longest = max((len(line) for line in self.lines), default=0)
        return max(len(self.name) * TITLE_CHAR_PX, longest * FILE_CHAR_PX) + 2 * PAD_PX

    @property
    def height(self) -> float:
        return TITLE_PX + LINE_PX * len(self.lines) + PAD_PX


def with_lanes(boxes: dict[str, Node], edges: Edges) -> tuple[list[list[Node]], list[list[Node]]]:
    """Rows of nodes from the top, and each arrow as its nodes from importer to imported, one in every row between."""
    rows: list[list[Node]] = [[] for _ in range(1 + max(node.row for node in boxes.values()))]
    for name in sorted(boxes):
        rows[-1 - boxes[name].row].append(boxes[name])
    ways = []
    for above, below in sorted(edges):
        way = [boxes[above]]
        for row in range(boxes[above].row - 1, boxes[below].row, -1):
            way.append(Node(f"{above} {below} {row}", row))
            rows[-1 - row].append(way[-1])
        ways.append([*way, boxes[below]])
    return rows, ways


def neighbours(ways: list[list[Node]]) -> tuple[dict[str, list[Node]], dict[str, list[Node]]]:
    """For each node those that it points at, and those that point at it."""
    down: dict[str, list[Node]] = {}
    up: dict[str, list[Node]] = {}
    for way in ways:
        for above, below in pairwise(way):
            down.setdefault(above.name, []).append(below)
            up.setdefault(below.name, []).append(above)
    return down, up


def spread(row: list[Node], wanted: dict[str, float]) -> None:
    """Places a row's nodes near where they are wanted, in the order of the row, without overlap."""
    lefts, right = [], float("-inf")
    for node in row:
        left = max(wanted[node.name] - node.width / 2, right + GAP_PX)
        lefts.append(left)
        right = left + node.width
    rights, left = [], float("inf")
    for node in reversed(row):
        start = min(wanted[node.name] - node.width / 2, left - GAP_PX - node.width)
        rights.append(start)
        left = start
    for node, low, high in zip(row, lefts, reversed(rights), strict=True):
        node.x = (low + high) / 2 + node.width / 2


def arrange(rows: list[list[Node]], ways: list[list[Node]]) -> None:
    """Orders each row by where its neighbours lie, from above and below in turn (Sugiyama, Tagawa and Toda 1981)."""
    down, up = neighbours(ways)
    for row in rows:
        spread(row, dict.fromkeys((node.name for node in row), 0.0))
    for sweep in range(SWEEPS):
        towards = down if sweep % 2 else up
        for row in reversed(rows) if sweep % 2 else rows:
            wanted = {}
            for node in row:
                near = towards.get(node.name) or up.get(node.name) or down.get(node.name) or [node]
                wanted[node.name] = round(sum(other.x for other in near) / len(near), 3)
            row.sort(key=lambda node: wanted[node.name])
            spread(row, wanted)


def arrow(way: list[Node], bottoms: dict[int, float], start: float, end: float) -> str:
    """An arrow's path: from box to box by curves, straight through the rows between."""
    x, y = start, way[0].top + way[0].height
    points = [f"M{x:.0f} {y:.0f}", f"V{bottoms[way[0].row]:.0f}"]
    y = bottoms[way[0].row]
    for node in way[1:]:
        target = end if node is way[-1] else node.x
        middle = (y + node.top) / 2
        points.append(f"C{x:.0f} {middle:.0f} {target:.0f} {middle:.0f} {target:.0f} {node.top:.0f}")
        x, y = target, bottoms[node.row]
        if node is not way[-1]:
            points.append(f"V{y:.0f}")
    return f'<path d="{" ".join(points)}" class="arrow" marker-end="url(#head)"/>'


def ports(ways: list[list[Node]]) -> list[tuple[float, float]]:
    """Where each arrow leaves its first box and meets its last: side by side, in the order of where they go."""
    starts: dict[str, list[int]] = {}
    ends: dict[str, list[int]] = {}
    for index, way in enumerate(ways):
        starts.setdefault(way[0].name, []).append(index)
        ends.setdefault(way[-1].name, []).append(index)
    places = [[0.0, 0.0] for _ in ways]
    for side, groups in ((0, starts), (1, ends)):
        for indices in groups.values():
            box = ways[indices[0]][0 if side == 0 else -1]
            indices.sort(key=lambda index: ways[index][1 if side == 0 else -2].x)
            step = box.width / (len(indices) + 1)
            for place, index in enumerate(indices, start=1):
                places[index][side] = box.x - box.width / 2 + place * step
    return [(start, end) for start, end in places]


def drawn(node: Node) -> str:
    """A box, its name and the names of its files."""
    left = node.x - node.width / 2
    kind = " ".join(["box", *["public"] * node.public])
    texts = [
        f'<rect x="{left:.0f}" y="{node.top:.0f}" width="{node.width:.0f}" height="{node.height:.0f}" rx="4" '
        f'class="{kind}"/>',
        f'<text x="{left + PAD_PX:.0f}" y="{node.top + TITLE_PX:.0f}" class="title">{escape(node.name)}</text>',
    ]
    for number, line in enumerate(node.lines, start=1):
        baseline = node.top + TITLE_PX + number * LINE_PX
        texts.append(f'<text x="{left + PAD_PX:.0f}" y="{baseline:.0f}" class="files">{escape(line)}</text>')
    return "\n".join(texts)


def laid_out(boxes: dict[str, Node], edges: Edges) -> tuple[str, float, float]:
    """The boxes with arrows between them, as SVG whose corner is at 0, 0; its width and height."""
    rows, ways = with_lanes(boxes, edges)
    arrange(rows, ways)
    nodes = [node for row in rows for node in row]
    left = min(node.x - node.width / 2 for node in nodes)
    top, bottoms = 0.0, {}
    for row in rows:
        for node in row:
            node.x -= left
            node.top = top
        top += max(node.height for node in row if node.files is not None)
        bottoms[row[0].row] = top
        top += ROW_GAP_PX
    arrows = [arrow(way, bottoms, *place) for way, place in zip(ways, ports(ways), strict=True)]
    pictures = [drawn(node) for node in nodes if node.files is not None]
    return "\n".join(arrows + pictures), max(node.x + node.width / 2 for node in nodes), top - ROW_GAP_PX
