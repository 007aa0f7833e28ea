"""FAMOS, fully adversarial mosaics (Jetchev, Bergmann and Yildirim 2018): copy pieces of the style, or paint anew.

The settings are in settings.py, the network in nn/mosaic.py and its sizes in shape.py, what a training step draws in
batches.py, and what it weighs in loss.py.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.device import uploaded_together
from engine.errors import MissingSourcesError
from engine.fields.noise import NoiseField, constant
from engine.images import sources
from engine.images.sources import ContentField
from engine.job import Job
from engine.method import Layer, Layers, Piece, Renderer, State, Term
from engine.methods.adversarial import AdversarialMethod, atlas_of
from engine.methods.adversarial_renderer import renderer
from engine.methods.composed import Composed, Composer, Tally, everywhere, log_bias, piece_of
from engine.methods.directed import (
    PAINT,
    SIZE,
    Directions,
    Fields,
    directions,
    painted_share,
    touched,
    undirected,
    with_regions_of,
)
from engine.methods.famos import loss
from engine.methods.famos.batches import Batch, Batches
from engine.methods.famos.coarse import CoarseRenderer
from engine.methods.famos.loss import Compared
from engine.methods.famos.mirrored import Mirrored
from engine.methods.famos.renderer import FamosRenderer, Scene
from engine.methods.famos.settings import PRESETS, FamosSettings
from engine.methods.famos.shape import measured_halo, mosaic_shape
from engine.methods.famos.slots import SLOTS
from engine.methods.famos.spread import candidates, completed, spread
from engine.methods.remembered import Remembered
from engine.nn.layers import initialise
from engine.nn.mosaic import ColorReconstruction, Decision, MosaicGenerator, Noise, Painting
from engine.options import RenderMode
from engine.pieces import PieceInfo
from engine.planes import largest
from engine.style.networks import open_network
from engine.style.perceptual import Perceptual
from engine.templates.atlas import Templates, shares
from engine.templates.palette import palette

_IMAGES = "templates.image"
"""Name of a tensor in states."""


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
    pieces_layer = "templates"
    capabilities = frozenset(("repeat", "originals", "frames", "pieces"))
    painting_version = 2  # beyond the canvas psi and templates are mirrored in step

    def __init__(self, job: Job, device: torch.device) -> None:
        assert isinstance(job.settings, FamosSettings)
        self.settings = job.settings
        self.device, self.seed, self.warnings = device, job.seed, []
        s = self.settings
        self._read_images(job)
        random = torch.Generator().manual_seed(self.seed)
        self._job = job
        self._composed: Composed | None = None
        if s.mode != "paint":
            self._composed = self._composer_of(job).composed(self._drawn(random, job, self._directions))
        self._tally = Tally()
        self._remembered = Remembered[Decision]()
        self.shape = mosaic_shape(s)
        self.generator = MosaicGenerator(self.shape)
        self.reconstruction = ColorReconstruction() if s.correspondence == "learned" else None
        self._assemble(random, {"reconstruction": self.reconstruction} if self.reconstruction is not None else {})
        self.compared = Compared(self.reconstruction, self._perceptual() if s.correspondence == "features" else None)
        self._usage = torch.full((s.templates,), 1 / s.templates, device=device)  # [N], over the last steps
        self.palette = palette(s.templates).to(device)  # [N, 3]
        self.batches = Batches(
            s,
            self._contents,
            self._styles,
            self.atlas,
            self._composed,
            self._directions,
            self.canvas_size,
            self.shape,
            device,
        )
        self._decide_precision()

    def _read_images(self, job: Job) -> None:
        s = self.settings
        for slot in self.slots:
            if slot.minimum and not job.sources.get(slot.key):
                raise MissingSourcesError(f"FAMOS needs at least one {slot.key} image. Drop one on {slot.title}.")
        self._styles = sources.load(job.sources["style"], s.style_scale, "style", self.warnings, True)
        self._contents = self._contents_of(job)
        self._canvas = job.canvas_size or self._contents[0].size
        self.atlas = atlas_of(self._styles, self.device)
        self._said: list[str] = []
        """What there is to say of the maps as they are."""
        self._directions = directions(job, self._styles, self._canvas, self._said, self._contents)
        if s.mode != "paint":
            self._say_of_groups(self._directions, self._said)
        self.warnings += self._said

    # -------------------------------------------------------- pieces

    def _composer_of(self, job: Job) -> Composer:
        return Composer(job.pieces, self.piece_images, self._canvas)

    def _drawn(self, random: torch.Generator, job: Job, directions: Directions) -> Templates:
        """The templates as chance has them; others each time that they are drawn again."""
        s, weights, again = self.settings, [style.image.weight for style in self._styles], job.pieces.draw
        templates = Templates.drawn(self.atlas, s.templates, weights, s.tiling, random)
        if not again and directions.groups is None:
            return templates
        random = torch.Generator().manual_seed((self.seed * 0x9E3779B1 + again * 0x85EBCA77) % 2**63)
        if directions.pieces is None or directions.groups is None:
            return Templates.drawn(self.atlas, s.templates, weights, s.tiling, random)
        weights = directions.pieces.weights(weights)
        drawn = Templates.drawn(self.atlas, candidates(s.templates), weights, s.tiling, random)
        chosen = spread(self._styles, self._contents[0], directions.pieces, self._canvas, drawn, s.templates)
        return completed(chosen, directions.groups, drawn)[0]

    @property
    def templates(self) -> Templates | None:
        """As the artist wants them; None in mode paint."""
        return None if self._composed is None else self._composed.templates

    def try_update(self, job: Job) -> bool:
        """Other maps, and other choices of single pieces: they act on what was learned."""
        if undirected(job) != undirected(self._job) or self._job.settings.needs_rebuild(job.settings):
            return False
        styles, said, composed = with_regions_of(job, self._styles), list[str](), self._composed
        new = directions(job, styles, self._canvas, said, self._contents)
        if composed is not None:
            self._say_of_groups(new, said)
            composed = self._composer_of(job).composed(self._drawn_for(job, new, composed.drawn, said))
        self.touched = self._touched_by(job, new, composed)
        self.warnings = [sentence for sentence in said if sentence not in self._said]
        self._said, self._job, self._directions, self._styles, self._composed = said, job, new, styles, composed
        self._use_pieces()
        return True

    def _touched_by(self, job: Job, new: Directions, composed: Composed | None) -> Box | None:
        """What of the canvas other maps change at once: those of content and size only act in training."""
        present = None if self._composed is None else self._composed.drawn
        if job.pieces != self._job.pieces or (composed is not None and composed.drawn is not present):
            return None
        if not self.average.trims or self._norms_see_whole_canvas:  # what looks sideways is felt elsewhere
            return None
        return touched(self._directions.only(PAINT), new.only(PAINT), self.settings.feather_px)

    def _say_of_groups(self, new: Directions, said: list[str]) -> None:
        if new.groups is not None and len(new.groups) > self.settings.templates:
            said.append(
                f"The map has {len(new.groups)} groups of images, more than there are templates; what has none shows "
                "all. Raise Templates."
            )

    def _drawn_for(self, job: Job, new: Directions, present: Templates, said: list[str]) -> Templates:
        """The templates as they were drawn, or others: where a job asks for it, and where nothing was learned of them.

        Else some may be exchanged, so that no region is without.
        """
        other = job.pieces.draw != self._job.pieces.draw
        if other or (not self.steps_done and not new.same_regions(self._directions)):
            return self._drawn(torch.Generator().manual_seed(self.seed), job, new)
        if new.groups is None or bool(new.groups.to(present.image.device)[:, present.image].any(1).all()):
            return present
        random = torch.Generator().manual_seed(self.seed)
        assert new.pieces is not None
        weights = new.pieces.weights([style.image.weight for style in self._styles])
        drawn = Templates.drawn(self.atlas, candidates(len(present)), weights, present.edge, random)
        return completed(present, new.groups, drawn)[0]

    def _use_pieces(self) -> None:
        self.batches.pieces, self.batches.directions = self._composed, self._directions

    def _perceptual(self) -> Perceptual:
        """What features are compared in; each answers alike over styles and contents (see `Perceptual.normalise`)."""
        network = open_network(
            self.settings.features_network,
            statistic="gram",
            random=torch.Generator().manual_seed(self.seed),
            device=self.device,
            filters=32,
            levels=3,
        )
        images = [source.pixels for source in (*self._styles, *self._contents)]
        small = [sources.resampled(x, min(1.0, 512 / max(x.shape[1:])), least_px=64) for x in images]
        network.normalise([x[None].to(self.device).float() / 255 for x in small])
        return network

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
        return self.batches.draw(random, self.settings.feather_px)

    def _generate(self, network: MosaicGenerator, batch: Batch) -> Painting:
        return network(
            batch.content,
            batch.psi,
            batch.noise,
            batch.view,
            self.temperature,
            self._mix_kernel,
            bias=batch.directed.bias,
            painted_share=batch.directed.painted_share,
            keep_logits=SIZE in batch.directed.times,
        )

    def _generator_terms(self, batch: Batch, fake: Painting) -> dict[str, Tensor]:
        usage = self._usage if self.settings.balance_over == "canvas" else None
        return loss.terms_of(self.settings, batch, fake, self.compared, usage)

    # -------------------------------------------------------- painting

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        return self.layers_of(*self._painted(box, canvas_size))

    def _painted(self, box: Box, canvas_size: Size) -> tuple[Painting, Callable[[], Tensor]]:
        """A box of the picture as trained, whose pieces are counted; see `painting`."""
        painting, content = self.painting(box, self.scene(canvas_size))
        if painting.mixture is not None and canvas_size == self.canvas_size:
            weights, seen = painting.mixture.weights[0], self.seen(box)
            self._tally.add(self._pieces_key, weights, seen, box, self.halo, canvas_size, self.steps_done)
        return painting, content

    def renderer(self, render_mode: RenderMode) -> Renderer:
        return renderer(FamosRenderer(self, render_mode), render_mode.originals) if render_mode.asks_for else self

    def scene(self, canvas_size: Size) -> Scene:
        """What is painted as trained; beyond that canvas psi and templates are mirrored, in step with one another.

        So psi says everywhere what the templates show, as it has been learned, and the network sees no other value.
        """
        field = ContentField(self._contents[0].pixels_on(self.device), canvas_size, self.device)
        s, templates, plane = self.settings, self.templates, Mirrored(self._canvas)

        def places(box: Box) -> tuple[Tensor, Tensor]:
            corner = torch.tensor([[box.top, box.left]])
            rows, columns = uploaded_together(plane.places(corner, box.size), self.device)
            return rows, columns

        view = None if templates is None else (lambda box: templates.view_at(*places(box)))
        directed = self._directions.on(canvas_size, self.device, s.feather_px)

        def psi(box: Box) -> Tensor:
            return plane.coordinates(*places(box))[0]

        return Scene(field.at, psi, view, directed, canvas_size=canvas_size)

    def bias(self, regions: Tensor | None) -> Tensor | None:
        """What is added to log A, [1, N, h, w] or [1, N, 1, 1], where the shares of regions are [R, h, w]."""
        if self._composed is None:
            return None
        shares, pieces = None if regions is None else regions[None], self._composed.bias
        image, soft = self._composed.templates.image[None], self.settings.feather_px > 0
        return log_bias(self._directions.bias(shares, image, soft), everywhere(pieces))

    @property
    def is_directed(self) -> bool:
        """Whether anything is added to log A."""
        weighed = self._composed is not None and self._composed.bias is not None
        return weighed or self._directions.pieces is not None or self.atlas.has_cut_outs

    @property
    def region_count(self) -> int:
        """Regions of the map that says what may lie where; 0 without one."""
        return self._directions.region_count

    def painting(self, box: Box, scene: Scene, keep_logits: bool = False) -> tuple[Painting, Callable[[], Tensor]]:
        """One forward pass over an aligned box, and what gives its content, [3, h, w], 0..1.

        Where the generator trims, both without the halo; else they are valid away from the edges by it.
        """
        self._freeze_if_needed()
        inner, view = self.seen(box), None if scene.view is None else scene.view(self.seen(box))
        regions, painted = scene.fields.regions, scene.fields.amounts.get(PAINT)
        bias = log_bias(self.bias(None if regions is None else regions(inner)), None if view is None else view.bias())
        share = None if painted is None else painted_share(painted(inner))[None]
        temperature, kernel = self.temperature, self._mix_kernel
        if not self.average.trims:
            content, psi, noise = self._looked_at(box, scene)
            painting = self.average(
                content,
                psi,
                noise,
                view,
                temperature,
                kernel,
                measure=False,
                bias=bias,
                painted_share=share,
                keep_logits=keep_logits,
            )
            return painting, partial(scene.content, box)
        decision = self._decision(box, scene)
        return self.average.composed(
            decision,
            view,
            temperature,
            kernel,
            measure=False,
            bias=bias,
            painted_share=share,
            keep_logits=keep_logits,
            overwrite=scene.canvas_size is None,
        ), partial(scene.content, inner)

    def _decision(self, box: Box, scene: Scene) -> Decision:
        """What the generator says of a box without its halo; remembered while nothing changes that it depends on."""

        def decide() -> Decision:
            return self.average.decided(*self._looked_at(box, scene), self.halo)

        if scene.canvas_size is None:
            return decide()
        return self._remembered.of(self._decides_by, scene.canvas_size, self.seen(box), decide)

    @property
    def _decides_by(self) -> Hashable:
        """What decisions depend on, besides their place."""
        return self.steps_done, self._frozen_at, self.settings.noise_seed, self.settings.noise_drift

    def kept_decision(self) -> Decision | None:
        """What was decided of all of the canvas, where that is kept."""
        return self._remembered.known(self._decides_by, self._canvas, self._canvas.box)

    def coarse(self, reduction: int) -> Renderer | None:
        return None if self.kept_decision() is None else CoarseRenderer(self, reduction)

    def directed_on(self, canvas_size: Size) -> Fields:
        """The artist's maps on another canvas."""
        return self._directions.on(canvas_size, self.device, self.settings.feather_px)

    def _looked_at(self, box: Box, scene: Scene) -> tuple[Tensor, Tensor, Noise]:
        """Content, coordinates and noise of a box, as the generator takes them."""
        content = (scene.content(box)[None] * 2 - 1).contiguous(memory_format=torch.channels_last)
        return content, scene.coordinates(box)[None], self._canvas_noise(box, scene.period)

    def seen(self, box: Box) -> Box:
        """The part of a box that `painting` gives."""
        return box.less(self.halo) if self.average.trims else box

    @property
    def piece_images(self) -> Sequence[Path]:
        return [] if self.settings.mode == "paint" else [Path(style.image.path) for style in self._styles]

    def image_shares(self, box: Box, canvas_size: Size) -> Tensor:
        painting, _ = self._painted(box, canvas_size)
        assert painting.mixture is not None
        assert self.templates is not None
        weights = painting.mixture.weights[0].float()
        shares = weights.new_zeros(len(self._styles), *weights.shape[1:])
        return shares.index_add_(0, self.templates.image, weights)

    def piece_at(self, row: int, column: int) -> Piece | None:
        """Where something is painted over a piece, the piece beneath."""
        if self.templates is None or not self.canvas_size.box.contains(Box(row, column, 1, 1)):
            return None
        box = Box(row, column, 1, 1).align(self.alignment_px).pad(self.halo)
        with torch.no_grad():
            painting, _ = self._painted(box, self.canvas_size)
        assert painting.mixture is not None
        weights = painting.mixture.weights[0]
        return piece_of(self.templates, weights, row, column, self.seen(box), self.piece_images)

    def pieces(self) -> Sequence[PieceInfo]:
        if self._composed is None:
            return ()
        shares = self._tally.shares if self._tally.knows(self._pieces_key) else None
        return self._composer_of(self._job).infos(self._composed, shares)

    @property
    def pieces_counted_at(self) -> int | None:
        return self._tally.oldest_step(self._pieces_key)

    @property
    def _pieces_key(self) -> int:
        """What the pieces of the mixture are."""
        return id(self.templates)

    def layers_of(self, painting: Painting, content: Callable[[], Tensor]) -> Layers:
        """What is shown of a painting; `content` gives that of its box, 0..1."""

        def shown(picture: Tensor) -> Tensor:
            return (picture[0] * 0.5 + 0.5).clamp(0, 1)

        def mask() -> Tensor:
            return painting.alpha[0].mean(0).expand(3, -1, -1)  # of alpha and beta, where there are both

        def templates() -> Tensor:
            if painting.mixture is None:
                return mask()
            return torch.einsum("nhw,nc->chw", painting.mixture.weights[0], self.palette)

        def pieces() -> Tensor:
            if painting.mixture is None:
                return torch.full_like(painting.result[0, :1], -1.0)
            return largest(painting.mixture.weights[0])[None].float()

        return Layers(
            {
                "result": lambda: shown(painting.result),
                "collage": lambda: shown(painting.collage),
                "painted": lambda: shown(painting.painted),
                "mask": mask,
                "templates": templates,
                "content": lambda: content().clamp(0, 1),
            },
            pieces=pieces,
        )

    def _canvas_noise(self, box: Box, period: Size | None) -> Noise:
        """The noise of a box of the canvas, on the bottleneck's grid: that of `noise_seed`, or on the way to the next.

        Always the same for one seed and one place on the way.
        """
        s = self.settings
        here = self._noise_of(s.noise_seed, box, period)
        return here.towards(self._noise_of(s.noise_seed + 1, box, period), s.noise_drift) if s.noise_drift else here

    def _noise_of(self, noise_seed: int, box: Box, period: Size | None) -> Noise:
        s, alignment_px = self.settings, self.alignment_px
        seed = self.seed + 10_007 * noise_seed
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
        if self._composed is not None:
            drawn = self._composed.drawn
            yield from (("templates.offset", drawn.offset), ("templates.flip", drawn.flip))
        if self.settings.balance_over == "canvas":
            yield "templates.usage", self._usage

    def state(self) -> State:
        state = super().state()
        state.plain |= {"drawn_again": self._job.pieces.draw}
        if self._composed is not None and not torch.equal(self._composed.drawn.image.cpu(), self._usual_images()):
            state.tensors |= {_IMAGES: self._composed.drawn.image.cpu().clone()}
        return state

    def _usual_images(self) -> Tensor:
        """The image of each template where no map says which are needed; states do not name it."""
        return torch.tensor(shares([style.image.weight for style in self._styles], self.settings.templates))

    def restore(self, state: State, strict: bool = True) -> list[str]:
        self._remembered.forget()
        drawn = None if self._composed is None else self._composed.drawn
        if drawn is None:
            return super().restore(state, strict)
        kept = Templates(drawn.atlas, drawn.image.clone(), drawn.offset.clone(), drawn.flip.clone(), drawn.edge)
        image = state.tensors.get(_IMAGES, self._usual_images())
        state = State({name: tensor for name, tensor in state.tensors.items() if name != _IMAGES}, state.plain)
        left = super().restore(state, strict)
        # Not those that are too many or too few, and not the former ones where others were asked for since.
        fits = image.shape == drawn.image.shape and int(image.max()) < len(self._styles)
        if fits and (strict or int(state.plain.get("drawn_again", 0)) == self._job.pieces.draw):
            drawn.image.copy_(image)
        else:
            for own, before in ((drawn.image, kept.image), (drawn.offset, kept.offset), (drawn.flip, kept.flip)):
                own.copy_(before)
        self._composed = self._composer_of(self._job).composed(drawn)
        self._use_pieces()
        return left


METHOD = Famos
