"""The knobs and presets of feed-forward doodles; those that all generators share are in base_settings.py."""

from __future__ import annotations

from typing import Literal

from engine.declarations import Preset
from engine.images.regions import MOST_REGIONS
from engine.knobs import choice, count, factor, one_of, redeclared, share
from engine.methods.feedforward.base_settings import STYLE, VARIETY, TextureNetworkSettings
from engine.methods.trained_settings import NETWORK, TRAINING


class DoodleNetSettings(TextureNetworkSettings):
    """Defaults are those of the preset `Standard`."""

    # A table: the numbers and the name of each knob, then what it does.
    # fmt: off
    whole_share: float = share(0.2, "Practise whole regions",
        "Share of the practice masks that are one region. More helps large regions with much variety, like skies.",
        group=TRAINING, live=True, advanced=True)
    regions: int = count(0, 0, MOST_REGIONS, "Regions",
        "How many colours the masks have; 0 finds out by itself.", group=STYLE, before="width")
    region_pull: Literal["worst", "equal"] = choice("worst", ("The worst most", "All alike"), "Regions pull",
        "The worst most: a region pulls by how far it is from its style. All alike: small and easy regions as much as "
        "the rest. For Gram matrices.", symbol="gradient norm of a region", group=STYLE, advanced=True,
        when=one_of("statistic", "gram"))
    edges: Literal["soft", "hard"] = choice("soft", ("Soft (paper)", "Hard"), "Edges of regions",
        "Soft: near an edge both regions count, the more the further a layer looks. Hard: each place counts for its "
        "own alone.", group=STYLE, advanced=True)
    canvas_scale: float = factor(1.0, 0.1, 8, "Canvas scale",
        "Size of the canvas relative to the target mask: more gives relatively finer strokes.", group=STYLE)
    generator: Literal["layered", "pyramid"] = choice("layered", ("Layered", "Pyramid (V1)"), "Generator",
        "Layered is fast enough to follow the brush; the pyramid is the paper's.", group=NETWORK)
    width: int = redeclared(TextureNetworkSettings, "width", default=24,
        help="Channels: of the layered generator at full size, or of each scale of the pyramid. More: richer, slower.")
    scales: int = redeclared(TextureNetworkSettings, "scales",
        help="How often the picture is enlarged on its way from mask and noise. More: larger shapes.")
    noise: int = redeclared(TextureNetworkSettings, "noise", group=VARIETY, when=(),
        help="Channels of chance at each place of every scale.")
    finest_noise_px: Literal["1", "2", "4", "8", "16", "32"] = redeclared(TextureNetworkSettings, "finest_noise_px",
        default="2")
    padding: Literal["circular", "replicate"] = redeclared(TextureNetworkSettings, "padding",
        help="Circular: practice masks continue at their opposite edge, so nothing is learned about borders; the "
        "finished picture goes on mirrored beyond its own.")
    # fmt: on


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
        for_card=True,
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
            "enlarging": "nearest",
        },
        group="look",
    ),
)
