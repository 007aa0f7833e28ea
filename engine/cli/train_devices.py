"""The devices of `tessera train`: one; several, each with a process that is started here; or this one's of a torchrun.

torchrun starts the same command once for each device, on one machine or several, and tells each its place by the
environment. The first one leads and is steered; the others follow it.
"""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING

from engine.cli.terminal import argument, say
from engine.device import Device, available, choose, several
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.training.leader import Leader


def by_torchrun() -> bool:
    """Whether this process is one of several that somebody started together."""
    return os.environ.get("WORLD_SIZE", "1") not in ("", "1") and "RANK" in os.environ


def devices_of(arguments: Namespace) -> list[Device]:
    """What this process trains on, and where it starts processes itself, those of the others.

    Raises:
        UsageError: there is no such device, or not one for each process.
    """
    keys: tuple[str, ...] | None = arguments.devices
    if keys and arguments.device != "auto":
        raise UsageError("argument --devices: name devices there or one with --device, not both.")
    if not by_torchrun():
        with argument("--devices" if keys else "--device"):
            return several(",".join(keys)) if keys else [choose(arguments.device)]
    place, here = int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if arguments.device != "auto":
        raise UsageError("argument --device: under torchrun, name a device for each process, with --devices.")
    if keys is None:
        cards = [device for device in available() if device.torch.type == "cuda"]
        keys = tuple(device.key for device in cards) or ("cpu",) * here
    if place >= len(keys):
        raise UsageError(f"argument --devices: {len(keys)} named, and torchrun has started {here} processes here.")
    with argument("--devices"):
        several(",".join(keys))
        return [choose(keys[place])]


def follow(device: Device) -> int:
    """What all processes of a torchrun do but the first. Raises TesseraError: it can not go on."""
    from engine.training import channel, follower  # bring torch.distributed along

    follower.ignore_interruptions()
    say(f"Process {os.environ['RANK']} trains on {device.title}; the first one tells how it goes.")
    follower.follow(channel.Channel(device.torch.type == "cuda"), device)
    return 0


def lead(device: Device) -> Leader:
    """The first process of a torchrun, once all others are there."""
    from engine.training.leader import joined

    return joined(device)
