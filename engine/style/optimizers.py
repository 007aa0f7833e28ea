"""How a picture moves down its loss: Adam, or L-BFGS of our own, both with a state that is plain tensors by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Of a picture: its loss, a scalar, and the gradient, of the picture's shape."""


class Descent(ABC):
    """Base of both. Holds no picture; `reset` after the picture or the loss was exchanged."""

    @abstractmethod
    def reset(self) -> None:
        """Forgets all that was learned of former pictures."""

    @abstractmethod
    def step(self, picture: Tensor, evaluate: Evaluate, rate: float) -> Tensor:
        """One iteration: the next picture. `rate` is Adam's step in units of the picture, and scales that of L-BFGS."""

    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """All state, by name."""

    @abstractmethod
    def plain(self) -> dict[str, Any]:
        """What of the state are plain numbers, by name."""

    @abstractmethod
    def restore(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        """Takes over `tensors` and `plain` as another one gave them."""


class Adam(Descent):
    """Kingma and Ba 2015, (0.9, 0.99)."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._mean: Tensor | None = None
        self._square: Tensor | None = None
        self._count = 0

    def step(self, picture: Tensor, evaluate: Evaluate, rate: float) -> Tensor:
        _, gradient = evaluate(picture)
        if self._mean is None or self._square is None:
            self._mean, self._square = torch.zeros_like(gradient), torch.zeros_like(gradient)
        self._count += 1
        self._mean.lerp_(gradient, 0.1)
        self._square.lerp_(gradient.square_(), 0.01)
        size = rate / (1 - 0.9**self._count)
        move = (self._square / (1 - 0.99**self._count)).sqrt_().add_(1e-12)
        return picture - size * (self._mean / move)

    def tensors(self) -> dict[str, Tensor]:
        if self._mean is None or self._square is None:
            return {}
        return {"adam.mean": self._mean, "adam.square": self._square}

    def plain(self) -> dict[str, Any]:
        return {"count": self._count}

    def restore(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        self.reset()
        if "adam.mean" in tensors:
            self._mean, self._square = tensors["adam.mean"].clone(), tensors["adam.square"].clone()
        self._count = int(plain.get("count", 0))


class Lbfgs(Descent):
    """Limited-memory BFGS (Nocedal and Wright 2006, algorithm 7.4) with a backtracking line search.

    Args:
        history: pairs of (move, change of gradient) to remember; each takes twice the picture's memory.
        trials: at most so many evaluations in one iteration.
    """

    def __init__(self, history: int, trials: int = 4) -> None:
        self._history, self._trials = history, trials
        self.reset()

    def reset(self) -> None:
        self._moves: list[Tensor] = []
        self._changes: list[Tensor] = []
        self._gradient: Tensor | None = None
        self._loss: Tensor | None = None

    def step(self, picture: Tensor, evaluate: Evaluate, rate: float) -> Tensor:
        if self._gradient is None or self._loss is None:
            self._loss, self._gradient = evaluate(picture)
        gradient, loss = self._gradient, self._loss
        direction = self._direction(gradient)
        slope = (gradient * direction).sum()
        if slope >= 0:  # what is remembered no longer fits
            self._moves, self._changes = [], []
            direction = self._direction(gradient)
            slope = (gradient * direction).sum()
        if slope == 0:
            return picture
        # Without a history the length of the gradient means nothing: the mean pixel moves by the rate.
        length = 1.0 if self._moves else float(rate / direction.abs().mean().clamp_min(1e-30))
        found = self._search(picture, evaluate, direction, slope, loss, length)
        if found is None:  # no way down with what is remembered: stay, and begin afresh
            self._moves, self._changes = [], []
            return picture
        moved, new_loss, new_gradient = found
        move, change = moved - picture, new_gradient - gradient
        if (move * change).sum() > 1e-10 * move.norm() * change.norm():
            self._moves, self._changes = [*self._moves, move], [*self._changes, change]
            self._moves, self._changes = self._moves[-self._history :], self._changes[-self._history :]
        self._loss, self._gradient = new_loss, new_gradient
        return moved

    def _search(
        self, picture: Tensor, evaluate: Evaluate, direction: Tensor, slope: Tensor, loss: Tensor, length: float
    ) -> tuple[Tensor, Tensor, Tensor] | None:
        """The first of a few points along `direction` that falls far enough, with its loss and gradient."""
        for _ in range(self._trials):
            moved = picture + length * direction
            new_loss, new_gradient = evaluate(moved)
            if new_loss <= loss + 1e-4 * length * slope:
                return moved, new_loss, new_gradient
            # The minimum of the parabola through both losses and the slope, kept within reason.
            bend = 2 * (new_loss - loss - length * slope)
            length *= float((-slope * length / bend.clamp_min(1e-30)).clamp(0.1, 0.5))
        return None

    def _direction(self, gradient: Tensor) -> Tensor:
        """Minus the inverse Hessian times the gradient: the two loops of algorithm 7.4."""
        direction = -gradient
        pairs = list(zip(self._moves, self._changes, strict=True))
        shares = []
        for move, change in reversed(pairs):
            shares.append((move * direction).sum() / (move * change).sum())
            direction = direction - shares[-1] * change
        if pairs:
            move, change = pairs[-1]
            direction = direction * ((move * change).sum() / change.square().sum())
        for (move, change), share in zip(pairs, reversed(shares), strict=True):
            direction = direction + move * (share - (change * direction).sum() / (move * change).sum())
        return direction

    def tensors(self) -> dict[str, Tensor]:
        if self._gradient is None or self._loss is None:
            return {}
        stored = {"lbfgs.gradient": self._gradient, "lbfgs.loss": self._loss}
        for index, (move, change) in enumerate(zip(self._moves, self._changes, strict=True)):
            stored |= {f"lbfgs.move.{index}": move, f"lbfgs.change.{index}": change}
        return stored

    def plain(self) -> dict[str, Any]:
        return {"count": len(self._moves)}

    def restore(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        self.reset()
        if "lbfgs.gradient" in tensors:
            self._gradient, self._loss = tensors["lbfgs.gradient"].clone(), tensors["lbfgs.loss"].clone()
            for index in range(int(plain["count"])):
                self._moves.append(tensors[f"lbfgs.move.{index}"].clone())
                self._changes.append(tensors[f"lbfgs.change.{index}"].clone())
