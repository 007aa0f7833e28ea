"""MAGIC: which element lies where, of sets of any size and order, and on the way from one to another."""

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.box import Box, Size
from engine.methods.magic.method import Magic
from engine.nn.collage import affine_displacement, handed_over, together
from engine.templates.atlas import Templates
from tests.engine.magic_jobs import ROUNDING, alive, job
from tests.engine.method_jobs import whole

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    "options", [{}, {"attention": "inducing"}, {"warp": "affine"}, {"warp": "flow"}, {"guidance": "unguided"}]
)
def test_permuting_the_set_permutes_the_mixture_and_leaves_the_collage(options: dict[str, Any], tmp_path: Path) -> None:
    method = alive(Magic(job(tmp_path, options | {"attention_from": 1}), CPU), 2.0)
    method.step(0)
    box, order = Box(0, 0, 64, 64), torch.tensor([3, 1, 4, 0, 2])
    straight = method.draw.templates(5, 1)
    turned = Templates(straight.atlas, straight.image[order], straight.offset[order], straight.flip[order], "mirror")
    content = method._content_at(box, method.scene(method.canvas_size))
    painted = []
    for templates in (straight, turned):
        sets = method.draw.at(templates, box)
        with torch.no_grad():
            affine = method.average.locate(sets, content, (64, 64)) if options.get("warp") == "affine" else None
            choice = method.average.choose(sets, content, (64, 64), 2.0, affine, (32.0, 32.0), method._conditions())
            painted.append(method.average.paste([(choice, 1.0)], 0.25, None))
    (collage, mixture), (same_collage, permuted) = painted
    assert mixture.std() > 0.005  # it decides something
    assert (permuted - mixture[:, order]).abs().max() <= ROUNDING
    assert (same_collage - collage).abs().max() / 2 <= ROUNDING  # of 0..1


def test_twelve_in_training_and_fifty_in_use(tmp_path: Path) -> None:
    method = Magic(job(tmp_path, {"set_size": 12}), CPU)
    method.step(0)
    twelve = whole(method, Size(64, 64))
    method.settings = method.settings.with_values({"show_size": 50})
    fifty = whole(method, Size(64, 64))
    assert torch.isfinite(fifty).all()
    assert not torch.equal(twelve, fifty)
    method.step(1)  # and it learns on with its own size
    assert method._last is not None
    assert method._last[1].mixture.weights.shape[1] == 12


def test_another_set_is_another_collage_and_the_first_one_comes_back(tmp_path: Path) -> None:
    method = Magic(job(tmp_path), CPU)
    method.step(0)
    pictures = []
    for seed in (1, 2, 1):
        method.settings = method.settings.with_values({"set_seed": seed})
        pictures.append(whole(method, Size(64, 64)))
    assert not torch.equal(pictures[0], pictures[1])
    assert torch.equal(pictures[0], pictures[2])


def test_frames_between_two_sets_begin_with_one_and_end_with_the_other(tmp_path: Path) -> None:
    method = alive(Magic(job(tmp_path, {"set_seed": 1, "between_seed": 2}), CPU))
    method.step(0)

    def frame(between: float, seed: int = 1) -> torch.Tensor:
        method.settings = method.settings.with_values({"between": between, "set_seed": seed})
        return whole(method, Size(64, 64), "collage")

    first, quarter, half, last = (frame(part) for part in (0.0, 0.25, 0.5, 1.0))
    assert torch.equal(last, frame(0.0, seed=2))
    assert torch.allclose(half, (first + last) / 2, atol=1e-5)
    assert torch.allclose(quarter, 0.75 * first + 0.25 * last, atol=1e-5)
    method.settings = method.settings.with_values({"between_by": "pieces"})
    assert torch.allclose(frame(1e-6), first, atol=1e-4)
    assert torch.allclose(frame(1 - 1e-6), last, atol=1e-4)
    assert not torch.allclose(frame(0.5), half, atol=1e-2)


def test_pieces_change_hands_one_after_another() -> None:
    """Against the formula, written out in float64 for each place; and where A is decided, most places are decided."""
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 1, 5, 6, 7, generator=random, dtype=torch.float64) * 20
    first, second = logits.softmax(2)
    collages = torch.rand(2, 1, 3, 6, 7, generator=random, dtype=torch.float64).unbind(0)
    collage, mixture = together(collages, [first, second], [0.4, 0.6], by_pieces=True)
    shares = handed_over(first, second, 0.6)
    golden = (5**0.5 - 1) / 2
    for y in range(6):
        for x in range(7):
            time = sum((k + 1) * golden % 1 * float(a[0, k, y, x]) / 2 for a in (first, second) for k in range(5))
            share = min(1.0, max(0.0, (0.6 - (0.1 + 0.8 * time)) / 0.2 + 0.5))
            assert shares[0, 0, y, x].item() == pytest.approx(share, abs=1e-6)
            mixed = (1 - share) * collages[0][0, :, y, x] + share * collages[1][0, :, y, x]
            assert torch.allclose(collage[0, :, y, x], mixed, atol=1e-6)
    assert torch.allclose(mixture.sum(1), torch.ones(1, 6, 7, dtype=torch.float64))
    assert (handed_over(first, second, 0.0) == 0).all()
    assert (handed_over(first, second, 1.0) == 1).all()


def test_a_larger_set_needs_no_other_weights(tmp_path: Path) -> None:
    small = Magic(job(tmp_path), CPU)
    small.step(0)
    assert Magic(job(tmp_path, {"set_size": 9}), CPU).restore(small.state()) == []


def test_warping_stays_within_its_bound(tmp_path: Path) -> None:
    method = alive(Magic(job(tmp_path, {"warp": "flow"}), CPU))
    box = Box(0, 0, 64, 64)
    sets = method.draw.at(method.draw.templates(5, 1), box)
    content = method._content_at(box, method.scene(method.canvas_size))
    with torch.no_grad():
        method.average.st_unet.last.weight.mul_(100)
        choice = method.average.choose(sets, content, (64, 64), 3.0, None, (32.0, 32.0), method._conditions())
    assert choice.displacement is not None
    assert 2.5 < choice.displacement.abs().max() <= 3.0
    theta = torch.ones(1, 1, 6)
    moved = affine_displacement(theta, (128, 128), (64.0, 64.0), bound_px=4.0)
    assert moved.abs().max() <= 3 * 4.0
