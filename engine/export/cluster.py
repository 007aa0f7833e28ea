"""Tiles and frames painted by other processes and machines, as tasks of Dask. What a task does is in cluster_tasks.py.

Dask brings each task to a worker that is free, and again to another where one is lost. It is only loaded where somebody
asks for it: `pip install tessera[cluster]`. A scheduler's workers run what they are sent, so that it belongs into a
network that one trusts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TypeVar

import torch
from torch import Tensor

from engine import cores
from engine.box import Box
from engine.device import available
from engine.errors import ClusterError, TesseraError
from engine.export.cluster_tasks import Order, painted_tile

LOCAL = "local"
"""In place of an address: processes of this machine, one for each card, or as many as it has cores."""
_CONNECT_S = 10.0
PATIENCE_S = 60.0
"""So long it waits for a worker where none is left."""
_LOOK_S = 2.0
_AHEAD = 2
"""Tasks that each worker has beside the one it paints, so that it never waits for the next."""
WITHOUT_DASHBOARD: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "scheduler_kwargs": {"dashboard": False}}
"""Of a local cluster. Dask's scheduler always answers HTTP, on port 8787 unless it is told of another: any free one
does, of this machine alone, without the pages of the dashboard."""
Key = TypeVar("Key")


@contextmanager
def opened(address: str, processes: int | None = None) -> Iterator[Cluster]:
    """A cluster to send tasks to; its tasks are cancelled in the end.

    Args:
        address: of a scheduler, as in tcp://render:8786; or `LOCAL`.
        processes: of a local one; as many as there are cards, or without any cores, unless given.

    Raises:
        ClusterError: Dask is not installed, or no scheduler answers there.
    """
    try:
        import distributed
    except ImportError:
        install = "pip install 'tessera[cluster]'"
        raise ClusterError(f"Painting on a cluster needs Dask. Install it with: {install}") from None
    dask: Any = distributed  # whose types know less than it takes
    with ExitStack() as stack:
        where: Any = address
        if address == LOCAL:
            cards = len(available()) - 1  # the last one is the processor
            workers = processes or cards or cores.usable()
            where = stack.enter_context(
                dask.LocalCluster(
                    n_workers=workers, threads_per_worker=1, memory_limit=0, silence_logs=50, **WITHOUT_DASHBOARD
                )
            )
        try:
            client = stack.enter_context(dask.Client(where, timeout=_CONNECT_S, set_as_default=False))
        except (OSError, TimeoutError, ValueError):
            raise ClusterError(
                f"No scheduler of Dask answers at {address}. Start one with “dask scheduler”, and workers with "
                "“dask worker ADDRESS”; or paint here, without --cluster."
            ) from None
        yield Cluster(client, client.scheduler.address if address == LOCAL else address)


class Cluster:
    """A scheduler and its workers; see `opened`."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self.address = client, address

    def tiles(self, order: Order) -> Callable[[list[tuple[int, Box]]], Iterator[tuple[int, Box, Tensor]]]:
        """What paints numbered tiles, in any order."""

        def painted(left: list[tuple[int, Box]]) -> Iterator[tuple[int, Box, Tensor]]:
            tasks = (((number, tile), (order, tile)) for number, tile in left)
            for (number, tile), picture in self.results(painted_tile, tasks):
                yield number, tile, torch.from_numpy(picture)

        return painted

    def results(
        self, function: Callable[..., Any], tasks: Iterable[tuple[Key, tuple[Any, ...]]]
    ) -> Iterator[tuple[Key, Any]]:
        """The function's results for the arguments of each task, as they come; few tasks are under way at a time.

        Raises:
            ClusterError: there are no workers any more, or a task ends each worker that it comes to.
            TesseraError: what a task raised.
        """
        waiting, busy = iter(tasks), dict[Any, Key]()
        try:
            while True:
                while len(busy) < self._most():
                    task = next(waiting, None)
                    if task is None:
                        break
                    key, arguments = task
                    busy[self._client.submit(function, *arguments, pure=False)] = key
                if not busy:
                    return
                for future in self._done(list(busy)):
                    yield busy.pop(future), self._result(future)
        finally:
            with suppress(Exception):  # where the scheduler is gone there is nothing to cancel
                self._client.cancel(list(busy))

    def _most(self) -> int:
        return max(1, len(self._workers())) * (1 + _AHEAD)

    def _workers(self) -> dict[str, int]:
        if self._client.status != "running":
            raise ClusterError(
                f"The scheduler at {self.address} has gone. Start it again, and go on with the same command and "
                "--resume."
            )
        return self._client.nthreads()

    def _done(self, futures: list[Any]) -> list[Any]:
        """Those that have ended; waits for the first of them, and for workers no longer than `PATIENCE_S`."""
        import distributed

        dask: Any = distributed
        seen_s = time.monotonic()
        while True:
            with suppress(TimeoutError), self._client.as_current():
                return list(dask.wait(futures, timeout=_LOOK_S, return_when="FIRST_COMPLETED").done)
            if self._workers():
                seen_s = time.monotonic()
            elif time.monotonic() - seen_s > PATIENCE_S:
                raise ClusterError(
                    f"The scheduler at {self.address} has no workers. Start some with “dask worker {self.address}”, "
                    "and go on with the same command and --resume."
                )

    def _result(self, future: Any) -> Any:
        from distributed import KilledWorker

        try:
            return future.result()
        except TesseraError:
            raise
        except KilledWorker:
            raise ClusterError(
                "A task has ended several workers, perhaps for want of memory. Use smaller tiles (--tile 512), and go "
                "on with --resume."
            ) from None
        except ImportError as error:
            lacks = f"A worker lacks Tessera or a part of it ({error})"
            raise ClusterError(f"{lacks}. Install the same version there.") from None
