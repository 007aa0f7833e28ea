"""neural_style: a picture with the content of one image and the style of others, by moving its pixels.

Gatys, Ecker and Bethge 2015 with the variants of Novak and Nikulin 2016, one preset for each column of their table; and
without a download, direct patch distribution matching (Elnekave and Weiss 2022) with the content's tones. What it can
not do: no network here understands scenes, so that a sky may get the pattern of a house; and a picture is optimised
anew each time, in minutes where a trained network (stylize) takes a moment. The optimising is in base.py.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engine.box import Size
from engine.declarations import Preset
from engine.errors import MissingSourcesError
from engine.images import sources
from engine.images.sources import ContentField
from engine.job import Job
from engine.methods.directed import with_regions_of
from engine.methods.optimised import recolor
from engine.methods.optimised.base import CHANGE, CONTENT, RESULT, PixelMethod
from engine.methods.optimised.base_settings import PAPER, REST, PixelSettings
from engine.methods.optimised.pictures import luma
from engine.methods.optimised.slots import SLOTS
from engine.methods.style_maps import style_directions, unmapped


class NeuralStyleSettings(PixelSettings):
    """All of them are shared with doodle; see base_settings.py."""


def _column(**values: Any) -> dict[str, Any]:
    return PAPER | REST | values


_DENSE = {"content_layers": "all", "style_layers": "all", "layer_weights": "geometric", "shift": -1.0}
_CHAIN = _DENSE | {"links": "chain"}

PRESETS = (
    Preset(
        "Default",
        "Patches of the style find their places by the content's light and dark. Needs no download.",
        {
            name: info.default
            for name, info in NeuralStyleSettings.model_fields.items()
            if name not in ("content_scale", "style_scale", "colors", "tile")
        },
        group="look",
    ),
    Preset("Classic", "Gatys 2015: five layers, one for the content. VGG-19.", _column(), group="look"),
    Preset(
        "Classic Shifted", "Classic with shifted activations: calmer plain areas.", _column(shift=-1.0), group="look"
    ),
    Preset("Classic Dense", "All layers, weighted from shallow to deep.", _column(**_DENSE), group="look"),
    Preset(
        "All-To-Content",
        "All layers correlated with the content layer. The paper found no gain.",
        _column(**(_DENSE | {"links": "to_content"})),
        group="look",
    ),
    Preset("Chain", "Neighbouring layers correlated: the paper's main improvement.", _column(**_CHAIN), group="look"),
    Preset(
        "Chain Uniform", "Chain with equal weights.", _column(**(_CHAIN | {"layer_weights": "uniform"})), group="look"
    ),
    Preset("Chain Unshifted", "Chain without the shift.", _column(**(_CHAIN | {"shift": 0.0})), group="look"),
    Preset(
        "Chain Blurred",
        "Chain with blurred correlations: often the paper's best, but slow to settle.",
        _column(**(_CHAIN | {"blurred": True})),
        group="look",
    ),
    Preset(
        "Chain Extended",
        "Chain with the eight neighbours of each place. The paper found it worse more often than better.",
        _column(**(_CHAIN | {"adjacent": True})),
        group="look",
    ),
    Preset(
        "Refine a start",
        "Gatys' loss from the image on Start, with no noise added: how far a network's picture is from an optimum "
        "(figure 3 of the paper on texture networks). VGG-19.",
        _column(),
        group="look",
    ),
    Preset("Draft", "Half the size: a first look in a minute.", {"content_scale": 0.5}),
    Preset("Full size", "As large as the content.", {"content_scale": 1.0}),
)


class NeuralStyle(PixelMethod[PixelSettings]):
    """Pixels move until their features are the content's and the statistics of these the styles'."""

    key = "neural_style"
    title = "Neural style"
    summary = "Paints one picture anew in the strokes and colours of another."
    pace = "A minute or two for each picture."
    paper = "Novak and Nikulin 2016: Improving the Neural Algorithm of Artistic Style"
    Settings = NeuralStyleSettings
    slots = SLOTS["neural_style"]
    layers = (RESULT, CONTENT, CHANGE)
    presets = PRESETS

    def __init__(self, job: Job, device: torch.device) -> None:
        assert isinstance(job.settings, NeuralStyleSettings)
        s = self.settings = job.settings
        self.warnings = []
        if not job.sources.get("style"):
            raise MissingSourcesError("Neural style needs at least one style image. Drop one on Style.")
        styles = sources.load(job.sources["style"], 1.0, "style", self.warnings)
        content = None
        if images := job.sources.get("content"):
            if len(images) > 1:
                self.warnings.append("Only the first content image is used.")
            content = sources.load(images[:1], 1.0, "content", self.warnings)[0]
        self._begun_with = None
        if images := job.sources.get("start"):
            self._begun_with = sources.load(images[:1], 1.0, "start", self.warnings)[0]
        styles = recolor.styles_for(styles, content, s.colors)
        given = (content or styles[0]).size
        canvas_size = Size(*(max(16, round(side * s.content_scale)) for side in (given.height, given.width)))
        said, canvas_size = list[str](), job.canvas_size or canvas_size
        directed = style_directions(job, styles, canvas_size, said)
        self.warnings += said
        self._job, self._said = job, said
        self._prepare(job, device, styles, content, canvas_size, directions=directed)

    def try_update(self, job: Job) -> bool:
        """Other maps: the picture goes on from where it is, towards what they say."""
        if unmapped(job) != unmapped(self._job) or self._job.settings.needs_rebuild(job.settings):
            return False
        said = list[str]()
        styles = with_regions_of(job, self._styles)
        self._redirect(style_directions(job, styles, self._canvas, said))
        self.warnings = [sentence for sentence in said if sentence not in self._said]
        self._said, self._job = said, job
        return True

    def _start(self, noise: Tensor, content: Tensor | None) -> Tensor:
        """Noise and what it begins with: the start image (figure 3 of Ulyanov et al. 2017), or else the content."""
        if self._begun_with is not None:
            size = Size(noise.shape[2], noise.shape[3])
            content = ContentField(self._begun_with.pixels, size, noise.device).at(size.box)[None]
            if self.settings.colors == "luminance":  # as the content then is
                content = luma(content[0]).expand(3, -1, -1)[None]
        if content is None:
            return noise
        return torch.lerp(content, noise, self.settings.start_noise)


METHOD = NeuralStyle
