"""Sizes on paper: lengths with units, papers and labs, bleed, crop marks. Plain arithmetic, no pixels are touched."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.options import EncodeOptions

MM_PER_INCH = 25.4
UNITS = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": MM_PER_INCH, '"': MM_PER_INCH}
_LENGTH = re.compile(r'\s*([0-9]*[.,]?[0-9]+)\s*(px|mm|cm|m|in|")?\s*', re.IGNORECASE)
_MARGIN_MM, _GAP_MM, _LINE_MM = 8.0, 1.5, 0.1


@dataclass(frozen=True)
class Paper:
    """A size that shops offer, upright, in millimetres."""

    name: str
    width_mm: float
    height_mm: float

    def pixels(self, dpi: float, landscape: bool = False) -> Size:
        width, height = pixels(self.width_mm, dpi), pixels(self.height_mm, dpi)
        return Size(width, height) if landscape else Size(height, width)


PAPERS = (
    Paper("A5", 148, 210),
    Paper("A4", 210, 297),
    Paper("A3", 297, 420),
    Paper("A2", 420, 594),
    Paper("A1", 594, 841),
    Paper("A0", 841, 1189),
    Paper("30 x 40 cm", 300, 400),
    Paper("50 x 70 cm", 500, 700),
    Paper("60 x 90 cm", 600, 900),
)


@dataclass(frozen=True)
class Lab:
    """What a kind of shop wants of a file."""

    name: str
    help: str
    suffix: str
    bits: Literal[8, 16]
    encode_options: EncodeOptions


LABS = (
    Lab(
        "Photo lab",
        "8 bit JPEG in Adobe RGB",
        ".jpg",
        8,
        EncodeOptions(dpi=300, profile="adobe-rgb", quality=95, marks=False),
    ),
    Lab("Master", "16 bit TIFF, to keep and to edit", ".tif", 16, EncodeOptions(dpi=300)),
    Lab("Screen", "8 bit PNG in sRGB", ".png", 8, EncodeOptions(dpi=96)),
)


def print_scale(size: Size, trained: Size) -> float:
    """How many times as large as the trained picture a print of any shape is; what sticks out of it is cut away."""
    return max(size.height / trained.height, size.width / trained.width)


def proposed_size(trained: Size, content: Size | None) -> Size:
    """The trained picture, at least as large as the content in its file: what is asked for where nothing else is."""
    if content is None:
        return trained
    scale = min(content.height / trained.height, content.width / trained.width)
    if scale <= 1:
        return trained
    if max(content.height / trained.height, content.width / trained.width) < 1.01 * scale:
        return content  # the same shape, but for what was rounded
    return Size(math.ceil(trained.height * scale), math.ceil(trained.width * scale))


@dataclass(frozen=True)
class Use:
    """What a picture is often wanted for: it lies whole on a sheet, with the resolution that is asked of it.

    Args:
        width_mm, height_mm: of the sheet, upright.
        least_dpi, most_dpi: from what it looks sharp on, and what nobody sees more of.
    """

    name: str
    width_mm: float
    height_mm: float
    least_dpi: float
    most_dpi: float

    def lengths_mm(self, trained: Size) -> tuple[float, float]:
        """Height and width of the largest picture of the trained shape on the sheet, which lies as the picture does."""
        across, down = sorted((self.width_mm, self.height_mm), reverse=trained.width > trained.height)
        scale = min(down / trained.height, across / trained.width)
        return scale * trained.height, scale * trained.width

    def dpi(self, trained: Size, held: Size) -> float:
        """As many pixels for each inch as the originals hold, within what is useful."""
        possible = held.height / (self.lengths_mm(trained)[0] / MM_PER_INCH)
        return float(round(min(max(possible, self.least_dpi), self.most_dpi)))


PRINT_DPI = 200.0
"""From here on a print is sharp in the hand."""
USES = (
    Use("Screen", 285.75, 508.0, 96, 96),
    Use("A4", 210, 297, PRINT_DPI, 300),
    Use("A3", 297, 420, PRINT_DPI, 300),
    Use("Wall", 700, 1000, 100, 150),
)


def held_size(trained: Size, best: float) -> Size:
    """The largest picture whose pieces are pixels of their own files.

    Args:
        best: how many times as large as trained that is; see `preflight.best_originals`.
    """
    return Size(round(trained.height * best), round(trained.width * best))


@dataclass(frozen=True)
class Layout:
    """Where things lie in a printed file.

    Args:
        trim: the picture as it is after cutting.
        bleed_px: more of it on each side, that is cut away.
        encode_options: for the resolution, and whether there are crop marks.
    """

    trim: Size
    bleed_px: int
    encode_options: EncodeOptions

    @property
    def painted(self) -> Box:
        """The picture with its bleed, on a plane where the trimmed picture begins at (0, 0)."""
        b = self.bleed_px
        return Box(-b, -b, self.trim.height + 2 * b, self.trim.width + 2 * b)

    @property
    def margin_px(self) -> int:
        """White around the bleed, for the crop marks."""
        return pixels(_MARGIN_MM, self.encode_options.dpi) if self.encode_options.marks else 0

    @property
    def file(self) -> Size:
        """All of it."""
        more = 2 * (self.bleed_px + self.margin_px)
        return Size(self.trim.height + more, self.trim.width + more)

    def crop_marks(self) -> list[Box]:
        """Thin black boxes in the margin, in line with the trimmed edges; in pixels of the file."""
        if not self.encode_options.marks:
            return []
        dpi = self.encode_options.dpi
        line = max(1, pixels(_LINE_MM, dpi))
        length = max(1, self.margin_px - pixels(_GAP_MM, dpi))
        begin = self.margin_px + self.bleed_px
        height, width = self.file.height, self.file.width
        rows = (begin - line // 2, begin + self.trim.height - line // 2)
        columns = (begin - line // 2, begin + self.trim.width - line // 2)
        across = [Box(row, left, line, length) for row in rows for left in (0, width - length)]
        down = [Box(top, column, length, line) for column in columns for top in (0, height - length)]
        return across + down


def pixels(length_mm: float, dpi: float) -> int:
    return round(length_mm / MM_PER_INCH * dpi)


def length_mm(length_px: float, dpi: float) -> float:
    return length_px / dpi * MM_PER_INCH


def parse_length(text: str, dpi: float) -> int:
    """Pixels of "3mm", "0.5in", "2 cm" or "36px"; a bare number is in pixels.

    Raises:
        BadSettingError: it is none of these.
    """
    match = _LENGTH.fullmatch(text)
    if not match:
        raise BadSettingError(f"{text!r} is not a length; write it as 3mm, 0.5in, 2cm or 36px.")
    number, unit = float(match[1].replace(",", ".")), (match[2] or "px").lower()
    return round(number) if unit == "px" else pixels(number * UNITS[unit], dpi)


def parse_size(text: str, dpi: float, picture: Size | None = None) -> Size:
    """Pixels of "60x90cm", "24x36in", "6000x9000" (width first), or of a paper: "A1", "a1 landscape", "A1 upright".

    Args:
        picture: what is printed; a paper lies as it does unless the text says how. Upright where there is none.

    Raises:
        BadSettingError: it is none of these, or a side is 0.
    """
    words = text.strip().casefold()
    landscape = words.endswith(" landscape") or (
        picture is not None and picture.width > picture.height and not words.endswith(" upright")
    )
    name = words.removesuffix(" landscape").removesuffix(" upright")
    for paper in PAPERS:
        if paper.name.casefold() == name:
            return paper.pixels(dpi, landscape)
    width, times, height = re.sub("[×X*]", "x", text).partition("x")
    unit = re.search(r'(px|mm|cm|m|in|")\s*$', height, re.IGNORECASE)
    if times and unit and not re.search(r"[a-z\"]\s*$", width, re.IGNORECASE):
        width += unit[1]  # the unit of both stands at the end
    try:
        size = Size(parse_length(height, dpi), parse_length(width, dpi)) if times else Size(0, 0)
    except BadSettingError:
        size = Size(0, 0)
    if not (size.height and size.width):
        papers = ", ".join(paper.name for paper in PAPERS[:6])
        raise BadSettingError(
            f"{text!r} is not a size; write it as 60x90cm, 24x36in, 6000x9000, or as one of {papers}."
        )
    return size
