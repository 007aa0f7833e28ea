"""The presets of MAGIC: sizes, those of the paper, and looks. What the knobs are is settings.py's."""

from __future__ import annotations

from typing import Any

from engine.declarations import Preset

_PAPER: dict[str, Any] = {
    "start": "nothing",
    "conditional": False,
    "generator_width": 48,
    "discriminator_width": 128,
    "depth": 5,
    "kernel": "5",
    "full_size": True,
    "norm": "instance",
    "discriminator_norm": "instance",
    "attention": "full",
    "attention_from": 0,
    "refine": True,
    "refiner_paints": "picture",
    "refiner_norm": "same",
    "patch": 256,
    "adversarial": "dcgan",
    "discriminator_steps": 1,
    "r1_weight": 0.0,
    "learning_rate": 2e-4,
    "discriminator_rate": 2e-4,
    "settle_after_steps": 0,
    "average_decay": 0.0,
    "alpha_weight": 0.0,
    "collage_content_weight": 0.0,
    "collage_adversarial_weight": 0.0,
    "tone_matching": 0.0,
    "color_matching": 0.0,
    "temperature": 1.0,
    "entropy_ramp_steps": 0,
    "content_scale": 1.0,
    "style_scale": 1.0,
}
"""What both experiments of appendix IV have in common, with the terms switched off that equation 4 has not; the rates
are those of DCGAN (Radford et al. 2015), to which the appendix refers. docs/papers.md has it line by line."""

PRESETS = (
    Preset(
        "Draft",
        "Small and quick, for a laptop without a graphics card: a collage in about two minutes.",
        {
            "set_size": 12,
            "generator_width": 16,
            "discriminator_width": 32,
            "depth": 3,
            "discriminator_depth": 4,
            "patch": 96,
            "batch": 2,
            "content_scale": 0.5,
            "style_scale": 0.5,
        },
    ),
    Preset(
        "Guided",
        "The paper's sizes for a content image, for a graphics card.",
        {
            "guidance": "guided",
            "set_size": 50,
            "set_size_least": 0,
            "generator_width": 48,
            "discriminator_width": 128,
            "depth": 5,
            "discriminator_depth": 6,
            "patch": 256,
            "batch": 6,
            "largest_share_weight": 0.0,
            "repaint_bound": 0.5,
            "content_scale": 1.0,
            "style_scale": 1.0,
        },
        for_card=True,
    ),
    Preset(
        "Unguided",
        "About the paper's sizes for collages without a content, from sets of 2 to 12, for a graphics card.",
        {
            "guidance": "unguided",
            "set_size": 12,
            "set_size_least": 2,
            "generator_width": 48,
            "discriminator_width": 128,
            "depth": 5,
            "discriminator_depth": 6,
            "patch": 256,
            "batch": 12,
            "largest_share_weight": 1.0,
            "repaint_bound": 0.2,
            "content_scale": 1.0,
            "style_scale": 1.0,
        },
        for_card=True,
    ),
    Preset(
        "As in the paper, guided",
        "Appendix IV and figure 1: DCGAN, instance norm, a level at full size, sets of 50, and a second network that "
        "paints the whole picture; no tones matched, nothing that settles. For a large graphics card, and slower to "
        "a good picture than Guided.",
        {
            **_PAPER,
            "guidance": "guided",
            "set_size": 50,
            "set_size_least": 0,
            "discriminator_depth": 6,
            "batch": 6,
            "largest_share_weight": 0.0,
            "variation_weight": 1.0,
        },
        for_card=True,
    ),
    Preset(
        "As in the paper, unguided",
        "Appendix IV and figure 2: the same without a content, from sets of 2 to 12, pieces cut sharply.",
        {
            **_PAPER,
            "guidance": "unguided",
            "set_size": 12,
            "set_size_least": 2,
            "discriminator_depth": 7,
            "batch": 12,
            "largest_share_weight": 1.0,
            "entropy_weight": 5.0,
        },
        for_card=True,
    ),
    Preset(
        "Large pieces",
        "Whole roofs and streets; the content shows from afar.",
        {"content_weight": 20.0, "variation_weight": 0.3, "entropy_weight": 1.0, "correspondence": "pool16"},
        group="look",
    ),
    Preset(
        "Fine pieces",
        "Small crisp pieces that follow the content closely.",
        {"content_weight": 40.0, "variation_weight": 0.1, "entropy_weight": 1.5, "correspondence": "pool8"},
        group="look",
    ),
)
