"""A tiny job of each registered method, and what their laws look at. A new method adds one row to `JOBS`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.job import Job
from engine.method import Method, method_class
from tests.engine import famos_jobs, generator_jobs, magic_jobs, pixel_jobs

CPU = torch.device("cpu")

# In a folder of its own: images that are made here, networks of a few channels.
JOBS: dict[str, Callable[..., Job]] = {
    "famos": famos_jobs.job,
    "magic": magic_jobs.job,
    "neural_style": pixel_jobs.style_job,
    "doodle": pixel_jobs.doodle_job,
    "texture": partial(generator_jobs.job, "texture"),
    "stylize": partial(generator_jobs.job, "stylize"),
    "doodle_net": partial(generator_jobs.job, "doodle_net"),
}


def built(key: str, folder: Path, settings: dict[str, Any] | None = None, steps: int = 0, **changes: Any) -> Method:
    method = method_class(key)(JOBS[key](folder, settings, **changes), CPU)
    for step in range(steps):
        method.step(step)
    return method


def painted(method: Method, canvas_size: Size, box: Box | None = None) -> dict[str, Tensor]:
    """All layers of a box, by default of the whole canvas; [3, h, w] each."""
    method.freeze_statistics()
    with torch.no_grad():
        return Artwork(method, canvas_size).layers_at(box or canvas_size.box)


def whole(method: Method, canvas_size: Size, layer: str = "result") -> Tensor:
    """One layer of the whole canvas, [3, h, w]."""
    with torch.no_grad():
        return Artwork(method, canvas_size, layer).at(canvas_size.box)


def learned(method: Method) -> dict[str, Tensor]:
    """The tensors of its state, but for those that painting takes as well: statistics, see `freeze_statistics`."""
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    return {
        name: tensor
        for name, tensor in method.state().tensors.items()
        if not (name.startswith("average.") and name.rpartition(".")[2] in statistics)
    }


def check_goes_on(build: Callable[[], Method]) -> None:
    """A method that is stopped, stored and built again goes on, and paints, as one that never stopped."""
    straight = build()
    for step in range(3):
        straight.step(step)
    kept = straight.state()
    assert all(tensor.device.type == "cpu" and tensor.is_contiguous() for tensor in kept.tensors.values())
    resumed = build()
    assert resumed.restore(kept) == []
    for step in range(3, 6):
        ours, theirs = straight.step(step), resumed.step(step)
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    ours, theirs = straight.state(), resumed.state()
    assert ours.plain == theirs.plain
    assert ours.tensors.keys() == theirs.tensors.keys()
    assert all(torch.equal(ours.tensors[name], theirs.tensors[name]) for name in ours.tensors)
    assert torch.equal(painted(straight, Size(64, 64))["result"], painted(resumed, Size(64, 64))["result"])


def check_tiles_agree(method: Method, canvas_size: Size, tile_px: int = 64, rounding: float = 1e-5) -> Tensor:
    """Crops agree: every layer that is painted in tiles is what it is in one piece. Returns the result in one piece."""
    one_piece = painted(method, canvas_size)
    for tile in canvas_size.box.tiles(tile_px):
        rows, columns = tile.within(canvas_size.box)
        for name, piece in painted(method, canvas_size, tile).items():
            assert (piece - one_piece[name][:, rows, columns]).abs().max() <= rounding, name
    return one_piece["result"]
