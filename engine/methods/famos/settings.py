"""The knobs and presets of FAMOS: what an artist can turn, its range, and what more and less of it do."""

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

_LOOK, _PIECES, _IMAGES = "Look", "Pieces", "Images"
_MEMORY, _NOISE, _NETWORK, _TRAINING = "Memory", "Noise", "Network", "Training"
_COPYING, _BLENDING = (When("mode", ("blend", "copy")),), (When("mode", ("blend",)),)


class FamosSettings(Settings):
    """Defaults are those of the preset `Standard`."""

    # ------------------------------------------------------------ look
    content_weight: Annotated[
        float,
        Field(ge=0, le=500),
        Knob(
            "Content",
            "More: the content is easier to recognise. Less: freer play of the style.",
            symbol="λ",
            scale="log",
            live=True,
            group=_LOOK,
        ),
    ] = 60.0
    alpha_weight: Annotated[
        float,
        Field(ge=0, le=20),
        Knob(
            "Copy rather than paint",
            "More: pieces of your images, nearly untouched. Less: the network paints them over.",
            symbol="norm of alpha",
            scale="log",
            live=True,
            group=_LOOK,
            when=_BLENDING,
        ),
    ] = 5.0
    mode: Annotated[
        Literal["blend", "paint", "copy"],
        Knob(
            "Copy or paint",
            "Blend copies pieces and paints where copying does not work; paint uses no pieces at "
            "all; copy is a pure collage.",
            group=_LOOK,
            choices=("Blend both", "Paint only", "Copy only"),
        ),
    ] = "blend"
    tone_matching: ToneMatching = True
    correspondence: Annotated[
        Literal["blur", "pool4", "pool8", "pool16", "learned"],
        Knob(
            "Compare content",
            "What must agree between picture and content. Coarser leaves more room for the style; "
            "learned lets colours change places.",
            symbol="φ",
            live=False,
            group=_LOOK,
            choices=("Blurred", "4 px blocks", "8 px blocks", "16 px blocks", "Learned colours"),
        ),
    ] = "pool8"
    learned_after: Annotated[
        Literal["nothing", "blur", "pool8"],
        Knob(
            "Learned colours, then",
            "What is done after the learned colours before comparing.",
            group=_LOOK,
            advanced=True,
            choices=("Each pixel", "Blur", "8 px blocks"),
            when=(When("correspondence", ("learned",)),),
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
            when=(When("correspondence", ("blur",)), When("learned_after", ("blur",))),
        ),
    ] = 2.0
    collage_content_weight: Annotated[
        float,
        Field(ge=0, le=4),
        Knob(
            "Content in the collage",
            "How much the pieces alone must show the content, relative to Content.",
            symbol="λ of I_M",
            live=True,
            group=_LOOK,
            advanced=True,
            when=_COPYING,
        ),
    ] = 1.0
    adversarial_weight: AdversarialWeight = 1.0
    alpha_variation_weight: Annotated[
        float,
        Field(ge=0, le=5),
        Knob(
            "Calm painting",
            "More: painted and copied areas are larger and smoother.",
            symbol="TV of alpha",
            scale="log",
            live=True,
            group=_LOOK,
            advanced=True,
            when=_BLENDING,
        ),
    ] = 0.02

    # ------------------------------------------------------------ pieces
    variation_weight: Annotated[
        float,
        Field(ge=0, le=5),
        Knob(
            "Size of the pieces",
            "More: large pieces with few borders. Less: small pieces.",
            symbol="TV of A",
            scale="log",
            live=True,
            group=_PIECES,
            when=_COPYING,
        ),
    ] = 0.15
    entropy_weight: Annotated[
        float,
        Field(ge=0, le=10),
        Knob(
            "Clean cuts",
            "More: each place shows one piece, sharply cut. Less: pieces melt into each other.",
            symbol="entropy of A",
            scale="log",
            live=True,
            group=_PIECES,
            when=_COPYING,
        ),
    ] = 1.0
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
            when=_COPYING,
        ),
    ] = 0.25
    balance_weight: Annotated[
        float,
        Field(ge=0, le=50),
        Knob(
            "Use all templates",
            "More: all templates get an equal share of the picture. Less: favourites may take over.",
            symbol="balance, 1 - H(u) / log N",
            scale="log",
            live=True,
            group=_PIECES,
            when=_COPYING,
        ),
    ] = 5.0
    diversity_weight: Annotated[
        float,
        Field(ge=0, le=10),
        Knob(
            "Vary the pieces",
            "More: neighbouring patches use different templates.",
            symbol="diversity of A",
            scale="log",
            live=True,
            group=_PIECES,
            advanced=True,
            when=_COPYING,
        ),
    ] = 1.0
    largest_share_weight: Annotated[
        float,
        Field(ge=0, le=10),
        Knob(
            "No single favourite",
            "More: the most used template gets less of each patch.",
            symbol="λ_M of MAGIC",
            scale="log",
            live=True,
            group=_PIECES,
            advanced=True,
            when=_COPYING,
        ),
    ] = 0.0
    entropy_ramp_steps: Annotated[
        int,
        Field(ge=0, le=10_000),
        Knob(
            "Clean cuts after",
            "Steps until Clean cuts has its full strength; pieces find their places first.",
            unit="steps",
            live=True,
            group=_PIECES,
            advanced=True,
            when=(When("entropy_weight", above=0),),
        ),
    ] = 300
    temperature_start: Annotated[
        float,
        Field(ge=0.05, le=4),
        Knob(
            "Softness at the start",
            "Softness of the choice at step 0; moves to its own value over the steps below.",
            scale="log",
            live=True,
            group=_PIECES,
            advanced=True,
            when=(When("temperature_ramp_steps", above=0),),
        ),
    ] = 0.25
    temperature_ramp_steps: Annotated[
        int,
        Field(ge=0, le=10_000),
        Knob(
            "Softness settles over",
            "Steps from the softness at the start to the one above; 0 for at once.",
            unit="steps",
            live=True,
            group=_PIECES,
            advanced=True,
            when=_COPYING,
        ),
    ] = 0

    # ------------------------------------------------------------ images
    style_scale: StyleScale = 1.0
    content_scale: ContentScale = 1.0
    tiling: Tiling = "mirror"
    crops: Annotated[
        Literal["same", "apart"],
        Knob(
            "Learn for",
            "This picture: the best mosaic of this content. Any picture: also for contents it has not seen.",
            symbol="crops of content and templates",
            group=_IMAGES,
            choices=("This picture", "Any picture"),
        ),
    ] = "same"

    # ------------------------------------------------------------ memory
    templates: Annotated[
        int,
        Field(ge=2, le=400),
        Knob(
            "Templates",
            "More: a richer choice of pieces, slower and more memory. Less: faster.",
            symbol="N",
            group=_MEMORY,
            scale="log",
            when=_COPYING,
        ),
    ] = 80
    mix_scales: Annotated[
        bool,
        Knob(
            "Mix at several scales",
            "The network also sees mixtures of shrunken templates while it decides. Slower.",
            group=_MEMORY,
            advanced=True,
            when=_COPYING,
        ),
    ] = False

    # ------------------------------------------------------------ noise
    global_noise: Annotated[
        int,
        Field(ge=0, le=64),
        Knob("Global noise", "Channels of chance that are the same all over the canvas.", group=_NOISE, advanced=True),
    ] = 20
    local_noise: Annotated[
        int,
        Field(ge=0, le=64),
        Knob("Local noise", "Channels of chance at each place.", group=_NOISE, advanced=True),
    ] = 10
    periodic_noise: Annotated[
        int,
        Field(ge=0, le=16),
        Knob(
            "Periodic noise",
            "Channels of waves over the canvas, for regular patterns.",
            symbol="PSGAN",
            group=_NOISE,
            advanced=True,
        ),
    ] = 0
    noise_at: Annotated[
        Literal["bottleneck", "input"],
        Knob(
            "Noise joins",
            "At the bottleneck noise moves large shapes; at the input also small ones.",
            group=_NOISE,
            advanced=True,
            choices=("At the bottleneck", "At the input"),
        ),
    ] = "bottleneck"

    # ------------------------------------------------------------ network
    generator_width: Annotated[
        int,
        Field(ge=4, le=256),
        Knob(
            "Generator width",
            "More: finer decisions, slower and more memory.",
            symbol="ngf",
            unit="channels",
            group=_NETWORK,
        ),
    ] = 80
    discriminator_width: Annotated[
        int,
        Field(ge=4, le=256),
        Knob(
            "Discriminator width",
            "More: stricter about the style, slower.",
            symbol="ndf",
            unit="channels",
            group=_NETWORK,
        ),
    ] = 80
    depth: Annotated[
        int,
        Field(ge=2, le=6),
        Knob(
            "Generator depth",
            "More: sees more of the content around a place. The patch must be a multiple of 2^depth.",
            unit="levels",
            group=_NETWORK,
            advanced=True,
        ),
    ] = 4
    discriminator_depth: Annotated[
        int,
        Field(ge=2, le=6),
        Knob(
            "Discriminator depth",
            "More: judges larger pieces of the style.",
            unit="levels",
            group=_NETWORK,
            advanced=True,
        ),
    ] = 4
    kernel: Kernel = "5"
    norm: Annotated[
        Literal["layer", "batch", "none"],
        Knob(
            "Generator norm",
            "Layer norm acts at each pixel and trains best; batch norm is the paper's.",
            group=_NETWORK,
            advanced=True,
            choices=("Layer", "Batch (paper)", "None"),
        ),
    ] = "layer"
    discriminator_norm: Annotated[
        Literal["none", "layer", "batch"],
        Knob(
            "Discriminator norm",
            "Batch norm is the paper's; it does not go with gradient penalties.",
            group=_NETWORK,
            advanced=True,
            choices=("None", "Layer", "Batch (paper)"),
        ),
    ] = "none"
    bottleneck: Annotated[
        int,
        Field(ge=0, le=2048),
        Knob(
            "Bottleneck width",
            "Channels at the coarsest level; 0 follows the generator's width.",
            unit="channels",
            group=_NETWORK,
            advanced=True,
        ),
    ] = 0
    skips: Annotated[
        bool,
        Knob("Skip connections", "Off: less detail of the content reaches the picture.", group=_NETWORK, advanced=True),
    ] = True
    residual_blocks: Annotated[
        int,
        Field(ge=0, le=4),
        Knob(
            "Residual blocks",
            "Additional layers at each level of the decoder. More: finer, slower.",
            group=_NETWORK,
            advanced=True,
        ),
    ] = 0
    refine: Annotated[
        bool,
        Knob(
            "Refine",
            "A second network paints over the first one's picture and hides borders. Blend only; slower.",
            symbol="figure 8",
            group=_NETWORK,
            advanced=True,
            when=_BLENDING,
        ),
    ] = False
    precision: Precision = "auto"

    # ------------------------------------------------------------ training
    adversarial: Annotated[
        Literal["hinge", "wgan_gp", "dcgan", "lsgan"],
        Knob(
            "Adversarial loss",
            "Hinge is fast and steady; WGAN-GP is the paper's for templates, DCGAN for paint only.",
            group=_TRAINING,
            advanced=True,
            choices=("Hinge with R1", "WGAN-GP", "DCGAN", "LSGAN"),
        ),
    ] = "hinge"
    patch: Patch = 160
    batch: Batch = 8
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
    def _fits(self) -> FamosSettings:
        alignment_px = 2**self.depth
        if self.patch % alignment_px or self.patch < 2 * alignment_px:
            least = max(2 * alignment_px, self.patch // alignment_px * alignment_px)
            raise ValueError(
                f"patch can not be {self.patch} at depth {self.depth}; "
                f"it is a multiple of {alignment_px}, for example {least}."
            )
        if self.adversarial == "wgan_gp" and self.discriminator_norm == "batch":
            raise ValueError("discriminator_norm can not be 'batch' with wgan_gp; it is none or layer.")
        return self


PRESETS = (
    Preset(
        "Draft",
        "Small and quick, for a laptop without a graphics card: a mosaic in about three minutes.",
        {
            "templates": 24,
            "generator_width": 24,
            "discriminator_width": 32,
            "patch": 96,
            "batch": 4,
            "content_scale": 0.5,
            "style_scale": 0.5,
        },
    ),
    Preset(
        "Standard",
        "The paper's sizes, for a graphics card.",
        {
            "templates": 80,
            "generator_width": 80,
            "discriminator_width": 80,
            "patch": 160,
            "batch": 8,
            "content_scale": 1.0,
            "style_scale": 1.0,
        },
    ),
    Preset(
        "Rich",
        "More templates, wider networks and a refining one, for a large graphics card.",
        {
            "templates": 160,
            "generator_width": 96,
            "discriminator_width": 96,
            "patch": 192,
            "batch": 12,
            "residual_blocks": 1,
            "refine": True,
            "content_scale": 1.0,
            "style_scale": 1.0,
        },
    ),
    Preset(
        "Fine mosaic",
        "Small crisp pieces that follow the content closely.",
        {
            "content_weight": 90.0,
            "variation_weight": 0.05,
            "correspondence": "pool4",
        },
        group="look",
    ),
    Preset(
        "Large pieces",
        "Whole districts of your images; the content shows from afar.",
        {
            "content_weight": 40.0,
            "alpha_weight": 8.0,
            "variation_weight": 0.4,
            "correspondence": "pool16",
        },
        group="look",
    ),
    Preset(
        "Painted",
        "The network paints over the pieces: soft, close to the content.",
        {
            "alpha_weight": 0.2,
            "content_weight": 60.0,
            "correspondence": "blur",
        },
        group="look",
    ),
)
