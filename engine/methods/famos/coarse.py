"""A mosaic at a fraction of its size, of decisions that are kept: what is seen of a change at once, before it is sharp.

The picture is sharp at every few pixels, and those between are left out: nothing is decided anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.device import uploaded_together
from engine.methods.composed import log_bias
from engine.methods.directed import PAINT, Fields, painted_share
from engine.methods.famos.renderer import Scene
from engine.nn.mosaic import Decision, MosaicGenerator, Painting
from engine.renderer import Layers, RendererAround, Sited
from engine.templates.atlas import Templates
from engine.templates.mix_kernel import MixKernel


class Kept(Sited, Protocol):
    """What is asked of a FAMOS whose decisions are kept."""

    average: MosaicGenerator

    @property
    def canvas_size(self) -> Size: ...

    @property
    def mix_kernel(self) -> MixKernel | None: ...

    @property
    def temperature(self) -> float: ...

    @property
    def templates(self) -> Templates | None: ...

    def bias(self, regions: Tensor | None) -> Tensor | None: ...

    def scene(self, canvas_size: Size) -> Scene: ...

    def directed_on(self, canvas_size: Size) -> Fields: ...

    def kept_decision(self) -> Decision | None: ...

    def layers_of(self, painting: Painting, content: Callable[[], Tensor]) -> Layers: ...


class CoarseRenderer(RendererAround):
    """A `renderer.Renderer` of canvases that are `reduction` times smaller than the method's own.

    It is made where decisions of the whole canvas are kept, and asked before anything changes them.
    """

    def __init__(self, method: Kept, reduction: int) -> None:
        super().__init__(method)
        self._method, self.reduction = method, reduction

    @property
    def alignment_px(self) -> int:
        return 1

    @property
    def halo(self) -> Margin:
        return Margin(0, 0, 0, 0)

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        method, decision = self._method, self._method.kept_decision()
        assert decision is not None
        whole = method.canvas_size
        rows, columns = uploaded_together(
            (self._places(box.top, box.bottom, whole.height), self._places(box.left, box.right, whole.width)),
            method.device,
        )
        fields, templates = method.directed_on(canvas_size), method.templates
        view = None if templates is None else templates.view_at(rows[None], columns[None])
        regions, painted = fields.regions, fields.amounts.get(PAINT)
        by_map = method.bias(None if regions is None else regions(box))
        painting = method.average.composed(
            Decision(*(part[..., rows[:, None], columns] for part in decision)),
            view,
            method.temperature,
            method.mix_kernel,
            measure=False,
            bias=log_bias(by_map, None if view is None else view.bias()),
            painted_share=None if painted is None else painted_share(painted(box))[None],
            overwrite=True,
        )
        return method.layers_of(painting, partial(method.scene(canvas_size).content, box))

    def _places(self, first: int, last: int, length: int) -> Tensor:
        """The pixel of the canvas in the middle of each one of the small canvas."""
        return (torch.arange(first, last) * self.reduction + self.reduction // 2).clamp(0, length - 1)
