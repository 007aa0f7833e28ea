"""FAMOS keeps what its generator decided: strokes and settings that act after it ask it nothing anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.job import Job, SourceImage
from engine.methods.famos.method import Famos
from engine.methods.map_slots import CONTENT_MAP, PAINT_MAP, PIECES_MAP, SIZE_MAP
from tests.engine.famos_jobs import job
from tests.engine.methods.test_directed import RED, directed, halves, made

CPU = torch.device("cpu")
STROKE = (20, 20, 28, 27)


def picture_of(method: Famos, box: Box | None = None) -> torch.Tensor:
    with torch.no_grad():
        return Artwork(method, method.canvas_size).at(box or method.canvas_size.box)


@pytest.fixture
def asked(monkeypatch) -> Callable[[], int]:
    """How often the generator was asked since the last call."""
    asks = []
    decide = Famos._looked_at
    monkeypatch.setattr(Famos, "_looked_at", lambda self, *args: asks.append(1) or decide(self, *args))

    def count() -> int:
        number = len(asks)
        asks.clear()
        return number

    return count


def stroked(one: Job, slot: str, color: str) -> Job:
    """The same with a stroke on one map."""
    path = Path(one.sources[slot][0].path)
    with Image.open(path) as image:
        other = image.copy()
    other.paste(color, STROKE)
    other.save(path.with_stem(f"{path.stem}-stroked"))
    stroke = SourceImage(path=str(path.with_stem(f"{path.stem}-stroked")))
    return one.model_copy(update={"sources": {**one.sources, slot: (stroke,)}})


def test_strokes_and_settings_that_act_later_ask_nothing_anew(tmp_path, asked):
    one = directed("famos", tmp_path, halves(tmp_path))
    method = made(one)
    assert isinstance(method, Famos)
    method.step(0)
    before = picture_of(method)
    assert asked() == 1
    other = stroked(one, PIECES_MAP, RED)
    assert method.try_update(stroked(other, PIECES_MAP, "#1428dc"))
    after = picture_of(method)
    assert not torch.equal(before, after)
    method.settings = method.settings.with_values({"temperature": 1.0, "feather_px": 8.0})
    picture_of(method, Box(10, 10, 30, 30))
    method.piece_at(20, 20)
    assert asked() == 0
    method.settings = method.settings.with_values({"noise_seed": 4})
    picture_of(method)
    assert asked() == 1


@pytest.mark.parametrize("change", ["a step", "another state", "another canvas"])
def test_it_is_asked_again_where_decisions_are_others(change, tmp_path, asked):
    method = made(job(tmp_path))
    assert isinstance(method, Famos)
    before, state = picture_of(method), method.state()
    if change == "a step":
        method.step(0)
    elif change == "another state":
        other = made(job(tmp_path, seed=8))
        state.tensors |= {name: t for name, t in other.state().tensors.items() if name.startswith("average")}
        method.restore(state)
    asked()
    if change == "another canvas":
        half = type(method.canvas_size)(64, 64)
        Artwork(method, half).at(half.box)
    else:
        assert not torch.equal(picture_of(method), before)
    assert asked() == 1


@pytest.mark.parametrize("slot", [PIECES_MAP, PAINT_MAP])
def test_a_stroke_repaints_what_it_touched_and_nothing_else_changes(slot, tmp_path):
    grey = Image.new("RGB", (101, 77), "#808080")
    grey.save(tmp_path / "paint.png")
    one = directed("famos", tmp_path, halves(tmp_path) | {PAINT_MAP: SourceImage(path=str(tmp_path / "paint.png"))})
    method = made(one)
    assert isinstance(method, Famos)
    method.step(0)  # before that templates are drawn for the map as it is
    before = picture_of(method)
    assert method.try_update(stroked(one, slot, "#1428dc" if slot == PIECES_MAP else "#000000"))
    touched = method.touched
    assert touched is not None
    assert touched.area < 0.1 * method.canvas_size.area
    after = picture_of(method)
    rows, columns = touched.within(method.canvas_size.box)
    assert not torch.equal(before[:, rows, columns], after[:, rows, columns])
    after[:, rows, columns] = before[:, rows, columns]
    assert torch.equal(before, after)


@pytest.mark.parametrize("slot", [CONTENT_MAP, SIZE_MAP])
def test_maps_that_act_in_training_alone_repaint_nothing(slot, tmp_path):
    grey = Image.new("RGB", (101, 77), "#808080")
    grey.save(tmp_path / "grey.png")
    one = directed("famos", tmp_path, {slot: SourceImage(path=str(tmp_path / "grey.png"))})
    method = made(one)
    assert method.try_update(stroked(one, slot, "#ffffff"))
    assert method.touched is not None
    assert not method.touched.area


def test_where_a_second_network_looks_sideways_all_is_painted(tmp_path):
    one = directed("famos", tmp_path, halves(tmp_path), {"refine": True})
    method = made(one)
    assert method.try_update(stroked(one, PIECES_MAP, "#1428dc"))
    assert method.touched is None


def test_a_coarse_picture_is_the_sharp_one_at_every_few_pixels(tmp_path, asked):
    grey = Image.new("RGB", (101, 77), "#808080")
    grey.save(tmp_path / "paint.png")
    one = directed("famos", tmp_path, halves(tmp_path) | {PAINT_MAP: SourceImage(path=str(tmp_path / "paint.png"))})
    method = made(one)
    assert isinstance(method, Famos)
    assert method.coarse(3) is None  # nothing is decided yet, and to decide takes as long as the sharp picture
    sharp = picture_of(method)
    asked()
    renderer = method.coarse(3)
    assert renderer is not None
    small = Size(26, 34)
    with torch.no_grad():
        coarse = Artwork(renderer, small).at(small.box)
        part = Artwork(renderer, small).at(Box(5, 7, 12, 9))
    assert asked() == 0
    # Away from the border between the regions, whose place in a smaller map is another one.
    assert torch.allclose(coarse[:, :25, :15], sharp[:, 1::3, 1::3][:, :25, :15], atol=1e-5)
    assert torch.equal(part, coarse[:, 5:17, 7:16])
    method.step(0)
    assert method.coarse(3) is None
