"""The mixture of templates (FAMOS, figure 1), in plain torch or by a kernel in one pass over memory (mix_kernels.py).

It never holds [B, N, 3, H, W].
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from engine import losses
from engine.templates.atlas import View
from engine.templates.mix_kernel import MixKernel

CARD_CROPS_BYTES = 256 * 2**20
"""Crops that a graphics card holds at a time while templates are mixed: all 80 of the paper's training step."""


class Mixture(NamedTuple):
    """Result of `mix`.

    collage: I_M, [B, 3, H, W], 0..1. entropy: mean over pixels, divided by log N, 0..1. variation: mean absolute
    difference to the right and lower neighbours, summed over n. usage: mean over pixels of A, [B, N].
    weights: A itself, without gradient.
    """

    collage: Tensor
    entropy: Tensor
    variation: Tensor
    usage: Tensor
    weights: Tensor


def mix(
    logits: Tensor, view: View, temperature: float | Tensor, mix_kernel: MixKernel | None, overwrite: bool = False
) -> Mixture:
    """A = softmax_n(logits / temperature) and I_M = sum_n A_n M_n (FAMOS, figure 1), with what the losses need of A.

    Args:
        logits: [B, N, H, W], any float type.
        temperature: a tensor [] where a captured step reads it from the card.
        mix_kernel: the path in one pass; None, or one for another device, takes plain torch.
        overwrite: nobody else reads the logits, so that A may take their place in memory, and their gradient that of A:
            it can be taken once, and A is not there afterwards.
    """
    if mix_kernel is not None and logits.device.type == mix_kernel.device_type:
        collage, entropy, variation, usage, weights = _Fused.apply(logits, view, 1 / temperature, mix_kernel, overwrite)  # type: ignore
        return Mixture(collage, entropy, variation, usage, weights)
    weights = (logits.float() / temperature).softmax(1)
    collage = weighted_sum(weights, view)
    return Mixture(
        collage, losses.entropy(weights), losses.total_variation(weights), weights.mean((2, 3)), weights.detach()
    )


def mix_only(
    logits: Tensor, view: View, temperature: float | Tensor, mix_kernel: MixKernel | None, overwrite: bool = False
) -> tuple[Tensor, Tensor]:
    """Collage [B, 3, H, W] and mixture [B, N, H, W], without gradients and measures: for painting."""
    if mix_kernel is not None and logits.device.type == mix_kernel.device_type:
        weights = _dense(logits, overwrite)
        memory = (view.atlas.pixels, view.begins.contiguous(), view.columns.contiguous())
        return mix_kernel.forward(memory, weights, 1 / temperature, measure=False)[0], weights
    weights = (logits.float() / temperature).softmax(1)
    return weighted_sum(weights, view), weights


def biased(logits: Tensor, bias: Tensor, temperature: float | Tensor) -> Tensor:
    """Logits, float32 [B, N, H, W], of which log A is moved by `bias`, of that shape or with sides of 1."""
    if isinstance(temperature, Tensor):
        return torch.addcmul(logits.float(), bias, temperature)
    return torch.add(logits.float(), bias, alpha=temperature)


def weighted_sum(weights: Tensor, view: View, pool: int = 1) -> Tensor:
    """sum_n A_n M_n with M average-pooled: [B, N, h, w] gives [B, 3, h, w], a few templates at a time."""
    return _WeightedSum.apply(weights, view, pool)  # type: ignore[return-value]


def weighted(weights: Tensor, images: Tensor) -> Tensor:
    """sum_n A_n M_n of float32 images [B, N, 3, h, w]: float32 [B, 3, h, w], also where networks are bfloat16."""
    with torch.autocast(weights.device.type, enabled=False):
        return torch.einsum("bnhw,bnchw->bchw", weights, images)


class _WeightedSum(torch.autograd.Function):
    """M needs no gradient; A's is its dot product with the collage's. Crops are gathered again on the way back."""

    @staticmethod
    def forward(context, weights: Tensor, view: View, pool: int) -> Tensor:
        context.save_for_backward(weights)
        context.view, context.pool = view, pool
        collage = weights.new_zeros(weights.shape[0], 3, *weights.shape[2:])
        for first, last in _chunks(weights):
            collage += weighted(weights[:, first:last], view.crops(first, last, pool))
        return collage

    @staticmethod
    def backward(context, d_collage: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        (weights,) = context.saved_tensors
        gradient = torch.empty_like(weights)
        for first, last in _chunks(weights):
            crops = context.view.crops(first, last, context.pool)
            with torch.autocast(weights.device.type, enabled=False):
                gradient[:, first:last] = torch.einsum("bchw,bnchw->bnhw", d_collage, crops)
        return gradient, None, None


class _Fused(torch.autograd.Function):
    """The same mixture through a kernel of its own: one pass over A each way."""

    @staticmethod
    def forward(
        context,
        logits: Tensor,
        view: View,
        inverse_temperature: float | Tensor,
        mix_kernel: MixKernel,
        overwrite: bool,
    ):
        weights = _dense(logits, overwrite).detach()
        memory = (view.atlas.pixels, view.begins.contiguous(), view.columns.contiguous())
        collage, entropy, variation, usage = mix_kernel.forward(memory, weights, inverse_temperature, measure=True)
        assert entropy is not None
        assert variation is not None
        assert usage is not None
        b, n, h, w = weights.shape
        context.counts = (b * h * w * math.log(max(n, 2)), b * h * max(1, w - 1), b * max(1, h - 1) * w, h * w)
        context.memory, context.inverse_temperature, context.mix_kernel = memory, inverse_temperature, mix_kernel
        context.dtype, context.spend, context.spent = logits.dtype, overwrite, False
        context.save_for_backward(weights)
        context.mark_non_differentiable(weights)
        context.set_materialize_grads(False)  # A has none, and nothing as large as A is filled with zeros for it
        per_entropy, per_right, per_lower, per_usage = context.counts
        return (
            collage,
            entropy / per_entropy,
            variation[0] / per_right + variation[1] / per_lower,
            usage / per_usage,
            weights,
        )

    @staticmethod
    def backward(context, d_collage, d_entropy, d_variation, d_usage, _):  # type: ignore[override]
        (weights,) = context.saved_tensors
        if context.spent:
            raise RuntimeError("The gradient of this mixture was taken before, and lies where the mixture was.")
        context.spent = context.spend
        b, n, h, w = weights.shape
        per_entropy, per_right, per_lower, per_usage = context.counts
        d_entropy, d_variation = (
            weights.new_zeros((), dtype=torch.float32) if d is None else d for d in (d_entropy, d_variation)
        )
        gradient = context.mix_kernel.backward(
            context.memory,
            weights,
            context.inverse_temperature,
            weights.new_zeros(b, 3, h, w, dtype=torch.float32) if d_collage is None else d_collage.float().contiguous(),
            torch.stack([d_entropy / per_entropy, d_variation / per_right, d_variation / per_lower]),
            weights.new_zeros(b, n, dtype=torch.float32) if d_usage is None else (d_usage / per_usage).contiguous(),
            context.spend,
        )
        return gradient.to(context.dtype), None, None, None, None


def _chunks(weights: Tensor) -> list[tuple[int, int]]:
    """The templates in parts whose crops are small: on the CPU few, in its cache; on a card fewer launches."""
    count, size = weights.shape[1], 8
    if weights.device.type != "cpu":
        size = max(8, CARD_CROPS_BYTES // (3 * 4 * max(1, weights[:, :1].numel())))
    return [(first, min(first + size, count)) for first in range(0, count, size)]


def _dense(logits: Tensor, overwrite: bool) -> Tensor:
    """Dense float32 memory that may be written to: that of the logits themselves, where this is allowed."""
    if overwrite and logits.is_contiguous() and logits.dtype == torch.float32:
        return logits
    return torch.empty(logits.shape, dtype=torch.float32, device=logits.device).copy_(logits)
