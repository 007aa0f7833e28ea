"""Training on several devices: a process for each, of which the one with the session leads, and alone is steered.

The others do nothing but steps. Between two steps the leader tells them what has changed: live settings by themselves,
all else, as a restored snapshot, a rebuild or another method, by its job and state. Snapshots, pictures and exports are
the leader's alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import Tensor

from engine import cores, sharing
from engine.device import Device
from engine.errors import TesseraError
from engine.job import Job
from engine.method import Method
from engine.settings import Settings
from engine.training.channel import Channel, MeetingPlace, Message
from engine.training.follower import digest_of, has_own_card
from engine.training.trainer import message_for

_MEET_WITHIN_S, _LOOKS_EVERY_S = 300.0, 0.02
_ENDS_WITHIN_S = 20.0


class Leader:
    """This process' part in a team that it leads. Make it by `led` or `joined`, and `end` it.

    Args:
        devices: of the processes, this one's first.
        others: those that were started for it; none where somebody else has started them.
    """

    def __init__(self, channel: Channel, devices: list[Device], others: list[subprocess.Popen[bytes]]) -> None:
        self._channel, self._devices, self._others = channel, devices, others
        channel.misses = lambda: any(process.poll() is not None for process in others)
        self._team = sharing.Team(0, channel.size, channel.add, self._explained)
        sharing.set_team(self._team)
        self._settings: Settings | None = None
        self._stale = True

    @property
    def title(self) -> str:
        """The device's title, as the window names it."""
        first, *others = self._devices
        if all(device.title == first.title for device in others):
            return f"{self._team.size} x {first.title}"
        return " + ".join(device.title for device in self._devices)

    @property
    def failure(self) -> str:
        """A sentence, once a process is gone: training can not go on."""
        return self._team.failure

    def shares(self, method: Method) -> bool:
        """Whether the method's steps can be shared by so many."""
        return method.shared_batch >= self._team.size

    def why_alone(self, method: Method) -> str:
        """Why a method trains on one device, in a sentence; empty where it does not."""
        if self.shares(method):
            return ""
        alone = f"so it trains on {self._devices[0].title} alone"
        if not method.shared_batch:
            return f"{method.title} can not share its steps between devices, for its loss is of all at once; {alone}."
        return f"A batch of {method.shared_batch} can not be shared by {self._team.size} devices, {alone}. Raise Batch."

    def refresh(self) -> None:
        """The method was exchanged or restored: before the next step all others have to become as it is."""
        self._stale, self._settings = True, None

    def step(self, method: Method, job: Job, number: int) -> dict[str, Tensor]:
        """One step of the whole team, as `Method.step`. It is whole also where a process is lost in it."""
        if not self.shares(method):
            return method.step(number)
        try:
            self._tell_changes(method, job)
            self._channel.tell(Message("step", number))
        except RuntimeError:
            self._team.failure = self._explained()
            raise TesseraError(self._team.failure) from None
        try:
            with sharing.shared(method.shared_batch):
                return method.step(number)
        except Exception as error:  # the others are in the midst of it, and wait for this one
            self._team.failure = message_for("The training can not go on", error, self._devices[0])
            raise

    def _tell_changes(self, method: Method, job: Job) -> None:
        if self._stale:
            state = method.state()
            job = job.model_copy(update={"settings": method.settings})
            values = begun(method, job, state.plain)
            self._channel.tell(Message("begin", values=values, tensors=state.tensors))
            self._stale = False
        elif method.settings is not self._settings:
            self._channel.tell(Message("retune", values=method.settings.model_dump(mode="json", exclude_unset=True)))
        self._settings = method.settings

    def _explained(self) -> str:
        if word := self._channel.last_word():
            return word
        for process, device in zip(self._others, self._devices[1:], strict=False):
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=1.0)
                how = f"it was killed by signal {-code}" if code < 0 else f"exit code {code}"
                return f"The process that trained on {device.key} has ended ({how}), and so the training ends."
        return "One of the processes that train together has ended, or can not be reached, and so the training ends."

    def end(self) -> None:
        """The others end, and so does the team. To be called once."""
        with suppress(RuntimeError):
            if not self._team.failure:
                self._channel.tell(Message("end"))
        sharing.set_team(None)
        self._channel.close()
        for process in self._others:
            try:
                process.wait(timeout=_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def begun(method: Method, job: Job, plain: Mapping[str, Any]) -> dict[str, Any]:
    """What others need besides its tensors to go on as a method is: see `Message`."""
    files = {image.path: digest_of(image.path) for images in job.sources.values() for image in images}
    return {"job": job.stored(), "files": files, "plain": plain, "decisions": method.decisions()}


def led(devices: list[Device]) -> Leader:
    """A team of this process, for the first device, and one more for each other.

    Raises:
        TesseraError: they do not come together.
    """
    place = MeetingPlace(len(devices))
    threads = max(1, (cores.asked_for() or cores.usable()) // len(devices))
    keys = [device.key for device in devices]
    root = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    command = [sys.executable, "-m", "engine.training.follower", str(place.port)]
    others = [
        subprocess.Popen(
            [*command, str(rank), str(threads), ",".join(keys)],
            env=os.environ | {"PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
        )
        for rank in range(1, len(devices))
    ]
    try:
        _await(place, others, keys)
        channel = Channel(has_own_card(devices[0], keys), place.store, 0, len(devices))
    except (RuntimeError, TesseraError) as error:
        for process in others:
            process.kill()
            process.wait()
        raise TesseraError(f"The processes for {', '.join(keys)} could not come together: {_first(error)}.") from None
    return Leader(channel, devices, others)


def joined(device: Device) -> Leader:
    """The first process of those that somebody else has started together, as torchrun does.

    Raises:
        TesseraError: they do not come together.
    """
    try:
        channel = Channel(device.torch.type == "cuda")
    except (RuntimeError, ValueError) as error:
        raise TesseraError(f"The processes that train together could not meet: {_first(error)}.") from None
    return Leader(channel, [device], [])


def _await(place: MeetingPlace, others: Sequence[subprocess.Popen[bytes]], keys: Sequence[str]) -> None:
    """Until all processes are there. Raises TesseraError: one will not be."""
    until_s = time.monotonic() + _MEET_WITHIN_S
    for rank, process in enumerate(others, 1):
        while not place.arrived(rank):
            if process.poll() is not None:
                raise TesseraError(f"that for {keys[rank]} has ended with exit code {process.returncode}")
            if time.monotonic() > until_s:
                raise TesseraError(f"that for {keys[rank]} does not answer")
            time.sleep(_LOOKS_EVERY_S)


def _first(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
