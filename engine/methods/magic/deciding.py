"""What a MAGIC decides: which element of its set lies where, as its network is told the settings of the moment.

How a picture is painted of that is painting.py's; what is learned from, method.py's.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from engine.box import Box
from engine.device import uploaded
from engine.methods.adversarial import AdversarialMethod
from engine.methods.composed import Composed, Composer
from engine.methods.magic.batches import Batch
from engine.methods.magic.color_choice import BLOCK_PX, ColorChoice
from engine.methods.magic.conditions import conditions
from engine.methods.magic.directions import parts
from engine.methods.magic.renderer import Scene
from engine.methods.magic.settings import MagicSettings
from engine.methods.remembered import Remembered
from engine.nn import training
from engine.nn.collage import Choice, Collage, CollageGenerator, CollageShape
from engine.nn.parts import paints_quickly
from engine.nn.set_unet import Begun
from engine.templates.atlas import Templates
from engine.templates.sets import SetDraw, Sets

_MOST_BEGUN_BYTES = 2**27
"""A box of whose beginning more would have to be kept is begun anew each time."""
BEGINNINGS_BYTES = 3 * 2**26
"""Of a coarse and a sharp picture of 600 x 890 px, twice."""


class DecidingMagic(AdversarialMethod[MagicSettings, CollageGenerator, Batch, Collage]):
    """What decides, and remembers what it decided; a subclass paints by it."""

    shape: CollageShape
    draw: SetDraw
    _shown: dict[tuple[int, ...], Tensor]
    _remembered: Remembered[Choice]
    _beginnings: Remembered[Begun]
    _composer: Composer
    _composed: dict[tuple[int, int], Composed]
    _color_choice: ColorChoice

    @property
    def alignment_px(self) -> int:
        return self.shape.sets.alignment_px

    @property
    def shown_sets(self) -> list[tuple[int, float]]:
        """Seeds of the sets that the picture is made of, and the share of each."""
        s = self.settings
        return [
            (seed, share) for seed, share in ((s.set_seed, 1 - s.between), (s.between_seed, s.between)) if share > 0
        ]

    @property
    def shown_size(self) -> int:
        """K of the picture."""
        return max(2, self.settings.show_size) if self.settings.show_size else self.settings.set_size

    def composed(self, seed: int) -> Composed:
        """The set of a seed that is shown, as the artist wants it."""
        key = (seed, self.shown_size)
        if key not in self._composed:
            drawn = self.draw.templates(self.shown_size, seed)
            self._composed = {key: self._composer.composed(drawn), **dict(list(self._composed.items())[:1])}
        return self._composed[key]

    # -------------------------------------------------------- what it is told

    def _told(self, settings: MagicSettings | None = None) -> tuple[float, ...]:
        """c of the present settings or others, where the network is told them; else nothing."""
        return tuple(conditions(settings or self.settings, bool(self._contents))) if self.settings.conditional else ()

    def _conditions(self) -> Tensor | None:
        """c [P] of the present settings on the device, where the network is told it."""
        return self._conditions_of(self.settings)

    def _conditions_of(self, settings: MagicSettings) -> Tensor | None:
        told = self._told(settings)
        return uploaded(torch.tensor(told), self.device) if told else None

    def _content_at(self, box: Box, scene: Scene) -> Tensor | None:
        """[1, 3, h, w] in -1..1; None unguided."""
        if scene.content is None:
            return None
        content = scene.content(box)[None] * 2 - 1
        return content.contiguous(memory_format=torch.channels_last)

    # -------------------------------------------------------- what is decided

    def _choice(self, seed: int, count: int, box: Box, scene: Scene, content: Tensor | None) -> Choice:
        """What is decided of a set; blended of several answers where maps ask for other values in places."""
        choice = self._answer(seed, count, box, scene, content, None)
        if not scene.fields.amounts or not self.settings.conditional:
            return choice
        logits, powers = choice.logits.float(), {name: plane(box) for name, plane in scene.fields.amounts.items()}
        blended = logits
        for name, value, share in parts(powers, self.settings):
            other = self._answer(seed, count, box, scene, content, (name, value))
            blended = blended + share * (other.logits.float() - logits)
        return choice._replace(logits=blended)

    def _answer(
        self, seed: int, count: int, box: Box, scene: Scene, content: Tensor | None, other: tuple[str, float] | None
    ) -> Choice:
        """What the network decides, told the settings, or another value of one of them."""
        settings = self.settings if other is None else self.settings.with_values(dict([other]))

        def decide() -> Choice:
            return self._decided(seed, count, box, scene, content, settings)

        if not scene.remembered:
            return decide()
        s = self.settings
        state = (self.steps_done, s.warp_px, s.tone_matching, s.color_matching, self._told(), self._rounds)
        of_what = (seed, count, scene.canvas_size, scene.reduction, other)
        return self._remembered.of(state, of_what, box, decide)

    def _decided(
        self, seed: int, count: int, box: Box, scene: Scene, content: Tensor | None, settings: MagicSettings
    ) -> Choice:
        templates, canvas_size = self.composed(seed).templates, scene.canvas_size
        centre = (canvas_size.height / 2 - box.top, canvas_size.width / 2 - box.left)
        affine = self._affine(seed, templates, scene) if self.shape.warp == "affine" else None
        size = (box.height, box.width)
        sets, told = scene.sets(templates, box), self._conditions_of(settings)
        with training.precision(self.device, self._rounds):
            begun = self._begun_of(seed, count, box, scene, lambda: self.average.begin(sets, content, size))
            choice = self.average.choose(sets, content, size, self.settings.warp_px, affine, centre, told, begun)
        if content is None or not self.settings.color_matching:
            return choice
        guided = None if scene.fields.guided is None else scene.fields.guided(box)[None]
        return choice._replace(logits=choice.logits.float() + self._by_color(sets, content, guided, scene.reduction))

    def _affine(self, seed: int, templates: Templates, scene: Scene) -> Tensor:
        """theta of a set, from the patch in the middle of the canvas: one for all tiles, as for a patch in training."""
        canvas_size = scene.canvas_size
        key = (seed, len(templates), canvas_size.height, canvas_size.width, self.steps_done)
        if key not in self._shown:
            side = self.settings.patch
            middle = Box((canvas_size.height - side) // 2, (canvas_size.width - side) // 2, side, side)
            content = self._content_at(middle, scene)
            theta = self.average.locate(self.draw.at(templates, middle), content, (side, side))
            self._shown = {key: theta, **dict(list(self._shown.items())[:1])}  # both sets of an animation
        return self._shown[key]

    def _by_color(self, sets: Sets, content: Tensor, guided: Tensor | None, reduction: int = 1) -> Tensor:
        """What *Match the colours* adds to what is decided, [B, K, H, W], where the content counts by `guided`."""
        block_px = max(1, min(BLOCK_PX, self.alignment_px) // reduction)  # boxes are made of whole ones
        added = self._color_choice.added(sets, content, self.settings.color_matching, block_px)
        return added if guided is None else added * guided

    @property
    def _rounds(self) -> bool:
        """Whether what is decided now may be rounded to bfloat16: where that pays, and nobody keeps the picture."""
        return self._bfloat16 and paints_quickly()

    # -------------------------------------------------------- what is remembered

    def _part_from_original(self) -> None:
        super()._part_from_original()
        self._remembered, self._beginnings = Remembered(), Remembered(BEGINNINGS_BYTES)

    def _begun_of(self, seed: int, count: int, box: Box, scene: Scene, begin: Callable[[], Begun]) -> Begun | None:
        """What no slider of the network changes, remembered while somebody looks; None where it would be too much."""
        values = count * self.shape.sets.width * box.area // 4
        too_much = 2 * values * (1 if self._rounds else 2) > _MOST_BEGUN_BYTES
        if too_much or not (scene.remembered and paints_quickly()) or self.shape.warp == "affine":
            return None
        state = (self.steps_done, self.settings.tone_matching, self.settings.color_matching > 0, self._rounds)
        return self._beginnings.of(state, (seed, count, scene.canvas_size, scene.reduction, box), box, begin)

    def _forget(self) -> None:
        """What was decided, and what it began with: networks or sets are others now."""
        self._remembered.forget()
        self._beginnings.forget()

    def step(self, step: int) -> dict[str, Tensor]:
        self._beginnings.forget()  # those of other networks, whose memory training may need
        return super().step(step)
