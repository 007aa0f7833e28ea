"""FAMOS on paper: seamless repeats, pieces read from the full-size images, and frames in place of the content.

Painting as trained is method.py's; how planes close and grow is fields/periodic.py's and fields/resample.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.errors import BadSettingError
from engine.fields.periodic import Closed, ClosedTemplates
from engine.fields.resample import enlarged, needed
from engine.images.sources import ContentField, coordinates
from engine.method import Layers
from engine.nn.mosaic import MosaicShape, Painting
from engine.options import RenderMode
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
        period: in pixels, multiples of the alignment; None never repeats.
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
    def alignment_px(self) -> int: ...

    @property
    def halo(self) -> Margin: ...

    @property
    def templates(self) -> Templates | None: ...

    @property
    def shape(self) -> MosaicShape: ...

    def frame(self, path: str, tones: str) -> Tensor: ...

    def originals(self, scale: float) -> Atlas: ...

    def scene(self, canvas_size: Size) -> Scene: ...

    def painting(self, box: Box, scene: Scene) -> tuple[Painting, Tensor]: ...

    def mixed(self, mixture: Tensor, view: View) -> tuple[Tensor, Tensor]: ...

    def layers_of(self, painting: Painting, content: Tensor) -> Layers: ...


class FamosRenderer:
    """A `method.Renderer` that paints in other ways than as trained.

    Raises:
        BadSettingError: the images would be too many pixels.
    """

    def __init__(self, method: Painted, render_mode: RenderMode) -> None:
        self._method, self._render_mode = method, render_mode
        frame = method.frame(render_mode.frame, render_mode.tones) if render_mode.frame else None
        self._frame = None if frame is None else frame.to(method.device)  # once, not for every tile
        self._templates = method.templates
        if render_mode.originals and method.templates is not None:
            self._templates = method.templates.enlarged(method.originals(render_mode.originals))
        self._closed: tuple[Size, ClosedTemplates] | None = None

    @property
    def device(self) -> torch.device:
        return self._method.device

    @property
    def alignment_px(self) -> int:
        return self._method.alignment_px

    @property
    def halo(self) -> Margin:
        """None where boxes of the large canvas are put together from a small one's, which has the halo."""
        return Margin(0, 0, 0, 0) if self._render_mode.originals else self._method.halo

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        if self._render_mode.originals:
            return self._from_originals(box, canvas_size)
        scene = self._scene(canvas_size, self._method.scene(canvas_size).view)
        if self._render_mode.repeat:
            scene = self._with_templates(scene, canvas_size)
        return self._method.layers_of(*self._method.painting(box, scene))

    # ------------------------------------------------------------ scenes

    def _scene(self, canvas_size: Size, view: Callable[[Box], View] | None) -> Scene:
        device, repeat = self._method.device, self._render_mode.repeat
        content = self._method.scene(canvas_size).content
        if self._frame is not None:
            content = ContentField(self._frame, canvas_size, device).at
        if not repeat:
            return Scene(content, lambda box: coordinates(box, canvas_size, device), view)
        if canvas_size.height % self.alignment_px or canvas_size.width % self.alignment_px:
            raise BadSettingError(
                f"A repeating picture has sides that are multiples of {self.alignment_px} px, "
                f"and {canvas_size.width:,} x {canvas_size.height:,} px are not."
            )
        plane = Closed(lambda box: coordinates(box, canvas_size, device), canvas_size)
        return Scene(Closed(content, canvas_size).at, plane.at, view, canvas_size)

    def _with_templates(self, scene: Scene, canvas_size: Size) -> Scene:
        view = None if self._templates is None else self._closed_templates(canvas_size).view
        return Scene(scene.content, scene.coordinates, view, scene.period)

    def _closed_templates(self, canvas_size: Size) -> ClosedTemplates:
        assert self._templates is not None
        if self._closed is None or self._closed[0] != canvas_size:
            self._closed = canvas_size, ClosedTemplates(self._templates, canvas_size)
        return self._closed[1]

    # ------------------------------------------------------------ from the originals

    def _from_originals(self, box: Box, canvas_size: Size) -> Layers:
        """A, alpha and I_G painted at working scale and enlarged; I_M read at full scale."""
        method = self._method
        working = self._working(canvas_size)
        down, right = canvas_size.height / working.height, canvas_size.width / working.width
        view = None
        if method.templates is not None:
            view = (
                ClosedTemplates(method.templates, working).view
                if self._render_mode.repeat
                else method.templates.view_of
            )
        scene = self._scene(working, view)
        at = needed(box, down, right)
        outer = at.align(method.alignment_px).pad(method.halo)
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
        full = (
            self._closed_templates(canvas_size).view(box) if self._render_mode.repeat else self._templates.view_of(box)
        )
        # A softmax of enlarged logarithms: pieces keep crisp borders, and shares add up to 1.
        collage, weights = method.mixed(grown(painting.mixture.weights.clamp_min(_LEAST_SHARE).log()), full)
        if method.shape.mode == "copy":
            painted = result = collage
        else:
            result = alpha * painted + (1 - alpha) * collage
        mixture = painting.mixture._replace(weights=weights)
        return method.layers_of(Painting(result, collage, painted, alpha, mixture), content)

    def _working(self, canvas_size: Size) -> Size:
        """The canvas at the scale of the training."""
        step = self.alignment_px if self._render_mode.repeat else 1
        sides = (
            max(1, round(side / self._render_mode.originals / step)) * step
            for side in (canvas_size.height, canvas_size.width)
        )
        return Size(*sides)
