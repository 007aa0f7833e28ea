"""The options that name images: one for each slot that any method has."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from engine.declarations import Slot
from engine.method import method_keys, method_slots


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
