"""The discriminator of generators: what it learns, what it tells, and that it costs nothing where it does not count."""

from pathlib import Path

import pytest
import torch

from engine.method import method_class
from engine.style.style_discriminator import StyleDiscriminator
from engine.style.style_loss import Style
from tests.engine.generator_jobs import CPU, job, trained

GENERATORS = ("texture", "stylize", "doodle_net")


def stripes(height: int, width: int, period: int) -> torch.Tensor:
    """uint8 [3, h, w], black and white rows."""
    rows = (torch.arange(height) % period < period / 2).to(torch.uint8) * 255
    return rows[:, None].expand(3, height, width).contiguous()


def made(styles: list[Style], regions: int = 0, side: int = 32) -> StyleDiscriminator:
    return StyleDiscriminator(styles, 4, regions, side, CPU, torch.Generator().manual_seed(3))


def test_it_learns_to_tell_the_style_from_something_else() -> None:
    """Stripes of the same values that run the other way: no filter's mean differs, only what lies beside what."""
    style = stripes(48, 48, 8)
    others = (style.mT[None, :, :32, :32].float() / 255).repeat(2, 1, 1, 1)
    judge, random = made([Style(style)]), torch.Generator().manual_seed(1)
    losses = [float(judge.learn(others, None, step, 2e-3, random)) for step in range(60)]
    assert losses[-1] < 0.5 * losses[0]
    same = (style[None, :, :32, :32].float() / 255).repeat(2, 1, 1, 1)
    assert judge.judge(same, None) < judge.judge(others, None)


def test_a_region_is_judged_by_what_the_style_has_there() -> None:
    """Dark above and light below; pictures have the same colours the other way round."""
    pixels = torch.cat([torch.zeros(3, 32, 64), torch.full((3, 32, 64), 255.0)], 1).to(torch.uint8)
    labels = torch.cat([torch.zeros(32, 64), torch.ones(32, 64)]).to(torch.uint8)
    judge, random = made([Style(pixels, 1.0, labels)], regions=2, side=64), torch.Generator().manual_seed(1)
    mask = torch.stack([labels == 0, labels == 1])[None].float()
    wrong, right = 1 - pixels[None].float() / 255, pixels[None].float() / 255
    for step in range(40):
        judge.learn(wrong, mask, step, 2e-3, random)
    assert judge.judge(right, mask) < judge.judge(wrong, mask) - 0.5


def test_judging_leaves_the_discriminator_as_it_is_and_reaches_the_pictures() -> None:
    judge = made([Style(stripes(48, 48, 8))])
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(2)).requires_grad_()
    judge.judge(images, None).backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in judge.network.parameters())


@pytest.mark.parametrize(("height", "width"), [(20, 64), (64, 17), (16, 16)])
def test_styles_smaller_than_the_patch_are_looked_at_whole(height: int, width: int) -> None:
    judge = made([Style(stripes(height, width, 4)), Style(stripes(64, 64, 8))], side=32)
    value = judge.learn(torch.zeros(3, 3, 32, 32), None, 0, 1e-3, torch.Generator().manual_seed(1))
    assert torch.isfinite(value)


@pytest.mark.parametrize("key", GENERATORS)
def test_weight_zero_leaves_it_out(key: str, tmp_path: Path) -> None:
    method = trained(method_class(key)(job(key, tmp_path, {"adversarial_weight": 0.0}), CPU), 2)  # type: ignore[arg-type]
    fresh = method_class(key)(job(key, tmp_path, {"adversarial_weight": 0.0}), CPU)
    before = dict(fresh.state().tensors)
    after = method.state().tensors
    names = [name for name in after if name.startswith("discriminator")]
    assert names
    assert all(torch.equal(before[name], after[name]) for name in names)


@pytest.mark.parametrize("key", GENERATORS)
def test_it_acts_on_the_generator(key: str, tmp_path: Path) -> None:
    without, with_it = (
        trained(method_class(key)(job(key, tmp_path, {"adversarial_weight": weight}), CPU), 2)  # type: ignore[arg-type]
        for weight in (0.0, 1.0)
    )
    ours, theirs = without.state().tensors, with_it.state().tensors
    assert any(not torch.equal(ours[name], theirs[name]) for name in ours if name.startswith("generator."))
