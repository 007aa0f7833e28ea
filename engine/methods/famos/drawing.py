"""Which templates FAMOS has: as chance draws them, spread over the regions of a map, or others where wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.box import Size
from engine.images.sources import Source
from engine.job import Job
from engine.methods.directed import Directions
from engine.methods.famos.settings import FamosSettings
from engine.methods.famos.spread import candidates, completed, spread
from engine.templates.atlas import Atlas, Templates


@dataclass(frozen=True)
class Drawing:
    """Draws templates of some styles for one content and canvas."""

    settings: FamosSettings
    atlas: Atlas
    styles: list[Source]
    contents: Sequence[Source]
    canvas_size: Size
    seed: int

    def drawn(self, random: torch.Generator, job: Job, directions: Directions) -> Templates:
        """The templates as chance has them; others each time that they are drawn again."""
        s, weights, again = self.settings, [style.image.weight for style in self.styles], job.pieces.draw
        templates = Templates.drawn(self.atlas, s.templates, weights, s.tiling, random)
        if not again and directions.groups is None:
            return templates
        random = torch.Generator().manual_seed((self.seed * 0x9E3779B1 + again * 0x85EBCA77) % 2**63)
        if directions.pieces is None or directions.groups is None:
            return Templates.drawn(self.atlas, s.templates, weights, s.tiling, random)
        weights = directions.pieces.weights(weights)
        drawn = Templates.drawn(self.atlas, candidates(s.templates), weights, s.tiling, random)
        chosen = spread(self.styles, self.contents[0], directions.pieces, self.canvas_size, drawn, s.templates)
        return completed(chosen, directions.groups, drawn)[0]

    def drawn_anew(self, job: Job, directions: Directions) -> Templates:
        """The templates that a beginning with this job would draw."""
        return self.drawn(torch.Generator().manual_seed(self.seed), job, directions)

    def completed(self, directions: Directions, present: Templates) -> Templates:
        """The present ones, some exchanged where a region would be without any."""
        if directions.groups is None or bool(directions.groups.to(present.image.device)[:, present.image].any(1).all()):
            return present
        random = torch.Generator().manual_seed(self.seed)
        assert directions.pieces is not None
        weights = directions.pieces.weights([style.image.weight for style in self.styles])
        drawn = Templates.drawn(self.atlas, candidates(len(present)), weights, present.edge, random)
        return completed(present, directions.groups, drawn)[0]


def said_of_groups(directions: Directions, templates: int) -> list[str]:
    """What there is to say where a map has more groups of images than there are templates."""
    if directions.groups is None or len(directions.groups) <= templates:
        return []
    return [
        f"The map has {len(directions.groups)} groups of images, more than there are templates; what has none shows "
        "all. Raise Templates."
    ]
