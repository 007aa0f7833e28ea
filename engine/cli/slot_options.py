"""The options that name images: one for each slot that any method has."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

from engine.method import Slot, method_keys, method_slots

NO_MAP = "none"


def slot_options() -> dict[str, str]:
    """The option of each slot by the slot's key, in the order in which methods have them; maps have one for all."""
    return {slot.key: slot.option for key in method_keys() for slot in method_slots(key) if not slot.map}


def add_slot_options(parser: ArgumentParser) -> None:
    """Declares them; a slot's key is the name of its value, a list of paths or None."""
    methods = method_keys()
    slots: dict[str, dict[str, Slot]] = {}
    for method in methods:
        for slot in (slot for slot in method_slots(method) if not slot.map):
            slots.setdefault(slot.key, {})[method] = slot
    for key, by_method in slots.items():
        first, *_ = by_method.values()
        owners = "all methods" if len(by_method) == len(methods) else ", ".join(by_method)
        if all(slot.maximum == 1 for slot in by_method.values()):
            text = f"an image for {owners}"
            parser.add_argument(first.option, dest=key, type=Path, nargs=1, metavar="PATH", help=text)
        else:
            text = f"images, or folders of images, for {owners}"
            parser.add_argument(
                first.option, dest=key, type=Path, nargs="+", action="extend", metavar="PATH", help=text
            )


def add_map_options(parser: ArgumentParser) -> None:
    """Declares both."""
    names = dict.fromkeys(slot.map for key in method_keys() for slot in method_slots(key) if slot.map)
    parser.add_argument(
        "--map",
        type=_assignment,
        action="append",
        default=[],
        metavar="NAME=FILE",
        help=f"an image that says where, for {', '.join(names)}; {NO_MAP} instead of a file leaves a map out",
    )
    parser.add_argument(
        "--pieces",
        type=_assignment,
        action="append",
        default=[],
        metavar="REGION=IMAGES",
        help="style images for a region of the map of pieces, as red=city/*.jpg or '#1428dc=leaves.jpg'",
    )


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise ArgumentTypeError(f"{text!r} is not NAME=FILE, as in content=care.png")
    return name.strip().lower(), value.strip()
