"""The loss of FAMOS's generator: equation 3 with the regularisers of appendix II, and the terms that it weighs."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from engine import losses
from engine.methods.adversarial import coarsened
from engine.methods.directed import CONTENT, PAINT, SIZE
from engine.methods.famos.batches import Batch
from engine.methods.famos.settings import FamosSettings
from engine.nn.mosaic import ColorReconstruction, Painting


def weighted(s: FamosSettings, terms: Mapping[str, Tensor], entropy_ramp: float) -> Tensor:
    """L_adv + lambda L_content (equation 3) and the regularisers of appendix II.

    Args:
        entropy_ramp: 0 to 1, how much of its weight the entropy has by now.
    """
    return (
        s.adversarial_weight * terms["generator"]
        + s.content_weight * (terms["content"] + s.collage_content_weight * terms["content_collage"])
        + s.entropy_weight * entropy_ramp * terms["entropy"]
        + s.variation_weight * terms["variation"]
        + s.alpha_weight * terms["alpha"]
        + s.alpha_variation_weight * terms["alpha_variation"]
        + s.diversity_weight * terms["diversity"]
        # differs from the paper: balance over templates, without which A collapses
        + s.balance_weight * terms["balance"]
        + s.largest_share_weight * terms["largest_share"]
    )


def terms_of(
    s: FamosSettings, batch: Batch, fake: Painting, reconstruction: ColorReconstruction | None
) -> dict[str, Tensor]:
    """Unweighted terms besides the adversarial one, and measures; those of pieces are 0 where there are none."""

    directed = batch.directed

    def distance(image: Tensor) -> Tensor:
        return content_distance(s, image, batch.content, reconstruction, directed.times.get(CONTENT))

    nothing = fake.result.new_zeros(())
    terms = {
        "content": distance(fake.result),
        "content_collage": nothing,
        "alpha": (directed.times.get(PAINT, 1.0) * fake.alpha).mean(),
        "alpha_variation": losses.total_variation(fake.alpha),
        "entropy": nothing,
        "variation": nothing,
        "diversity": nothing,
        "balance": nothing,
        "largest_share": nothing,
    }
    if (mixture := fake.mixture) is not None:
        terms |= {
            "content_collage": distance(fake.collage),
            "entropy": mixture.entropy,
            "variation": mixture.variation,
            "diversity": losses.diversity(mixture.usage),
            "balance": losses.balance(mixture.usage, directed.free),
            "largest_share": losses.largest_share(mixture.usage),
            "templates_in_use": losses.effective_templates(mixture.usage.detach()),
        }
        if SIZE in directed.times and fake.logits is not None:
            logits = fake.logits if directed.bias is None else fake.logits + directed.bias
            terms["variation"] = losses.total_variation(logits.softmax(1), directed.times[SIZE])
    return terms


def content_distance(
    s: FamosSettings,
    image: Tensor,
    content: Tensor,
    reconstruction: ColorReconstruction | None,
    times: Tensor | None = None,
) -> Tensor:
    """||phi(I) - phi(I_C)||^2 (equation 2; the maps are those of the appendix), each place weighed by `times`."""
    if reconstruction is not None:
        image, by = reconstruction(image), s.learned_after
    else:
        image, content, by = losses.grey(image), losses.grey(content), s.correspondence
    weight = 1.0 if times is None else coarsened(times, by, s.blur_px)
    return losses.content(coarsened(image, by, s.blur_px), coarsened(content, by, s.blur_px), weight)
