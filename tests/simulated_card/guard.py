"""Builds guard.cpp with the machine's C++ compiler, once, and loads it: before any gradient is taken in the process."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import torch

_SOURCE = Path(__file__).with_name("guard.cpp")


@cache
def why_not() -> str:
    """Why there can be no simulated card here, as a sentence; empty where there can, and it is loaded then."""
    if torch.version.cuda or torch.version.hip:
        return "This torch was built for graphics cards; one is simulated with the processor's build alone."
    try:
        set_present(False)
    except FileNotFoundError:
        return "There is no C++ compiler, which the simulated card needs."
    except subprocess.CalledProcessError as error:
        return f"The simulated card could not be built: {error.stderr[-1000:].decode(errors='replace')}"
    return ""


def set_present(is_present: bool) -> None:
    """Whether torch's C++ is to see a card."""
    _library().set_present(is_present)


@cache
def _library() -> ctypes.CDLL:
    """Raises FileNotFoundError without a compiler, CalledProcessError where it fails."""
    mark = hashlib.sha256(_SOURCE.read_bytes() + torch.__version__.encode()).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"tessera-simulated-card-{mark}.so"
    if not path.exists():
        compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
        if compiler is None:
            raise FileNotFoundError("c++")
        torch_folder, built = Path(torch.__path__[0]), path.with_suffix(f".{os.getpid()}")
        command = [compiler, "-std=c++20", "-O1", "-shared", "-fPIC", f"-I{torch_folder / 'include'}", str(_SOURCE)]
        command += ["-o", str(built), f"-L{torch_folder / 'lib'}", "-lc10", "-ltorch_cpu"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        built.replace(path)
    return ctypes.CDLL(str(path))
