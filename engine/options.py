"""What an artist asks of a file, as plain data: how it is painted, how it is written. On paper: export/print_sizes.py.

No torch here, so that the window and the command line can use it at once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.errors import BadSettingError

SRGB, ADOBE_RGB = "srgb", "adobe-rgb"
Intent = Literal["relative", "perceptual"]
Compression = Literal["none", "lzw", "deflate"]


@dataclass(frozen=True)
class RenderMode:
    """Ways to paint a canvas other than as trained; `Method.capabilities` names those that a method has.

    Args:
        repeat: content, coordinates, noise and pieces close at the edges, for fabric and wallpaper.
        originals: how many times as large as the trained picture, which it shows, its pieces read from the full-size
            images; 0 for more pieces: they keep their size, and a larger canvas holds more of them.
        frame: an image file that takes the place of the content.
        tones: an image file whose tones decide how those of all frames are matched; empty for the frame's own.
        own_shape: the canvas takes the frame's shape, and about as many pixels as were trained for.
        smooth_paint: with `originals`, what is painted is enlarged as it is, without the fine detail of the pieces
            beneath.
    """

    repeat: bool = False
    originals: float = 0.0
    frame: str = ""
    tones: str = ""
    own_shape: bool = False
    smooth_paint: bool = False

    def stored(self) -> dict[str, Any]:
        """Plain JSON values; what came later is left out where it is not used, so that canvases begun before fit."""
        values = asdict(self)
        for later in ("own_shape", "smooth_paint"):
            if not values[later]:
                del values[later]
        return values

    @property
    def asks_for(self) -> frozenset[str]:
        """The capabilities that are asked for."""
        asked = {"repeat": self.repeat, "originals": self.originals > 0, "frames": bool(self.frame)}
        return frozenset(capability for capability, wanted in asked.items() if wanted)


@dataclass(frozen=True)
class EncodeOptions:
    """How a painted canvas becomes a file; none of it needs painting again.

    Args:
        dpi: pixels per inch that the file says it is to be printed with.
        profile: "srgb", "adobe-rgb", or the path of an ICC profile (RGB or CMYK).
        intent: what becomes of colours that the profile does not have.
        black_point: the darkest of the picture becomes the darkest of the profile.
        quality: of formats that trade it for bytes, 1 to 100. What a format reads, its `Format.options` names.
        compression: of TIFF.
        pyramid: a TIFF also holds smaller versions of itself.
        marks: crop marks outside the picture.
        provenance: settings, seeds, method and names of the images are written into the file.
        transparent: where the content is transparent, the file is too; the picture is painted there all the same.
    """

    dpi: float = 300.0
    profile: str = SRGB
    intent: Intent = "relative"
    black_point: bool = True
    quality: int = 92
    compression: Compression = "deflate"
    pyramid: bool = False
    marks: bool = False
    provenance: bool = True
    transparent: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.dpi <= 10_000:
            raise BadSettingError(f"dpi can not be {self.dpi:g}; it is a number from 1 to 10,000.")
        if not 1 <= self.quality <= 100:
            raise BadSettingError(f"quality can not be {self.quality}; it is a whole number from 1 to 100.")
        if self.intent not in ("relative", "perceptual"):
            raise BadSettingError(f"intent can not be {self.intent!r}; it is relative or perceptual.")
        if self.compression not in ("none", "lzw", "deflate"):
            raise BadSettingError(f"compression can not be {self.compression!r}; it is none, lzw or deflate.")

    def stored(self) -> dict[str, Any]:
        """Plain JSON values; what came later is left out where it is not used, so that what was begun before fits."""
        values = asdict(self)
        if not self.transparent:
            del values["transparent"]
        return values

    @property
    def converts(self) -> bool:
        """Whether colours are changed for the file's profile; they are then painted in 16 bit."""
        return self.profile != SRGB


def canvas_bits(bits: int, encode_options: EncodeOptions) -> int:
    """Depth of the canvas file for a picture of 8 or 16 bits a channel."""
    return 16 if encode_options.converts else bits
