"""The knobs and presets of feed-forward doodles; those that all generators share are in base_settings.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from engine.images.regions import MOST_REGIONS
from engine.method import Preset
from engine.methods.feedforward.base_settings import NETWORK, STYLE, TRAINING, VARIETY, FinestNoise, GeneratorSettings
from engine.settings import Knob


class DoodleNetSettings(GeneratorSettings):
    """Defaults are those of the preset `Standard`."""

    regions: Annotated[
        int,
        Field(ge=0, le=MOST_REGIONS),
        Knob("Regions", "How many colours the masks have; 0 finds out by itself.", group=STYLE),
    ] = 0
    canvas_scale: Annotated[
        float,
        Field(ge=0.1, le=8),
        Knob(
            "Canvas scale",
            "Size of the canvas relative to the target mask: more gives relatively finer strokes.",
            unit="x",
            scale="log",
            group=STYLE,
        ),
    ] = 1.0
    generator: Annotated[
        Literal["layered", "pyramid"],
        Knob(
            "Generator",
            "Layered is fast enough to follow the brush; the pyramid is the paper's.",
            group=NETWORK,
            choices=("Layered", "Pyramid (V1)"),
        ),
    ] = "layered"
    width: Annotated[
        int,
        Field(ge=2, le=128),
        Knob(
            "Width",
            "Channels: of the layered generator at full size, or of each scale of the pyramid. More: richer, slower.",
            unit="channels",
            group=NETWORK,
        ),
    ] = 24
    scales: Annotated[
        int,
        Field(ge=2, le=7),
        Knob(
            "Scales",
            "How often the picture is enlarged on its way from mask and noise. More: larger shapes.",
            unit="scales",
            group=NETWORK,
            advanced=True,
        ),
    ] = 6
    noise: Annotated[
        int,
        Field(ge=1, le=64),
        Knob(
            "Noise of each scale",
            "Channels of chance at each place of every scale.",
            symbol="z",
            unit="channels",
            group=VARIETY,
            advanced=True,
        ),
    ] = 8
    finest_noise_px: FinestNoise = "2"
    padding: Annotated[
        Literal["circular", "replicate"],
        Knob(
            "Edges while practising",
            "Circular: practice masks continue at their opposite edge, so nothing is learned about borders; the "
            "finished picture goes on mirrored beyond its own.",
            group=NETWORK,
            advanced=True,
            choices=("Circular", "Last pixel"),
        ),
    ] = "circular"
    whole_share: Annotated[
        float,
        Field(ge=0, le=1),
        Knob(
            "Practise whole regions",
            "Share of the practice masks that are one region. More helps large regions with much variety, like skies.",
            live=True,
            group=TRAINING,
            advanced=True,
        ),
    ] = 0.2

    @model_validator(mode="after")
    def _fits(self) -> DoodleNetSettings:
        self.check_patch(2 ** (self.scales - 1))
        return self


PRESETS = (
    Preset(
        "Draft",
        "Small and quick, for a laptop without a graphics card; follows the brush.",
        {"width": 16, "patch": 128, "batch": 3, "filters": 24},
    ),
    Preset(
        "Standard",
        "For a graphics card.",
        {"width": 24, "patch": 256, "batch": 8, "filters": 48},
    ),
    Preset(
        "As in the paper",
        "The pyramid, Gram matrices of VGG-19; needs VGG-19.",
        {
            "generator": "pyramid",
            "width": 8,
            "network": "vgg19",
            "statistic": "gram",
            "whole_share": 0.0,
            "adversarial_weight": 0.0,
        },
        group="look",
    ),
)
