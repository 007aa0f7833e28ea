"""Which piece has which colour, for layers in which pieces are colours; and the images that a picture is laid of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.files import replacing
from engine.pieces import PieceInfo

_ROW_PX, _WIDTH_PX, _CHIP_PX, _MARGIN_PX = 30, 520, 22, 12
_MOST_NAMED = 12


def credits_line(pieces: Sequence[PieceInfo]) -> str:
    """The images that a picture is laid of, with their parts of its area, "Laid of leaves.jpg (62 %)."; or nothing."""
    parts: dict[str, float] = {}
    for piece in pieces:
        parts[piece.image] = parts.get(piece.image, 0.0) + piece.usage
    total = sum(parts.values())
    if total <= 0:
        return ""
    largest = sorted(parts.items(), key=lambda part: -part[1])
    named = [f"{name} ({100 * share / total:.0f} %)" for name, share in largest if share / total >= 0.005]
    more = len(named) - _MOST_NAMED
    said = ", ".join(named[:_MOST_NAMED])
    return f"Laid of {said} and {more} more." if more > 0 else f"Laid of {said}."


def legend_path(out: Path) -> Path:
    """Where the legend of an exported layer lies: beside it."""
    return out.with_name(f"{out.stem} legend.png")


def write_legend(path: Path, pieces: Sequence[PieceInfo], colors: Sequence[Sequence[float]]) -> None:
    """A picture with a row for each piece: its colour, image and part of the canvas; the most used first.

    Args:
        colors: red, green and blue of each index, 0..1.

    Raises:
        NoRoomError: the file can not be written.
    """
    from PIL import Image, ImageDraw, ImageFont  # which a window without an export does not load

    rows = sorted(pieces, key=lambda piece: -piece.usage)
    image = Image.new("RGB", (_WIDTH_PX, 2 * _MARGIN_PX + _ROW_PX * max(1, len(rows))), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(15)
    for place, piece in enumerate(rows):
        top = _MARGIN_PX + place * _ROW_PX
        red, green, blue = (round(255 * value) for value in colors[piece.index])
        chip = (_MARGIN_PX, top + 4, _MARGIN_PX + _CHIP_PX, top + 4 + _CHIP_PX)
        draw.rectangle(chip, fill=(red, green, blue), outline="black")
        words = f"{piece.index + 1}   {piece.image[:44]}   {100 * piece.usage:.1f} %"
        draw.text((_MARGIN_PX + _CHIP_PX + 10, top + 6), words, fill="black", font=font)
    with replacing(path) as temporary:
        image.save(temporary, "png")
