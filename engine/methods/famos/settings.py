"""The knobs of FAMOS; those that MAGIC has, too, are in adversarial_settings.py. Presets are in presets.py."""

from __future__ import annotations

from typing import Literal

from engine.knobs import above, choice, count, number, one_of, redeclared, share, steps, toggle, weight
from engine.methods.adversarial_settings import IMAGES, LOOK, PIECES, AdversarialSettings
from engine.methods.trained_settings import NETWORK, TRAINING

_MEMORY, _NOISE = "Memory", "Noise"
_COPYING, _BLENDING = one_of("mode", "blend", "copy"), one_of("mode", "blend")
_GUIDED = one_of("guidance", "guided")
_DEALT_OUT = one_of("guidance", "unguided", also=_COPYING)


class FamosSettings(AdversarialSettings):
    """Defaults are those of the preset `Standard`."""

    # A table: the numbers and the name of each knob, then what it does.
    # fmt: off
    # ------------------------------------------------------------ look
    alpha_weight: float = weight(5.0, 20, "Copy rather than paint",
        "More: pieces of your images, nearly untouched. Less: the network paints them over.", symbol="norm of alpha",
        group=LOOK, when=_BLENDING, before="tone_matching")
    mode: Literal["blend", "paint", "copy"] = choice(
        "blend", ("Blend both", "Paint only", "Copy only"), "Copy or paint",
        "Blend copies pieces and paints where copying does not work; paint uses no pieces at all; copy is a pure "
        "collage.", group=LOOK)
    guidance: Literal["guided", "unguided"] = choice("guided", ("Guided", "Unguided"), "Guided by a content",
        "Guided shows your content image; unguided makes a texture of the style alone, of any size, that chance "
        "decides. See Noise.", symbol="PSGAN", group=LOOK)
    without_content: Literal["patchwork", "chance"] = choice(
        "patchwork", ("A patchwork", "Chance alone"), "Without a content",
        "A patchwork: places are dealt out to the pieces beforehand, so that all of your images have their part; it "
        "learns how they meet. Chance alone: one piece may take over.", group=LOOK, advanced=True, when=_DEALT_OUT)
    blend: Literal["convex", "separate", "additive"] = choice(
        "convex", ("In place of them (paper)", "Two masks", "On top of them"), "Paint lies",
        "In place of the pieces, where it is; two masks let pieces and paint fade or join on their own; on top adds to "
        "pieces that stay whole.", symbol="I of I_G and I_M", group=LOOK, advanced=True, when=_BLENDING)
    correspondence: Literal["blur", "pool4", "pool8", "pool16", "learned", "features"] = choice(
        "pool8", ("Blurred", "4 px blocks", "8 px blocks", "16 px blocks", "Learned colours", "Features"),
        "Compare content",
        "What must agree between picture and content. Coarser leaves more room for the style; learned lets colours "
        "change places; features asks for the same edges and shapes, as a perceptual network sees them.", symbol="φ",
        group=LOOK, before="blur_px")
    learned_after: Literal["nothing", "blur", "pool8", "pool16", "grey"] = choice(
        "pool8", ("Each pixel", "Blur", "8 px blocks", "16 px blocks", "Grey"), "Learned colours, then",
        "What is done after the learned colours before comparing.", group=LOOK, advanced=True,
        when=one_of("correspondence", "learned"))
    features_network: Literal["filters", "vgg19"] = choice(
        "filters", ("Built-in filters", "VGG-19"), "Features of",
        "Built-in filters need no download. VGG-19 (575 MB, fetched once) also knows parts of things, for a graphics "
        "card.", symbol="a layer of the network", group=LOOK, advanced=True, when=one_of("correspondence", "features"))
    content_weight: float = redeclared(AdversarialSettings, "content_weight",
        when=_GUIDED + one_of("without_content", "patchwork", also=_DEALT_OUT))
    tone_matching: float = redeclared(AdversarialSettings, "tone_matching", when=_GUIDED)
    color_matching: float = redeclared(AdversarialSettings, "color_matching", when=_GUIDED)
    blur_px: float = redeclared(AdversarialSettings, "blur_px",
        when=one_of("correspondence", "blur") + one_of("learned_after", "blur"))
    collage_content_weight: float = redeclared(AdversarialSettings, "collage_content_weight", when=_COPYING)
    collage_adversarial_weight: float = redeclared(AdversarialSettings, "collage_adversarial_weight", when=_BLENDING)
    decision_weight: float = weight(0.0, 20, "Painted or not",
        "More: each place is wholly painted or wholly left, as strokes of a pen over a print. 0: veils of paint as "
        "well.", symbol="4 α (1 - α)", group=LOOK, advanced=True, when=_BLENDING)
    content_counts: Literal["everywhere", "lines", "dark"] = choice(
        "everywhere", ("Everywhere", "Along its lines", "Along its dark lines"), "Content counts",
        "Along its lines: outlines and strokes of the content must be seen, and areas without any are free, so that "
        "whole pieces stay there. Dark lines are as ink; the light ones then ask for nothing.", symbol="weight of φ",
        group=LOOK, advanced=True)
    collage_correspondence: Literal["same", "pool16", "pool32"] = choice(
        "same", ("As the picture", "16 px blocks", "32 px blocks"), "Compare the collage",
        "What of the content the pieces alone must agree with. Blocks: pieces follow light and dark from afar, the "
        "fine content is painted over them.", symbol="φ of I_M", group=LOOK, advanced=True, when=_BLENDING)
    foreign_weight: float = weight(10.0, 50, "Keep to the style's colours",
        "More: no hues that your images do not have, such as a veil of cyan where the content is lighter than they "
        "are. 0: any colour that is as light as the content.", symbol="distance to the palette", group=LOOK,
        advanced=True, when=_BLENDING)
    alpha_variation_weight: float = weight(0.02, 5, "Calm painting",
        "More: painted and copied areas are larger and smoother.", symbol="TV of alpha", group=LOOK, advanced=True,
        when=_BLENDING, before="variation_weight")

    # ------------------------------------------------------------ pieces
    variation_weight: float = redeclared(AdversarialSettings, "variation_weight", when=_COPYING)
    smoothing_px: float = redeclared(AdversarialSettings, "smoothing_px", when=_COPYING)
    entropy_weight: float = redeclared(AdversarialSettings, "entropy_weight", when=_COPYING)
    temperature: float = redeclared(AdversarialSettings, "temperature", when=_COPYING)
    balance_weight: float = weight(5.0, 50, "Use all templates",
        "More: all templates get an equal share of the picture. Less: favourites may take over.",
        symbol="balance, 1 - H(u) / log N", group=PIECES, when=_COPYING, before="entropy_ramp_steps")
    balance_over: Literal["patches", "canvas"] = choice(
        "canvas", ("The patches of a step", "The canvas"), "Equal shares of",
        "Where Use all templates wants them. Of the patches of each step: works against pieces that are as large as a "
        "patch. Of the canvas: over the last steps together, so that large pieces can stay.",
        symbol="u, running mean", group=PIECES, advanced=True, when=above("balance_weight", 0))
    diversity_weight: float = weight(1.0, 10, "Vary the pieces",
        "More: neighbouring patches use different templates.", symbol="diversity of A", group=PIECES, advanced=True,
        when=_COPYING)
    largest_share_weight: float = weight(0.0, 10, "No single favourite",
        "More: the most used template gets less of each patch.", symbol="λ_M of MAGIC", group=PIECES, advanced=True,
        when=_COPYING)
    temperature_start: float = number(0.25, 0.05, 4, "Softness at the start",
        "Softness of the choice at step 0; moves to its own value over the steps below.", scale="log", group=PIECES,
        live=True, advanced=True, when=above("temperature_ramp_steps", 0), before="style_scale")
    temperature_ramp_steps: int = steps(0, 0, 10_000, "Softness settles over",
        "Steps from the softness at the start to the one above; 0 for at once.", group=PIECES, advanced=True,
        when=_COPYING)

    # ------------------------------------------------------------ images
    crops: Literal["same", "apart"] = choice("same", ("This picture", "Any picture"), "Learn for",
        "This picture: the best mosaic of this content. Any picture: also for contents it has not seen.",
        symbol="crops of content and templates", group=IMAGES, before="generator_width")

    # ------------------------------------------------------------ memory
    templates: int = count(80, 2, 400, "Templates",
        "More: a richer choice of pieces, slower and more memory. Less: faster.", symbol="N", scale="log",
        group=_MEMORY, when=_COPYING)
    mix_scales: bool = toggle(False, "Mix at several scales",
        "The network also sees mixtures of shrunken templates while it decides. Slower.", group=_MEMORY, advanced=True,
        when=_COPYING)

    # ------------------------------------------------------------ noise
    noise_seed: int = count(0, 0, 9999, "Another one",
        "Each number paints with another noise, as far as the network has learned to follow it.", symbol="z",
        group=_NOISE, live=True)
    noise_drift: float = share(0.0, "On the way to the next",
        "0: this one. 1: the next number. Between them the noise drifts slowly from one to the other: frames of a "
        "film.", symbol="interpolated z", group=_NOISE, live=True, advanced=True)
    global_noise: int = count(20, 0, 64, "Global noise",
        "Channels of chance that are the same all over the canvas.", group=_NOISE, advanced=True)
    local_noise: int = count(10, 0, 64, "Local noise", "Channels of chance at each place.", group=_NOISE, advanced=True)
    periodic_noise: int = count(0, 0, 16, "Periodic noise",
        "Channels of waves over the canvas, for regular patterns.", symbol="PSGAN", group=_NOISE, advanced=True)
    noise_at: Literal["bottleneck", "input"] = choice(
        "bottleneck", ("At the bottleneck", "At the input"), "Noise joins",
        "At the bottleneck noise moves large shapes; at the input also small ones.", group=_NOISE, advanced=True)

    # ------------------------------------------------------------ network
    norm: Literal["layer", "batch", "none"] = choice("layer", ("Layer", "Batch (paper)", "None"), "Generator norm",
        "Layer norm acts at each pixel and trains best; batch norm is the paper's.", group=NETWORK, advanced=True,
        before="discriminator_norm")
    bottleneck: int = count(0, 0, 2048, "Bottleneck width",
        "Channels at the coarsest level; 0 follows the generator's width.", unit="channels", group=NETWORK,
        advanced=True, before="precision")
    skips: bool = toggle(True, "Skip connections",
        "Off: less detail of the content reaches the picture.", group=NETWORK, advanced=True)
    residual_blocks: int = count(0, 0, 4, "Residual blocks",
        "Additional layers at each level of the decoder. More: finer, slower.", group=NETWORK, advanced=True)
    refine: bool = toggle(False, "Refine",
        "A second network paints over the first one's picture and hides borders. Blend only; slower.",
        symbol="figure 8", group=NETWORK, advanced=True, when=_BLENDING)

    # ------------------------------------------------------------ training
    border: Literal["inside", "over"] = choice("inside", ("Inside alone", "Over the border"), "Patches lie",
        "Inside alone: few patches have the outermost pixels, which are learned less. Over the border: they are "
        "learned half as often as the rest, and so are the mirror images beyond, which a canvas of more pieces shows.",
        group=TRAINING, advanced=True)
    adversarial: Literal["hinge", "wgan_gp", "dcgan", "lsgan"] = redeclared(AdversarialSettings, "adversarial",
        help="Hinge is fast and steady; WGAN-GP is the paper's for templates, DCGAN for paint only.")
    # fmt: on

    @property
    def deals_out(self) -> bool:
        """Whether places are dealt out to the templates, since no content guides them."""
        return self.guidance == "unguided" and self.mode != "paint" and self.without_content == "patchwork"

    @property
    def knows_places(self) -> bool:
        """Whether the network is told where a place is; a texture without templates and content is alike everywhere."""
        return self.guidance == "guided" or self.mode != "paint"
