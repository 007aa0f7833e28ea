"""What a picture shows does not depend on the size that it is exported at."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from benchmarks.measures import content_match, structure
from engine.box import Size
from engine.images.quantise import to_uint8
from engine.method import Method, method_keys
from engine.options import RenderMode
from engine.preview.views import artwork
from tests.engine.method_jobs import JOBS, built

SCALES = (0.5, 1.25, 2.0)
SHOWN = {"famos": "content", "magic": "content", "neural_style": "content", "doodle": "target_mask"}
"""The slot of what a picture shows."""
BY_SIZE = {"texture", "stylize", "doodle_net"}
"""Their strokes keep their size, so that a larger picture has more of them."""


def exported(method: Method, scale: float, out: Path) -> Path:
    trained = method.canvas_size
    size = Size(round(scale * trained.height), round(scale * trained.width))
    mode = RenderMode(originals=scale) if "originals" in method.capabilities and scale != 1 else RenderMode()
    with torch.no_grad():
        picture: Tensor = artwork(method, size, "result", mode).at(size.box)
    Image.fromarray(to_uint8(picture)).save(out)
    return out


def test_each_method_says_what_its_size_means() -> None:
    assert {*SHOWN, *BY_SIZE} == set(method_keys())


@pytest.mark.parametrize("key", SHOWN)
def test_a_picture_shows_the_same_at_every_size(key: str, tmp_path: Path) -> None:
    method = built(key, tmp_path, steps=3)
    target = Path(JOBS[key](tmp_path).sources[SHOWN[key]][0].path)
    trained = exported(method, 1.0, tmp_path / "trained.png")
    for scale in SCALES:
        picture = exported(method, scale, tmp_path / f"{scale}.png")
        for measure in (content_match, structure):
            assert measure(picture, target) == pytest.approx(measure(trained, target), abs=0.08), (scale, measure)
