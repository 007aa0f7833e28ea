"""The loss of FAMOS's generator: equation 3 with the regularisers of appendix II, and the terms that it weighs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from engine import losses
from engine.methods.adversarial import coarsened
from engine.methods.directed import CONTENT, PAINT, SIZE
from engine.methods.famos.batches import Batch
from engine.methods.famos.settings import FamosSettings
from engine.nn.mosaic import ColorReconstruction, Painting
from engine.style.perceptual import Perceptual

USAGE_DECAY = 0.95
"""Of the use of templates over the canvas: some twenty steps of patches cover it."""


class Compared(NamedTuple):
    """What contents are compared by besides their tones: colours that are learned, or a perceptual network."""

    reconstruction: ColorReconstruction | None = None
    network: Perceptual | None = None


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
    s: FamosSettings, batch: Batch, fake: Painting, compared: Compared, canvas_usage: Tensor | None = None
) -> dict[str, Tensor]:
    """Unweighted terms besides the adversarial one, and measures; those of pieces are 0 where there are none.

    Args:
        canvas_usage: u [N] over the last steps, where templates are balanced over the canvas; it moves on.
    """

    directed = batch.directed

    def distance(image: Tensor) -> Tensor:
        return content_distance(s, image, batch.content, compared, directed.times.get(CONTENT))

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
            "balance": losses.balance(
                mixture.usage if canvas_usage is None else running_usage(mixture.usage, canvas_usage), directed.free
            ),
            "largest_share": losses.largest_share(mixture.usage),
            "templates_in_use": losses.effective_templates(mixture.usage.detach()),
        }
        if SIZE in directed.times and fake.logits is not None:
            logits = fake.logits if directed.bias is None else fake.logits + directed.bias
            terms["variation"] = losses.total_variation(logits.softmax(1), directed.times[SIZE])
    return terms


def running_usage(usage: Tensor, running: Tensor) -> Tensor:
    """The mean use of templates over the last steps, [1, N], with the whole gradient of this step's.

    Args:
        usage: u of this step's patches, [B, N].
        running: [N], moves on by this step.
    """
    mean = usage.mean(0)
    running.lerp_(mean.detach(), 1 - USAGE_DECAY)
    return (running + mean - mean.detach())[None]


def content_distance(
    s: FamosSettings, image: Tensor, content: Tensor, compared: Compared, times: Tensor | None = None
) -> Tensor:
    """||phi(I) - phi(I_C)||^2 (equation 2; the maps are those of the appendix), each place weighed by `times`."""
    if (network := compared.network) is not None:
        layers = network.content_layers
        with torch.no_grad():
            wanted = network(content.float() * 0.5 + 0.5, layers)
        found = network(image.float() * 0.5 + 0.5, layers)
        return torch.stack(
            [losses.content(found[layer], wanted[layer], _at_size_of(found[layer], times)) for layer in layers]
        ).mean()
    if compared.reconstruction is not None:
        image, by = compared.reconstruction(image), s.learned_after
    else:
        image, content = (losses.compared(x, s.color_matching) for x in (image, content))
        by = s.correspondence
    if by == "grey":
        return losses.content(losses.grey(image), losses.grey(content), 1.0 if times is None else times)
    weight = 1.0 if times is None else coarsened(times, by, s.blur_px)
    return losses.content(coarsened(image, by, s.blur_px), coarsened(content, by, s.blur_px), weight)


def _at_size_of(features: Tensor, times: Tensor | None) -> Tensor | float:
    """How much each place of a layer weighs, [B, 1, h, w], the mean of what it stands for."""
    return 1.0 if times is None else functional.adaptive_avg_pool2d(times, (features.shape[2], features.shape[3]))
