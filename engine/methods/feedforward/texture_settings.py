"""The knobs and presets of texture networks; those that all generators share are in base_settings.py."""

from __future__ import annotations

from typing import Any, Literal

from engine.declarations import Preset
from engine.knobs import choice, count, one_of, toggle
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


_PAPER: dict[str, Any] = {
    "network": "vgg19",
    "statistic": "gram",
    "normalised_gradients": True,
    "temperature": 10.0,
    "norm": "instance",
    "adversarial_weight": 0.0,
    "seamless": False,
    "enlarging": "nearest",
}
"""Section 5.1 of Ulyanov et al. 2017, and T of {5, 10, 20}. The width of V2 is not in its text."""

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
        for_card=True,
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
        "V2 with variety (λ = 1, T = 10), Gram matrices of VGG-19 and normalised gradients; needs VGG-19.",
        {**_PAPER, "generator": "deep", "latent": 256, "width": 32, "scales": 6, "diversity_weight": 1.0},
        group="look",
    ),
    Preset(
        "As in the paper, V1",
        "The pyramid of 2016 without variety, which the paper compares itself with; needs VGG-19.",
        {**_PAPER, "generator": "pyramid", "noise": 3, "width": 8, "scales": 6, "diversity_weight": 0.0},
        group="look",
    ),
)
