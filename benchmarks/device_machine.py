"""What a machine is, and what it can do at best: what the figures of `benchmarks.device` are seen beside."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from benchmarks import common
from engine import cores
from engine.compiled import library
from engine.device import Device, bfloat16_pays, choose

_ROOT = Path(__file__).parents[1]
_BEST_OF = 5
_SMALL_OPERATIONS = 500


def described(device: Device) -> dict[str, Any]:
    """Names and versions; nothing that names its owner."""
    kind = device.torch.type
    found: dict[str, Any] = {
        "device": device.title,
        "device_memory_bytes": device.memory_total_bytes,
        "processor": _processor(),
        "cores": cores.usable(),
        "threads": torch.get_num_threads(),
        "memory_bytes": choose("cpu").memory_total_bytes,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "triton": _version("triton"),
        "tessera": _version("tessera"),
        "commit": _commit(),
        "c_compiler": library("engine.templates", "mix") is not None,
        "bfloat16_pays": bfloat16_pays(device.torch),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }
    if kind == "cuda":
        properties = torch.cuda.get_device_properties(device.torch)
        found |= {
            "capability": f"{properties.major}.{properties.minor}",
            "cuda": torch.version.cuda or f"HIP {torch.version.hip}",
            "cudnn": torch.backends.cudnn.version(),
            "float32_convolutions": "TF32" if torch.backends.cudnn.allow_tf32 else "float32",
            "driver": _driver(),
        }
    return found


def at_best(device: Device, side: int, copied_bytes: int) -> dict[str, float]:
    """FLOPs of a matrix product and bytes of a copy each second, and seconds of telling the device one thing.

    Products of float32 are rounded as convolutions of float32 are there: to TF32 on newer cards, unless torch is told
    otherwise.

    Args:
        side: of the matrices.
        copied_bytes: of the tensor that is copied; read once and written once.
    """
    found = {}
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        # Random, since what is alike everywhere can be multiplied faster than anything real.
        matrix = torch.randn(side, side, device=device.torch).to(dtype)
        with _rounded_as_convolutions():
            found[f"matmul_{name}_flop_per_s"] = 2 * side**3 / best_s(device, lambda matrix=matrix: matrix @ matrix)
    plane = torch.ones(copied_bytes // 4, device=device.torch)
    found["copy_bytes_per_s"] = 2 * copied_bytes / best_s(device, plane.clone)
    small = torch.ones(8, device=device.torch)

    def tell() -> None:
        for _ in range(_SMALL_OPERATIONS):
            small.add_(1)

    return found | {"operation_s": best_s(device, tell) / _SMALL_OPERATIONS}


@contextmanager
def _rounded_as_convolutions() -> Iterator[None]:
    """Matrix products may take TF32 where convolutions do; by themselves they do not."""
    products = torch.backends.cuda.matmul
    before, products.allow_tf32 = products.allow_tf32, torch.backends.cudnn.allow_tf32
    try:
        yield
    finally:
        products.allow_tf32 = before


def best_s(device: Device, work: Callable[[], object]) -> float:
    """Seconds of some work, the best of a few."""
    work()
    seconds = []
    for _ in range(_BEST_OF):
        common.wait(device.torch)
        began = time.perf_counter()
        work()
        common.wait(device.torch)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _processor() -> str:
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line for line in lines if line.startswith("model name")).partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    with suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(package)
    return None


def _commit() -> str | None:
    return _said("git", "-C", str(_ROOT), "rev-parse", "--short", "HEAD")


def _driver() -> str | None:
    return _said("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")


def _said(*command: str) -> str | None:
    """The first line that a command prints; None where it can not be had."""
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        return done.stdout.splitlines()[0].strip() if done.stdout else None
    return None
