"""What a picture is pulled towards: style and content by a perceptual network, tones, smoothness; over tiles, exactly.

Losses are sums over pixels, so their values and gradients are those of the whole picture, in the memory of a tile: a
first pass over the tiles gathers the statistics, a second one back-propagates what they pull with. How the picture then
moves is optimizers.py's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine import losses
from engine.box import Box, Margin, Size
from engine.images.regions import one_hot
from engine.style.gradient_mask import GradientMask
from engine.style.perceptual import Features, Perceptual
from engine.style.statistics import Statistic, Summary, Target
from engine.style.tones import Tones, tone_difference


@dataclass(frozen=True)
class Weights:
    """The weights of the terms, and of the layers within them.

    Args:
        style, content, tones, variation: of the terms.
        style_layers: by the statistic's names.
        content_layers: by layer; those of weight 0 are not looked at.
    """

    style: float
    content: float
    tones: float
    variation: float
    style_layers: Mapping[str, float]
    content_layers: Mapping[str, float]


@dataclass(frozen=True)
class LabelledImage:
    """An image with its regions.

    Args:
        image: [1, 3, H, W], 0..1.
        labels: uint8 [H, W], the region of each pixel; None for one region.
        weight: its share among several.
    """

    image: Tensor
    labels: Tensor | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Tile:
    """`core` is counted; `box` is what the network sees of the picture, and lies inside it."""

    core: Box
    box: Box

    @property
    def halo(self) -> Margin:
        core, box = self.core, self.box
        return Margin(core.top - box.top, core.left - box.left, box.bottom - core.bottom, box.right - core.right)

    def of(self, image: Tensor) -> Tensor:
        """What the network sees of [..., H, W] values of the picture."""
        rows, columns = self.box.within(Box(0, 0, *image.shape[-2:]))
        return image[..., rows, columns]


@dataclass(frozen=True)
class Outcome:
    """What `Objective.evaluate` finds: unweighted terms, the weighted sum, and its gradient [1, 3, H, W]."""

    terms: dict[str, Tensor]
    loss: Tensor
    gradient: Tensor


class Objective:
    """The loss of a picture and its gradient.

    Args:
        network, statistic: what style is compared by.
        styles: at the picture's scale.
        labels: uint8 [H, W], the regions of the picture; None for one region.
        regions: how many there are.
        content: [1, 3, H, W] of the picture's size; None where it does not matter.
        blur_px: sigma of the blur before tones are compared.
        tile_px: side of a tile's core; a multiple of the network's strides.
        kept_shares: by layer, how much of the gradient of style passes: where the content's activations are strongest
            (Novak and Nikulin 2016, section 4.1); empty for all of it.
        allowed: bool [R, styles], which of the styles, that have no regions themselves, each region is like.
        times: [1, 1, H, W], how many times the style weighs at each place; None for once.
    """

    def __init__(
        self,
        network: Perceptual,
        statistic: Statistic,
        styles: Sequence[LabelledImage],
        labels: Tensor | None,
        regions: int,
        content: Tensor | None,
        blur_px: float,
        tile_px: int,
        kept_shares: Mapping[str, float] | None = None,
        allowed: Tensor | None = None,
        times: Tensor | None = None,
    ) -> None:
        self.kept_shares = kept_shares or {}
        self._mask: GradientMask | None = None
        self.network, self.statistic, self.styles = network, statistic, styles
        self.labels, self.regions, self.content = labels, regions, content
        self.blur_px, self.tile_px = blur_px, tile_px
        self.allowed, self.times = allowed, times
        self._times_mean = None if times is None else times.mean()
        self._carried: dict[tuple[int, int], tuple[Mapping[str, Tensor], Mapping[str, Tensor]]] = {}
        self._target: Target | None = None
        # Tones are compared as if the picture's had the style's mean and spread, and the content's its own.
        greys = [losses.grey(style.image) for style in styles]
        self._style_tones = _tones_of(greys)
        self._tones_by_region: list[Tones] = []
        if allowed is not None:
            indices = [may.nonzero().flatten().tolist() for may in allowed]
            self._tones_by_region = [_tones_of([greys[index] for index in each]) for each in indices]
        if content is not None:
            self._content_tones = _tones_of([losses.grey(content)])

    # -------------------------------------------------------- tiles

    def halo_px(self, content_layers: Sequence[str]) -> int:
        """How far a tile must look beyond its core, a multiple of the largest stride."""
        strides = self.network.strides
        further = max(
            (count * strides[layer] for layer, count in self.statistic.receptive_activations.items()), default=0
        )
        layers = [*self.statistic.layers, *content_layers]
        halo = max(self.network.receptive_px(layers) + further, math.ceil(3 * self.blur_px), 1)
        alignment_px = max(strides.values())
        return -(-halo // alignment_px) * alignment_px

    def tiles(self, image: Tensor, content_layers: Sequence[str] = ()) -> list[Tile]:
        """The tiles, in the order in which all passes go."""
        whole = Box(0, 0, *image.shape[-2:])
        halo = self.halo_px(content_layers)
        if max(whole.height, whole.width) <= self.tile_px + 2 * halo:
            return [Tile(whole, whole)]
        margin = Margin(halo, halo, halo, halo)
        return [Tile(core, core.pad(margin).clip(whole)) for core in whole.tiles(self.tile_px)]

    # -------------------------------------------------------- style

    def forget(self) -> None:
        """The network's filters have changed, so the style is looked at anew."""
        self._target = None

    @property
    def target(self) -> Target:
        if self._target is None:
            features = [_Tiles(self, style) for style in self.styles]
            self._target = self.statistic.target(features, [style.weight for style in self.styles], self.allowed)
        return self._target

    def see(
        self, tile: Tile, image: Tensor, labels: Tensor | None, layers: Sequence[str], times: Tensor | None = None
    ) -> Features:
        """`image`: what `tile.of` gives; `labels` and `times`: of the whole picture."""
        guides = [guide for guide in (labels, times) if guide is not None]
        if not guides:
            return self.network.extract(image, layers, halo=tile.halo)
        key = (id(labels), id(times))
        if key not in self._carried:
            nothing: Mapping[str, Tensor] = {}
            masks = counted = nothing
            if labels is not None:
                mask = one_hot(tile.of(labels), self.regions, image.dtype)[None]
                masks = self.network.masks(mask, self.statistic.layers)
            if times is not None:
                counted = self.network.masks(tile.of(times), self.statistic.layers)
            if tile.core.size != Size(*guides[0].shape[-2:]):
                return self.network.extract(image, layers, masks, tile.halo, counted)
            self._carried[key] = masks, counted  # the same at every step: they do not depend on the filters
        masks, counted = self._carried[key]
        return self.network.extract(image, layers, masks, tile.halo, counted)

    # -------------------------------------------------------- evaluation

    def evaluate(self, picture: Tensor, weights: Weights) -> Outcome:
        """The terms, loss and gradient of a picture [1, 3, H, W]; live weights come with each call."""
        counted = weights if weights.content and self.content is not None else _without_content(weights)
        tiles = self.tiles(picture, list(counted.content_layers))
        if len(tiles) == 1:
            return self._in_one_piece(picture, counted, tiles[0])
        total: Summary | None = None
        with torch.no_grad():
            for tile in tiles:
                features = self.see(tile, tile.of(picture), self.labels, self.statistic.layers, self.times)
                part = self.statistic.sums(features, self.target)
                total = part if total is None else total + part
            assert total is not None
            gradient_tables = self.statistic.gradient_tables(total, self.target)
        gradient = torch.zeros_like(picture)
        terms = {key: picture.new_zeros(()) for key in ("style", "content", "tones", "variation")}
        for tile in tiles:
            image = tile.of(picture).detach().clone().requires_grad_()
            features = self.see(tile, image, self.labels, self._layers(counted), self.times)
            pulled = self._masked(tile, features)
            surrogates = self.statistic.surrogate_loss(pulled, gradient_tables, self.target)
            parts = {"style": self._style(surrogates, counted)}
            parts |= self._other_parts(tile, image, features, counted, picture)
            _sum(parts, counted).backward()
            rows, columns = tile.box.within(Box(0, 0, *picture.shape[-2:]))
            assert image.grad is not None
            gradient[..., rows, columns] += image.grad
            for key, part in parts.items():
                terms[key] += part.detach()
        if gradient_tables.values is not None:
            terms["style"] = self._style(gradient_tables.values, counted)
        return Outcome(terms, _sum(terms, counted), gradient)

    def _in_one_piece(self, picture: Tensor, weights: Weights, tile: Tile) -> Outcome:
        image = picture.detach().clone().requires_grad_()
        features = self.see(tile, image, self.labels, self._layers(weights), self.times)
        pulled = self._masked(tile, features)
        terms = {"style": self._style(self.statistic.losses(pulled, self.target), weights)}
        terms |= self._other_parts(tile, image, features, weights, picture)
        loss = _sum(terms, weights)
        loss.backward()
        assert image.grad is not None
        return Outcome({key: term.detach() for key, term in terms.items()}, loss.detach(), image.grad)

    def _style(self, values: Mapping[str, Tensor], weights: Weights) -> Tensor:
        """The term of style; what places count is divided out of the statistics, and comes back here."""
        style = _weighted(values, weights.style_layers)
        return style if self._times_mean is None else style * self._times_mean

    def _masked(self, tile: Tile, features: Features) -> Features:
        """The same features, with gradients only where the content's are strong."""
        if not self.kept_shares or self.content is None:
            return features
        if self._mask is None:
            tiles = [(each.of(self.content), each.halo) for each in self.tiles(self.content)]
            self._mask = GradientMask(self.network, self.kept_shares, tiles)
        return self._mask.passing(features, tile.of(self.content))

    def _layers(self, weights: Weights) -> list[str]:
        wanted = {*self.statistic.layers, *weights.content_layers}
        return [layer for layer in self.network.layers if layer in wanted]

    def _other_parts(
        self, tile: Tile, image: Tensor, features: Features, weights: Weights, picture: Tensor
    ) -> dict[str, Tensor]:
        """The tile's share of content, tones and variation: sums over its core, divided by the picture's counts."""
        parts = {"variation": self._variation(tile, image, picture)}
        parts["content"] = parts["tones"] = image.new_zeros(())
        if self.content is None:
            return parts
        content = tile.of(self.content)
        if weights.content_layers:
            with torch.no_grad():
                wanted = self.network(content, list(weights.content_layers))
            for layer, weight in weights.content_layers.items():
                stride = self.network.strides[layer]
                off = features.core(features.activations[layer] - wanted[layer], stride, layer)
                parts["content"] = parts["content"] + weight * off.square().sum() / self._count(layer, picture)
        if weights.tones:
            parts["tones"] = self._tones(tile, image, content, picture)
        return parts

    def _count(self, layer: str, picture: Tensor) -> int:
        """How many activations of a layer count in the whole picture."""
        stride = self.network.strides[layer]
        touched = self.network.layer_receptive_px(layer) if self.network.padding == "valid" else 0
        h, w = ((side - touched) // stride - -(-touched // stride) for side in picture.shape[-2:])
        return h * w * self.network.channels(layer)

    def _tones(self, tile: Tile, image: Tensor, content: Tensor, picture: Tensor) -> Tensor:
        """Mean square of `tone_difference` over the whole picture: the share of a tile's core."""
        tones = self._style_tones if self.labels is None or not self._tones_by_region else self._tones_of(tile)
        difference = tone_difference(image, content, tones, self._content_tones, self.blur_px)
        rows, columns = tile.core.within(tile.box)
        return difference[..., rows, columns].square().sum() / picture[0, 0].numel()

    def _tones_of(self, tile: Tile) -> Tones:
        """Those that each place is to have, [1, 1, h, w]."""
        assert self.labels is not None
        index = tile.of(self.labels).long()
        mean, deviation = torch.tensor(self._tones_by_region, device=index.device).T  # [R]
        return Tones(mean[index][None, None], deviation[index][None, None])

    @staticmethod
    def _variation(tile: Tile, image: Tensor, picture: Tensor) -> Tensor:
        """`losses.total_variation` of the whole picture: of pairs whose upper left pixel is in the core."""
        rows, columns = tile.core.within(tile.box)
        h, w = picture.shape[-2:]
        last = slice(rows.start, rows.stop + 1), slice(columns.start, columns.stop + 1)
        right = image[..., rows, last[1]].diff(dim=-1).abs().sum() / (h * (w - 1))
        lower = image[..., last[0], columns].diff(dim=-2).abs().sum() / ((h - 1) * w)
        return right + lower


class _Tiles:
    """What the network sees of a style, tile by tile, each time anew."""

    def __init__(self, objective: Objective, style: LabelledImage) -> None:
        self._objective, self._style = objective, style
        self._single: Features | None = None

    def __iter__(self) -> Iterator[Features]:
        style, objective = self._style, self._objective
        tiles = objective.tiles(style.image)
        for tile in tiles:
            if self._single is None:
                features = objective.see(tile, tile.of(style.image), style.labels, objective.statistic.layers)
                if len(tiles) == 1:
                    self._single = features
                yield features
            else:
                yield self._single


def _weighted(parts: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    return torch.stack([weights[name] * part for name, part in parts.items()]).sum()


def _sum(terms: Mapping[str, Tensor], weights: Weights) -> Tensor:
    return (
        weights.style * terms["style"]
        + weights.content * terms["content"]
        + weights.tones * terms["tones"]
        + weights.variation * terms["variation"]
    )


def _without_content(weights: Weights) -> Weights:
    return Weights(weights.style, 0.0, weights.tones, weights.variation, weights.style_layers, {})


def _tones_of(images: Sequence[Tensor]) -> Tones:
    """Of grey maps, each image counting as much as any other."""
    means = [float(image.mean()) for image in images]
    squares = [float(image.square().mean()) for image in images]
    mean, square = sum(means) / len(means), sum(squares) / len(squares)
    return Tones(mean, max(math.sqrt(max(square - mean**2, 0.0)), 0.02))
