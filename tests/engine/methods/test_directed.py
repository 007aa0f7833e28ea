"""FAMOS and MAGIC by maps: the laws that both keep. What is MAGIC's alone is in magic/test_directions.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.fields.artwork import Artwork
from engine.images import maps
from engine.job import Job, SourceImage
from engine.method import Method, method_class
from engine.methods.map_slots import CONTENT_MAP, PAINT_MAP, PIECES_MAP, SIZE_MAP
from engine.options import RenderMode
from engine.preview.usage import image_shares
from tests.engine import famos_jobs, magic_jobs

RED, BLUE = "#dc1414", "#1428dc"
CPU = torch.device("cpu")
JOBS = {"famos": famos_jobs.job, "magic": magic_jobs.job}
PRINTS = {
    "as trained": RenderMode(),
    "larger": RenderMode(originals=1.9),
    "smaller": RenderMode(originals=0.7),
    "repeat": RenderMode(repeat=True),
}


def painted_map(path: Path, left: str, right: str, cut: int = 50, size: tuple[int, int] = (101, 77)) -> SourceImage:
    image = Image.new("RGB", size, left)
    image.paste(right, (cut, 0, *size))
    image.save(path)
    return SourceImage(path=str(path))


def halves(folder: Path, cut: int = 50) -> dict[str, SourceImage]:
    return {PIECES_MAP: painted_map(folder / f"pieces-{cut}.png", RED, BLUE, cut)}


def every_map(folder: Path) -> dict[str, SourceImage]:
    amounts = {
        CONTENT_MAP: ("#000000", "#ffffff"),
        SIZE_MAP: ("#ffffff", "#808080"),
        PAINT_MAP: ("#000000", "#c0c0c0"),
    }
    return halves(folder) | {slot: painted_map(folder / f"{slot}.png", *ends) for slot, ends in amounts.items()}


def directed(key: str, folder: Path, slots: dict[str, SourceImage], settings: dict[str, Any] | None = None) -> Job:
    """One style for the left and one for the right, where there is a map of pieces."""
    job = JOBS[key](folder, settings)
    sources = {**job.sources, **{slot: (image,) for slot, image in slots.items()}}
    if PIECES_MAP in slots:
        a, b = job.sources["style"]
        sources["style"] = (a.model_copy(update={"regions": (RED,)}), b.model_copy(update={"regions": (BLUE,)}))
    return job.model_copy(update={"sources": sources})


def made(job: Job) -> Method:
    return method_class(job.method)(job, CPU)


def layers(method: Any, canvas_size: Size, box: Box | None = None) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        return Artwork(method, canvas_size).layers_at(box or canvas_size.box)


def shares(method: Method) -> torch.Tensor:
    """Of each style image at each place of the canvas, [S, h, w]."""
    halo = method.halo
    box = method.canvas_size.box.align(method.alignment_px).pad(halo)
    with torch.no_grad():
        found = method.image_shares(box, method.canvas_size)
    if found.shape[1:] == (box.height, box.width):
        found = found[:, halo.top : box.height - halo.bottom, halo.left : box.width - halo.right]
    return found[:, : method.canvas_size.height, : method.canvas_size.width]


@pytest.fixture(params=["famos", "magic"])
def key(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_region_shows_only_its_image_before_and_after_steps(key, tmp_path):
    method = made(directed(key, tmp_path, halves(tmp_path)))
    for step in range(3):
        left, right = shares(method)[:, :, :48], shares(method)[:, :, 53:]
        assert left[0].mean() > 0.99
        assert right[1].mean() > 0.99
        method.step(step)


def test_a_map_given_to_what_was_trained_acts_at_once(key, tmp_path):
    plain = JOBS[key](tmp_path)
    method = made(plain)
    for step in range(2):
        method.step(step)
    job = directed(key, tmp_path, halves(tmp_path))
    assert method.try_update(job)
    assert shares(method)[0, :, :48].mean() > 0.99
    assert shares(method)[1, :, 53:].mean() > 0.99
    report = {share.path.name: share.share for share in image_shares(method)}
    assert report["a.png"] == pytest.approx(0.5, abs=0.02)
    assert method.try_update(plain)
    assert shares(method)[1, :, :48].mean() > 0.01


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize(("mode", "feather_px"), [*((mode, 0.0) for mode in PRINTS), ("larger", 12.0)])
def test_crops_agree_with_maps(key, mode, feather_px, tmp_path):
    method = made(directed(key, tmp_path, every_map(tmp_path), {"feather_px": feather_px}))
    method.step(0)
    canvas_size = Size(64, 96) if PRINTS[mode].repeat else Size(149, 131)
    renderer = method.renderer(PRINTS[mode])
    whole = layers(renderer, canvas_size)
    for box in (Box(0, 0, 64, 64), Box(37, 51, 20, 30)):
        rows, columns = box.within(canvas_size.box)
        for name, piece in layers(renderer, canvas_size, box).items():
            assert (piece - whole[name][:, rows, columns]).abs().max() <= 1e-5, name


def test_a_larger_print_keeps_to_the_regions(key, tmp_path):
    """One image is black and the other white, so that the print tells which lies where."""
    job = directed(key, tmp_path, halves(tmp_path))
    for image, shade in zip(job.sources["style"], (0, 255), strict=True):
        Image.new("RGB", (90, 70), (shade,) * 3).save(image.path)
    method = made(job)
    size = Size(method.canvas_size.height * 3, method.canvas_size.width * 3)
    picture = layers(method.renderer(RenderMode(originals=3.0)), size)["collage"]
    assert picture[:, :, :145].max() < 0.02
    assert picture[:, :, 158:].min() > 0.98


def test_soft_borders_mix_within_their_width_and_nowhere_else(key, tmp_path):
    method = made(directed(key, tmp_path, halves(tmp_path), {"feather_px": 24.0}))
    first = shares(method)[0].mean(0)  # along the columns
    assert first[:20].min() > 0.99
    assert first[80:].max() < 0.01
    assert ((first[40:60] > 0.02) & (first[40:60] < 0.98)).any()
    method.settings = method.settings.with_values({"feather_px": 0.0})
    sharp = shares(method)[0].mean(0)
    assert sharp[:49].min() > 0.99
    assert sharp[52:].max() < 0.01


@pytest.mark.parametrize("slot", [CONTENT_MAP, SIZE_MAP, PAINT_MAP])
def test_a_grey_map_changes_nothing_and_says_so(key, slot, tmp_path):
    plain = made(JOBS[key](tmp_path))
    grey = made(directed(key, tmp_path, {slot: painted_map(tmp_path / "grey.png", "#808080", "#808080")}))
    assert any("grey.png is of one middle grey" in text for text in grey.warnings)
    ours, theirs = layers(plain, Size(60, 60))["result"], layers(grey, Size(60, 60))["result"]
    assert torch.allclose(ours, theirs, atol=1e-6)
    before, after = plain.step(0), grey.step(0)
    assert all(torch.allclose(before[name], after[name], atol=1e-5) for name in before)


def test_each_term_is_the_mean_of_its_map_times_its_value(key, tmp_path):
    """Ten times everywhere is ten times the term; lighter is painted more, so it weighs as much less."""
    settings = {"conditional": False, "repaint_bound": 1.0} if key == "magic" else {}
    plain = made(JOBS[key](tmp_path, settings)).step(0)
    white = painted_map(tmp_path / "white.png", "#ffffff", "#ffffff")
    much = made(directed(key, tmp_path, dict.fromkeys((CONTENT_MAP, SIZE_MAP, PAINT_MAP), white), settings)).step(0)
    for term in ("content", "content_collage", "variation"):
        assert float(much[term]) == pytest.approx(maps.STRONGEST * float(plain[term]), rel=1e-3), term
    assert float(much["alpha"]) == pytest.approx(float(plain["alpha"]) / maps.STRONGEST, rel=1e-3)


@pytest.mark.parametrize("settings", [{}, {"refine": True}, {"blend": "separate"}, {"blend": "additive"}])
def test_famos_paints_nothing_where_the_map_is_black(settings, tmp_path):
    black = painted_map(tmp_path / "paint.png", "#000000", "#808080")
    method = made(directed("famos", tmp_path, {PAINT_MAP: black}, settings))
    method.step(0)
    for render_mode in (RenderMode(), RenderMode(originals=2.0)):
        scale = 2 if render_mode.originals else 1
        size = Size(method.canvas_size.height * scale, method.canvas_size.width * scale)
        shown = layers(method.renderer(render_mode), size)
        left = slice(0, 46 * scale)
        assert torch.equal(shown["mask"][:, :, left], torch.zeros_like(shown["mask"][:, :, left]))
        assert (shown["result"] - shown["collage"])[:, :, left].abs().max() < 1e-5
        assert shown["mask"][:, :, 56 * scale :].min() > 0


@pytest.mark.parametrize("paints", ["change", "picture"])
def test_magic_repaints_nothing_where_the_map_is_black(paints, tmp_path):
    black = painted_map(tmp_path / "paint.png", "#000000", "#808080")
    settings = {"refiner_paints": paints}
    method = made(directed("magic", tmp_path, {PAINT_MAP: black}, settings))
    plain = made(magic_jobs.job(tmp_path, settings))
    for one in (method, plain):
        for step in range(2):
            one.step(step)
    shown = layers(method, method.canvas_size)
    assert torch.equal(shown["result"][:, :, :46], shown["collage"][:, :, :46])
    assert not torch.equal(shown["result"][:, :, 56:], shown["collage"][:, :, 56:])


def test_going_on_with_maps_equals_going_on_without_a_break(key, tmp_path):
    job = directed(key, tmp_path, every_map(tmp_path), {"feather_px": 9.0})
    straight = made(job)
    straight.step(0)
    resumed = made(job)
    resumed.restore(straight.state())
    ours, theirs = straight.step(1), resumed.step(1)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert torch.equal(layers(straight, Size(60, 60))["result"], layers(resumed, Size(60, 60))["result"])


def test_a_map_drawn_while_nothing_is_learned_gives_what_the_job_gives(key, tmp_path):
    method = made(JOBS[key](tmp_path))
    job = directed(key, tmp_path, halves(tmp_path, 30))
    assert method.try_update(job)
    assert torch.equal(layers(method, Size(60, 60))["result"], layers(made(job), Size(60, 60))["result"])


def test_a_state_made_without_a_map_goes_into_a_job_with_one(tmp_path):
    """As a project of an earlier version does, that is given a map."""
    before = made(famos_jobs.job(tmp_path))
    before.step(0)
    state = before.state()
    assert "templates.image" not in state.tensors
    after = made(directed("famos", tmp_path, halves(tmp_path)))
    after.restore(state)
    assert [piece.place for piece in after.pieces()] == [piece.place for piece in before.pieces()]
    with_map = made(directed("famos", tmp_path, halves(tmp_path)))
    with_map.step(0)
    back = made(famos_jobs.job(tmp_path))
    back.restore(with_map.state())
    assert [piece.place for piece in back.pieces()] == [piece.place for piece in with_map.pieces()]


# ---------------------------------------------------------------- FAMOS spreads its templates


def test_templates_are_spread_by_the_tones_that_regions_need(tmp_path):
    """A style that is dark on one side and light on the other, beneath a content of the same kind: what is drawn by
    need comes nearer to the content in each region than what is drawn by chance."""
    job = directed("famos", tmp_path, halves(tmp_path), {"templates": 8, "tone_matching": 0.0})
    ramp = torch.linspace(0, 255, 200).repeat(150, 1)
    content = torch.zeros(96, 128)
    content[:, 64:] = 255
    for name, pixels in {"a.png": ramp, "b.png": ramp, "c.png": content}.items():
        Image.fromarray(pixels.to(torch.uint8).numpy()).convert("RGB").save(tmp_path / name)
    method = made(job)
    chance = made(job.model_copy(update={"sources": {k: v for k, v in job.sources.items() if k != PIECES_MAP}}))

    def farthest(one: Any) -> float:
        """Mean distance of the nearest tone that may lie at each place."""
        templates, box = one.templates, one.canvas_size.box
        tones = templates.at(box).mean(1)
        wanted = torch.cat([torch.zeros(96, 64), torch.ones(96, 64)], 1)
        image = torch.cat([torch.zeros(96, 64), torch.ones(96, 64)], 1)
        apart = (tones - wanted).abs()
        may = templates.image[:, None, None] == image
        return float(torch.where(may, apart, 1.0).amin(0).mean())

    assert set(method.templates.image.tolist()) == {0, 1}  # type: ignore[attr-defined]
    assert farthest(method) < 0.7 * farthest(chance)


def test_balance_counts_templates_where_they_may_lie():
    """Two of three templates may lie on one half, the third on the other: what the bias alone gives is in balance."""
    from engine import losses

    free = torch.tensor([0.25, 0.25, 0.5])
    assert losses.balance(free[None], free) == pytest.approx(0, abs=1e-6)
    assert losses.balance(torch.tensor([[0.5, 0.0, 0.5]]), free) > 0.2
    even = torch.full((3,), 1 / 3)
    usage = torch.tensor([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]])
    assert losses.balance(usage, even) == pytest.approx(float(losses.balance(usage)), abs=1e-6)


# ---------------------------------------------------------------- what can be wrong


def test_a_map_of_another_shape_is_fitted_and_that_is_said(key, tmp_path):
    wide = painted_map(tmp_path / "wide.png", RED, BLUE, 150, (300, 60))
    method = made(directed(key, tmp_path, {PIECES_MAP: wide}))
    assert any("wide.png has other proportions than the canvas" in text for text in method.warnings)
    assert shares(method)[0, :, :45].mean() > 0.99
    small = painted_map(tmp_path / "small.png", RED, BLUE, 12, (26, 20))
    method = made(directed(key, tmp_path, {PIECES_MAP: small}))
    assert shares(method)[0, :, :38].mean() > 0.99


def test_a_map_of_one_color_is_one_region_and_that_is_said(key, tmp_path):
    plain = painted_map(tmp_path / "plain.png", RED, RED)
    job = directed(key, tmp_path, {PIECES_MAP: plain})
    method = made(job)
    assert any("plain.png has one colour only" in text for text in method.warnings)
    assert any("b.png may lie in no region of plain.png" in text for text in method.warnings)
    assert shares(method)[0].mean() > 0.99


def test_a_region_without_an_image_is_named_and_shows_all(key, tmp_path):
    job = directed(key, tmp_path, halves(tmp_path))
    a, b = job.sources["style"]
    both = (a, b.model_copy(update={"regions": (RED,)}))
    method = made(job.model_copy(update={"sources": {**job.sources, "style": both}}))
    assert any("No image is given to the blue (#1428dc) region" in text for text in method.warnings)


def test_images_that_may_lie_nowhere_are_refused_with_the_remedy_and_nothing_changes(key, tmp_path):
    job = directed(key, tmp_path, halves(tmp_path))
    method = made(job)
    nowhere = tuple(image.model_copy(update={"regions": ()}) for image in job.sources["style"])
    job = job.model_copy(update={"sources": {**job.sources, "style": nowhere}})
    with pytest.raises(BadSettingError, match="Give at least one image to one of its regions"):
        made(job)
    before = shares(method)
    with pytest.raises(BadSettingError, match="Give at least one image"):
        method.try_update(job)
    assert torch.equal(shares(method), before)


@pytest.mark.parametrize("slot", [PIECES_MAP, CONTENT_MAP, SIZE_MAP, PAINT_MAP])
def test_a_map_that_is_gone_is_named_and_the_picture_goes_without(key, slot, tmp_path):
    gone = SourceImage(path=str(tmp_path / "gone.png"))
    method = made(directed(key, tmp_path, {slot: gone}))
    assert any("gone.png" in text and "without this map" in text for text in method.warnings)
    method.step(0)


def test_more_regions_than_pieces_are_said(key, tmp_path):
    """Three images, each only in a region of its own, and sets of two."""
    image = Image.new("RGB", (101, 77), RED)
    image.paste(BLUE, (34, 0, 101, 77))
    image.paste("#14b414", (68, 0, 101, 77))
    image.save(tmp_path / "three.png")
    few = {"templates": 2} if key == "famos" else {"set_size": 2}
    job = JOBS[key](tmp_path, few)
    styles = [*job.sources["style"], famos_jobs.picture(tmp_path / "d.png", 60, 60, 4)]
    lying = [
        image.model_copy(update={"regions": (c,)}) for image, c in zip(styles, (RED, BLUE, "#14b414"), strict=True)
    ]
    sources = {**job.sources, "style": tuple(lying), PIECES_MAP: (SourceImage(path=str(tmp_path / "three.png")),)}
    method = made(job.model_copy(update={"sources": sources}))
    assert any("3 groups of images, more than" in text for text in method.warnings)
    method.step(0)
    assert torch.isfinite(layers(method, Size(60, 60))["result"]).all()
