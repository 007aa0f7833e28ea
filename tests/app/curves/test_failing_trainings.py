"""Trainings that are made to fail, with real networks, tiny: what has gone wrong is told, with what helps.

Settings, images and rates are chosen so that each fails within a hundred steps; the rules are given less time to last.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from app.curves import health as rules
from app.curves.health import Health, health
from app.curves.history import History
from engine.declarations import MATCHES
from engine.job import Job, SourceImage
from engine.method import method_class
from engine.style.matches import StyleMatch
from tests.engine import famos_jobs, generator_jobs, magic_jobs, pixel_jobs

CPU = torch.device("cpu")
NETWORKS = ("texture", "stylize", "doodle_net")
FROZEN, FAST = 1e-6, 1e-2
STILL = {"learning_rate": FROZEN}


@pytest.fixture(autouse=True)
def _told_soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, steps in (("LATE_STEPS", 20), ("LONG_STEPS", 20), ("STALL_STEPS", 20)):
        monkeypatch.setattr(rules, name, steps)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def job(method: str, folder: Path, settings: dict[str, Any], **sources: tuple[SourceImage, ...]) -> Job:
    if method in NETWORKS:
        made = generator_jobs.job(method, folder, settings)
    elif method in ("neural_style", "doodle"):
        make = pixel_jobs.style_job if method == "neural_style" else pixel_jobs.doodle_job
        made = make(folder, {"scales": 1, "steps_per_scale": 1000, **settings})
    else:
        made = (famos_jobs if method == "famos" else magic_jobs).job(folder, settings)
    return made.model_copy(update={"sources": {**made.sources, **sources}})


def plain(folder: Path, *greys: int) -> tuple[SourceImage, ...]:
    """Images of one grey each, with a little grain."""
    made = []
    for grey in greys:
        pixels = grey + np.random.default_rng(grey).integers(0, 4, (80, 90, 3))
        path = folder / f"grey {grey}.png"
        Image.fromarray(pixels.astype(np.uint8)).save(path)
        made.append(SourceImage(path=str(path)))
    return tuple(made)


def trained(job: Job, steps: int, turned: tuple[int, dict[str, Any]] | None = None, match: bool = False) -> Health:
    """The health after so many steps.

    Args:
        turned: live settings from some step on.
        match: measure the style match of each fourth step.
    """
    kind = method_class(job.method)
    method = kind(job, CPU)
    history = History(tuple(term.key for term in (*MATCHES, *kind.terms)))
    style = StyleMatch([pixels_of(image) for image in job.sources["style"]]) if match else None
    for step in range(steps):
        if turned is not None and step == turned[0]:
            method.settings = method.settings.with_values(turned[1])
        terms = {name: float(value) for name, value in method.step(step).items()}
        if style is not None and step % 4 == 1:
            terms["style_match"] = style.of(picture_of(method))
        if step % 2:
            history.add(step, terms)
    return health(history, kind.number_of_pieces(job.settings), kind.Settings, kind.loss_of_guessing(job.settings))


def pixels_of(image: SourceImage) -> torch.Tensor:
    return torch.from_numpy(np.array(Image.open(image.path))).permute(2, 0, 1)


def picture_of(method: Any) -> torch.Tensor:
    from engine.preview.views import preview

    return torch.from_numpy(preview(method, 10_000).copy()).permute(2, 0, 1)


def check(state: Health, word: str, setting: str) -> None:
    assert word in state.text
    assert state.role == "warning"
    assert state.back
    assert state.remedy is not None
    assert state.remedy.setting == setting


@pytest.mark.parametrize(("method", "setting"), [("famos", "balance_weight"), ("magic", "largest_share_weight")])
def test_one_piece_takes_all(tmp_path: Path, method: str, setting: str) -> None:
    """White is wanted, one piece is white, and nothing asks for the others."""
    values = {"content_weight": 500, "entropy_weight": 5, "tone_matching": False, "learning_rate": FAST}
    values |= {"adversarial_weight": 0}
    values |= {"templates": 12, "mode": "copy", "balance_weight": 0} if method == "famos" else {"set_size": 12}
    styles = plain(tmp_path, 250, *range(11))
    state = trained(job(method, tmp_path, values, style=styles, content=plain(tmp_path, 250)), 60)
    check(state, "1 of 12 pieces in use", setting)


@pytest.mark.parametrize("method", ["famos", "magic"])
def test_pieces_are_mixed_to_a_grey(tmp_path: Path, method: str) -> None:
    state = trained(job(method, tmp_path, STILL | {"temperature": 4, "entropy_weight": 0}), 40)
    check(state, "A grey mixture", "entropy_weight")


def test_the_discriminator_wins(tmp_path: Path) -> None:
    """A white style, and a picture that stays as it is."""
    values = STILL | {"adversarial": "hinge", "discriminator_rate": FAST, "mode": "paint"}
    state = trained(job("famos", tmp_path, values, style=plain(tmp_path, 250)), 80)
    check(state, "has won", "discriminator_rate")


@pytest.mark.parametrize("method", ["famos", "magic", "texture"])
def test_the_discriminator_only_guesses(tmp_path: Path, method: str) -> None:
    values = {"discriminator_rate": FROZEN, "adversarial_weight": 1.0}
    # One that knows nothing tells smooth pictures from the style by chance.
    values |= STILL | {"enlarging": "nearest"} if method in NETWORKS else {"adversarial": "hinge", "entropy_weight": 10}
    check(trained(job(method, tmp_path, values), 44), "only guesses", "discriminator_rate")


@pytest.mark.parametrize("method", ["texture", "stylize"])
def test_the_discriminator_is_too_quick_for_itself(tmp_path: Path, method: str) -> None:
    state = trained(job(method, tmp_path, STILL | {"adversarial_weight": 1.0, "discriminator_rate": 0.1}), 44)
    assert state.role == "warning"
    assert state.remedy is not None
    assert (state.remedy.setting, state.remedy.factor) == ("discriminator_rate", 0.5), "slower, and not faster"


@pytest.mark.parametrize("method", ["neural_style", "stylize"])
def test_a_loss_rises_that_should_fall(tmp_path: Path, method: str) -> None:
    """The largest steps that the setting allows, after a good beginning.

    Where a network ends that is driven so is chance, as is which of its terms suffers: one of four has to be told.
    """
    network = method in NETWORKS
    values: dict[str, Any] = {"learning_rate": 1e-3} | (
        {"adversarial_weight": 0.0} if network else {"optimizer": "adam"}
    )
    turned = (60 if network else 30, {"learning_rate": FAST if network else 0.5})
    if method == "stylize":
        values["last_layer_rate"] = 1.0
    made = job(method, tmp_path, values)
    seeds = range(4 if network else 1)
    found = (trained(made.model_copy(update={"seed": s}), 100 if network else 90, turned=turned) for s in seeds)
    told = next((state for state in found if " rises" in state.text), None)
    assert told is not None
    check(told, " rises", "learning_rate")


def test_the_style_match_stands_still(tmp_path: Path) -> None:
    state = trained(job("neural_style", tmp_path, {"learning_rate": 1e-4}), 44, match=True)
    assert "the style match has not changed" in state.text
    assert state.role == "muted", "a picture that is done is no trouble"
    assert state.remedy is not None
    assert state.remedy.setting == "learning_rate"
