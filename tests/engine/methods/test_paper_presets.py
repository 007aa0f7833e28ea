"""Presets named after a paper: what the paper says of sizes and losses, and nothing that it does not have."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.method import method_class
from engine.methods.famos.settings import FamosSettings
from engine.settings import idle
from tests.engine import famos_jobs, generator_jobs, magic_jobs

CPU = torch.device("cpu")
JOBS = {"famos": famos_jobs.job, "magic": magic_jobs.job}
SMALL = {
    "famos": {**famos_jobs.TINY, "patch": 32},
    "magic": {**magic_jobs.TINY, "set_size_least": 0, "patch": 64, "discriminator_depth": 3},
}
ADDED = {
    "famos": (
        "tone_matching",
        "color_matching",
        "balance_weight",
        "largest_share_weight",
        "foreign_weight",
        "smoothing_px",
        "r1_weight",
        "entropy_ramp_steps",
    ),
    "magic": (
        "tone_matching",
        "color_matching",
        "collage_content_weight",
        "alpha_weight",
        "r1_weight",
        "entropy_ramp_steps",
        "smoothing_px",
        "kept_colors",
        "image_balance_weight",
    ),
}
"""Terms and ramps that are ours: 0, or idle, in a preset that says it is the paper's."""


def preset(method: str, name: str) -> dict[str, Any]:
    return next(dict(preset.values) for preset in method_class(method).presets if preset.name == name)


PAPERS = [
    (key, found.name)
    for key in ("famos", "magic")
    for found in method_class(key).presets
    if found.name.startswith("As in the paper")
]


@pytest.mark.parametrize(("method", "name"), PAPERS)
def test_what_the_paper_has_not_is_off(method: str, name: str) -> None:
    settings = method_class(method).Settings.of(preset(method, name))
    left_out = idle(settings)
    assert all(not getattr(settings, added) or added in left_out for added in ADDED[method])
    assert settings.settle_after_steps == 0  # type: ignore[attr-defined]
    assert settings.average_decay == 0  # type: ignore[attr-defined]


def test_famos_without_a_content_begins_by_chance() -> None:
    settings = FamosSettings.of(preset("famos", "As in the paper") | {"guidance": "unguided"})
    assert not settings.deals_out
    assert FamosSettings.of({"guidance": "unguided"}).deals_out


def test_famos_is_wgan_gp_with_a_memory_and_dcgan_without() -> None:
    with_memory, without = preset("famos", "As in the paper"), preset("famos", "As in the paper, painted only")
    assert (with_memory["mode"], with_memory["adversarial"]) == ("blend", "wgan_gp")
    assert (without["mode"], without["adversarial"]) == ("paint", "dcgan")
    assert with_memory["templates"] == 100
    for values in (with_memory, without):  # appendix II
        assert (values["norm"], values["kernel"], values["patch"], values["batch"]) == ("batch", "5", 160, 8)
        assert (values["depth"], values["discriminator_depth"]) == (4, 4)
        assert values["learning_rate"] == values["discriminator_rate"] == 2e-4
    assert without["discriminator_norm"] == "batch"


def test_magic_is_appendix_iv() -> None:
    guided, unguided = preset("magic", "As in the paper, guided"), preset("magic", "As in the paper, unguided")
    for values in (guided, unguided):
        assert (values["norm"], values["kernel"], values["adversarial"]) == ("instance", "5", "dcgan")
        assert (values["generator_width"], values["discriminator_width"], values["depth"]) == (48, 128, 5)
        assert values["patch"] == 256
        assert values["full_size"] is True
        assert values["refiner_paints"] == "picture"
    assert (guided["set_size"], guided["discriminator_depth"], guided["batch"]) == (50, 6, 6)
    assert (unguided["set_size_least"], unguided["set_size"]) == (2, 12)
    assert (unguided["discriminator_depth"], unguided["batch"]) == (7, 12)


def test_textures_are_v2_with_variety_and_v1_without() -> None:
    """Section 5.1 and figure 5 of Ulyanov et al. 2017."""
    second, first = preset("texture", "As in the paper"), preset("texture", "As in the paper, V1")
    assert (second["generator"], second["latent"]) == ("deep", 256)
    assert second["diversity_weight"] == 1
    assert second["temperature"] in (5, 10, 20)
    assert (first["generator"], first["diversity_weight"], first["width"], first["noise"]) == ("pyramid", 0, 8, 3)
    settings = method_class("texture").Settings.of(second)
    assert "temperature" not in idle(settings)
    assert settings.normalised_gradients is True  # type: ignore[attr-defined]


def test_stylenet_has_plain_relus_and_no_noise(tmp_path: Path) -> None:
    values = preset("stylize", "As in the paper") | {"network": "filters"}
    job = generator_jobs.job("stylize", tmp_path, values | {"patch": 64, "batch": 1})
    made: Any = method_class("stylize")(job, CPU)
    slopes = {module.negative_slope for module in made.generator.modules() if isinstance(module, nn.LeakyReLU)}
    assert slopes == {0.0}
    assert made.generator.joining is None
    assert len(made.generator.injecting) == 0
    assert made.settings.enlarged == 1
    assert torch.isfinite(made.step(0)["style"])


@pytest.mark.parametrize(
    ("method", "name"),
    PAPERS
    + [
        (key, found.name)
        for key in ("texture", "stylize", "doodle_net")
        for found in method_class(key).presets
        if found.name.startswith("As in the paper")
    ],
)
def test_it_is_the_same_whatever_was_chosen_before(method: str, name: str) -> None:
    """But for the sizes of practice that the three networks of one pass take from Draft or Standard."""
    kind = method_class(method)
    alone = kind.Settings.of(preset(method, name))
    of_sizes = {"patch", "batch"} if method not in JOBS else set()
    for before in kind.presets:
        after = kind.Settings.of(dict(before.values) | preset(method, name))
        matters = set(type(after).model_fields) - set(idle(after)) - of_sizes
        left = {key for key in matters if getattr(after, key) != getattr(alone, key)}
        assert not left, f"{before.name} leaves {left} behind"


@pytest.mark.parametrize(("method", "name"), PAPERS)
def test_a_small_one_learns_and_paints(method: str, name: str, tmp_path: Path) -> None:
    made: Any = method_class(method)(JOBS[method](tmp_path, preset(method, name) | SMALL[method]), CPU)
    terms = {}
    for step in range(2):
        terms = made.step(step)
    assert all(torch.isfinite(value) for value in terms.values()), terms
    assert made.settings.average_decay == 0
    trained, shown = (dict(network.named_parameters()) for network in (made.generator, made.average))
    assert all(torch.equal(shown[key], trained[key]) for key in shown)
