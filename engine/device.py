"""Where the numbers are computed: which devices there are, their memory, and how a thread prepares for one."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine import cores, heap
from engine.cards import has_code_for, why_no_card
from engine.errors import BadSettingError, DeviceError


@dataclass(frozen=True)
class Device:
    """A device that can train.

    Args:
        key: "cpu", "mps", "cuda:0", "cuda:1", ...: what `--device` takes.
        title: as the window names it.
        memory_total_bytes: of the device; the machine's for the CPU and for Apple's shared memory.
    """

    key: str
    title: str
    memory_total_bytes: int

    @property
    def torch(self) -> torch.device:
        return torch.device(self.key)


def available() -> list[Device]:
    """All devices of this machine, the fastest first; the CPU is always the last."""
    devices = []
    if torch.cuda.is_available():
        with suppress(RuntimeError):  # a driver that does not answer: see cards.py
            for index in range(torch.cuda.device_count()):
                properties = torch.cuda.get_device_properties(index)
                if has_code_for(index):
                    devices.append(Device(f"cuda:{index}", f"GPU {properties.name}", properties.total_memory))
    if torch.backends.mps.is_available():
        devices.append(Device("mps", f"GPU of {platform.processor() or 'this Mac'}", _machine_memory_bytes()))
    devices.append(Device("cpu", f"CPU, {os.cpu_count()} cores", _machine_memory_bytes()))
    return devices


def choose(key: str = "auto") -> Device:
    """The device with this key; "auto" is the fastest, "cuda" the first of its kind, "cuda:0,cuda:1" the first of two.

    Raises:
        BadSettingError: there is no such device here.
    """
    if "," in key:
        return several(key)[0]
    devices = available()
    if key == "auto":
        return devices[0]
    for device in devices:
        if device.key == key or device.key.split(":")[0] == key:
            return device
    allowed = f"device can not be {key!r}; it is auto or one of {', '.join(d.key for d in devices)}."
    raise BadSettingError(f"{allowed} {why_no_card()}".strip() if key.startswith("cuda") else allowed)


def several(key: str) -> list[Device]:
    """All devices of "cuda:0,cuda:1"; the one of a key that names one. "cpu,cpu" are two processes on one processor.

    Raises:
        BadSettingError: one of them is not here, or a card is named twice.
    """
    devices = [choose(each.strip()) for each in key.split(",")]
    cards = [device.key for device in devices if device.key != "cpu"]
    twice = next((card for card in cards if cards.count(card) > 1), None)
    if twice is not None:
        raise BadSettingError(f"devices can not be {key!r}: {twice} is named twice. Name each card once.")
    return devices


def memory_used_bytes(device: Device) -> int:
    """Memory that this process holds on the device now; for the CPU its resident memory (0 where unknown)."""
    if device.key.startswith("cuda"):
        return torch.cuda.memory_reserved(device.torch)
    if device.key == "mps":
        return torch.mps.driver_allocated_memory()
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def memory_free_bytes(device: torch.device) -> int:
    """Memory that more work on the device may take now (0 where the system does not tell)."""
    if device.type == "cuda":
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + cached
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) * 1024
    return 0


def peak_memory_bytes() -> int:
    """The most memory that this process has held (0 where the system does not tell)."""
    try:
        import resource  # not on Windows
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def uploaded(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the CPU on a device. A graphics card copies it when its turn comes, and nobody waits meanwhile."""
    if device.type == "cuda" and tensor.device.type == "cpu" and tensor.numel():
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def uploaded_together(tensors: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """Several at once, in one copy for each dtype."""
    if device.type == "cpu":
        return list(tensors)
    moved = {
        dtype: uploaded(torch.cat([x.flatten() for x in tensors if x.dtype == dtype]), device)
        for dtype in {x.dtype for x in tensors}
    }
    taken = dict.fromkeys(moved, 0)
    result = []
    for x in tensors:
        first = taken[x.dtype]
        taken[x.dtype] += x.numel()
        result.append(moved[x.dtype][first : first + x.numel()].view(x.shape))
    return result


_NO_MEMORY = (
    *("out of memory", "can't allocate memory"),
    "status_alloc_failed",  # of cuBLAS, whose handles and workspaces are its own, and cuDNN
    "invalid buffer size",  # Metal has no buffer as large as that
)


def is_out_of_memory(error: BaseException) -> bool:
    """True where the device (or the machine) had too little memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in text for words in _NO_MEMORY)


def is_lost(error: BaseException) -> bool:
    """True where a graphics card failed for good: every later call fails as well, and names this error again."""
    if is_out_of_memory(error) or not isinstance(error, RuntimeError):
        return False
    failed = str(error).startswith(("CUDA error", "HIP error", "Triton Error [CUDA]", "Triton Error [HIP]"))
    return failed or type(error).__name__ == "AcceleratorError"


def lost_message(error: BaseException, device: Device) -> str:
    """What became of a graphics card that `is_lost`, and what to do, in a sentence."""
    reason = str(error).splitlines()[0].partition(": ")[2].strip().rstrip(".")
    if "no kernel image" in reason:
        return (
            f"This build of torch ({torch.__version__}) has no code for {device.title}. Install the build that "
            "pytorch.org names for this card, or train on the CPU."
        )
    if "busy or unavailable" in reason:  # it takes one program at a time
        return f"Another program has {device.title} for itself. End that one, or train on the CPU."
    return (
        f"{device.title} has stopped working ({reason or 'it gave no reason'}). Start Tessera again and go on from the "
        "last snapshot; if it happens again, update the card's driver, or train on the CPU."
    )


def _refused_message(error: BaseException, device: Device) -> str:
    """Why a card is not to be had from the first, and what to do, in a sentence."""
    if is_out_of_memory(error):
        return f"{device.title} has no memory left. Close other programs that use it, or train on the CPU."
    return lost_message(error, device)


def empty_cache(device: torch.device) -> None:
    """Gives cached memory back to the device or the system, so that a smaller piece of work may find room."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
    heap.give_back()


def prepare_thread(device: Device, background: bool = False, threads: int | None = None) -> None:
    """Called once in the thread that trains.

    It may compute with all cores, or with so many `threads`, or as many as OMP_NUM_THREADS says; how many of them it
    takes is threads.py's.
    In the `background` of a window one core stays free for it, and on Linux the thread steps back (nice 10). One that
    feeds a graphics card does not: it takes little of the processor, and the card would wait for it.

    Raises:
        DeviceError: the card can not be had now.
    """
    if device.torch.type == "cuda":
        try:
            torch.cuda.set_device(device.torch)  # the first that asks the card for anything
        except RuntimeError as error:
            raise DeviceError(_refused_message(error, device)) from None
    if device.key != "cpu":
        return
    torch.set_num_threads(threads or cores.asked_for() or max(1, cores.usable() - background))
    if background and sys.platform.startswith("linux"):
        with suppress(OSError):
            os.nice(10)


def bfloat16_pays(device: torch.device) -> bool:
    """Whether convolutions of this device are clearly faster in bfloat16: a probe of about a tenth of a second."""
    if device.type == "cuda":
        with torch.cuda.device(device):  # torch asks the present one
            return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 64, 48, 48, generator=generator).to(memory_format=torch.channels_last)
    kernel = torch.rand(64, 64, 3, 3, generator=generator).to(memory_format=torch.channels_last)
    with torch.no_grad():
        wide = _best_seconds(image, kernel)
        narrow = _best_seconds(image.bfloat16(), kernel.bfloat16())
    return narrow < 0.8 * wide


def _best_seconds(image: torch.Tensor, kernel: torch.Tensor) -> float:
    seconds = []
    for _ in range(6):
        start = time.perf_counter()
        torch.nn.functional.conv2d(image, kernel, padding=1)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _machine_memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0
