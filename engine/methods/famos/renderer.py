"""FAMOS on paper: seamless repeats, pieces read from the full-size images, and frames in place of the content.

Painting as trained is famos.py's; how planes close and grow is torus.py's and enlarge.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.errors import BadSetting
from engine.fields.periodic import Closed, ClosedTemplates
from engine.fields.resample import enlarged, needed
from engine.images.sources import ContentField, coordinates
from engine.method import Layers
from engine.nn.mosaic import MosaicShape, Painting
from engine.options import How
from engine.templates.atlas import Atlas, Templates, View

_LEAST_SHARE = 1e-9
"""Of a template in the mixture: its logarithm has to be a number."""


@dataclass(frozen=True)
class Scene:
    """What the generator sees of a canvas, each for any box.

    Args:
        content: I_C, float [3, h, w], 0..1.
        coordinates: psi, [2, h, w].
        view: the templates; None in mode paint.
        period: in pixels, multiples of the grain; None never repeats.
    """

    content: Callable[[Box], Tensor]
    coordinates: Callable[[Box], Tensor]
    view: Callable[[Box], View] | None
    period: Size | None = None


class Painted(Protocol):
    """What the renderer asks of a trained FAMOS: its sources, and one forward pass over any scene."""

    @property
    def device(self) -> torch.device: ...

    @property
    def grain(self) -> int: ...

    @property
    def halo(self) -> Margin: ...

    @property
    def templates(self) -> Templates | None: ...

    @property
    def shape(self) -> MosaicShape: ...

    def frame(self, path: str, tones: str) -> Tensor: ...

    def originals(self, scale: float) -> Atlas: ...

    def scene(self, canvas: Size) -> Scene: ...

    def painting(self, box: Box, scene: Scene) -> tuple[Painting, Tensor]: ...

    def mixed(self, mixture: Tensor, view: View) -> tuple[Tensor, Tensor]: ...

    def layers_of(self, painting: Painting, content: Tensor) -> Layers: ...


class FamosPrinter:
    """A `method.Painter` that paints in other ways than as trained.

    Raises:
        BadSetting: the images would be too many pixels.
    """

    def __init__(self, method: Painted, how: How) -> None:
        self._method, self._how = method, how
        self._frame = method.frame(how.frame, how.tones) if how.frame else None
        self._templates = method.templates
        if how.originals and method.templates is not None:
            self._templates = method.templates.enlarged(method.originals(how.originals))
        self._closed: tuple[Size, ClosedTemplates] | None = None

    @property
    def device(self) -> torch.device:
        return self._method.device

    @property
    def grain(self) -> int:
        return self._method.grain

    @property
    def halo(self) -> Margin:
        """None where boxes of the large canvas are put together from a small one's, which has the halo."""
        return Margin(0, 0, 0, 0) if self._how.originals else self._method.halo

    def paint(self, box: Box, canvas: Size) -> Layers:
        if self._how.originals:
            return self._from_originals(box, canvas)
        scene = self._scene(canvas, self._method.scene(canvas).view)
        if self._how.repeat:
            scene = self._with_templates(scene, canvas)
        return self._method.layers_of(*self._method.painting(box, scene))

    # ------------------------------------------------------------ scenes

    def _scene(self, canvas: Size, view: Callable[[Box], View] | None) -> Scene:
        device, repeat = self._method.device, self._how.repeat
        content = self._method.scene(canvas).content
        if self._frame is not None:
            content = ContentField(self._frame, canvas, device).at
        if not repeat:
            return Scene(content, lambda box: coordinates(box, canvas, device), view)
        if canvas.height % self.grain or canvas.width % self.grain:
            raise BadSetting(
                f"A repeating picture has sides that are multiples of {self.grain} px, "
                f"and {canvas.width:,} x {canvas.height:,} px are not."
            )
        plane = Closed(lambda box: coordinates(box, canvas, device), canvas)
        return Scene(Closed(content, canvas).at, plane.at, view, canvas)

    def _with_templates(self, scene: Scene, canvas: Size) -> Scene:
        view = None if self._templates is None else self._closed_templates(canvas).view
        return Scene(scene.content, scene.coordinates, view, scene.period)

    def _closed_templates(self, canvas: Size) -> ClosedTemplates:
        assert self._templates is not None
        if self._closed is None or self._closed[0] != canvas:
            self._closed = canvas, ClosedTemplates(self._templates, canvas)
        return self._closed[1]

    # ------------------------------------------------------------ from the originals

    def _from_originals(self, box: Box, canvas: Size) -> Layers:
        """A, alpha and I_G painted at working scale and enlarged; I_M read at full scale."""
        method = self._method
        working = self._working(canvas)
        down, right = canvas.height / working.height, canvas.width / working.width
        view = None
        if method.templates is not None:
            view = ClosedTemplates(method.templates, working).view if self._how.repeat else method.templates.view_of
        scene = self._scene(working, view)
        at = needed(box, down, right)
        outer = at.align(method.grain).pad(method.halo)
        painting, whole = method.painting(outer, scene)
        rows, columns = at.within(outer if whole.shape[1] == outer.height else outer.less(method.halo))

        def grown(plane: Tensor) -> Tensor:
            """[1, C, h, w] to [1, C, box.height, box.width]."""
            return enlarged(plane[0, :, rows, columns], at, box, down, right)[None]

        painted, alpha = grown(painting.painted), grown(painting.alpha).clamp(0, 1)
        content = grown(whole[None])[0]
        if painting.mixture is None:
            return method.layers_of(Painting(painted, painted, painted, alpha, None), content)
        assert self._templates is not None
        full = self._closed_templates(canvas).view(box) if self._how.repeat else self._templates.view_of(box)
        # A softmax of enlarged logarithms: pieces keep crisp borders, and shares add up to 1.
        collage, weights = method.mixed(grown(painting.mixture.weights.clamp_min(_LEAST_SHARE).log()), full)
        if method.shape.mode == "copy":
            painted = result = collage
        else:
            result = alpha * painted + (1 - alpha) * collage
        mixture = painting.mixture._replace(weights=weights)
        return method.layers_of(Painting(result, collage, painted, alpha, mixture), content)

    def _working(self, canvas: Size) -> Size:
        """The canvas at the scale of the training."""
        step = self.grain if self._how.repeat else 1
        sides = (max(1, round(side / self._how.originals / step)) * step for side in (canvas.height, canvas.width))
        return Size(*sides)
