"""The knobs and presets of texture networks; those that all generators share are in base_settings.py."""

from __future__ import annotations

from typing import Literal

from engine.knobs import choice, count, one_of, toggle
from engine.method import Preset
from engine.methods.feedforward.base_settings import VARIETY, TextureNetworkSettings
from engine.methods.trained_settings import NETWORK


class TextureSettings(TextureNetworkSettings):
    """Defaults are those of the preset `Standard`."""

    # A table: the numbers and the name of each knob, then what it does.
    # fmt: off
    seamless: bool = toggle(False, "Seamless",
        "On: the picture continues at its opposite edge, for wallpapers and fabrics. Its sides should then be "
        "multiples of 128 px.", group=VARIETY, live=True, before="width")
    generator: Literal["layered", "deep", "pyramid"] = choice(
        "layered", ("Layered", "Deep (V2)", "Pyramid (V1)"), "Generator",
        "Layered has noise at every scale, so it varies by itself; the paper's pyramid does, too, and is slower. Deep "
        "paints the largest shapes, and repeats itself without some Variety.", group=NETWORK)
    latent: int = count(256, 1, 1024, "Noise of a cell",
        "Of the deep generator: how many numbers decide what lies at a place.", symbol="z", group=NETWORK,
        advanced=True, when=one_of("generator", "deep"), before="noise")
    # fmt: on


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
