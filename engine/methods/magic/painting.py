"""How a MAGIC paints: where elements may lie of what is decided, and what is shown of it.

What is decided is deciding.py's; what is learned from, method.py's; what is painted otherwise than as trained,
renderer.py's.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.declarations import Layer
from engine.device import memory_free_bytes
from engine.images.sources import ContentField, Source
from engine.methods.adversarial import atlas_of
from engine.methods.adversarial_renderer import renderer
from engine.methods.composed import Tally, everywhere, log_bias
from engine.methods.directed import PAINT, Directions, painted_share, times
from engine.methods.magic.coarse import CoarseRenderer
from engine.methods.magic.deciding import DecidingMagic
from engine.methods.magic.memory_plan import paint_bytes
from engine.methods.magic.renderer import MagicRenderer, Painting, Scene, layers_of
from engine.methods.magic.shape import composed_reach, measured_halo
from engine.nn.capture import Rate
from engine.nn.collage import Choice
from engine.nn.smoothing import reach_px
from engine.options import RenderMode
from engine.pieces import Piece, PieceInfo
from engine.renderer import Layers, Renderer
from engine.templates.atlas import Atlas
from engine.templates.sets import Sets


class PaintingMagic(DecidingMagic):
    """What paints; a subclass reads the images, makes the networks and trains them."""

    layers = (
        Layer("result", "Result", "The picture."),
        Layer("collage", "Collage", "The pieces alone, before the second network hides their borders (I_M)."),
        Layer("sets", "Sets", "Which element of the set lies where: each has a colour (A)."),
        Layer("mask", "Mask", "Where the second network changed the pieces: white is as far as it may go."),
        Layer("content", "Content", "The content as the network sees it, tones matched; grey without one."),
    )
    pieces_layer = "sets"
    _directions: Directions
    _coarse_atlases: dict[int, Atlas]
    _tally: Tally
    _reach: Margin | None = None

    # -------------------------------------------------------- facts

    def _measured_halo(self) -> Margin:
        return measured_halo(self.settings)

    @property
    def halo(self) -> Margin:
        further = reach_px(self.settings.smoothing_px)
        return super().halo.wider(further).aligned(self.alignment_px)

    @property
    def _norms_see_whole_canvas(self) -> bool:
        return self.settings.norm == "instance"

    @property
    def repaint_reach(self) -> float:
        """How far the second U-Net can change a value of -1..1."""
        return 2.0 if self.settings.refiner_paints == "picture" else self.settings.repaint_bound

    def bound_at(self, powers: Tensor | None, repaint_bound: Rate) -> Tensor | float:
        """How far the second U-Net may change values, everywhere or at each place, as `powers` [B, 1, h, w]."""
        bound = 1.0 if self.settings.refiner_paints == "picture" else repaint_bound
        if powers is None:
            return bound
        return (bound * times(powers)).clamp(max=1.0) * painted_share(powers)

    # -------------------------------------------------------- where elements may lie

    def _bias(self, regions: Tensor | None, sets: Sets, pieces: Tensor | None) -> Tensor | None:
        """What is added to log A, [B, K, H, W] or [B, K, 1, 1].

        Args:
            regions: their shares, [B, R, H, W], where a map has them.
            pieces: what is added everywhere, [K] or [B, K].
        """
        return log_bias(self._directions.bias(regions, sets.image, self.settings.feather_px > 0), everywhere(pieces))

    def _placed(self, choice: Choice, regions: Tensor | None, seed: int) -> Choice:
        """A choice with elements only where they may lie; what was decided stays as it is."""
        at = None if regions is None else regions[None]
        bias = log_bias(self._bias(at, choice.sets, self.composed(seed).bias), choice.transparency())
        return choice.biased(bias, self.settings.temperature)

    def placed_logarithms(self, logits: Tensor, regions: Tensor | None, seed: int) -> Tensor:
        """Logarithms of A [1, K, h, w] where elements lie only where they may; regions: their shares, [R, h, w]."""
        composed, soft = self.composed(seed), self.settings.feather_px > 0
        by_place = None if regions is None else regions[None]
        bias = log_bias(
            self._directions.bias(by_place, composed.templates.image[None], soft), everywhere(composed.bias)
        )
        return logits if bias is None else logits + bias

    @property
    def region_count(self) -> int:
        """Regions of the map that says what may lie where; 0 without one."""
        return self._directions.region_count

    # -------------------------------------------------------- painting

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        """
        Raises:
            MemoryError: a smaller box is needed.
        """
        return layers_of(self.painting(box, self.scene(canvas_size)), self.repaint_reach, box)

    def renderer(self, render_mode: RenderMode) -> Renderer:
        return renderer(MagicRenderer(self, render_mode), render_mode.originals) if render_mode.asks_for else self

    def scene(self, canvas_size: Size, frame: Source | None = None) -> Scene:
        """What is painted as trained; a frame will take the content's place."""
        content = (
            ContentField(self._contents[0].pixels_on(self.device), canvas_size, self.device).at
            if self._contents
            else None
        )
        fields = self._directions.following(frame).on(canvas_size, self.device, self.settings.feather_px)
        return Scene(canvas_size, content, self.draw.at, fields, remembered=True)

    def coarse(self, reduction: int, render_mode: RenderMode | None = None) -> Renderer:
        if reduction not in self._coarse_atlases:
            smaller = [style.smaller(reduction) for style in self._styles]
            self._coarse_atlases[reduction] = atlas_of(smaller, self.device)
        asked = render_mode if render_mode is not None and render_mode.frame else None
        frame = None if asked is None else self.frame(asked.frame, asked.tones)
        return CoarseRenderer(self, self._coarse_atlases[reduction], reduction, frame)

    def painting(self, box: Box, scene: Scene) -> Painting:
        """One forward pass over an aligned box. Raises MemoryError: a smaller one is needed."""
        self._freeze_if_needed()
        asked = box
        box = scene.seen(box, self.alignment_px)
        s, count = self.settings, self.shown_size
        free = memory_free_bytes(self.device)
        if free and paint_bytes(self.shape.sets, box.height, box.width, count) > free:
            raise MemoryError
        content = self._content_at(box, scene)
        smoothing_px = s.smoothing_px / scene.reduction
        needed = self._needed(asked, box, scene)
        choices = [
            (self._choice(seed, count, box, scene, content).cropped(box, needed).smoothed(smoothing_px), share)
            for seed, share in self.shown_sets
        ]
        if content is not None:
            rows, columns = needed.within(box)
            content = content[:, :, rows, columns]
        box = needed
        regions = None if scene.fields.regions is None else scene.fields.regions(box)
        placed = [
            (self._placed(choice, regions, seed), share)
            for (choice, share), (seed, _) in zip(choices, self.shown_sets, strict=True)
        ]
        collage, mixture = self.average.paste(placed, s.temperature, self._mix_kernel, s.between_by == "pieces")
        own_size = scene.reduction > 1 or scene.canvas_size == self.canvas_size
        if scene.remembered and scene.counted and own_size:
            pieces, step = mixture[0, :count], self.steps_done
            self._tally.add(self._pieces_key, pieces, box, asked, self.halo, scene.canvas_size, step)
        painted = scene.fields.amounts.get(PAINT)
        powers = None if painted is None else painted(box)[None]
        result = self.average.refined(collage, self.bound_at(powers, s.repaint_bound), s.kept_colors)
        shown = collage.new_zeros(3, box.height, box.width) if content is None else content[0]
        return Painting(result, collage, mixture, shown, choices, box, regions)

    def _needed(self, asked: Box, seen: Box, scene: Scene) -> Box:
        """What of a box has to be composed, once it is decided: the second U-Net looks less far than both together."""
        halo = self.halo
        if asked.height <= halo.top + halo.bottom or asked.width <= halo.left + halo.right:
            return seen
        around = asked.less(halo).pad(self.composed_reach).align(self.alignment_px).clip(asked)
        needed = scene.seen(around, self.alignment_px).clip(seen)
        return needed if needed.area else seen

    @property
    def composed_reach(self) -> Margin:
        """How far what is decided at a pixel is felt in the picture."""
        if self._reach is None:
            self._reach = composed_reach(self.settings)
        return self._reach.wider(reach_px(self.settings.smoothing_px)).aligned(self.alignment_px)

    # -------------------------------------------------------- the pieces of the picture

    @property
    def piece_images(self) -> Sequence[Path]:
        return [Path(style.image.path) for style in self._styles]

    def image_shares(self, box: Box, canvas_size: Size) -> Tensor:
        painting = self.painting(box, self.scene(canvas_size))
        image = torch.cat([choice.sets.image[0] for choice, _ in painting.choices])  # [K]
        mixture = painting.mixture[0].float()
        shares = mixture.new_zeros(len(self._styles), *mixture.shape[1:]).index_add_(0, image, mixture)
        return painting.over(shares, box)

    def piece_at(self, row: int, column: int) -> Piece | None:
        """Where pieces are bent, the place in the image is that of the piece as it lies before."""
        if not self.canvas_size.box.contains(Box(row, column, 1, 1)):
            return None
        box = Box(row, column, 1, 1).align(self.alignment_px).pad(self.halo)
        with torch.no_grad():
            painting = self.painting(box, self.scene(self.canvas_size))
        down, right = row - painting.box.top, column - painting.box.left
        mixture = painting.mixture[0, :, down, right].float()
        images = torch.cat([choice.sets.image[0] for choice, _ in painting.choices])
        index = int(mixture.argmax())
        image = int(images[index])
        places = [choice.sets.places(down, right) for choice, _ in painting.choices]
        in_row, in_column = (float(torch.cat(parts)[index]) for parts in zip(*places, strict=True))
        share, path = float(mixture[images == image].sum()), Path(self._styles[image].image.path)
        return Piece(path, share, in_row, in_column, index if index < self.shown_size else -1)

    def pieces(self) -> Sequence[PieceInfo]:
        composed = self.composed(self.shown_sets[0][0])
        known = self._tally.shares if self._tally.knows(self._pieces_key) else None
        return self._composer.infos(composed, None if known is None else known / self.shown_sets[0][1])

    @property
    def pieces_counted_at(self) -> int | None:
        return self._tally.oldest_step(self._pieces_key)

    @property
    def _pieces_key(self) -> Hashable:
        """What the first pieces of the mixture are."""
        return self.shown_sets[0][0], self.shown_size, self._composer.places, id(self.draw)
