"""`--map` and `--pieces`, declared without loading any method, so that help is there at once."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable

MAPS = ("pieces", "content", "size", "paint", "styles", "strength")
"""Names of all maps that methods have; a test compares them with the methods' slots."""
NO_MAP = "none"


def add_map_options(parser: ArgumentParser) -> None:
    """Declares `--map` and `--pieces`."""
    parser.add_argument(
        "--map",
        type=_assignment("NAME=FILE", "content=care.png"),
        action="append",
        default=[],
        metavar="NAME=FILE",
        help=f"an image that says where, for {', '.join(MAPS)}; {NO_MAP} instead of a file leaves a map out",
    )
    parser.add_argument(
        "--pieces",
        type=_assignment("REGION=IMAGES", "red=leaves/"),
        action="append",
        default=[],
        metavar="REGION=IMAGES",
        help="style images for a region of the map of pieces or styles, as red=city/*.jpg or '#1428dc=leaves.jpg'",
    )


def _assignment(form: str, example: str) -> Callable[[str], tuple[str, str]]:
    def parse(text: str) -> tuple[str, str]:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise ArgumentTypeError(f"{text!r} is not {form}, as in {example}")
        return name.strip().lower(), value.strip()

    return parse
