"""What is chosen for a method, held against what it declares: images by slot, and presets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from engine.declarations import Slot
from engine.errors import BadSettingError
from engine.method import Method
from engine.nearest import nearest


def wrong_slots(
    method: type[Method], sources: Mapping[str, Sequence[object]], spelled: Callable[[Slot], str]
) -> Iterator[tuple[str, str]]:
    """The places that have too few images or too many, and those that the method does not have.

    Args:
        sources: images by key of a slot.
        spelled: how a place is named.

    Yields:
        The key, and what is wrong as a sentence that does not name it.
    """
    slots = {slot.key: slot for slot in method.slots}
    for key, images in sources.items():
        if images and key not in slots:
            taken = ", ".join(map(spelled, slots.values()))
            yield key, f"{method.title} takes no such images; it takes {taken}."
    for key, slot in slots.items():
        count = len(sources.get(key, ()))
        if not slot.minimum <= count <= slot.maximum:
            bounds = f"at least {slot.minimum}" if count < slot.minimum else f"at most {slot.maximum}"
            yield key, f"{count} images given, but {method.title} needs {bounds}."


def preset_values(method: type[Method], names: list[str]) -> dict[str, Any]:
    """Values of presets laid over each other, the last on top.

    Raises:
        BadSettingError: a name that the method does not have.
    """
    known = {preset.name.lower(): preset for preset in method.presets}
    values: dict[str, Any] = {}
    for name in names:
        if name.lower() not in known:
            names = [preset.name for preset in method.presets]
            near = nearest(name, names)
            asked = f"did you mean {near}? " if near else ""
            raise BadSettingError(f"There is no preset {name}; {asked}{method.title} has {'; '.join(names)}.")
        values |= known[name.lower()].values
    return values
