"""Small jobs for texture, stylize and doodle_net on images that are made here, and the laws that all three keep."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine.box import Size
from engine.fields.artwork import Artwork
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


def whole(method: GeneratorMethod, canvas: Size, layer: str = "result") -> torch.Tensor:
    with torch.no_grad():
        return Artwork(method, canvas, layer).at(canvas.box)


def trained(method: GeneratorMethod, steps: int, first: int = 0) -> GeneratorMethod:
    for step in range(first, first + steps):
        terms = method.step(step)
        assert all(torch.isfinite(value) and value.shape == () for value in terms.values()), terms
        assert {term.key for term in method.terms} >= set(terms)
    return method


def check_tiles_agree(method: GeneratorMethod, canvas: Size, side: int = 48) -> None:
    one_piece = whole(method, canvas)
    assert one_piece.std() > 1e-3
    artwork = Artwork(method, canvas)
    for tile in canvas.box.tiles(side):
        with torch.no_grad():
            piece = artwork.at(tile)
        rows, columns = tile.within(canvas.box)
        assert (piece - one_piece[:, rows, columns]).abs().max() <= 1e-5


def check_resume_equals_uninterrupted(build: type[GeneratorMethod], one: Job) -> None:
    straight = trained(build(one, CPU), 2)
    kept = straight.state()
    resumed = build(one, CPU)
    assert resumed.restore(kept) == []
    for step in range(2, 4):
        a, b = straight.step(step), resumed.step(step)
        assert all(torch.equal(a[key], b[key]) for key in a)
    ours, theirs = straight.state(), resumed.state()
    assert ours.plain == theirs.plain
    assert all(torch.equal(ours.tensors[name], theirs.tensors[name]) for name in ours.tensors)
    assert torch.equal(whole(straight, Size(64, 64)), whole(resumed, Size(64, 64)))


def check_live_setting_acts(build: type[GeneratorMethod], one: Job, name: str, value: Any) -> None:
    """Two equal methods; one is given another value after a step, and their next steps or pictures differ."""
    if name == "gradient_length":
        one = one.model_copy(update={"settings": one.settings.with_values({"normalised_gradients": True})})
    kept, turned = (trained(build(one, CPU), 1) for _ in range(2))
    turned.settings = turned.settings.with_values({name: value})
    trained(kept, 1, first=1)
    trained(turned, 1, first=1)
    ours, theirs = kept.state().tensors, turned.state().tensors
    learned = any(not torch.equal(ours[key], theirs[key]) for key in ours)
    painted = not torch.equal(whole(kept, Size(64, 64)), whole(turned, Size(64, 64)))
    assert learned or painted


def check_seeds(build: type[GeneratorMethod], one: Job) -> None:
    pictures = []
    for seed in (1, 1, 2):
        method = trained(build(one.model_copy(update={"seed": seed}), CPU), 1)
        pictures.append(whole(method, Size(64, 64)))
    assert torch.equal(pictures[0], pictures[1])
    assert not torch.equal(pictures[0], pictures[2])


def other_value(method: type[GeneratorMethod], name: str) -> Any:
    """A value of a live setting that differs from its default."""
    default = method.Settings.model_fields[name].default
    special = {
        "average_decay": 0.0,
        "learning_rate": 1e-4,
        "discriminator_rate": 1e-4,
        "whole_share": 1.0,
        "content_by": "features",
    }
    if name in special:
        return special[name]
    return (not default) if isinstance(default, bool) else default * 2 + 1
