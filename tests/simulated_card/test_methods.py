"""What every method does on a card: the same as on the processor, within the rounding of floats.

On a machine with a card these tests run there; else on a simulated one (see card.py for what that can not know).
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.fields.artwork import Artwork
from engine.images.sources import coordinates
from engine.job import Job
from engine.method import Method, method_class, method_keys
from engine.options import RenderMode
from engine.preview import views
from tests.engine import famos_jobs, magic_jobs
from tests.engine.combinations import every_pair
from tests.engine.method_jobs import JOBS

CPU = torch.device("cpu")
BOX = Box(3, 5, 40, 30)
every_method = pytest.mark.parametrize("key", method_keys())

STYLE_NETWORKS: dict[str, tuple[Any, ...]] = {
    "statistic": ("sliced", "gram"),
    "norm": ("instance", "batch", "layer"),
    "normalised_gradients": (False, True),
    "adversarial_weight": (0.1, 0.0),
    "diversity_weight": (0.0, 0.5),
    "padding": ("circular", "replicate"),
}
PIXELS: dict[str, tuple[Any, ...]] = {
    "statistic": ("sliced", "gram"),
    "optimizer": ("adam", "lbfgs"),
    "content_by": ("tones", "features"),
    "colors": ("style", "luminance", "matched"),
    "border": ("replicate", "valid"),
    "tile": (512, 64),
    "links": ("each", "chain"),
}
SLIDERS: dict[str, tuple[Any, ...]] = {"color_matching": (0.0, 0.5), "collage_adversarial_weight": (0.0, 0.5)}
"""Those that add something to a step where they are not 0."""
# Those of the two doodles are those of texture and of neural style.
OPTIONS: dict[str, dict[str, tuple[Any, ...]]] = {
    "famos": famos_jobs.OPTIONS
    | SLIDERS
    | {
        "foreign_weight": (10.0, 0.0),
        "decision_weight": (0.0, 2.0),
        "content_counts": ("everywhere", "lines", "dark"),
        "collage_correspondence": ("same", "pool16", "pool32"),
        "border": ("inside", "over"),
        "temperature_ramp_steps": (0, 9),
    },
    "magic": magic_jobs.OPTIONS | SLIDERS | {"smoothing_px": (1.5, 0.0, 4.0), "conditional": (True, False)},
    "texture": STYLE_NETWORKS | {"generator": ("layered", "pyramid", "deep")},
    "stylize": STYLE_NETWORKS | {"content_by": ("tones", "features")},
    "neural_style": PIXELS,
}


def rows() -> list[tuple[str, dict[str, Any]]]:
    """Settings of each method in which every value of each option occurs; all pairs are tried on the processor."""
    found = []
    for key, options in OPTIONS.items():
        missing = [(name, value) for name, values in options.items() for value in values]
        for row in every_pair(options):
            with suppress(BadSettingError):
                method_class(key).Settings.of(row)
                if any(pair in missing for pair in row.items()):
                    missing = [pair for pair in missing if pair not in row.items()]
                    found.append((key, row))
        assert not missing, missing
    return found


def both(job: Job, device: torch.device, steps: int) -> tuple[Method, Method]:
    """The same training on the processor and on the card, equal up to rounding."""
    ours, theirs = (method_class(job.method)(job, place) for place in (CPU, device))
    for step in range(steps):
        same_terms(ours.step(step), theirs.step(step), device, tolerance(job))
    return ours, theirs


def tolerance(job: Job) -> float:
    """Relative to the largest value; sums run in other orders, and bfloat16 keeps eight bits."""
    return 0.06 if getattr(job.settings, "precision", "") == "bfloat16" else 2e-3


def same_terms(ours: dict[str, Tensor], theirs: dict[str, Tensor], device: torch.device, within: float) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert theirs[name].device.type == device.type, f"{name} is not on the card: reading it would end the session"
        assert float(theirs[name]) == pytest.approx(float(value), rel=within, abs=within), name


def same_pictures(ours: Method, theirs: Method, within: float) -> None:
    for method in (ours, theirs):
        method.freeze_statistics()
    with torch.no_grad():
        expected = Artwork(ours, ours.canvas_size).layers_at(BOX)
        found = Artwork(theirs, theirs.canvas_size).layers_at(BOX)
    assert expected.keys() == found.keys()
    for name, image in expected.items():
        assert (found[name].cpu() - image).abs().max() <= within, name


@every_method
def test_steps_states_and_pictures_equal_those_of_the_processor(key: str, device: torch.device, tmp_path: Path) -> None:
    """Also where a state goes from the processor to the card, and all layers that can be looked at."""
    job = JOBS[key](tmp_path)
    ours, theirs = both(job, device, steps=2)
    expected, found = ours.state(), theirs.state()
    assert expected.tensors.keys() == found.tensors.keys()
    for name, tensor in found.tensors.items():
        assert tensor.device == CPU, name
        assert torch.allclose(tensor.float(), expected.tensors[name].float(), atol=0.02), name
    same_pictures(ours, theirs, 0.01)
    for name, patch in ours.patches().items():
        assert (theirs.patches()[name].cpu() - patch).abs().max() < 0.02, name
    assert abs(views.preview(theirs).astype(int) - views.preview(ours).astype(int)).max() <= 3
    straight = ours.step(2)
    for begun in (found, expected):
        assert theirs.restore(begun) == []
        same_terms(straight, theirs.step(2), device, tolerance(job))


@pytest.mark.parametrize(("key", "options"), rows(), ids=[f"{key}-{place}" for place, (key, _) in enumerate(rows())])
def test_every_option_that_changes_the_graph(
    key: str, options: dict[str, Any], device: torch.device, tmp_path: Path
) -> None:
    job = JOBS[key](tmp_path, options)
    ours, theirs = both(job, device, steps=1)
    same_pictures(ours, theirs, 20 * tolerance(job) if tolerance(job) > 0.01 else 0.02)


WAYS = {
    "repeat": RenderMode(repeat=True),
    "originals": RenderMode(originals=2.0),
    "repeated originals": RenderMode(originals=2.0, repeat=True),
    "frame": RenderMode(frame="a.png"),
}


@pytest.mark.parametrize(
    ("mode", "way"), [*(("blend", way) for way in WAYS), ("copy", "originals"), ("paint", "repeat")]
)
def test_famos_paints_in_every_way(mode: str, way: str, device: torch.device, tmp_path: Path) -> None:
    job = JOBS["famos"](tmp_path, {"mode": mode})
    render_mode = WAYS[way]
    if render_mode.frame:
        render_mode = RenderMode(frame=str(tmp_path / render_mode.frame))
    canvas_size = Size(64, 96)
    pictures = []
    for method in both(job, device, steps=1):
        with torch.no_grad():
            artwork = Artwork(method.renderer(render_mode), canvas_size)
            pictures.append({name: image.cpu() for name, image in artwork.layers_at(Box(8, 8, 40, 50)).items()})
    for name, image in pictures[0].items():
        assert (pictures[1][name] - image).abs().max() < 0.01, name


def test_coordinates_lie_on_the_card(device: torch.device) -> None:
    box, canvas_size = Box(-3, 4, 7, 9), Size(50, 60)
    on_card = coordinates(box, canvas_size, device)
    assert on_card.device.type == device.type
    assert torch.allclose(on_card.cpu(), coordinates(box, canvas_size, CPU))
