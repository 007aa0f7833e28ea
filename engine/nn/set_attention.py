"""Attention among the elements of a set, at each pixel on its own (MAGIC, figure 4; Set Transformer, Lee et al. 2018).

Nothing here knows an element's index: permuting the set permutes the result. Convolutions live in set_unet.py.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from engine.nn import attention_kernel
from engine.nn.attention_kernel import AttentionKernel
from engine.nn.layers import layer_norm_once
from engine.nn.painting_kernel import kernel_for
from engine.nn.parts import in_parts

_PARTS = 16
"""Attention through points goes over the pixels in so many parts, and keeps only one part's values at a time."""
CARD_PART_BYTES = 2**30
"""A graphics card takes larger parts: as many pixels as have so many bytes between the input and the result, about."""
_VALUES = 12
"""Of an element, between the input and the result."""
MOST_BATCHES = 65_535
"""CUDA's efficient attention fails beyond in torch 2.6 and 2.7: a tile of 1024 px has more pixels at a quarter."""


class SetAttention(nn.Module):
    """Each element looks at all elements of its set, at the same pixel. Local, so tiles agree.

    Args:
        channels: C, a multiple of `heads`.
        points: m learned inducing points that gather the set and hand it on (ISAB, equation 9): K * m scores for each
            pixel instead of K^2, and what lies between is computed again for the gradient instead of kept; 0 for
            every element with every other one (SAB, equation 8).
    """

    def __init__(self, channels: int, heads: int, points: int = 0) -> None:
        super().__init__()
        self.points = nn.Parameter(torch.zeros(points, channels)) if points else None
        self.gather = _Attention(channels, heads) if points else None
        self.hand_out = _Attention(channels, heads)

    def forward(self, x: Tensor, count: int) -> Tensor:
        """[B * K, C, h, w] to the same, K = `count`."""
        _, c, h, w = x.shape
        elements = x.permute(0, 2, 3, 1).reshape(-1, count, h * w, c)  # [B, K, P, C], free in channels_last memory
        kernel = kernel_for(x, c) if self.points is None else None
        if kernel is not None:
            elements = kernel.attend(elements.contiguous(), self.hand_out.heads, self.hand_out.weights())
        elif self.points is None:
            elements = in_parts(self.hand_out.among, (elements,), 2)
        else:
            elements = _InParts.apply(self._through_points, elements, *self.parameters())  # type: ignore[assignment]
        return elements.reshape(-1, h, w, c).permute(0, 3, 1, 2)

    def _through_points(self, elements: Tensor) -> Tensor:
        """[B, K, P, C] to the same."""
        assert self.points is not None
        assert self.gather is not None
        start = self.points[None, :, None].expand(len(elements), -1, elements.shape[2], -1)  # [B, m, P, C]
        return self.hand_out(elements, self.gather(start, elements))

    def initialise(self, generator: torch.Generator) -> None:
        """Linear layers from N(0, 1 / C), inducing points from N(0, 1); biases 0."""
        with torch.no_grad():
            if self.points is not None:
                self.points.normal_(0, 1, generator=generator)
            for module in self.modules():
                if isinstance(module, nn.Linear):
                    module.weight.normal_(0, module.in_features**-0.5, generator=generator)
                    module.bias.zero_()


class _Attention(nn.Module):
    """MAB (Lee et al. 2018, equations 6 and 7): H = LN(X + Multihead(X, Y, Y)), LN(H + relu(W H))."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(channels, 2 * channels)
        self.out = nn.Linear(channels, channels)
        self.feed_forward = nn.Linear(channels, channels)
        self.norm_attended = nn.LayerNorm(channels)
        self.norm_out = nn.LayerNorm(channels)

    def weights(self) -> tuple[Tensor, ...]:
        """As `PaintingKernel.attend` takes them."""
        others = (self.out, self.feed_forward, self.norm_attended, self.norm_out)
        return (*self._inward(), *(values for layer in others for values in (layer.weight, layer.bias)))

    def _inward(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of query, key and value together, [3 C, C] and [3 C]."""
        return (
            torch.cat([self.query.weight, self.key_value.weight]),
            torch.cat([self.query.bias, self.key_value.bias]),
        )

    def among(self, x: Tensor) -> Tensor:
        """[B, K, P, C] looks at itself, at each of P pixels; gives the same."""
        if (kernel := attention_kernel.kernel_for(x, self.heads)) is None:
            return self(x, x)
        inward = functional.linear(x, *self._inward())
        return self._finished(x, self.out(_Among.apply(inward.contiguous(), self.heads, kernel)))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """[B, L, P, C] looks at [B, S, P, C], at each of P pixels; gives [B, L, P, C]."""
        query = self.query(x).unflatten(-1, (self.heads, -1))  # [B, L, P, heads, d]
        key, value = self.key_value(y).chunk(2, -1)
        key, value = key.unflatten(-1, (self.heads, -1)), value.unflatten(-1, (self.heads, -1))
        # Patch by patch, so that the call sees views of what the linear layers wrote, and nothing is copied.
        attended = [_at_each_pixel(*parts) for parts in zip(query, key, value, strict=True)]  # [P, L, C]
        together = attended[0][None] if len(attended) == 1 else torch.stack(attended)
        return self._finished(x, self.out(together).transpose(1, 2))

    def _finished(self, x: Tensor, attended: Tensor) -> Tensor:
        """What follows the attention, both [B, L, P, C]."""
        hidden = layer_norm_once(x + attended, self.norm_attended.weight, self.norm_attended.bias)
        hidden = hidden + functional.relu(self.feed_forward(hidden))
        return layer_norm_once(hidden, self.norm_out.weight, self.norm_out.bias)


class _Among(torch.autograd.Function):
    """Query, key and value [B, K, P, 3 C] to what each element sees of its set, [B, K, P, C], compiled."""

    @staticmethod
    def forward(context, inward: Tensor, heads: int, kernel: AttentionKernel) -> Tensor:
        context.save_for_backward(inward)
        context.heads, context.kernel = heads, kernel
        return kernel.forward(inward, heads)

    @staticmethod
    @once_differentiable
    def backward(context, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        (inward,) = context.saved_tensors
        return context.kernel.backward(inward, gradient, context.heads), None, None


def _at_each_pixel(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """[L, P, heads, d] and twice [S, P, heads, d] give [P, L, heads * d]."""
    kind, narrow = query.device.type, query.dtype
    with torch.autocast(kind, enabled=False):
        if kind == "cpu" and narrow == torch.bfloat16:  # takes several times as long for small sets
            query, key, value = query.float(), key.float(), value.float()
        laid_out = [_as_it_is_read(x.permute(1, 2, 0, 3)) for x in (query, key, value)]  # [P, heads, L or S, d]
        each = [x.split(MOST_BATCHES) for x in laid_out]
        parts = [functional.scaled_dot_product_attention(*part) for part in zip(*each, strict=True)]
        attended = (parts[0] if len(parts) == 1 else torch.cat(parts)).to(narrow)  # [P, heads, L, d]
    return attended.transpose(1, 2).flatten(2)


def _as_it_is_read(x: Tensor) -> Tensor:
    """Dense memory where torch's kernels take that for granted, and give wrong numbers for views without a word:
    Metal's from 2.8 on (pytorch #163597, #181133) and those of AMD's cards (ROCm #3230). Else the view."""
    return x.contiguous() if x.device.type == "mps" or torch.version.hip else x


def _parts(elements: Tensor) -> int:
    """In how many parts the pixels of [B, K, P, C] are taken."""
    if elements.device.type == "cpu":
        return _PARTS
    return min(_PARTS, -(-elements.numel() * elements.element_size() * _VALUES // CARD_PART_BYTES))


class _InParts(torch.autograd.Function):
    """A function of pixels [B, K, P, C], part by part each way: nothing but its input is kept for the gradient."""

    @staticmethod
    def forward(context, function: Callable[[Tensor], Tensor], elements: Tensor, *parameters: Tensor) -> Tensor:
        kind = elements.device.type
        context.function = function
        context.autocast = (kind, torch.get_autocast_dtype(kind), torch.is_autocast_enabled(kind))
        context.save_for_backward(elements, *parameters)
        return torch.cat([function(part) for part in elements.chunk(_parts(elements), 2)], 2)

    @staticmethod
    def backward(context, gradient: Tensor):  # type: ignore[override]
        elements, *parameters = context.saved_tensors
        d_elements = torch.empty_like(elements)
        sums = [torch.zeros_like(parameter) for parameter in parameters]
        parts = (tensor.chunk(_parts(elements), 2) for tensor in (elements, d_elements, gradient))
        for part, d_part, d_result in zip(*parts, strict=True):
            part = part.detach().requires_grad_()
            with torch.enable_grad(), torch.autocast(*context.autocast):
                result = context.function(part)
            first, *others = torch.autograd.grad(result, (part, *parameters), d_result.to(result.dtype))
            d_part.copy_(first)
            for total, other in zip(sums, others, strict=True):
                total += other
        return None, d_elements, *sums
