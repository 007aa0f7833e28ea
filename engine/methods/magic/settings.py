"""The knobs of MAGIC; those that FAMOS has, too, are in adversarial_settings.py. Presets are in presets.py."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from engine.knobs import above, choice, count, number, one_of, redeclared, share, steps, toggle, weight
from engine.methods.adversarial_settings import IMAGES, LOOK, PIECES, AdversarialSettings
from engine.methods.trained_settings import NETWORK, TRAINING

_SETS = "Sets"
_GUIDED, _REFINING = one_of("guidance", "guided"), one_of("refine", True)


class MagicSettings(AdversarialSettings):
    """Defaults are of the sizes of the network that comes with the program, see pretrained.py."""

    # A table: the numbers and the name of each knob, then what it does.
    # fmt: off
    # ------------------------------------------------------------ look
    content_weight: float = redeclared(AdversarialSettings, "content_weight", default=60.0, symbol="λ_C", when=_GUIDED,
        help="More: the content is easier to recognise. Less: freer play of the style. Guided only.")
    guidance: Literal["guided", "unguided"] = choice("guided", ("Guided", "Unguided"), "Guided by a content",
        "Guided shows your content image in pieces of the style; unguided makes collages of the style alone.",
        group=LOOK, before="tone_matching")
    tone_matching: float = redeclared(AdversarialSettings, "tone_matching", when=_GUIDED)
    color_matching: float = redeclared(AdversarialSettings, "color_matching", when=_GUIDED)
    repaint_bound: float = share(0.5, "Repaint",
        "How far the second network may change the pieces to hide their borders. 0: untouched pieces.",
        symbol="bound of U-Net 2", group=LOOK, live=True,
        when=one_of("refiner_paints", "change", also=_REFINING))
    kept_colors: float = share(1.0, "Keep the pieces' colours",
        "1: the second network makes pieces lighter or darker alone, so that hues are those of your images. Less: it "
        "may change hues as well. Acts at once.", symbol="change of U-Net 2, in grey", group=LOOK, live=True,
        when=one_of("refiner_paints", "change", also=_REFINING))
    correspondence: Literal["blur", "pool4", "pool8", "pool16"] = choice(
        "pool8", ("Blurred", "4 px blocks", "8 px blocks", "16 px blocks"), "Compare content",
        "What must agree between picture and content. Coarser leaves more room for whole pieces of the style.",
        symbol="φ", group=LOOK, live=True, when=_GUIDED, before="blur_px")
    collage_content_weight: float = redeclared(AdversarialSettings, "collage_content_weight", symbol="λ_C of I_M",
        when=_GUIDED)
    collage_adversarial_weight: float = redeclared(AdversarialSettings, "collage_adversarial_weight", when=_REFINING)
    alpha_weight: float = weight(2.0, 20, "Copy rather than repaint",
        "More: the second network leaves the pieces nearly untouched.", symbol="mean change of U-Net 2", group=LOOK,
        advanced=True, when=_REFINING, before="variation_weight")

    # ------------------------------------------------------------ pieces
    variation_weight: float = redeclared(AdversarialSettings, "variation_weight", default=0.2, most=100, symbol="λ_TV")
    smoothing_px: float = redeclared(AdversarialSettings, "smoothing_px",
        help="Over how far around a pixel is decided what lies there. More: larger pieces with calm outlines, and fine "
        "lines of the content are lost. Acts at once. Begins with what suits your images.")
    entropy_weight: float = redeclared(AdversarialSettings, "entropy_weight", default=1.5, symbol="λ_E")
    largest_share_weight: float = weight(0.0, 50, "No single favourite",
        "More: the most used element gets less of each patch. Unguided collages need it, or they are one image.",
        symbol="λ_M", group=PIECES, before="temperature")
    image_balance_weight: float = weight(20.0, 100, "Use all images",
        "Without a content: more gives each style image its part of the picture, by its weight. Less: what goes well "
        "together may take it all.", symbol="balance, 1 - H(u) / log S", group=PIECES, advanced=True,
        before="temperature")
    temperature: float = redeclared(AdversarialSettings, "temperature", advanced=True)
    entropy_ramp_steps: int = redeclared(AdversarialSettings, "entropy_ramp_steps", default=200,
        label="Clean cuts begin slowly")
    warp: Literal["none", "affine", "flow"] = choice("none", ("No", "Turn and scale", "Flow"), "Bend the pieces",
        "Turn and scale moves each element as a whole; flow bends it from place to place. Slower to learn.",
        symbol="warping, θ_k", group=PIECES, advanced=True, before="style_scale")
    warp_px: float = number(8.0, 0, 64, "Bend at most",
        "How far bending moves a pixel; when turning, a pixel 64 px from the middle.", unit="px", group=PIECES,
        live=True, advanced=True, when=one_of("warp", "affine", "flow"))
    warp_variation_weight: float = weight(0.05, 10, "Smooth bending",
        "More: neighbouring pixels move alike. For flow.", symbol="TV of the flow", group=PIECES, advanced=True,
        when=one_of("warp", "flow"))

    # ------------------------------------------------------------ sets
    set_size: int = count(16, 2, 400, "Elements of a set",
        "Crops of the style that it learns to choose from. More: a better match, slower and more memory.",
        symbol="K in training", scale="log", group=_SETS)
    set_size_least: int = count(0, 0, 400, "At least",
        "Each step draws a size between this and the above, so that small sets work as well; 0 keeps the size.",
        symbol="K in {2, 12}", group=_SETS, advanced=True)
    set_seed: int = count(1, 0, 1_000_000, "This set",
        "Each number is another set of crops, and so another collage by the same network: step through them.",
        group=_SETS, live=True)
    show_size: int = count(0, 0, 400, "Elements shown",
        "Size of the set in the picture; may differ from that in training. 0: the same.", symbol="K in use",
        group=_SETS, live=True)
    between_seed: int = count(2, 0, 1_000_000, "On the way to the set",
        "A second set to blend to, for the slider below.", group=_SETS, live=True, advanced=True,
        when=above("between", 0))
    between: float = share(0.0, "Part of the way",
        "0: this set. 1: the other one. Between them the shares of their pieces are mixed: frames of an animation.",
        symbol="interpolated A", group=_SETS, live=True, advanced=True)
    between_by: Literal["mixed", "pieces"] = choice("mixed", ("All mixed alike", "Piece by piece"), "On the way",
        "All mixed alike: one collage shines through the other. Piece by piece: pieces change hands one after another, "
        "each as a whole.", group=_SETS, live=True, advanced=True, when=above("between", 0))

    # ------------------------------------------------------------ images
    placement: Literal["anywhere", "aligned", "middle"] = choice(
        "anywhere", ("Anywhere", "Aligned", "Aligned, own sizes"), "Elements lie",
        "Anywhere: crops from random places. Aligned: whole images in the middle of the canvas, all as large as the "
        "first, for pictures that are alike, such as portraits; or each in its own size.", group=IMAGES,
        before="generator_width")

    # ------------------------------------------------------------ network
    start: Literal["network", "nothing"] = choice("network", ("The network that comes along", "Nothing"), "Start from",
        "The network that comes with Tessera shows a collage of your images at once, and training makes it finer; it "
        "needs the sizes that it was made with. Nothing: it learns from your images alone.", group=NETWORK,
        before="generator_width")
    generator_width: int = redeclared(AdversarialSettings, "generator_width", default=16,
        symbol="channels of the ST-U-Net",
        help="More: finer decisions, slower and more memory. A multiple of the heads.")
    discriminator_width: int = redeclared(AdversarialSettings, "discriminator_width", default=32,
        symbol="channels of D")
    depth: int = redeclared(AdversarialSettings, "depth", default=3,
        help="More: sees more around a place. The patch must be a multiple of 2^depth.")
    discriminator_depth: int = redeclared(AdversarialSettings, "discriminator_depth", default=4, most=7)
    full_size: bool = toggle(False, "A level at full size",
        "On: as in the paper, the first layer sees every pixel; cuts can be finer. Slower, and much more memory.",
        group=NETWORK, advanced=True, before="kernel")
    norm: Literal["layer", "instance", "none"] = choice(
        "layer", ("Layer norm", "Instance norm (paper)", "None"), "Norm of the generator",
        "Layer norm acts at each pixel and trains best; instance norm is the paper's.", group=NETWORK, advanced=True,
        before="discriminator_norm")
    discriminator_norm: Literal["none", "layer", "instance", "batch"] = redeclared(
        AdversarialSettings, "discriminator_norm", label="Norm of the discriminator",
        choices=("None", "Layer norm", "Instance norm (paper)", "Batch norm"),
        help="Instance norm is the paper's. Batch norm does not go with WGAN-GP, and no R1 penalty is taken with it.")
    attention: Literal["full", "inducing"] = choice("full", ("Each with each", "Through points"), "Attention",
        "How the elements of a set compare themselves: each with each, or through a few learned points, which takes "
        "less time and memory for large sets.", symbol="SAB, ISAB", group=NETWORK, advanced=True, before="precision")
    points: int = count(8, 1, 64, "Points",
        "Of the attention through points. More: closer to each with each.", symbol="m of ISAB", group=NETWORK,
        advanced=True, when=one_of("attention", "inducing"))
    attention_from: int = count(2, 0, 6, "Attention from",
        "Halvings of the picture from which on the elements compare themselves. Less: finer, slower, more memory.",
        unit="levels", group=NETWORK, advanced=True)
    heads: int = count(4, 1, 16, "Heads",
        "Of the attention: how many things are compared at once.", group=NETWORK, advanced=True)
    conditional: bool = toggle(True, "Knows the sliders",
        "On: the network is told Content, Size of the pieces, Clean cuts and how coarsely contents are compared, so "
        "that they act on the picture at once. Off: as in the paper, they act through learning alone.",
        symbol="loss-conditional training", group=NETWORK, advanced=True)
    refine: bool = toggle(True, "Second network",
        "Repaints the collage a little, so that the borders of pieces disappear. Off: the collage is the picture.",
        symbol="U-Net 2", group=NETWORK, advanced=True)
    refiner_paints: Literal["change", "picture"] = choice("change", ("A change", "The picture (paper)"),
        "Second network paints",
        "A change of the pieces, as far as Repaint allows; or the whole picture, as in the paper: it has to learn to "
        "copy first, and nothing keeps it near the pieces.", symbol="I = U-Net 2(I_M)", group=NETWORK, advanced=True,
        when=_REFINING)
    refiner_norm: Literal["same", "layer"] = choice("same", ("Like the first one's", "Layer norm"),
        "Norm of the second network",
        "Like the first one's, as in the paper; or layer norm whatever that is.", group=NETWORK, advanced=True,
        when=_REFINING)
    checkpointing: bool = toggle(False, "Spare memory",
        "Computes parts of the network twice instead of keeping them: the same picture, about a third slower, less "
        "than half the memory. Switched on by itself where memory is short.", symbol="gradient checkpointing",
        group=NETWORK, advanced=True)

    # ------------------------------------------------------------ training
    patch: int = redeclared(AdversarialSettings, "patch", default=96)
    batch: int = redeclared(AdversarialSettings, "batch", default=2)
    anchor_steps: int = steps(500, 0, 100_000, "Stay near the start",
        "Within so many steps what it learned fades back to the network that comes along. Less: pieces stay crisp "
        "however long it learns. More: it goes farther, and in time paints over the pieces. 0: as far as it will.",
        symbol="L2-SP", group=TRAINING, advanced=True, when=one_of("start", "network"))
    # fmt: on

    @model_validator(mode="after")
    def _sets_fit(self) -> Self:
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
        return self
