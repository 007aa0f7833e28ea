"""The knobs and presets of fast stylisation; those that all generators share are in base_settings.py."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from engine.declarations import Preset
from engine.knobs import choice, count, factor, number, one_of, redeclared, share, weight
from engine.methods.feedforward.base_settings import STYLE, VARIETY, GeneratorSettings
from engine.methods.trained_settings import NETWORK, TRAINING
from engine.nn.residual_network import ALIGNMENT_PX


class StylizeSettings(GeneratorSettings):
    """Defaults are those of the preset `Standard`."""

    # A table: the numbers and the name of each knob, then what it does.
    # fmt: off
    learning_rate: float = redeclared(GeneratorSettings, "learning_rate", default=1e-3)
    last_layer_rate: float = share(0.1, "Last layer's rate",
        "Of the learning rate. The last layer sums 9 x 9 px of many channels: at the full rate all colours swing from "
        "step to step.",
        group=TRAINING, advanced=True)
    content_weight: float = weight(0.2, 100, "Content",
        "More: the content is easier to recognise. Less: freer play of the style.", symbol="α", group=STYLE)
    content_by: Literal["shading", "tones", "features"] = choice(
        "shading", ("Shading", "Tones", "Features"), "Compare content by",
        "Shading: light and dark must lie as in the content within each practice picture. Tones: they must be as light "
        "and as dark, too, which instance norm can not know. Features: the network's layers must agree, as in the "
        "papers; use it with VGG-19.", group=STYLE, live=True)
    content_layers: Literal["classic", "all"] = choice("classic", ("Classic", "All"), "Content layers",
        "For Features: one deep layer, or all.", group=STYLE, advanced=True, when=one_of("content_by", "features"))
    normalised_over: Literal["both", "style"] = choice(
        "both", ("Style and contents", "The style alone"), "Evened out over",
        "For Gram matrices: over which images each filter responds as much as any other. Both, as for neural style; "
        "over the style alone what only contents have, such as plain skies, weighs more or less than the rest.",
        symbol="mean activation 1", group=STYLE, advanced=True, when=one_of("statistic", "gram"))
    blur_px: float = number(2.0, 0.5, 16, "Blur before comparing",
        "For Shading and Tones. More: only large shapes must agree. Less: fine lines too.", symbol="σ", unit="px",
        group=STYLE, live=True, advanced=True, when=one_of("content_by", "shading", "tones"))
    variation_weight: float = weight(0.02, 10, "Smoothness",
        "More: less grain, softer brushwork.", symbol="TV", group=STYLE)
    content_scale: float = factor(1.0, 0.1, 4, "Canvas scale",
        "Size of the canvas relative to the content image: more gives relatively finer strokes.", group=STYLE)
    feather_px: float = number(16.0, 0, 200, "Soft borders of regions",
        "For a map that says which style lies where: over how many pixels regions go over into one another. 0: a cut.",
        unit="px", group=STYLE, live=True, advanced=True)
    noise: int = count(8, 0, 64, "Noise",
        "Channels of chance beside the content: with them plain areas, like skies, become brushwork, too, and one "
        "content has many stylisations.", symbol="z", unit="channels", group=VARIETY, advanced=True)
    width: int = count(32, 2, 128, "Width",
        "Channels at full size. More: richer strokes, slower.", unit="channels", group=NETWORK)
    blocks: int = count(5, 0, 16, "Residual blocks",
        "More: sees more of the content around a place, larger strokes, slower.", group=NETWORK, advanced=True)
    activation: Literal["leaky", "plain"] = choice("leaky", ("Leaky ReLU", "ReLU (paper)"), "Activation",
        "After a plain ReLU whole areas of a content can fall silent, and stay unpainted.", group=NETWORK,
        advanced=True)
    padding: Literal["replicate", "circular"] = choice(
        "replicate", ("Last pixel", "Circular"), "Edges while practising",
        "What lies beyond the edges of practice pictures; the finished picture's content goes on mirrored.",
        group=NETWORK, advanced=True)
    enlarged: float = factor(4.0, 1, 16, "Practise enlarged",
        "Contents are also practised on enlarged, up to so many times, so that large prints are all brushwork.",
        group=TRAINING, live=True, advanced=True)
    # fmt: on

    @model_validator(mode="after")
    def _fits(self) -> Self:
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
        {"width": 16, "blocks": 4, "patch": 128, "batch": 3, "filters": 24, "learning_rate": 0.003},
    ),
    Preset(
        "Standard",
        "For a graphics card.",
        {"width": 32, "blocks": 5, "patch": 256, "batch": 8, "filters": 48, "learning_rate": 0.001},
        for_card=True,
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
        "StyleNet IN without variety (figures 3 and 4): Gram matrices and features of VGG-19, no noise, contents at "
        "their own size; needs VGG-19.",
        {
            "network": "vgg19",
            "statistic": "gram",
            "content_by": "features",
            "content_weight": 1.0,
            "norm": "instance",
            "adversarial_weight": 0.0,
            "variation_weight": 0.0,
            "diversity_weight": 0.0,
            "width": 32,
            "blocks": 5,
            "noise": 0,
            "normalised_over": "both",
            "activation": "plain",
            "enlarging": "nearest",
            "learning_rate": 0.001,
            "last_layer_rate": 1.0,
            "enlarged": 1.0,
        },
        group="look",
    ),
)
