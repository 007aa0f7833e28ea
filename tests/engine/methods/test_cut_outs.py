"""Images with transparent surroundings: pieces lie where they are opaque, and a transparent content leaves free."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.box import Box, Size
from engine.errors import MissingSourcesError
from engine.fields.artwork import Artwork
from engine.images import sources
from engine.images.sampling import StylePatches
from engine.images.tone_matching import tone_table
from engine.job import Job, SourceImage
from engine.method import Method, method_class
from engine.methods.adversarial import atlas_of
from engine.options import RenderMode
from tests.engine import famos_jobs, magic_jobs

CPU = torch.device("cpu")
JOBS = {"famos": famos_jobs.job, "magic": magic_jobs.job}


def cut_out(path: Path, size: tuple[int, int], shade: int, opaque: Box) -> SourceImage:
    """Grey where it is opaque; black and invisible elsewhere."""
    pixels = np.zeros((size[1], size[0], 4), np.uint8)
    rows, columns = slice(opaque.top, opaque.bottom), slice(opaque.left, opaque.right)
    pixels[rows, columns] = (shade, shade, shade, 255)
    Image.fromarray(pixels, "RGBA").save(path)
    return SourceImage(path=str(path))


def job_of(key: str, folder: Path, settings: dict[str, Any] | None = None) -> Job:
    """A grey image with a hole, and a dark one without; light content."""
    job = JOBS[key](folder, settings)
    style = (
        cut_out(folder / "a.png", (90, 80), 200, Box(10, 10, 60, 60)),
        SourceImage(path=str(folder / "b.png")),
    )
    Image.new("RGB", (66, 83), (60, 60, 60)).save(folder / "b.png")
    return job.model_copy(update={"sources": {**job.sources, "style": style}})


def made(job: Job) -> Method:
    return method_class(job.method)(job, CPU)


def layer(method: Any, size: Size, name: str = "collage", box: Box | None = None) -> torch.Tensor:
    with torch.no_grad():
        return Artwork(method, size, name).at(box or size.box)


@pytest.fixture(params=["famos", "magic"])
def key(request: pytest.FixtureRequest) -> str:
    return request.param


def test_no_white_and_nothing_invisible_is_pasted(key, tmp_path):
    """Were the transparent places white or black, there would be tones beside the two that the images show."""
    method = made(job_of(key, tmp_path))
    assert method.warnings == []
    for step in range(2):
        shown = layer(method, method.canvas_size) * 255
        assert shown.min() > 58
        assert shown.max() < 202
        method.step(step)


@pytest.mark.parametrize("scale", [1.0, 1.9, 2.7])
def test_prints_paste_only_what_is_opaque(key, scale, tmp_path):
    method = made(job_of(key, tmp_path))
    size = Size(round(method.canvas_size.height * scale), round(method.canvas_size.width * scale))
    shown = layer(method.renderer(RenderMode(originals=scale)), size) * 255
    assert shown.min() > 55
    assert shown.max() < 204


def test_a_template_has_no_share_where_it_is_transparent(key, tmp_path):
    method = made(job_of(key, tmp_path))
    templates = method.templates if key == "famos" else method.composed(1).templates  # type: ignore[attr-defined]
    box = Box(0, 0, 64, 64)
    halo, alignment = method.halo, method.alignment_px
    asked = box.align(alignment).pad(halo)
    with torch.no_grad():
        painting = method.painting(asked, method.scene(method.canvas_size))  # type: ignore[attr-defined]
    painting = painting[0] if key == "famos" else painting
    assert painting.mixture is not None
    mixture = painting.mixture.weights[0] if key == "famos" else painting.mixture[0]
    seen = asked if mixture.shape[1:] == (asked.height, asked.width) else box
    seen = seen if key == "famos" else painting.box
    view = templates.view_of(seen)
    opacity = templates.atlas.opacity(view.begins, view.columns)[0]
    assert (opacity < 0.5).any()
    solid = opacity.amax(0) > 0.99
    assert (mixture * solid)[opacity < 0.01].max() < 1e-6


@pytest.mark.parametrize("mode", [RenderMode(), RenderMode(originals=1.9), RenderMode(repeat=True)])
def test_crops_agree_with_cut_outs(key, mode, tmp_path):
    method = made(job_of(key, tmp_path))
    method.step(0)
    size = Size(64, 96) if mode.repeat else Size(121, 131)
    renderer = method.renderer(mode)
    whole = layer(renderer, size, "result")
    for box in (Box(0, 0, 64, 64), Box(37, 51, 20, 30)):
        rows, columns = box.within(size.box)
        assert (layer(renderer, size, "result", box) - whole[:, rows, columns]).abs().max() <= 1e-5


@pytest.mark.parametrize("warp", ["affine", "flow"])
def test_bent_pieces_are_cut_out_as_well(warp, tmp_path):
    method = made(job_of("magic", tmp_path, {"warp": warp}))
    shown = layer(method, method.canvas_size) * 255
    assert shown.min() > 55
    assert shown.max() < 204
    method.step(0)


def test_real_patches_are_drawn_where_the_image_is_opaque(tmp_path):
    image = cut_out(tmp_path / "a.png", (200, 200), 200, Box(80, 80, 100, 100))
    found = sources.load([image], 1.0, "style", [], cut_out=True)
    patches = StylePatches(found, atlas_of(found, CPU), "wrap")
    drawn = patches.draw(32, 40, torch.Generator().manual_seed(1))
    assert ((drawn + 1) * 127.5 - 200).abs().max() < 1
    opaque = sources.load([image], 1.0, "style", [])
    assert opaque[0].opacity is None
    assert opaque[0].pixels[:, 0, 0].tolist() == [255, 255, 255]


def test_tones_are_matched_without_what_is_transparent(tmp_path):
    image = cut_out(tmp_path / "a.png", (100, 100), 200, Box(20, 20, 30, 30))
    (style,) = sources.load([image], 1.0, "style", [], cut_out=True)
    ramp = torch.arange(256, dtype=torch.uint8).expand(3, 64, 256)
    table = tone_table(ramp, [style], 1.0)
    assert set(table.tolist()) == {200}


def test_colors_at_soft_edges_are_their_own(tmp_path):
    """Half transparent red on white is pink: the cut-out is red."""
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[..., 0], pixels[..., 3] = 220, 128
    pixels[10:30, 10:30, 3] = 255
    Image.fromarray(pixels, "RGBA").save(tmp_path / "a.png")
    (source,) = sources.load([SourceImage(path=str(tmp_path / "a.png"))], 1.0, "style", [], cut_out=True)
    assert (source.pixels[:, 2, 2].int() - torch.tensor([220, 0, 0])).abs().max() <= 2
    assert source.opacity is not None
    assert source.opacity[2, 2] == 128


def test_what_is_transparent_everywhere_is_named(key, tmp_path):
    job = JOBS[key](tmp_path)
    nothing = cut_out(tmp_path / "nothing.png", (60, 60), 0, Box(0, 0, 0, 0))
    method = made(job.model_copy(update={"sources": {**job.sources, "style": (*job.sources["style"], nothing)}}))
    assert any("nothing.png is transparent everywhere" in text for text in method.warnings)
    with pytest.raises(MissingSourcesError, match="transparent everywhere"):
        made(job.model_copy(update={"sources": {**job.sources, "style": (nothing,)}}))


def test_a_transparent_content_leaves_its_places_free(key, tmp_path):
    """The content's term counts nothing there: in a picture that is transparent nearly everywhere it is nearly 0."""
    job = JOBS[key](tmp_path, {"conditional": False} if key == "magic" else {})
    terms = {}
    for name, opaque in (("little", Box(0, 0, 1, 1)), ("all", Box(0, 0, 96, 128))):
        content = cut_out(tmp_path / f"{name}.png", (128, 96), 250, opaque)
        if name == "little":  # something has to be there
            content = cut_out(tmp_path / f"{name}.png", (128, 96), 250, Box(0, 0, 3, 3))
        method = made(job.model_copy(update={"sources": {**job.sources, "content": (content,)}}))
        terms[name] = float(method.step(0)["content"])
        assert torch.isfinite(layer(method, Size(60, 60), "result")).all()
    assert terms["little"] < 0.05 * terms["all"]


def test_going_on_with_cut_outs_equals_going_on_without_a_break(key, tmp_path):
    job = job_of(key, tmp_path)
    straight = made(job)
    straight.step(0)
    resumed = made(job)
    resumed.restore(straight.state())
    ours, theirs = straight.step(1), resumed.step(1)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
