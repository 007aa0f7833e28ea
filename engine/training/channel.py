"""How the processes of a team reach one another: torch's process groups, and what the leader tells before each step.

Loads torch.distributed; nobody who trains on one device imports this.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import torch
import torch.distributed as dist
from safetensors.torch import load, save
from torch import Tensor
from torch.distributed import TCPStore  # type: ignore[attr-defined]

Order = Literal["step", "retune", "begin", "end"]
_ORDERS: tuple[Order, ...] = ("step", "retune", "begin", "end")
_FAILED = "failed"
_PATIENCE = timedelta(days=365)
"""Of those who wait for the leader, which may be paused or paint a print."""
_STEP = timedelta(minutes=30)
"""In which all processes have to come to the same place of a step; the first one waits until networks are built."""
_MEETING = timedelta(minutes=5)
"""In which all processes have to be there."""
_LOOKS_EVERY_S = 0.2
"""Whether all processes are still there, while cards add up."""
_NAP_S = 50e-6


@dataclass(frozen=True)
class Message:
    """What the leader has all others do.

    Args:
        order: "step": the step of this number. "retune": other live settings, in `values`. "begin": go on as the leader
            is, from a job and a state. "end": nothing more is to be done.
        number: of the step.
        values: plain JSON values.
        tensors: of the state, on the CPU.
    """

    order: Order
    number: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)


class Channel:
    """One process' end of it. Whatever can not be sent or heard raises RuntimeError.

    Args:
        own_card: whether this process computes on a graphics card that no other one of the team has.
        store: where the processes meet; None where torchrun has told rank, size and place by the environment.
        rank, size: of the process and the team; not needed under torchrun.

    Attributes:
        misses: whether a process is known to have ended, by who has started it.
    """

    def __init__(self, own_card: bool, store: TCPStore | None = None, rank: int = -1, size: int = -1) -> None:
        if store is None:
            dist.init_process_group("gloo", timeout=_STEP)
        else:
            dist.init_process_group("gloo", store=store, rank=rank, world_size=size, timeout=_STEP)
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        cards = torch.tensor(int(own_card and dist.is_nccl_available()))
        dist.all_reduce(cards)
        # NCCL sums on the cards, where each process has one; Gloo by the host, as on Windows, which has no NCCL.
        self._gradients: Any = None
        if int(cards) == self.size:
            # Else torch ends the process where a sum fails, whatever was not kept yet.
            os.environ.setdefault("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0")
            self._gradients = dist.new_group(backend="nccl", timeout=_STEP)
        self.misses: Callable[[], bool] = lambda: False
        self._orders: Any = dist.new_group(backend="gloo", timeout=_PATIENCE)
        self._store = dist.distributed_c10d._get_default_store()

    def add(self, tensor: Tensor) -> None:
        """Sums a tensor over all processes, in place."""
        if self._gradients is None:
            # By the host's memory: on Windows Gloo ends the process at a card's (pytorch #186535).
            by_host = tensor.cpu()  # the tensor itself, where that is its place
            dist.all_reduce(by_host)  # raises where a process is gone
            if by_host is not tensor:
                tensor.copy_(by_host)
            return
        # A card would wait for one that is gone, and nobody would say so.
        work: Any = dist.all_reduce(tensor, group=self._gradients, async_op=True)
        look_s = time.monotonic() + _LOOKS_EVERY_S
        until_s = time.monotonic() + _STEP.total_seconds()
        while not work.is_completed():
            if time.monotonic() > look_s:
                if time.monotonic() > until_s or self._is_broken():
                    self._let_cards_go()
                    raise RuntimeError("A process of the team is gone.")
                look_s = time.monotonic() + _LOOKS_EVERY_S
            time.sleep(_NAP_S)
        work.wait()  # which lets what follows come after it

    def _is_broken(self) -> bool:
        try:
            return self.misses() or self._store.check([_FAILED])
        except RuntimeError:  # the leader is gone, and the store with it
            return True

    def _let_cards_go(self) -> None:
        """Ends what a card waits for, so that it can be used again."""
        with suppress(Exception):  # a card that does not let go is found by whoever uses it next
            dist.distributed_c10d._abort_process_group(self._gradients)

    def tell(self, message: Message) -> None:
        """Tells all what the leader has to say."""
        values = json.dumps(message.values).encode() if message.values else b""
        tensors = save(dict(message.tensors)) if message.tensors else b""
        head = [_ORDERS.index(message.order), message.number, len(values), len(tensors)]
        dist.broadcast(torch.tensor(head), 0, group=self._orders)
        for part in (values, tensors):
            if part:
                dist.broadcast(torch.frombuffer(bytearray(part), dtype=torch.uint8), 0, group=self._orders)

    def hear(self) -> Message:
        """What the leader tells next; waits for it."""
        head = torch.zeros(4, dtype=torch.int64)
        dist.broadcast(head, 0, group=self._orders)
        order, number, *sizes = head.tolist()
        values, tensors = (self._heard(size) for size in sizes)
        return Message(
            _ORDERS[order], number, json.loads(values) if values else {}, dict(load(tensors)) if tensors else {}
        )

    def _heard(self, size: int) -> bytes:
        part = torch.empty(size, dtype=torch.uint8)
        if size:
            dist.broadcast(part, 0, group=self._orders)
        return part.numpy().tobytes()

    def leave_word(self, sentence: str) -> None:
        """Why this process ends, for the leader."""
        with suppress(RuntimeError):
            self._store.set(_FAILED, sentence)

    def last_word(self) -> str:
        """What a process has left that ended; empty where it could not."""
        with suppress(RuntimeError):
            if self._store.check([_FAILED]):
                return self._store.get(_FAILED).decode()
        return ""

    def close(self) -> None:
        if dist.is_initialized():
            dist.destroy_process_group()


class MeetingPlace:
    """Where the processes of one machine meet. The leader makes it, and it lasts as long as that does.

    Args:
        port: of one that is there already; 0 makes one.
    """

    def __init__(self, size: int, port: int = 0) -> None:
        self.store = TCPStore(
            "127.0.0.1",
            port,
            size,
            is_master=not port,
            wait_for_workers=False,
            timeout=_MEETING,
            use_libuv=sys.platform != "win32",  # which torch is built without there, and asks for all the same
        )

    @property
    def port(self) -> int:
        return self.store.port

    def arrive(self, rank: int) -> None:
        """This process is about to open its channel."""
        self.store.set(f"{rank} is here", "")

    def arrived(self, rank: int) -> bool:
        return self.store.check([f"{rank} is here"])
