"""Compares two outputs of make.sh: `python compare.py OLD NEW`. Prints every difference; ends with 1 if there is one.

Compared are the names of the files, tensors (bit for bit), pictures (pixels, and all that is said beside them), values
in JSON, and all other files byte for byte. Left out are the time when a snapshot was made, how long its training took,
and the terms of a snapshot that several steps led to: they are means since the last report, and reports come by the
clock.

With `--tolerance T` numbers may differ, as they do on another kind of processor: terms and tensors by up to T, or by
this share of a tensor's largest value; and pixels (0..1), of which one in a hundred may differ more, since a place at
the edge of two regions may fall to the other one.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from safetensors.torch import load_file

PICTURES = (".png", ".jpg", ".webp", ".tif", ".psd")
BY_THE_CLOCK = ("created", "elapsed_s")


def differences(old: Path, new: Path, tolerance: float = 0.0) -> Iterator[str]:
    """One line for each difference between two folders."""
    ours, theirs = ({p.relative_to(top) for p in top.rglob("*") if p.is_file()} for top in (old, new))
    yield from (f"{path}: only in {old}" for path in sorted(ours - theirs))
    yield from (f"{path}: only in {new}" for path in sorted(theirs - ours))
    for path in sorted(ours & theirs):
        yield from (f"{path}: {what}" for what in in_file(old / path, new / path, tolerance))


def in_file(old: Path, new: Path, tolerance: float) -> Iterator[str]:
    """What differs between two files of one name."""
    if old.read_bytes() == new.read_bytes():
        return
    if old.suffix == ".safetensors":
        yield from in_tensors(old, new, tolerance)
    elif old.suffix == ".json":
        yield from in_json(story(old), story(new), tolerance)
    elif old.suffix in PICTURES:
        yield from in_pictures(old, new, tolerance)
    else:
        yield "other bytes"


def in_tensors(old: Path, new: Path, tolerance: float) -> Iterator[str]:
    ours, theirs = load_file(old), load_file(new)
    for name in sorted(ours.keys() ^ theirs.keys()):
        yield f"{name} only in {'old' if name in ours else 'new'}"
    for name in sorted(ours.keys() & theirs.keys()):
        a, b = ours[name], theirs[name]
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            yield f"{name} was {a.dtype} {tuple(a.shape)} and is {b.dtype} {tuple(b.shape)}"
        elif a.numpy().tobytes() != b.numpy().tobytes():
            apart, largest = (float(x.abs().max()) for x in (a.double() - b.double(), a.double()))
            if not apart <= tolerance * max(1.0, largest) or not tolerance:
                yield f"{name} differs by up to {apart:.3g}, where the largest is {largest:.3g}"


def in_pictures(old: Path, new: Path, tolerance: float) -> Iterator[str]:
    a, b = pixels(old), pixels(new)
    if (a.dtype, a.shape) != (b.dtype, b.shape):
        yield f"was {a.dtype} {a.shape} and is {b.dtype} {b.shape}"
        return
    apart = np.abs(a.astype(float) - b) / np.iinfo(a.dtype).max
    if np.quantile(apart, 0.99 if tolerance else 1.0) > tolerance:
        yield f"{(apart > tolerance).mean():.2%} of the pixels differ, by up to {apart.max():.3g} of the whole range"
    elif not tolerance:
        yield "the same pixels, but other compression, profile, resolution, or other words on where it comes from"


def pixels(path: Path) -> np.ndarray:
    if path.suffix == ".psd":  # which OpenCV does not read
        return np.asarray(Image.open(path))
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None, f"{path} is damaged"
    return picture


def story(path: Path) -> Any:
    """The values of a JSON file, without those that depend on the clock."""
    values = json.loads(path.read_text(encoding="utf-8"))
    if path.name == "snapshot.json":
        values = {name: value for name, value in values.items() if name not in BY_THE_CLOCK}
        if values["parent"] is None:  # three steps; a snapshot with a parent is one step from it
            values["terms"] = sorted(values["terms"])
    return values


def in_json(old: Any, new: Any, tolerance: float, place: str = "") -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            if name in old and name in new:
                yield from in_json(old[name], new[name], tolerance, f"{place}.{name}")
            else:
                yield f"{place}.{name} only in {'old' if name in old else 'new'}"
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from in_json(a, b, tolerance, f"{place}[{index}]")
    elif type(old) is not type(new) or old != new:
        floats = isinstance(old, float) and isinstance(new, float)
        if not (floats and math.isclose(old, new, rel_tol=tolerance, abs_tol=tolerance)):
            yield f"{place} was {old!r} and is {new!r}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares two outputs of make.sh.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--tolerance", type=float, default=0.0)
    arguments = parser.parse_args()
    found = list(differences(arguments.old, arguments.new, arguments.tolerance))
    print("\n".join(found) or "No differences.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
