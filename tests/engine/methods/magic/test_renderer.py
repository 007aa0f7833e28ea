"""MAGIC in every way of painting: repeats close, prints show what was trained with real detail, and crops agree."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.methods.magic.method import Magic
from engine.options import RenderMode
from engine.tiling import tiled
from tests.engine.magic_jobs import job, picture
from tests.engine.printed import CANVAS, WAYS, artwork, at, ways

CPU = torch.device("cpu")
TRAINED = Size(77, 101)


def magic(folder: Path, canvas_size: Size | None = None, **more: Any) -> Magic:
    method = Magic(job(folder, {"style_scale": 0.5} | more, canvas_size=canvas_size), CPU)
    with torch.no_grad():
        for parameter in method.average.parameters():  # untrained, all would be nearly grey
            parameter.mul_(2)
    return method


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "more", [{"between": 0.4, "between_by": "pieces"}, {"warp": "flow"}, {"warp": "affine"}], ids=str
)
def test_crops_agree(tmp_path: Path, way: str, more: dict[str, Any]) -> None:
    """From the originals to the last bit of what is written."""
    method, render_mode = magic(tmp_path, **more), ways(tmp_path)[way]
    if render_mode.repeat and more.get("warp") == "affine":
        with pytest.raises(BadSettingError, match="do not meet at the edges"):
            method.renderer(render_mode)
        return
    printed = artwork(method, render_mode, CANVAS)
    outer = Box(-13, -22, 150, 170)  # beyond all edges, as bleed is
    with torch.no_grad():
        whole = printed.layers_at(outer)
        assert set(whole) == {layer.key for layer in method.layers}
        for box in (Box(-5, -9, 31, 44), Box(90, 100, 47, 48), Box(0, 0, 1, 1)):
            rows, columns = box.within(outer)
            for layer, image in printed.layers_at(box).items():
                off = (image - whole[layer][:, rows, columns]).abs().max()
                exact = way in ("originals", "beyond", "smaller") and layer != "sets"
                assert off <= (2e-7 if exact else 1e-5), layer


@pytest.mark.parametrize("warp", ["none", "flow"])
@pytest.mark.parametrize("originals", [0.0, 2.0])
def test_a_repeat_continues_itself(tmp_path: Path, warp: str, originals: float) -> None:
    printed = artwork(magic(tmp_path, warp=warp), RenderMode(repeat=True, originals=originals), CANVAS)
    whole = at(printed, CANVAS.box)
    across = at(printed, Box(CANVAS.height // 2, CANVAS.width // 2, CANVAS.height, CANVAS.width))
    rolled = whole.roll((-(CANVAS.height // 2), -(CANVAS.width // 2)), (1, 2))
    assert torch.allclose(across, rolled, atol=1e-4), "rolled by half, it is what lies across the edges"


def test_a_repeat_needs_whole_grains(tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match="multiples of 4 px, and 121 × 96 px are not"):
        at(artwork(magic(tmp_path), RenderMode(repeat=True), Size(96, 121)), Box(0, 0, 8, 8))


@pytest.mark.parametrize("warp", ["none", "affine", "flow"])
def test_at_the_trained_size_nothing_changes(tmp_path: Path, warp: str) -> None:
    method = magic(tmp_path, warp=warp)
    plain, same, nearly = (
        artwork(method, mode, TRAINED)
        for mode in (RenderMode(), RenderMode(originals=1.0), RenderMode(originals=1.0001))
    )
    with torch.no_grad():
        a, b, c = (field.layers_at(TRAINED.box) for field in (plain, same, nearly))
    for layer in ("result", "collage", "mask", "content"):
        assert torch.allclose(a[layer], b[layer], atol=1e-6), layer
        assert (a[layer] - c[layer]).abs().mean() < 0.01, layer


def test_pieces_are_the_originals_pixels(tmp_path: Path) -> None:
    """With one and the same element twice and nothing repainted, the picture is a tiling of the file, at its size."""
    source = picture(tmp_path / "large.png", 160, 200, 5)
    content = picture(tmp_path / "other.png", *(TRAINED.height, TRAINED.width), 3)
    sources = {"style": (source,), "content": (content,)}
    method = Magic(job(tmp_path, {"set_size": 2, "style_scale": 0.25, "refine": False}, sources=sources), CPU)
    drawn = method.draw.templates(2, method.settings.set_seed)
    drawn.offset[1], drawn.flip[1] = drawn.offset[0], drawn.flip[0]
    method.draw.templates = lambda count, seed: drawn  # type: ignore[method-assign]
    printed = at(artwork(method, RenderMode(originals=4.0), Size(4 * 77, 4 * 101)), Box(3, 7, 90, 100))
    original = torch.from_numpy(np.asarray(Image.open(source.path)).copy()).permute(2, 0, 1) / 255
    top, left = (drawn.offset[0] * 4).tolist()
    rows, columns = torch.arange(3, 93) + top, torch.arange(7, 107) + left
    rows = tiled(-1 - rows if drawn.flip[0, 0] else rows, 160, "mirror")
    columns = tiled(-1 - columns if drawn.flip[0, 1] else columns, 200, "mirror")
    assert torch.allclose(printed, original[:, rows][:, :, columns], atol=1e-4)


@pytest.mark.parametrize("more", [{}, {"warp": "flow"}, {"warp": "affine"}], ids=str)
def test_the_collage_stays_in_place_at_any_size(tmp_path: Path, more: dict[str, Any]) -> None:
    trained = Size(80, 104)
    method = magic(tmp_path, trained, style_scale=0.25, **more)
    small = at(artwork(method, RenderMode(), trained), trained.box)
    for scale in (0.5, 1.25, 4, 8):
        size = Size(round(scale * trained.height), round(scale * trained.width))
        large = at(artwork(method, RenderMode(originals=scale), size), size.box)
        back = torch.nn.functional.adaptive_avg_pool2d(large, (10, 13))
        wanted = torch.nn.functional.adaptive_avg_pool2d(small, (10, 13))
        spread = (wanted - wanted.mean((1, 2), keepdim=True)).abs().mean()
        assert (back - wanted).abs().mean() < 0.35 * spread, scale


def test_a_print_of_another_shape_is_cut_out_of_the_middle(tmp_path: Path) -> None:
    method = magic(tmp_path)
    whole = at(artwork(method, RenderMode(originals=2.0), Size(154, 202)), Box(0, 0, 154, 202))
    narrow = at(artwork(method, RenderMode(originals=2.0), Size(154, 100)), Box(0, 0, 154, 100))
    assert torch.equal(narrow, whole[:, :, 51:151])


def test_a_frame_takes_the_place_of_the_content(tmp_path: Path) -> None:
    method = magic(tmp_path, tone_matching=False)
    content = picture(tmp_path / "same.png", 77, 101, 3)  # the content itself, from another file
    other = picture(tmp_path / "other.png", 77, 101, 8)
    plain = at(artwork(method, RenderMode(), TRAINED), Box(0, 0, 32, 32))
    same = at(artwork(method, RenderMode(frame=content.path), TRAINED), Box(0, 0, 32, 32))
    assert torch.equal(same, plain)
    assert not torch.equal(at(artwork(method, RenderMode(frame=other.path), TRAINED), Box(0, 0, 32, 32)), plain)


def test_a_collage_without_content_follows_no_frames(tmp_path: Path) -> None:
    method = magic(tmp_path, guidance="unguided")
    with pytest.raises(BadSettingError, match="no content guides"):
        method.renderer(RenderMode(frame=str(tmp_path / "c.png")))
    size = Size(2 * method.canvas_size.height, 2 * method.canvas_size.width)
    assert at(artwork(method, RenderMode(originals=2.0), size), Box(5, 5, 40, 40)).isfinite().all()


def test_the_tones_of_a_film_are_locked_to_its_first_frame(tmp_path: Path) -> None:
    method = magic(tmp_path, tone_matching=True)
    for name, value in (("dark", 90), ("light", 110)):
        Image.fromarray(np.full((40, 40, 3), value, np.uint8)).save(tmp_path / f"{name}.png")
    dark, light = str(tmp_path / "dark.png"), str(tmp_path / "light.png")
    assert method.frame(light, dark).pixels.float().mean() > method.frame(dark, dark).pixels.float().mean()
    assert method.frame(light, light).pixels.float().mean() == pytest.approx(
        float(method.frame(dark, dark).pixels.float().mean()), abs=30
    )
