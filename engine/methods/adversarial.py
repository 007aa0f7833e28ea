"""What FAMOS and MAGIC share: a discriminator beside the generator, and how both are trained against each other.

A method draws a batch with style in it, and names the terms of its loss; the rest is here and in trained_base.py.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar
from weakref import proxy

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine import losses, sharing
from engine.device import bfloat16_pays, uploaded
from engine.errors import BadSettingError
from engine.images import sources
from engine.images.contents import MatchedContents
from engine.images.sampling import ContentPatches
from engine.images.sources import Source
from engine.job import Job, SourceImage
from engine.method import State
from engine.methods.adversarial_settings import AdversarialSettings
from engine.methods.settling import Settling
from engine.methods.trained_base import NetworkT, TrainedMethod
from engine.nn import training
from engine.nn.capture import CapturedSteps, Numbers, Rate
from engine.nn.discriminator import Discriminator
from engine.settings import Settings
from engine.templates.atlas import Atlas
from engine.templates.mix_kernel import MixKernel
from engine.templates.mix_kernels import kernel_for


class AdversarialBatch(Protocol):
    """What a step of training draws."""

    @property
    def style(self) -> Tensor: ...  # [B, 3, H, W], -1..1

    def part(self, rows: slice) -> Self: ...  # some of its patches


class Fake(Protocol):
    """What the generator makes of a batch."""

    @property
    def result(self) -> Tensor: ...  # [B, 3, H, W], -1..1

    @property
    def collage(self) -> Tensor: ...  # the same; `result` itself where nothing is painted over the pieces

    def shown(self) -> Self: ...  # only the pictures, without gradients


SettingsT = TypeVar("SettingsT", bound=AdversarialSettings)
BatchT = TypeVar("BatchT", bound=AdversarialBatch)
FakeT = TypeVar("FakeT", bound=Fake)


class Turn(NamedTuple, Generic[BatchT]):
    """What one update of D learns from. position: see `losses.gradient_penalty`; None where that is not taken."""

    batch: BatchT
    position: Tensor | None


class AdversarialMethod(TrainedMethod[SettingsT, NetworkT, BatchT, FakeT]):
    """A subclass reads its images, makes `generator`, then calls `_assemble`."""

    _rate_title = "The learning rates are"

    @classmethod
    def loss_of_guessing(cls, settings: Settings) -> float | None:
        assert isinstance(settings, AdversarialSettings)
        kinds = 2 if settings.collage_adversarial_weight else 1
        return losses.loss_of_guessing(settings.adversarial, kinds) if settings.adversarial_weight else None

    _styles: list[Source]
    _matched: MatchedContents
    _patches_from: tuple[list[Source], ContentPatches] | None = None
    """What patches of contents are cut from, and these contents."""
    _mix_kernel: MixKernel | None
    _originals: tuple[float, Atlas, float] | None = None
    """The scale that was asked for, the style images, and the scale that they have."""
    _given: Numbers | None = None
    """Those of the step that is done at the moment."""
    _decides_nothing = frozenset(
        ("learning_rate", "discriminator_rate", "average_decay", "settle_after_steps", "entropy_ramp_steps")
    )
    """Settings that act on a step by its chance and its numbers alone, or on what is painted."""

    # -------------------------------------------------------- what a method adds

    @abstractmethod
    def _generator_terms(self, batch: BatchT, fake: FakeT) -> dict[str, Tensor]:
        """Unweighted terms of G's loss besides "generator", the adversarial one; and measures."""

    @abstractmethod
    def _loss(self, terms: Mapping[str, Tensor]) -> Tensor:
        """G's loss: one expression that reads like the paper's."""

    @abstractmethod
    def _initialise(self, network: nn.Module, random: torch.Generator) -> None:
        """Draws all weights of a network."""

    # -------------------------------------------------------- building

    def _read_contents(self, job: Job) -> MatchedContents:
        """The content images, to be matched to `self._styles`."""
        contents = sources.load(job.sources["content"], self.settings.content_scale, "content", self.warnings, True)
        return MatchedContents(contents, self._styles)

    @property
    def _contents(self) -> list[Source]:
        """The content images, tones and colours moved as is asked for now; the same list while that stays."""
        return self._matched.at(self.settings.tone_matching, self.settings.color_matching > 0)

    @property
    def _targets(self) -> list[Source]:
        """What is painted towards: the contents."""
        return self._contents

    @property
    def _content_patches(self) -> ContentPatches | None:
        """What a step draws patches of the contents from; None where there are none."""
        contents = self._targets
        if contents and (self._patches_from is None or self._patches_from[0] is not contents):
            self._patches_from = contents, ContentPatches(contents, self._canvas, self.device)
        return self._patches_from[1] if contents and self._patches_from else None

    def frame(self, path: str, tones: str) -> Source:
        """An image file as the target, scaled, cut out and matched in tone and colour as the content is.

        Args:
            tones: an image file whose tones and colours decide those of all frames; empty for its own.

        Raises:
            BadSettingError: there is no content whose place it could take.
        """
        if not self._contents:
            raise BadSettingError("A collage that no content guides can not follow frames. Drop a content, and train.")
        scale = self._contents[0].image.scale

        def load(path: str) -> Source:
            images = [SourceImage(path=path, scale=scale)]
            (source,) = sources.load(images, self.settings.content_scale, "content", [], cut_out=True)
            return source

        like = load(tones) if tones else None
        matched = MatchedContents([load(path)], self._styles, like)
        return matched.at(self.settings.tone_matching, self.settings.color_matching > 0)[0]

    def originals(self, scale: float) -> tuple[Atlas, float]:
        """The style images from their files again, `scale` times as large as trained or as near as they come.

        Raises:
            BadImageError: one can not be read any more.
        """
        if self._originals is None or self._originals[0] != scale:
            self._originals = None  # before the new one is made
            pictures, reached = sources.reread(self._styles, scale)
            self._originals = scale, atlas_of(pictures, self.device), reached
        return self._originals[1:]

    @property
    def mix_kernel(self) -> MixKernel | None:
        """Mixes templates in one pass over memory; None where plain torch has to."""
        return self._mix_kernel

    def _decide_precision(self) -> None:
        precision = self.settings.precision
        self._bfloat16 = precision == "bfloat16" or (precision == "auto" and bfloat16_pays(self.device))

    def _assemble(self, random: torch.Generator, others: Mapping[str, nn.Module] | None = None) -> None:
        """Discriminator, average and optimisers around `self.generator`.

        Args:
            random: seeds all weights, in a fixed order.
            others: networks that are trained with the generator, by name.
        """
        s = self.settings
        self.discriminator = Discriminator(
            s.discriminator_width, s.discriminator_depth, int(s.kernel), s.discriminator_norm
        )
        for network in (self.generator, self.discriminator, *(others or {}).values()):
            self._initialise(network, random)
            self._place(network)
        self._begin_training(others)
        self._settling = Settling()
        self.discriminator_optimizer = training.adam(self.discriminator.parameters(), s.discriminator_rate)
        own = proxy(self)  # a method that held itself in a circle would keep its memory when it is let go
        # `warnings` is another list after each `try_update`.
        self._captured = CapturedSteps(
            self.device, lambda: own._tensors(), lambda sentence: own.warnings.append(sentence)
        )
        self._mix_kernel = kernel_for(self.device)

    def _part_from_original(self) -> None:
        self._matched = copy.copy(self._matched)  # made anew where tones differ, which a slider may say

    # -------------------------------------------------------- a step

    @property
    def _entropy_ramp(self) -> float:
        if self.instant:  # its pieces have found their places
            return 1.0
        return min(1.0, (self.steps_done + 1) / max(1, self.settings.entropy_ramp_steps))

    def _own(self, batch: BatchT) -> BatchT:
        rows = sharing.rows()
        return batch if rows is None else batch.part(rows)

    def _precision(self) -> AbstractContextManager:
        return training.precision(self.device, self._bfloat16)

    def step(self, step: int) -> dict[str, Tensor]:
        self._settling.notice(self.settings)
        terms = super().step(step)
        self._settling.count()
        return terms

    @property
    def _pace(self) -> float:
        return super()._pace * self._settling.rate(self.settings.settle_after_steps)

    @property
    def _average_decay(self) -> float:
        return self._settling.decay(self.settings.average_decay, self.settings.settle_after_steps)

    def _learn(self, batch: BatchT, step: int, random: torch.Generator) -> tuple[FakeT, dict[str, Tensor]]:
        turns, lazy = self._turns(batch, random), step % self.settings.r1_every_steps == 0
        numbers = self._present_numbers()

        def learned(turns: list[Turn[BatchT]], numbers: Numbers) -> tuple[FakeT, dict[str, Tensor]]:
            return self._learned(turns, lazy, numbers)

        if sharing.size() > 1 or not self._may_be_captured(batch):
            return learned(turns, numbers)
        return self._captured.run(self._graph_key, lazy, turns, numbers, learned)

    def _present_numbers(self) -> dict[str, float]:
        """What is merely another number in the next step, by name: the rates with all that acts on them, how far the
        ramp has risen, and all weights of the loss."""
        s, part = self.settings, self._rate_part
        weights = {name: getattr(s, name) for name in type(s).model_fields if name.endswith("_weight")}
        return weights | {
            "learning_rate": s.learning_rate * part,
            "discriminator_rate": s.discriminator_rate * part,
            "average_decay": self._decay,
            "entropy_ramp": self._entropy_ramp,
        }

    @property
    def _numbers(self) -> Numbers:
        """Those of the step that is done at the moment; between two steps, those of the next."""
        return self._present_numbers() if self._given is None else self._given

    @property
    def _graph_key(self) -> Hashable:
        """What the host decides by within a step, besides what was drawn: all settings but those that are numbers, of
        which it sees whether they are 0."""
        numbers, s = self._present_numbers(), self.settings
        decided = [name for name in type(s).model_fields if name not in numbers and name not in self._decides_nothing]
        of_weight = tuple(name for name, value in numbers.items() if value)
        return tuple(getattr(s, name) for name in decided), of_weight, self._bfloat16

    def _may_be_captured(self, batch: BatchT) -> bool:
        """Whether nothing of the batch is read by the host while it learns from it."""
        del batch
        return True

    def _turns(self, batch: BatchT, random: torch.Generator) -> list[Turn[BatchT]]:
        """All that chance decides of D's updates, the first of which is by `batch`."""
        turns = []
        for turn in range(self.settings.discriminator_steps):
            if turn:
                batch = self._own(self._draw_batch(random))
            position = None
            if self.settings.adversarial == "wgan_gp":
                drawn = torch.rand(sharing.whole(len(batch.style)), 1, 1, 1, generator=random)
                position = uploaded(sharing.own(drawn), self.device)
            turns.append(Turn(batch, position))
        return turns

    def _learned(self, turns: list[Turn[BatchT]], lazy: bool, numbers: Numbers) -> tuple[FakeT, dict[str, Tensor]]:
        """D's updates and then G's: all of a step but its chance."""
        self._given = numbers
        try:
            with self._precision():
                output = self._generate(self.generator, turns[0].batch)
            loss, terms = self._losses(output, turns, lazy, numbers["discriminator_rate"])
            shown = output.shown()
            del output  # what lies in memory until its gradient was taken is freed then
            self._descend(loss, numbers["learning_rate"], numbers["average_decay"])
        finally:
            self._given = None
        return shown, {key: value.detach() for key, value in terms.items()}

    def _losses(
        self, output: FakeT, turns: list[Turn[BatchT]], lazy: bool, rate: Rate
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """G's loss, once D has learned, and the unweighted terms and measures of both."""
        judged = self._train_discriminator(turns, output, lazy, rate)
        with training.frozen(self.discriminator), self._precision():
            scores = self.discriminator(output.result).float()
            of_collage = self.discriminator(output.collage).float() if self._judges_collage(output) else None
        terms = {"generator": losses.generator_loss(self.settings.adversarial, scores)}
        if of_collage is not None:
            terms["generator_collage"] = losses.generator_loss(self.settings.adversarial, of_collage)
        terms |= self._generator_terms(turns[0].batch, output)
        loss = self._loss(terms)
        if of_collage is not None:
            loss = loss + self._numbers["collage_adversarial_weight"] * terms["generator_collage"]
        return loss, judged | terms

    def _judges_collage(self, fake: FakeT) -> bool:
        """Whether I_M is judged beside I, as the peer's code can (`--fAdvM`): where it is asked for and another one."""
        return self.settings.collage_adversarial_weight > 0 and fake.collage is not fake.result

    def _train_discriminator(self, turns: list[Turn[BatchT]], fake: FakeT, lazy: bool, rate: Rate) -> dict[str, Tensor]:
        """D's updates; the first one shares the fakes of the generator's update."""
        terms: dict[str, Tensor] = {}
        for turn in turns:
            if turn is not turns[0]:
                with torch.no_grad(), self._precision():
                    fake = self._generate(self.generator, turn.batch)
            terms = {}
            parts = self._discriminator_losses(turn, fake, lazy and turn is turns[0], terms)
            training.descend(self.discriminator_optimizer, parts, rate)
            self._held("discriminator", self.discriminator, rate)
            self.half_done = True
        return terms

    def _discriminator_losses(
        self, turn: Turn[BatchT], fake: FakeT, lazy: bool, terms: dict[str, Tensor]
    ) -> Iterator[Tensor]:
        """The weighted parts of D's loss one after another, see `training.descend`; their values join `terms`."""
        batch = turn.batch
        s = self.settings
        with self._precision():
            scores = self.discriminator(batch.style)
        real = losses.real_loss(s.adversarial, scores.float())
        terms["discriminator"] = real.detach()
        yield real
        with self._precision():
            scores = self.discriminator(fake.result.detach())
        generated = losses.fake_loss(s.adversarial, scores.float())
        terms["discriminator"] = terms["discriminator"] + generated.detach()
        yield generated
        if self._judges_collage(fake):
            with self._precision():
                scores = self.discriminator(fake.collage.detach())
            pieces = losses.fake_loss(s.adversarial, scores.float())
            terms["discriminator"] = terms["discriminator"] + pieces.detach()
            yield pieces
        if turn.position is not None:
            penalty = losses.gradient_penalty(self.discriminator, batch.style, fake.result, turn.position)
            terms["penalty"] = penalty.detach()
            yield self._numbers["penalty_weight"] * penalty
        elif s.r1_weight and lazy and s.discriminator_norm != "batch":  # see `discriminator_norm`
            # Lazy: every few steps, weighing as much more (Karras et al. 2020, appendix B).
            penalty = losses.r1_penalty(self.discriminator, batch.style)
            terms["penalty"] = penalty.detach()
            yield self._numbers["r1_weight"] * s.r1_every_steps * penalty

    def slow_down(self) -> str:
        """Values that are not numbers may be those that bfloat16 can not hold: float32 comes before smaller steps."""
        if not self._bfloat16:
            return super().slow_down()
        self._bfloat16 = False
        return "It computes in float32 from here on, which takes longer and holds larger numbers exactly."

    # -------------------------------------------------------- steps that several devices share

    @property
    def shared_batch(self) -> int:
        return self.settings.batch

    def decisions(self) -> dict[str, Any]:
        return {"bfloat16": self._bfloat16}

    def decide(self, decisions: Mapping[str, Any]) -> None:
        self._bfloat16 = bool(decisions["bfloat16"])

    # -------------------------------------------------------- state

    def _networks(self) -> Iterator[tuple[str, nn.Module]]:
        yield from self._trained.items()
        yield "discriminator", self.discriminator
        yield "average", self.average

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        yield from super()._tensors()
        judges = [*self.discriminator.named_parameters("discriminator")]
        yield from training.moments("discriminator_optimizer", self.discriminator_optimizer, judges)

    def state(self) -> State:
        state = super().state()
        state.plain |= {"device": self.device.type, "bfloat16": self._bfloat16}
        state.plain |= {"calm_steps": self._settling.calm_steps}
        return state

    def restore(self, state: State, strict: bool = True) -> list[str]:
        left = super().restore(state, strict)
        self._settling.restored(int(state.plain.get("calm_steps", 0)) if strict else 0)
        # The probe for "auto" is a matter of time, so another start may find otherwise: go on as the snapshot was made.
        if strict and self.settings.precision == "auto" and state.plain.get("device") == self.device.type:
            self._bfloat16 = bool(state.plain["bfloat16"])
        return left


def atlas_of(styles: Sequence[Source], device: torch.device) -> Atlas:
    """The style images for templates, with their transparent places."""
    cut_out = any(style.opacity is not None for style in styles)
    opacities = [style.opacity for style in styles] if cut_out else ()
    return Atlas([style.pixels for style in styles], device, opacities)


def coarsened(image: Tensor, correspondence: str, blur_px: float) -> Tensor:
    """phi, by which contents are compared (FAMOS, appendix; MAGIC, equation 2): blurred, or means of blocks.

    Args:
        image: [B, C, H, W].
        correspondence: "blur", or "pool" and the side of the blocks in pixels; anything else leaves every pixel.
    """
    if correspondence == "blur":
        return losses.gaussian_blur(image, blur_px)
    if correspondence.startswith("pool"):
        return functional.avg_pool2d(image, int(correspondence.removeprefix("pool")))
    return image
