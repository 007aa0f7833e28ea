"""How much memory a piece of work takes at most. What is measured is the caller's business."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import torch

from engine.device import Device, memory_used_bytes, peak_memory_bytes

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """The highest memory since `restart`: of the device where it is CUDA, else of this process.

    Linux keeps the process's high-water mark and can begin it anew; elsewhere it is that of the whole life of the
    process, and `restarts` is False.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._cuda = device.torch.type == "cuda"
        self.restarts = self.restart()

    def restart(self) -> bool:
        """Forgets the highest mark so far; False where this system can not."""
        if self._cuda:
            torch.cuda.reset_peak_memory_stats(self._device.torch)
            return True
        try:
            _CLEAR.write_text("5")
        except OSError:
            return False
        return True

    @property
    def now_bytes(self) -> int:
        if self._cuda:
            return torch.cuda.memory_allocated(self._device.torch)
        return memory_used_bytes(self._device)

    @property
    def peak_bytes(self) -> int:
        if self._cuda:
            return torch.cuda.max_memory_allocated(self._device.torch)
        if self.restarts:
            with suppress(OSError, StopIteration):
                lines = _STATUS.read_text().splitlines()
                return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
        return peak_memory_bytes()


def of_graphs_bytes() -> int:
    """What captured graphs keep on the card for their steps besides tensors that are alive, and nobody else may take.

    torch counts it as free between two replays, and so do `PeakMemory`'s figures.
    """
    segments = torch.cuda.memory_snapshot()
    return sum(s["total_size"] - s["active_size"] for s in segments if tuple(s["segment_pool_id"]) != (0, 0))


def mebibytes(size_bytes: float) -> str:
    return f"{size_bytes / 2**20:,.0f} MiB"
