"""Small jobs for texture, stylize and doodle_net on images that are made here, and their training."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine.job import Job, SourceImage
from engine.method import method_class
from engine.methods.feedforward.base import GeneratorMethod
from tests.engine.famos_jobs import picture

CPU = torch.device("cpu")
TINY: dict[str, Any] = {"patch": 32, "batch": 2, "filters": 4, "levels": 2, "width": 2}
COLORS = np.array([[200, 30, 30], [30, 160, 30], [30, 30, 200]], np.uint8)


def bands(path: Path, height: int, width: int, regions: int = 3) -> SourceImage:
    """A mask of slanted bands, one plain colour each."""
    rows, columns = np.mgrid[:height, :width]
    labels = ((rows + 0.4 * columns) * regions / (height + 0.4 * width)).astype(int) % regions
    Image.fromarray(COLORS[labels]).save(path)
    return SourceImage(path=str(path))


def job(method: str, folder: Path, settings: dict[str, Any] | None = None, **changes: Any) -> Job:
    """A job in `folder`, with all slots that any of the three has."""
    sources: dict[str, tuple[SourceImage, ...]] = {"style": (picture(folder / "a.png", 70, 91, 1),)}
    if method == "texture":
        sources["style"] += (picture(folder / "b.png", 83, 66, 2),)
    if method == "stylize":
        sources["content"] = (picture(folder / "c.png", 77, 101, 3), picture(folder / "d.png", 64, 90, 4))
    if method == "doodle_net":
        sources["style_mask"] = (bands(folder / "m.png", 35, 45),)
        sources["target_mask"] = (bands(folder / "t.png", 80, 66),)
    scales = {"stylize": {"blocks": 1}}.get(method, {"scales": 3})
    values: dict[str, Any] = {
        "method": method,
        "settings": method_class(method).Settings.of(TINY | scales | (settings or {})),
        "sources": sources,
    }
    return Job(**(values | changes))


def trained(method: GeneratorMethod, steps: int, first: int = 0) -> GeneratorMethod:
    for step in range(first, first + steps):
        terms = method.step(step)
        assert all(torch.isfinite(value) and value.shape == () for value in terms.values()), terms
        assert {term.key for term in method.terms} >= set(terms)
    return method
