"""Attention on the simulated card: one kernel there, and one back, as torch's own are; the C++ finds none here."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

MOST_BATCHES = 65_535
"""Of a kernel's grid: CUDA's efficient attention in torch 2.6 and 2.7 fails beyond."""
_plain = torch.nn.functional.scaled_dot_product_attention


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """In place of `scaled_dot_product_attention`, [B, heads, L, d] each."""
    from tests.simulated_card.card import CardTensor

    if isinstance(query, CardTensor):
        return _Attention.apply(query, key, value)  # type: ignore[return-value]
    return _plain(query, key, value)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, *parts: Tensor) -> Tensor:
        from tests.simulated_card.card import SimulatedCard

        card = SimulatedCard.present()
        batches = parts[0].shape[0]
        if batches > MOST_BATCHES:
            raise RuntimeError(f"CUDA error: invalid configuration argument (attention over {batches} batches)")
        card.launch("attention", 1)
        context.save_for_backward(*parts)
        return card.wrap(card.carried_out(_numbers, parts, {}))

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        from tests.simulated_card.card import SimulatedCard

        card = SimulatedCard.present()
        card.launch("attention_backward", 2)
        return tuple(card.wrap(x) for x in card.carried_out(_gradients, (*context.saved_tensors, gradient), {}))


def _numbers(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    with torch.no_grad():
        return _plain(query, key, value)


def _gradients(query: Tensor, key: Tensor, value: Tensor, gradient: Tensor) -> list[Tensor]:
    query, key, value = inner = [part.detach().requires_grad_() for part in (query, key, value)]
    with torch.enable_grad():
        attended = _plain(query, key, value)
    return [*torch.autograd.grad(attended, inner, gradient)]
