"""What adversarial methods share: a generator and its average, a discriminator, their updates, and their state.

A method of this family draws a batch, generates from it, and names the terms of its loss; the rest is here.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from engine import losses
from engine.device import bfloat16_pays
from engine.images.sampling import step_generator
from engine.method import Method, State
from engine.nn import training
from engine.nn.discriminator import Discriminator

SETTLE_EVERY_STEPS = 50
"""Statistics that are frozen for painting are taken anew after so many steps."""


class Batch(Protocol):
    @property
    def style(self) -> Tensor: ...  # [B, 3, H, W], -1..1


class Fake(Protocol):
    @property
    def result(self) -> Tensor: ...  # [B, 3, H, W], -1..1

    def shown(self) -> Self: ...  # only the pictures, without gradients


class AdversarialMethod(Method):
    """Settings are those of `FamosSettings` that stand under Network and Training, by the same names."""

    settings: Any
    generator: Any
    average: Any
    seed: int
    _last: tuple[Any, Any] | None
    """Batch and pictures of the last step."""

    # -------------------------------------------------------- what a method adds

    @abstractmethod
    def _draw(self, random: torch.Generator) -> Any:
        """A `Batch`."""

    @abstractmethod
    def _generate(self, batch: Any) -> Any:
        """A `Fake`, with gradients where they are enabled."""

    @abstractmethod
    def _generator_terms(self, batch: Any, fake: Any) -> dict[str, Tensor]:
        """Unweighted terms of G's loss besides "generator", the adversarial one; and measures."""

    @abstractmethod
    def _loss(self, terms: dict[str, Tensor]) -> Tensor:
        """G's loss: one expression that reads like the paper's."""

    @abstractmethod
    def _take_statistics(self, batch: Any) -> None:
        """A forward pass of the average on a batch, in training mode."""

    _global_norm: str = ""
    """The value of the setting `norm` whose statistics are those of the whole canvas, and so are frozen."""

    # -------------------------------------------------------- building

    def _decide_precision(self) -> None:
        precision = self.settings.precision
        self._bfloat16 = precision == "bfloat16" or (precision == "auto" and bfloat16_pays(self.device))

    def _assemble(self, random: torch.Generator, others: dict[str, nn.Module] | None = None) -> None:
        """Discriminator, average and optimisers around `self.generator`.

        Args:
            random: seeds all weights, in a fixed order.
            others: networks that are trained with the generator, by name.
        """
        s = self.settings
        self.discriminator = Discriminator(
            s.discriminator_width, s.discriminator_depth, int(s.kernel), s.discriminator_norm
        )
        self._trained = {"generator": self.generator, **(others or {})}
        for network in (self.generator, self.discriminator, *(others or {}).values()):
            self._initialise(network, random)
            network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.optimizer = training.adam((p for _, p in self._trained_parameters()), s.learning_rate)
        self.discriminator_optimizer = training.adam(self.discriminator.parameters(), s.discriminator_rate)
        self.steps_done = 0
        self._rate_factor = 1.0
        self._settled_at: int | None = None
        self._last = None

    @abstractmethod
    def _initialise(self, network: nn.Module, random: torch.Generator) -> None:
        """Draws all weights of a network."""

    def _trained_parameters(self) -> list[tuple[str, nn.Parameter]]:
        return [pair for name, network in self._trained.items() for pair in network.named_parameters(name)]

    # -------------------------------------------------------- a step

    @property
    def _entropy_ramp(self) -> float:
        return min(1.0, (self.steps_done + 1) / max(1, self.settings.entropy_ramp_steps))

    def step(self, step: int) -> dict[str, Tensor]:
        s = self.settings
        random = step_generator(self.seed, step)
        batch = self._draw(random)
        with self._precision():
            fake = self._generate(batch)
        judged = self._train_discriminator(batch, fake, step, random)
        with training.frozen(self.discriminator), self._precision():
            scores = self.discriminator(fake.result).float()
        terms = {"generator": losses.generator_loss(s.adversarial, scores)} | self._generator_terms(batch, fake)
        training.descend(self.optimizer, (self._loss(terms),), s.learning_rate * self._rate_factor)
        training.update_ema(self.average, self.generator, s.average_decay, self.steps_done)
        self.steps_done += 1
        self._last = (batch, fake.shown())
        return {key: value.detach() for key, value in (judged | terms).items()}

    def _precision(self):
        return training.precision(self.device, self._bfloat16)

    def _train_discriminator(self, batch: Batch, fake: Fake, step: int, random: torch.Generator) -> dict[str, Tensor]:
        """D's updates; the first one shares the fakes of the generator's update."""
        s = self.settings
        terms: dict[str, Tensor] = {}
        for turn in range(s.discriminator_steps):
            if turn:
                batch = self._draw(random)
                with torch.no_grad(), self._precision():
                    fake = self._generate(batch)
            terms = {}
            lazy = turn == 0 and step % s.r1_every_steps == 0
            parts = self._discriminator_losses(batch, fake, random, lazy, terms)
            training.descend(self.discriminator_optimizer, parts, s.discriminator_rate * self._rate_factor)
        return terms

    def _discriminator_losses(
        self, batch: Batch, fake: Fake, random: torch.Generator, lazy: bool, terms: dict[str, Tensor]
    ) -> Iterator[Tensor]:
        """The weighted parts of D's loss one after another, see `training.descend`; their values join `terms`."""
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
        if s.adversarial == "wgan_gp":
            position = torch.rand(len(batch.style), 1, 1, 1, generator=random).to(self.device)
            penalty = losses.gradient_penalty(self.discriminator, batch.style, fake.result, position)
            terms["penalty"] = penalty.detach()
            yield s.penalty_weight * penalty
        elif s.r1_weight and lazy:
            # Lazy: every few steps, weighing as much more (Karras et al. 2020, appendix B).
            penalty = losses.r1_penalty(self.discriminator, batch.style)
            terms["penalty"] = penalty.detach()
            yield s.r1_weight * s.r1_every_steps * penalty

    def slow_down(self) -> str:
        self._rate_factor *= 0.5
        return f"The learning rates are now {self._rate_factor:.3g} of what the panel says."

    # -------------------------------------------------------- statistics that are frozen

    def freeze_statistics(self) -> None:
        """Takes the average's statistics anew, over some batches drawn for this purpose; nothing for local norms."""
        if self.settings.norm != self._global_norm:
            return
        random = step_generator(self.seed + 1, self.steps_done)
        with torch.no_grad(), training.fresh_statistics(self.average):
            for _ in range(4):
                self._take_statistics(self._draw(random))
        self._settled_at = self.steps_done

    def _freeze_if_needed(self) -> None:
        if self._settled_at is None or self.steps_done - self._settled_at >= SETTLE_EVERY_STEPS:
            self.freeze_statistics()

    # -------------------------------------------------------- state

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Everything that a step changes, by a name that stays when networks are rebuilt."""
        for name, network in (*self._trained.items(), ("discriminator", self.discriminator), ("average", self.average)):
            yield from ((f"{name}.{key}", value) for key, value in network.state_dict().items())
        yield from training.moments("optimizer", self.optimizer, self._trained_parameters())
        judges = [*self.discriminator.named_parameters("discriminator")]
        yield from training.moments("discriminator_optimizer", self.discriminator_optimizer, judges)

    def state(self) -> State:
        tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in self._tensors()}
        plain = {
            "steps_done": self.steps_done,
            "rate_factor": self._rate_factor,
            "settled_at": self._settled_at,
            "device": self.device.type,
            "bfloat16": self._bfloat16,
        }
        return State(tensors, plain)

    def restore(self, state: State, strict: bool = True) -> list[str]:
        left = training.copy_into(dict(self._tensors()), state.tensors, strict)
        self.steps_done = int(state.plain["steps_done"])
        self._rate_factor = float(state.plain["rate_factor"])
        self._settled_at = state.plain["settled_at"] if strict else None
        # The probe for "auto" is a matter of time, so another start may find otherwise: go on as the snapshot was made.
        if strict and self.settings.precision == "auto" and state.plain.get("device") == self.device.type:
            self._bfloat16 = bool(state.plain["bfloat16"])
        return left
