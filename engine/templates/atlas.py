"""The memory of templates (FAMOS, section 2): virtual tilings of the style images, and the mixture of them.

A template is (style image, integer offset, flip): it exists only inside the box that is asked for, as two index
vectors into the atlas of style pixels. The mix never holds [B, N, 3, H, W].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from engine import losses
from engine.box import Box
from engine.device import uploaded
from engine.templates.mix_kernel import MixKernel
from engine.tiling import Edge, tiled

TRANSPARENT = -1.5e4
"""Added to log A where a template is transparent; a map forbids by -1e4, and a piece is muted by twice as much."""
_LEAST_OPACITY = 4 / 255
CARD_CROPS_BYTES = 256 * 2**20
"""Crops that a graphics card holds at a time while templates are mixed: all 80 of the paper's training step."""


class Atlas:
    """The style images on the device, one int32 a pixel: red, green, blue, transparency, the lowest byte first.

    Args:
        images: uint8 [3, H, W] each.
        opacities: uint8 [H, W] of each that is transparent in places; none at all where all are opaque.
    """

    def __init__(self, images: Sequence[Tensor], device: torch.device, opacities: Sequence[Tensor | None] = ()) -> None:
        self.heights = torch.tensor([image.shape[1] for image in images], device=device)  # [S]
        self.widths = torch.tensor([image.shape[2] for image in images], device=device)  # [S]
        areas = torch.tensor([image.shape[1] * image.shape[2] for image in images], device=device)
        self.starts = areas.cumsum(0) - areas  # [S]
        each = opacities or [None] * len(images)
        self.pixels = torch.cat([_packed(*parts) for parts in zip(images, each, strict=True)]).to(device)  # [P]
        self.has_cut_outs = any(opacity is not None for opacity in each)

    def __len__(self) -> int:
        return len(self.heights)

    def indices(
        self, image: Tensor, top: Tensor, left: Tensor, flip: Tensor, height: int, width: int, edge: Edge
    ) -> tuple[Tensor, Tensor]:
        """Where the rows and columns of crops lie in `pixels`.

        Args:
            image, top, left: int64 [...], of each crop; corners may lie anywhere.
            flip: bool [..., 2], whether to run upwards, and leftwards.

        Returns:
            where each row begins, int64 [..., height], and columns within it, int32 [..., width].
        """
        rows = top[..., None] + torch.arange(height, device=top.device)
        columns = left[..., None] + torch.arange(width, device=top.device)
        return self.indices_at(image, rows, columns, flip, edge)

    def indices_at(
        self, image: Tensor, rows: Tensor, columns: Tensor, flip: Tensor, edge: Edge
    ) -> tuple[Tensor, Tensor]:
        """The same for any rows int64 [..., height] and columns [..., width] of the tilings."""
        rows = torch.where(flip[..., :1], -1 - rows, rows)
        columns = torch.where(flip[..., 1:], -1 - columns, columns)
        rows = tiled(rows, self.heights[image][..., None], edge)
        columns = tiled(columns, self.widths[image][..., None], edge)
        begins = self.starts[image][..., None] + rows * self.widths[image][..., None]
        return begins, columns.to(torch.int32)

    def gather(self, begins: Tensor, columns: Tensor) -> Tensor:
        """Pixels as float32 0..255: [..., H] and [..., W] give [..., 3, H, W]."""
        return colors(self.pixels[begins[..., :, None] + columns[..., None, :]])

    def opacity(self, begins: Tensor, columns: Tensor) -> Tensor:
        """How opaque pixels are, float32 0..1: [..., H] and [..., W] give [..., H, W]."""
        packed = self.pixels[begins[..., :, None] + columns[..., None, :]]
        return 1 - packed.view(torch.uint8).unflatten(-1, (-1, 4))[..., 3].float() / 255


@dataclass(frozen=True)
class View:
    """The templates inside boxes of equal size: what `mix` reads.

    Args:
        begins: int64 [B, N, H]; columns: int32 [B, N, W]. See `Atlas.indices`.
    """

    atlas: Atlas
    begins: Tensor
    columns: Tensor

    def part(self, rows: slice) -> View:
        """Inside some of the boxes."""
        return View(self.atlas, self.begins[rows], self.columns[rows])

    def crops(self, first: int, last: int, pool: int = 1) -> Tensor:
        """Templates first..last, average-pooled: float32 [B, last - first, 3, H / pool, W / pool], 0..1."""
        crops = self.atlas.gather(self.begins[:, first:last], self.columns[:, first:last]).div_(255)
        return crops if pool == 1 else functional.avg_pool2d(crops.flatten(0, 1), pool).unflatten(0, crops.shape[:2])

    def bias(self) -> Tensor | None:
        """What is added to log A since templates are transparent in places, [B, N, H, W]: log of how opaque they are.

        None where no image has such places.
        """
        return opacity_bias(self.atlas.opacity(self.begins, self.columns)) if self.atlas.has_cut_outs else None


def opacity_bias(opacity: Tensor) -> Tensor:
    """log of 0..1; far below anything that is decided where (nearly) nothing is there, and below what a map forbids."""
    return torch.where(opacity < _LEAST_OPACITY, TRANSPARENT, opacity.clamp_min(_LEAST_OPACITY).log())


class Templates:
    """N tilings of the plane: M_n(y, x) = style[s(n)][t(y + offset), t(x + offset)].

    Args:
        image: int64 [N], s(n).
        offset: int64 [N, 2], (y, x).
        flip: bool [N, 2].
        edge: how t continues beyond the style image.
    """

    def __init__(self, atlas: Atlas, image: Tensor, offset: Tensor, flip: Tensor, edge: Edge) -> None:
        self.atlas, self.image, self.offset, self.flip = atlas, image, offset, flip
        self.edge: Edge = edge

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def drawn(
        cls, atlas: Atlas, count: int, weights: Sequence[float], edge: Edge, generator: torch.Generator
    ) -> Templates:
        """Random offsets (and flips, where the edge mirrors); style images in turn, each by its share."""
        device = atlas.pixels.device
        image = torch.tensor(shares(weights, count))
        extent = torch.stack([atlas.heights.cpu(), atlas.widths.cpu()], 1)[image] * 2  # [N, 2]
        offset = (torch.rand(count, 2, generator=generator, dtype=torch.float64) * extent).long()
        flip = torch.rand(count, 2, generator=generator) < (0.5 if edge == "mirror" else 0.0)
        return cls(atlas, image.to(device), offset.to(device), flip.to(device), edge)

    def view(self, tops: Tensor, lefts: Tensor, height: int, width: int) -> View:
        """All templates inside B boxes of one size; corners int64 [B], anywhere on the plane."""
        top = tops[:, None] + self.offset[:, 0]  # [B, N]
        left = lefts[:, None] + self.offset[:, 1]
        image, flip = self.image.expand_as(top), self.flip.expand(*top.shape, 2)
        return View(self.atlas, *self.atlas.indices(image, top, left, flip, height, width, self.edge))

    def view_of(self, box: Box) -> View:
        """All templates inside one box."""
        corner = uploaded(torch.tensor([[box.top], [box.left]]), self.atlas.pixels.device)
        return self.view(corner[0], corner[1], box.height, box.width)

    def view_at(self, rows: Tensor, columns: Tensor) -> View:
        """All templates at places of the plane that need not be neighbours: int64 [B, h] and [B, w]."""
        rows = rows[:, None] + self.offset[:, :1]  # [B, N, h]
        columns = columns[:, None] + self.offset[:, 1:]
        image, flip = self.image.expand(rows.shape[:2]), self.flip.expand(*rows.shape[:2], 2)
        return View(self.atlas, *self.atlas.indices_at(image, rows, columns, flip, self.edge))

    def enlarged(self, atlas: Atlas) -> Templates:
        """The same tilings of the same images at another size, which `atlas` holds."""
        # In double, on the CPU: MPS has none, and offsets of large images have more digits than a float.
        down = atlas.heights.cpu().double() / self.atlas.heights.cpu()  # [S]
        right = atlas.widths.cpu().double() / self.atlas.widths.cpu()
        scale = torch.stack([down, right], 1)[self.image.cpu()]  # [N, 2]
        offset = (self.offset.cpu() * scale).round().long().to(self.offset.device)
        return Templates(atlas, self.image, offset, self.flip, self.edge)

    def at(self, box: Box) -> Tensor:
        """All templates inside one box, as a Field: float32 [N, 3, h, w], 0..1. Large: for looking at."""
        return self.view_of(box).crops(0, len(self))[0]


def shares(weights: Sequence[float], count: int) -> list[int]:
    """`count` places handed out in turn to images by weight (largest remainder first); all weights 0 count as equal."""
    total = sum(weights)
    parts = [w / total if total > 0 else 1 / len(weights) for w in weights]
    given = [0] * len(parts)
    order = []
    for place in range(1, count + 1):
        owed = [part * place - had for part, had in zip(parts, given, strict=True)]
        chosen = max(range(len(parts)), key=lambda index: (owed[index], -index))
        given[chosen] += 1
        order.append(chosen)
    return order


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
    logits: Tensor, view: View, temperature: float, mix_kernel: MixKernel | None, overwrite: bool = False
) -> Mixture:
    """A = softmax_n(logits / temperature) and I_M = sum_n A_n M_n (FAMOS, section 2), with what the losses need of A.

    Args:
        logits: [B, N, H, W], any float type.
        mix_kernel: the path in one pass; None, or one for another device, takes plain torch.
        overwrite: nobody else reads the logits, so that A may take their place in memory.
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
    logits: Tensor, view: View, temperature: float, mix_kernel: MixKernel | None, overwrite: bool = False
) -> tuple[Tensor, Tensor]:
    """Collage [B, 3, H, W] and mixture [B, N, H, W], without gradients and measures: for painting."""
    if mix_kernel is not None and logits.device.type == mix_kernel.device_type:
        weights = _dense(logits, overwrite)
        memory = (view.atlas.pixels, view.begins.contiguous(), view.columns.contiguous())
        return mix_kernel.forward(memory, weights, 1 / temperature, measure=False)[0], weights
    weights = (logits.float() / temperature).softmax(1)
    return weighted_sum(weights, view), weights


def weighted_sum(weights: Tensor, view: View, pool: int = 1) -> Tensor:
    """sum_n A_n M_n with M average-pooled: [B, N, h, w] gives [B, 3, h, w], a few templates at a time."""
    return _WeightedSum.apply(weights, view, pool)  # type: ignore[return-value]


def weighted(weights: Tensor, images: Tensor) -> Tensor:
    """sum_n A_n M_n of float32 images [B, N, 3, h, w]: float32 [B, 3, h, w], also where networks are bfloat16."""
    with torch.autocast(weights.device.type, enabled=False):
        return torch.einsum("bnhw,bnchw->bchw", weights, images)


def colors(packed: Tensor) -> Tensor:
    """Pixels of the atlas, int32 [..., H, W], as float32 0..255: [..., 3, H, W]."""
    # Their bytes as they lie in memory, the lowest first: one kernel instead of eight.
    parts = packed.view(torch.uint8).unflatten(-1, (-1, 4))[..., :3]  # [..., H, W, 3]
    return parts.movedim(-1, -3).to(torch.float32, memory_format=torch.contiguous_format)


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
        context, logits: Tensor, view: View, inverse_temperature: float, mix_kernel: MixKernel, overwrite: bool
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
        context.dtype = logits.dtype
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


def _packed(image: Tensor, opacity: Tensor | None) -> Tensor:
    packed = image[2].to(torch.int32)
    if opacity is not None:  # the other way round, so that opaque images are as they always were
        packed.bitwise_or_((255 - opacity.to(torch.int32)).bitwise_left_shift(8))
    for channel in (image[1], image[0]):
        packed.bitwise_left_shift_(8).bitwise_or_(channel)
    return packed.flatten()
