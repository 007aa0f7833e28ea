"""MAGIC: a step over the options that change its graph, what it learns, and what it says of what it can not use."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.box import Box, Size
from engine.errors import BadProjectError, BadSettingError, MissingSourcesError
from engine.images.sampling import step_generator
from engine.job import SourceImage
from engine.methods.magic import method as magic_module
from engine.methods.magic.method import Magic
from engine.methods.magic.settings import MagicSettings
from engine.methods.usage import usage_of_images
from tests.engine.famos_jobs import picture
from tests.engine.magic_jobs import job
from tests.engine.method_jobs import whole

CPU = torch.device("cpu")


def test_the_size_of_the_set_varies_from_step_to_step(tmp_path: Path) -> None:
    method = Magic(job(tmp_path, {"set_size": 6, "set_size_least": 2}), CPU)
    sizes = set()
    for step in range(12):
        method.step(step)
        assert method._last is not None
        sizes.add(method._last[1].mixture.weights.shape[1])
    assert len(sizes) > 2
    assert min(sizes) >= 2
    assert max(sizes) <= 6


def test_equal_jobs_give_equal_pictures_and_other_seeds_others(tmp_path: Path) -> None:
    pictures = []
    for seed in (1, 1, 2):
        method = Magic(job(tmp_path, {"attention": "inducing", "attention_from": 0}, seed=seed), CPU)
        method.step(0)
        pictures.append(whole(method, Size(64, 64)))
    assert torch.equal(pictures[0], pictures[1])
    assert not torch.equal(pictures[0], pictures[2])


def test_a_state_of_another_mode_is_taken_over_where_it_fits(tmp_path: Path) -> None:
    guided = Magic(job(tmp_path), CPU)
    guided.step(0)
    unguided = Magic(job(tmp_path, {"guidance": "unguided"}), CPU)
    assert unguided.restore(guided.state(), strict=False) == []
    back = Magic(job(tmp_path), CPU)
    left = back.restore(unguided.state(), strict=False)
    assert left
    assert all("first_content" in name for name in left), left
    with pytest.raises(BadProjectError, match="does not fit"):
        back.restore(unguided.state())


SHOWN = ("entropy", "variation", "largest_share", "alpha", "balance")


def learned(tmp_path: Path, settings: dict[str, Any], steps: int = 30) -> dict[str, float]:
    """Means of the last terms of a short training on a fixed seed."""
    base = {"generator_width": 8, "set_size": 6, "entropy_ramp_steps": 1, "correspondence": "pool4"}
    method = Magic(job(tmp_path, base | settings), CPU)
    terms = [method.step(step) for step in range(steps)]
    return {key: float(torch.stack([term[key] for term in terms[-8:]]).mean()) for key in ("content", *SHOWN)}


@pytest.mark.parametrize(
    ("name", "less", "more", "term", "base"),
    [
        ("entropy_weight", 0.5, 5.0, "entropy", {}),
        ("variation_weight", 1.0, 100.0, "variation", {}),
        ("largest_share_weight", 0.0, 10.0, "largest_share", {"guidance": "unguided"}),
        ("content_weight", 1.0, 100.0, "content", {}),
        ("alpha_weight", 0.0, 20.0, "alpha", {}),
        ("image_balance_weight", 0.0, 20.0, "balance", {"guidance": "unguided"}),
    ],
)
def test_more_weight_on_a_term_makes_it_smaller(
    name: str, less: float, more: float, term: str, base: dict[str, Any], tmp_path: Path
) -> None:
    assert learned(tmp_path, base | {name: more})[term] < learned(tmp_path, base | {name: less})[term]


def test_aligned_portraits_of_several_sizes_meet(tmp_path: Path) -> None:
    """One mark at the same place of each image, whatever its size, is at one place in all elements."""
    styles = []
    for index, (height, width) in enumerate(((64, 64), (128, 128), (96, 64), (40, 64))):
        pixels = np.zeros((height, width, 3), np.uint8)
        unit = max(64 / height, 64 / width)  # of the first image's pixels in this one's
        rows = (np.arange(height) + 0.5 - height / 2) * unit
        columns = (np.arange(width) + 0.5 - width / 2) * unit
        pixels[np.ix_((rows > -24) & (rows < -8), (columns > 8) & (columns < 24))] = 255
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
        styles.append(SourceImage(path=str(tmp_path / f"{index}.png")))
    settings = {"guidance": "unguided", "placement": "aligned", "set_size": 4}
    method = Magic(job(tmp_path, settings, sources={"style": tuple(styles)}), CPU)
    seen = method.draw.at(method.draw.templates(4, 1), Box(0, 0, 64, 64)).view(64, 64).crops(0, 4)[0, :, 0]
    for element in seen:
        rows, columns = (element > 0.5).nonzero().double().unbind(1)
        assert rows.mean().item() == pytest.approx(32 - 16.5, abs=1)
        assert columns.mean().item() == pytest.approx(32 + 15.5, abs=1)


def test_unguided_needs_no_content_and_takes_any_canvas(tmp_path: Path) -> None:
    sources = {"style": (picture(tmp_path / "s.png", 64, 64, 1), picture(tmp_path / "t.png", 80, 64, 2))}
    method = Magic(job(tmp_path, {"guidance": "unguided"}, sources=sources), CPU)
    assert method.canvas_size == Size(64, 64)
    terms = method.step(0)
    assert terms["content"] == 0
    assert whole(method, Size(70, 150)).shape == (3, 70, 150)


def test_without_a_content_images_have_their_parts_and_pictures_their_colors(tmp_path: Path) -> None:
    """KL of their running parts from their weights, over log S, and the squared distance of the mean colours."""
    style = (picture(tmp_path / "s.png", 64, 64, 1), picture(tmp_path / "t.png", 80, 64, 2))
    weighed = {"style": (style[0].model_copy(update={"weight": 3.0}), style[1])}
    method = Magic(job(tmp_path, {"guidance": "unguided"}, sources=weighed), CPU)
    wanted = method.state().tensors["images.usage"].double()
    assert wanted.tolist() == [0.75, 0.25]
    means = [torch.from_numpy(np.asarray(Image.open(each.path), np.float64)).mean((0, 1)) for each in style]
    color = (0.75 * means[0] + 0.25 * means[1]) / 127.5 - 1
    batch = method._draw_batch(step_generator(0, 0))
    fake = method._generate(method.generator, batch)
    found = float(method._imbalance(batch, fake).detach())
    parts = method.state().tensors["images.usage"].double()
    away = (fake.result.double().mean((0, 2, 3)) - color).square().sum()
    expected = float(away.detach()) + float((parts * (parts / wanted).log()).sum()) / math.log(2)
    assert found == pytest.approx(expected, abs=1e-5)
    usage = torch.tensor([[0.1, 0.2, 0.3, 0.4]], dtype=torch.float64)
    by_image = usage_of_images(usage, torch.tensor([[0, 1, 1, 1]]), 3)
    assert torch.allclose(by_image, torch.tensor([[0.1, 0.9, 0.0]], dtype=torch.float64))


def test_the_use_of_images_is_gone_on_with_and_begins_anew_with_others(tmp_path: Path) -> None:
    style = (picture(tmp_path / "s.png", 64, 64, 1), picture(tmp_path / "t.png", 80, 64, 2))
    method = Magic(job(tmp_path, {"guidance": "unguided"}, sources={"style": style}), CPU)
    method.step(0)
    again = Magic(job(tmp_path, {"guidance": "unguided"}, sources={"style": style}), CPU)
    again.restore(method.state())
    for each in (method, again):
        each.step(1)
    ours, theirs = method.state().tensors, again.state().tensors
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    three = (*style, picture(tmp_path / "u.png", 64, 70, 3))
    more = Magic(job(tmp_path, {"guidance": "unguided"}, sources={"style": three}), CPU)
    assert more.restore(method.state(), strict=False) == []
    assert torch.allclose(more.state().tensors["images.usage"], torch.full((3,), 1 / 3))


def test_where_a_content_decides_images_are_not_balanced(tmp_path: Path) -> None:
    method = Magic(job(tmp_path), CPU)
    assert method.step(0)["balance"] == 0
    assert "images.usage" not in method.state().tensors


@pytest.mark.parametrize(
    ("settings", "slots", "message"),
    [
        ({}, ("style",), "A guided collage needs a content image. Drop one on Content, or choose Unguided"),
        ({}, ("content",), "at least one style image"),
        ({"guidance": "unguided", "placement": "aligned"}, ("style",), "at least two style images"),
    ],
)
def test_missing_images_are_asked_for(
    settings: dict[str, Any], slots: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    sources = {slot: (picture(tmp_path / f"{slot}.png", 64, 64, 1),) for slot in slots}
    with pytest.raises(MissingSourcesError, match=message):
        Magic(job(tmp_path, settings, sources=sources), CPU)


def test_images_smaller_than_the_patch_and_several_contents(tmp_path: Path) -> None:
    sources = {
        "style": (picture(tmp_path / "s.png", 64, 64, 1),),
        "content": (picture(tmp_path / "t.png", 64, 64, 2), picture(tmp_path / "u.png", 200, 64, 3)),
    }
    method = Magic(job(tmp_path, {"patch": 96}, sources=sources), CPU)
    assert torch.isfinite(method.step(0)["content"])
    assert whole(method, method.canvas_size).shape == (3, 64, 64)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch": 50}, "patch can not be 50 at depth 2; it is a multiple of 4"),
        ({"set_size": 1}, "set_size can not be 1; it is a whole number from 2 to 400"),
        ({"generator_width": 6, "heads": 4}, "generator_width can not be 6 with 4 heads; .* for example 4"),
        ({"set_size_least": 9}, "set_size_least can not be 9; it is at most set_size, 5"),
        ({"adversarial": "wgan_gp", "discriminator_norm": "batch"}, "can not be 'batch' with wgan_gp"),
    ],
)
def test_settings_that_can_not_be_had(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match=message):
        Magic(job(tmp_path, settings), CPU)


@pytest.mark.parametrize("preset", Magic.presets, ids=lambda preset: preset.name)
def test_presets_are_settings(preset: Any) -> None:
    settings = MagicSettings.of(preset.values)
    assert {name: getattr(settings, name) for name in preset.values} == preset.values


def test_where_memory_is_short_it_learns_with_less_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = job(tmp_path, {"set_size": 400, "batch": 4})
    free = 2**40
    monkeypatch.setattr(magic_module, "memory_free_bytes", lambda device: free)
    roomy = Magic(base, CPU)
    assert (roomy.plan.set_size, roomy.plan.batch, roomy.plan.checkpointing) == (400, 4, False)
    assert roomy.warnings == []
    free = 40_000_000
    short = Magic(base, CPU)
    assert short.plan.checkpointing
    assert 2 <= short.plan.set_size < 400
    assert len(short.warnings) == 1
    assert "Sets of 400" in short.warnings[0]
    short.step(0)
    assert short._last is not None
    assert short._last[1].mixture.weights.shape[1] == short.plan.set_size


def test_it_learns_the_content_and_uses_its_set(tmp_path: Path) -> None:
    """In forty steps on one small picture the collage comes nearer to the content, on a fixed seed."""
    settings = {"generator_width": 8, "set_size": 8, "batch": 4, "correspondence": "pool4"}
    method = Magic(job(tmp_path, settings), CPU)
    terms = [method.step(step) for step in range(40)]
    early = torch.stack([term["content_collage"] for term in terms[:5]]).mean()
    late = torch.stack([term["content_collage"] for term in terms[-5:]]).mean()
    assert late < 0.7 * early
    assert terms[-1]["templates_in_use"] > 4
