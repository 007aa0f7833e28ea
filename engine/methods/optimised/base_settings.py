"""The knobs that all methods share which optimise the pixels of a picture: neural_style and doodle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from engine.knobs import above, choice, count, number, one_of, share, steps, toggle, weight
from engine.settings import Settings
from engine.style.comparing import Comparison

LOOK, IMAGES, COARSE_TO_FINE, NETWORK, _COMPARING = "Look", "Images", "Coarse to fine", "Network", "Comparing"
_EXPERIMENTAL = "Experimental"
_FILTERS, _VGG, _GRAM = one_of("network", "filters"), one_of("network", "vgg19"), one_of("statistic", "gram")
_ADAM = one_of("optimizer", "adam")


class PixelSettings(Settings):
    """Defaults need no download, and are those of the preset `Default`."""

    former_names: ClassVar[Mapping[str, str]] = {"optimiser": "optimizer", "colours": "colors"}

    # A table: the numbers and the name of each knob, then what it does.
    # fmt: off
    # ------------------------------------------------------------ look
    style_weight: float = weight(1.0, 1000, "Style",
        "More: brushwork, colours and patterns of the style. Relative to Content.", symbol="β", group=LOOK)
    content_weight: float = weight(0.015, 1000, "Content",
        "More: the content is easier to recognise. 0: only the style, begun from what Start says.", symbol="α",
        group=LOOK)
    content_by: Literal["tones", "features"] = choice("tones", ("Tones", "Features"), "Compare content by",
        "Tones: light and dark must lie where the content has them. Features: the network's layers must agree, as in "
        "the papers; use it with VGG-19.", group=LOOK, live=True)
    blur_px: float = number(1.5, 0.5, 16, "Blur before comparing",
        "For Tones. More: only large shapes must agree. Less: fine lines too.", symbol="σ", unit="px", group=LOOK,
        advanced=True, when=one_of("content_by", "tones"))
    variation_weight: float = weight(0.0, 10, "Smoothness",
        "More: less grain, softer brushwork.", symbol="TV", group=LOOK)
    colors: Literal["style", "luminance", "matched"] = choice(
        "style", ("The style's", "The content's", "Style, retinted"), "Colours",
        "The style's; the content's, painted in light and dark only; or the style's, moved to those of the content "
        "before it begins.", group=LOOK)

    # ------------------------------------------------------------ images
    content_scale: float = number(1.0, 0.05, 8, "Picture size",
        "The picture is so many times as large as the first content (or the mask). Time grows with its area.",
        scale="log", group=IMAGES)
    style_scale: float = number(1.0, 0.1, 4, "Style size",
        "1: brushwork as large as if the style were as large as the picture. Less: finer brushwork. More: coarser.",
        scale="log", group=IMAGES)

    # ------------------------------------------------------------ coarse to fine
    start_noise: float = share(0.2, "Start from noise",
        "0: begins with the content, or the image on Start. 1: with the style's colours at random places. Between: a "
        "mixture.",
        group=COARSE_TO_FINE)
    scales: int = count(3, 1, 7, "Scales",
        "It begins at a small size, doubled so often less one. More: larger shapes of the style; the content moves "
        "further.", group=COARSE_TO_FINE)
    steps_per_scale: int = steps(150, 1, 5000, "Steps per small size",
        "The last size goes on until you stop it.", scale="log", group=COARSE_TO_FINE, when=above("scales", 1))
    optimizer: Literal["adam", "lbfgs"] = choice("adam", ("Adam", "L-BFGS"), "Optimiser",
        "Adam goes with filters that change at every step; L-BFGS is the papers' and keeps the filters.",
        group=COARSE_TO_FINE, advanced=True)
    learning_rate: float = number(0.05, 1e-4, 0.5, "Step size",
        "How far a pixel moves in one step at first, of its range. More: faster and rougher. L-BFGS finds its own.",
        scale="log", group=COARSE_TO_FINE, live=True, advanced=True, when=_ADAM)
    calm_steps: int = steps(25, 1, 10_000, "Calming",
        "After so many steps at one size pixels move half as far, after twice as many a third, and so on.", scale="log",
        group=COARSE_TO_FINE, advanced=True, when=_ADAM)

    # ------------------------------------------------------------ network
    network: Literal["filters", "vgg19"] = choice("filters", ("Built-in filters", "VGG-19"), "Network",
        "Built-in filters need no download. VGG-19 (575 MB, fetched once) is the papers', for a graphics card.",
        group=NETWORK)
    filters: int = count(48, 4, 256, "Filters",
        "Of the built-in network, at each level. More: steadier, slower.", group=NETWORK, advanced=True, when=_FILTERS)
    detail: float = share(0.5, "Fine detail",
        "Of the built-in network: more, and brush marks and grain count as much as large shapes. Less: softer.",
        group=NETWORK, advanced=True,
        when=one_of("network", "filters") + one_of("statistic", "sliced") + one_of("optimizer", "adam"))
    levels: int = count(1, 1, 6, "Levels",
        "Of the built-in network: each looks at half the size of the one before. 1 is best for sorted values, which "
        "find larger shapes at the smaller sizes; Gram matrices want 4 or 5.", group=NETWORK, advanced=True,
        when=_FILTERS)
    pooling: Literal["average", "max"] = choice("average", ("Average", "Maximum"), "Pooling",
        "Of VGG-19. Average is smoother; with maximum it was trained.", group=NETWORK, advanced=True, when=_VGG)
    border: Literal["replicate", "valid"] = choice("replicate", ("Continue", "Leave out"), "At the border",
        "Continue the edge, or leave out what looks beyond it.", group=NETWORK, advanced=True)
    tile: int = count(512, 64, 4096, "Tile",
        "Large pictures are computed in pieces of this side, with the same result. Less: less memory, slower.",
        unit="px", group=NETWORK, advanced=True)

    # ------------------------------------------------------------ comparing
    statistic: Literal["sliced", "gram"] = choice("sliced", ("Sorted values", "Gram (papers)"), "Compare style by",
        "Sorted values find whole objects of the style, also with the built-in filters; Gram matrices are the papers' "
        "and want VGG-19.", group=_COMPARING, advanced=True)
    style_layers: Literal["classic", "all"] = choice("classic", ("Classic", "All"), "Style layers",
        "The first of each block (Gatys), or all.", group=_COMPARING, advanced=True, when=_VGG)
    links: Literal["each", "chain", "to_content"] = choice("each", ("Each layer", "Chain", "With content"), "Correlate",
        "For Gram matrices: each layer with itself, with the next deeper one, or all with the content layer.",
        symbol="G", group=_COMPARING, advanced=True, when=_GRAM)
    content_layers: Literal["classic", "all"] = choice("classic", ("Classic", "All"), "Content layers",
        "For Features: one deep layer, or all.", group=_COMPARING, advanced=True, when=one_of("content_by", "features"))
    layer_weights: Literal["uniform", "geometric"] = choice("uniform", ("Uniform", "Geometric"), "Weights of layers",
        "Geometric: shallow layers decide the style, deep ones the content.", symbol="2^(D - d), 2^d", group=_COMPARING,
        live=True, advanced=True)
    shift: float = number(0.0, -2, 2, "Activation shift",
        "For Gram matrices. -1 keeps patterns out of plain areas; 0 is the original.", symbol="s", group=_COMPARING,
        advanced=True, when=_GRAM)
    blurred: bool = toggle(False, "Blurred correlations",
        "For Gram matrices of different layers: the deeper one is averaged over its surroundings.", group=_COMPARING,
        advanced=True, when=one_of("links", "chain", "to_content"))
    adjacent: bool = toggle(False, "Adjacent correlations",
        "For Gram matrices: also correlate with the eight neighbours of a place. Nine times the work.",
        group=_COMPARING, advanced=True, when=_GRAM)
    compared_sizes: int = count(1, 1, 3, "Compare at sizes",
        "1: the picture as it is. 2: its half as well, 3: a quarter, too, so that larger shapes of the style count.",
        symbol="pyramid loss", group=_COMPARING, advanced=True, when=_VGG)

    # ------------------------------------------------------------ experimental
    kept_share: float = number(1.0, 0.05, 1, "Paint where the content is",
        "Less: deep layers of the style pull only where the content has strong edges and shapes, and leave plain areas "
        "alone. The paper found that it hardly settles.", symbol="gradient mask", group=_EXPERIMENTAL, advanced=True)
    power: float = number(1.0, 1, 2, "Amplified responses",
        "For Gram matrices. More: what a layer answers to most counts more than the rest, as eyes in a face. The paper "
        "found that it hardly settles.", symbol="F^α", group=_EXPERIMENTAL, advanced=True, when=_GRAM)
    cubes: int = count(0, 0, 64, "Correlations of three",
        "For Gram matrices: which three features occur together, with so many of each layer's filters; 0 for two. As "
        "many times the work, and the paper found no gain.", symbol="Gram cubes", unit="filters", group=_EXPERIMENTAL,
        advanced=True, when=_GRAM)
    # fmt: on


def comparison_of(s: PixelSettings, equal_regions: bool = False) -> Comparison:
    """How style and content are compared, as the settings are now."""
    return Comparison(
        s.statistic,
        s.style_layers,
        s.content_layers,
        s.layer_weights,
        s.links,
        s.blurred,
        s.shift,
        s.adjacent,
        s.power,
        s.cubes,
        equal_regions,
    )


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
    "compared_sizes": 1,
    "kept_share": 1.0,
    "power": 1.0,
    "cubes": 0,
}
"""Their first columns: what every preset sets, so that presets do not depend on what was chosen before."""
