"""What a method declares of itself, for window and command line: slots, layers, curves, presets. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Slot:
    """A place where images are dropped.

    Args:
        minimum: how many images it needs; 0 where it may stay empty.
        kind: "mask" for plain colours that stand for regions, "amount" for greys that stand for more and less of
            something; both can be painted.
        beneath: keys of slots; a mask is painted over the first image of the first that has one.
        live: another image here asks for no rebuild as a rule (see `Method.try_update`): the picture follows the brush.
        flag: its option on the command line, where that is not the key's.
        map: its name in the command line's `--map NAME=FILE`, for what says where on the canvas.
        directs: key of the slot whose images its regions are given to.
    """

    key: str
    title: str
    help: str
    minimum: int = 1
    maximum: int = 1000
    kind: Literal["picture", "mask", "amount"] = "picture"
    beneath: tuple[str, ...] = ()
    live: bool = False
    flag: str = ""
    map: str = ""
    directs: str = ""

    @property
    def painted(self) -> bool:
        """Whether its images can be painted in the window."""
        return self.kind != "picture"

    @property
    def option(self) -> str:
        """The command line's option, "--style-mask" or "--map content"."""
        if self.map:
            return f"--map {self.map}"
        return self.flag or f"--{self.key.replace('_', '-')}"


@dataclass(frozen=True)
class Layer:
    """One of the pictures that a method paints."""

    key: str
    title: str
    help: str


@dataclass(frozen=True)
class Term:
    """A curve: a key of `Method.step`'s result, in the artist's words. Terms of one group share a plot."""

    key: str
    title: str
    group: str
    help: str = ""


MATCHES = (
    Term(
        "style_match",
        "Style match",
        "Match",
        "How near the picture is to the style, 0 to 100: 100 is as near as one half of the style is to the other.",
    ),
    Term(
        "content_match",
        "Content match",
        "Match",
        "How much the picture, blurred and grey, looks like the content, 0 to 100.",
    ),
    Term(
        "structure_match",
        "Structure match",
        "Match",
        "How many of the content's edges and details are there, 0 to 100. It notices a face that is lost.",
    ),
)
"""What is measured of every method's picture while it trains; see style/matches.py."""


@dataclass(frozen=True)
class Preset:
    """Values to start from. `group` is "speed" (size of networks) or "look".

    for_card: on a processor its steps are long, and may need more memory than there is.
    """

    name: str
    help: str
    values: Mapping[str, Any]
    group: str = "speed"
    for_card: bool = False
