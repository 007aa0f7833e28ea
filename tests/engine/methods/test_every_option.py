"""Laws that every registered method keeps, over the options that change its networks, its steps and its pictures."""

from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.box import Box, Size
from engine.method import method_class, method_keys
from engine.settings import specs
from tests.engine import famos_jobs, magic_jobs
from tests.engine.combinations import every_pair
from tests.engine.method_jobs import built, check_goes_on, check_tiles_agree, learned, painted

Options = dict[str, Any]
Rows = Mapping[str, Iterable[Options]]

GENERATORS = ("layered", "deep", "pyramid")
NORMS = ("instance", "batch", "layer", "none")


def rows(of: Rows) -> list[Any]:
    """For each method its rows of options, named by the values that tell them apart."""

    def name(key: str, options: Options) -> str:
        return "-".join([key, *(f"{value}" for value in list(options.values())[:4])])

    return [pytest.param(key, options, id=name(key, options)) for key, found in of.items() for options in found]


# ---------------------------------------------------------------- a step and a picture

ADVERSARIAL = {"famos": famos_jobs.OPTIONS, "magic": magic_jobs.OPTIONS}
NOTHING_PAINTED_OVER = {"famos": ("mode", "copy"), "magic": ("refine", False)}


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize(("key", "options"), rows({key: every_pair(options) for key, options in ADVERSARIAL.items()}))
def test_a_step_and_a_picture_with_every_pair_of_options(key: str, options: Options, tmp_path: Path) -> None:
    method = built(key, tmp_path, options)
    before = method.state().tensors
    terms: dict[str, Tensor] = {}
    for step in range(2):
        terms = method.step(step)
        assert all(torch.isfinite(value) for value in terms.values()), terms
        assert all(value.shape == () for value in terms.values())
    assert {term.key for term in method.terms} >= set(terms)
    after = method.state().tensors
    for network in ("generator.", "discriminator."):
        weights = [name for name in before if name.startswith(network)]
        assert any(not torch.equal(before[name], after[name]) for name in weights), network
    layers = painted(method, method.canvas_size, Box(3, 5, 20, 30))
    assert set(layers) == {layer.key for layer in method.layers}
    for image in layers.values():
        assert image.shape == (3, 20, 30)
        assert image.min() >= 0
        assert image.max() <= 1 + 1e-6
    for patch in method.patches().values():
        assert patch.shape == (2, 3, 32, 32)
    name, value = NOTHING_PAINTED_OVER[key]
    if options[name] == value:
        assert torch.equal(layers["result"], layers["collage"])


# ---------------------------------------------------------------- crops agree

CHANGE_ONLY_THE_TRAINING = frozenset(
    (
        *(
            "adversarial",
            "correspondence",
            "learned_after",
            "balance_over",
            "discriminator_norm",
            "discriminator_steps",
        ),
        *("crops", "precision", "tone_matching", "set_size_least", "checkpointing"),
    )
)
# Layer norm over two channels would blow rounding up: it makes them +1 and -1, however near they are.
WIDE = {"width": 4}
PAINTED_OTHERWISE: Rows = {
    **{
        key: every_pair({name: values for name, values in options.items() if name not in CHANGE_ONLY_THE_TRAINING})
        for key, options in ADVERSARIAL.items()
    },
    "texture": [
        *(
            {
                **{"generator": generator, "norm": norm, "scales": 2 + index % 3, "seamless": index % 3 == 0},
                **{"padding": ("circular", "replicate")[index % 2], "latent": 3, **WIDE},
            }
            for index, (generator, norm) in enumerate(product(GENERATORS, NORMS))
        ),
        *({"generator": "layered", "finest_noise_px": px, "scales": 4, "latent": 3, **WIDE} for px in ("1", "2", "8")),
    ],
    "stylize": [
        {"norm": norm, "noise": noise, "blocks": (1, 2, 0)[index % 3], "padding": ("replicate", "circular")[index % 2]}
        for index, (norm, noise) in enumerate(product(NORMS, (0, 3)))
    ],
    "doodle_net": [
        *(
            {
                **{"generator": generator, "norm": norm, "scales": 2 + index % 3},
                **{"padding": ("circular", "replicate")[index % 2], **WIDE},
            }
            for index, (generator, norm) in enumerate(product(("layered", "pyramid"), NORMS))
        ),
        *({"generator": "layered", "finest_noise_px": px, "scales": 4, **WIDE} for px in ("1", "4", "8")),
    ],
}


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize(("key", "options"), rows(PAINTED_OTHERWISE))
def test_tiles_agree_with_one_piece(key: str, options: Options, tmp_path: Path) -> None:
    """On a canvas that no tile divides."""
    method = built(key, tmp_path, options)
    if key == "magic":
        magic_jobs.alive(method)  # type: ignore[arg-type]
    method.step(0)
    # A layer norm divides what was rounded by how little values differ.
    rounding = 2e-5 if options.get("norm") == "layer" else 1e-5
    if key == "magic":
        rounding = magic_jobs.ROUNDING
    one_piece = check_tiles_agree(method, Size(101, 83), rounding=rounding)
    assert one_piece.std() > (0 if key == "famos" else 1e-3), "nothing to be seen"


# ---------------------------------------------------------------- going on

RESUMED: Rows = {
    "famos": [{"norm": "batch", "adversarial": "wgan_gp"}, {"correspondence": "learned"}],
    "magic": [{"norm": "instance", "warp": "affine"}, {"guidance": "unguided"}],
    "texture": [
        {"generator": generator, "latent": 3, "statistic": statistic, "normalised_gradients": statistic == "gram"}
        for generator, statistic in product(GENERATORS, ("sliced", "gram"))
    ],
    "stylize": [{"noise": 2, "diversity_weight": 1.0}, {"statistic": "gram", "norm": "batch"}],
    "doodle_net": [{"generator": "pyramid", "statistic": "gram"}, {"diversity_weight": 1.0}],
}


@pytest.mark.parametrize(("key", "options"), rows(RESUMED))
def test_going_on_from_a_state_equals_going_on_without_a_break(key: str, options: Options, tmp_path: Path) -> None:
    check_goes_on(lambda: built(key, tmp_path, options))


# ---------------------------------------------------------------- live settings

# What has to be set for a live setting to act at all, and values for those that a rule of thumb does not move.
NEEDED: dict[str, Options] = {
    "settle_after_steps": {"settle_after_steps": 1},
    "penalty_weight": {"adversarial": "wgan_gp"},
    "r1_every_steps": {"r1_weight": 1.0},
    "r1_weight": {"r1_every_steps": 2},
    "temperature_start": {"temperature_ramp_steps": 100},
    "entropy_ramp_steps": {"entropy_ramp_steps": 1},
    "temperature_ramp_steps": {"temperature_start": 3.0},
    "warp_px": {"warp": "flow"},
    "warp_variation_weight": {"warp": "flow"},
    "between_seed": {"between": 0.5},
    "between_by": {"between": 0.5},
    "gradient_length": {"normalised_gradients": True},
    "calm_steps": {"scales": 1},
}
NEEDED_BY: dict[str, Options] = {
    # A single weight scales the whole loss, which Adam ignores: some variety must pull against the style.
    "texture": {"diversity_weight": 0.5, "statistic": "gram"},
    "doodle_net": {"diversity_weight": 0.5, "statistic": "gram"},
    "stylize": {"diversity_weight": 0.5, "statistic": "gram", "noise": 2},
}
OTHERS: Options = {
    **{"r1_every_steps": 2, "average_decay": 0.0, "show_size": 9, "between": 0.5, "enlarged": 1.0},
    **{"temperature_ramp_steps": 500, "entropy_ramp_steps": 500},
}
ONLY_SHOWN = frozenset(
    (
        *("set_seed", "show_size", "between_seed", "between", "between_by"),
        "noise_seed",
        "sample_seed",
        "sample_drift",
        "seamless",
    )
)
# Act on maps, on a film, and on the network that comes along: their own tests hold it.
ELSEWHERE = frozenset(("feather_px", "noise_drift", "anchor_steps"))


def other_value(settings: Any, name: str) -> Any:
    """A value of a live setting that differs from its present one."""
    now = getattr(settings, name)
    if name in OTHERS:
        return OTHERS[name]
    if isinstance(now, bool):
        return not now
    (spec,) = (spec for spec in specs(type(settings)) if spec.name == name)
    if isinstance(now, str):
        return next(value for value in spec.values if value != now)
    assert spec.minimum is not None
    assert spec.maximum is not None
    other = now / 10 if name.endswith("_rate") else now * 0.5 + 2
    if other > spec.maximum:
        other = spec.maximum if now < spec.maximum else spec.minimum
    return type(now)(other)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (key, spec.name)
        for key in method_keys()
        for spec in specs(method_class(key).Settings)
        if spec.knob.live and spec.name not in ELSEWHERE
    ],
)
def test_live_settings_act_in_the_next_step_or_picture(key: str, name: str, tmp_path: Path) -> None:
    """Two equal methods; one is given another value after two steps, and their third steps or their pictures differ."""
    if name == "blur_px" and key in ADVERSARIAL:
        settings = {"correspondence": "blur"}
    elif name == "image_balance_weight":
        settings = {"guidance": "unguided"}
    else:
        settings = NEEDED_BY.get(key, {}) | NEEDED.get(name, {})
    images = {"content": True} if key == "doodle" else {}
    kept, turned = (built(key, tmp_path, settings, steps=2, **images) for _ in range(2))
    turned.settings = turned.settings.with_values({name: other_value(turned.settings, name)})
    if name in ONLY_SHOWN:
        ours, theirs = (painted(method, Size(64, 64))["result"] for method in (kept, turned))
        assert not torch.equal(ours, theirs)
    kept.step(2)
    turned.step(2)
    ours, theirs = learned(kept), learned(turned)
    assert any(not torch.equal(ours[each], theirs[each]) for each in ours) == (name not in ONLY_SHOWN)
