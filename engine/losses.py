"""Loss terms, one pure function a formula; weights and schedules live with the methods. Images are -1..1 or 0..1 alike.

Shapes: images [B, 3, H, W], mixtures A [B, N, H, W], masks alpha [B, 1, H, W], usage u [B, N] (mean over pixels of A),
patch scores of a discriminator [B, 1, h, w]. All results are scalars.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Adversarial = Literal["dcgan", "lsgan", "wgan_gp", "hinge"]

# ---------------------------------------------------------------- adversarial


def real_loss(kind: Adversarial, real: Tensor) -> Tensor:
    """D's part for real patches, given its scores (not probabilities). D minimises `real_loss + fake_loss`.

    dcgan: Radford et al. 2015, binary cross entropy. lsgan: Mao et al. 2017. wgan_gp: Gulrajani et al. 2017, without
    the penalty. hinge: Lim and Ye 2017.
    """
    if kind == "dcgan":
        return functional.softplus(-real).mean()
    if kind == "lsgan":
        return (real - 1).square().mean()
    if kind == "wgan_gp":
        return -real.mean()
    return functional.relu(1 - real).mean()


def fake_loss(kind: Adversarial, fake: Tensor) -> Tensor:
    """D's part for generated patches, see `real_loss`."""
    if kind == "dcgan":
        return functional.softplus(fake).mean()
    if kind == "lsgan":
        return fake.square().mean()
    if kind == "wgan_gp":
        return fake.mean()
    return functional.relu(1 + fake).mean()


def generator_loss(kind: Adversarial, fake: Tensor) -> Tensor:
    """What G minimises (for dcgan the non-saturating form)."""
    if kind == "dcgan":
        return functional.softplus(-fake).mean()
    if kind == "lsgan":
        return (fake - 1).square().mean()
    return -fake.mean()


def loss_of_guessing(kind: Adversarial, generated: int = 1) -> float | None:
    """`real_loss` and `fake_loss` together, of a D that can not tell real from generated; None where it has no scale.

    Args:
        generated: how many kinds of generated patches it judges.
    """
    if kind == "wgan_gp":
        return None
    return {"dcgan": math.log(2), "lsgan": 0.25, "hinge": 1.0}[kind] * (1 + generated)


def gradient_penalty(discriminator: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, position: Tensor) -> Tensor:
    """mean_b (|grad D| - 1)^2 at points between real and (detached) fake (Gulrajani et al. 2017, equation 3).

    Args:
        position: [B, 1, 1, 1] in 0..1, where between real (1) and fake (0). D of a patch is the mean of its scores.
    """
    between = (position * real + (1 - position) * fake.detach()).requires_grad_()
    scores = discriminator(between).flatten(1).mean(1).sum()
    (gradient,) = torch.autograd.grad(scores, between, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def r1_penalty(discriminator: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """mean_b |grad D(real)|^2 / 2 (Mescheder et al. 2018, equation 9). D of a patch is the sum of its scores."""
    real = real.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return gradient.flatten(1).square().sum(1).mean() / 2


# ---------------------------------------------------------------- content


def grey(image: Tensor) -> Tensor:
    """Mean of the three channels, [B, 1, H, W]; why not luma, which pictures are measured in, docs/moments.md says."""
    return image.mean(1, keepdim=True)


def compared(image: Tensor, colors: float) -> Tensor:
    """What of a picture is compared with a content: grey alone, [B, 1, H, W], or colours by their part, [B, 3, H, W].

    Differences of the three planes have the mean square of the greys', and `colors` times what is left of RGB's.

    Args:
        image: [B, 3, H, W].
        colors: 0 for grey alone, to 1.
    """
    if not colors:
        return grey(image)
    red, green, blue = image.unbind(1)
    part = colors**0.5
    planes = (red + green + blue) / 3**0.5, (red - blue) * (part / 2**0.5), (red - 2 * green + blue) * (part / 6**0.5)
    return torch.stack(planes, 1)


def gaussian_blur(image: Tensor, sigma_px: float) -> Tensor:
    """Separable Gaussian to 3 sigma, reflect padding. The image must be larger than 3 sigma."""
    radius = min(max(1, math.ceil(3 * sigma_px)), min(image.shape[-2:]) - 1)
    offsets = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    kernel = torch.exp(-offsets.square() / (2 * sigma_px**2))
    kernel = kernel / kernel.sum()
    channels = image.shape[1]
    image = functional.pad(image, (radius, radius, radius, radius), mode="reflect")
    image = functional.conv2d(image, kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
    return functional.conv2d(image, kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)


def content(a: Tensor, b: Tensor, times: Tensor | float = 1.0) -> Tensor:
    """Mean square of phi(I) - phi(I_C) (FAMOS, equation 2); the correspondence map phi is the caller's.

    Args:
        times: how much each place weighs, [B, 1, H, W].
    """
    return (times * (a - b).square()).mean()


# ---------------------------------------------------------------- mixture and mask


def entropy(weights: Tensor) -> Tensor:
    """Mean over pixels of -sum_n A_n log A_n, divided by log N: 0 is a clean choice, 1 is grey."""
    return -(weights * weights.clamp_min(1e-30).log()).sum(1).mean() / math.log(max(weights.shape[1], 2))


def total_variation(image: Tensor, times: Tensor | None = None) -> Tensor:
    """Mean absolute difference to the right and to the lower neighbour, summed over channels.

    Args:
        times: how much each place weighs, [B, 1, H, W].
    """
    right = (image[..., :, 1:] - image[..., :, :-1]).abs().sum(1)
    lower = (image[..., 1:, :] - image[..., :-1, :]).abs().sum(1)
    if times is not None:
        right, lower = right * times[:, 0, :, :-1], lower * times[:, 0, :-1]
    return (right.mean() if right.numel() else right.sum()) + (lower.mean() if lower.numel() else lower.sum())


def undecided(alpha: Tensor) -> Tensor:
    """Mean of 4 alpha (1 - alpha): 0 where each place is wholly the one or the other, 1 where all is half of both.

    Not in the paper.

    Args:
        alpha: 0..1, of any shape.
    """
    return 4 * (alpha * (1 - alpha)).mean()


def diversity(usage: Tensor) -> Tensor:
    """Minus the mean squared distance between the rows of u: low where patches use different templates."""
    distances = (usage[:, None] - usage[None]).square().sum(2)  # [B, B]
    return -distances.mean()


def balance(usage: Tensor, free: Tensor | None = None) -> Tensor:
    """1 - H(u) / log N for u averaged over the batch: 0 where all templates are used alike, 1 where one is.

    Not in the paper; as for the experts of a mixture model. It prevents the collapse of A.

    Args:
        usage: u, [B, N], of which the mean is taken; or that mean, [N].
        free: the shares that templates have where nothing is decided, [N] of sum 1, since they may not lie everywhere
            alike. Then it is the divergence of u from them, KL(u, free) / log N; the same where all are 1 / N.
    """
    mean = _over_batch(usage)
    own = (mean * mean.clamp_min(1e-30).log()).sum()
    if free is None:
        return 1 + own / math.log(max(len(mean), 2))
    return (own - (mean * free.clamp_min(1e-30).log()).sum()) / math.log(max(len(mean), 2))


def effective_templates(usage: Tensor) -> Tensor:
    """exp H(u) for u averaged over the batch, as of `balance`: how many templates are in use, 1..N. No loss."""
    mean = _over_batch(usage)
    return (-(mean * mean.clamp_min(1e-30).log()).sum()).exp()


def _over_batch(usage: Tensor) -> Tensor:
    """u [N] of u [B, N], or what is averaged already."""
    return usage.mean(0) if usage.ndim > 1 else usage


def largest_share(usage: Tensor) -> Tensor:
    """max_n of u_n, mean over the batch (MAGIC, section 3)."""
    return usage.max(1).values.mean()


# ---------------------------------------------------------------- variety


def nearest_distance(groups: Tensor) -> Tensor:
    """mean_i ln min_{j != i} |x_i - x_j| within each group (Ulyanov et al. 2017, equations 8 to 10); to be maximised.

    The distance is divided by the root of the number of values, which adds a constant: 0 is black against white.

    Args:
        groups: samples that shall differ, [G, n >= 2, 3, H, W].
    """
    distances = _distances(groups)
    itself = torch.eye(groups.shape[1], dtype=torch.bool, device=groups.device)
    return distances.masked_fill(itself, torch.inf).amin(2).log().mean()


def mean_distance(groups: Tensor) -> Tensor:
    """Mean over all pairs of the root mean square difference of two samples. A measure, not a loss."""
    distances, n = _distances(groups), groups.shape[1]
    return distances.sum() / (len(groups) * n * (n - 1))


def _distances(groups: Tensor) -> Tensor:
    """[G, n, n] root mean square differences; small ones are rounded up, so that equal samples have a gradient of 0."""
    flat = groups.flatten(2)
    squares = (flat[:, :, None] - flat[:, None]).square().mean(3)
    itself = torch.eye(flat.shape[1], device=flat.device)
    return (squares + 1e-10).sqrt() * (1 - itself)
