"""What `--map NAME=FILE` and `--pieces REGION=IMAGES` make of a job's images; map_arguments.py declares them."""

from __future__ import annotations

import glob
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from engine.cli.map_arguments import NO_MAP
from engine.cli.named_images import images_of
from engine.cli.terminal import argument
from engine.declarations import Slot
from engine.errors import UsageError
from engine.images.find import find_images
from engine.job import SourceImage
from engine.method import method_slots

Sources = dict[str, tuple[SourceImage, ...]]


def pieces_paths(arguments: Namespace) -> list[Path]:
    """All images that `--pieces` names. Raises UsageError."""
    return [path for _, paths in _given(arguments) for path in paths]


def with_maps(sources: Mapping[str, tuple[SourceImage, ...]], method: str, arguments: Namespace) -> Sources:
    """The images with the maps that are asked for, and the regions that style images may lie in.

    Images that are given to no region lie in those that none is given to.

    Raises:
        UsageError: a map, a region or an image is not there.
    """
    slots = {slot.map: slot for slot in method_slots(method) if slot.map}
    changed = dict(sources)
    for name, value in arguments.map:
        if name not in slots:
            known = f"it has {', '.join(slots)}" if slots else "it has none"
            raise UsageError(f"argument --map: this method has no map {name}; {known}.")
        changed[slots[name].key] = () if value == NO_MAP else (_image(Path(value)),)
    if arguments.pieces:
        slot = next((slot for slot in slots.values() if slot.directs), None)
        if slot is None or not changed.get(slot.key):
            name = "pieces" if slot is None else slot.map
            raise UsageError(f"argument --pieces: it needs the map with the regions, as --map {name}=regions.png.")
        changed[slot.directs] = _placed(changed.get(slot.directs, ()), changed[slot.key][0], slot, arguments)
    return changed


def _placed(images: tuple[SourceImage, ...], map_image: SourceImage, slot: Slot, arguments: Namespace) -> tuple:
    """The images and those that `--pieces` names, each with its regions."""
    from engine.images.maps import as_hex, read_palette, region_named  # loads torch
    from engine.images.regions import describe

    with argument(slot.option):
        palette = read_palette(Path(map_image.path))
    colors = [as_hex(color) for color in palette.tolist()]
    by_path: dict[str, set[str]] = {}
    named = set()
    for region, paths in _given(arguments):
        index = region_named(region, palette)
        if index is None:
            there = ", ".join(describe(color) for color in palette)
            raise UsageError(f"argument --pieces: the map has no region {region}; it has {there}.")
        named.add(colors[index])
        for path in paths:
            by_path.setdefault(str(path.absolute()), set()).add(colors[index])
    there = {image.path for image in images}
    everything = (*images, *(SourceImage(path=path) for path in by_path if path not in there))
    left = {color for color in colors if color not in named}
    return tuple(
        image.model_copy(update={"regions": tuple(c for c in colors if c in by_path.get(image.path, left))})
        for image in everything
    )


def _given(arguments: Namespace) -> list[tuple[str, list[Path]]]:
    """The images of each region, patterns replaced by what they stand for. Raises UsageError."""
    given = []
    for region, value in arguments.pieces:
        matches = [Path(path) for path in sorted(glob.glob(value))] or [Path(value)]
        given.append((region, images_of("--pieces", matches)))
    return given


def _image(path: Path) -> SourceImage:
    files, problems = find_images([path])
    if len(files) != 1:
        raise UsageError(f"argument --map: {' '.join(problems) or f'{path} is not one image.'}")
    return SourceImage(path=str(files[0].absolute()))
