"""Knobs that FAMOS and MAGIC share: the same names, so that values move along with images from one to the other."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from engine.knobs import above, choice, count, factor, number, one_of, share, steps, weight
from engine.methods.trained_settings import NETWORK, TRAINING, TrainedSettings

LOOK, PIECES, IMAGES = "Look", "Pieces", "Images"


class AdversarialSettings(TrainedSettings):
    """Words and defaults are those of FAMOS where the two differ. Each adds a `correspondence` and a `norm`."""

    # A table: the numbers and the name of each knob, then what it does.
    # fmt: off
    # ------------------------------------------------------------ look
    content_weight: float = weight(60.0, 500, "Content",
        "More: the content is easier to recognise. Less: freer play of the style.", symbol="λ", group=LOOK,
        before="learning_rate")
    tone_matching: float = share(0.5, "Match the tones",
        "0: the content's own light and dark. Half: moved to the range that the style has, so that a dark style can "
        "show a bright portrait. 1: exactly the style's tones, which makes noise of flat backgrounds.", group=LOOK,
        live=True)
    color_matching: float = share(0.0, "Match the colours",
        "0: only light and dark of the content count. More: its colours, moved to those that the style has, count as "
        "well: pieces of such colours are laid there.", group=LOOK, live=True)
    blur_px: float = number(2.0, 0.5, 16, "Blur before comparing",
        "More: only large shapes must agree. Less: fine lines too. For Blurred.", symbol="σ", unit="px", group=LOOK,
        live=True, advanced=True, when=one_of("correspondence", "blur"))
    collage_content_weight: float = number(1.0, 0, 4, "Content in the collage",
        "How much the pieces alone must show the content, relative to Content.", symbol="λ of I_M", group=LOOK,
        live=True, advanced=True)
    adversarial_weight: float = number(1.0, 0, 10, "Style",
        "More: each patch must look as if cut from your style images.", symbol="L_adv", group=LOOK, live=True,
        advanced=True)
    collage_adversarial_weight: float = number(0.0, 0, 10, "Style of the collage",
        "More: the pieces alone, with nothing painted over them, must look as if cut from your style images, too.",
        symbol="L_adv of I_M", group=LOOK, live=True, advanced=True)

    # ------------------------------------------------------------ pieces
    variation_weight: float = weight(0.15, 5, "Size of the pieces",
        "More: large pieces with few borders. Less: small pieces.", symbol="TV of A", group=PIECES)
    smoothing_px: float = number(1.5, 0, 32, "Keep pieces whole",
        "Over how far around a pixel is decided what lies there. More: larger pieces with calm outlines, and fine "
        "lines of the content are lost. Acts at once.", unit="px", group=PIECES, live=True)
    feather_px: float = number(0.0, 0, 200, "Soft borders of regions",
        "For a map that says which pieces lie where: over how many pixels regions go over into one another. 0: a cut.",
        unit="px", group=PIECES, live=True, advanced=True)
    entropy_weight: float = weight(1.0, 10, "Clean cuts",
        "More: each place shows one piece, sharply cut. Less: pieces melt into each other.", symbol="entropy of A",
        group=PIECES)
    temperature: float = number(0.25, 0.05, 4, "Softness of the choice",
        "Less: more decided, crisper pieces. More: softer blends.", symbol="temperature of the softmax", scale="log",
        group=PIECES, live=True)
    entropy_ramp_steps: int = steps(300, 0, 10_000, "Clean cuts after",
        "Steps until Clean cuts has its full strength; pieces find their places first.", group=PIECES, advanced=True,
        when=above("entropy_weight", 0))

    # ------------------------------------------------------------ images
    style_scale: float = factor(1.0, 0.1, 2, "Style scale",
        "Less: finer detail, more of each style image in a piece. More: larger detail.", group=IMAGES)
    content_scale: float = factor(1.0, 0.1, 4, "Canvas scale",
        "Size of the canvas relative to the content image: more gives more, relatively smaller pieces.", group=IMAGES)
    tiling: Literal["wrap", "mirror"] = choice("mirror", ("Repeat", "Mirror"), "Tiling",
        "How a style image continues beyond its edge: mirrored (a kaleidoscope without borders) or repeated (the "
        "network learns to avoid the borders).", group=IMAGES)

    # ------------------------------------------------------------ network
    generator_width: int = count(80, 4, 256, "Generator width",
        "More: finer decisions, slower and more memory.", symbol="ngf", unit="channels", group=NETWORK)
    discriminator_width: int = count(80, 4, 256, "Discriminator width",
        "More: stricter about the style, slower.", symbol="ndf", unit="channels", group=NETWORK)
    depth: int = count(4, 2, 6, "Generator depth",
        "More: sees more of the content around a place. The patch must be a multiple of 2^depth.", unit="levels",
        group=NETWORK, advanced=True)
    discriminator_depth: int = count(4, 2, 6, "Discriminator depth",
        "More: judges larger pieces of the style.", unit="levels", group=NETWORK, advanced=True)
    kernel: Literal["3", "5", "7"] = choice("5", ("3 x 3", "5 x 5", "7 x 7"), "Kernel",
        "Side of the convolutions. Larger sees further, but is slower.", unit="px", group=NETWORK, advanced=True)
    discriminator_norm: Literal["none", "layer", "instance", "batch"] = choice(
        "none", ("None", "Layer", "Instance", "Batch (paper)"), "Discriminator norm",
        "Batch norm is the paper's; WGAN-GP can not have it, and no R1 penalty is taken with it, for a penalty on each "
        "patch has no meaning where patches are judged together.", group=NETWORK, advanced=True)
    precision: Literal["auto", "float32", "bfloat16"] = choice(
        "auto", ("Automatic", "float32", "bfloat16"), "Precision of training",
        "bfloat16 is faster where the processor has it; auto tries it out at the start.", group=NETWORK, advanced=True)

    # ------------------------------------------------------------ training
    adversarial: Literal["hinge", "wgan_gp", "dcgan", "lsgan"] = choice(
        "hinge", ("Hinge with R1", "WGAN-GP", "DCGAN", "LSGAN"), "Adversarial loss",
        "Hinge is fast and steady; DCGAN is the paper's.", group=TRAINING, advanced=True)
    patch: int = count(160, 32, 512, "Patch",
        "Side of the patches it learns from. More: sees larger shapes, slower. A multiple of 2^depth.", unit="px",
        group=TRAINING)
    batch: int = count(8, 1, 64, "Batch",
        "Patches in each step. More: steadier, slower and more memory.", unit="patches", group=TRAINING)
    discriminator_rate: float = number(4e-4, 1e-6, 1e-2, "Discriminator's rate",
        "How fast the judge learns; a little slower than the painter works well.", scale="log", group=TRAINING,
        live=True, advanced=True, before="average_decay")
    settle_after_steps: int = steps(1500, 0, 100_000, "Settle after",
        "From then on it learns ever more slowly, and shows an average of ever more steps, until a setting changes. "
        "0: never.", group=TRAINING, live=True, advanced=True)
    discriminator_steps: int = count(1, 1, 5, "Discriminator steps",
        "Its updates for each one of the generator.", group=TRAINING, live=True, advanced=True)
    penalty_weight: float = weight(10.0, 100, "Gradient penalty",
        "For WGAN-GP: keeps the discriminator smooth.", symbol="penalty of WGAN-GP", group=TRAINING, advanced=True,
        when=one_of("adversarial", "wgan_gp"))
    r1_weight: float = weight(0.01, 100, "R1 penalty",
        "For hinge, DCGAN and LSGAN: keeps the discriminator smooth near the style. 0 is off, and so is batch norm.",
        symbol="γ of R1", group=TRAINING, advanced=True,
        when=one_of("adversarial", "hinge", "dcgan", "lsgan",
                    also=one_of("discriminator_norm", "none", "layer", "instance")))
    r1_every_steps: int = steps(16, 1, 64, "R1 every",
        "It is taken only in every so many steps, and weighs as much more.", group=TRAINING, advanced=True,
        when=above("r1_weight", 0))
    # fmt: on

    @model_validator(mode="after")
    def _adversarial_fits(self) -> Self:
        alignment_px = 2**self.depth
        if self.patch % alignment_px or self.patch < 2 * alignment_px:
            least = max(2 * alignment_px, self.patch // alignment_px * alignment_px)
            raise ValueError(
                f"patch can not be {self.patch} at depth {self.depth}; "
                f"it is a multiple of {alignment_px}, for example {least}."
            )
        if self.adversarial == "wgan_gp" and self.discriminator_norm == "batch":
            raise ValueError("discriminator_norm can not be 'batch' with wgan_gp; it is none, layer or instance.")
        return self
