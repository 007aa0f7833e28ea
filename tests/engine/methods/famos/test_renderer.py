"""Repeats close without a seam, originals give real detail, and crops agree in every way of printing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.errors import BadSettingError
from engine.fields.periodic import Closed, ClosedTemplates
from engine.fields.resample import Zoom, needed, resampled
from engine.job import SourceImage
from engine.methods.famos.method import Famos
from engine.options import RenderMode
from engine.templates.atlas import Atlas, Templates
from engine.tiling import tiled
from tests.engine.famos_jobs import job, picture
from tests.engine.printed import CANVAS, WAYS, artwork, at, ways

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("forgetful")


def famos(folder: Path, **more: Any) -> Famos:
    method = Famos(job(folder, more), CPU)
    with torch.no_grad():
        for parameter in method.average.parameters():  # untrained, all would be nearly grey
            parameter.mul_(4)
    return method


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", ["blend", "copy", "paint"])
def test_crops_agree(tmp_path: Path, way: str, mode: str) -> None:
    """From the originals to the last bit."""
    method = famos(tmp_path, mode=mode, style_scale=0.5)
    printed = artwork(method, ways(tmp_path)[way])
    outer = Box(-13, -22, 150, 170)  # beyond all edges, as bleed is
    with torch.no_grad():
        whole = printed.layers_at(outer)
        for box in (Box(-5, -9, 31, 44), Box(40, 51, 60, 33), Box(90, 100, 47, 48), Box(0, 0, 1, 1)):
            rows, columns = box.within(outer)
            for layer, image in printed.layers_at(box).items():
                off = (image - whole[layer][:, rows, columns]).abs().max()
                assert off <= (0 if way in ("originals", "beyond", "smaller") else 2e-6), layer


@pytest.mark.parametrize("tiling", ["mirror", "wrap"])
@pytest.mark.parametrize("originals", [0.0, 2.0])
def test_a_repeat_continues_itself_exactly(tmp_path: Path, tiling: str, originals: float) -> None:
    method = famos(tmp_path, tiling=tiling, periodic_noise=2)
    printed = artwork(method, RenderMode(repeat=True, originals=originals))
    whole = at(printed, CANVAS.box)
    for down, right in ((1, 0), (0, 1), (-1, -1)):
        shifted = CANVAS.box
        shifted = Box(down * CANVAS.height, right * CANVAS.width, CANVAS.height, CANVAS.width)
        assert torch.allclose(at(printed, shifted), whole, atol=2e-6)
    across = at(printed, Box(CANVAS.height // 2, CANVAS.width // 2, CANVAS.height, CANVAS.width))
    rolled = whole.roll((-(CANVAS.height // 2), -(CANVAS.width // 2)), (1, 2))
    assert torch.allclose(across, rolled, atol=2e-6), "rolled by half, it is what lies across the edges"


def smooth_job(folder: Path, **more: Any):
    """Images without any hard edges, brighter to the right and below, so that a cut would show."""
    sources = {}
    for name, (height, width) in {"style": (150, 170), "content": (96, 120)}.items():
        y, x = np.mgrid[:height, :width]
        ramp = 60 + 130 * (y / height + x / width) / 2
        wave = 25 * np.sin(y / 9) * np.sin(x / 11)
        pixels = np.stack([ramp + wave, ramp - wave, ramp], -1).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
        sources[name] = (SourceImage(path=str(folder / f"{name}.png")),)
    return job(folder, more, sources=sources)


@pytest.mark.parametrize("layer", ["result", "collage", "content"])
def test_no_seam_is_seen_where_a_repeat_meets_itself(tmp_path: Path, layer: str) -> None:
    method = Famos(smooth_job(tmp_path), CPU)
    whole = at(artwork(method, RenderMode(repeat=True), layer=layer), CANVAS.box)
    for axis in (1, 2):
        rolled = whole.roll(whole.shape[axis] // 2, axis)
        steps = rolled.diff(dim=axis).abs().mean((0, 3 - axis))  # of each line, towards the next
        middle = whole.shape[axis] // 2
        elsewhere = torch.cat([steps[: middle - 1], steps[middle:]])
        assert steps[middle - 1] < 1.2 * elsewhere.max(), layer
    plain = at(artwork(method, RenderMode(), layer="content"), CANVAS.box)
    steps = plain.roll(48, 1).diff(dim=1).abs().mean((0, 2))
    assert steps[47] > 10 * steps.mean(), "without closing, this content shows one"


def test_a_repeat_needs_whole_grains(tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match="multiples of 4 px, and 121 × 96 px are not"):
        at(artwork(famos(tmp_path), RenderMode(repeat=True), Size(96, 121)), Box(0, 0, 8, 8))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(8, 300),
    st.integers(8, 90),
    st.integers(-200, 200),
    st.booleans(),
    st.sampled_from(["mirror", "wrap"]),
)
def test_templates_walk_home(length: int, extent: int, offset: int, flip: bool, edge: Any) -> None:
    image = torch.arange(extent * 8).remainder(256).to(torch.uint8).view(1, extent, 8).expand(3, -1, -1).contiguous()
    atlas = Atlas([image], CPU)
    templates = Templates(
        atlas, torch.zeros(1, dtype=torch.long), torch.tensor([[offset, 0]]), torch.tensor([[flip, flip]]), edge
    )
    rows = ClosedTemplates(templates, Size(length, 8))._rows[0].long()
    assert rows.min() >= 0
    assert rows.max() < extent
    steps = (torch.cat([rows[1:], rows[:1]]) - rows).abs()
    assert steps[-1] <= 1, "the last place leads to the first"
    if edge == "mirror":
        assert steps.max() <= 2, "at most one pixel is skipped, at the turn"
        assert (steps == 2).sum() <= 1
    along = torch.arange(length) + offset
    plain = tiled(-1 - along if flip else along, extent, edge)
    kept = (rows == plain).long().cumprod(0).sum()
    assert kept >= min(length - extent, length // 2), "as trained until it has to turn"


@settings(max_examples=30, deadline=None)
@given(st.integers(-60, 200), st.integers(-60, 200), st.integers(1, 40), st.integers(1, 40))
def test_closed_fields_repeat_and_crops_agree(top: int, left: int, height: int, width: int) -> None:
    def field(box: Box) -> Tensor:
        rows = torch.arange(box.top, box.bottom).float()[:, None]
        return (rows * 0.01 + torch.arange(box.left, box.right) * 0.03)[None]

    canvas_size = Size(64, 80)
    closed = Closed(field, canvas_size)
    whole = closed.at(canvas_size.box)
    expected = whole[:, torch.arange(top, top + height) % 64][:, :, torch.arange(left, left + width) % 80]
    assert torch.equal(closed.at(Box(top, left, height, width)), expected)
    assert torch.equal(whole[:, 4:60, 5:75], field(Box(4, 5, 56, 70))), "the middle is as it was"


# ---------------------------------------------------------------- from the originals


@pytest.mark.parametrize("blend", ["convex", "separate", "additive"])
def test_at_the_trained_size_nothing_changes(tmp_path: Path, blend: str) -> None:
    method = famos(tmp_path, blend=blend)
    canvas_size = method.canvas_size
    plain = artwork(method, RenderMode(), canvas_size)
    same = artwork(method, RenderMode(originals=1.0), canvas_size)
    nearly = artwork(method, RenderMode(originals=1.0001, smooth_paint=True), canvas_size)
    detailed = artwork(method, RenderMode(originals=1.0001), canvas_size)
    with torch.no_grad():
        a, b, c, d = (field.layers_at(canvas_size.box) for field in (plain, same, nearly, detailed))
    # what lies in the paint is off as the pieces are
    assert torch.allclose(a["result"], d["result"], atol=2e-2 if blend == "convex" else 3e-2)
    for layer in ("result", "collage", "painted", "mask", "content"):
        assert torch.equal(a[layer], b[layer]), layer
        # what is not convex adds up what paint and pieces are off by
        near = 2e-2 if layer == "result" and blend != "convex" else 1e-2
        assert torch.allclose(a[layer], c[layer], atol=near), layer


@pytest.mark.parametrize("scale", [1.0001, 1.95, 2.0, 3.3])
def test_beyond_the_canvas_a_print_has_the_pieces_that_the_network_chose_between(tmp_path: Path, scale: float) -> None:
    """In bleed, and in a frame of another shape: templates are mirrored in step with psi, as on the screen."""
    method = famos(tmp_path, style_scale=0.25)
    canvas_size, over_px = method.canvas_size, 40
    shown = at(artwork(method, RenderMode(), canvas_size, "collage"), canvas_size.box.pad(Margin(*[over_px] * 4)))
    size = Size(round(scale * canvas_size.height), round(scale * canvas_size.width))
    outer = size.box.pad(Margin(*[round(scale * over_px)] * 4))
    printed = at(artwork(method, RenderMode(originals=scale), size, "collage"), outer)
    small = torch.nn.functional.interpolate(printed[None], shown.shape[1:], mode="area")[0]
    inside, off = torch.zeros(shown.shape[1:], dtype=torch.bool), (small - shown).abs().mean(0)
    inside[over_px:-over_px, over_px:-over_px] = True
    # Mirror images may lie half a pixel off, where the canvas has no whole pixels; other pieces would be off by 0.17.
    assert off[~inside].mean() < off[inside].mean() + 0.02, "as like one another as inside the canvas"


def test_paint_has_the_detail_of_the_pieces_beneath(tmp_path: Path) -> None:
    """Nothing but paint: what the files add to the pieces is added to it, and smooth paint is as it was enlarged."""
    source = picture(tmp_path / "large.png", 160, 200, 5)
    method = Famos(
        job(
            tmp_path,
            {"style_scale": 0.25, "tiling": "mirror"},
            sources={"style": (source,), "content": (picture(tmp_path / "d.png", 77, 101, 3),)},
        ),
        CPU,
    )
    size, box = Size(4 * 77, 4 * 101), Box(13, 17, 90, 100)

    def layers(smooth_paint: bool) -> dict[str, Tensor]:
        found = artwork(method, RenderMode(originals=4.0, smooth_paint=smooth_paint), size)
        with torch.no_grad():
            return {layer: found.layers_at(box)[layer] for layer in ("result", "painted", "collage", "mask")}

    smooth, detailed = layers(True), layers(False)
    assert torch.equal(smooth["collage"], detailed["collage"])
    added = detailed["painted"] - smooth["painted"]
    assert added.abs().max() > 0.05
    with torch.no_grad():
        small = at(artwork(method, RenderMode(), method.canvas_size, "collage"), method.canvas_size.box)
    zoom = Zoom(4.0, 4.0)
    inside = needed(box, zoom).clip(method.canvas_size.box)
    assert inside == needed(box, zoom), "a part whose surroundings lie inside the canvas"
    rows, columns = inside.within(method.canvas_size.box)
    coarse = resampled(small[:, rows, columns], inside, box, zoom)
    expected = (smooth["painted"] + detailed["collage"] - coarse).clamp(0, 1)
    assert torch.allclose(detailed["painted"], expected, atol=1e-4)


def test_pieces_are_the_originals_pixels(tmp_path: Path) -> None:
    """With one and the same template and no painting, the picture is a tiling of the file, at full resolution."""
    source = picture(tmp_path / "large.png", 160, 200, 5)
    method = Famos(
        job(
            tmp_path,
            {"templates": 2, "mode": "copy", "style_scale": 0.25, "tiling": "mirror"},
            sources={"style": (source,), "content": (picture(tmp_path / "d.png", 77, 101, 3),)},
        ),
        CPU,
    )
    assert method._styles[0].size == Size(40, 50)
    assert method.templates is not None
    method.templates.offset[1], method.templates.flip[1] = method.templates.offset[0], method.templates.flip[0]
    printed = at(artwork(method, RenderMode(originals=4.0), Size(4 * 77, 4 * 101)), Box(3, 7, 90, 100))
    original = torch.from_numpy(np.asarray(Image.open(source.path)).copy()).permute(2, 0, 1) / 255
    top, left = (method.templates.offset[0] * 4).tolist()
    rows, columns = torch.arange(3, 93) + top, torch.arange(7, 107) + left
    flip = method.templates.flip[0]
    rows = tiled(-1 - rows if flip[0] else rows, 160, "mirror")
    columns = tiled(-1 - columns if flip[1] else columns, 200, "mirror")
    assert torch.allclose(printed, original[:, rows][:, :, columns], atol=1e-4)


def test_the_mosaic_stays_in_place_when_it_gains_detail(tmp_path: Path) -> None:
    method = famos(tmp_path, style_scale=0.25)
    small = at(artwork(method, RenderMode(), method.canvas_size), method.canvas_size.box)
    large_size = Size(4 * 77, 4 * 101)
    large = at(artwork(method, RenderMode(originals=4.0), large_size), large_size.box)
    back = torch.nn.functional.avg_pool2d(large, 4)
    assert (back - small).abs().mean() < 0.35 * (small - small.mean((1, 2), keepdim=True)).abs().mean()
    soft = torch.nn.functional.interpolate(small[None], scale_factor=4.0, mode="bicubic")[0]
    assert large.diff(dim=1).abs().mean() > 1.2 * soft.diff(dim=1).abs().mean(), "there is more to see than enlarged"


@settings(max_examples=30, deadline=None)
@given(st.integers(-40, 90), st.integers(-40, 90), st.integers(1, 50), st.floats(0.3, 5.0), st.floats(0.3, 5.0))
def test_resampling_keeps_ramps_and_crops(top: int, left: int, side: int, down: float, right: float) -> None:
    box, zoom = Box(top, left, side, side), Zoom(down, right, 0.25, -3.5)
    at_box = needed(box, zoom)
    plane = (torch.arange(at_box.top, at_box.bottom)[:, None] * 2.0 + torch.arange(at_box.left, at_box.right))[None]
    large = resampled(plane, at_box, box, zoom)
    rows = (torch.arange(top, top + side) + 0.5) / down + 0.25 - 0.5
    columns = (torch.arange(left, left + side) + 0.5) / right - 3.5 - 0.5
    exact = min(down, right) >= 1  # a kernel that shrinks is cut to whole pixels
    assert torch.allclose(large[0], rows[:, None] * 2 + columns, atol=1e-3 if exact else 0.3)
    corner = Box(top, left, 1 + side // 2, 1 + side // 3)
    rows_, columns_ = needed(corner, zoom).within(at_box)
    part = resampled(plane[:, rows_, columns_], needed(corner, zoom), corner, zoom)
    assert torch.equal(part, large[:, : corner.height, : corner.width])


# ---------------------------------------------------------------- frames


def test_a_frame_takes_the_place_of_the_content(tmp_path: Path) -> None:
    method = famos(tmp_path, tone_matching=False)
    content = picture(tmp_path / "same.png", 77, 101, 3)  # the content itself, from another file
    other = picture(tmp_path / "other.png", 77, 101, 8)
    plain = at(artwork(method, RenderMode()), Box(0, 0, 32, 32))
    assert torch.equal(at(artwork(method, RenderMode(frame=content.path)), Box(0, 0, 32, 32)), plain)
    assert not torch.equal(at(artwork(method, RenderMode(frame=other.path)), Box(0, 0, 32, 32)), plain)


def test_frames_are_matched_in_tone_alike(tmp_path: Path) -> None:
    method = famos(tmp_path, tone_matching=True)
    for name, value in (("dark", 90), ("light", 110)):
        Image.fromarray(np.full((40, 40, 3), value, np.uint8)).save(tmp_path / f"{name}.png")
    dark, light = str(tmp_path / "dark.png"), str(tmp_path / "light.png")
    assert method.frame(dark, dark).pixels.float().mean() == pytest.approx(
        float(method.frame(light, light).pixels.float().mean()), abs=30
    )
    assert method.frame(light, dark).pixels.float().mean() > method.frame(dark, dark).pixels.float().mean()
