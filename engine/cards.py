"""Graphics cards that torch can not use, and what to do about it; those that it can are device.py's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import torch


def why_no_card() -> str:
    """Why graphics cards of this machine can not be used, in a sentence; empty where torch uses all, or sees none."""
    build = "Install the build of torch that pytorch.org names for"
    if torch.cuda.is_available():
        try:
            cards = {index: torch.cuda.get_device_properties(index).name for index in range(torch.cuda.device_count())}
            names = ", ".join(name for index, name in cards.items() if not has_code_for(index))
        except RuntimeError as error:
            reason = str(error).splitlines()[0].rstrip(".")
            return f"The driver of the card does not answer ({reason}). Start the computer again, or update the driver."
        return f"torch {torch.__version__} has no code for {names}. {build} this card." if names else ""
    if torch.version.cuda:
        return (
            f"torch finds no driver that works with CUDA {torch.version.cuda}. Install or update the card's driver, "
            "and start the computer again."
        )
    if _has_nvidia_driver():
        return f"This torch was built for the processor alone. {build} your card."
    return ""


def unused_card() -> str:
    """The same where nobody has asked for one; empty as well where no card is seen, whatever torch was built for."""
    seen = torch.cuda.is_available() or _has_nvidia_driver() or any(_nvidia_cards())
    return why_no_card() if seen else ""


def _has_nvidia_driver() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def _nvidia_cards(devices: Path = Path("/sys/bus/pci/devices")) -> Iterator[Path]:
    """Graphics cards of NVIDIA on Linux, with or without a driver."""
    for card in devices.glob("*"):
        with suppress(OSError):
            if (card / "vendor").read_text().strip() == "0x10de" and (card / "class").read_text().startswith("0x03"):
                yield card


def has_code_for(index: int) -> bool:
    """Whether torch was compiled for this card, or for an older one in a form that its driver can finish."""
    capability = torch.cuda.get_device_capability(index)
    known = torch.cuda.get_arch_list()  # "sm_90", "compute_90", "sm_90a"; none of this kind for AMD's cards
    for kind, _, number in (name.partition("_") for name in known):
        version = divmod(int("".join(filter(str.isdigit, number)) or 0), 10)
        if kind == "compute" and version <= capability:
            return True
        if kind == "sm" and version[0] == capability[0] and version <= capability:
            return True
    return not any(name.startswith(("sm_", "compute_")) for name in known)
