"""The knobs and presets of fast stylisation; those that all generators share are in base_settings.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from engine.method import Preset
from engine.methods.adversarial_settings import LearningRate
from engine.methods.feedforward.base_settings import NETWORK, STYLE, TRAINING, VARIETY, GeneratorSettings
from engine.nn.residual_network import ALIGNMENT_PX
from engine.settings import Knob, When


class StylizeSettings(GeneratorSettings):
    """Defaults are those of the preset `Standard`."""

    learning_rate: LearningRate = 1e-3
    content_weight: Annotated[
        float,
        Field(ge=0, le=100),
        Knob(
            "Content",
            "More: the content is easier to recognise. Less: freer play of the style.",
            symbol="α",
            scale="log",
            live=True,
            group=STYLE,
        ),
    ] = 0.2
    content_by: Annotated[
        Literal["tones", "features"],
        Knob(
            "Compare content by",
            "Tones: light and dark must lie where the content has them. Features: the network's layers must agree, as "
            "in the papers; use it with VGG-19.",
            live=True,
            group=STYLE,
            choices=("Tones", "Features"),
        ),
    ] = "tones"
    blur_px: Annotated[
        float,
        Field(ge=0.5, le=16),
        Knob(
            "Blur before comparing",
            "For Tones. More: only large shapes must agree. Less: fine lines too.",
            symbol="σ",
            unit="px",
            live=True,
            group=STYLE,
            advanced=True,
            when=(When("content_by", ("tones",)),),
        ),
    ] = 2.0
    variation_weight: Annotated[
        float,
        Field(ge=0, le=10),
        Knob("Smoothness", "More: less grain, softer brushwork.", symbol="TV", scale="log", live=True, group=STYLE),
    ] = 0.02
    content_scale: Annotated[
        float,
        Field(ge=0.1, le=4),
        Knob(
            "Canvas scale",
            "Size of the canvas relative to the content image: more gives relatively finer strokes.",
            unit="x",
            scale="log",
            group=STYLE,
        ),
    ] = 1.0
    noise: Annotated[
        int,
        Field(ge=0, le=64),
        Knob(
            "Noise",
            "Channels of chance beside the content: with them plain areas, like skies, become brushwork, too, and one "
            "content has many stylisations.",
            symbol="z",
            unit="channels",
            group=VARIETY,
            advanced=True,
        ),
    ] = 8
    width: Annotated[
        int,
        Field(ge=2, le=128),
        Knob(
            "Width",
            "Channels at full size. More: richer strokes, slower.",
            unit="channels",
            group=NETWORK,
        ),
    ] = 32
    blocks: Annotated[
        int,
        Field(ge=0, le=16),
        Knob(
            "Residual blocks",
            "More: sees more of the content around a place, larger strokes, slower.",
            group=NETWORK,
            advanced=True,
        ),
    ] = 5
    padding: Annotated[
        Literal["replicate", "circular"],
        Knob(
            "Edges while practising",
            "What lies beyond the edges of practice pictures; the finished picture's content goes on mirrored.",
            group=NETWORK,
            advanced=True,
            choices=("Last pixel", "Circular"),
        ),
    ] = "replicate"

    enlarged: Annotated[
        float,
        Field(ge=1, le=16),
        Knob(
            "Practise enlarged",
            "Contents are also practised on enlarged, up to so many times, so that large prints are all brushwork.",
            unit="x",
            scale="log",
            live=True,
            group=TRAINING,
            advanced=True,
        ),
    ] = 4.0

    @model_validator(mode="after")
    def _fits(self) -> StylizeSettings:
        self.check_patch(ALIGNMENT_PX)
        if self.content_by == "features" and self.network == "filters" and self.statistic == "sliced":
            raise ValueError(
                "content_by can not be 'features' with network filters and statistic sliced, whose filters change at "
                "every step; it is tones."
            )
        return self


PRESETS = (
    Preset(
        "Draft",
        "Small and quick, for a laptop without a graphics card.",
        {"width": 16, "blocks": 4, "patch": 128, "batch": 3, "filters": 24},
    ),
    Preset(
        "Standard",
        "For a graphics card.",
        {"width": 32, "blocks": 5, "patch": 256, "batch": 8, "filters": 48},
    ),
    Preset(
        "Faithful",
        "The content shows clearly, painted in the style's strokes.",
        {"content_weight": 0.6, "blur_px": 1.5},
        group="look",
    ),
    Preset(
        "Free",
        "The style leads; the content shows from afar.",
        {"content_weight": 0.06, "blur_px": 4.0},
        group="look",
    ),
    Preset(
        "As in the paper",
        "Gram matrices and features of VGG-19; needs VGG-19.",
        {
            "network": "vgg19",
            "statistic": "gram",
            "content_by": "features",
            "content_weight": 1.0,
            "norm": "instance",
            "adversarial_weight": 0.0,
            "variation_weight": 0.0,
        },
        group="look",
    ),
)
