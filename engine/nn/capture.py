"""One training step as a CUDA graph: the card is told once what a step is, and afterwards only to do it again.

An eager step can not be faster than its launches (docs/figures.md). A graph has one, whatever is in it; in return it
reads and writes the same memory each time, and whatever the host decided while it was captured stays decided. So what
is drawn for a step is copied into tensors that stay, all that is merely another number (rates, ramps, weights of the
loss, the decay of the average) lies in one small tensor, and all else that the host decides by is a part of the key
that a graph is found by.

Steps are captured once their key has come back; until then, as while a slider moves that changes what a step does, they
are plain ones. The first replay is compared with a plain step from the same state: where the two differ, where memory
is short, or where anything in a step can not be captured, steps stay plain from then on, and that is said. What is told
to torch for it is in graph_memory.py, the comparison in same_step.py.

It was built and tested on a simulated card, which records operators as CUDA does; it has never run on a real one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from engine.device import is_out_of_memory, memory_free_bytes, uploaded
from engine.nn.graph_memory import Pool, abandon, capturing, side_stream
from engine.nn.same_step import same_changes, same_terms

PLAIN_STEPS = 3
"""With one key, before the step is captured: what is done once, as choosing kernels, is done by then."""
MOST_GRAPHS = 8
"""That are held at a time: with and without R1, for a few sizes of sets."""
Rate = float | Tensor
DrawnT = TypeVar("DrawnT")
OutputT = TypeVar("OutputT")


Numbers = Mapping[str, Rate]
"""What may be another number in every step, by name: learning rates, weights of the loss. A float for a plain step, a
tensor [] of the card for a captured one, which nothing may be decided by."""
Work = Callable[[DrawnT, Numbers], tuple[OutputT, dict[str, Tensor]]]
"""A step without its chance: what was drawn gives the pictures and the terms; weights and moments are changed."""


class _Graph(NamedTuple):
    """A captured step.

    drawn, numbers: what it reads; numbers are float32 [n]. output: what it leaves behind. names, values: its terms.
    """

    graph: Any
    drawn: Any
    numbers: Tensor
    output: Any
    names: tuple[str, ...]
    values: Tensor

    def result(self) -> tuple[Any, dict[str, Tensor]]:
        """What the last replay left behind; terms are copied, since the next one writes over them."""
        return self.output, dict(zip(self.names, self.values.clone().unbind(), strict=True))


class CapturedSteps:
    """The graphs of one method.

    Args:
        changed: all tensors that a step changes.
        warn: takes the sentence that steps stay plain.
    """

    def __init__(
        self, device: torch.device, changed: Callable[[], Iterable[tuple[str, Tensor]]], warn: Callable[[str], object]
    ) -> None:
        self._device, self._changed, self._warn = device, changed, warn
        self.off = device.type != "cuda"
        self._graphs: dict[Hashable, _Graph] = {}
        self._seen: Counter[Hashable] = Counter()
        self._decided: Hashable = None
        self._pool: Pool | None = None
        self._begun: torch.cuda.CUDAGraph | None = None  # while it is captured, and where that has failed

    @property
    def held(self) -> int:
        """How many graphs there are now."""
        return len(self._graphs)

    def run(
        self, decided: Hashable, lazy: bool, drawn: DrawnT, numbers: Numbers, work: Work[DrawnT, OutputT]
    ) -> tuple[OutputT, dict[str, Tensor]]:
        """One step: by a graph where there is one, else as `work` does it.

        Args:
            decided: all that the host decides by within the step.
            lazy: whether it is one of the few steps with a further penalty: the two kinds take turns.
            numbers: the same names in the same order, whatever is decided.
        """
        if self.off:
            return work(drawn, numbers)
        if decided != self._decided:  # graphs of what was decided before hold memory, and may never come back
            self._decided = decided
            self._graphs.clear()
            self._pool = None  # torch refuses one that no graph uses any more while a picture of it is still held
            self._seen.clear()
        key = (lazy, signature(drawn))
        known = self._graphs.get(key)
        if known is not None:
            return self._replayed(known, drawn, numbers)
        self._seen[key] += 1
        if self._seen[key] <= PLAIN_STEPS or len(self._graphs) >= MOST_GRAPHS:
            return work(drawn, numbers)
        return self._captured(key, drawn, numbers, work)

    def _replayed(self, known: _Graph, drawn: object, numbers: Numbers) -> tuple[Any, dict[str, Tensor]]:
        _fill(known, drawn, numbers, self._device)
        known.graph.replay()
        return known.result()

    def _captured(
        self, key: Hashable, drawn: DrawnT, numbers: Numbers, work: Work[DrawnT, OutputT]
    ) -> tuple[OutputT, dict[str, Tensor]]:
        """A plain step, and the same one captured and done again from the same state; they have to agree."""
        before: list[Tensor] | None = None
        try:
            if memory_free_bytes(self._device) < torch.cuda.memory_reserved(self._device):
                return self._give_up("it would take more memory than is free", work, drawn, numbers)
            before = self._copies()
            graph = self._compared(drawn, before, numbers, work)
        except (
            Exception
        ) as error:  # torch raises RuntimeErrors, Triton whatever it likes; the plain step says what lasts
            if before is not None:
                self._put(before)
            memory = is_out_of_memory(error)
            reason = "it takes more memory than is free" if memory else str(error).splitlines()[0].rstrip(".")
            before = None
        else:
            if graph is not None:
                self._graphs[key] = graph
                return graph.result()
            self._put(before)
            reason, before = "the first captured step differs from a plain one", None
        return self._give_up(reason, work, drawn, numbers)

    def _compared(
        self, drawn: DrawnT, before: list[Tensor], numbers: Numbers, work: Work[DrawnT, OutputT]
    ) -> _Graph | None:
        """The graph, once it has done this step; None where it does something else than a plain one."""
        kept = mapped(drawn, lambda tensor: tensor.clone())
        together = torch.zeros(len(numbers), device=self._device)
        _set(together, numbers, self._device)
        scalars = dict(zip(numbers, together.unbind(), strict=True))
        stream = side_stream(self._device)
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):  # autograd remembers on which stream a parameter was seen first
            _, terms = work(kept, scalars)
        torch.cuda.current_stream(self._device).wait_stream(stream)
        expected, expected_values = self._copies(), _together(terms)
        self._put(before)
        graph = self._begun = torch.cuda.CUDAGraph()
        if self._pool is None:
            self._pool = torch.cuda.graph_pool_handle()
        with capturing(graph, self._pool, self._device):
            output, terms = work(kept, scalars)
            values = _together(terms)
        self._begun = None
        graph.replay()
        names, found = zip(*self._changed(), strict=True)
        alike = same_changes(names, found, expected, before) and same_terms(values, expected_values)
        return _Graph(graph, kept, together, output, tuple(terms), values) if alike else None

    def _copies(self) -> list[Tensor]:
        return [tensor.detach().clone() for _, tensor in self._changed()]

    def _put(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for (_, tensor), value in zip(self._changed(), values, strict=True):
                tensor.copy_(value)

    def _give_up(
        self, reason: str, work: Work[DrawnT, OutputT], drawn: DrawnT, numbers: Numbers
    ) -> tuple[OutputT, dict[str, Tensor]]:
        """Plain steps from here on, this one first."""
        self.off = True
        self._graphs.clear()
        if self._begun is not None and self._pool is not None:
            abandon(self._begun, self._pool, self._device)
        self._begun = self._pool = None
        with suppress(RuntimeError):
            torch.cuda.empty_cache()
        self._warn(f"The card is told each step anew, which takes longer: {reason}.")
        return work(drawn, numbers)


def _together(terms: Mapping[str, Tensor]) -> Tensor:
    return torch.stack([value.detach().reshape(()).float() for value in terms.values()])


def _fill(known: _Graph, drawn: object, numbers: Numbers, device: torch.device) -> None:
    """What the graph reads becomes this step's; a few launches for all."""
    targets, sources = [*tensors_of(known.drawn)], [*tensors_of(drawn)]
    for dtype in {target.dtype for target in targets}:
        pairs = [(t, s) for t, s in zip(targets, sources, strict=True) if t.dtype == dtype]
        torch._foreach_copy_([t for t, _ in pairs], [s for _, s in pairs])  # type: ignore[attr-defined]
    _set(known.numbers, numbers, device)


def _set(together: Tensor, numbers: Numbers, device: torch.device) -> None:
    together.copy_(uploaded(torch.tensor([float(number) for number in numbers.values()]), device))


# ---------------------------------------------------------------- what was drawn, as a tree of tensors


def mapped(tree: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same named tuples, data classes, sequences and mappings, their tensors changed; all else is kept."""
    if isinstance(tree, Tensor):
        return change(tree)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(mapped(part, change) for part in tree))
    if isinstance(tree, list | tuple):
        return type(tree)(mapped(part, change) for part in tree)
    if isinstance(tree, Mapping):
        return {name: mapped(part, change) for name, part in tree.items()}
    if is_dataclass(tree) and not isinstance(tree, type):
        return replace(tree, **{f.name: mapped(getattr(tree, f.name), change) for f in fields(tree)})
    return tree


def tensors_of(tree: Any) -> Iterator[Tensor]:
    """All tensors of such a tree, in a fixed order."""
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, list | tuple):
        for part in tree:
            yield from tensors_of(part)
    elif isinstance(tree, Mapping):
        for part in tree.values():
            yield from tensors_of(part)
    elif is_dataclass(tree) and not isinstance(tree, type):
        for field in fields(tree):
            yield from tensors_of(getattr(tree, field.name))


def signature(tree: Any) -> Hashable:
    """What two trees have in common whose tensors can take each other's place; objects count by themselves."""
    if isinstance(tree, Tensor):
        return tuple(tree.shape), tree.dtype
    if isinstance(tree, list | tuple):
        return tuple(signature(part) for part in tree)
    if isinstance(tree, Mapping):
        return tuple((name, signature(part)) for name, part in tree.items())
    if is_dataclass(tree) and not isinstance(tree, type):
        return tuple(signature(getattr(tree, field.name)) for field in fields(tree))
    return tree if tree is None or isinstance(tree, str | int | float) else id(tree)
