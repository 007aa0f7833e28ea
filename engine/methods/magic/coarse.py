"""A collage at a fraction of its size: what is seen of a change at once, before the sharp tiles are there.

The same network looks at the same set and content, both made smaller; its pieces lie where the sharp ones will, about.
"""

from __future__ import annotations

from dataclasses import replace

from engine.box import Box, Size
from engine.images.sources import ContentField, Source
from engine.methods.magic.renderer import Painted, layers_of
from engine.renderer import Layers, RendererAround
from engine.templates.atlas import Atlas, Templates
from engine.templates.sets import Sets


class CoarseRenderer(RendererAround):
    """A `renderer.Renderer` of canvases that are `reduction` times smaller than the method's own.

    Args:
        atlas: of the style images, `reduction` times smaller than at working scale.
        frame: another content; None for the method's own.
    """

    def __init__(self, method: Painted, atlas: Atlas, reduction: int, frame: Source | None = None) -> None:
        super().__init__(method)
        self._method, self.reduction = method, reduction
        self._atlas, self._frame = atlas, frame

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        def sets(templates: Templates, box: Box) -> Sets:
            return self._method.draw.at(templates.enlarged(self._atlas), box)

        plain = self._method.scene(canvas_size, self._frame)
        scene = replace(plain, sets=sets, reduction=self.reduction)
        if self._frame is not None:  # what is decided of another content is not what is remembered of the method's own
            pixels = self._frame.pixels_on(self.device)
            scene = replace(scene, content=ContentField(pixels, canvas_size, self.device).at, remembered=False)
        return layers_of(self._method.painting(box, scene), self._method.repaint_reach, box)
