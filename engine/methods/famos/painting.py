"""How a FAMOS paints: one forward pass over any scene, and what the artist is told of the pieces in it.

What it learns from is method.py's; what is painted otherwise than as trained, renderer.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.device import uploaded_together
from engine.images.sources import ContentField, Source
from engine.job import Job
from engine.methods.adversarial import AdversarialMethod
from engine.methods.adversarial_renderer import renderer
from engine.methods.composed import Composed, Composer, Tally, everywhere, log_bias, piece_of
from engine.methods.directed import PAINT, Directions, Fields, painted_share
from engine.methods.famos.batches import Batch
from engine.methods.famos.canvas_noise import canvas_noise
from engine.methods.famos.coarse import CoarseRenderer
from engine.methods.famos.layers import LAYERS, layers_of
from engine.methods.famos.mirrored import Mirrored
from engine.methods.famos.renderer import FamosRenderer, Scene
from engine.methods.famos.settings import FamosSettings
from engine.methods.famos.shape import measured_halo
from engine.methods.remembered import Remembered
from engine.nn.mosaic import Decision, MosaicGenerator, MosaicShape, Noise, Painting
from engine.nn.smoothing import reach_px
from engine.options import RenderMode
from engine.pieces import Piece, PieceInfo
from engine.renderer import Layers, Renderer
from engine.templates.atlas import Atlas, Templates


class PaintingFamos(AdversarialMethod[FamosSettings, MosaicGenerator, Batch, Painting]):
    """What paints; a subclass reads the images, makes the networks and trains them."""

    layers = LAYERS
    pieces_layer = "templates"
    shape: MosaicShape
    atlas: Atlas
    palette: Tensor
    _job: Job
    _canvas: Size
    _composed: Composed | None
    _unguided: list[Source]
    """What is painted towards where no content guides: one of plain grey."""
    _directions: Directions
    _tally: Tally
    _remembered: Remembered[Decision]

    def _part_from_original(self) -> None:
        super()._part_from_original()
        self._remembered = Remembered()

    # -------------------------------------------------------- facts

    @property
    def _targets(self) -> list[Source]:
        return self._contents or self._unguided

    @property
    def alignment_px(self) -> int:
        return self.shape.unet.alignment_px

    def _measured_halo(self) -> Margin:
        return measured_halo(self.settings)

    @property
    def halo(self) -> Margin:
        return self._generator_halo.wider(reach_px(self.settings.smoothing_px)).aligned(self.alignment_px)

    @property
    def _generator_halo(self) -> Margin:
        """How far the generator looks; what it decides is smoothed besides."""
        return super().halo

    @property
    def _norms_see_whole_canvas(self) -> bool:
        return self.settings.norm == "batch"

    @property
    def temperature(self) -> float:
        """The temperature of the softmax now: it moves geometrically from its start over the ramp."""
        s = self.settings
        if self.steps_done >= s.temperature_ramp_steps:
            return s.temperature
        part = self.steps_done / s.temperature_ramp_steps
        return s.temperature_start ** (1 - part) * s.temperature**part

    def _composer_of(self, job: Job) -> Composer:
        return Composer(job.pieces, self.piece_images, self._canvas)

    @property
    def templates(self) -> Templates | None:
        """The templates as the artist wants them; None in mode paint."""
        return None if self._composed is None else self._composed.templates

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

    @property
    def plane(self) -> Mirrored:
        """Where places are, as the network is told."""
        return Mirrored(self._canvas, self.settings.knows_places)

    def scene(self, canvas_size: Size, frame: Source | None = None) -> Scene:
        """What is painted as trained; beyond that canvas psi and templates are mirrored, in step with one another.

        So psi says everywhere what the templates show, as it has been learned, and the network sees no other value.
        A frame will take the content's place.
        """
        field = ContentField(self._targets[0].pixels_on(self.device), canvas_size, self.device)
        s, templates, plane = self.settings, self.templates, self.plane

        def places(box: Box) -> tuple[Tensor, Tensor]:
            corner = torch.tensor([[box.top, box.left]])
            rows, columns = uploaded_together(plane.places(corner, box.size), self.device)
            return rows, columns

        view = None if templates is None else (lambda box: templates.view_at(*places(box)))
        directed = self._directions.following(frame).on(canvas_size, self.device, s.feather_px)

        def psi(box: Box) -> Tensor:
            return plane.coordinates(*places(box))[0]

        return Scene(field.at, psi, view, directed, canvas_size=canvas_size if frame is None else None)

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
                smoothing_px=self.settings.smoothing_px,
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
        """What is decided of a box without its halo; remembered while nothing changes that it depends on."""

        def decide() -> Decision:
            margin = self._generator_halo
            decision = self.average.decided(*self._looked_at(box, scene), margin).smoothed(self.settings.smoothing_px)
            return decision.cropped(box.less(margin), self.seen(box)).dense()

        if scene.canvas_size is None:
            return decide()
        return self._remembered.of(self._decides_by, scene.canvas_size, self.seen(box), decide)

    @property
    def _decides_by(self) -> Hashable:
        """What decisions depend on, besides their place."""
        s = self.settings
        of_generator = self.steps_done, self._frozen_at, s.noise_seed, s.noise_drift, s.tone_matching, s.color_matching
        return *of_generator, s.smoothing_px

    def kept_decision(self) -> Decision | None:
        """What was decided of all of the canvas, where that is kept."""
        return self._remembered.known(self._decides_by, self._canvas, self._canvas.box)

    def coarse(self, reduction: int, render_mode: RenderMode | None = None) -> Renderer | None:
        another = render_mode is not None and bool(render_mode.frame)  # nothing is kept of another content
        return None if another or self.kept_decision() is None else CoarseRenderer(self, reduction)

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
        return layers_of(painting, content, self.palette)

    def _canvas_noise(self, box: Box, period: Size | None) -> Noise:
        return canvas_noise(self.settings, self.seed, self.alignment_px, box, period, self.device)
