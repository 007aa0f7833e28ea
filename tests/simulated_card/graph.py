"""CUDA graphs on the simulated card: operators are recorded while a step is captured, and a replay does them again.

As on a card nothing is computed while it is captured: what stood before stands there afterwards, and what was made
meanwhile holds no numbers (here nan) until the first replay. Each replay reads and writes the same tensors. Whatever
the host would wait for, or copy from its own memory, is refused, and breaks the capture: its end raises as well, and
leaves torch's allocator believing in it, as torch does up to 2.11.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

REFUSED = "CUDA error: operation not permitted when stream is capturing"
_BROKEN = "CUDA error: operation failed due to a previous error during capture"
Pool = tuple[int, int]


class _Call(NamedTuple):
    """again: the operator. made: the numbers of its new tensors, by their place among its results."""

    again: Callable[[], Any]
    made: dict[int, Tensor]


class CUDAGraph:
    """In place of torch.cuda.CUDAGraph."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._before: dict[int, tuple[Tensor, Tensor]] = {}
        self._made: set[int] = set()
        self._holds: tuple[Allocator, Pool] | None = None
        self.broken = False

    # -------------------------------------------------------- while it is captured

    def capture_begin(self, pool: Pool, capture_error_mode: str = "global") -> None:
        from tests.simulated_card.card import SimulatedCard

        card = SimulatedCard.present()
        card.wait("capture")
        assert capture_error_mode == "thread_local", "What the window does meanwhile would break the capture."
        card.allocator.begin(pool, card.stream)
        card.recording = self

    def capture_end(self) -> None:
        from tests.simulated_card.card import SimulatedCard

        card = SimulatedCard.present()
        assert card.recording is self
        card.recording = None
        self._end()
        if self.broken:
            raise RuntimeError(_BROKEN)
        pool = card.allocator.underway[-1]
        card.allocator.end(0, pool)
        card.allocator.note(pool, [x for call in self._calls for x in call.made.values()])
        self._holds = card.allocator, pool

    def about_to_write(self, numbers: Tensor) -> None:
        """What stood before a capture is put back after it."""
        place = _memory(numbers)
        if numbers.device.type == "meta":  # shapes alone
            return
        if place not in self._made and place not in self._before:
            whole = torch.empty(0, dtype=numbers.dtype).set_(numbers.untyped_storage())  # type: ignore[call-overload]
            self._before[place] = whole, whole.clone()

    def note(self, again: Callable[[], Any], given: list[Any], result: Any, writes: bool) -> None:
        """An operator that was carried out, unless it only looks at its arguments in another way.

        Args:
            given: its arguments, in numbers.
            writes: whether it changes some of them.
        """
        old = {_memory(x) for x in given if isinstance(x, Tensor)}
        results = enumerate(_listed(result))
        made = {place: x for place, x in results if isinstance(x, Tensor) and _memory(x) not in old}
        if made or writes:
            self._made |= {_memory(x) for x in made.values()}
            self._calls.append(_Call(again, made))

    def _end(self) -> None:
        for whole, copy in self._before.values():
            whole.copy_(copy)
        for call in self._calls:
            for numbers in call.made.values():
                numbers.fill_(torch.nan if numbers.is_floating_point() else 0)

    # -------------------------------------------------------- afterwards

    def reset(self) -> None:
        if self._holds is not None:
            allocator, pool = self._holds
            self._holds = None
            self._calls.clear()
            allocator.release(0, pool)

    __del__ = reset

    def replay(self) -> None:
        from tests.simulated_card.card import SimulatedCard

        card = SimulatedCard.present()
        card.launch("graph", 1)
        if not card.computes:
            return
        with torch.no_grad():
            for call in self._calls:
                results = _listed(call.again())
                for place, numbers in call.made.items():
                    numbers.copy_(results[place])

    @property
    def length(self) -> int:
        """Operators in it."""
        return len(self._calls)


def _memory(numbers: Tensor) -> int:
    return numbers.untyped_storage()._cdata


def _listed(result: Any) -> list[Any]:
    return [*result] if isinstance(result, list | tuple) else [result]


class Allocator:
    """What torch's allocator keeps of the memory of graphs.

    Attributes:
        underway: pools of captures that it believes in.
        uses: how many graphs use each pool.
    """

    def __init__(self) -> None:
        self.underway: list[Pool] = []
        self.uses: dict[Pool, int] = {}
        self._made: dict[Pool, list[StorageWeakRef]] = {}
        self._streams: dict[Pool, Stream] = {}
        self._handles = 0

    def handle(self) -> Pool:
        self._handles += 1
        return 0, self._handles

    def begin(self, pool: Pool, stream: Stream) -> None:
        if self.uses.get(pool) == 0:
            raise RuntimeError("it->second->use_count > 0 INTERNAL ASSERT FAILED")
        known = self._streams.setdefault(pool, stream)
        assert known is stream, "Graphs that were captured on several streams share no memory."
        self.uses[pool] = self.uses.get(pool, 0) + 1
        self.underway.append(pool)

    def end(self, _: int, pool: Pool) -> None:
        if pool not in self.underway:
            raise RuntimeError("endAllocatePool: not currently recording to mempool_id")
        self.underway.remove(pool)

    def note(self, pool: Pool, made: list[Tensor]) -> None:
        """Tensors that lie in the pool as long as they are held."""
        self._made.setdefault(pool, []).extend(StorageWeakRef(x.untyped_storage()) for x in made)

    def release(self, _: int, pool: Pool) -> None:
        self.uses[pool] -= 1
        if self.uses[pool] < 0:
            raise RuntimeError("uc >= 0 INTERNAL ASSERT FAILED")

    def give_back(self) -> None:
        """`torch.cuda.empty_cache`: what nobody uses any more is free again."""
        if self.underway:
            raise RuntimeError("captures_underway.empty() INTERNAL ASSERT FAILED")
        for pool in [pool for pool, uses in self.uses.items() if uses <= 0]:
            if not self._held(pool):
                del self.uses[pool]

    def snapshot(self) -> list[dict[str, Any]]:
        """As `torch.cuda.memory_snapshot`, what matters of it here: a segment for each pool."""
        size = {"total_size": 2**20}
        return [size | {"segment_pool_id": pool, "active_size": self._held(pool)} for pool in self.uses]

    def _held(self, pool: Pool) -> int:
        return sum(not storage.expired() for storage in self._made.get(pool, ()))


class Stream:
    """In place of torch.cuda.Stream; there is one order of things here."""

    def __init__(self, *_: Any) -> None:
        pass

    def wait_stream(self, _: Stream) -> None:
        pass


@contextlib.contextmanager
def used(stream: Stream) -> Iterator[None]:
    """In place of torch.cuda.stream."""
    from tests.simulated_card.card import SimulatedCard

    card = SimulatedCard.present()
    before, card.stream = card.stream, stream
    try:
        yield
    finally:
        card.stream = before
