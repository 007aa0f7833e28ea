"""FAMOS, fully adversarial mosaics (Jetchev, Bergmann and Yildirim 2018): copy pieces of the style, or paint anew.

The settings are in settings.py, the network in nn/mosaic.py and its sizes in shape.py, what a training step draws in
batches.py, and what it weighs in loss.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.errors import MissingSourcesError
from engine.fields.noise import NoiseField, constant
from engine.images import sources
from engine.images.sources import ContentField
from engine.job import Job
from engine.method import Layer, Layers, Renderer, Term
from engine.methods.adversarial import AdversarialMethod
from engine.methods.adversarial_renderer import renderer
from engine.methods.famos import loss
from engine.methods.famos.batches import Batch, Batches
from engine.methods.famos.renderer import FamosRenderer, Mirrored, Scene
from engine.methods.famos.settings import PRESETS, FamosSettings
from engine.methods.famos.shape import measured_halo, mosaic_shape
from engine.methods.famos.slots import SLOTS
from engine.nn.layers import initialise
from engine.nn.mosaic import ColorReconstruction, MosaicGenerator, Noise, Painting
from engine.nn.unet import NO_MARGIN
from engine.options import RenderMode
from engine.templates.atlas import Atlas, Templates
from engine.templates.palette import palette


class Famos(AdversarialMethod[FamosSettings, MosaicGenerator, Batch, Painting]):
    key = "famos"
    title = "FAMOS mosaic"
    summary = "Lays a picture out of small pieces of your images, like glass or stone, and paints what they lack."
    pace = "Learns for some minutes; the picture grows meanwhile."
    paper = "Jetchev, Bergmann and Yildirim 2018: Copy the Old or Paint Anew?"
    Settings = FamosSettings
    slots = SLOTS["famos"]
    layers = (
        Layer("result", "Result", "The mosaic."),
        Layer("collage", "Collage", "The pieces alone, before anything is painted over them (I_M)."),
        Layer("painted", "Painted", "What the network would paint (I_G)."),
        Layer("mask", "Mask", "Where it is painted (white) and where copied (black): alpha."),
        Layer("templates", "Templates", "Which template lies where: each has a colour (A)."),
        Layer("content", "Content", "The content as the network sees it, tones matched."),
    )
    terms = (
        Term("generator", "Generator", "Style", "How far the picture is from fooling the discriminator."),
        Term("generator_collage", "Generator, collage", "Style", "The same for the pieces alone, where asked for."),
        Term("discriminator", "Discriminator", "Style", "How well it tells pieces of the style from the mosaic."),
        Term("content", "Content", "Content", "Distance of the picture to the content."),
        Term("content_collage", "Content of the collage", "Content", "The same for the pieces alone."),
        Term("entropy", "Entropy", "Pieces", "0: each place shows one piece. 1: a grey mixture of all."),
        Term("balance", "Imbalance", "Pieces", "0: all templates are used alike. 1: only one is."),
        Term("variation", "Variation (TV)", "Borders", "How many borders between pieces there are."),
        Term("templates_in_use", "Templates in use", "Templates", "How many templates really take part."),
        Term("diversity", "Diversity", "Diversity", "Lower: patches use different templates."),
        Term("alpha", "Painted share", "Painting", "0: all copied. 1: all painted."),
        Term("alpha_variation", "Variation of the mask", "Painting"),
        Term("largest_share", "Largest share", "Pieces", "Share of the most used template in a patch."),
        Term("penalty", "Gradient penalty", "Penalty"),
    )
    presets = PRESETS
    capabilities = frozenset(("repeat", "originals", "frames"))
    painting_version = 2  # beyond the canvas psi and templates are mirrored in step

    def __init__(self, job: Job, device: torch.device) -> None:
        assert isinstance(job.settings, FamosSettings)
        self.settings = job.settings
        self.device, self.seed, self.warnings = device, job.seed, []
        s = self.settings
        self._read_images(job)
        random = torch.Generator().manual_seed(self.seed)
        self.templates = None
        if s.mode != "paint":
            weights = [style.image.weight for style in self._styles]
            self.templates = Templates.drawn(self.atlas, s.templates, weights, s.tiling, random)
        self.shape = mosaic_shape(s)
        self.generator = MosaicGenerator(self.shape)
        self.reconstruction = ColorReconstruction() if s.correspondence == "learned" else None
        self._assemble(random, {"reconstruction": self.reconstruction} if self.reconstruction is not None else {})
        self.palette = palette(s.templates).to(device)  # [N, 3]
        self.batches = Batches(
            s, self._contents, self._styles, self.atlas, self.templates, self.canvas_size, self.shape, device
        )
        self._decide_precision()

    def _read_images(self, job: Job) -> None:
        s = self.settings
        for slot in self.slots:
            if not job.sources.get(slot.key):
                raise MissingSourcesError(f"FAMOS needs at least one {slot.key} image. Drop one on {slot.title}.")
        self._styles = sources.load(job.sources["style"], s.style_scale, "style", self.warnings)
        self._contents = self._contents_of(job)
        self._canvas = job.canvas_size or self._contents[0].size
        self.atlas = Atlas([style.pixels for style in self._styles], self.device)

    # -------------------------------------------------------- facts

    @property
    def alignment_px(self) -> int:
        return self.shape.unet.alignment_px

    def _measured_halo(self) -> Margin:
        return measured_halo(self.settings)

    @property
    def _norms_see_whole_canvas(self) -> bool:
        return self.settings.norm == "batch"

    @property
    def temperature(self) -> float:
        """Of the softmax, now: moves geometrically from its start over the ramp."""
        s = self.settings
        if self.steps_done >= s.temperature_ramp_steps:
            return s.temperature
        part = self.steps_done / s.temperature_ramp_steps
        return s.temperature_start ** (1 - part) * s.temperature**part

    # -------------------------------------------------------- a step

    def _loss(self, terms: Mapping[str, Tensor]) -> Tensor:
        return loss.weighted(self.settings, terms, self._entropy_ramp)

    def _draw_batch(self, random: torch.Generator) -> Batch:
        return self.batches.draw(random)

    def _generate(self, network: MosaicGenerator, batch: Batch) -> Painting:
        return network(batch.content, batch.psi, batch.noise, batch.view, self.temperature, self._mix_kernel)

    def _generator_terms(self, batch: Batch, fake: Painting) -> dict[str, Tensor]:
        return loss.terms_of(self.settings, batch, fake, self.reconstruction)

    # -------------------------------------------------------- painting

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        scene = self.scene(canvas_size)
        return self.layers_of(*self.painting(box, scene))

    def renderer(self, render_mode: RenderMode) -> Renderer:
        return renderer(FamosRenderer(self, render_mode), render_mode.originals) if render_mode.asks_for else self

    def scene(self, canvas_size: Size) -> Scene:
        """What is painted as trained; beyond that canvas psi and templates are mirrored, in step with one another.

        So psi says everywhere what the templates show, as it has been learned, and the network sees no other value.
        """
        field = ContentField(self._contents[0].pixels_on(self.device), canvas_size, self.device)
        templates, plane = self.templates, Mirrored(self._canvas, self.device)
        view = None if templates is None else (lambda box: templates.view_at(*plane.places(box)))
        return Scene(field.at, plane.coordinates, view)

    def painting(self, box: Box, scene: Scene) -> tuple[Painting, Tensor]:
        """One forward pass over an aligned box, and its content [3, h, w], 0..1.

        Where the generator trims, both without the halo; else they are valid away from the edges by it.
        """
        self._freeze_if_needed()
        content = scene.content(box)
        margin = self.halo if self.average.trims else NO_MARGIN
        inner = box.less(margin)
        painting = self.average(
            (content[None] * 2 - 1).contiguous(memory_format=torch.channels_last),
            scene.coordinates(box)[None],
            self._canvas_noise(box, scene.period),
            None if scene.view is None else scene.view(inner),
            self.temperature,
            self._mix_kernel,
            measure=False,
            margin=margin,
        )
        rows, columns = inner.within(box)
        return painting, content[:, rows, columns]

    def layers_of(self, painting: Painting, content: Tensor) -> Layers:
        """What is shown of a painting; `content` is that of its box, 0..1."""

        def shown(picture: Tensor) -> Tensor:
            return (picture[0] * 0.5 + 0.5).clamp(0, 1)

        def mask() -> Tensor:
            return painting.alpha[0].mean(0).expand(3, -1, -1)  # of alpha and beta, where there are both

        def templates() -> Tensor:
            if painting.mixture is None:
                return mask()
            return torch.einsum("nhw,nc->chw", painting.mixture.weights[0], self.palette)

        return Layers(
            {
                "result": lambda: shown(painting.result),
                "collage": lambda: shown(painting.collage),
                "painted": lambda: shown(painting.painted),
                "mask": mask,
                "templates": templates,
                "content": lambda: content.clamp(0, 1),
            }
        )

    def _canvas_noise(self, box: Box, period: Size | None) -> Noise:
        """The noise of a box of the canvas, on the bottleneck's grid: always the same for one seed and `noise_seed`."""
        s, alignment_px = self.settings, self.alignment_px
        seed = self.seed + 10_007 * s.noise_seed
        coarse = box.coarser(alignment_px)
        rows = torch.arange(coarse.top, coarse.bottom, device=self.device)
        columns = torch.arange(coarse.left, coarse.right, device=self.device)
        repeat = None
        if period is not None:
            repeat = (period.height // alignment_px, period.width // alignment_px)
            rows, columns = rows % repeat[0], columns % repeat[1]
        return Noise(
            everywhere=constant(s.global_noise, seed, self.device)[None],
            local=NoiseField(s.local_noise, seed + 1, self.device, repeat).at(coarse)[None],
            phase=constant(s.periodic_noise, seed + 2, self.device)[None] * torch.pi,
            rows=rows.float(),
            columns=columns.float(),
        )

    def _patches_of(self, batch: Batch, output: Painting) -> dict[str, Tensor]:
        images = {
            "Style": batch.style,
            "Content": batch.content,
            "Collage": output.collage,
            "Painted": output.painted,
            "Result": output.result,
            "Mask": output.alpha.mean(1, keepdim=True).expand(-1, 3, -1, -1) * 2 - 1,
        }
        return {title: (image * 0.5 + 0.5).clamp(0, 1) for title, image in images.items()}

    # -------------------------------------------------------- state

    def _initialise(self, network: torch.nn.Module, random: torch.Generator) -> None:
        initialise(network, random)

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        yield from super()._tensors()
        if self.templates is not None:
            yield from (("templates.offset", self.templates.offset), ("templates.flip", self.templates.flip))


METHOD = Famos
