"""The mixture as Triton kernels for graphics cards: one pass over A each way, as mix.c is on the processor.

    forward     logits become A in place: a softmax over the templates of a pixel; the weighted sum of their pixels,
                read from the atlas, and sums of entropy and usage
    variation   sums of |A - right neighbour| and |A - lower neighbour|
    backward    the gradient of the logits, given those of all these

One program has a block of pixels of one image and goes over its templates, so no [B, N, 3, H, W] is ever there, and
every sum is taken in parts that torch adds up, so that results do not depend on who was first.

Triton comes with torch where there are CUDA cards. Tested by its interpreter, on the processor; it has never run on a
card. So before it is used there it is compared with plain torch (`checked`), and left alone where it differs or fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import triton  # type: ignore[import-not-found]
import triton.language as tl  # type: ignore[import-not-found]
from torch import Tensor

from engine.kernel_check import on_card_of, same_as_plain
from engine.templates.atlas import Atlas, Templates
from engine.templates.mix_kernel import Measured, Memory, MixKernel
from engine.templates.mixture import mix

BLOCK_PX = 256
"""Pixels of a program."""
_SAMPLES = ((5, 9, 35), (16, 16, 48))
"""Templates, height and width that are compared. Triton compiles numbers that 16 divides by themselves, as those of a
training mostly are, and reads several values at once then."""


@triton.jit
def _pixels(atlas, begins, columns, image, template, count, height, width, y, x, inside):
    """Red, green and blue of a template at some pixels, 0..1."""
    plane = image * count + template
    begin = tl.load(begins + plane * height + y, mask=inside, other=0)
    column = tl.load(columns + plane * width + x, mask=inside, other=0)
    packed = tl.load(atlas + begin + column, mask=inside, other=0)
    red = (packed & 255).to(tl.float32) * (1.0 / 255.0)
    green = ((packed >> 8) & 255).to(tl.float32) * (1.0 / 255.0)
    blue = ((packed >> 16) & 255).to(tl.float32) * (1.0 / 255.0)
    return red, green, blue


@triton.jit
def _forward(
    weights, atlas, begins, columns, collage, entropy, usage, count, height, width, blocks, inverse_temperature,
    MEASURE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    inverse = tl.load(inverse_temperature)
    image = tl.program_id(1).to(tl.int64)
    block = tl.program_id(0)
    area = tl.cast(height, tl.int64) * width  # the pixels of all templates may be more than 2**31
    place = block * BLOCK + tl.arange(0, BLOCK)
    inside = place < area
    y = place // width
    x = place % width
    plane = weights + image * count * area + place
    top = tl.load(plane, mask=inside, other=0.0)
    total = tl.full((BLOCK,), 1.0, tl.float32)
    for n in range(1, count):
        logit = tl.load(plane + n * area, mask=inside, other=0.0)
        higher = tl.maximum(top, logit, propagate_nan=tl.PropagateNan.ALL)
        total = total * tl.exp((top - higher) * inverse) + tl.exp((logit - higher) * inverse)
        top = higher
    red = tl.zeros((BLOCK,), tl.float32)
    green = tl.zeros((BLOCK,), tl.float32)
    blue = tl.zeros((BLOCK,), tl.float32)
    undecided = tl.zeros((BLOCK,), tl.float32)
    for n in range(0, count):
        share = tl.exp((tl.load(plane + n * area, mask=inside, other=0.0) - top) * inverse) / total
        tl.store(plane + n * area, share, mask=inside)
        r, g, b = _pixels(atlas, begins, columns, image, n, count, height, width, y, x, inside)
        red += share * r
        green += share * g
        blue += share * b
        if MEASURE:
            undecided -= share * tl.log(tl.maximum(share, 1e-30, propagate_nan=tl.PropagateNan.ALL))
            here = tl.sum(tl.where(inside, share, 0.0), 0)
            tl.store(usage + (image * blocks + block) * count + n, here)
    out = collage + image * 3 * area + place
    tl.store(out, red, mask=inside)
    tl.store(out + area, green, mask=inside)
    tl.store(out + 2 * area, blue, mask=inside)
    if MEASURE:
        tl.store(entropy + image * blocks + block, tl.sum(tl.where(inside, undecided, 0.0), 0))


@triton.jit
def _variation(weights, sums, count, height, width, blocks, BLOCK: tl.constexpr):
    image = tl.program_id(1).to(tl.int64)
    block = tl.program_id(0)
    area = tl.cast(height, tl.int64) * width  # the pixels of all templates may be more than 2**31
    place = block * BLOCK + tl.arange(0, BLOCK)
    inside = place < area
    has_right = inside & (place % width < width - 1)
    has_lower = inside & (place // width < height - 1)
    plane = weights + image * count * area + place
    right = tl.zeros((BLOCK,), tl.float32)
    lower = tl.zeros((BLOCK,), tl.float32)
    for n in range(0, count):
        share = tl.load(plane + n * area, mask=inside, other=0.0)
        beside = tl.load(plane + n * area + 1, mask=has_right, other=0.0)
        below = tl.load(plane + n * area + width, mask=has_lower, other=0.0)
        right += tl.where(has_right, tl.abs(share - beside), 0.0)
        lower += tl.where(has_lower, tl.abs(share - below), 0.0)
    tl.store(sums + (image * blocks + block) * 2, tl.sum(right, 0))
    tl.store(sums + (image * blocks + block) * 2 + 1, tl.sum(lower, 0))


@triton.jit
def _sign(x):
    return (x > 0).to(tl.float32) - (x < 0).to(tl.float32)


@triton.jit
def _backward(
    weights, atlas, begins, columns, d_collage, d_sums, d_usage, gradient, count, height, width, inverse_temperature,
    BLOCK: tl.constexpr,
):  # fmt: skip
    inverse = tl.load(inverse_temperature)
    image = tl.program_id(1).to(tl.int64)
    area = tl.cast(height, tl.int64) * width
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < area
    y = place // width
    x = place % width
    has_left, has_right = inside & (x > 0), inside & (x < width - 1)
    has_upper, has_lower = inside & (y > 0), inside & (y < height - 1)
    d_entropy, d_right, d_lower = tl.load(d_sums), tl.load(d_sums + 1), tl.load(d_sums + 2)
    of_red = tl.load(d_collage + image * 3 * area + place, mask=inside, other=0.0)
    of_green = tl.load(d_collage + (image * 3 + 1) * area + place, mask=inside, other=0.0)
    of_blue = tl.load(d_collage + (image * 3 + 2) * area + place, mask=inside, other=0.0)
    first = image * count * area + place
    mean = tl.zeros((BLOCK,), tl.float32)
    for n in range(0, count):
        plane = weights + first + n * area
        share = tl.load(plane, mask=inside, other=0.0)
        r, g, b = _pixels(atlas, begins, columns, image, n, count, height, width, y, x, inside)
        slope = tl.load(d_usage + image * count + n) + of_red * r + of_green * g + of_blue * b
        slope -= d_entropy * (1.0 + tl.log(tl.maximum(share, 1e-30)))
        left = tl.load(plane - 1, mask=has_left, other=0.0)
        right = tl.load(plane + 1, mask=has_right, other=0.0)
        upper = tl.load(plane - width, mask=has_upper, other=0.0)
        lower = tl.load(plane + width, mask=has_lower, other=0.0)
        slope += d_right * tl.where(has_left, _sign(share - left), 0.0)
        slope += d_right * tl.where(has_right, _sign(share - right), 0.0)
        slope += d_lower * tl.where(has_upper, _sign(share - upper), 0.0)
        slope += d_lower * tl.where(has_lower, _sign(share - lower), 0.0)
        mean += share * slope
        tl.store(gradient + first + n * area, slope, mask=inside)
    tl.debug_barrier()  # what was written is read again
    for n in range(0, count):
        share = tl.load(weights + first + n * area, mask=inside, other=0.0)
        slope = tl.load(gradient + first + n * area, mask=inside, other=0.0)
        tl.store(gradient + first + n * area, inverse * share * (slope - mean), mask=inside)


class TritonMixKernel(MixKernel):
    """See the module. Tensors are dense, on one card."""

    device_type = "cuda"

    def forward(self, memory: Memory, weights: Tensor, inverse_temperature: float | Tensor, measure: bool) -> Measured:
        b, n, h, w = weights.shape
        inverse_temperature = _on_card(inverse_temperature, weights)
        blocks = triton.cdiv(h * w, BLOCK_PX)
        collage = weights.new_empty(b, 3, h, w)
        entropy = weights.new_empty(b, blocks) if measure else weights
        usage = weights.new_empty(b, blocks, n) if measure else weights
        _launched(_forward, weights, blocks, b)(
            *(weights, *memory, collage, entropy, usage, n, h, w, blocks, inverse_temperature),
            MEASURE=measure,
            BLOCK=BLOCK_PX,
        )
        if not measure:
            return collage, None, None, None
        variation = weights.new_empty(b, blocks, 2)
        _launched(_variation, weights, blocks, b)(weights, variation, n, h, w, blocks, BLOCK=BLOCK_PX)
        return collage, entropy.sum(), variation.sum((0, 1)), usage.sum(1)

    def backward(
        self,
        memory: Memory,
        weights: Tensor,
        inverse_temperature: float | Tensor,
        d_collage: Tensor,
        d_sums: Tensor,
        d_usage: Tensor,
        spend: bool = False,
    ) -> Tensor:
        del spend  # blocks are computed in any order, and look at those beside them
        b, n, h, w = weights.shape
        gradient, inverse_temperature = torch.empty_like(weights), _on_card(inverse_temperature, weights)
        _launched(_backward, weights, triton.cdiv(h * w, BLOCK_PX), b)(
            *(weights, *memory, d_collage, d_sums, d_usage, gradient, n, h, w, inverse_temperature), BLOCK=BLOCK_PX
        )
        return gradient


def _on_card(number: float | Tensor, like: Tensor) -> Tensor:
    """Where kernels read it, float32 []: a captured step has other numbers each time, and not other arguments."""
    return number if isinstance(number, Tensor) else like.new_full((), number, dtype=torch.float32)


def _launched(kernel: Any, tensor: Tensor, blocks: int, images: int) -> Callable[..., None]:
    """On the tensor's card. CUDA has 65,535 rows of programs at most, so blocks are their columns."""

    def launch(*arguments: Any, **constants: Any) -> None:
        with on_card_of(tensor):
            kernel[blocks, images](*arguments, **constants)

    return launch


def checked(device: torch.device) -> TritonMixKernel | None:
    """The kernels, where they do on this device what plain torch does; None where they differ, or fail in any way."""
    kernel = TritonMixKernel()

    def sample(used: MixKernel | None) -> Callable[[tuple[int, int, int]], list[Tensor]]:
        return lambda sizes: _sample(device, used, *sizes)

    return kernel if same_as_plain(sample(kernel), sample(None), _SAMPLES) else None


def _sample(device: torch.device, kernel: MixKernel | None, count: int, height: int, width: int) -> list[Tensor]:
    """A small mixture with all that is measured of it, and the gradient of all that."""
    random = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (3, 11, 17), dtype=torch.uint8, generator=random)
    templates = Templates.drawn(Atlas([image], device), count, [1.0], "mirror", random)
    tops, lefts = (torch.tensor(places, device=device) for places in ([3, -8], [5, 40]))
    logits = torch.randn(2, count, height, width, generator=random).to(device).requires_grad_()
    parts = mix(logits, templates.view(tops, lefts, height, width), 0.5, kernel)
    rows = torch.arange(width, device=device)  # so that no gradient is the same everywhere
    loss = (parts.collage * rows).mean() + parts.entropy + parts.variation + parts.usage.square().sum()
    (gradient,) = torch.autograd.grad(loss, logits)
    return [*(part.detach() for part in parts), gradient]
