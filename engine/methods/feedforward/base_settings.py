"""Knobs that texture, stylize and doodle_net share: how style is compared, and how a generator is trained by it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.methods.adversarial_settings import LearningRate
from engine.settings import Knob, Settings, When

STYLE, VARIETY, NETWORK, TRAINING = "Style", "Variety", "Network", "Training"


FinestNoise = Annotated[
    Literal["1", "2", "4", "8", "16", "32"],
    Knob(
        "Finest noise",
        "Of the layered generator. Fine: bristles, leaves and grain vary; coarse: smooth, glossy shapes.",
        unit="px",
        group=NETWORK,
        advanced=True,
        choices=("1", "2", "4", "8", "16", "32"),
        when=(When("generator", ("layered",)),),
    ),
]


class GeneratorSettings(Settings):
    """Common to all generators that learn a style."""

    # ------------------------------------------------------------ style
    style_scale: Annotated[
        float,
        Field(ge=0.1, le=2),
        Knob(
            "Style scale",
            "Less: more of each style image in the same space, finer strokes. More: larger strokes.",
            unit="x",
            scale="log",
            group=STYLE,
        ),
    ] = 1.0
    network: Annotated[
        Literal["filters", "vgg19"],
        Knob(
            "Compare by",
            "Built-in filters need no download. VGG-19 also sees larger shapes; its file is fetched once.",
            group=STYLE,
            choices=("Built-in filters", "VGG-19"),
        ),
    ] = "filters"
    statistic: Annotated[
        Literal["sliced", "gram"],
        Knob(
            "Compare as",
            "Distributions keep whole objects with the built-in filters; Gram matrices are the papers', for VGG-19.",
            group=STYLE,
            choices=("Distributions", "Gram matrices"),
        ),
    ] = "sliced"
    levels: Annotated[
        int,
        Field(ge=1, le=6),
        Knob(
            "Levels",
            "For the built-in filters. More: larger shapes of the style are learned, too.",
            unit="levels",
            group=STYLE,
            advanced=True,
            when=(When("network", ("filters",)),),
        ),
    ] = 4
    filters: Annotated[
        int,
        Field(ge=4, le=256),
        Knob(
            "Filters",
            "For the built-in filters, in each step at each level. More: steadier, slower.",
            group=STYLE,
            advanced=True,
            when=(When("network", ("filters",)),),
        ),
    ] = 24
    detail: Annotated[
        float,
        Field(ge=0, le=1),
        Knob(
            "Fine detail",
            "For the built-in filters. More: brush marks and grain count as much as large shapes. Less: soft, glossy.",
            group=STYLE,
            advanced=True,
            when=(When("network", ("filters",)), When("statistic", ("sliced",))),
        ),
    ] = 0.6
    normalised_gradients: Annotated[
        bool,
        Knob(
            "Equal say for all levels",
            "On: every level pulls with the same strength. Off: the level that is worst pulls most.",
            symbol="normalised gradients",
            live=True,
            group=STYLE,
            advanced=True,
        ),
    ] = False

    adversarial_weight: Annotated[
        float,
        Field(ge=0, le=10),
        Knob(
            "Sharpness",
            "A discriminator learns to tell the pictures from pieces of the style. More: crisper, truer marks; too "
            "much drowns everything else. 0 leaves it out, as the papers do.",
            symbol="L_adv",
            scale="log",
            live=True,
            group=STYLE,
        ),
    ] = 0.1

    # ------------------------------------------------------------ variety
    sample_seed: Annotated[
        int,
        Field(ge=0, le=9999),
        Knob("Another one", "Each number paints another sample of what was learned.", live=True, group=VARIETY),
    ] = 0
    diversity_weight: Annotated[
        float,
        Field(ge=0, le=10),
        Knob(
            "Variety",
            "More: samples differ more from each other. Too much gives bright and dark spots.",
            symbol="λ",
            scale="log",
            live=True,
            group=VARIETY,
        ),
    ] = 0.0
    temperature: Annotated[
        float,
        Field(ge=1e-4, le=1e5),
        Knob(
            "Freedom from style",
            "More: variety counts more against the style. Acts only with some Variety.",
            symbol="T",
            scale="log",
            live=True,
            group=VARIETY,
            advanced=True,
            when=(When("diversity_weight", above=0),),
        ),
    ] = 0.001

    # ------------------------------------------------------------ network
    norm: Annotated[
        Literal["instance", "batch", "layer", "none"],
        Knob(
            "Norm",
            "Instance norm is the paper's and evens out contrast; layer norm acts at each pixel.",
            group=NETWORK,
            advanced=True,
            choices=("Instance (paper)", "Batch", "Layer", "None"),
        ),
    ] = "instance"

    discriminator_width: Annotated[
        int,
        Field(ge=2, le=256),
        Knob(
            "Discriminator width",
            "Channels of its first layer. More: a stricter judge, slower.",
            unit="channels",
            group=NETWORK,
            advanced=True,
            when=(When("adversarial_weight", above=0),),
        ),
    ] = 32

    # ------------------------------------------------------------ training
    patch: Annotated[
        int,
        Field(ge=32, le=512),
        Knob(
            "Patch",
            "Side of the pictures it practises on. More: learns larger shapes, slower.",
            unit="px",
            group=TRAINING,
        ),
    ] = 256
    batch: Annotated[
        int,
        Field(ge=1, le=64),
        Knob(
            "Batch", "Pictures in each step. More: steadier, slower and more memory.", unit="pictures", group=TRAINING
        ),
    ] = 8
    learning_rate: LearningRate = 2e-3
    discriminator_rate: Annotated[
        float,
        Field(ge=1e-6, le=1e-1),
        Knob(
            "Discriminator's rate",
            "More: it follows the pictures faster, and may run away from them.",
            scale="log",
            live=True,
            group=TRAINING,
            advanced=True,
            when=(When("adversarial_weight", above=0),),
        ),
    ] = 4e-4
    average_decay: Annotated[
        float,
        Field(ge=0, le=0.9999),
        Knob(
            "Averaging",
            "What is shown is an average over the last steps. More: calmer, later.",
            symbol="EMA of the generator",
            scale="near one",
            live=True,
            group=TRAINING,
            advanced=True,
        ),
    ] = 0.99

    def check_patch(self, alignment_px: int) -> None:
        """Raises ValueError: the patch is no multiple of the network's alignment, or too small for the levels."""
        least = max(2 * alignment_px, 2 ** (self.levels + 2) if self.network == "filters" else 32)
        if self.patch % alignment_px or self.patch < least:
            nearest = max(-(-least // alignment_px) * alignment_px, self.patch // alignment_px * alignment_px)
            raise ValueError(
                f"patch can not be {self.patch} here; it is a multiple of {alignment_px} from {least} px on, "
                f"for example {nearest}."
            )
