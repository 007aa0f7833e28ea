"""MAGIC painted otherwise than as trained: what it sees of a canvas, and what is composed of its decisions.

Painting a scene is painting.py's; repeats, frames and prints in general are adversarial_renderer.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from engine.box import Box, Size
from engine.device import uploaded
from engine.errors import BadSettingError
from engine.fields.detail import Detail, DetailedTemplates
from engine.fields.periodic import Closed, ClosedSets, ClosedTemplates
from engine.images.sources import Source
from engine.methods.adversarial_renderer import AdversarialRenderer, Printable
from engine.methods.composed import Composed
from engine.methods.directed import Fields
from engine.methods.magic.settings import MagicSettings
from engine.nn.collage import Choice, together
from engine.options import RenderMode
from engine.planes import largest
from engine.renderer import Layers
from engine.templates.atlas import Templates
from engine.templates.palette import palette
from engine.templates.sets import SetDraw, Sets


@dataclass(frozen=True)
class Scene:
    """What the generator sees of a canvas.

    Args:
        content: I_C of any box, float [3, h, w], 0..1; None unguided.
        sets: a set of a whole canvas, looked at from a box.
        fields: the artist's maps.
        reduction: how many times smaller than in training all of it is.
        remembered: it is the method's own, as trained, so that what is decided of it may be remembered.
        counted: its pieces are those of the picture, which lists tell of.
        endless: there is something beyond the canvas; else its edges are as those of a patch in training.
    """

    canvas_size: Size
    content: Callable[[Box], Tensor] | None
    sets: Callable[[Templates, Box], Sets]
    fields: Fields = field(default_factory=Fields)
    reduction: int = 1
    remembered: bool = False
    counted: bool = True
    endless: bool = False

    def seen(self, box: Box, alignment_px: int) -> Box:
        """The part of an aligned box that the networks look at; all of it where it does not meet the canvas."""
        inside = box if self.endless else box.clip(self.canvas_size.box.align(alignment_px))
        return inside if inside.area else box


class Painting(NamedTuple):
    """A box of a canvas, as much of the one that was asked for as was seen.

    result, collage: I and I_M, [1, 3, h, w] in -1..1. mixture: A of all sets together, each by its share, [1, K, h, w].
    content: [3, h, w] in -1..1. choices: what was decided of each set, and its share of the picture. regions: their
    shares, [R, h, w], where a map says what may lie where.
    """

    result: Tensor
    collage: Tensor
    mixture: Tensor
    content: Tensor
    choices: list[tuple[Choice, float]]
    box: Box
    regions: Tensor | None = None

    @property
    def first_count(self) -> int:
        """K of the first set, whose elements are the pieces that are told."""
        return self.choices[0][0].sets.count if self.choices else self.mixture.shape[1]

    def over(self, planes: Tensor, box: Box) -> Tensor:
        """Planes [C, h, w] of this painting as those of `box`; beyond what was seen, the edge goes on."""
        left, top = self.box.left - box.left, self.box.top - box.top
        beyond = (left, box.right - self.box.right, top, box.bottom - self.box.bottom)
        return functional.pad(planes[None], beyond, mode="replicate")[0] if any(beyond) else planes


def layers_of(painting: Painting, repaint_reach: float, box: Box) -> Layers:
    """What is shown of a painting in the box that was asked for.

    Args:
        repaint_reach: how far the second U-Net may change a value of -1..1.
    """

    def shown(image: Tensor) -> Tensor:
        return painting.over((image * 0.5 + 0.5).clamp(0, 1), box)

    def sets() -> Tensor:
        colors = uploaded(palette(painting.mixture.shape[1]), painting.mixture.device)  # [K, 3]
        return painting.over(torch.einsum("khw,kc->chw", painting.mixture[0], colors).clamp(0, 1), box)

    def mask() -> Tensor:
        change = (painting.result - painting.collage)[0].abs().mean(0) / max(repaint_reach, 1e-6)
        return painting.over(change.clamp(0, 1).expand(3, -1, -1), box)

    return Layers(
        {
            "result": lambda: shown(painting.result[0]),
            "collage": lambda: shown(painting.collage[0]),
            "sets": sets,
            "mask": mask,
            "content": lambda: shown(painting.content),
        },
        pieces=lambda: painting.over(_largest(painting), box),
    )


def _largest(painting: Painting) -> Tensor:
    """Which piece has most of each place, float32 [1, h, w]; -1 where it is one of the other set."""
    index = largest(painting.mixture[0])[None]  # [1, h, w]
    return torch.where(index < painting.first_count, index, -1).float()


class Painted(Printable, Protocol):
    """What the renderer asks of a trained MAGIC: its sets, and one forward pass over any scene."""

    settings: MagicSettings
    draw: SetDraw

    @property
    def repaint_reach(self) -> float: ...

    @property
    def shown_size(self) -> int: ...

    @property
    def shown_sets(self) -> list[tuple[int, float]]: ...

    def scene(self, canvas_size: Size, frame: Source | None = None) -> Scene: ...

    @property
    def region_count(self) -> int: ...

    def painting(self, box: Box, scene: Scene) -> Painting: ...

    def composed(self, seed: int) -> Composed: ...

    def placed_logarithms(self, logits: Tensor, regions: Tensor | None, seed: int) -> Tensor: ...


class MagicRenderer(AdversarialRenderer[Painted, Scene]):
    """See `AdversarialRenderer`.

    Raises:
        BadSettingError: a repeat is asked for, and pieces are turned as a whole, so that they can not close.
    """

    def __init__(self, method: Painted, render_mode: RenderMode) -> None:
        super().__init__(method, render_mode)
        if self.repeats and method.settings.warp == "affine":
            raise BadSettingError(
                "Pieces that are turned and scaled do not meet at the edges, so this collage can not repeat. "
                "Leave the repeat out, or train with Bend the pieces at No or Flow."
            )
        self._detail: Detail | None = None
        self._pieces: dict[int, DetailedTemplates] = {}

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        painting = self.method.painting(box, self._scene_of(canvas_size))
        return layers_of(painting, self.method.repaint_reach, box)

    def planes(self, box: Box, canvas_size: Size) -> Tensor:
        """What is decided in a box, [C, h, w]: all that a larger picture needs to be composed without the networks.

        For each set log A, not normalised, and how elements bend; what the second U-Net adds; content; regions.
        """
        painting = self.method.painting(box, self._scene_of(canvas_size))
        planes = []
        for choice, _ in painting.choices:
            planes.append(choice.logits[0].float() / self.method.settings.temperature)
            if choice.displacement is not None:
                planes.append(choice.displacement[0].flatten(0, 1))
        planes = [*planes, (painting.result - painting.collage)[0], painting.content]
        if painting.regions is not None:
            planes.append(painting.regions)
        return painting.over(torch.cat(planes), box)

    @property
    def channels(self) -> int:
        return len(self.method.shown_sets) * sum(self._of_a_set) + 6 + self.method.region_count

    @property
    def _of_a_set(self) -> tuple[int, int]:
        """Planes of A, and of the displacement."""
        count = self.method.shown_size
        return count, 0 if self.method.settings.warp == "none" else 2 * count

    def composed(self, planes: Tensor, box: Box, detail: Detail) -> Layers:
        if self._detail is not detail:
            self._detail, self._pieces = detail, {}
        sizes = [*(sum(self._of_a_set) for _ in self.method.shown_sets), 3, 3, self.method.region_count]
        *sets, added, content, regions = planes.split(sizes)
        collages, mixtures = [], []
        for (seed, _), decided in zip(self.method.shown_sets, sets, strict=True):
            logits, displacement = decided[None].split(self._of_a_set, 1)
            pieces = self._pieces_of(seed, detail)
            logits = self.method.placed_logarithms(logits, regions if len(regions) else None, seed)
            if displacement.shape[1]:
                weights = logits.softmax(1)
                collage = pieces.warped(weights, displacement.unflatten(1, (-1, 2)), box)
            else:
                collage, weights = pieces.mixed(logits, box)
            collages.append(collage)
            mixtures.append(weights)
        shares = [share for _, share in self.method.shown_sets]
        collage, mixture = together(collages, mixtures, shares, self.method.settings.between_by == "pieces")
        collage = collage * 2 - 1
        painting = Painting(collage + added, collage, mixture, content, [], box)
        return layers_of(painting, self.method.repaint_reach, box)

    def _made(self, canvas_size: Size) -> Scene:
        plain = self.method.scene(canvas_size, self._frame)
        content = None if plain.content is None else self._content(canvas_size, plain.content)
        if not self.repeats:
            return replace(plain, content=content, remembered=False)
        closed: dict[bytes, ClosedTemplates] = {}

        def sets(templates: Templates, box: Box) -> Sets:
            key = templates.offset.cpu().numpy().tobytes()
            if key not in closed:
                closed[key] = ClosedTemplates(templates, canvas_size)
            return ClosedSets.of(closed[key], box)

        fields = plain.fields.changed(lambda plane: Closed(plane, canvas_size).at)
        return Scene(canvas_size, content, sets, fields, endless=True)

    def _pieces_of(self, seed: int, detail: Detail) -> DetailedTemplates:
        if seed not in self._pieces:
            self._pieces[seed] = detail.of(self.method.composed(seed).templates)
        return self._pieces[seed]
