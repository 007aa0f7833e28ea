"""Knobs that texture, stylize and doodle_net share: how style is compared, and how a generator is trained by it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from engine.knobs import above, choice, count, factor, number, one_of, redeclared, share, toggle, weight
from engine.methods.trained_settings import NETWORK, TRAINING, TrainedSettings

STYLE, VARIETY = "Style", "Variety"
_VGG, _GRAM = one_of("network", "vgg19"), one_of("statistic", "gram")
_FILTERS, _JUDGED = one_of("network", "filters"), above("adversarial_weight", 0)


class GeneratorSettings(TrainedSettings):
    """Common to all generators that learn a style."""

    # A table: the numbers and the name of each knob, then what it does.
    # fmt: off
    # ------------------------------------------------------------ style
    style_scale: float = factor(1.0, 0.1, 2, "Style scale",
        "Less: more of each style image in the same space, finer strokes. More: larger strokes.", group=STYLE,
        before="learning_rate")
    network: Literal["filters", "vgg19"] = choice("filters", ("Built-in filters", "VGG-19"), "Compare by",
        "Built-in filters need no download. VGG-19 also sees larger shapes; its file is fetched once.", group=STYLE)
    statistic: Literal["sliced", "gram"] = choice("sliced", ("Distributions", "Gram matrices"), "Compare as",
        "Distributions keep whole objects with the built-in filters; Gram matrices are the papers', for VGG-19.",
        group=STYLE)
    levels: int = count(4, 1, 6, "Levels",
        "For the built-in filters. More: larger shapes of the style are learned, too.", unit="levels", group=STYLE,
        advanced=True, when=_FILTERS)
    filters: int = count(24, 4, 256, "Filters",
        "For the built-in filters, in each step at each level. More: steadier, slower.", group=STYLE, advanced=True,
        when=_FILTERS)
    detail: float = share(0.6, "Fine detail",
        "For the built-in filters. More: brush marks and grain count as much as large shapes. Less: soft, glossy.",
        group=STYLE, advanced=True, when=one_of("network", "filters") + one_of("statistic", "sliced"))
    style_layers: Literal["classic", "all"] = choice("classic", ("Classic", "All"), "Style layers",
        "The first of each block (Gatys), or all.", group=STYLE, advanced=True, when=_VGG)
    links: Literal["each", "chain"] = choice("each", ("Each layer", "Chain"), "Correlate",
        "For Gram matrices: each layer with itself, or with the next deeper one.", symbol="G", group=STYLE,
        advanced=True, when=_GRAM)
    blurred: bool = toggle(False, "Blurred correlations",
        "For a chain: the deeper layer is averaged over its surroundings.", group=STYLE, advanced=True,
        when=one_of("links", "chain", also=_GRAM))
    shift: float = number(0.0, -2, 2, "Activation shift",
        "For Gram matrices. -1 keeps patterns out of plain areas; 0 is the original.", symbol="s", group=STYLE,
        advanced=True, when=_GRAM)
    layer_weights: Literal["uniform", "geometric"] = choice("uniform", ("Uniform", "Geometric"), "Weights of layers",
        "Geometric: shallow layers decide the style, deep ones the content.", symbol="2^(D - d), 2^d", group=STYLE,
        advanced=True)
    compared_sizes: int = count(1, 1, 3, "Compare at sizes",
        "1: pictures as they are. 2: their halves as well, 3: quarters, too, so that larger shapes of the style count.",
        symbol="pyramid loss", group=STYLE, advanced=True, when=_VGG)
    normalised_gradients: bool = toggle(False, "Equal say for all levels",
        "On: every level pulls with the same strength. Off: the level that is worst pulls most.",
        symbol="normalised gradients", group=STYLE, live=True, advanced=True)
    gradient_length: float = number(1.0, 1e-4, 1e5, "Their strength",
        "How strongly each level pulls, before it is divided by Freedom from style.", symbol="L1 norm", scale="log",
        group=STYLE, live=True, advanced=True, when=one_of("normalised_gradients", True))
    adversarial_weight: float = weight(0.1, 10, "Sharpness",
        "A discriminator learns to tell the pictures from pieces of the style. More: crisper, truer marks; too much "
        "drowns everything else. 0 leaves it out, as the papers do.", symbol="L_adv", group=STYLE)

    # ------------------------------------------------------------ variety
    sample_seed: int = count(0, 0, 9999, "Another one",
        "Each number paints another sample of what was learned.", group=VARIETY, live=True)
    sample_drift: float = share(0.0, "On the way to the next",
        "0: this sample. 1: the next number. Between them one drifts slowly into the other: frames of a film.",
        symbol="interpolated z", group=VARIETY, live=True, advanced=True)
    diversity_weight: float = weight(0.0, 10, "Variety",
        "More: samples differ more from each other. Too much gives bright and dark spots.", symbol="λ", group=VARIETY)
    temperature: float = number(1e-3, 1e-4, 1e5, "Freedom from style",
        "More: variety counts more against the style. Acts only with some Variety.", symbol="T", scale="log",
        group=VARIETY, live=True, advanced=True, when=above("diversity_weight", 0))

    # ------------------------------------------------------------ network
    norm: Literal["instance", "batch", "layer", "none"] = choice(
        "instance", ("Instance (paper)", "Batch", "Layer", "None"), "Norm",
        "Instance norm is the paper's and evens out contrast; layer norm acts at each pixel.", group=NETWORK,
        advanced=True)
    enlarging: Literal["smooth", "nearest"] = choice("smooth", ("Smooth", "By pixels"), "Enlarging",
        "Smooth, in the last two enlargements: leaves no grid of 2 or 4 px. The pyramid enlarges by pixels.",
        group=NETWORK, advanced=True)
    discriminator_width: int = count(32, 2, 256, "Discriminator width",
        "Channels of its first layer. More: a stricter judge, slower.", unit="channels", group=NETWORK, advanced=True,
        when=_JUDGED)

    # ------------------------------------------------------------ training
    patch: int = count(256, 32, 512, "Patch",
        "Side of the pictures it practises on. More: learns larger shapes, slower.", unit="px", group=TRAINING)
    batch: int = count(8, 1, 64, "Batch",
        "Pictures in each step. More: steadier, slower and more memory.", unit="pictures", group=TRAINING)
    learning_rate: float = redeclared(TrainedSettings, "learning_rate", default=2e-3)
    discriminator_rate: float = number(4e-4, 1e-6, 0.1, "Discriminator's rate",
        "More: it follows the pictures faster, and may run away from them.", scale="log", group=TRAINING, live=True,
        advanced=True, when=_JUDGED, before="average_decay")
    average_decay: float = redeclared(TrainedSettings, "average_decay", default=0.99, symbol="EMA of the generator")
    # fmt: on

    def check_patch(self, alignment_px: int) -> None:
        """Raises ValueError: the patch is no multiple of the network's alignment, or too small for the levels."""
        least = max(2 * alignment_px, 2 ** (self.levels + 2) if self.network == "filters" else 32)
        if self.patch % alignment_px or self.patch < least:
            nearest = max(-(-least // alignment_px) * alignment_px, self.patch // alignment_px * alignment_px)
            raise ValueError(
                f"patch can not be {self.patch} here; it is a multiple of {alignment_px} from {least} px on, "
                f"for example {nearest}."
            )


class TextureNetworkSettings(GeneratorSettings):
    """Common to the generators that enlarge noise scale by scale: texture and doodle_net, which add `generator`."""

    # fmt: off
    width: int = count(32, 2, 128, "Width",
        "Channels: of the deep generator at full size, or of each scale of the pyramid. More: richer, slower.",
        unit="channels", group=NETWORK)
    scales: int = count(6, 2, 7, "Scales",
        "How often the picture is enlarged on its way from noise. More: larger shapes.", unit="scales", group=NETWORK,
        advanced=True)
    noise: int = count(8, 1, 64, "Noise of each scale",
        "Of the layered generator and the pyramid: channels of chance at each place of every scale.", symbol="z",
        unit="channels", group=NETWORK, advanced=True, when=one_of("generator", "layered", "pyramid"))
    finest_noise_px: Literal["1", "2", "4", "8", "16", "32"] = choice(
        "16", ("1", "2", "4", "8", "16", "32"), "Finest noise",
        "Of the layered generator. Fine: bristles, leaves and grain vary; coarse: smooth, glossy shapes.", unit="px",
        group=NETWORK, advanced=True, when=one_of("generator", "layered"))
    padding: Literal["circular", "replicate"] = choice("circular", ("Circular", "Last pixel"), "Edges while practising",
        "Circular: practice pictures continue at their opposite edge, so none has a border.", group=NETWORK,
        advanced=True)
    # fmt: on

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self.check_patch(2 ** (self.scales - 1))
        return self
