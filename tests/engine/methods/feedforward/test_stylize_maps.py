"""Fast stylisation by maps: which style where, and how much of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from engine.box import Size
from engine.fields.artwork import Artwork
from engine.job import Job, SourceImage
from engine.methods.feedforward.stylize import Stylize
from engine.methods.map_slots import STRENGTH_MAP, STYLES_MAP
from tests.engine.famos_jobs import picture
from tests.engine.generator_jobs import job, trained
from tests.engine.method_jobs import check_goes_on, check_tiles_agree, whole

RED, BLUE = "#dc1414", "#1428dc"
CPU = torch.device("cpu")
CANVAS = Size(96, 112)
HALVES = {STYLES_MAP: (RED, BLUE)}
EACH = [(RED,), (BLUE,)]
RAMP = {STRENGTH_MAP: ("#404040", "#e0e0e0")}


def painted_map(path: Path, left: str, right: str) -> SourceImage:
    image = Image.new("RGB", (112, 96), left)
    image.paste(right, (56, 0, 112, 96))
    image.save(path)
    return SourceImage(path=str(path))


def mapped(
    folder: Path, slots: dict[str, tuple[str, str]], regions: Sequence[tuple[str, ...]] = (), **settings: Any
) -> Job:
    """A job of two styles with maps of two halves, and the regions of each style."""
    one = job("stylize", folder, settings, canvas_size=CANVAS)
    styles = (*one.sources["style"], picture(folder / "b.png", 83, 66, 2))
    if regions:
        styles = tuple(s.model_copy(update={"regions": r}) for s, r in zip(styles, regions, strict=True))
    maps = {slot: (painted_map(folder / f"{slot}.png", *ends),) for slot, ends in slots.items()}
    return one.model_copy(update={"sources": {**one.sources, "style": styles, **maps}})


def made(one: Job, steps: int = 0) -> Stylize:
    return trained(Stylize(one, CPU), steps)  # type: ignore[return-value]


@pytest.mark.parametrize("slots", [{STRENGTH_MAP: ("#808080", "#808080")}, HALVES], ids=["a grey map", "all alike"])
def test_a_map_that_says_nothing_changes_nothing(slots, tmp_path):
    plain, method = made(mapped(tmp_path, {}), 2), made(mapped(tmp_path, slots), 2)
    assert torch.allclose(whole(plain, CANVAS), whole(method, CANVAS), atol=1e-5)


def test_two_regions_of_one_style_equal_one(tmp_path):
    parts = made(mapped(tmp_path, HALVES, [(RED, BLUE), ()]), 2)
    one = made(mapped(tmp_path, {STYLES_MAP: (RED, RED)}, [(RED,), ()]), 2)
    assert torch.equal(whole(parts, CANVAS), whole(one, CANVAS))


@pytest.mark.parametrize("norm", ["instance", "layer", "none"])
def test_each_region_learns_its_own_style(norm, tmp_path):
    method = made(mapped(tmp_path, HALVES, EACH, norm=norm, feather_px=0.0), 6)
    swapped = mapped(tmp_path, {STYLES_MAP: (BLUE, RED)}, EACH, norm=norm, feather_px=0.0)
    ours = whole(method, CANVAS)
    assert method.try_update(swapped)
    theirs = whole(method, CANVAS)
    assert (ours - theirs).abs().mean((0, 1)).min() > 1e-4


def test_away_from_borders_a_region_is_painted_as_if_it_were_everywhere(tmp_path):
    method = made(mapped(tmp_path, HALVES, EACH), 3)
    halves = whole(method, CANVAS)
    for slots, part in (({STYLES_MAP: (RED, RED)}, slice(0, 40)), ({STYLES_MAP: (BLUE, BLUE)}, slice(72, 112))):
        everywhere = mapped(tmp_path, slots, EACH)
        assert not method.try_update(everywhere)  # no other region is left, so that another network is learned
        method._directions = type(method._directions)(regions=_all_of(method, part.start > 0))
        assert torch.allclose(whole(method, CANVAS)[:, :, part], halves[:, :, part], atol=1e-5)
        method.try_update(mapped(tmp_path, HALVES, EACH))


def _all_of(method: Stylize, last: bool) -> Any:
    regions = method._directions.regions
    assert regions is not None
    index = int(regions.labels[0, -1 if last else 0])
    return type(regions)(torch.full_like(regions.labels, index), regions.palette, regions.allowed)


def test_soft_borders_mix_within_their_width(tmp_path):
    method = made(mapped(tmp_path, HALVES, EACH, feather_px=30.0), 2)
    soft = whole(method, CANVAS)
    method.settings = method.settings.with_values({"feather_px": 0.0})
    off = (soft - whole(method, CANVAS)).abs().amax((0, 1))
    assert off[50:62].max() > 1e-4
    assert off[:25].max() < 1e-6


def test_where_strength_is_black_the_content_is_left(tmp_path):
    method = made(mapped(tmp_path, {STRENGTH_MAP: ("#000000", "#808080")}), 3)
    layers = Artwork(method, CANVAS).layers_at(CANVAS.box)
    off = (layers["result"] - layers["content"]).abs()
    assert off[:, :, :54].max() < 1e-6
    assert off[:, :, 60:].mean() > 0.01


def test_where_strength_is_white_it_is_painted_again(tmp_path):
    plain = whole(made(mapped(tmp_path, {}), 3), CANVAS)
    strong = whole(made(mapped(tmp_path, {STRENGTH_MAP: ("#808080", "#ffffff")}), 3), CANVAS)
    assert (plain - strong).abs()[:, :, :54].max() < 1e-5
    assert (plain - strong).abs()[:, :, 60:].mean() > 1e-3


@pytest.mark.parametrize("norm", ["instance", "layer"])
def test_tiles_agree_with_maps(norm, tmp_path):
    method = made(mapped(tmp_path, HALVES | RAMP, EACH, norm=norm, width=8), 2)
    for canvas_size in (CANVAS, Size(150, 131)):
        with torch.no_grad():
            check_tiles_agree(method, canvas_size)


def test_going_on_with_maps_equals_never_having_stopped(tmp_path):
    check_goes_on(lambda: made(mapped(tmp_path, HALVES | RAMP, EACH)))


def test_a_stroke_asks_for_no_rebuild_and_other_styles_of_regions_do(tmp_path):
    method = made(mapped(tmp_path, HALVES, EACH), 2)
    before = method.state().tensors
    assert method.try_update(mapped(tmp_path, {STYLES_MAP: (BLUE, RED)} | RAMP, EACH))
    after = method.state().tensors
    assert all(torch.equal(before[name], after[name]) for name in before)
    method.step(2)
    assert not method.try_update(mapped(tmp_path, HALVES, [(RED,), (RED, BLUE)]))
    assert not method.try_update(mapped(tmp_path, {}))


def test_what_was_learned_goes_on_with_regions(tmp_path):
    """A rebuild for a map that came later begins with the network that was learned, in each style, and back."""
    plain = made(mapped(tmp_path, {}, norm="layer"), 3)
    method = made(mapped(tmp_path, HALVES, EACH, norm="layer"))
    method.restore(plain.state(), strict=False)
    assert torch.allclose(whole(method, CANVAS), whole(plain, CANVAS), atol=1e-5)
    back = made(mapped(tmp_path, {}, norm="layer"))
    back.restore(method.state(), strict=False)
    assert torch.allclose(whole(back, CANVAS), whole(plain, CANVAS), atol=1e-5)
