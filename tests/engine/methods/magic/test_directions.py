"""MAGIC by maps: what is shown and learned where, and what is asked of the network again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.job import Job, SourceImage
from engine.messages.commands import RenderView
from engine.methods.magic.method import Magic
from engine.methods.map_slots import CONTENT_MAP, PAINT_MAP, PIECES_MAP, SIZE_MAP
from engine.preview import views
from tests.engine import magic_jobs

RED, BLUE = "#dc1414", "#1428dc"
CPU = torch.device("cpu")


def painted_map(path: Path, left: Any, right: Any, cut: int = 50) -> SourceImage:
    image = Image.new("RGB", (101, 77), left)
    image.paste(right, (cut, 0, 101, 77))
    image.save(path)
    return SourceImage(path=str(path))


def directed(folder: Path, slots: dict[str, SourceImage], settings: dict[str, Any] | None = None) -> Job:
    """One style for the left and one for the right, where there is a map of pieces."""
    job = magic_jobs.job(folder, settings)
    sources = {**job.sources, **{slot: (image,) for slot, image in slots.items()}}
    if PIECES_MAP in slots:
        a, b = job.sources["style"]
        sources["style"] = (
            a.model_copy(update={"regions": (RED,)}),
            b.model_copy(update={"regions": (BLUE,)}),
        )
    return job.model_copy(update={"sources": sources})


def halves(folder: Path, cut: int = 50) -> dict[str, SourceImage]:
    return {PIECES_MAP: painted_map(folder / f"pieces-{cut}.png", RED, BLUE, cut)}


def share_of_first(method: Magic, box: Box) -> float:
    """Of the first style image, in the painted mixture of a box."""
    with torch.no_grad():
        painting = method.painting(box, method.scene(method.canvas_size))
    elements = method.draw.templates(method.shown_size, method.settings.set_seed).image
    return float(painting.mixture[0, elements == 0].sum(0).mean())


def layers(method: Any, canvas_size: Size, box: Box | None = None) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        return Artwork(method, canvas_size).layers_at(box or canvas_size.box)


def test_patches_of_the_training_keep_to_the_regions(tmp_path):
    method = Magic(directed(tmp_path, halves(tmp_path), {"patch": 64}), CPU)
    assert torch.isfinite(method.step(0)["content"])
    batch, fake = method._last  # type: ignore[misc]
    assert batch.bias is not None
    first = torch.stack([w[e == 0].sum(0) for w, e in zip(fake.mixture.weights, batch.sets.image, strict=True)])
    allowed = torch.stack([(b[e == 0].amax(0) == 0) for b, e in zip(batch.bias, batch.sets.image, strict=True)])
    assert first[allowed].min() > 0.99
    assert first[~allowed].max() < 0.01


def every_map(folder: Path) -> dict[str, SourceImage]:
    amounts = {CONTENT_MAP: ("#000000", "#ffffff"), SIZE_MAP: ("#ffffff", "#808080")}
    return halves(folder) | {slot: painted_map(folder / f"{slot}.png", *ends) for slot, ends in amounts.items()}


def test_crops_of_the_coarse_picture_agree_with_maps(tmp_path):
    method = Magic(directed(tmp_path, every_map(tmp_path)), CPU)
    coarse = method.coarse(2)
    whole, box = layers(coarse, Size(75, 66)), Box(20, 8, 40, 40)
    rows, columns = box.within(Size(75, 66).box)
    piece = layers(coarse, Size(75, 66), box)["result"]
    assert (piece - whole["result"][:, rows, columns]).abs().max() <= 1e-5


def test_painting_over_a_map_asks_the_network_nothing_anew(tmp_path, monkeypatch):
    job = directed(tmp_path, halves(tmp_path))
    method = Magic(job, CPU)
    before = layers(method, method.canvas_size)["result"]
    asked = []
    decided = Magic._decided
    monkeypatch.setattr(Magic, "_decided", lambda self, *given: asked.append(given) or decided(self, *given))
    stroke = {**job.sources, PIECES_MAP: (halves(tmp_path, 30)[PIECES_MAP],)}
    assert method.try_update(job.model_copy(update={"sources": stroke}))
    after = layers(method, method.canvas_size)["result"]
    assert not torch.equal(before, after)
    assert asked == []
    fresh = Magic(job.model_copy(update={"sources": stroke}), CPU)
    assert torch.equal(layers(fresh, method.canvas_size)["result"], after)


def test_giving_an_image_to_another_region_is_shown_without_a_rebuild(tmp_path):
    job = directed(tmp_path, halves(tmp_path))
    method = Magic(job, CPU)
    a, b = job.sources["style"]
    swapped = (a.model_copy(update={"regions": (BLUE,)}), b.model_copy(update={"regions": (RED,)}))
    assert method.try_update(job.model_copy(update={"sources": {**job.sources, "style": swapped}}))
    assert share_of_first(method, Box(0, 0, 76, 48)) <= 0.01


def test_other_images_need_a_rebuild(tmp_path):
    job = directed(tmp_path, halves(tmp_path))
    one = {**job.sources, "style": job.sources["style"][:1]}
    assert not Magic(job, CPU).try_update(job.model_copy(update={"sources": one}))


def test_every_region_has_elements_however_the_images_are_weighted(tmp_path):
    job = directed(tmp_path, halves(tmp_path))
    a, b = job.sources["style"]
    light = (a.model_copy(update={"weight": 0.01}), b.model_copy(update={"weight": 10.0}))
    method = Magic(job.model_copy(update={"sources": {**job.sources, "style": light}}), CPU)
    for seed in range(20):
        assert set(method.draw.templates(2, seed).image.tolist()) == {0, 1}


def test_a_place_of_the_picture_tells_where_it_is_from(tmp_path):
    """Style images whose red tells the row and whose green the column; one element for each region."""
    job = directed(tmp_path, halves(tmp_path), {"refine": False, "style_scale": 1.0, "show_size": 2})
    for image in job.sources["style"]:
        pixels = torch.zeros(64, 64, 3, dtype=torch.uint8)
        pixels[..., 0] = 2 * torch.arange(64)[:, None]
        pixels[..., 1] = 2 * torch.arange(64)
        Image.fromarray(pixels.numpy()).save(image.path)
    method = Magic(job, CPU)
    picture = layers(method, method.canvas_size)["collage"]
    for row, column in ((5, 9), (40, 20), (70, 80), (33, 95)):
        piece = method.piece_at(row, column)
        assert piece is not None
        assert piece.path.name == ("a.png" if column < 50 else "b.png")
        assert piece.share > 0.99
        red, green = (float(value) * 255 / 2 for value in picture[:2, row, column])
        assert (red, green) == pytest.approx((64 * piece.row - 0.5, 64 * piece.column - 0.5), abs=0.1)
    assert method.piece_at(-1, 5) is None


@pytest.mark.parametrize("slot", [PIECES_MAP, SIZE_MAP, PAINT_MAP])
def test_a_stroke_is_seen_where_it_is_said_to_be_and_nowhere_else(tmp_path, slot):
    """What it touched is painted alone, of decisions that are kept, and is as if all had been painted."""
    job = directed(tmp_path, every_map(tmp_path) | {PAINT_MAP: painted_map(tmp_path / "paint.png", "#000", "#c0c0c0")})
    canvas = job.canvas_size or Size(160, 200)
    job = job.model_copy(update={"canvas_size": Size(canvas.height + 120, canvas.width + 120)})
    method = Magic(job, CPU)
    before = layers(method, method.canvas_size)["result"]
    stroked = Image.open(job.sources[slot][0].path).convert("RGB")
    stroked.paste(BLUE if slot == PIECES_MAP else "#808080", (20, 20, 28, 27))
    stroked.save(tmp_path / "stroke.png")
    sources = {**job.sources, slot: (SourceImage(path=str(tmp_path / "stroke.png")),)}
    assert method.try_update(job.model_copy(update={"sources": sources}))
    touched = method.touched
    assert touched is not None
    assert 0 < touched.area < method.canvas_size.area / 2
    alone = layers(method, method.canvas_size, touched)["result"]
    fresh = Magic(job.model_copy(update={"sources": sources}), CPU)
    after = layers(fresh, method.canvas_size)["result"]
    rows, columns = touched.within(method.canvas_size.box)
    assert torch.allclose(alone, after[:, rows, columns], atol=2e-4)
    outside = torch.ones(before.shape[1:], dtype=torch.bool)
    outside[rows, columns] = False
    assert torch.allclose(before[:, outside], after[:, outside], atol=2e-4)
    if slot != SIZE_MAP:  # which an untrained network is not told
        assert not torch.equal(before[:, rows, columns], after[:, rows, columns])
    assert method.try_update(job.model_copy(update={"sources": sources}))
    assert method.touched is not None
    assert not method.touched.area, "the same map touches nothing"


def test_which_piece_lies_where_is_told_with_the_picture(tmp_path):
    method = Magic(directed(tmp_path, halves(tmp_path)), CPU)
    look = RenderView(method.canvas_size.box, method.canvas_size, pieces=True)
    images = [info.image for info in method.pieces()]
    for piece in views.answer(method, look):
        assert piece.pieces is not None
        assert piece.pieces.shape == piece.image.shape[:2]
        for index in np.unique(piece.pieces[:, :40]):
            assert images[index] == images[int(piece.pieces[0, 0])], "the left half is of one image"
        found = method.piece_at(piece.box.top + 5, piece.box.left + 5)
        assert found is not None
        assert found.index == piece.pieces[5, 5]
    plain = next(iter(views.answer(method, RenderView(method.canvas_size.box, method.canvas_size))))
    assert plain.pieces is None
