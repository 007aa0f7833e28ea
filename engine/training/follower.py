"""A process that shares the steps of another one: it does what the leader tells, and keeps and shows nothing itself.

    python -m engine.training.follower PORT RANK THREADS DEVICE,DEVICE,...

is what a leader on the same machine starts, see leader.py; under torchrun, `tessera train` comes here by itself.
"""

from __future__ import annotations

import signal
import sys
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine import cores, sharing
from engine.device import Device, choose, prepare_thread
from engine.errors import TesseraError
from engine.method import Method, State, method_class
from engine.project import parse_job
from engine.training.channel import Channel, MeetingPlace, Message
from engine.training.trainer import message_for

LEADER_GONE = "The process that leads the training has ended, and so does this one. Its snapshots have what was kept."


def follow(channel: Channel, device: Device) -> None:
    """Until the leader says that it is over.

    Raises:
        TesseraError: this process can not go on; the leader was told, and ends as well.
    """
    team = sharing.Team(channel.rank, channel.size, channel.add, lambda: LEADER_GONE)
    sharing.set_team(team)
    method: Method | None = None
    try:
        while (message := _heard(channel)).order != "end":
            method = _obeyed(message, method, device)
            if team.failure:
                raise TesseraError(team.failure)
    except TesseraError as error:
        if str(error) != LEADER_GONE:
            channel.leave_word(str(error))
        raise
    except Exception as error:
        sentence = message_for(f"The training on {device.key} can not go on", error, device)
        channel.leave_word(sentence)
        raise TesseraError(sentence) from error
    finally:
        sharing.set_team(None)
        channel.close()


def _heard(channel: Channel) -> Message:
    try:
        return channel.hear()
    except RuntimeError:
        raise TesseraError(LEADER_GONE) from None


def _obeyed(message: Message, method: Method | None, device: Device) -> Method:
    """The method as it is afterwards."""
    if message.order == "begin":
        del method  # its memory is needed
        return _begun(message.values, State(dict(message.tensors), message.values["plain"]), device)
    assert method is not None
    if message.order == "retune":
        method.settings = type(method).Settings.of(message.values)
    else:
        with sharing.shared(method.shared_batch):
            method.step(message.number)
    return method


def _begun(values: Mapping[str, Any], state: State, device: Device) -> Method:
    for path, digest in values["files"].items():
        if digest_of(path) != digest:
            raise TesseraError(
                f"{path} is missing or another file for {device.key} than for the device that leads. All machines that "
                "train together need the same images in the same places."
            )
    job = parse_job(values["job"], Path("/"))
    method = method_class(job.method)(job, device.torch)
    method.restore(state)
    method.decide(values["decisions"])
    return method


def digest_of(path: str) -> int | None:
    """Tells two files apart, by all that is in them; None where there is none."""
    try:
        return zlib.crc32(Path(path).read_bytes())
    except OSError:
        return None


def has_own_card(device: Device, keys: Sequence[str]) -> bool:
    """Whether a device is a card that is there once among those of a machine's processes."""
    return device.torch.type == "cuda" and keys.count(device.key) == 1


def ignore_interruptions() -> None:
    """Ctrl-C reaches all processes of a terminal; whether the training ends is the leader's to say."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def main(arguments: list[str]) -> int:
    """Returns 0 where the leader said that it is over."""
    port, rank, threads, keys = int(arguments[0]), int(arguments[1]), int(arguments[2]), arguments[3].split(",")
    ignore_interruptions()
    cores.wait_passively()
    try:
        device = choose(keys[rank])
        prepare_thread(device, threads=threads)
        place = MeetingPlace(len(keys), port)
        place.arrive(rank)
        follow(Channel(has_own_card(device, keys), place.store, rank, len(keys)), device)
    except TesseraError as error:
        with suppress(OSError):
            print(f"tessera: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
