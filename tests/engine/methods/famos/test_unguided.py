"""FAMOS without a content: a texture of any size that noise decides, alike everywhere."""

from pathlib import Path

import pytest
import torch

from engine.box import Box, Size
from engine.errors import MissingSourcesError
from engine.fields.artwork import Artwork
from engine.job import Job
from engine.methods.famos.method import Famos
from engine.methods.famos.settings import FamosSettings
from engine.options import RenderMode
from tests.engine import famos_jobs

CPU = torch.device("cpu")
UNGUIDED = {"guidance": "unguided", "mode": "paint", "periodic_noise": 4, "skips": False}


def texture(folder: Path, **settings: object) -> Job:
    job = famos_jobs.job(folder)
    values = FamosSettings.of({**famos_jobs.TINY, **UNGUIDED, **settings})
    return job.model_copy(update={"sources": {"style": job.sources["style"]}, "settings": values})


def test_it_learns_from_the_style_alone(tmp_path: Path) -> None:
    method = Famos(texture(tmp_path), CPU)
    terms = [method.step(step) for step in range(2)][-1]
    assert float(terms["content"]) == 0
    assert float(terms["generator"]) != 0
    assert method.canvas_size == method._styles[0].size


def test_no_place_is_known_and_a_larger_canvas_goes_on(tmp_path: Path) -> None:
    """The same noise makes the same picture wherever it lies: the canvas has no middle and no edge."""
    method = Famos(texture(tmp_path), CPU)
    method.step(0)
    scene = method.scene(Size(400, 500))
    assert not scene.coordinates(Box(-300, 90, 32, 32)).any()
    small, large = (Artwork(method, size).at(Box(0, 0, 64, 64)) for size in (Size(64, 64), Size(400, 500)))
    assert torch.allclose(small, large, atol=1e-5)
    assert small.std() > 1e-3


def test_a_repeat_of_it_closes(tmp_path: Path) -> None:
    method = Famos(texture(tmp_path), CPU)
    method.step(0)
    size = Size(64, 96)
    repeat = Artwork(method.renderer(RenderMode(repeat=True)), size)
    assert torch.allclose(repeat.at(Box(0, 0, 32, 32)), repeat.at(Box(64, 96, 32, 32)), atol=1e-5)


def test_pieces_too_need_no_content(tmp_path: Path) -> None:
    method = Famos(texture(tmp_path, mode="blend", without_content="chance"), CPU)
    assert float(method.step(0)["content_collage"]) == 0
    assert method.scene(Size(64, 64)).coordinates(Box(0, 0, 32, 32)).any()  # else it would not know the templates


def test_guided_it_asks_for_a_content(tmp_path: Path) -> None:
    with pytest.raises(MissingSourcesError, match="Drop one on Content, or choose Unguided for a texture"):
        Famos(texture(tmp_path, guidance="guided"), CPU)


def test_guided_a_content_is_needed_and_unguided_it_is_not() -> None:
    assert Famos.needed_slots(FamosSettings(guidance="guided")) == {"style", "content"}
    assert Famos.needed_slots(FamosSettings(guidance="unguided")) == {"style"}
