"""Masks: which region each pixel belongs to, found from the colours of mask images. Painting them is the window's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.box import Box, Size
from engine.tiling import tiled

MOST_REGIONS = 24
_SAME_COLOR = 72.0
"""Colours nearer than this (of 441 from black to white) are one region when the number is guessed."""
_LEAST_SHARE = 0.008
_DISTINCT = 24.0
"""Plain colours at least so far apart are all meant, however small their regions are."""
_NAMES = {
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
    "white": (255, 255, 255),
    "red": (220, 20, 20),
    "dark red": (120, 0, 0),
    "orange": (255, 140, 0),
    "brown": (120, 70, 20),
    "yellow": (250, 240, 20),
    "light green": (140, 230, 140),
    "green": (20, 180, 20),
    "dark green": (0, 90, 0),
    "olive": (128, 128, 0),
    "turquoise": (40, 210, 200),
    "light blue": (130, 190, 250),
    "blue": (20, 40, 220),
    "dark blue": (0, 0, 110),
    "purple": (128, 0, 150),
    "magenta": (240, 20, 220),
    "pink": (255, 160, 180),
}


@dataclass(frozen=True)
class Regions:
    """The regions that a style mask and a target mask share.

    Args:
        palette: uint8 [R, 3], their colours.
        style: uint8 [H, W], the region of each pixel of the style mask.
        target: uint8 [H, W], of the target mask, regions that the style lacks mapped to others.
        missing: (colour wanted, colour taken instead), of the regions of the target that the style mask lacks.
        crowded: whether the masks have more colours than could be regions.
    """

    palette: Tensor
    style: Tensor
    target: Tensor
    missing: tuple[tuple[int, int], ...]
    crowded: bool

    @property
    def count(self) -> int:
        return len(self.palette)

    def messages(self) -> list[str]:
        """What the artist should know about the masks."""
        told = []
        if self.crowded:
            told.append(
                f"The masks have very many colours, so their {self.count} most frequent ones were taken as regions. "
                "Save masks as PNG with plain colours, or set Regions to the number you want."
            )
        elif len(self.target.unique()) < 2 and not self.missing:
            told.append("The target mask has one colour only, so the whole picture is one region.")
        for wanted, taken in self.missing:
            ours, theirs = (describe(self.palette[index]) for index in (wanted, taken))
            told.append(
                f"The style mask has no {ours} region; it is painted like the {theirs} one, whose colour is nearest. "
                "Use one of the style mask's colours there to choose another."
            )
        return told


def shares(labels: Tensor, count: int) -> list[float]:
    """The share of the pixels that each region has."""
    return (torch.bincount(labels.flatten().long(), minlength=count) / labels.numel()).tolist()


def regions_of(style: Tensor, target: Tensor, count: int = 0) -> Regions:
    """Finds the regions of two mask images together.

    Args:
        style, target: uint8 [3, H, W]; sizes may differ.
        count: how many regions there are; 0 guesses.
    """
    one = target is style  # a map by itself, which is read anew at each stroke of a brush
    plain = None if count else _plain([style] if one else [style, target])
    palette, crowded = _palette([style, target], count) if plain is None else (plain, False)
    labels = [_nearest(mask, palette) if plain is None else _equal(mask, palette) for mask in (style, target)[one:]]
    labels = labels * (2 if one else 1)
    # A region that only the blended edges between two others fall into is not one.
    least = _LEAST_SHARE / 4 if plain is None else 0.0
    has = torch.tensor([[share > least for share in shares(x, len(palette))] for x in labels])  # [2, R]
    if not has[0].any():
        has[0] = True
    distances = (palette[:, None].float() - palette[None].float()).square().sum(2)  # [R, R]
    distances[:, ~has[0]] = torch.inf
    nearest = distances.argmin(1)  # of each region, the style's nearest: itself where the style has it
    missing = tuple(
        (index, int(nearest[index])) for index in range(len(palette)) if has[1, index] and not has[0, index]
    )
    style_labels, target_labels = (nearest[x.long()].to(torch.uint8) for x in labels)
    return Regions(palette, style_labels, target_labels, missing, crowded)


def fitted(labels: Tensor, size: Size) -> Tensor:
    """uint8 [H, W] labels that cover another size, centred, their proportions kept."""
    return labels_at(labels, size.box, size)


def labels_at(labels: Tensor, box: Box, canvas_size: Size) -> Tensor:
    """uint8 [h, w], a box of labels that cover a canvas and are mirrored beyond it; always the nearest one."""
    height, width = labels.shape
    step = min(height / canvas_size.height, width / canvas_size.width)

    def index(start: int, count: int, extent: int, length: int) -> Tensor:
        place = torch.arange(start, start + count, dtype=torch.float64) + 0.5
        return tiled((place * step + (length - extent * step) / 2).floor().long(), length, "mirror")

    rows = index(box.top, box.height, canvas_size.height, height)
    return labels[rows[:, None], index(box.left, box.width, canvas_size.width, width)]


def describe(color: Tensor) -> str:
    """A colour in words and as #rrggbb."""
    red, green, blue = color.tolist()
    name = min(_NAMES, key=lambda key: sum((a - b) ** 2 for a, b in zip(_NAMES[key], (red, green, blue), strict=True)))
    return f"{name} (#{red:02x}{green:02x}{blue:02x})"


def color_of(name: str) -> tuple[int, int, int] | None:
    """The colour that `describe` calls so."""
    return _NAMES.get(name)


def _nearest(mask: Tensor, palette: Tensor) -> Tensor:
    """uint8 [H, W], the nearest colour of the palette at each pixel, in strips of rows."""
    colors = palette.float()
    lines = []
    for strip in mask.split(256, 1):
        pixels = strip.flatten(1).T.float()  # [P, 3]
        nearest = torch.cdist(pixels, colors, compute_mode="donot_use_mm_for_euclid_dist").argmin(1)
        lines.append(nearest.to(torch.uint8).view(strip.shape[1:]))
    return torch.cat(lines)


def _equal(mask: Tensor, palette: Tensor) -> Tensor:
    """uint8 [H, W], the colour of the palette at each pixel, where there is no other."""
    labels = torch.zeros(mask.shape[1:], dtype=torch.uint8)
    for index, (red, green, blue) in enumerate(palette.tolist()):
        labels[(mask[0] == red) & (mask[1] == green) & (mask[2] == blue)] = index
    return labels


def _plain(masks: list[Tensor]) -> Tensor | None:
    """uint8 [R, 3], the colours of masks that have few, all clearly different; None where regions must be guessed."""
    packed = [mask[0].int() << 16 | mask[1].int() << 8 | mask[2].int() for mask in masks]
    found: dict[int, int] = {}
    for values in packed:
        left = values.flatten()
        known = left[:: max(1, len(left) // 4096)].unique().tolist()
        while known:  # colour by colour, which is much faster than to sort all pixels
            if len(known) > MOST_REGIONS:  # most photographs end here
                return None
            for key in known:
                there = left == key
                found[key] = found.get(key, 0) + int(there.sum())
                left = left[~there]
            if len(found) > MOST_REGIONS:
                return None
            known = left[:1].tolist()
    # by their shares, and where these are alike by the colours themselves
    keys = torch.tensor(sorted(found, key=lambda key: (-found[key], key)))
    colors = torch.stack([keys >> 16, keys >> 8 & 255, keys & 255], 1)  # [R, 3]
    if len(colors) > 1 and float(torch.pdist(colors.float()).min()) < _DISTINCT:
        return None
    return colors.to(torch.uint8)


def _palette(masks: list[Tensor], count: int) -> tuple[Tensor, bool]:
    """uint8 [R, 3] by k-means on the colours of all masks, and whether there were too many to guess."""
    colors, weights = _frequent(masks)
    centres, crowded = _begin(colors, weights, count)
    for _ in range(20):
        nearest = np.square(colors[:, None] - centres[None]).sum(2).argmin(1)
        moved = centres.copy()
        for index in range(len(centres)):
            inside = nearest == index
            if inside.any():
                moved[index] = np.average(colors[inside], axis=0, weights=weights[inside])
        if np.allclose(moved, centres, atol=0.1):
            break
        centres = moved
    # Plain colours stay what they are: the most frequent colour of each region, not the mean with its blended edges.
    nearest = np.square(colors[:, None] - centres[None]).sum(2).argmin(1)
    plain = [colors[nearest == i][weights[nearest == i].argmax()] for i in range(len(centres)) if (nearest == i).any()]
    return torch.from_numpy(np.round(np.stack(plain)).astype(np.uint8)), crowded


def _frequent(masks: list[Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Colours that occur, as means of cells of 16 levels a channel [K, 3], and their shares [K]; masks weigh alike."""
    sums: dict[int, np.ndarray] = {}
    for mask in masks:
        pixels = mask.flatten(1).T.numpy().astype(np.int64)  # [P, 3]
        cell = (pixels >> 4) @ np.array([256, 16, 1])
        keys, inverse = np.unique(cell, return_inverse=True)
        weights = np.bincount(inverse) / len(pixels)
        means = np.stack([np.bincount(inverse, weights=pixels[:, c]) / len(pixels) for c in range(3)], 1)
        for key, weight, mean in zip(keys.tolist(), weights, means, strict=True):
            sums[key] = sums.get(key, np.zeros(4)) + np.array([weight, *mean]) / len(masks)
    table = np.stack([sums[key] for key in sorted(sums)])
    return table[:, 1:] / table[:, :1], table[:, 0]


def _begin(colors: np.ndarray, weights: np.ndarray, count: int) -> tuple[np.ndarray, bool]:
    """First centres: by turns the colour with most pixels around it that is not near one chosen already."""
    pairs = torch.cdist(torch.from_numpy(colors).float(), torch.from_numpy(colors).float())  # [K, K]
    around = ((pairs < _SAME_COLOR / 3).float() @ torch.from_numpy(weights).float()).numpy()  # [K]
    left = around.copy()
    centres: list[np.ndarray] = []
    wanted = count or MOST_REGIONS
    radius = _SAME_COLOR
    while len(centres) < wanted:
        best = int(left.argmax())
        if left[best] <= 0 or (not count and left[best] < _LEAST_SHARE and centres):
            if not count or radius < 4 or len(centres) >= len(colors):
                break
            # Fewer clear colours than asked for: look closer around those that are there.
            radius /= 2
            left = around.copy()
            for centre in centres:
                left[np.square(colors - centre).sum(1) < radius**2] = 0
            continue
        centres.append(colors[best])
        left[np.square(colors - colors[best]).sum(1) < radius**2] = 0
    return np.stack(centres), not count and float(weights[left > 0].sum()) > 0.05


def one_hot(labels: Tensor, regions: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Labels [H, W] of 0..R-1 as one plane for each region: [R, H, W], 1 inside it and 0 elsewhere."""
    return (labels[None] == torch.arange(regions, device=labels.device)[:, None, None]).to(dtype)
