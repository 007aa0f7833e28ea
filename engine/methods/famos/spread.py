"""Templates spread over images by what regions need: in each, tones near those that the content has there.

Of many drawn by chance those are taken, one after another, that bring the tones that may lie at each place nearest to
the content's (a greedy choice of facilities; Nemhauser, Wolsey and Fisher 1978). Without regions they lie as drawn.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.images.maps import RegionMap
from engine.images.sources import ContentField, Source
from engine.methods.adversarial import atlas_of
from engine.templates.atlas import Templates

_CELLS = 2_500
"""Places of the canvas whose tones are compared, about."""
_CANDIDATES = 5
"""Templates that are drawn for each one that is taken."""
_FARTHEST = 1.0
"""Squared distance of tones where nothing may lie."""
_LEAST_OPACITY = 0.5


def spread(
    styles: list[Source], content: Source, regions: RegionMap, canvas_size: Size, drawn: Templates, count: int
) -> Templates:
    """`count` of the drawn templates, or all of them where there are no more.

    Args:
        styles: in the order of the atlas.
        content: the target, its tones matched.
        drawn: to choose from.
    """
    side = max(8, math.ceil(math.sqrt(canvas_size.area / _CELLS)))
    small = Size(max(1, canvas_size.height // side), max(1, canvas_size.width // side))
    errors = _errors(styles, content, regions, small, drawn, side)
    weights = _cell_weights(regions, small)
    appeal = torch.tensor([max(style.image.weight, 1e-3) for style in styles])[drawn.image.cpu()].sqrt()
    chosen, nearest = list[int](), torch.full_like(errors[0], _FARTHEST)
    free = torch.ones(len(drawn), dtype=torch.bool)
    for _ in range(min(count, len(drawn))):
        gains = ((nearest - errors).clamp_min(0) * weights).sum(1) * appeal
        best = int(gains.masked_fill(~free, -1).argmax())
        chosen.append(best)
        free[best] = False
        nearest = torch.minimum(nearest, errors[best])
    return taken(drawn, sorted(chosen))


def completed(present: Templates, groups: Tensor, drawn: Templates) -> tuple[Templates, bool]:
    """The same templates, but that each group of images has one, where there is room; and whether all have.

    Args:
        groups: bool [G, S].
        drawn: others, one of which takes the place of one that can be done without.
    """
    image, offset, flip = (part.clone() for part in (present.image, present.offset, present.flip))
    groups, whole = groups.to(image.device), True
    for group in groups:
        if bool(group[image].any()):
            continue
        held = groups[:, image]
        spare = ~(held & (held.sum(1, keepdim=True) == 1)).any(0)  # not the last of any group
        other = group[drawn.image].nonzero().flatten()
        if not bool(spare.any()) or not len(other):
            whole = False
            continue
        counts = torch.bincount(image, minlength=groups.shape[1])[image] * spare
        place = int(counts.argmax())
        image[place], offset[place], flip[place] = (part[other[0]] for part in (drawn.image, drawn.offset, drawn.flip))
    return Templates(present.atlas, image, offset, flip, present.edge), whole


def taken(drawn: Templates, indices: list[int]) -> Templates:
    """Some of the templates."""
    at = torch.tensor(indices, device=drawn.image.device)
    return Templates(drawn.atlas, drawn.image[at], drawn.offset[at], drawn.flip[at], drawn.edge)


def candidates(count: int) -> int:
    """How many are drawn, for `count` to be taken of them."""
    return count * _CANDIDATES


def _errors(
    styles: list[Source], content: Source, regions: RegionMap, small: Size, drawn: Templates, side: int
) -> Tensor:
    """Squared distance of grey values at each cell, float32 [M, cells]; where a template may not lie, the farthest."""
    device = torch.device("cpu")
    atlas = atlas_of([style.smaller(side) for style in styles], device)
    on_cpu = drawn.enlarged(atlas)
    on_cpu = Templates(atlas, on_cpu.image.cpu(), on_cpu.offset.cpu(), on_cpu.flip.cpu(), on_cpu.edge)
    wanted = ContentField(content.pixels, small, device).at(small.box).mean(0).flatten()  # [cells]
    view = on_cpu.view_of(Box(0, 0, small.height, small.width))
    tones = torch.cat([view.crops(index, index + 1)[0].mean(1).flatten(1) for index in range(len(drawn))])
    place = regions.field(small, device).at(small.box).argmax(0).flatten()  # [cells]
    may = regions.allowed[place][:, drawn.image.cpu()].T  # [M, cells]
    if atlas.has_cut_outs:
        opacity = atlas.opacity(view.begins, view.columns)[0].flatten(1)
        may = may & (opacity > _LEAST_OPACITY)
    return torch.where(may, (tones - wanted).square(), _FARTHEST)


def _cell_weights(regions: RegionMap, small: Size) -> Tensor:
    """How much each cell counts: a region as the root of its area, so that small ones are not left to chance."""
    place = regions.field(small, torch.device("cpu")).at(small.box).argmax(0).flatten()
    counts = torch.bincount(place, minlength=regions.count).clamp_min(1).float()
    return (1 / counts.sqrt())[place]
