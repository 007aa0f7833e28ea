"""Knobs that several methods have, declared once: the same words, ranges and meaning wherever they stand."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.settings import Knob

ToneMatching = Annotated[
    bool,
    Knob(
        "Match the tones",
        "On: the content's light and dark are moved to the range that the style has, so that a "
        "dark style can show a bright portrait.",
        group="Look",
    ),
]

AdversarialWeight = Annotated[
    float,
    Field(ge=0, le=10),
    Knob(
        "Style",
        "More: each patch must look as if cut from your style images.",
        symbol="L_adv",
        live=True,
        group="Look",
        advanced=True,
    ),
]

StyleScale = Annotated[
    float,
    Field(ge=0.1, le=2),
    Knob(
        "Style scale",
        "Less: finer detail, more of each style image in a piece. More: larger detail.",
        unit="x",
        scale="log",
        group="Images",
    ),
]

ContentScale = Annotated[
    float,
    Field(ge=0.1, le=4),
    Knob(
        "Canvas scale",
        "Size of the canvas relative to the content image: more gives more, relatively smaller pieces.",
        unit="x",
        scale="log",
        group="Images",
    ),
]

Tiling = Annotated[
    Literal["wrap", "mirror"],
    Knob(
        "Tiling",
        "How a style image continues beyond its edge: mirrored (a kaleidoscope without borders) or "
        "repeated (the network learns to avoid the borders).",
        group="Images",
        choices=("Repeat", "Mirror"),
    ),
]

Kernel = Annotated[
    Literal["3", "5", "7"],
    Knob(
        "Kernel",
        "Side of the convolutions. Larger sees further, but is slower.",
        unit="px",
        group="Network",
        advanced=True,
        choices=("3 x 3", "5 x 5", "7 x 7"),
    ),
]

Precision = Annotated[
    Literal["auto", "float32", "bfloat16"],
    Knob(
        "Precision of training",
        "bfloat16 is faster where the processor has it; auto tries it out at the start.",
        group="Network",
        advanced=True,
        choices=("Automatic", "float32", "bfloat16"),
    ),
]

Patch = Annotated[
    int,
    Field(ge=32, le=512),
    Knob(
        "Patch",
        "Side of the patches it learns from. More: sees larger shapes, slower. A multiple of 2^depth.",
        unit="px",
        group="Training",
    ),
]

Batch = Annotated[
    int,
    Field(ge=1, le=64),
    Knob("Batch", "Patches in each step. More: steadier, slower and more memory.", unit="patches", group="Training"),
]

LearningRate = Annotated[
    float,
    Field(ge=1e-6, le=1e-2),
    Knob(
        "Learning rate",
        "More: faster and wilder. Less: slower and steadier.",
        scale="log",
        live=True,
        group="Training",
    ),
]

DiscriminatorRate = Annotated[
    float,
    Field(ge=1e-6, le=1e-2),
    Knob(
        "Discriminator's rate",
        "How fast the judge learns; a little slower than the painter works well.",
        scale="log",
        live=True,
        group="Training",
        advanced=True,
    ),
]

DiscriminatorSteps = Annotated[
    int,
    Field(ge=1, le=5),
    Knob(
        "Discriminator steps",
        "Its updates for each one of the generator.",
        live=True,
        group="Training",
        advanced=True,
    ),
]
