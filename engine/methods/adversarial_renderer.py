"""FAMOS and MAGIC on paper: seamless repeats, frames in place of the content, and prints of the picture as trained.

How each paints a scene is its own renderer.py's; how planes close and grow is in fields/.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Generic, Protocol, TypeVar

from torch import Tensor

from engine.box import Box, Margin, Size, shaped
from engine.declarations import Layer
from engine.errors import BadSettingError
from engine.fields.artwork import Artwork
from engine.fields.blocks import Blocks, block_side
from engine.fields.detail import Detail
from engine.fields.periodic import Closed
from engine.fields.resample import Zoom, needed, resampled
from engine.images.sources import ContentField, Source
from engine.options import RenderMode
from engine.renderer import Layers, Renderer, RendererAround, Sited
from engine.templates.atlas import Atlas
from engine.templates.mix_kernel import MixKernel

_REMEMBERED_BYTES = 2**28
"""What is decided at working scale, and kept while the tiles of a print are painted."""
_PLANES = "planes"


class Printable(Sited, Protocol):
    """What is asked of a trained method: its sources, and its halo."""

    @property
    def canvas_size(self) -> Size: ...

    @property
    def mix_kernel(self) -> MixKernel | None: ...

    @property
    def layers(self) -> tuple[Layer, ...]: ...

    def frame(self, path: str, tones: str) -> Source: ...

    def originals(self, scale: float) -> tuple[Atlas, float]: ...


MethodT = TypeVar("MethodT", bound=Printable)
SceneT = TypeVar("SceneT")


class AdversarialRenderer(RendererAround, ABC, Generic[MethodT, SceneT]):
    """A `renderer.Renderer` of a canvas at working scale, whole or repeating, with its content or a frame.

    Raises:
        BadSettingError: there is no content whose place a frame could take.
    """

    def __init__(self, method: MethodT, render_mode: RenderMode) -> None:
        super().__init__(method)
        self._method, self.repeats = method, render_mode.repeat
        self._frame = method.frame(render_mode.frame, render_mode.tones) if render_mode.frame else None
        self.canvas_size = method.canvas_size
        """The canvas at the scale of the training."""
        if render_mode.own_shape and self._frame is not None:
            self.canvas_size = shaped(self.canvas_size, self._frame.size)
        self._scene: tuple[Size, SceneT] | None = None

    # -------------------------------------------------------- what a method adds

    @abstractmethod
    def paint(self, box: Box, canvas_size: Size) -> Mapping[str, Tensor]:
        """See `renderer.Renderer`."""

    @abstractmethod
    def planes(self, box: Box, canvas_size: Size) -> Tensor:
        """All that the network decides of an aligned box, float32 [C, h, w], as `paint` valid away from the edges.

        The halo may be left away. Everything in it may be enlarged smoothly: logarithms of A, what is painted, alpha.
        """

    @property
    @abstractmethod
    def channels(self) -> int:
        """C of `planes`."""

    @abstractmethod
    def composed(self, planes: Tensor, box: Box, detail: Detail) -> Mapping[str, Tensor]:
        """Layers of a box of a print, float32 [3, h, w], from planes [C, h, w] that were enlarged to it."""

    @abstractmethod
    def _made(self, canvas_size: Size) -> SceneT:
        """What the networks see of a canvas, which closes where it repeats."""

    # -------------------------------------------------------- for all of them

    @property
    def method(self) -> MethodT:
        return self._method

    def _scene_of(self, canvas_size: Size) -> SceneT:
        """What the networks see of a canvas; that of the last one is kept. Raises what `_check_repeat` does."""
        if self._scene is None or self._scene[0] != canvas_size:
            self._check_repeat(canvas_size)
            self._scene = canvas_size, self._made(canvas_size)
        return self._scene[1]

    def _content(self, canvas_size: Size, plain: Callable[[Box], Tensor]) -> Callable[[Box], Tensor]:
        """The content of any box, [3, h, w], 0..1: the frame in place of `plain`, closed where it repeats."""
        content = plain
        if self._frame is not None:
            content = ContentField(self._frame.pixels_on(self.device), canvas_size, self.device).at
        return Closed(content, canvas_size).at if self.repeats else content

    def _check_repeat(self, canvas_size: Size) -> None:
        """Raises BadSettingError: a repeat of this size does not close."""
        if self.repeats and (canvas_size.height % self.alignment_px or canvas_size.width % self.alignment_px):
            raise BadSettingError(
                f"A repeating picture has sides that are multiples of {self.alignment_px} px, "
                f"and {canvas_size.width:,} × {canvas_size.height:,} px are not."
            )


def renderer(at_working_scale: AdversarialRenderer, originals: float) -> Renderer:
    """The renderer that a `RenderMode` asks for."""
    return PrintRenderer(at_working_scale, originals) if originals else at_working_scale


class PrintRenderer(RendererAround):
    """Paints the picture as trained, larger or smaller: what was decided at working scale, its pieces from the files.

    A print of another shape is cut out of the middle. Where it is smaller, the picture is shrunk; where it is larger,
    what was decided grows with it, and the pieces are read at its own scale, as far as their files have the detail.

    Args:
        painter: paints at working scale.
        scale: pixels of the print to one of the canvas that was trained for, more than 0.
    """

    def __init__(self, painter: AdversarialRenderer, scale: float) -> None:
        super().__init__(painter)
        self._painter, self._scale = painter, scale
        self._canvas_size: Size | None = None
        self._fields: dict[str, Blocks] = {}
        self._detail: Detail | None = None

    @property
    def halo(self) -> Margin:
        """None: boxes of the print are put together from the working scale's, which has the halo."""
        return Margin(0, 0, 0, 0)

    def paint(self, box: Box, canvas_size: Size) -> Mapping[str, Tensor]:
        if canvas_size != self._canvas_size:
            self._canvas_size, self._fields, self._detail = canvas_size, {}, None
        working = self._working(canvas_size)
        zoom = self._zoom(canvas_size, working)
        if min(zoom.down, zoom.right) <= 1.0:
            layers = [layer.key for layer in self._painter.method.layers]
            return Layers({layer: partial(self._scaled, layer, box, zoom, working) for layer in layers})
        at = needed(box, zoom)
        planes = self._field(_PLANES, working).at(at)
        return self._painter.composed(resampled(planes, at, box, zoom), box, self._detail_of(canvas_size, zoom))

    # ------------------------------------------------------------ sizes

    def _working(self, canvas_size: Size) -> Size:
        """The canvas at the scale of the training: that of the training itself; a repeat's has to close."""
        if not self._painter.repeats:
            return self._painter.canvas_size
        step = self.alignment_px
        sides = (max(1, round(side / self._scale / step)) * step for side in (canvas_size.height, canvas_size.width))
        return Size(*sides)

    def _zoom(self, canvas_size: Size, working: Size) -> Zoom:
        """How the print lies on the working canvas, cut out of its middle by whole pixels of the print."""
        scale = self._scale
        if self._painter.repeats:
            return Zoom(canvas_size.height / working.height, canvas_size.width / working.width)
        top = round((working.height * scale - canvas_size.height) / 2)
        left = round((working.width * scale - canvas_size.width) / 2)
        return Zoom(scale, scale, top / scale, left / scale)

    def _detail_of(self, canvas_size: Size, zoom: Zoom) -> Detail:
        if self._detail is None:
            method = self._painter.method
            atlas, scale = method.originals(self._scale)
            ratio = self._scale / scale  # pixels of the print to one of the atlas
            if self._painter.repeats:
                period = Size(round(canvas_size.height / ratio), round(canvas_size.width / ratio))
                on_pieces = Zoom(canvas_size.height / period.height, canvas_size.width / period.width)
            else:
                period = None
                on_pieces = Zoom(ratio, ratio, zoom.top * scale, zoom.left * scale)
            pieces_scale = (zoom.down / on_pieces.down, zoom.right / on_pieces.right)
            self._detail = Detail(atlas, on_pieces, pieces_scale, period, method.mix_kernel)
        return self._detail

    # ------------------------------------------------------------ at working scale

    def _scaled(self, layer: str, box: Box, zoom: Zoom, working: Size) -> Tensor:
        at = needed(box, zoom)
        return resampled(self._field(layer, working).at(at), at, box, zoom).clamp(0, 1)

    def _field(self, layer: str, working: Size) -> Blocks:
        """A layer at working scale, or all planes together, in blocks."""
        if layer not in self._fields:
            channels, source = 3, self._painter
            if layer == _PLANES:
                channels, source = self._painter.channels, _Planes(self._painter)
            field = Artwork(source, working, layer)
            side = block_side(channels, self.alignment_px, working, self.device)
            self._fields[layer] = Blocks(field.at, side, _REMEMBERED_BYTES)
        return self._fields[layer]


class _Planes(RendererAround):
    """The planes of a renderer as its only layer, so that an artwork pads, crops, and answers too little memory."""

    def __init__(self, painter: AdversarialRenderer) -> None:
        super().__init__(painter)
        self._painter = painter

    def paint(self, box: Box, canvas_size: Size) -> Mapping[str, Tensor]:
        return {_PLANES: self._painter.planes(box, canvas_size)}
