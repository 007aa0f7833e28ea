"""*Match the colours* in FAMOS and MAGIC: it acts at once or in the next step, and 0 is as if there were none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from engine import losses
from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.methods.adversarial import AdversarialMethod
from engine.methods.famos.method import Famos
from engine.methods.magic.color_choice import ColorChoice
from engine.methods.magic.method import Magic
from engine.options import RenderMode
from engine.templates.atlas import Templates
from tests.engine import famos_jobs, magic_jobs

CPU = torch.device("cpu")


def method(name: str, folder: Path, values: dict[str, Any] | None = None) -> AdversarialMethod:
    if name == "famos":
        return Famos(famos_jobs.job(folder, values), CPU)
    return Magic(magic_jobs.job(folder, {"start": "nothing", **(values or {})}), CPU)


def whole(method: AdversarialMethod, layer: str = "result", mode: RenderMode | None = None) -> torch.Tensor:
    with torch.no_grad():
        return Artwork(method.renderer(mode or RenderMode()), method.canvas_size, layer).at(method.canvas_size.box)


@pytest.mark.parametrize("name", ["famos", "magic"])
def test_tones_and_colors_follow_their_sliders_without_a_rebuild(name: str, tmp_path: Path) -> None:
    built = method(name, tmp_path)
    plain, before = whole(built, "content"), built.settings
    for values in ({"color_matching": 1.0}, {"tone_matching": 1.0}, {"color_matching": 0.4, "tone_matching": 0.2}):
        built.settings = before.with_values(values)
        assert not before.needs_rebuild(built.settings)
        shown = whole(built, "content")
        assert not shown.equal(plain)
        assert shown.equal(whole(method(name, tmp_path, values), "content")), "as if it had been built so"
    built.settings = before.with_values({"color_matching": 1.0})
    assert (whole(built, "content").mean(0) - plain.mean(0)).abs().max() < 0.005, "light and dark are the tones' alone"
    built.settings = before
    assert whole(built, "content").equal(plain)


@pytest.mark.parametrize("name", ["famos", "magic"])
def test_a_step_learns_by_colors_where_they_count(name: str, tmp_path: Path) -> None:
    built, other = method(name, tmp_path), method(name, tmp_path)
    other.settings = other.settings.with_values({"color_matching": 1.0})
    terms, in_colors = built.step(0), other.step(0)
    assert in_colors["content"] > terms["content"]
    assert all(torch.isfinite(value).all() for value in in_colors.values())


@pytest.mark.parametrize("name", ["famos", "magic"])
def test_frames_follow_the_colors_of_the_first(name: str, tmp_path: Path) -> None:
    built = method(name, tmp_path, {"color_matching": 1.0})
    first = famos_jobs.picture(tmp_path / "first.png", 77, 101, 11).path
    second = famos_jobs.picture(tmp_path / "second.png", 77, 101, 12).path
    locked, alone = (whole(built, "content", RenderMode(frame=second, tones=tones)) for tones in (first, ""))
    assert not locked.equal(alone)
    assert whole(built, "content", RenderMode(frame=second, tones=second)).equal(alone)


def test_what_is_compared_is_grey_alone_or_all_of_the_colors() -> None:
    one, other = (torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    for colors, expected in ((0.0, (losses.grey(one) - losses.grey(other)).square()), (1.0, (one - other).square())):
        found = losses.content(losses.compared(one, colors), losses.compared(other, colors))
        torch.testing.assert_close(found, expected.mean())


def test_crops_agree(tmp_path: Path) -> None:
    built = method("magic", tmp_path, {"color_matching": 1.0})
    size, inner = Size(120, 136), Box(21, 35, 40, 50)
    with torch.no_grad():
        field = Artwork(built, size)
        torch.testing.assert_close(field.at(size.box)[:, 21:61, 35:85], field.at(inner), rtol=1e-4, atol=1e-4)


def test_it_acts_on_magic_at_once_and_pieces_have_the_colors_of_the_content(tmp_path: Path) -> None:
    built = method("magic", tmp_path)
    apart = []
    for amount in (0.0, 0.02, 1.0):
        built.settings = built.settings.with_values({"color_matching": amount})
        collage, content = whole(built, "collage"), whole(method("magic", tmp_path, {"color_matching": 1.0}), "content")
        blocks = [torch.nn.functional.avg_pool2d(losses.compared(x[None], 1.0), 8)[:, 1:] for x in (collage, content)]
        apart.append(float((blocks[0] - blocks[1]).square().mean()))
    assert apart[0] > apart[1] > apart[2]
    assert apart[0] > 1.5 * apart[2]


def test_elements_in_another_order_are_wanted_alike(tmp_path: Path) -> None:
    built = method("magic", tmp_path)
    assert isinstance(built, Magic)
    box, order = Box(8, 16, 32, 40), torch.tensor([3, 1, 4, 0, 2])
    straight = built.draw.templates(5, 1)
    turned = Templates(straight.atlas, straight.image[order], straight.offset[order], straight.flip[order], "mirror")
    content = torch.rand(1, 3, 32, 40, generator=torch.Generator().manual_seed(1)) * 2 - 1
    first, second = (ColorChoice().added(built.draw.at(t, box), content, 1.0, 8) for t in (straight, turned))
    assert second.equal(first[:, order])
    assert first.std() > 0.1
    assert first.max() <= 0


def test_elements_that_are_the_content_are_wanted_as_they_were(tmp_path: Path) -> None:
    built = method("magic", tmp_path)
    assert isinstance(built, Magic)
    sets = built.draw.at(built.draw.templates(5, 1), Box(0, 0, 32, 32))
    content = sets.view(32, 32).crops(0, 5)[:, 2] * 2 - 1  # [1, 3, H, W]: the third element
    added = ColorChoice().added(sets, content, 1.0, 8)
    assert added[:, 2].abs().max() < 2, "blocks are mirrored where elements are"
    assert (added.argmax(1) == 2).float().mean() > 0.95


def test_blocks_of_another_size_are_means_of_their_own(tmp_path: Path) -> None:
    built = method("magic", tmp_path)
    assert isinstance(built, Magic)
    sets = built.draw.at(built.draw.templates(5, 1), Box(0, 0, 32, 32))
    content, choice = torch.zeros(1, 3, 32, 32), ColorChoice()
    choice.added(sets, content, 1.0, 8)
    assert choice.added(sets, content, 1.0, 4).equal(ColorChoice().added(sets, content, 1.0, 4))
