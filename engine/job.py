"""A job: everything that decides what is computed. Its file is project.py's. No torch here, and no method is known."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.box import Size
from engine.settings import Settings

DEFAULT_METHOD = "magic"
"""What a new project begins with, in the window and on the command line."""
SMALLEST_SIDE_PX, LARGEST_SIDE_PX = 64, 300_000
"""Of a canvas."""
MOST_PIECES = 1000
"""Of a set, or templates."""
MOST_WEIGHT = 20.0
"""Of a piece that is favoured."""
COLOR = "^#[0-9a-f]{6}$"
"""How a region of a map is named: by its colour."""


class SourceImage(BaseModel):
    """One image that the artist dropped.

    Args:
        path: absolute.
        weight: share of the templates (style) or of the crops (content), relative to the others.
        scale: the image is resampled by this factor before use.
        regions: colours, "#rrggbb", of the regions of a map in which it may lie; None for anywhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    path: str
    weight: Annotated[float, Field(ge=0.0, le=10.0)] = 1.0
    scale: Annotated[float, Field(ge=0.05, le=4.0)] = 1.0
    regions: tuple[Annotated[str, Field(pattern=COLOR)], ...] | None = None


class PiecePlace(BaseModel):
    """A place of an image, as a piece shows it.

    Args:
        image: `pieces.image_names` has it.
        row, column: what lies in the middle of the canvas, as shares of the image's sides.
        flip: whether the image runs upwards, and leftwards, there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    image: Annotated[str, Field(max_length=1000)]
    row: Annotated[float, Field(ge=0.0, le=1.0)]
    column: Annotated[float, Field(ge=0.0, le=1.0)]
    flip: tuple[bool, bool] = (False, False)


class PieceChoice(BaseModel):
    """What the artist wants of one piece.

    It belongs to the piece that was drawn in a place of the set: where another one is drawn there it rests, unless it
    is locked. pieces.py makes these.

    Args:
        index: of the piece, in its set or among the templates.
        of: names the piece as it was drawn.
        weight: how much it is favoured, 1 as it is; 0 mutes it.
        locked: it stays when others are drawn anew; `place` is given then.
        place: another place than the one that was drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    index: Annotated[int, Field(ge=0, lt=MOST_PIECES)]
    of: Annotated[str, Field(max_length=1000)]
    weight: Annotated[float, Field(ge=0.0, le=MOST_WEIGHT)] = 1.0
    locked: bool = False
    place: PiecePlace | None = None


class PieceChoices(BaseModel):
    """What the artist wants of single pieces.

    Args:
        draw: how often those that are not locked were drawn anew.
        choices: at most one for each piece.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    draw: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    choices: tuple[PieceChoice, ...] = ()


def _check_sides(size: Size | None) -> Size | None:
    if size is not None and not all(SMALLEST_SIDE_PX <= side <= LARGEST_SIDE_PX for side in (size.height, size.width)):
        raise ValueError(f"a canvas has sides from {SMALLEST_SIDE_PX} to {LARGEST_SIDE_PX} pixels")
    return size


class Job(BaseModel):
    """Everything that decides what is computed; equal jobs give equal pictures (on one device).

    Plain values become settings once, at the edge where they come in (a file, the command line, the window), by
    `Settings.of` of the method's own class; from there on they are carried as that, and nobody validates them again.

    Args:
        method: key in the registry, "famos".
        settings: of that method, an instance of its `Method.Settings`.
        sources: images of each of the method's slots, in the artist's order; the first content is the target.
        canvas_size: in pixels, 64 to 300,000 a side; None follows the first content.
        seed: of weights, crops and noise.
        pieces: what is wanted of single pieces.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    method: str
    settings: Settings
    sources: dict[str, tuple[SourceImage, ...]] = {}
    canvas_size: Annotated[Size | None, AfterValidator(_check_sides)] = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 7
    pieces: PieceChoices = PieceChoices()

    def stored(self) -> dict[str, Any]:
        """Plain JSON values, as all files have them; `project.parse_job` reads them back.

        Only those settings are written that were ever named: the others follow the defaults of whoever reads them.
        """
        pieces = (
            {"pieces": self.pieces.model_dump(mode="json", exclude_defaults=True)}
            if self.pieces.draw or self.pieces.choices
            else {}
        )
        return {
            "method": self.method,
            "settings": self.settings.model_dump(mode="json", exclude_unset=True),
            "sources": {
                slot: [image.model_dump(mode="json", exclude_none=True) for image in images]
                for slot, images in self.sources.items()
            },
            "canvas": None if self.canvas_size is None else [self.canvas_size.height, self.canvas_size.width],
            "seed": self.seed,
            **pieces,
        }
