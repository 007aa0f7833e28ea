"""doodle: the style of a painting, region by region, laid out anew by a mask.

Region-wise Gram matrices with masks carried through the network (Ulyanov 2016, "Feed-forward neural doodle", the part
on optimisation); and without a download, patches matched within each region, which keeps brushwork intact and leaves no
seams. What it can not do: it knows where a region lies, not what belongs where inside it; give objects regions of their
own.
Regions are found in images/regions.py; the optimising is in base.py.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.declarations import Layer, Preset
from engine.device import uploaded
from engine.errors import MissingSourcesError
from engine.images import sources
from engine.images.regions import MOST_REGIONS, labels_at, regions_of
from engine.job import Job
from engine.knobs import choice, count, one_of, redeclared
from engine.methods.optimised import recolor
from engine.methods.optimised.base import CONTENT, RESULT, PixelMethod
from engine.methods.optimised.base_settings import IMAGES, PAPER, REST, PixelSettings, comparison_of
from engine.methods.optimised.slots import SLOTS
from engine.style.comparing import Comparison


class DoodleSettings(PixelSettings):
    """Those of neural_style, and the number of regions."""

    # A table: the numbers and the name of each knob, then what it does.
    # fmt: off
    start_noise: float = redeclared(PixelSettings, "start_noise", default=1.0,
        help="1: begins with each region's colours at random places. Less: mixed with the content, if there is one.")
    scales: int = redeclared(PixelSettings, "scales", default=4,
        help="It begins at a small size, doubled so often less one. More: larger shapes of the style.")
    regions: int = count(0, 0, MOST_REGIONS, "Regions", "How many colours the masks have. 0 finds out.", group=IMAGES)
    edges: Literal["soft", "hard"] = choice("soft", ("Soft (paper)", "Hard"), "Edges of regions",
        "Soft: near an edge both regions count, the more the further a layer looks. Hard: each place counts for its "
        "own alone.", group=IMAGES, advanced=True)
    region_pull: Literal["worst", "equal"] = choice("worst", ("The worst most", "All alike"), "Regions pull",
        "The worst most: a region pulls by how far it is from its style. All alike: small and easy regions as much as "
        "the rest. For Gram matrices.", symbol="gradient norm of a region", group=IMAGES, advanced=True,
        when=one_of("statistic", "gram"))
    # fmt: on


PRESETS = (
    Preset(
        "Default",
        "Patches of the style within each region. Needs no download.",
        {
            name: info.default
            for name, info in DoodleSettings.model_fields.items()
            if name not in ("content_scale", "style_scale", "colors", "tile", "regions")
        },
        group="look",
    ),
    Preset(
        "Neural doodle",
        "The paper's: a Gram matrix for each region, five layers. VGG-19.",
        PAPER | REST | {"start_noise": 1.0, "edges": "soft", "region_pull": "worst"},
        group="look",
    ),
    Preset(
        "Neural doodle, chain",
        "The same with neighbouring layers correlated and shifted activations.",
        PAPER
        | REST
        | {
            "start_noise": 1.0,
            "edges": "soft",
            "region_pull": "worst",
            "links": "chain",
            "style_layers": "all",
            "shift": -1.0,
            "layer_weights": "geometric",
            "content_layers": "all",
        },
        group="look",
    ),
    Preset("Draft", "Half the size: a first look in a minute.", {"content_scale": 0.5}),
    Preset("Full size", "As large as the mask.", {"content_scale": 1.0}),
)


class Doodle(PixelMethod[DoodleSettings]):
    """Pixels move until each region of the target mask has the statistics of its region of the style."""

    key = "doodle"
    title = "Doodle"
    summary = "Paints a mask that you draw: each region becomes what it is in the painting."
    pace = "Some minutes for each picture."
    paper = "Ulyanov 2016: Feed-forward neural doodle"
    Settings = DoodleSettings
    slots = SLOTS["doodle"]
    layers = (
        RESULT,
        Layer("regions", "Regions", "The target mask, in the colours that were found."),
        CONTENT,
    )
    presets = PRESETS

    def __init__(self, job: Job, device: torch.device) -> None:
        assert isinstance(job.settings, DoodleSettings)
        s = self.settings = job.settings
        self.warnings = []
        for slot in self.slots:
            if slot.minimum and not job.sources.get(slot.key):
                raise MissingSourcesError(f"Doodle needs a {slot.title.lower()}. Drop one on {slot.title}.")
        found: dict[str, Any] = {}
        for slot in self.slots:
            if images := job.sources.get(slot.key):
                found[slot.key] = sources.load(images[:1], 1.0, slot.title.lower(), self.warnings)[0]
        style, content = found["style"], found.get("content")
        self.regions = regions_of(found["style_mask"].pixels, found["target_mask"].pixels, s.regions)
        self.warnings += self.regions.messages()
        given = found["target_mask"].size
        canvas_size = Size(*(max(16, round(side * s.content_scale)) for side in (given.height, given.width)))
        styles = recolor.styles_for([style], content, s.colors)
        labels = (self.regions.style, self.regions.target)
        self._prepare(job, device, styles, content, job.canvas_size or canvas_size, labels, self.regions.count)

    @property
    def _hard_edges(self) -> bool:
        return self.settings.edges == "hard"

    @property
    def _comparison(self) -> Comparison:
        return comparison_of(self.settings, self.settings.region_pull == "equal")

    def _start(self, noise: Tensor, content: Tensor | None) -> Tensor:
        return noise if content is None else torch.lerp(content, noise, self.settings.start_noise)

    def paint(self, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        layers = super().paint(box, canvas_size)
        palette = uploaded(self.regions.palette.float() / 255, self.device)  # [R, 3]
        labels = uploaded(labels_at(self.regions.target, box, canvas_size).long(), self.device)
        layers["regions"] = palette[labels].permute(2, 0, 1)
        return {layer.key: layers[layer.key] for layer in self.layers}


METHOD = Doodle
