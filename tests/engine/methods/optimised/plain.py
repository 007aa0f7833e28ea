"""The losses of neural style and doodles as their papers have them: in float64, in one piece, written down plainly."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.methods.optimised.base import PixelMethod
from engine.methods.optimised.neural_style import NeuralStyle
from engine.style.objective import LabelledImage, Objective
from engine.style.vgg import Vgg19

CONVOLUTIONS = [f"conv{block}_{n}" for block, depth in enumerate((2, 2, 4, 4, 4), 1) for n in range(1, depth + 1)]
CLASSIC = ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"]
CHAIN = list(pairwise(CONVOLUTIONS))
TO_CONTENT = [(a, "conv4_2") if CONVOLUTIONS.index(a) <= 9 else ("conv4_2", a) for a in CONVOLUTIONS]
# The paper's table 2: content layers, pairs of style layers, weights, shift, blurred, adjacent.
COLUMNS: dict[str, tuple[list[str], list[tuple[str, str]], str, float, bool, bool]] = {
    "Classic": (["conv4_2"], [(a, a) for a in CLASSIC], "uniform", 0, False, False),
    "Classic Shifted": (["conv4_2"], [(a, a) for a in CLASSIC], "uniform", -1, False, False),
    "Classic Dense": (CONVOLUTIONS, [(a, a) for a in CONVOLUTIONS], "geometric", -1, False, False),
    "All-To-Content": (CONVOLUTIONS, TO_CONTENT, "geometric", -1, False, False),
    "Chain": (CONVOLUTIONS, CHAIN, "geometric", -1, False, False),
    "Chain Uniform": (CONVOLUTIONS, CHAIN, "uniform", -1, False, False),
    "Chain Unshifted": (CONVOLUTIONS, CHAIN, "geometric", 0, False, False),
    "Chain Blurred": (CONVOLUTIONS, CHAIN, "geometric", -1, True, False),
    "Chain Extended": (CONVOLUTIONS, CHAIN, "geometric", -1, False, True),
}


def in_double(method: PixelMethod, **changes: Any) -> Objective:
    """The method's loss at its present size, in float64."""
    method.network.double()
    method.network._gains = {layer: gain.double() for layer, gain in method.network._gains.items()}
    present = method._objective
    styles = [LabelledImage(style.image.double(), style.labels, style.weight) for style in present.styles]
    content = None if present.content is None else present.content.double()
    blur_px, tile_px = changes.get("blur_px", present.blur_px), changes.get("tile_px", present.tile_px)
    kept = present.kept_shares
    return Objective(
        method.network, method.statistic, styles, present.labels, present.regions, content, blur_px, tile_px, kept
    )


def somewhere(method: PixelMethod, seed: int = 0) -> Tensor:
    """A random picture of the method's present size, float64."""
    random = torch.Generator().manual_seed(seed)
    return torch.rand(method.picture.shape, generator=random, dtype=torch.float64)


def plain_vgg(network: Vgg19, image: Tensor) -> dict[str, Tensor]:
    mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64)[:, None, None]
    x = (image - mean) / torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64)[:, None, None]
    places = [int(name.split(".")[1]) for name in network.state_dict() if name.endswith("weight")]
    found = {}
    for layer, place in zip(CONVOLUTIONS, places, strict=True):
        if layer in CLASSIC[1:]:
            x = functional.avg_pool2d(x, 2)
        weight, bias = (network.state_dict()[f"features.{place}.{part}"].double() for part in ("weight", "bias"))
        x = functional.relu(functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), weight, bias))
        found[layer] = x
    return found


def plain_gram(features: dict[str, Tensor], pair: tuple[str, str], shift: float, blurs: int, adjacent: bool) -> Tensor:
    fine, coarse = features[pair[0]], features[pair[1]]
    times = fine.shape[2] // coarse.shape[2]
    coarse = functional.interpolate(coarse, scale_factor=times, mode="nearest")
    fine = fine[..., : coarse.shape[2], : coarse.shape[3]]
    for _ in range(blurs):
        coarse = functional.avg_pool2d(functional.pad(coarse, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    matrices = []
    for dy in (-1, 0, 1) if adjacent else (0,):
        for dx in (-1, 0, 1) if adjacent else (0,):
            moved = torch.zeros_like(coarse)
            h, w = coarse.shape[2:]
            moved[..., max(0, -dy) : h - max(0, dy), max(0, -dx) : w - max(0, dx)] = coarse[
                ..., max(0, dy) : h + min(0, dy), max(0, dx) : w + min(0, dx)
            ]
            a, b = (fine + shift)[0].flatten(1), (moved + shift)[0].flatten(1)
            matrices.append(torch.einsum("cp,dp->cd", a, b) / a.shape[1])
    return torch.stack(matrices)


def normalised(network: Vgg19, images: list[Tensor]) -> Callable[[Tensor], dict[str, Tensor]]:
    """Each filter divided by its mean activation over the images."""
    means = {layer: torch.zeros(1) for layer in CONVOLUTIONS}
    for image in images:
        for layer, x in plain_vgg(network, image).items():
            means[layer] = means[layer] + x.mean((2, 3), keepdim=True) / len(images)
    return lambda image: {layer: x / _where(means[layer]) for layer, x in plain_vgg(network, image).items()}


def _where(mean: Tensor) -> Tensor:
    return torch.where(mean > 1e-6, mean, torch.ones_like(mean))


def weights_of(kind: str, count: int, deeper: bool) -> list[float]:
    raw = [1.0] * count if kind == "uniform" else [2.0 ** (d if deeper else count - d) for d in range(1, count + 1)]
    return [value / sum(raw) for value in raw]


def plain_losses(name: str, method: NeuralStyle, image: Tensor) -> tuple[Tensor, Tensor]:
    """Style and content loss, as the paper has them; Gram matrices divided by pixels, squares averaged."""
    content_layers, pairs, kind, shift, blurred, adjacent = COLUMNS[name]
    network, objective = method.network, method._objective
    assert isinstance(network, Vgg19)
    assert objective.content is not None
    sources = [style.image.double() for style in objective.styles]
    wide = [method._styles[i].pixels[None].double() / 255 for i in range(2)]
    assert method._content is not None
    see = normalised(network, [*wide, method._content.pixels[None].double() / 255])
    ours, theirs, wanted = see(image), [see(source) for source in sources], see(objective.content.double())
    style = image.new_zeros(())
    shares = [s.weight / sum(x.weight for x in objective.styles) for s in objective.styles]
    for pair, weight in zip(pairs, weights_of(kind, len(pairs), deeper=False), strict=True):
        blurs = abs(CONVOLUTIONS.index(pair[0]) - CONVOLUTIONS.index(pair[1])) if blurred else 0
        target = sum(
            share * plain_gram(x, pair, shift, blurs, adjacent) for share, x in zip(shares, theirs, strict=True)
        )
        style = style + weight * (plain_gram(ours, pair, shift, blurs, adjacent) - target).square().sum() / (
            target[0].numel() * len(target)  # type: ignore[index, arg-type]
        )
    content = image.new_zeros(())
    for layer, weight in zip(content_layers, weights_of(kind, len(content_layers), deeper=True), strict=True):
        content = content + weight * (ours[layer] - wanted[layer]).square().mean()
    return style, content


def plain_sliced(
    values: np.ndarray, style: np.ndarray, bins: int, extent: tuple[float, float] | None = None
) -> np.ndarray:
    """Where each of the values [P] belongs among the style's [Q], with a histogram that is linear inside its bins."""
    low, high = extent or (style.min(), style.max())
    low, high = low - (high - low), high + (high - low)
    edges = np.linspace(low, high, bins + 1)
    counts = np.histogram(values.clip(low, high), edges)[0]
    ours = np.concatenate([[0], counts.cumsum()]) / counts.sum()
    theirs = np.concatenate([[0], np.histogram(style, edges)[0].cumsum()]) / len(style)
    index = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    inside = np.clip((values - edges[index]) / (edges[1] - edges[0]), 0, 1)
    wanted = np.empty_like(values)
    for p, i in enumerate(index):
        share = ours[i], ours[i + 1]
        # The last place with at most the lower share below it, and the first with at least the upper one.
        lower = _quantile(edges, theirs, share[0], "right")
        upper = _quantile(edges, theirs, share[1], "left")
        wanted[p] = lower + (upper - lower) * inside[p]
    return wanted


def _quantile(edges: np.ndarray, cumulative: np.ndarray, share: float, side: Any) -> float:
    upper = int(np.clip(np.searchsorted(cumulative, share, side=side), 1, len(edges) - 1))
    before, after = cumulative[upper - 1], cumulative[upper]
    part = np.clip((share - before) / max(after - before, 1e-12), 0, 1)
    return edges[upper - 1] + part * (edges[upper] - edges[upper - 1])
