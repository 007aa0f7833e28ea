"""Fast stylisation (Ulyanov et al. 2017, section 4; network of Johnson et al. 2016): a style for any content."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from engine import losses
from engine.box import Box, Margin, Size
from engine.declarations import Layer, Term
from engine.images import sources
from engine.images.sampling import ContentPatches
from engine.images.sources import ContentField
from engine.job import Job, SourceImage
from engine.method import State
from engine.methods.directed import with_regions_of
from engine.methods.feedforward.base import STYLE_TERMS, VARIETY_TERMS, GeneratorMethod, shown
from engine.methods.feedforward.slots import SLOTS
from engine.methods.feedforward.stylize_settings import PRESETS, StylizeSettings
from engine.methods.style_maps import style_directions, unmapped
from engine.nn.residual_network import ALIGNMENT_PX, SLOPE, ResidualNetwork, ResidualNoise, ResidualShape
from engine.options import RenderMode
from engine.renderer import Renderer, RendererAround
from engine.style.comparing import Comparison
from engine.style.style_loss import Style
from engine.style.tones import Tones, tone_difference

CALIBRATION_PX = 1_000_000
"""How much of the canvas is looked at when statistics are frozen."""
StyleT = TypeVar("StyleT")


class Batch(NamedTuple):
    """content: [B, 3, H, W] in -1..1. noise: None where the network has none. style: the group of styles, all alike."""

    content: Tensor
    noise: ResidualNoise | None
    style: int = 0


class Stylize(GeneratorMethod[StylizeSettings, ResidualNetwork, Batch]):
    """A content becomes a picture in one pass, and with noise another one each time."""

    key = "stylize"
    title = "Fast stylisation"
    summary = "Learns a style once, and gives it to any picture in one pass."
    pace = "Learns for some minutes; then each picture at once."
    paper = "Ulyanov, Vedaldi and Lempitsky 2017: Improved Texture Networks"
    Settings = StylizeSettings
    slots = SLOTS["stylize"]
    layers = (
        Layer("result", "Result", "The stylised picture."),
        Layer("content", "Content", "The content as the network sees it."),
    )
    terms = (
        *STYLE_TERMS,
        Term("content", "Content", "Content", "Lower: the content is easier to recognise."),
        Term("variation", "Grain (TV)", "Grain"),
        *VARIETY_TERMS,
    )
    presets = PRESETS
    capabilities = frozenset(("frames",))

    def _read(self, job: Job) -> list[Style]:
        s = self.settings
        styles = self._styles = sources.load(job.sources["style"], s.style_scale, "style", self.warnings)
        contents = sources.load(job.sources["content"], s.content_scale, "content", self.warnings)
        self._canvas = job.canvas_size or contents[0].size
        self._content = contents[0].pixels_on(self.device)
        self._contents = contents
        self._content_scale = s.content_scale * contents[0].image.scale
        self._patches = ContentPatches(contents, self._canvas, self.device)
        said = list[str]()
        self._directions = style_directions(job, styles, self._canvas, said)
        self.warnings += said
        self._job, self._said = job, said
        self._style_tones = [_tones_of([source.pixels for source in group]) for group in self._grouped(styles)]
        self._content_tones = _tones_of([source.pixels for source in contents])
        return [Style(source.pixels.to(self.device), source.image.weight) for source in styles]

    def _grouped(self, styles: list[StyleT]) -> list[list[StyleT]]:
        """The styles of each region of a map."""
        if (allowed := self._directions.allowed) is None:
            return [styles]
        return [[style for style, there in zip(styles, may, strict=True) if there] for may in allowed.tolist()]

    def try_update(self, job: Job) -> bool:
        """Other maps, as long as there are regions of the same styles: these are learned."""
        if unmapped(job) != unmapped(self._job) or self._job.settings.needs_rebuild(job.settings):
            return False
        said = list[str]()
        new = style_directions(job, with_regions_of(job, self._styles), self._canvas, said)
        if not new.same_styles(self._directions):
            return False
        self.warnings = [sentence for sentence in said if sentence not in self._said]
        self._said, self._job, self._directions = said, job, new
        return True

    def _beside(self) -> list[Style]:
        if self.settings.normalised_over == "style":
            return []
        return [Style(source.pixels_on(self.device), source.image.weight) for source in self._contents]

    @property
    def _comparison(self) -> Comparison:
        return replace(super()._comparison, content_layers=self.settings.content_layers)

    def _network(self, thin: bool) -> ResidualNetwork:
        s = self.settings
        slope = SLOPE if s.activation == "leaky" else 0.0
        styles = 1 if self._directions.regions is None else self._directions.regions.count
        width = 2 if thin else s.width
        smooth = s.enlarging == "smooth"
        return ResidualNetwork(ResidualShape(width, s.blocks, s.noise, s.norm, s.padding, slope, styles, smooth))

    @property
    def _last_layer_rate(self) -> float:
        return self.settings.last_layer_rate

    @property
    def alignment_px(self) -> int:
        return ALIGNMENT_PX

    @property
    def halo(self) -> Margin:
        return super().halo.times(2) if self._directions.strengthens else super().halo

    # -------------------------------------------------------- a step

    def _begin_step(self, random: torch.Generator) -> None:
        """Each step is for the styles of one region, all of which come equally often."""
        if len(self._judges) > 1:
            self._style_group = int(torch.randint(len(self._judges), (1,), generator=random))
        super()._begin_step(random)

    def _draw_batch(self, random: torch.Generator) -> Batch:
        s = self.settings
        repeats = self._repeats
        content, _ = self._patches.draw(s.patch, s.batch // repeats, random, s.enlarged)
        content = content.repeat_interleave(repeats, 0)
        return Batch(content, self.generator.drawn(len(content), s.patch, random, self.device), self._style_group)

    @property
    def _repeats(self) -> int:
        """How often each content crop is in a batch: variety compares stylisations of one content."""
        s = self.settings
        return 2 if s.diversity_weight and s.noise and s.batch > 1 else 1

    def _groups(self, images: Tensor) -> Tensor | None:
        return images.unflatten(0, (-1, self._repeats)) if self._repeats > 1 else None

    def _generate(self, network: ResidualNetwork, batch: Batch) -> Tensor:
        return network(batch.content, batch.noise, batch.style)

    def _terms(self, batch: Batch, images: Tensor) -> dict[str, Tensor]:
        s = self.settings
        by_tones = s.content_by != "features"
        return {
            "style": self.style_loss(images, None, self._pull),
            "content": self._tones(images, batch.content * 0.5 + 0.5)
            if by_tones
            else self.style_loss.content(images, batch.content * 0.5 + 0.5),
            "variation": losses.total_variation(images),
        }

    def _objective(self, terms: Mapping[str, Tensor]) -> Tensor:
        s = self.settings
        beside = s.content_weight * terms["content"] + s.variation_weight * terms["variation"]
        return super()._objective(terms) + beside

    def _tones(self, images: Tensor, contents: Tensor) -> Tensor:
        """Mean square of `tone_difference`; of shading, without the mean of each picture.

        Instance norm takes the brightness of a practice picture away, which no weights can give back.
        """
        blur_px = self.settings.blur_px
        tones = self._style_tones[self._style_group]
        difference = tone_difference(images, contents, tones, self._content_tones, blur_px)
        if self.settings.content_by == "shading":
            difference = difference - difference.mean((2, 3), keepdim=True)
        return difference.square().mean()

    # -------------------------------------------------------- state

    def restore(self, state: State, strict: bool = True) -> list[str]:
        """With other regions each style begins with the norms that were learned, and those of one are kept."""
        if not strict:
            own, known = dict(self._tensors()), state.tensors
            found = {name: known[other] for name in own if (other := _known_as(name, known)) is not None}
            state = State(found, state.plain)
        return super().restore(state, strict)

    # -------------------------------------------------------- painting

    def _calibration_batches(self, random: torch.Generator) -> Iterator[Batch]:
        """A batch in each style that covers the canvas evenly: instance norm would take the same statistics of it."""
        s, canvas_size = self.settings, self._canvas
        side = s.patch
        rows, columns = _places(canvas_size.height, side), _places(canvas_size.width, side)
        most = max(1, CALIBRATION_PX // side**2)
        boxes = [Box(top, left, side, side) for top in rows for left in columns]
        boxes = boxes[:: math.ceil(len(boxes) / most)]
        field = ContentField(self._content, canvas_size, self.device)
        content = torch.stack([field.at(box) for box in boxes]) * 2 - 1
        noise = None
        if s.noise:
            pieces = [self._noise_at(box) for box in boxes]
            noise = ResidualNoise(*(torch.cat(maps) for maps in zip(*pieces, strict=True)))  # type: ignore[arg-type]
        for style in range(len(self._judges)):
            yield Batch(content.contiguous(memory_format=torch.channels_last), noise, style)

    def _noise_at(self, box: Box) -> ResidualNoise | None:
        return self._drifting(lambda seed: self.average.noise_at(box, seed, self.device))

    def paint(self, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        return self.stylised(self._content, box, canvas_size)

    def renderer(self, render_mode: RenderMode) -> Renderer:
        if render_mode.asks_for != {"frames"}:
            return super().renderer(render_mode)
        scale = self._content_scale
        (frame,) = sources.load([SourceImage(path=render_mode.frame, scale=scale)], 1.0, "content", [])
        return _OtherContent(self, frame.pixels)

    def stylised(self, pixels: Tensor, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        """Layers of an aligned box; `pixels` is the content, uint8 [3, h, w]."""
        self._freeze_if_needed()
        content = ContentField(pixels, canvas_size, self.device).at(box)[None] * 2 - 1
        noise = self._noise_at(box)
        shares = None
        if (regions := self._directions.regions) is not None:
            shares = regions.on(canvas_size, self._canvas, self.device, self.settings.feather_px).at(box)
            shares = shares / shares.sum(0)
        image = self._styled(content, noise, shares)
        if (powers := self._directions.powers(canvas_size, self.device)) is not None:
            image = self._strengthened(image, content, noise, shares, powers(box))
        return {"result": shown(image[0]), "content": shown(content[0] * 0.5 + 0.5)}

    def _styled(self, content: Tensor, noise: ResidualNoise | None, shares: Tensor | None) -> Tensor:
        """The picture, around 0..1, each region in its styles; shares: of the regions, [R, h, w]."""
        content = content.contiguous(memory_format=torch.channels_last)
        if shares is None or len(shares) < 2:
            return self.average(content, noise)
        image = torch.zeros_like(content)
        for style, share in enumerate(shares):
            if float(share.max()) > 0:
                image += share * self.average(content, noise, style)
        return image

    def _strengthened(
        self, image: Tensor, content: Tensor, noise: ResidualNoise | None, shares: Tensor | None, powers: Tensor
    ) -> Tensor:
        """The picture by a map of strength, [1, h, w]: weaker, the content shows through; stronger, it is painted anew.

        A network has learned one balance of style and content, and is told no other; what it made is a content as well.
        """
        if self._directions.strengthens:
            again = self._styled(shown(image) * 2 - 1, noise, shares)
            image = torch.lerp(image, again, powers.clamp_min(0))
        return torch.lerp(content * 0.5 + 0.5, image, (1 + powers).clamp_max(1))

    def _patches_of(self, batch: Batch, output: Tensor) -> dict[str, Tensor]:
        return {"Content": shown(batch.content * 0.5 + 0.5), "Result": shown(output)}


class _OtherContent(RendererAround):
    """A `renderer.Renderer` of another content than the one that was trained on."""

    def __init__(self, method: Stylize, pixels: Tensor) -> None:
        super().__init__(method)
        self._method, self._pixels = method, pixels

    def paint(self, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        return self._method.stylised(self._pixels, box, canvas_size)


def _known_as(name: str, known: Mapping[str, Tensor]) -> str | None:
    """The name among `known` of what a tensor goes on from: itself, or a norm of another number of styles."""
    plain = re.sub(r"^styles \d+\.|\.norms\.\d+(?=\.)", "", name)
    several = re.sub(r"\.(weight|bias|running_\w+|num_\w+)(\.\w+)?$", r".norms.0.\1\2", plain)
    return next((other for other in (name, plain, several) if other in known), None)


def _places(length: int, side: int) -> list[int]:
    """Evenly spaced starts of pieces that cover a length; one that reaches beyond both ends where it is too short."""
    if length <= side:
        return [(length - side) // 2]
    count = -(-length // side)
    return [round(index * (length - side) / (count - 1)) for index in range(count)]


def _tones_of(images: list[Tensor]) -> Tones:
    """Of uint8 images, all pixels counting alike."""
    greys = torch.cat([image.float().mean(0).flatten() for image in images]) / 255
    return Tones(float(greys.mean()), max(float(greys.std()), 0.02))


METHOD = Stylize
