"""The knobs and presets of MAGIC. Knobs that FAMOS has too keep their names, so that values move along with images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from engine.method import Preset
from engine.methods.adversarial_settings import (
    AdversarialWeight,
    Batch,
    ContentScale,
    DiscriminatorRate,
    DiscriminatorSteps,
    Kernel,
    LearningRate,
    Patch,
    Precision,
    StyleScale,
    Tiling,
    ToneMatching,
)
from engine.settings import Knob, Settings, When

_LOOK, _PIECES, _SETS, _IMAGES = "Look", "Pieces", "Sets", "Images"
_NETWORK, _TRAINING = "Network", "Training"


class MagicSettings(Settings):
    """Defaults are those of the preset `Guided`."""

    # ------------------------------------------------------------ look
    content_weight: Annotated[
        float,
        Field(ge=0, le=500),
        Knob(
            "Content",
            "More: the content is easier to recognise. Less: freer play of the style. Guided only.",
            symbol="λ_C",
            scale="log",
            live=True,
            group=_LOOK,
            when=(When("guidance", ("guided",)),),
        ),
    ] = 30.0
    guidance: Annotated[
        Literal["guided", "unguided"],
        Knob(
            "Guided by a content",
            "Guided shows your content image in pieces of the style; unguided makes collages of the style alone.",
            group=_LOOK,
            choices=("Guided", "Unguided"),
        ),
    ] = "guided"
    repaint_bound: Annotated[
        float,
        Field(ge=0, le=1),
        Knob(
            "Repaint",
            "How far the second network may change the pieces to hide their borders. 0: untouched pieces.",
            symbol="bound of U-Net 2",
            live=True,
            group=_LOOK,
            when=(When("refine", (True,)),),
        ),
    ] = 0.5
    tone_matching: ToneMatching = True
    correspondence: Annotated[
        Literal["blur", "pool4", "pool8", "pool16"],
        Knob(
            "Compare content",
            "What must agree between picture and content. Coarser leaves more room for whole pieces of the style.",
            symbol="φ",
            live=True,
            group=_LOOK,
            choices=("Blurred", "4 px blocks", "8 px blocks", "16 px blocks"),
            when=(When("guidance", ("guided",)),),
        ),
    ] = "pool8"
    blur_px: Annotated[
        float,
        Field(ge=0.5, le=16),
        Knob(
            "Blur before comparing",
            "More: only large shapes must agree. Less: fine lines too. For Blurred.",
            symbol="σ",
            unit="px",
            live=True,
            group=_LOOK,
            advanced=True,
            when=(When("correspondence", ("blur",)),),
        ),
    ] = 2.0
    collage_content_weight: Annotated[
        float,
        Field(ge=0, le=4),
        Knob(
            "Content in the collage",
            "How much the pieces alone must show the content, relative to Content.",
            symbol="λ_C of I_M",
            live=True,
            group=_LOOK,
            advanced=True,
            when=(When("guidance", ("guided",)),),
        ),
    ] = 1.0
    adversarial_weight: AdversarialWeight = 1.0
    alpha_weight: Annotated[
        float,
        Field(ge=0, le=20),
        Knob(
            "Copy rather than repaint",
            "More: the second network leaves the pieces nearly untouched.",
            symbol="mean change of U-Net 2",
            scale="log",
            live=True,
            group=_LOOK,
            advanced=True,
            when=(When("refine", (True,)),),
        ),
    ] = 2.0

    # ------------------------------------------------------------ pieces
    variation_weight: Annotated[
        float,
        Field(ge=0, le=100),
        Knob(
            "Size of the pieces",
            "More: large pieces with few borders. Less: small pieces.",
            symbol="λ_TV",
            scale="log",
            live=True,
            group=_PIECES,
        ),
    ] = 0.2
    entropy_weight: Annotated[
        float,
        Field(ge=0, le=10),
        Knob(
            "Clean cuts",
            "More: each place shows one piece, sharply cut. Less: pieces melt into each other.",
            symbol="λ_E",
            scale="log",
            live=True,
            group=_PIECES,
        ),
    ] = 1.5
    largest_share_weight: Annotated[
        float,
        Field(ge=0, le=50),
        Knob(
            "No single favourite",
            "More: the most used element gets less of each patch. Unguided collages need it, or they are one image.",
            symbol="λ_M",
            scale="log",
            live=True,
            group=_PIECES,
        ),
    ] = 0.0
    temperature: Annotated[
        float,
        Field(ge=0.05, le=4),
        Knob(
            "Softness of the choice",
            "Less: more decided, crisper pieces. More: softer blends.",
            symbol="temperature of the softmax",
            scale="log",
            live=True,
            group=_PIECES,
            advanced=True,
        ),
    ] = 0.25
    entropy_ramp_steps: Annotated[
        int,
        Field(ge=0, le=10_000),
        Knob(
            "Clean cuts begin slowly",
            "Steps until Clean cuts has its full strength; pieces find their places first.",
            unit="steps",
            live=True,
            group=_PIECES,
            advanced=True,
            when=(When("entropy_weight", above=0),),
        ),
    ] = 200
    warp: Annotated[
        Literal["none", "affine", "flow"],
        Knob(
            "Bend the pieces",
            "Turn and scale moves each element as a whole; flow bends it from place to place. Slower to learn.",
            symbol="warping, θ_k",
            group=_PIECES,
            advanced=True,
            choices=("No", "Turn and scale", "Flow"),
        ),
    ] = "none"
    warp_px: Annotated[
        float,
        Field(ge=0, le=64),
        Knob(
            "Bend at most",
            "How far bending moves a pixel; when turning, a pixel 64 px from the middle.",
            unit="px",
            live=True,
            group=_PIECES,
            advanced=True,
            when=(When("warp", ("affine", "flow")),),
        ),
    ] = 8.0
    warp_variation_weight: Annotated[
        float,
        Field(ge=0, le=10),
        Knob(
            "Smooth bending",
            "More: neighbouring pixels move alike. For flow.",
            symbol="TV of the flow",
            scale="log",
            live=True,
            group=_PIECES,
            advanced=True,
            when=(When("warp", ("flow",)),),
        ),
    ] = 0.05

    # ------------------------------------------------------------ sets
    set_size: Annotated[
        int,
        Field(ge=2, le=400),
        Knob(
            "Elements of a set",
            "Crops of the style that it learns to choose from. More: a better match, slower and more memory.",
            symbol="K in training",
            scale="log",
            group=_SETS,
        ),
    ] = 50
    set_size_least: Annotated[
        int,
        Field(ge=0, le=400),
        Knob(
            "At least",
            "Each step draws a size between this and the above, so that small sets work as well; 0 keeps the size.",
            symbol="K in {2, 12}",
            group=_SETS,
            advanced=True,
        ),
    ] = 0
    set_seed: Annotated[
        int,
        Field(ge=0, le=1_000_000),
        Knob(
            "This set",
            "Each number is another set of crops, and so another collage by the same network: step through them.",
            live=True,
            group=_SETS,
        ),
    ] = 1
    show_size: Annotated[
        int,
        Field(ge=0, le=400),
        Knob(
            "Elements shown",
            "Size of the set in the picture; may differ from that in training. 0: the same.",
            symbol="K in use",
            live=True,
            group=_SETS,
        ),
    ] = 0
    between_seed: Annotated[
        int,
        Field(ge=0, le=1_000_000),
        Knob(
            "On the way to the set",
            "A second set to blend to, for the slider below.",
            live=True,
            group=_SETS,
            advanced=True,
            when=(When("between", above=0),),
        ),
    ] = 2
    between: Annotated[
        float,
        Field(ge=0, le=1),
        Knob(
            "Part of the way",
            "0: this set. 1: the other one. Between them the shares of their pieces are mixed: frames of an animation.",
            symbol="interpolated A",
            live=True,
            group=_SETS,
            advanced=True,
        ),
    ] = 0.0

    # ------------------------------------------------------------ images
    style_scale: StyleScale = 1.0
    content_scale: ContentScale = 1.0
    tiling: Tiling = "mirror"
    placement: Annotated[
        Literal["anywhere", "aligned"],
        Knob(
            "Elements lie",
            "Anywhere: crops from random places. Aligned: whole images in the middle of the canvas, for pictures that "
            "are alike, such as portraits.",
            group=_IMAGES,
            choices=("Anywhere", "Aligned"),
        ),
    ] = "anywhere"

    # ------------------------------------------------------------ network
    generator_width: Annotated[
        int,
        Field(ge=4, le=256),
        Knob(
            "Generator width",
            "More: finer decisions, slower and more memory. A multiple of the heads.",
            symbol="channels of the ST-U-Net",
            unit="channels",
            group=_NETWORK,
        ),
    ] = 48
    discriminator_width: Annotated[
        int,
        Field(ge=4, le=256),
        Knob(
            "Discriminator width",
            "More: stricter about the style, slower.",
            symbol="channels of D",
            unit="channels",
            group=_NETWORK,
        ),
    ] = 128
    depth: Annotated[
        int,
        Field(ge=2, le=6),
        Knob(
            "Generator depth",
            "More: sees more around a place. The patch must be a multiple of 2^depth.",
            unit="levels",
            group=_NETWORK,
            advanced=True,
        ),
    ] = 5
    discriminator_depth: Annotated[
        int,
        Field(ge=2, le=7),
        Knob(
            "Discriminator depth",
            "More: judges larger pieces of the style.",
            unit="levels",
            group=_NETWORK,
            advanced=True,
        ),
    ] = 6
    full_size: Annotated[
        bool,
        Knob(
            "A level at full size",
            "On: as in the paper, the first layer sees every pixel; cuts can be finer. Slower, and much more memory.",
            group=_NETWORK,
            advanced=True,
        ),
    ] = False
    kernel: Kernel = "5"
    norm: Annotated[
        Literal["layer", "instance", "none"],
        Knob(
            "Norm of the generator",
            "Layer norm acts at each pixel and trains best; instance norm is the paper's.",
            group=_NETWORK,
            advanced=True,
            choices=("Layer norm", "Instance norm (paper)", "None"),
        ),
    ] = "layer"
    discriminator_norm: Annotated[
        Literal["none", "layer", "batch"],
        Knob(
            "Norm of the discriminator",
            "Batch norm is the paper's; it does not go with gradient penalties.",
            group=_NETWORK,
            advanced=True,
            choices=("None", "Layer norm", "Batch norm (paper)"),
        ),
    ] = "none"
    attention: Annotated[
        Literal["full", "inducing"],
        Knob(
            "Attention",
            "How the elements of a set compare themselves: each with each, or through a few learned points, which "
            "takes less time and memory for large sets.",
            symbol="SAB, ISAB",
            group=_NETWORK,
            advanced=True,
            choices=("Each with each", "Through points"),
        ),
    ] = "full"
    points: Annotated[
        int,
        Field(ge=1, le=64),
        Knob(
            "Points",
            "Of the attention through points. More: closer to each with each.",
            symbol="m of ISAB",
            group=_NETWORK,
            advanced=True,
            when=(When("attention", ("inducing",)),),
        ),
    ] = 8
    attention_from: Annotated[
        int,
        Field(ge=0, le=6),
        Knob(
            "Attention from",
            "Halvings of the picture from which on the elements compare themselves. Less: finer, slower, more memory.",
            unit="levels",
            group=_NETWORK,
            advanced=True,
        ),
    ] = 2
    heads: Annotated[
        int,
        Field(ge=1, le=16),
        Knob("Heads", "Of the attention: how many things are compared at once.", group=_NETWORK, advanced=True),
    ] = 4
    refine: Annotated[
        bool,
        Knob(
            "Second network",
            "Repaints the collage a little, so that the borders of pieces disappear. Off: the collage is the picture.",
            symbol="U-Net 2",
            group=_NETWORK,
            advanced=True,
        ),
    ] = True
    checkpointing: Annotated[
        bool,
        Knob(
            "Spare memory",
            "Computes parts of the network twice instead of keeping them: the same picture, about a third slower, "
            "less than half the memory. Switched on by itself where memory is short.",
            symbol="gradient checkpointing",
            group=_NETWORK,
            advanced=True,
        ),
    ] = False
    precision: Precision = "auto"

    # ------------------------------------------------------------ training
    adversarial: Annotated[
        Literal["hinge", "wgan_gp", "dcgan", "lsgan"],
        Knob(
            "Adversarial loss",
            "Hinge is fast and steady; DCGAN is the paper's.",
            group=_TRAINING,
            advanced=True,
            choices=("Hinge with R1", "WGAN-GP", "DCGAN", "LSGAN"),
        ),
    ] = "hinge"
    patch: Patch = 256
    batch: Batch = 6
    learning_rate: LearningRate = 1e-3
    discriminator_rate: DiscriminatorRate = 4e-4
    discriminator_steps: DiscriminatorSteps = 1
    penalty_weight: Annotated[
        float,
        Field(ge=0, le=100),
        Knob(
            "Gradient penalty",
            "For WGAN-GP: keeps the discriminator smooth.",
            symbol="penalty of WGAN-GP",
            scale="log",
            live=True,
            group=_TRAINING,
            advanced=True,
            when=(When("adversarial", ("wgan_gp",)),),
        ),
    ] = 10.0
    r1_weight: Annotated[
        float,
        Field(ge=0, le=100),
        Knob(
            "R1 penalty",
            "For hinge, DCGAN and LSGAN: keeps the discriminator smooth near the style. 0 is off.",
            symbol="γ of R1",
            scale="log",
            live=True,
            group=_TRAINING,
            advanced=True,
            when=(When("adversarial", ("hinge", "dcgan", "lsgan")),),
        ),
    ] = 0.01
    r1_every_steps: Annotated[
        int,
        Field(ge=1, le=64),
        Knob(
            "R1 every",
            "It is taken only in every so many steps, and weighs as much more.",
            unit="steps",
            live=True,
            group=_TRAINING,
            advanced=True,
            when=(When("r1_weight", above=0),),
        ),
    ] = 16
    average_decay: Annotated[
        float,
        Field(ge=0, le=0.9999),
        Knob(
            "Averaging",
            "What is shown is an average over the last steps. More: calmer, later.",
            symbol="EMA of G",
            scale="near one",
            live=True,
            group=_TRAINING,
            advanced=True,
        ),
    ] = 0.995

    @model_validator(mode="after")
    def _fits(self) -> MagicSettings:
        alignment_px = 2**self.depth
        if self.patch % alignment_px or self.patch < 2 * alignment_px:
            least = max(2 * alignment_px, self.patch // alignment_px * alignment_px)
            raise ValueError(
                f"patch can not be {self.patch} at depth {self.depth}; "
                f"it is a multiple of {alignment_px}, for example {least}."
            )
        if self.generator_width % self.heads:
            least = max(1, self.generator_width // self.heads) * self.heads
            raise ValueError(
                f"generator_width can not be {self.generator_width} with {self.heads} heads; "
                f"it is a multiple of {self.heads}, for example {least}."
            )
        if self.set_size_least > self.set_size:
            raise ValueError(
                f"set_size_least can not be {self.set_size_least}; it is at most set_size, {self.set_size}."
            )
        if self.adversarial == "wgan_gp" and self.discriminator_norm == "batch":
            raise ValueError("discriminator_norm can not be 'batch' with wgan_gp; it is none or layer.")
        return self


PRESETS = (
    Preset(
        "Draft",
        "Small and quick, for a laptop without a graphics card: a collage in about two minutes.",
        {
            "set_size": 12,
            "generator_width": 16,
            "discriminator_width": 32,
            "depth": 3,
            "discriminator_depth": 4,
            "patch": 96,
            "batch": 2,
            "content_scale": 0.5,
            "style_scale": 0.5,
        },
    ),
    Preset(
        "Guided",
        "The paper's sizes for a content image, for a graphics card.",
        {
            "guidance": "guided",
            "set_size": 50,
            "set_size_least": 0,
            "generator_width": 48,
            "discriminator_width": 128,
            "depth": 5,
            "discriminator_depth": 6,
            "patch": 256,
            "batch": 6,
            "largest_share_weight": 0.0,
            "repaint_bound": 0.5,
            "content_scale": 1.0,
            "style_scale": 1.0,
        },
    ),
    Preset(
        "Unguided",
        "The paper's sizes for collages without a content, from sets of 2 to 12, for a graphics card.",
        {
            "guidance": "unguided",
            "set_size": 12,
            "set_size_least": 2,
            "generator_width": 48,
            "discriminator_width": 128,
            "depth": 5,
            "discriminator_depth": 6,
            "patch": 256,
            "batch": 12,
            "largest_share_weight": 1.0,
            "repaint_bound": 0.2,
            "content_scale": 1.0,
            "style_scale": 1.0,
        },
    ),
    Preset(
        "Large pieces",
        "Whole roofs and streets; the content shows from afar.",
        {
            "content_weight": 20.0,
            "variation_weight": 0.3,
            "entropy_weight": 1.0,
            "correspondence": "pool16",
        },
        group="look",
    ),
    Preset(
        "Fine pieces",
        "Small crisp pieces that follow the content closely.",
        {
            "content_weight": 40.0,
            "variation_weight": 0.1,
            "entropy_weight": 1.5,
            "correspondence": "pool8",
        },
        group="look",
    ),
)
