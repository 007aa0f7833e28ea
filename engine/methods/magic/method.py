"""MAGIC, collages from sets (Jetchev, Bergmann and Yildirim 2019): a network that chooses, at each place, among crops.

The settings are in settings.py, the networks in nn/collage.py and nn/set_unet.py and their sizes in shape.py, the sets
in templates/sets.py, what memory allows in memory_plan.py.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine import losses, sharing
from engine.box import Box, Margin, Size
from engine.declarations import Term
from engine.device import memory_free_bytes, uploaded
from engine.errors import BadWeightsError, MissingSourcesError
from engine.images import sources
from engine.images.contents import MatchedContents
from engine.images.sampling import StylePatches, corner
from engine.job import Job
from engine.method import State
from engine.methods.adversarial import AdversarialMethod, atlas_of, coarsened
from engine.methods.composed import Composer, Tally, log_bias
from engine.methods.directed import (
    CONTENT,
    PAINT,
    SIZE,
    Directions,
    directions,
    times,
    touched,
    undirected,
    with_regions_of,
)
from engine.methods.magic import fit, pretrained
from engine.methods.magic.anchor import Anchor
from engine.methods.magic.batches import Batch, joined
from engine.methods.magic.color_choice import ColorChoice
from engine.methods.magic.conditions import RANGES
from engine.methods.magic.deciding import BEGINNINGS_BYTES
from engine.methods.magic.directions import multiplied
from engine.methods.magic.memory_plan import Plan, plan
from engine.methods.magic.painting import PaintingMagic
from engine.methods.magic.presets import PRESETS
from engine.methods.magic.settings import MagicSettings
from engine.methods.magic.shape import collage_shape, fitting_scales, initialised
from engine.methods.magic.slots import SLOTS
from engine.methods.remembered import Remembered
from engine.methods.usage import mean_color, running_usage, usage_of_images
from engine.nn.capture import Rate
from engine.nn.collage import Collage, CollageGenerator
from engine.settings import Settings
from engine.templates.atlas import Atlas
from engine.templates.palette import palette
from engine.templates.sets import SetDraw, Sets

_USAGE = "images.usage"
"""Name of a tensor in states."""


class Magic(PaintingMagic):
    key = "magic"
    title = "MAGIC collage"
    summary = "Lays a picture out of whole pieces of your images, and walks through other sets of them."
    pace = "There at once; some minutes make it finer."
    paper = "Jetchev, Bergmann and Yildirim 2019: Transform the Set"
    Settings = MagicSettings
    slots = SLOTS["magic"]
    terms = (
        Term("generator", "Generator", "Style", "How far the picture is from fooling the discriminator."),
        Term("generator_collage", "Generator, collage", "Style", "The same for the pieces alone, where asked for."),
        Term("discriminator", "Discriminator", "Style", "How well it tells pieces of the style from the collage."),
        Term("content", "Content", "Content", "Distance of the picture to the content."),
        Term("content_collage", "Content of the collage", "Content", "The same for the pieces alone."),
        Term("entropy", "Entropy", "Pieces", "0: each place shows one piece. 1: a grey mixture of all."),
        Term("largest_share", "Largest share", "Pieces", "Share of the most used element in a patch."),
        Term("balance", "Imbalance", "Pieces", "Without a content, 0: each style image has its part of the picture."),
        Term("variation", "Variation (TV)", "Borders", "How many borders between pieces there are."),
        Term("templates_in_use", "Elements in use", "Sets", "How many elements of a set really take part."),
        Term("alpha", "Repainted share", "Painting", "How far the second network changes the pieces."),
        Term("warp_variation", "Variation of the flow", "Bending", "How unevenly pieces are bent, in pixels."),
        Term("penalty", "Gradient penalty", "Penalty"),
    )
    presets = PRESETS
    fitted = frozenset(("content_scale", "style_scale"))
    fitted_by_picture = fit.KNOBS
    capabilities = frozenset(("repeat", "originals", "frames", "styles", "pieces", "transparent"))
    painting_version = 2  # the networks see that the canvas ends, where they saw what lies beyond
    _decides_nothing = AdversarialMethod._decides_nothing | {
        *("set_seed", "show_size", "between_seed", "between", "between_by", "anchor_steps")
    }
    pretraining = "engine.methods.magic.pretraining:begun"

    def __init__(self, job: Job, device: torch.device) -> None:
        assert isinstance(job.settings, MagicSettings)
        self.settings = s = job.settings
        self.device, self.seed, self.warnings = device, job.seed, []
        self._job, self._directions = job, Directions(None, {}, Size(1, 1))
        self._read_images(job)
        self._decide_precision()
        self.shape = collage_shape(s)
        self.generator = CollageGenerator(self.shape)
        self._make_it_fit()
        self._assemble(torch.Generator().manual_seed(self.seed))
        self._shown: dict[tuple[int, ...], Tensor] = {}
        self._coarse_atlases: dict[int, Atlas] = {}
        self._remembered, self._color_choice = Remembered(), ColorChoice()
        self._beginnings = Remembered(BEGINNINGS_BYTES)
        self._tally, self._composed = Tally(), {}
        self._anchor = Anchor()
        self._image_parts = self._shares_of_images()
        self._usage = self._image_parts.clone()
        self._mean_color = mean_color(self._styles).to(device)
        if s.start == "network":
            self.begin_with(pretrained.shipped())

    def _shares_of_images(self) -> Tensor:
        """The part of a picture that each style image is to have, by its weight, [S] of sum 1."""
        weights = torch.tensor([style.image.weight for style in self._styles], device=self.device)
        return weights / weights.sum() if weights.sum() > 0 else torch.full_like(weights, 1 / max(1, len(weights)))

    def begin_with(self, path: Path) -> None:
        """Begins with a network that has learned to choose; where there is none, from nothing, and says why."""
        try:
            network = pretrained.read(path)
        except BadWeightsError as error:
            self.warnings.append(f"{error} Until then training starts from nothing.")
            return
        if pretrained.fits(network.settings, self.shape):
            networks = {"discriminator": self.discriminator, "generator": self.generator}
            taken = {name for name, own in networks.items() if pretrained.take(network, {name: own})}
            self.instant = "generator" in taken
            self._anchor.drop({name: networks[name] for name in taken})
            if self.instant and self.generator.refiner is not None:
                self._anchor.drop({"refiner": self.generator.refiner})
            self.average.load_state_dict(self.generator.state_dict())
            self._forget()

    @classmethod
    def number_of_pieces(cls, settings: Settings) -> int | None:
        assert isinstance(settings, MagicSettings)
        return settings.set_size_least or settings.set_size

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
    def needed_slots(cls, settings: Settings) -> frozenset[str]:
        assert isinstance(settings, MagicSettings)
        guided = settings.guidance == "guided" and not cls.is_instant(settings)
        return super().needed_slots(settings) | ({"content"} if guided else set())

    @classmethod
    def fitting(cls, sizes: Mapping[str, Sequence[Size]]) -> dict[str, Any]:
        return fitting_scales(sizes)

    def fitting_picture(self, free: Collection[str]) -> dict[str, Any]:
        contents = self._matched.as_loaded
        if not contents or not self.instant or self.borrowed or self.steps_done:
            return {}
        return fit.fitted(self, self.canvas_size, contents[0], free)

    def _read_images(self, job: Job) -> None:
        s = self.settings
        if not job.sources.get("style"):
            raise MissingSourcesError("MAGIC needs at least one style image. Drop one on Style.")
        self._styles = sources.load(job.sources["style"], s.style_scale, "style", self.warnings, True)
        if s.placement == "aligned":
            self._styles = sources.of_one_size(self._styles)
        self._matched = MatchedContents([], [])
        if s.guidance == "guided" and job.sources.get("content"):
            self._matched = self._read_contents(job)
        elif s.guidance == "guided" and not self.is_instant(s):
            raise MissingSourcesError(
                "A guided collage needs a content image. Drop one on Content, or choose Unguided in the panel."
            )
        elif s.placement != "anywhere" and len(self._styles) < 2:
            raise MissingSourcesError(
                "Aligned collages mix whole images, so they need at least two style images. Drop more on Style, or "
                "let the elements lie anywhere."
            )
        self._canvas = job.canvas_size or (self._contents or self._styles)[0].size
        self.atlas = atlas_of(self._styles, self.device)
        said = list[str]()
        self._directions = directions(job, self._styles, self._canvas, said, self._contents)
        self.draw = self._drawn_from(self._directions, job, said)
        self._composer = self._composer_of(job, self.draw)
        self.warnings += said
        self._said = said
        self._style_patches = StylePatches(self._styles, self.atlas, s.tiling)

    def _composer_of(self, job: Job, draw: SetDraw) -> Composer:
        """What is wanted of single pieces. Raises BadSettingError: all of those shown are muted."""
        composer = Composer(job.pieces, [Path(style.image.path) for style in self._styles], self._canvas)
        for seed, _ in self.shown_sets:
            composer.composed(draw.templates(self.shown_size, seed))
        return composer

    def _drawn_from(self, directions: Directions, job: Job, said: list[str]) -> SetDraw:
        s, weights, groups = self.settings, [style.image.weight for style in self._styles], directions.groups
        if groups is not None:
            assert directions.pieces is not None
            weights = directions.pieces.weights(weights)
            if len(groups) > min(self.shown_size, s.set_size_least or s.set_size):
                said.append(
                    f"The map has {len(groups)} groups of images, more than a set has elements; what has none shows "
                    "all. Raise Elements of a set, and Elements shown."
                )
        placement = "anywhere" if s.placement == "anywhere" else "aligned"
        return SetDraw(self.atlas, weights, s.tiling, placement, self._canvas, groups, job.pieces.draw)

    def try_update(self, job: Job) -> bool:
        """Other maps, and other regions for the images that are there: they act on what was learned."""
        if undirected(job) != undirected(self._job) or self._job.settings.needs_rebuild(job.settings):
            return False
        styles = with_regions_of(job, self._styles)
        said = list[str]()
        new = directions(job, styles, self._canvas, said, self._contents)
        alike = new.draws_as(self._directions) and job.pieces.draw == self._job.pieces.draw
        draw = self.draw if alike else self._drawn_from(new, job, said)
        composer = self._composer_of(job, draw)
        if draw is not self.draw or composer.places != self._composer.places:
            self._shown = {}
            self._forget()
        self.touched = None
        if draw is self.draw and job.pieces == self._job.pieces and not self._norms_see_whole_canvas:
            changed = touched(self._directions, new, self.settings.feather_px)
            # what looks at a pixel from below is felt at its top, and so on
            reach = self.composed_reach
            felt = Margin(reach.bottom, reach.right, reach.top, reach.left)
            self.touched = changed if changed is None or not changed.area else changed.pad(felt).clip(self._canvas.box)
        before, self._said = self._said, said
        self.warnings = [sentence for sentence in said if sentence not in before]
        self._job, self._directions, self._styles = job, new, styles
        self.draw, self._composer, self._composed = draw, composer, {}
        return True

    def _make_it_fit(self) -> None:
        """Decides K, B and checkpointing by the memory that is free now."""
        weights = sum(parameter.numel() * 4 for parameter in self.generator.parameters())
        free, devices = memory_free_bytes(self.device), sharing.size()
        s = self.settings  # each device has its part of the batch
        part = s if devices == 1 else s.model_copy(update={"batch": -(-s.batch // devices)})
        self.plan = plan(part, self.shape.sets, weights, free, self._bfloat16)
        self.plan = replace(self.plan, batch=min(s.batch, self.plan.batch * devices))
        self.generator.st_unet.checkpointed = self.plan.checkpointing
        if self.plan.warning:
            self.warnings.append(self.plan.warning)

    @property
    def shared_batch(self) -> int:
        return self.plan.batch

    def decisions(self) -> dict[str, Any]:
        chosen = self.plan
        return super().decisions() | {"plan": [chosen.set_size, chosen.batch, chosen.checkpointing]}

    def decide(self, decisions: Mapping[str, Any]) -> None:
        super().decide(decisions)
        self.plan = Plan(*decisions["plan"])
        self.generator.st_unet.checkpointed = self.plan.checkpointing

    # -------------------------------------------------------- a step

    def _loss(self, terms: Mapping[str, Tensor]) -> Tensor:
        """L = L_adv + lambda_C L_content + lambda_TV TV(A) + lambda_E E(A) + lambda_M max_k sum_hw A_k (equation 4)."""
        by = self._numbers
        return (
            by["adversarial_weight"] * terms["generator"]
            + by["content_weight"] * (terms["content"] + by["collage_content_weight"] * terms["content_collage"])
            + by["variation_weight"] * terms["variation"]
            # differs from the paper: cuts become clean slowly, so that pieces find their places first
            + by["entropy_weight"] * by["entropy_ramp"] * terms["entropy"]
            + by["largest_share_weight"] * terms["largest_share"]
            # differs from the paper: without a content nothing else keeps one image from taking all of the picture
            + by["image_balance_weight"] * terms["balance"]
            + by["alpha_weight"] * terms["alpha"]
            + by["warp_variation_weight"] * terms["warp_variation"]
        )

    @property
    def _anchored(self) -> bool:
        """Whether training stays near the networks that came along."""
        return self.instant and not self.borrowed and self.settings.anchor_steps > 0

    @property
    def _hold(self) -> float:
        """How strongly what is learned is held near the networks that came along, 0 to 1.

        At first they know nothing of these images, and what spoils pieces takes longer to grow: in the first quarter
        nothing is held.
        """
        return min(4, 4 * self.steps_done // self.settings.anchor_steps) / 4 if self._anchored else 0.0

    def _present_numbers(self) -> dict[str, float]:
        s = self.settings
        pull = self._rate_part / s.anchor_steps * self._hold if self._hold else 0.0  # as the rates, of both networks
        own = {"temperature": s.temperature, "repaint_bound": s.repaint_bound, "warp_px": s.warp_px, "pull": pull}
        return super()._present_numbers() | own

    @property
    def _graph_key(self) -> Hashable:
        return super()._graph_key, self._anchored

    def _held(self, name: str, network: torch.nn.Module, rate: Rate) -> None:
        if self._hold:
            self._anchor.pull(name, network, self._numbers["pull"])

    def _descend(self, loss: Tensor, rate: Rate, decay: Rate) -> None:
        super()._descend(loss, rate, decay)
        if self._anchored and self.average.refiner is not None:
            # Drawn as strongly to what came along as to what is learned, the second network that paints stays half way
            # between them (Wortsman et al. 2022, WiSE-FT): as near to the style, and without its ripples and rims.
            self._anchor.pull("refiner", self.average.refiner, 1 - decay)

    def _draw_batch(self, random: torch.Generator) -> Batch:
        """Patches, and a new set for each of them: K may be another one in every step."""
        s, side, batch = self.settings, self.settings.patch, self.plan.batch
        count = self.plan.set_size
        if s.set_size_least:
            least = min(s.set_size_least, count)
            count = int(torch.randint(max(2, least), count + 1, (), generator=random))
        if (patches := self._content_patches) is not None:
            content, corners = patches.draw(side, batch, random)
        else:
            content, corners = None, torch.stack([corner(self._canvas, side, random) for _ in range(batch)])
        boxes = [Box(int(top), int(left), side, side) for top, left in corners.tolist()]
        corners = uploaded(corners, self.device)
        sets = self.draw.sets(count, corners[:, 0], corners[:, 1], random)
        wanted = None
        if self._job.pieces.choices:
            sets, wanted = self._with_shown(sets, corners, random)
        fields = self._directions.on(self._canvas, self.device, s.feather_px)
        powers = {name: torch.stack([plane(box) for box in boxes]) for name, plane in fields.amounts.items()}
        regions = None if fields.regions is None else torch.stack([fields.regions(box) for box in boxes])
        opaque = sets.view(side, side).bias() if self.atlas.has_cut_outs else None
        guided = None if fields.guided is None else torch.stack([fields.guided(box) for box in boxes])
        by_color = None
        if content is not None and s.color_matching:
            by_color = self._by_color(sets, content, guided) / s.temperature
        bias = log_bias(self._bias(regions, sets, wanted), opaque, by_color)
        style = self._style_patches.draw(side, batch, random)
        return Batch(content, style, sets, bias, powers, guided, self._conditions())

    def _with_shown(self, sets: Sets, corners: Tensor, random: torch.Generator) -> tuple[Sets, Tensor]:
        """The sets of a batch, the first of them from the pieces that the artist composed; and their bias, [B, K].

        So it learns from the set that is shown, as well as from others.
        """
        composed = self.composed(self.shown_sets[0][0])
        shown, count = composed.templates, sets.count
        taken = torch.randperm(len(shown), generator=random)[:count].to(shown.image.device)
        image, origin, flip = sets.image.clone(), sets.origin.clone(), sets.flip.clone()
        image[0, : len(taken)] = shown.image[taken]
        origin[0, : len(taken)] = shown.offset[taken] + corners[0]
        flip[0, : len(taken)] = shown.flip[taken]
        bias = torch.zeros(image.shape, device=image.device)
        if composed.bias is not None:
            bias[0, : len(taken)] = composed.bias[taken]
        return Sets(sets.atlas, image, origin, flip, sets.edge), bias

    def _generate(self, network: CollageGenerator, batch: Batch) -> Collage:
        s, by = self.settings, self._numbers
        size = (s.patch, s.patch)
        if self._may_be_captured(batch):
            return network(
                batch.sets,
                batch.content,
                size,
                by["temperature"],
                (self._bound_of(batch), by["warp_px"]),
                self._mix_kernel,
                batch.told,
                batch.bias,
                s.smoothing_px,
                s.kept_colors,
            )
        # Each patch is told what its part of the maps asks for, about.
        each = [
            network(
                one.sets,
                one.content,
                size,
                by["temperature"],
                (self._bound_of(one), by["warp_px"]),
                self._mix_kernel,
                self._conditions_of(multiplied(s, one.powers)),
                one.bias,
                s.smoothing_px,
                s.kept_colors,
            )
            for one in batch.apart()
        ]
        return joined(each)

    def _may_be_captured(self, batch: Batch) -> bool:
        """Unless each patch is told what the maps ask for there, which the host has to read."""
        return not self.settings.conditional or not set(batch.powers) & set(RANGES)

    def _bound_of(self, batch: Batch) -> Tensor | float:
        return self.bound_at(batch.powers.get(PAINT), self._numbers["repaint_bound"])

    def _generator_terms(self, batch: Batch, fake: Collage) -> dict[str, Tensor]:
        mixture, usage = fake.mixture, fake.mixture.usage
        terms = {
            "content": fake.result.new_zeros(()),
            "content_collage": fake.result.new_zeros(()),
            "entropy": mixture.entropy,
            "variation": mixture.variation,
            "largest_share": losses.largest_share(usage),
            "balance": self._imbalance(batch, fake),
            "templates_in_use": torch.stack([losses.effective_templates(u[None]) for u in usage.detach()]).mean(),
            "alpha": (fake.result - fake.collage).abs().mean() / 2,
            "warp_variation": fake.flow_variation,
        }
        if SIZE in batch.powers and fake.logits is not None:
            shares = (fake.logits.float() / self._numbers["temperature"]).softmax(1)
            terms["variation"] = losses.total_variation(shares, times(batch.powers[SIZE]))
        if PAINT in batch.powers:
            terms["alpha"] = (times(-batch.powers[PAINT]) * (fake.result - fake.collage).abs()).mean() / 2
        if batch.content is not None:
            wanted, weight = self._coarse(batch.content), 1.0
            if CONTENT in batch.powers:
                weight = times(batch.powers[CONTENT])
                weight = self._blurred(weight if batch.guided is None else weight * batch.guided)
            terms["content"] = losses.content(self._coarse(fake.result), wanted, weight)
            terms["content_collage"] = losses.content(self._coarse(fake.collage), wanted, weight)
        return terms

    def _imbalance(self, batch: Batch, fake: Collage) -> Tensor:
        """How far pictures are from the mean colour of the style images, and these from their parts of the last steps'.

        0 where a content decides. Without, each image had its part by its darkest pieces: a discriminator sees texture.
        """
        if batch.content is not None or not self._styles:
            return fake.result.new_zeros(())
        colors = sharing.gathered(fake.result.mean((2, 3)))  # patches of all devices are balanced together
        away = (colors.mean(0) - self._mean_color).square().sum()
        if len(self._usage) < 2:
            return away
        of_images = sharing.gathered(usage_of_images(fake.mixture.usage, batch.sets.image, len(self._usage)))
        return away + losses.balance(running_usage(of_images.mean(0), self._usage), self._image_parts)

    def _coarse(self, image: Tensor) -> Tensor:
        """phi, of what is compared."""
        return self._blurred(losses.compared(image, self.settings.color_matching))

    def _blurred(self, image: Tensor) -> Tensor:
        return coarsened(image, self.settings.correspondence, self.settings.blur_px)

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

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        yield from super()._tensors()
        if not self._matched.as_loaded and len(self._usage) > 1:
            yield _USAGE, self._usage

    def begin_from(self, state: State) -> bool:
        self._shown = {}
        self._forget()
        return super().begin_from(state)

    def restore(self, state: State, strict: bool = True) -> list[str]:
        self._shown = {}
        self._forget()
        # A state of other images, or that was learned with a content, knows of no use of these; it is soon found.
        used = state.tensors.get(_USAGE)
        if used is None or used.shape != self._usage.shape:
            state = State({**state.tensors, _USAGE: self._image_parts}, state.plain)
        return super().restore(state, strict)


METHOD = Magic
