"""The knobs that all methods share which optimise the pixels of a picture: neural_style and doodle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from engine.settings import Knob, Settings, When

_LOOK, _IMAGES, _SCALES, _NETWORK, _COMPARING = "Look", "Images", "Coarse to fine", "Network", "Comparing"


class PixelSettings(Settings):
    """Defaults need no download, and are those of the preset `Default`."""

    former_names: ClassVar[Mapping[str, str]] = {"optimiser": "optimizer", "colours": "colors"}

    # ------------------------------------------------------------ look
    style_weight: Annotated[
        float,
        Field(ge=0, le=1000),
        Knob(
            "Style",
            "More: brushwork, colours and patterns of the style. Relative to Content.",
            symbol="β",
            scale="log",
            live=True,
            group=_LOOK,
        ),
    ] = 1.0
    content_weight: Annotated[
        float,
        Field(ge=0, le=1000),
        Knob(
            "Content",
            "More: the content is easier to recognise. 0: only the style, begun from what Start says.",
            symbol="α",
            scale="log",
            live=True,
            group=_LOOK,
        ),
    ] = 0.015
    content_by: Annotated[
        Literal["tones", "features"],
        Knob(
            "Compare content by",
            "Tones: light and dark must lie where the content has them. Features: the network's layers must agree, as "
            "in the papers; use it with VGG-19.",
            live=True,
            group=_LOOK,
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
            group=_LOOK,
            advanced=True,
            when=(When("content_by", ("tones",)),),
        ),
    ] = 1.5
    variation_weight: Annotated[
        float,
        Field(ge=0, le=10),
        Knob("Smoothness", "More: less grain, softer brushwork.", symbol="TV", scale="log", live=True, group=_LOOK),
    ] = 0.0
    colors: Annotated[
        Literal["style", "luminance", "matched"],
        Knob(
            "Colours",
            "The style's; the content's, painted in light and dark only; or the style's, moved to those of the content "
            "before it begins.",
            group=_LOOK,
            choices=("The style's", "The content's", "Style, retinted"),
        ),
    ] = "style"

    # ------------------------------------------------------------ images
    content_scale: Annotated[
        float,
        Field(ge=0.05, le=8),
        Knob(
            "Picture size",
            "The picture is so many times as large as the first content (or the mask). Time grows with its area.",
            scale="log",
            group=_IMAGES,
        ),
    ] = 1.0
    style_scale: Annotated[
        float,
        Field(ge=0.1, le=4),
        Knob(
            "Style size",
            "1: brushwork as large as if the style were as large as the picture. Less: finer brushwork. More: coarser.",
            scale="log",
            group=_IMAGES,
        ),
    ] = 1.0

    # ------------------------------------------------------------ coarse to fine
    start_noise: Annotated[
        float,
        Field(ge=0, le=1),
        Knob(
            "Start from noise",
            "0: begins with the content. 1: with the style's colours at random places. Between: a mixture.",
            group=_SCALES,
        ),
    ] = 0.2
    scales: Annotated[
        int,
        Field(ge=1, le=7),
        Knob(
            "Scales",
            "It begins at a small size, doubled so often less one. More: larger shapes of the style; the content moves "
            "further.",
            group=_SCALES,
        ),
    ] = 3
    steps_per_scale: Annotated[
        int,
        Field(ge=1, le=5000),
        Knob(
            "Steps per small size",
            "The last size goes on until you stop it.",
            unit="steps",
            scale="log",
            live=True,
            group=_SCALES,
            when=(When("scales", above=1),),
        ),
    ] = 150
    optimizer: Annotated[
        Literal["adam", "lbfgs"],
        Knob(
            "Optimiser",
            "Adam goes with filters that change at every step; L-BFGS is the papers' and keeps the filters.",
            group=_SCALES,
            advanced=True,
            choices=("Adam", "L-BFGS"),
        ),
    ] = "adam"
    learning_rate: Annotated[
        float,
        Field(ge=1e-4, le=0.5),
        Knob(
            "Step size",
            "How far a pixel moves in one step at first, of its range. More: faster and rougher.",
            scale="log",
            live=True,
            group=_SCALES,
            advanced=True,
        ),
    ] = 0.05
    calm_steps: Annotated[
        int,
        Field(ge=1, le=10_000),
        Knob(
            "Calming",
            "After so many steps at one size pixels move half as far, after twice as many a third, and so on.",
            unit="steps",
            scale="log",
            live=True,
            group=_SCALES,
            advanced=True,
        ),
    ] = 25

    # ------------------------------------------------------------ network
    network: Annotated[
        Literal["filters", "vgg19"],
        Knob(
            "Network",
            "Built-in filters need no download. VGG-19 (575 MB, fetched once) is the papers', for a graphics card.",
            group=_NETWORK,
            choices=("Built-in filters", "VGG-19"),
        ),
    ] = "filters"
    filters: Annotated[
        int,
        Field(ge=4, le=256),
        Knob(
            "Filters",
            "Of the built-in network, at each level. More: steadier, slower.",
            group=_NETWORK,
            advanced=True,
            when=(When("network", ("filters",)),),
        ),
    ] = 48
    detail: Annotated[
        float,
        Field(ge=0, le=1),
        Knob(
            "Fine detail",
            "Of the built-in network: more, and brush marks and grain count as much as large shapes. Less: softer.",
            group=_NETWORK,
            advanced=True,
            when=(When("network", ("filters",)), When("statistic", ("sliced",)), When("optimizer", ("adam",))),
        ),
    ] = 0.5
    levels: Annotated[
        int,
        Field(ge=1, le=6),
        Knob(
            "Levels",
            "Of the built-in network: each looks at half the size of the one before. 1 is best for sorted values, "
            "which find larger shapes at the smaller sizes; Gram matrices want 4 or 5.",
            group=_NETWORK,
            advanced=True,
            when=(When("network", ("filters",)),),
        ),
    ] = 1
    pooling: Annotated[
        Literal["average", "max"],
        Knob(
            "Pooling",
            "Of VGG-19. Average is smoother; with maximum it was trained.",
            group=_NETWORK,
            advanced=True,
            choices=("Average", "Maximum"),
            when=(When("network", ("vgg19",)),),
        ),
    ] = "average"
    border: Annotated[
        Literal["replicate", "valid"],
        Knob(
            "At the border",
            "Continue the edge, or leave out what looks beyond it.",
            group=_NETWORK,
            advanced=True,
            choices=("Continue", "Leave out"),
        ),
    ] = "replicate"
    tile: Annotated[
        int,
        Field(ge=64, le=4096),
        Knob(
            "Tile",
            "Large pictures are computed in pieces of this side, with the same result. Less: less memory, slower.",
            unit="px",
            group=_NETWORK,
            advanced=True,
        ),
    ] = 512

    # ------------------------------------------------------------ comparing
    statistic: Annotated[
        Literal["sliced", "gram"],
        Knob(
            "Compare style by",
            "Sorted values find whole objects of the style, also with the built-in filters; Gram matrices are the "
            "papers' and want VGG-19.",
            group=_COMPARING,
            advanced=True,
            choices=("Sorted values", "Gram (papers)"),
        ),
    ] = "sliced"
    style_layers: Annotated[
        Literal["classic", "all"],
        Knob(
            "Style layers",
            "The first of each block (Gatys), or all.",
            group=_COMPARING,
            advanced=True,
            choices=("Classic", "All"),
            when=(When("network", ("vgg19",)),),
        ),
    ] = "classic"
    links: Annotated[
        Literal["each", "chain", "to_content"],
        Knob(
            "Correlate",
            "For Gram matrices: each layer with itself, with the next deeper one, or all with the content layer.",
            symbol="G",
            group=_COMPARING,
            advanced=True,
            choices=("Each layer", "Chain", "With content"),
            when=(When("statistic", ("gram",)),),
        ),
    ] = "each"
    content_layers: Annotated[
        Literal["classic", "all"],
        Knob(
            "Content layers",
            "For Features: one deep layer, or all.",
            group=_COMPARING,
            advanced=True,
            choices=("Classic", "All"),
            when=(When("content_by", ("features",)),),
        ),
    ] = "classic"
    layer_weights: Annotated[
        Literal["uniform", "geometric"],
        Knob(
            "Weights of layers",
            "Geometric: shallow layers decide the style, deep ones the content.",
            symbol="2^(D - d), 2^d",
            live=True,
            group=_COMPARING,
            advanced=True,
            choices=("Uniform", "Geometric"),
        ),
    ] = "uniform"
    shift: Annotated[
        float,
        Field(ge=-2, le=2),
        Knob(
            "Activation shift",
            "For Gram matrices. -1 keeps patterns out of plain areas; 0 is the original.",
            symbol="s",
            group=_COMPARING,
            advanced=True,
            when=(When("statistic", ("gram",)),),
        ),
    ] = 0.0
    blurred: Annotated[
        bool,
        Knob(
            "Blurred correlations",
            "For Gram matrices of different layers: the deeper one is averaged over its surroundings.",
            group=_COMPARING,
            advanced=True,
            when=(When("links", ("chain", "to_content")),),
        ),
    ] = False
    adjacent: Annotated[
        bool,
        Knob(
            "Adjacent correlations",
            "For Gram matrices: also correlate with the eight neighbours of a place. Nine times the work.",
            group=_COMPARING,
            advanced=True,
            when=(When("statistic", ("gram",)),),
        ),
    ] = False


PAPER: dict[str, Any] = {
    "network": "vgg19",
    "statistic": "gram",
    "optimizer": "lbfgs",
    "content_by": "features",
    "scales": 1,
    "start_noise": 0.0,
    "content_weight": 1.0,
    "style_weight": 100.0,
}
"""What the papers have in common."""

REST: dict[str, Any] = {
    "style_layers": "classic",
    "content_layers": "classic",
    "links": "each",
    "layer_weights": "uniform",
    "shift": 0.0,
    "blurred": False,
    "adjacent": False,
}
"""Their first columns: what every preset sets, so that presets do not depend on what was chosen before."""
