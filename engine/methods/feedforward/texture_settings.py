"""The knobs and presets of texture networks; those that all generators share are in base_settings.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from engine.method import Preset
from engine.methods.feedforward.base_settings import NETWORK, VARIETY, FinestNoise, GeneratorSettings
from engine.settings import Knob, When


class TextureSettings(GeneratorSettings):
    """Defaults are those of the preset `Standard`."""

    seamless: Annotated[
        bool,
        Knob(
            "Seamless",
            "On: the picture continues at its opposite edge, for wallpapers and fabrics. Its sides should then be "
            "multiples of 128 px.",
            live=True,
            group=VARIETY,
        ),
    ] = False
    generator: Annotated[
        Literal["layered", "deep", "pyramid"],
        Knob(
            "Generator",
            "Layered has noise at every scale, so it varies by itself; the paper's pyramid does, too, and is slower. "
            "Deep paints the largest shapes, and repeats itself without some Variety.",
            group=NETWORK,
            choices=("Layered", "Deep (V2)", "Pyramid (V1)"),
        ),
    ] = "layered"
    width: Annotated[
        int,
        Field(ge=2, le=128),
        Knob(
            "Width",
            "Channels: of the deep generator at full size, or of each scale of the pyramid. More: richer, slower.",
            unit="channels",
            group=NETWORK,
        ),
    ] = 32
    scales: Annotated[
        int,
        Field(ge=2, le=7),
        Knob(
            "Scales",
            "How often the picture is enlarged on its way from noise. More: larger shapes.",
            unit="scales",
            group=NETWORK,
            advanced=True,
        ),
    ] = 6
    latent: Annotated[
        int,
        Field(ge=1, le=1024),
        Knob(
            "Noise of a cell",
            "Of the deep generator: how many numbers decide what lies at a place.",
            symbol="z",
            group=NETWORK,
            advanced=True,
            when=(When("generator", ("deep",)),),
        ),
    ] = 256
    noise: Annotated[
        int,
        Field(ge=1, le=64),
        Knob(
            "Noise of each scale",
            "Of the layered generator and the pyramid: channels of chance at each place of every scale.",
            symbol="z",
            unit="channels",
            group=NETWORK,
            advanced=True,
            when=(When("generator", ("layered", "pyramid")),),
        ),
    ] = 8
    finest_noise_px: FinestNoise = "16"
    padding: Annotated[
        Literal["circular", "replicate"],
        Knob(
            "Edges while practising",
            "Circular: practice pictures continue at their opposite edge, so none has a border.",
            group=NETWORK,
            advanced=True,
            choices=("Circular", "Last pixel"),
        ),
    ] = "circular"

    @model_validator(mode="after")
    def _fits(self) -> TextureSettings:
        self.check_patch(2 ** (self.scales - 1))
        return self


PRESETS = (
    Preset(
        "Draft",
        "Small and quick, for a laptop without a graphics card.",
        {"width": 16, "patch": 128, "batch": 3, "filters": 24},
    ),
    Preset(
        "Standard",
        "For a graphics card.",
        {"width": 32, "patch": 256, "batch": 8, "filters": 48},
    ),
    Preset(
        "Brushwork",
        "For paintings and cloth: bristles, threads and grain vary as much as shapes.",
        {"finest_noise_px": "4"},
        group="look",
    ),
    Preset(
        "Varied",
        "Samples differ as much as the style allows.",
        {"diversity_weight": 1.0, "temperature": 0.001},
        group="look",
    ),
    Preset(
        "Wallpaper",
        "Repeats without seams.",
        {"seamless": True, "padding": "circular"},
        group="look",
    ),
    Preset(
        "As in the paper",
        "V1, Gram matrices of VGG-19 and normalised gradients; needs VGG-19.",
        {
            "generator": "pyramid",
            "width": 8,
            "network": "vgg19",
            "statistic": "gram",
            "normalised_gradients": True,
            "norm": "instance",
            "adversarial_weight": 0.0,
        },
        group="look",
    ),
)
