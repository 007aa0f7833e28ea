"""What FAMOS and MAGIC share: what the discriminator is shown, and what its scores cost the generator."""

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.images.sampling import step_generator
from engine.methods.famos.method import Famos
from engine.methods.magic.method import Magic
from engine.nn.discriminator import Discriminator
from tests.engine import famos_jobs, magic_jobs

CPU = torch.device("cpu")
METHODS = {"famos": (Famos, famos_jobs.job), "magic": (Magic, magic_jobs.job)}


def made(key: str, folder: Path, settings: dict[str, Any]) -> Any:
    method, job = METHODS[key]
    return method(job(folder, settings), CPU)


def loss_of_a_step(method: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor], Any]:
    """The generator's loss of its first batch, its terms, and its pictures; with a discriminator that stands still."""
    random = step_generator(0, 0)
    turns = method._turns(method._draw_batch(random), random)
    output = method._generate(method.generator, turns[0].batch)
    method._train_discriminator = lambda *_: {}
    loss, terms = method._losses(output, turns, False, 0.0)
    return loss, terms, output


@pytest.mark.parametrize("key", METHODS)
def test_the_collage_is_judged_by_as_much_as_its_weight(key: str, tmp_path: Path) -> None:
    def lossy(weight: float) -> tuple[Any, torch.Tensor, dict[str, torch.Tensor], Any]:
        method = made(key, tmp_path, {"adversarial": "dcgan", "collage_adversarial_weight": weight})
        return method, *loss_of_a_step(method)

    _, without, terms, _ = lossy(0.0)
    assert "generator_collage" not in terms
    method, with_it, terms, output = lossy(3.0)
    judge = Discriminator(4, 2, 5, "none").double()
    judge.load_state_dict(method.discriminator.state_dict())
    wanted = torch.log1p(torch.exp(-judge(output.collage.detach().double()))).mean()  # -log D(I_M), of its logits
    assert terms["generator_collage"].item() == pytest.approx(wanted.item(), rel=1e-5)
    assert (with_it - without).item() == pytest.approx(3 * wanted.item(), rel=1e-4)


@pytest.mark.parametrize("key", METHODS)
def test_the_discriminator_learns_that_collages_are_not_the_style(key: str, tmp_path: Path) -> None:
    settings = {"collage_adversarial_weight": 1.0, "r1_weight": 0.0}
    weights = {}
    for name, changes in {"off": {"collage_adversarial_weight": 0.0}, "on": {}}.items():
        method = made(key, tmp_path, settings | changes)
        method.step(0)
        weights[name] = method.discriminator.layers[0].weight.detach().clone()
    assert not torch.equal(weights["on"], weights["off"])


@pytest.mark.parametrize(("key", "alone"), [("famos", {"mode": "copy"}), ("famos", {"mode": "paint"})])
def test_what_is_the_picture_already_is_not_judged_twice(key: str, alone: dict[str, Any], tmp_path: Path) -> None:
    terms = made(key, tmp_path, alone | {"collage_adversarial_weight": 1.0}).step(0)
    assert "generator_collage" not in terms


@pytest.mark.parametrize("key", METHODS)
def test_no_r1_penalty_is_taken_under_batch_norm(key: str, tmp_path: Path) -> None:
    """Its gradient would be that of all patches together (Gulrajani et al. 2017, section 4)."""
    settings = {"adversarial": "dcgan", "r1_weight": 1.0, "r1_every_steps": 1}
    assert "penalty" in made(key, tmp_path, settings | {"discriminator_norm": "instance"}).step(0)
    assert "penalty" not in made(key, tmp_path, settings | {"discriminator_norm": "batch"}).step(0)


@pytest.mark.parametrize("key", METHODS)
def test_after_diverging_it_learns_more_slowly_and_remembers(key: str, tmp_path: Path) -> None:
    method, again = made(key, tmp_path, {}), made(key, tmp_path, {})
    assert "0.5" in method.slow_down()
    slow = pytest.approx(0.5 * method.settings.learning_rate)
    method.step(0)
    assert method.optimizer.param_groups[0]["lr"] == slow
    again.restore(method.state())
    again.step(1)
    assert again.optimizer.param_groups[0]["lr"] == slow


@pytest.mark.parametrize("key", METHODS)
def test_no_number_in_the_weights_shows_in_the_terms(key: str, tmp_path: Path) -> None:
    method = made(key, tmp_path, {})
    with torch.no_grad():
        next(method.generator.parameters()).fill_(torch.nan)
    assert not torch.isfinite(method.step(0)["content"])
