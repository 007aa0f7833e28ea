"""The loss of FAMOS's generator: equation 3 with the regularisers of appendix II, and the terms that it weighs."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from engine import losses, sharing
from engine.methods.adversarial import coarsened
from engine.methods.directed import CONTENT, PAINT, SIZE
from engine.methods.famos.batches import Batch
from engine.methods.famos.compared import Compared, content_distance
from engine.methods.famos.foreign import foreign
from engine.methods.famos.lines import line_weight, paint_cost
from engine.methods.famos.settings import FamosSettings
from engine.methods.usage import running_usage
from engine.nn.capture import Numbers
from engine.nn.mosaic import Painting


def weighted(by: Numbers, terms: Mapping[str, Tensor]) -> Tensor:
    """L_adv + lambda L_content (equation 3) and the regularisers of appendix II.

    Args:
        by: the weights; and the ramp, 0 to 1: how much of its weight the entropy has by now, and the decision of alpha
            with it.
    """
    return (
        by["adversarial_weight"] * terms["generator"]
        + by["content_weight"] * (terms["content"] + by["collage_content_weight"] * terms["content_collage"])
        + by["entropy_weight"] * by["entropy_ramp"] * terms["entropy"]
        + by["variation_weight"] * terms["variation"]
        # differs from the paper where a content counts along its lines alone: paint is dearer beside them
        + by["alpha_weight"] * terms["paint"]
        + by["alpha_variation_weight"] * terms["alpha_variation"]
        # differs from the paper: each place is wholly painted or wholly copied, as strokes of a pen are
        + by["decision_weight"] * by["entropy_ramp"] * terms["undecided"]
        # differs from the paper: no colours that the style has not, of which a grey content knows nothing
        + by["foreign_weight"] * terms["foreign"]
        + by["diversity_weight"] * terms["diversity"]
        # differs from the paper: balance over templates, without which A collapses
        + by["balance_weight"] * terms["balance"]
        + by["largest_share_weight"] * terms["largest_share"]
    )


def terms_of(
    s: FamosSettings, batch: Batch, fake: Painting, compared: Compared, canvas_usage: Tensor | None = None
) -> dict[str, Tensor]:
    """Unweighted terms besides the adversarial one, and measures; those of pieces are 0 where there are none.

    Args:
        canvas_usage: u [N] over the last steps, where templates are balanced over the canvas; it moves on.
    """

    directed = batch.directed

    along = wanted = directed.times.get(CONTENT)
    painted = directed.times[PAINT] * fake.alpha if PAINT in directed.times else fake.alpha
    alpha = painted.mean()
    paint = alpha
    if compared.contrast is not None:
        lines = line_weight(batch.content.float(), s.content_counts == "dark", compared.contrast)
        along, paint = lines if wanted is None else wanted * lines, (paint_cost(lines) * painted).mean()

    def of_collage(image: Tensor) -> Tensor:
        if s.collage_correspondence == "same":
            return content_distance(s, image, batch.content, compared, along)
        by = s.collage_correspondence
        blocks, content = (coarsened(losses.compared(x, s.color_matching), by, 0) for x in (image, batch.content))
        return losses.content(blocks, content, 1.0 if wanted is None else coarsened(wanted, by, 0))

    nothing, guided = fake.result.new_zeros(()), s.guidance == "guided" or s.deals_out
    terms = {
        "content": content_distance(s, fake.result, batch.content, compared, along) if guided else nothing,
        "content_collage": nothing,
        "alpha": alpha,
        "paint": paint,
        "alpha_variation": losses.total_variation(fake.alpha),
        "undecided": losses.undecided(fake.alpha if s.decision_weight else fake.alpha.detach()),
        "foreign": nothing,
        "entropy": nothing,
        "variation": nothing,
        "diversity": nothing,
        "balance": nothing,
        "largest_share": nothing,
    }
    if compared.colors is not None:
        terms["foreign"] = foreign(fake.result if s.foreign_weight else fake.result.detach(), compared.colors)
    if (mixture := fake.mixture) is not None:
        usage = sharing.gathered(mixture.usage)  # patches are compared, so those of other devices as well
        mean = usage.mean(0)
        terms |= {
            "content_collage": of_collage(fake.collage) if guided else nothing,
            "entropy": mixture.entropy,
            "variation": mixture.variation,
            "diversity": losses.diversity(usage),
            "balance": losses.balance(
                mean if canvas_usage is None else running_usage(mean, canvas_usage), directed.free
            ),
            "largest_share": losses.largest_share(mixture.usage),
            "templates_in_use": losses.effective_templates(mean.detach()),
        }
        if SIZE in directed.times and fake.logits is not None:
            logits = fake.logits if directed.bias is None else fake.logits + directed.bias
            terms["variation"] = losses.total_variation(logits.softmax(1), directed.times[SIZE])
    return terms
