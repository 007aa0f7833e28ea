"""MAGIC, collages from sets (Jetchev, Bergmann and Yildirim 2019): a network that chooses, at each place, among crops.

The settings are in settings.py, the networks in nn/collage.py and nn/set_unet.py and their sizes in shape.py, the sets
in templates/sets.py, what memory allows in memory_plan.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine import losses
from engine.box import Box, Margin, Size
from engine.device import memory_free_bytes, uploaded
from engine.errors import BadWeightsError, MissingSourcesError
from engine.images import sources
from engine.images.sampling import ContentPatches, StylePatches, corner
from engine.images.sources import ContentField
from engine.job import Job
from engine.method import Layer, Layers, Renderer, State, Term
from engine.methods.adversarial import AdversarialMethod, coarsened
from engine.methods.adversarial_renderer import renderer
from engine.methods.magic import pretrained
from engine.methods.magic.batches import Batch, joined
from engine.methods.magic.coarse import CoarseRenderer
from engine.methods.magic.conditions import conditions
from engine.methods.magic.directions import Directions, directions, multiplied, parts, times, undirected
from engine.methods.magic.memory_plan import paint_bytes, plan
from engine.methods.magic.remembered import RememberedChoices
from engine.methods.magic.renderer import MagicRenderer, Painting, Scene, layers_of
from engine.methods.magic.settings import PRESETS, MagicSettings
from engine.methods.magic.shape import collage_shape, fitting_scales, initialised, measured_halo
from engine.methods.magic.slots import SLOTS
from engine.nn.collage import Choice, Collage, CollageGenerator
from engine.options import RenderMode
from engine.settings import Settings
from engine.templates.atlas import Atlas, Templates
from engine.templates.palette import palette
from engine.templates.sets import SetDraw, Sets


class Magic(AdversarialMethod[MagicSettings, CollageGenerator, Batch, Collage]):
    key = "magic"
    title = "MAGIC collage"
    paper = "Jetchev, Bergmann and Yildirim 2019: Transform the Set"
    Settings = MagicSettings
    slots = SLOTS["magic"]
    layers = (
        Layer("result", "Result", "The picture."),
        Layer("collage", "Collage", "The pieces alone, before the second network hides their borders (I_M)."),
        Layer("sets", "Sets", "Which element of the set lies where: each has a colour (A)."),
        Layer("mask", "Mask", "Where the second network changed the pieces: white is as far as it may go."),
        Layer("content", "Content", "The content as the network sees it, tones matched; grey without one."),
    )
    terms = (
        Term("generator", "Generator", "Style", "How far the picture is from fooling the discriminator."),
        Term("discriminator", "Discriminator", "Style", "How well it tells pieces of the style from the collage."),
        Term("content", "Content", "Content", "Distance of the picture to the content."),
        Term("content_collage", "Content of the collage", "Content", "The same for the pieces alone."),
        Term("entropy", "Entropy", "Pieces", "0: each place shows one piece. 1: a grey mixture of all."),
        Term("largest_share", "Largest share", "Pieces", "Share of the most used element in a patch."),
        Term("variation", "Variation (TV)", "Borders", "How many borders between pieces there are."),
        Term("templates_in_use", "Elements in use", "Sets", "How many elements of a set really take part."),
        Term("alpha", "Repainted share", "Painting", "How far the second network changes the pieces."),
        Term("warp_variation", "Variation of the flow", "Bending", "How unevenly pieces are bent, in pixels."),
        Term("penalty", "Gradient penalty", "Penalty"),
    )
    presets = PRESETS
    capabilities = frozenset(("repeat", "originals", "frames", "styles", "pieces"))
    pretraining = "engine.methods.magic.pretraining:begun"

    def __init__(self, job: Job, device: torch.device) -> None:
        assert isinstance(job.settings, MagicSettings)
        self.settings = s = job.settings
        self.device, self.seed, self.warnings = device, job.seed, []
        self._job, self._directions = job, Directions(None, {})
        self._said: list[str] = []
        """What there is to say of the maps as they are."""
        self._read_images(job)
        self._decide_precision()
        self.shape = collage_shape(s)
        self.generator = CollageGenerator(self.shape)
        self._make_it_fit()
        self._assemble(torch.Generator().manual_seed(self.seed))
        self._shown: dict[tuple[int, ...], Tensor] = {}
        self._coarse_renderers: dict[int, CoarseRenderer] = {}
        self._remembered = RememberedChoices()
        if s.start == "network":
            self.begin_with(pretrained.shipped())

    def begin_with(self, path: Path) -> None:
        """Begins with a network that has learned to choose; where there is none, from nothing, and says why."""
        try:
            network = pretrained.read(path)
        except BadWeightsError as error:
            self.warnings.append(f"{error} Until then training starts from nothing.")
            return
        if pretrained.fits(network.settings, self.shape):
            pretrained.take(network, {"discriminator": self.discriminator})
            self.instant = pretrained.take(network, {"generator": self.generator})
            self.average.load_state_dict(self.generator.state_dict())
            self._remembered.forget()

    @classmethod
    def is_instant(cls, settings: Settings) -> bool:
        assert isinstance(settings, MagicSettings)
        if settings.start != "network":
            return False
        try:
            return pretrained.fits(pretrained.read_settings(pretrained.shipped()), collage_shape(settings))
        except BadWeightsError:
            return False

    @classmethod
    def fitting(cls, sizes: Mapping[str, Sequence[Size]]) -> dict[str, Any]:
        return fitting_scales(sizes)

    def _read_images(self, job: Job) -> None:
        s = self.settings
        if not job.sources.get("style"):
            raise MissingSourcesError("MAGIC needs at least one style image. Drop one on Style.")
        self._styles = sources.load(job.sources["style"], s.style_scale, "style", self.warnings)
        self._contents = []
        if s.guidance == "guided" and job.sources.get("content"):
            self._contents = self._contents_of(job)
        elif s.guidance == "guided" and not self.is_instant(s):
            raise MissingSourcesError(
                "A guided collage needs a content image. Drop one on Content, or choose Unguided in the panel."
            )
        elif s.placement == "aligned" and len(self._styles) < 2:
            raise MissingSourcesError(
                "Aligned collages mix whole images, so they need at least two style images. Drop more on Style, or "
                "let the elements lie anywhere."
            )
        self._canvas = job.canvas_size or (self._contents or self._styles)[0].size
        self.atlas = Atlas([style.pixels for style in self._styles], self.device)
        self._directions = directions(job, self._styles, self._canvas, self._said)
        self.draw = self._drawn_from(self._directions, self._said)
        self.warnings += self._said
        self._style_patches = StylePatches(self._styles, self.atlas, s.tiling)
        self._content_patches = ContentPatches(self._contents, self._canvas, self.device) if self._contents else None

    def _drawn_from(self, directions: Directions, said: list[str]) -> SetDraw:
        s, weights, groups = self.settings, [style.image.weight for style in self._styles], directions.groups
        if groups is not None:
            assert directions.pieces is not None
            weights = directions.pieces.weights(weights)
            if len(groups) > min(self.shown_size, s.set_size_least or s.set_size):
                said.append(
                    f"The map has {len(groups)} groups of images, more than a set has elements; what has none shows "
                    "all. Raise Elements of a set, and Elements shown."
                )
        return SetDraw(self.atlas, weights, s.tiling, s.placement, self._canvas, groups)

    def try_update(self, job: Job) -> bool:
        """Other maps, and other regions for the images that are there: they act on what was learned."""
        if undirected(job) != undirected(self._job) or self._job.settings.needs_rebuild(job.settings):
            return False
        regions = {image.path: image.regions for image in job.sources.get("style", ())}
        styles = [
            replace(style, image=style.image.model_copy(update={"regions": regions[style.image.path]}))
            for style in self._styles
        ]
        said: list[str] = []
        new = directions(job, styles, self._canvas, said)
        before, self._said, self.warnings = self._said, said, said
        if not new.draws_as(self._directions):
            self.draw = self._drawn_from(new, said)
            self._shown = {}
            self._remembered.forget()
        self.warnings = [sentence for sentence in said if sentence not in before]
        self._job, self._directions, self._styles = job, new, styles
        return True

    def _make_it_fit(self) -> None:
        """Decides K, B and checkpointing by the memory that is free now."""
        weights = sum(parameter.numel() * 4 for parameter in self.generator.parameters())
        free = memory_free_bytes(self.device)
        self.plan = plan(self.settings, self.shape.sets, weights, free, self._bfloat16)
        self.generator.st_unet.checkpointed = self.plan.checkpointing
        if self.plan.warning:
            self.warnings.append(self.plan.warning)

    # -------------------------------------------------------- facts

    @property
    def alignment_px(self) -> int:
        return self.shape.sets.alignment_px

    def _measured_halo(self) -> Margin:
        return measured_halo(self.settings)

    @property
    def _norms_see_whole_canvas(self) -> bool:
        return self.settings.norm == "instance"

    # -------------------------------------------------------- a step

    def _loss(self, terms: Mapping[str, Tensor]) -> Tensor:
        """L = L_adv + lambda_C L_content + lambda_TV TV(A) + lambda_E E(A) + lambda_M max_k sum_hw A_k (equation 4)."""
        s = self.settings
        return (
            s.adversarial_weight * terms["generator"]
            + s.content_weight * (terms["content"] + s.collage_content_weight * terms["content_collage"])
            + s.variation_weight * terms["variation"]
            # differs from the paper: cuts become clean slowly, so that pieces find their places first
            + s.entropy_weight * self._entropy_ramp * terms["entropy"]
            + s.largest_share_weight * terms["largest_share"]
            + s.alpha_weight * terms["alpha"]
            + s.warp_variation_weight * terms["warp_variation"]
        )

    def _draw_batch(self, random: torch.Generator) -> Batch:
        """Patches, and a new set for each of them: K may be another one in every step."""
        s, side, batch = self.settings, self.settings.patch, self.plan.batch
        count = self.plan.set_size
        if s.set_size_least:
            least = min(s.set_size_least, count)
            count = int(torch.randint(max(2, least), count + 1, (), generator=random))
        if self._content_patches is not None:
            content, corners = self._content_patches.draw(side, batch, random)
        else:
            content, corners = None, torch.stack([corner(self._canvas, side, random) for _ in range(batch)])
        boxes = [Box(int(top), int(left), side, side) for top, left in corners.tolist()]
        corners = uploaded(corners, self.device)
        sets = self.draw.sets(count, corners[:, 0], corners[:, 1], random)
        fields = self._directions.on(self._canvas, self.device)
        powers = {name: torch.stack([plane(box) for box in boxes]) for name, plane in fields.amounts.items()}
        bias = None
        if fields.regions is not None:
            bias = self._bias(torch.stack([fields.regions(box) for box in boxes]), sets)
        return Batch(content, self._style_patches.draw(side, batch, random), sets, bias, powers)

    def _bias(self, regions: Tensor | None, sets: Sets) -> Tensor | None:
        """What is added to log A, [B, K, H, W], where the shares of regions, [B, R, H, W], are known."""
        pieces = self._directions.pieces
        return None if regions is None or pieces is None else pieces.bias(regions, sets.image)

    def _generate(self, network: CollageGenerator, batch: Batch) -> Collage:
        s = self.settings
        size, bounds = (s.patch, s.patch), (s.repaint_bound, s.warp_px)
        if not batch.powers or not s.conditional:
            told = self._conditions()
            return network(batch.sets, batch.content, size, s.temperature, bounds, self._mix_kernel, told, batch.bias)
        # Each patch is told what its part of the maps asks for, about.
        each = [
            network(
                one.sets,
                one.content,
                size,
                s.temperature,
                bounds,
                self._mix_kernel,
                self._conditions_of(multiplied(s, one.powers)),
                one.bias,
            )
            for one in batch.apart()
        ]
        return joined(each)

    def _told(self, settings: MagicSettings | None = None) -> tuple[float, ...]:
        """c of the present settings or others, where the network is told them; else nothing."""
        return tuple(conditions(settings or self.settings, bool(self._contents))) if self.settings.conditional else ()

    def _conditions(self) -> Tensor | None:
        """c [P] of the present settings on the device, where the network is told it."""
        return self._conditions_of(self.settings)

    def _conditions_of(self, settings: MagicSettings) -> Tensor | None:
        told = self._told(settings)
        return uploaded(torch.tensor(told), self.device) if told else None

    def _generator_terms(self, batch: Batch, fake: Collage) -> dict[str, Tensor]:
        mixture, usage = fake.mixture, fake.mixture.usage
        terms = {
            "content": fake.result.new_zeros(()),
            "content_collage": fake.result.new_zeros(()),
            "entropy": mixture.entropy,
            "variation": mixture.variation,
            "largest_share": losses.largest_share(usage),
            "templates_in_use": torch.stack([losses.effective_templates(u[None]) for u in usage.detach()]).mean(),
            "alpha": (fake.result - fake.collage).abs().mean() / 2,
            "warp_variation": fake.flow_variation,
        }
        if "variation_weight" in batch.powers and fake.logits is not None:
            shares = (fake.logits.float() / self.settings.temperature).softmax(1)
            terms["variation"] = losses.total_variation(shares, times(batch.powers["variation_weight"]))
        if batch.content is not None:
            wanted, weight = self._coarse(losses.grey(batch.content)), 1.0
            if "content_weight" in batch.powers:
                weight = self._coarse(times(batch.powers["content_weight"]))
            terms["content"] = losses.content(self._coarse(losses.grey(fake.result)), wanted, weight)
            terms["content_collage"] = losses.content(self._coarse(losses.grey(fake.collage)), wanted, weight)
        return terms

    def _coarse(self, image: Tensor) -> Tensor:
        return coarsened(image, self.settings.correspondence, self.settings.blur_px)

    # -------------------------------------------------------- painting

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        """
        Raises:
            MemoryError: a smaller box is needed.
        """
        return layers_of(self.painting(box, self.scene(canvas_size)), self.settings.repaint_bound, box)

    def renderer(self, render_mode: RenderMode) -> Renderer:
        return renderer(MagicRenderer(self, render_mode), render_mode.originals) if render_mode.asks_for else self

    def scene(self, canvas_size: Size) -> Scene:
        """What is painted as trained."""
        content = (
            ContentField(self._contents[0].pixels_on(self.device), canvas_size, self.device).at
            if self._contents
            else None
        )
        return Scene(canvas_size, content, self.draw.at, self._directions.on(canvas_size, self.device), reduction=1)

    def coarse(self, reduction: int) -> Renderer:
        if reduction not in self._coarse_renderers:
            self._coarse_renderers[reduction] = CoarseRenderer(
                self, [style.pixels for style in self._styles], reduction
            )
        return self._coarse_renderers[reduction]

    def painting(self, box: Box, scene: Scene) -> Painting:
        """One forward pass over an aligned box. Raises MemoryError: a smaller one is needed."""
        self._freeze_if_needed()
        box = scene.seen(box, self.alignment_px)
        s, count = self.settings, self.shown_size
        free = memory_free_bytes(self.device)
        if free and paint_bytes(self.shape.sets, box.height, box.width, count) > free:
            raise MemoryError
        content = self._content_at(box, scene)
        choices = [(self._choice(seed, count, box, scene, content), share) for seed, share in self.shown_sets]
        regions = None if scene.fields.regions is None else scene.fields.regions(box)
        placed = [(self._placed(choice, regions), share) for choice, share in choices]
        collage, mixture = self.average.paste(placed, s.temperature, self._mix_kernel)
        result = self.average.refined(collage, s.repaint_bound)
        shown = collage.new_zeros(3, box.height, box.width) if content is None else content[0]
        return Painting(result, collage, mixture, shown, choices, box, regions)

    @property
    def piece_images(self) -> Sequence[Path]:
        return [Path(style.image.path) for style in self._styles]

    def image_shares(self, box: Box, canvas_size: Size) -> Tensor:
        painting = self.painting(box, self.scene(canvas_size))
        image = torch.cat([choice.sets.image[0] for choice, _ in painting.choices])  # [K]
        mixture = painting.mixture[0].float()
        shares = mixture.new_zeros(len(self._styles), *mixture.shape[1:]).index_add_(0, image, mixture)
        return painting.over(shares, box)

    def _placed(self, choice: Choice, regions: Tensor | None) -> Choice:
        """A choice with elements only where they may lie; what was decided stays as it is."""
        if regions is None:
            return choice
        return choice.biased(self._bias(regions[None], choice.sets), self.settings.temperature)

    def placed_logarithms(self, logits: Tensor, regions: Tensor, templates: Templates) -> Tensor:
        """Logarithms of A [1, K, h, w] where elements lie only where they may; regions: their shares, [R, h, w]."""
        pieces = self._directions.pieces
        return logits if pieces is None else logits + pieces.bias(regions[None], templates.image[None])

    @property
    def region_count(self) -> int:
        """Regions of the map that says what may lie where; 0 without one."""
        return 0 if self._directions.pieces is None else self._directions.pieces.count

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

        if not scene.reduction:
            return decide()
        state = (self.steps_done, self.settings.warp_px, self._told())
        return self._remembered.of(state, (seed, count, box, scene.canvas_size, scene.reduction, other), decide)

    def _decided(
        self, seed: int, count: int, box: Box, scene: Scene, content: Tensor | None, settings: MagicSettings
    ) -> Choice:
        templates, canvas_size = self.draw.templates(count, seed), scene.canvas_size
        centre = (canvas_size.height / 2 - box.top, canvas_size.width / 2 - box.left)
        affine = self._affine(seed, templates, scene) if self.shape.warp == "affine" else None
        size = (box.height, box.width)
        sets, told = scene.sets(templates, box), self._conditions_of(settings)
        return self.average.choose(sets, content, size, self.settings.warp_px, affine, centre, told)

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

    def _content_at(self, box: Box, scene: Scene) -> Tensor | None:
        """[1, 3, h, w] in -1..1; None unguided."""
        if scene.content is None:
            return None
        content = scene.content(box)[None] * 2 - 1
        return content.contiguous(memory_format=torch.channels_last)

    def _patches_of(self, batch: Batch, output: Collage) -> dict[str, Tensor]:
        images = {"Style": batch.style}
        if batch.content is not None:
            images["Content"] = batch.content
        images |= {"Collage": output.collage, "Result": output.result}
        images = {title: (image * 0.5 + 0.5).clamp(0, 1) for title, image in images.items()}
        weights = output.mixture.weights
        colors = palette(weights.shape[1]).to(self.device)
        images["Sets"] = torch.einsum("bkhw,kc->bchw", weights, colors).clamp(0, 1)
        return images

    # -------------------------------------------------------- state

    def _initialise(self, network: torch.nn.Module, random: torch.Generator) -> None:
        initialised(network, random)

    def restore(self, state: State, strict: bool = True) -> list[str]:
        self._shown = {}
        self._remembered.forget()
        return super().restore(state, strict)


METHOD = Magic
