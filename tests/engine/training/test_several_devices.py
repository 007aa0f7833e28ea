"""Training on several devices: one session steers the processes of all, and no step is lost with one of them.

Two processes on the CPU stand for two cards; what their steps compute is test_shared_steps.py's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from engine import sharing, snapshots
from engine.__main__ import main
from engine.device import choose, several
from engine.errors import BadSettingError, TesseraError
from engine.job import Job
from engine.messages.commands import Keep, Load, Pause, Restore, Resume, Retune
from engine.messages.events import Began, Ended, Event, Failed, Kept, Paused, Retuned, Stepped, Warned
from engine.method import method_class
from engine.training import trainer
from engine.training.channel import MeetingPlace, Message
from engine.training.follower import follow
from engine.training.leader import Leader, begun
from engine.training.session import Session
from tests.engine import famos_jobs
from tests.engine.method_jobs import JOBS
from tests.engine.sessions import of, play


@pytest.fixture(autouse=True)
def _each_step_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)


# ---------------------------------------------------------------- a whole session


def test_a_session_steers_all_and_keeps_the_present_when_one_is_lost(tmp_path: Path) -> None:
    """Paused, kept, retuned, restored, rebuilt, and by two methods; at last a process is killed: no step is lost."""
    session = Session(famos_jobs.job(tmp_path), tmp_path, device="cpu,cpu", previews=False)
    kept: list[Path] = []
    done: list[str] = []

    def react(event: Event) -> None:
        match event:
            case Stepped(step=2) if not done:
                session.post(Pause())
                session.post(Keep("two"))
                session.post(Resume())
                session.post(Retune({"content_weight": 90.0}))
                done.append("kept")
            case Kept(reason="kept"):
                kept.append(event.snapshot)
            case Stepped(step=5) if done == ["kept"]:
                session.post(Restore(kept[0]))
                done.append("restored")
            case Stepped(step=4) if done == ["kept", "restored"]:
                session.post(Load(famos_jobs.job(tmp_path, {"batch": 4, "discriminator_width": 6})))
                done.append("rebuilt")
            case Stepped(step=5) if done[-1] == "rebuilt":
                session.post(Load(JOBS["texture"](tmp_path)))
                done.append("alone")
            case Stepped(step=2) if done[-1] == "alone":
                session.post(Load(famos_jobs.job(tmp_path)))
                done.append("together")
            case Stepped(step=3) if done[-1] == "together":
                leader = session._exchange.leader
                assert isinstance(leader, Leader)
                os.kill(leader._others[0].pid, signal.SIGKILL)
                leader._others[0].wait()
                done.append("killed")

    events = play(session, react)
    assert done == ["kept", "restored", "rebuilt", "alone", "together", "killed"]
    assert [event.reason for event in of(events, Began)] == ["built", "restored", "rebuilt", "rebuilt", "rebuilt"]
    (alone,) = [event.message for event in of(events, Warned) if event.kind == "devices"]
    assert alone.startswith("Texture network can not share its steps")
    assert of(events, Began)[0].device.startswith("2 x CPU")
    assert of(events, Paused)
    assert of(events, Retuned)[0].names == ("content_weight",)
    (failed,) = of(events, Failed)
    assert failed.fatal
    assert failed.message.startswith("The process that trained on cpu has ended (it was killed by signal 9)")
    last = of(events, Stepped)[-1].step
    stopped = of(events, Kept)[-1]
    assert stopped.reason == "stopped"
    assert stopped.step >= last >= 3, "a step was lost"
    assert of(events, Ended)[-1].step == stopped.step
    again = Session(snapshots.read(stopped.snapshot).job, tmp_path, device="cpu", snapshot=stopped.snapshot, steps=10)
    assert not of(play(again), Failed)
    assert sharing.size() == 1


class Told:
    """A channel whose leader has said some things, and is gone then."""

    rank, size = 1, 2

    def __init__(self, *messages: Message) -> None:
        self._messages, self.word = list(messages), ""

    def hear(self) -> Message:
        if not self._messages:
            raise RuntimeError("Connection closed by peer")
        return self._messages.pop(0)

    def add(self, tensor: Tensor) -> None:
        raise RuntimeError("Connection closed by peer")

    def leave_word(self, sentence: str) -> None:
        self.word = sentence

    def close(self) -> None:
        pass


def begin(job: Job) -> Message:
    method = method_class(job.method)(job, torch.device("cpu"))
    state = method.state()
    return Message("begin", values=begun(method, job, state.plain), tensors=state.tensors)


def test_the_leader_hears_what_another_process_can_not_do(tmp_path: Path) -> None:
    """An image that is not there on the other machine."""
    message = begin(famos_jobs.job(tmp_path))
    (tmp_path / "b.png").unlink()
    channel: Any = Told(message)
    with pytest.raises(TesseraError, match=r"b\.png"):
        follow(channel, choose("cpu"))
    assert "b.png" in channel.word
    assert sharing.size() == 1


@pytest.mark.parametrize("more", [[], [Message("step", 0)]], ids=["between two steps", "in a step"])
def test_processes_end_with_their_leader(more: list[Message], tmp_path: Path) -> None:
    channel: Any = Told(begin(famos_jobs.job(tmp_path)), *more)
    with pytest.raises(TesseraError, match="The process that leads the training has ended"):
        follow(channel, choose("cpu"))
    assert not channel.word


def test_they_end_when_they_are_told(tmp_path: Path) -> None:
    job = famos_jobs.job(tmp_path)
    retuned = job.settings.with_values({"content_weight": 3.0}).model_dump(mode="json")
    follow(cast(Any, Told(begin(job), Message("retune", values=retuned), Message("end"))), choose("cpu"))


# ---------------------------------------------------------------- the command line


def arguments(folder: Path, *more: str) -> list[str]:
    job = famos_jobs.job(folder)
    style, content = ([image.path for image in job.sources[slot]] for slot in ("style", "content"))
    values = [f"{name}={value}" for name, value in famos_jobs.TINY.items()]
    images = ["--style", *style, "--content", *content]
    where = ["--method", "famos", "--out", str(folder / "out")]
    return ["train", *where, *images, "--set", *values, "--steps", "3", "--threads", "1", *more]


def test_processes_that_torchrun_has_started_train_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rank 0 here, rank 1 beside, told of one another as torchrun does."""
    port = MeetingPlace(2).port  # a port that was free a moment ago
    told = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = [sys.executable, "-m", "engine", *arguments(tmp_path)]
    environment = os.environ | told | {"RANK": "1", "LOCAL_RANK": "1"}
    other = subprocess.Popen(command, cwd=Path(__file__).parents[3], env=environment, stderr=subprocess.PIPE, text=True)
    for name, value in (told | {"RANK": "0", "LOCAL_RANK": "0"}).items():
        monkeypatch.setenv(name, value)
    assert main(command[3:]) == 0
    said = other.communicate(timeout=60)[1]
    assert other.returncode == 0, said
    assert "Process 1 trains on CPU" in said
    assert "Kept step 3" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "out" / "snapshots").glob("0*")] == ["0001"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--devices", "cpu,cuda:7"], "device"),
        (["--devices", "cpu,cpu", "--device", "cpu"], "not both"),
        (["--devices", "cpu,,cpu"], "not a list of devices"),
        (["--devices", "cpu,cpu", "--plan", "x.json"], "trains on one device"),
    ],
)
def test_devices_that_can_not_be_had_are_named(
    more: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(tmp_path, *more)) == 2
    assert expected in capsys.readouterr().err


def test_torchrun_needs_a_device_for_each_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("WORLD_SIZE", "2"), ("LOCAL_WORLD_SIZE", "2"), ("RANK", "1"), ("LOCAL_RANK", "1")):
        monkeypatch.setenv(name, value)
    assert main(arguments(tmp_path, "--devices", "cpu")) == 2
    assert "1 named, and torchrun has started 2 processes" in capsys.readouterr().err
    assert main(arguments(tmp_path, "--device", "cpu")) == 2
    assert "with --devices" in capsys.readouterr().err


def test_one_of_several_devices_is_not_named_twice() -> None:
    assert [device.key for device in several("cpu,cpu")] == ["cpu", "cpu"]
    assert choose("cpu,cpu").key == "cpu"
    with pytest.raises(BadSettingError, match="cuda:9"):
        several("cpu,cuda:9")
