"""A painted canvas file to a picture of any format, in the memory of a strip: what all formats have in common.

What each of them holds and how it is written is its own file's in formats/. Colours are converted by profiles.py, the
origin is described by provenance.py; painting is tiles.py's business.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from engine.box import Size
from engine.errors import BadSettingError
from engine.export import profiles
from engine.export.canvas_file import OPACITY_NAME, CanvasFile
from engine.export.encoding import Encoding, Progress, StopAsked
from engine.export.format import LARGEST_SIDE, format_of, formats, in_words, names, roomiest
from engine.export.print_sizes import Layout
from engine.export.transparency import Plane, written
from engine.options import EncodeOptions


def check_limits(out: Path, size: Size, bits: int, encode_options: EncodeOptions) -> profiles.Profile:
    """Whether a format can hold a picture; its profile, ready to be used.

    Raises:
        BadSettingError: one sentence on the first thing that does not fit.
    """
    kind = format_of(out)
    if bits not in (8, 16):
        raise BadSettingError(f"bits can not be {bits}; it is 8 or 16 for each colour.")
    if bits not in kind.bits:
        others = ["8 bits", *(other.name for other in formats() if bits in other.bits)]
        raise BadSettingError(f"{kind.title} holds 8 bits for each colour only. Choose {in_words(others, 'or')}.")
    if not (1 <= size.width <= LARGEST_SIDE and 1 <= size.height <= LARGEST_SIDE):
        raise BadSettingError(
            f"A picture of {size.width:,} × {size.height:,} px can not be exported; "
            f"each side is from 1 to {LARGEST_SIDE:,} px."
        )
    if max(size.width, size.height) > kind.largest_side:
        raise BadSettingError(
            f"{kind.title} ends at {kind.largest_side:,} px a side, and this picture has "
            f"{size.width:,} × {size.height:,} px. Choose {roomiest().name}, or a smaller size."
        )
    profile = profiles.load(encode_options.profile)
    if profile.space == "CMYK" and not kind.cmyk:
        raise BadSettingError(
            f"{kind.title} can not hold the CMYK colours of {profile.title}. "
            f"Choose {names(lambda other: other.cmyk, 'or')}."
        )
    if encode_options.transparent and not kind.transparency:
        raise BadSettingError(
            f"{kind.title} holds no transparency. Choose {names(lambda other: other.transparency, 'or')}, or let the "
            "picture be opaque."
        )
    plain_bytes = size.area * profile.bands * (bits // 8)
    if encode_options.transparent:
        plain_bytes = size.area * (profile.bands + 1) * (bits // 8) * kind.transparent_copies
    if kind.largest_bytes and plain_bytes > kind.largest_bytes:
        raise BadSettingError(
            f"{kind.title} ends at {kind.largest_bytes / 1e9:.1f} GB, and this picture has {plain_bytes / 1e9:.1f} GB. "
            f"Choose {roomiest().name}, 8 bits, or a smaller size."
        )
    return profile


def encode(
    canvas_file: CanvasFile,
    out: Path,
    *,
    encode_options: EncodeOptions | None = None,
    bits: int | None = None,
    layout: Layout | None = None,
    xmp: bytes | None = None,
    opacity: Plane | None = None,
    stop: StopAsked = lambda: False,
) -> Progress:
    """A painted canvas to the format that the name ends in, whole or not at all.

    Args:
        bits: 8 or 16 for each channel; the canvas' own unless given.
        layout: for the crop marks; none without.
        xmp: metadata that says where the picture comes from.
        opacity: how opaque places are, [1, h, w] of any box of the plane that was painted; None for all of them.

    Yields:
        The share that is done, 0..1, and the seconds left (None before that can be told), a few times a second.

    Raises:
        CancelledError: `stop` said so.
        BadSettingError: see `check_limits`.
        NoRoomError: the file can not be written.
    """
    encode_options, bits = encode_options or EncodeOptions(), bits or canvas_file.bits
    layout = layout or Layout(canvas_file.size, 0, encode_options)
    profile = check_limits(out, layout.file, bits, encode_options)
    with ExitStack() as stack:
        beside = None
        if opacity is not None:
            place = canvas_file.path.with_name(OPACITY_NAME)
            beside = stack.enter_context(written(opacity, layout.painted, bits, place))
        encoding = Encoding(canvas_file, out, encode_options, bits, layout, profile, xmp, beside)
        yield from format_of(out).write(encoding, stop)
    yield 1.0, 0.0
