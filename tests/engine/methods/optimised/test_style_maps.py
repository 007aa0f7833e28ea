"""Neural style by maps: which style where, and how much of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.fields.artwork import Artwork
from engine.job import Job, SourceImage
from engine.methods.map_slots import STRENGTH_MAP, STYLES_MAP
from engine.methods.optimised.neural_style import NeuralStyle
from tests.engine.pixel_jobs import style_job

RED, BLUE = "#dc1414", "#1428dc"
CPU = torch.device("cpu")
GRAM = {"statistic": "gram", "levels": 2, "optimizer": "lbfgs"}
STATISTICS = [pytest.param({}, id="sorted values"), pytest.param(GRAM, id="Gram matrices")]


def painted_map(path: Path, left: str, right: str) -> SourceImage:
    image = Image.new("RGB", (101, 77), left)
    image.paste(right, (50, 0, 101, 77))
    image.save(path)
    return SourceImage(path=str(path))


def mapped(
    folder: Path, slots: dict[str, tuple[str, str]], regions: Sequence[tuple[str, ...]] = (), **settings: Any
) -> Job:
    """A job of two styles with maps of two halves, and the regions of each style."""
    job = style_job(folder, settings)
    sources = dict(job.sources)
    for slot, ends in slots.items():
        sources[slot] = (painted_map(folder / f"{slot}.png", *ends),)
    if regions:
        styles = zip(job.sources["style"], regions, strict=True)
        sources["style"] = tuple(image.model_copy(update={"regions": places}) for image, places in styles)
    return job.model_copy(update={"sources": sources})


def made(job: Job, steps: int = 0) -> NeuralStyle:
    method = NeuralStyle(job, CPU)
    for step in range(steps):
        assert all(torch.isfinite(value) for value in method.step(step).values())
    return method


HALVES = {STYLES_MAP: (RED, BLUE)}
EACH = [(RED,), (BLUE,)]


@pytest.mark.parametrize("settings", STATISTICS)
@pytest.mark.parametrize("slots", [{STRENGTH_MAP: ("#808080", "#808080")}, HALVES], ids=["a grey map", "all alike"])
def test_a_map_that_says_nothing_changes_nothing(slots, settings, tmp_path):
    plain, method = made(style_job(tmp_path, settings), 3), made(mapped(tmp_path, slots, **settings), 3)
    assert torch.allclose(plain.picture, method.picture, atol=1e-4)
    canvas_size = Size(60, 60)
    ours, theirs = (Artwork(each, canvas_size).at(canvas_size.box) for each in (plain, method))
    assert torch.allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("settings", STATISTICS)
def test_two_regions_of_one_style_equal_one(settings, tmp_path):
    parts = made(mapped(tmp_path, HALVES, [(RED, BLUE), ()], **settings), 3)
    whole = made(mapped(tmp_path, {STYLES_MAP: (RED, RED)}, [(RED,), ()], **settings), 3)
    assert torch.equal(parts.picture, whole.picture)


@pytest.mark.parametrize("settings", [{"content_weight": 0.0}, GRAM | {"content_weight": 0.0}])
def test_each_region_becomes_like_its_style(settings, tmp_path):
    """One style is dark and the other light."""
    job = mapped(tmp_path, HALVES, EACH, **settings)
    for image, (low, high) in zip(job.sources["style"], ((0, 60), (190, 255)), strict=True):
        values = torch.randint(low, high, (70, 90, 3), generator=torch.Generator().manual_seed(1))
        Image.fromarray(values.to(torch.uint8).numpy()).save(image.path)
    picture = made(job, 12).picture[0]
    assert picture[:, :, 61:].mean() - picture[:, :, :40].mean() > 0.1


@pytest.mark.parametrize("settings", STATISTICS)
def test_the_style_weighs_as_often_as_the_map_says(settings, tmp_path):
    plain = made(style_job(tmp_path, settings))
    strong = made(mapped(tmp_path, {STRENGTH_MAP: ("#ffffff", "#ffffff")}, **settings))
    strong.picture = plain.picture.clone()
    ours, theirs = plain.step(0)["style"], strong.step(0)["style"]
    assert float(theirs) == pytest.approx(10 * float(ours), rel=1e-3)


def test_where_strength_is_black_the_content_is_left(tmp_path):
    method = made(mapped(tmp_path, {STRENGTH_MAP: ("#000000", "#808080")}), 4)
    layers = Artwork(method, method.canvas_size).layers_at(method.canvas_size.box)
    off = (layers["result"] - layers["content"]).abs()
    assert off[:, :, :48].max() == 0
    assert off[:, :, 55:].mean() > 0.01


@pytest.mark.parametrize("settings", STATISTICS)
def test_tiles_have_the_loss_of_the_whole_with_maps(settings, tmp_path):
    job = mapped(tmp_path, HALVES | {STRENGTH_MAP: ("#404040", "#ffffff")}, EACH, **settings, scales=1)
    whole, tiled = made(job), made(job)
    tiled._objective.tile_px = 32
    assert len(tiled._objective.tiles(tiled.picture)) > 1
    one, parts = (each._objective.evaluate(whole.picture, whole._weights()) for each in (whole, tiled))
    assert torch.allclose(one.gradient, parts.gradient, atol=1e-5)
    assert float(parts.loss) == pytest.approx(float(one.loss), rel=1e-3)


def test_crops_agree_with_maps_at_any_size(tmp_path):
    method = made(mapped(tmp_path, HALVES | {STRENGTH_MAP: ("#000000", "#ffffff")}, EACH), 2)
    canvas_size = Size(149, 131)
    whole, box = Artwork(method, canvas_size).at(canvas_size.box), Box(37, 51, 40, 50)
    rows, columns = box.within(canvas_size.box)
    assert torch.allclose(Artwork(method, canvas_size).at(box), whole[:, rows, columns], atol=1e-5)


@pytest.mark.parametrize("settings", STATISTICS)
def test_going_on_with_maps_equals_never_having_stopped(settings, tmp_path):
    job = mapped(tmp_path, HALVES | {STRENGTH_MAP: ("#404040", "#ffffff")}, EACH, **settings)
    straight, resumed = made(job, 3), made(job)
    assert resumed.restore(straight.state()) == []
    for step in (3, 4):
        a, b = straight.step(step), resumed.step(step)
        assert all(torch.equal(a[name], b[name]) for name in a)
    assert torch.equal(straight.picture, resumed.picture)


def test_a_stroke_acts_in_the_next_step_and_other_images_do_not(tmp_path):
    job = mapped(tmp_path, HALVES, EACH)
    method = made(job, 2)
    before = method.picture.clone()
    other = mapped(tmp_path, HALVES | {STRENGTH_MAP: ("#000000", "#808080")}, [(BLUE,), (RED,)])
    assert method.try_update(other)
    assert torch.equal(method.picture, before)
    method.step(2)
    assert method._directions.strength is not None
    assert not method.try_update(other.model_copy(update={"sources": {"style": job.sources["style"]}}))
    assert method.try_update(style_job(tmp_path))
    assert method._directions.regions is None


def test_bad_maps_are_told(tmp_path):
    gone = mapped(tmp_path, HALVES)
    Path(gone.sources[STYLES_MAP][0].path).unlink()
    assert any("without this map" in sentence for sentence in made(gone).warnings)
    with pytest.raises(BadSettingError, match="No image may lie anywhere"):
        made(mapped(tmp_path, HALVES, [(), ()]))
    empty = mapped(tmp_path, HALVES, [(RED,), (RED,)])
    assert any("blue" in sentence for sentence in made(empty).warnings)
