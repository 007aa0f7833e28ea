"""FAMOS painted otherwise than as trained: what the generator sees of a canvas, and what is composed of its decisions.

Painting a scene is painting.py's; repeats, frames and prints in general are adversarial_renderer.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.fields.detail import Detail, DetailedTemplates
from engine.fields.periodic import Closed, ClosedTemplates
from engine.images.sources import Source, coordinates
from engine.methods.adversarial_renderer import AdversarialRenderer, Printable
from engine.methods.directed import Fields
from engine.methods.famos.settings import FamosSettings
from engine.nn.mosaic import MosaicShape, Painting, blended
from engine.options import RenderMode
from engine.renderer import Layers
from engine.templates.atlas import Templates, View
from engine.templates.mixture import Mixture

_LEAST_SHARE = 1e-9
"""Of a template in the mixture: its logarithm has to be a number."""


@dataclass(frozen=True)
class Scene:
    """What the generator sees of a canvas, each for any box.

    Args:
        content: I_C, float [3, h, w], 0..1.
        coordinates: psi, [2, h, w].
        view: the templates; None in mode paint.
        fields: the artist's maps.
        period: in pixels, multiples of the alignment; None never repeats.
        canvas_size: where it is painted as trained, so that what is decided of it may be remembered.
    """

    content: Callable[[Box], Tensor]
    coordinates: Callable[[Box], Tensor]
    view: Callable[[Box], View] | None
    fields: Fields = field(default_factory=Fields)
    period: Size | None = None
    canvas_size: Size | None = None


class Painted(Printable, Protocol):
    """What the renderer asks of a trained FAMOS: its templates, and one forward pass over any scene."""

    @property
    def settings(self) -> FamosSettings: ...

    @property
    def templates(self) -> Templates | None: ...

    @property
    def shape(self) -> MosaicShape: ...

    def scene(self, canvas_size: Size, frame: Source | None = None) -> Scene: ...

    @property
    def is_directed(self) -> bool: ...

    @property
    def region_count(self) -> int: ...

    def bias(self, regions: Tensor | None) -> Tensor | None: ...

    def seen(self, box: Box) -> Box: ...

    def painting(self, box: Box, scene: Scene, keep_logits: bool = False) -> tuple[Painting, Callable[[], Tensor]]: ...

    def layers_of(self, painting: Painting, content: Callable[[], Tensor]) -> Layers: ...


class FamosRenderer(AdversarialRenderer[Painted, Scene]):
    """See `AdversarialRenderer`."""

    def __init__(self, method: Painted, render_mode: RenderMode) -> None:
        super().__init__(method, render_mode)
        self._smooth_paint = render_mode.smooth_paint
        self._pieces: tuple[Detail, DetailedTemplates] | None = None

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        return self.method.layers_of(*self.method.painting(box, self._scene_of(canvas_size)))

    def planes(self, box: Box, canvas_size: Size) -> Tensor:
        """log A, I_G, I_M, alpha, the content, and the regions; where there is a bias, log A without it,
        and not normalised. I_M is there where it is blended with I_G.
        """
        scene = self._scene_of(canvas_size)
        painting, content = self.method.painting(box, scene, keep_logits=self.method.is_directed)
        blends = [painting.collage[0]] if self._blends else []
        planes = [painting.painted[0], *blends, painting.alpha[0], content()]
        if painting.logits is not None:
            planes = [painting.logits[0], *planes]
        elif painting.mixture is not None:
            planes = [painting.mixture.weights[0].clamp_min(_LEAST_SHARE).log(), *planes]
        if self.method.region_count:
            assert scene.fields.regions is not None
            planes.append(scene.fields.regions(self.method.seen(box)))
        return torch.cat(planes)

    @property
    def channels(self) -> int:
        collage = 3 if self._blends else 0
        return 6 + collage + self.method.shape.masks + len(self.method.templates or ()) + self.method.region_count

    @property
    def _blends(self) -> bool:
        return self.method.shape.mode == "blend"

    def composed(self, planes: Tensor, box: Box, detail: Detail) -> Layers:
        masks = self.method.shape.masks
        sizes = [len(self.method.templates or ()), 3, 3 if self._blends else 0, masks, 3, self.method.region_count]
        logits, painted, coarse, alpha, content, regions = planes[None].split(sizes, 1)
        alpha = alpha.clamp(0, 1)
        if self.method.templates is None:
            return self.method.layers_of(Painting(painted, painted, painted, alpha, None), lambda: content[0])
        # A softmax of enlarged logarithms: pieces keep crisp borders, and shares add up to 1.
        bias = self.method.bias(regions[0] if len(regions[0]) else None)
        logits = logits.contiguous() if bias is None else logits + bias
        collage, weights = self._pieces_of(detail).mixed(logits, box)
        collage = collage * 2 - 1
        if self.method.shape.mode == "copy":
            painted = result = collage
        else:
            if not self._smooth_paint:
                # What the files add to the pieces lies in the paint as well, or it would be soft beside them.
                painted = (painted + (collage - coarse)).clamp(-1, 1)
            result = blended(self.method.shape.blend, painted, collage, alpha)
        nothing = weights.new_empty(0)
        mixture = Mixture(collage, nothing, nothing, nothing, weights)
        return self.method.layers_of(Painting(result, collage, painted, alpha, mixture), lambda: content[0])

    def _made(self, canvas_size: Size) -> Scene:
        plain = self.method.scene(canvas_size, self._frame)
        content = self._content(canvas_size, plain.content)
        if not self.repeats:
            return Scene(content, plain.coordinates, plain.view, plain.fields)
        known = Closed(lambda box: coordinates(box, canvas_size, self.device), canvas_size)
        places = known.at if self.method.settings.knows_places else plain.coordinates
        templates = self.method.templates
        view = None if templates is None else ClosedTemplates(templates, canvas_size).view
        fields = plain.fields.changed(lambda plane: Closed(plane, canvas_size).at)
        return Scene(content, places, view, fields, period=canvas_size)

    def _pieces_of(self, detail: Detail) -> DetailedTemplates:
        assert self.method.templates is not None
        if self._pieces is None or self._pieces[0] is not detail:
            # Beyond its edges as `Painted.scene` has them, or A would choose between pieces that do not lie there.
            self._pieces = detail, detail.of(self.method.templates, mirrored=self.method.canvas_size)
        return self._pieces[1]
