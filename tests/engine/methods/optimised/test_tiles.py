"""neural_style: a picture that is looked at in tiles learns as one piece does."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.methods.optimised.base import PixelMethod
from engine.methods.optimised.neural_style import NeuralStyle
from engine.style.objective import Outcome
from tests.engine.famos_jobs import picture
from tests.engine.methods.optimised.plain import in_double, somewhere
from tests.engine.pixel_jobs import style_job

CPU = torch.device("cpu")
TILED = {
    "filters sliced": {"network": "filters", "statistic": "sliced", "variation_weight": 0.1},
    "filters gram": {"network": "filters", "statistic": "gram", "links": "chain", "blurred": True},
    "vgg sliced": {"network": "vgg19", "statistic": "sliced", "content_by": "features", "border": "valid"},
    "vgg gram": {
        **{"network": "vgg19", "statistic": "gram", "content_by": "features", "links": "to_content"},
        **{"adjacent": True, "shift": -1.0},
    },
    "vgg gram valid": {"network": "vgg19", "statistic": "gram", "content_by": "features", "border": "valid"},
    "vgg gram of two sizes": {
        **{"network": "vgg19", "statistic": "gram", "content_by": "features", "links": "chain"},
        **{"compared_sizes": 2, "layer_weights": "geometric"},
    },
    "vgg gram cubes": {"network": "vgg19", "statistic": "gram", "content_by": "features", "cubes": 2, "power": 1.1},
    "vgg gram masked": {"network": "vgg19", "statistic": "gram", "content_by": "features", "kept_share": 0.3},
}


def evaluated(method: PixelMethod, tile_px: int, image: Tensor) -> Outcome:
    objective = in_double(method, tile_px=tile_px)
    return objective.evaluate(image, method._weights())


@pytest.mark.parametrize("kind", TILED)
def test_a_picture_in_tiles_has_the_gradient_of_one_piece(kind: str, tmp_path: Path) -> None:
    """With tiles that do not divide it; the statistics are of the whole picture either way."""
    vgg = "vgg" in kind
    size = (330, 301) if vgg else (150, 171)
    sources = {
        "style": (picture(tmp_path / "s.png", *size, 1),),
        "content": (picture(tmp_path / "content.png", *size, 2),),
    }
    method = NeuralStyle(style_job(tmp_path, TILED[kind] | {"scales": 1}, sources=sources), CPU)
    image = somewhere(method)
    whole, tiled = (evaluated(method, tile_px, image) for tile_px in (4096, 64 if vgg else 32))
    for key, value in whole.terms.items():
        assert float(tiled.terms[key]) == pytest.approx(float(value), rel=1e-9, abs=1e-12)
    assert whole.gradient.norm() > 0
    assert (tiled.gradient - whole.gradient).norm() < 1e-6 * whole.gradient.norm()


def test_tiles_agree_in_float32_as_they_are_used(tmp_path: Path) -> None:
    sources = {
        "style": (picture(tmp_path / "s.png", 128, 90, 1),),
        "content": (picture(tmp_path / "content.png", 150, 171, 2),),
    }
    results = []
    for tile in (64, 4096):
        method = NeuralStyle(style_job(tmp_path, {"tile": tile, "scales": 1}, sources=sources), CPU)
        results.append(method._objective.evaluate(somewhere(method).float(), method._weights()))
    tiled, whole = results
    assert (tiled.gradient - whole.gradient).norm() < 1e-4 * whole.gradient.norm()


def test_nothing_larger_than_a_tile_is_ever_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features are many times as large as the picture; those of more than a tile with its halo never exist."""
    sources = {key: (picture(tmp_path / f"{key}.png", 260, 270, len(key)),) for key in ("style", "content")}
    method = NeuralStyle(style_job(tmp_path, {"tile": 64, "scales": 1}, sources=sources), CPU)
    looked_at = []
    forward = method.network.forward

    def watched(image: Tensor, layers: Any = None) -> dict[str, Tensor]:
        looked_at.append(max(image.shape[2:]))
        return forward(image, layers)

    monkeypatch.setattr(method.network, "forward", watched)
    method.step(0)
    assert len(looked_at) > 50
    assert max(looked_at) <= 64 + 2 * method._objective.halo_px([])
