"""What all methods share that train a generator: its average, the skeleton of a step, frozen statistics, and its state.

A method draws a batch, generates from it, and says what is lost; painting is its own.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Generic, Self, TypeVar

import torch
from torch import Tensor, nn

from engine import sharing
from engine.box import Margin
from engine.images.sampling import step_generator
from engine.method import State
from engine.methods.stepped_base import SteppedMethod
from engine.methods.trained_settings import TrainedSettings
from engine.nn import training
from engine.nn.capture import Rate

FREEZE_EVERY_STEPS = 50
"""Statistics that are frozen for painting are taken anew after so many steps."""
_CALIBRATION_BATCHES = 4
LEARNED_STEPS = 300
"""What a network that came along counts as: its average is not forgotten in the first steps, and soon follows."""
WARM_UP_STEPS = 30
"""Steps in which the rates of such a network rise: Adam knows nothing of its gradients yet, and would undo it."""

SettingsT = TypeVar("SettingsT", bound=TrainedSettings)
NetworkT = TypeVar("NetworkT", bound=nn.Module)
BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")


class TrainedMethod(SteppedMethod[SettingsT], Generic[SettingsT, NetworkT, BatchT, OutputT]):
    """A subclass makes and initialises `generator`, then calls `_begin_training`.

    Type parameters: the settings, the generator, what a training step draws, and what the generator makes of it.
    """

    generator: NetworkT
    average: NetworkT
    """Of the generator over the last steps: it paints."""

    _last: tuple[BatchT, OutputT] | None
    """Batch and pictures of the last step."""

    # -------------------------------------------------------- what a method adds

    @abstractmethod
    def _draw_batch(self, random: torch.Generator) -> BatchT:
        """What one step learns from."""

    @abstractmethod
    def _generate(self, network: NetworkT, batch: BatchT) -> OutputT:
        """The pictures of a batch by the generator or its average, with gradients where they are enabled."""

    @abstractmethod
    def _learn(self, batch: BatchT, step: int, random: torch.Generator) -> tuple[OutputT, dict[str, Tensor]]:
        """One update of everything: pictures of the batch without gradients, and the unweighted terms and measures.

        Where judges have learned before the generator, `half_done` is set meanwhile.
        """

    @abstractmethod
    def _patches_of(self, batch: BatchT, output: OutputT) -> dict[str, Tensor]:
        """See `patches`: those of the last step."""

    @abstractmethod
    def _measured_halo(self) -> Margin:
        """See `halo`; asked once."""

    @property
    @abstractmethod
    def _norms_see_whole_canvas(self) -> bool:
        """Whether statistics of the generator's norms are those of the whole canvas, and so have to be frozen."""

    def _begin_step(self, random: torch.Generator) -> None:
        """What is drawn before the batch; nothing, as a rule."""

    def _calibration_batches(self, random: torch.Generator) -> Iterator[BatchT]:
        """Batches over which statistics are taken before they are frozen."""
        for _ in range(_CALIBRATION_BATCHES):
            yield self._draw_batch(random)

    # -------------------------------------------------------- building

    def _place(self, network: nn.Module) -> None:
        network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _begin_training(self, others: Mapping[str, nn.Module] | None = None) -> None:
        """Average and optimiser around `self.generator`.

        Args:
            others: networks that are trained with the generator, by name.
        """
        self._trained = {"generator": self.generator, **(others or {})}
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.optimizer = training.adam((p for _, p in self._trained_parameters()), self.settings.learning_rate)
        self._frozen_at: int | None = None
        self._halo: Margin | None = None
        self._last = None

    def _trained_parameters(self) -> list[tuple[str, nn.Parameter]]:
        return [pair for name, network in self._trained.items() for pair in network.named_parameters(name)]

    # -------------------------------------------------------- facts

    @property
    def halo(self) -> Margin:
        if self._halo is None:
            self._halo = self._measured_halo()
        return self._halo

    def patches(self) -> dict[str, Tensor]:
        return {} if self._last is None else self._patches_of(*self._last)

    def still(self) -> Self:
        assert self.halo is not None  # is measured once, and not for each of them
        other = copy.copy(self)
        other.average = copy.deepcopy(self.average)
        other._part_from_original()
        return other

    def _part_from_original(self) -> None:
        """Of a copy for `still`: gives it its own of what two threads must not remember in together."""

    # -------------------------------------------------------- a step

    def step(self, step: int) -> dict[str, Tensor]:
        random = step_generator(self.seed, step)
        self.half_done = False  # until judges have learned something
        self._begin_step(random)
        batch = self._own(self._draw_batch(random))
        output, terms = self._learn(batch, step, random)
        self.steps_done += 1
        self.half_done = False
        self._last = (batch, output)
        return sharing.means({key: value.detach() for key, value in terms.items()})

    def _descend(self, loss: Tensor, rate: Rate, decay: Rate) -> None:
        """One update of the generator, which its average follows."""
        training.descend(self.optimizer, (loss,), rate)
        self._held("generator", self.generator, rate)
        training.update_ema(self.average, self.generator, decay)

    def _held(self, name: str, network: nn.Module, rate: Rate) -> None:
        """Keeps a network near something, after each of its updates at that rate; left alone, as a rule."""

    @property
    def _rate_part(self) -> float:
        """Of the rates that the settings ask for, what this step takes."""
        return self._rate_factor * self._pace

    @property
    def _decay(self) -> float:
        """Of the average, in this step."""
        return training.rising(self._average_decay, self.steps_done + (LEARNED_STEPS if self.instant else 0))

    def _own(self, batch: BatchT) -> BatchT:
        """What this process learns from in a step that several share: all of it, as a rule."""
        return batch

    @property
    def _pace(self) -> float:
        """Part of the rates that this step takes."""
        return min(1.0, (self.steps_done + 1) / WARM_UP_STEPS) if self.instant else 1.0

    @property
    def _average_decay(self) -> float:
        return self.settings.average_decay

    # -------------------------------------------------------- statistics that are frozen

    def freeze_statistics(self) -> None:
        """Takes the average's statistics anew, over batches drawn for this purpose; nothing where all are local."""
        if not self._norms_see_whole_canvas:
            return
        random = step_generator(self.seed + 1, self.steps_done)
        with torch.no_grad(), training.fresh_statistics(self.average):
            for batch in self._calibration_batches(random):
                self._generate(self.average, batch)
        self._frozen_at = self.steps_done

    def _freeze_if_needed(self) -> None:
        if self._frozen_at is None or self.steps_done - self._frozen_at >= FREEZE_EVERY_STEPS:
            self.freeze_statistics()

    # -------------------------------------------------------- state

    def _networks(self) -> Iterator[tuple[str, nn.Module]]:
        """All whose weights or statistics a step changes, by name."""
        yield from self._trained.items()
        yield "average", self.average

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Everything that a step changes, by a name that stays when networks are rebuilt."""
        for name, network in self._networks():
            yield from ((f"{name}.{key}", value) for key, value in network.state_dict().items())
        yield from training.moments("optimizer", self.optimizer, self._trained_parameters())

    def state(self) -> State:
        # "settled_at" is the name in snapshots of all versions.
        plain = {**self._progress(), "settled_at": self._frozen_at, "instant": self.instant, "borrowed": self.borrowed}
        return State(training.copies(self._tensors()), plain)

    def begin_from(self, state: State) -> bool:
        own = {
            f"{name}.{key}": value for name, network in self._networks() for key, value in network.state_dict().items()
        }
        taken = {name: state.tensors.get(name) for name in own}
        for name, value in taken.items():
            if value is None or value.shape != own[name].shape or not bool(torch.isfinite(value).all()):
                return False
        training.copy_into(own, {name: value for name, value in taken.items() if value is not None}, strict=True)
        self.instant, self.borrowed, self._frozen_at = True, True, None
        return True

    def restore(self, state: State, strict: bool = True) -> list[str]:
        left = training.copy_into(dict(self._tensors()), state.tensors, strict)
        self._restore_progress(state)
        if not left:  # else these are other networks, which begin with nothing
            self.instant = bool(state.plain.get("instant", self.instant))
            self.borrowed = bool(state.plain.get("borrowed", False))
        self._frozen_at = state.plain["settled_at"] if strict else None
        return left
