"""Words of the command line to values, or a sentence on what is wrong with them, for argparse's `type`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from engine.box import Size
from engine.export.format import LARGEST_SIDE


def whole(minimum: int, maximum: int) -> Callable[[str], int]:
    """What reads whole numbers from `minimum` to `maximum`, both among them. It raises ArgumentTypeError."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = minimum - 1
        if not minimum <= number <= maximum:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {minimum} to {maximum}")
        return number

    return parse


def positive(text: str) -> float:
    """A number above 0 and without an end at infinity. Raises ArgumentTypeError."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def tile_px(text: str) -> int:
    """The side of a tile: 64 to 8192 pixels, a multiple of 16. Raises ArgumentTypeError."""
    if not (text.isdecimal() and 64 <= int(text) <= 8192 and int(text) % 16 == 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a multiple of 16 from 64 to 8192")
    return int(text)


def devices(text: str) -> tuple[str, ...]:
    """Keys of devices, with commas between them; whether they are there is asked later. Raises ArgumentTypeError."""
    keys = tuple(key.strip() for key in text.split(","))
    if not all(keys):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of devices, as in cuda:0,cuda:1")
    return keys


def part(text: str) -> tuple[int, int]:
    """ "2/5" as (2, 5): which part, counted from 1, and of how many, at most 10,000. Raises ArgumentTypeError."""
    k, _, n = text.partition("/")
    if not (k.isdecimal() and n.isdecimal() and 1 <= int(k) <= int(n) <= 10_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not K/N, as in 2/5 for the second of five parts")
    return int(k), int(n)


def canvas_size(text: str) -> Size:
    """WIDTHxHEIGHT in pixels, in the order in which people say it. Raises ArgumentTypeError."""
    width, _, height = text.lower().partition("x")
    if not all(side.isdecimal() and 64 <= int(side) <= LARGEST_SIDE for side in (width, height)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not WIDTHxHEIGHT with sides from 64 to {LARGEST_SIDE} pixels, as in 1200x800"
        )
    return Size(int(height), int(width))
