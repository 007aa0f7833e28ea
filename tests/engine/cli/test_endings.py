"""Commands that are ended before they are done: by Ctrl-C, by the system, by a terminal or a reader that goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from engine import snapshots
from engine.__main__ import main
from engine.box import Box, Size
from engine.training import trainer
from tests.engine import toy
from tests.engine.cli.commands import nobody_reads, train, with_toy

if sys.platform == "win32":
    pytest.skip("it has neither such signals nor such terminals", allow_module_level=True)

import pty

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    with_toy(monkeypatch)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_keeps_a_snapshot(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    step = toy.Toy.step

    def interrupted(self: toy.Toy, index: int) -> object:
        if index == 4:
            os.kill(os.getpid(), number)
        return step(self, index)

    monkeypatch.setattr(toy.Toy, "step", interrupted)
    before = signal.getsignal(number)
    assert train(tmp_path, "--steps", "1000000") == 0
    snapshot = snapshots.listing(tmp_path / "out")[0]
    assert (snapshot.step, snapshot.reason) == (5, "stopped")
    assert str(snapshot.folder) in capfd.readouterr().out
    assert signal.getsignal(number) == before


def test_ctrl_c_while_rendering_keeps_what_is_painted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train(tmp_path, "--steps", "1") == 0
    paint = toy.Toy.paint

    def interrupted(self: toy.Toy, box: Box, canvas_size: Size) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        monkeypatch.setattr(toy.Toy, "paint", paint)
        return paint(self, box, canvas_size)

    monkeypatch.setattr(toy.Toy, "paint", interrupted)
    out = tmp_path / "rendered" / "a.png"
    assert main(["render", str(tmp_path / "out"), "--out", str(out), "--width", "640", "--tile", "64"]) == 1
    assert "--resume" in capfd.readouterr().err
    assert [path.name for path in out.parent.iterdir()] == ["a.png.unfinished"]


def test_a_terminal_that_goes_loses_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell tells of it as well as the system, and nothing can be printed any more."""
    step = toy.Toy.step
    theirs, ours = pty.openpty()

    def hung_up(self: toy.Toy, index: int) -> object:
        if index in (4, 5):
            with suppress(OSError):
                os.close(theirs)
            os.kill(os.getpid(), signal.SIGHUP)
        return step(self, index)

    monkeypatch.setattr(toy.Toy, "step", hung_up)
    with os.fdopen(ours, "w", buffering=1) as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setattr(sys, "stderr", terminal)
        train(tmp_path, "--steps", "1000000")
    (snapshot,) = snapshots.listing(tmp_path / "out")
    assert snapshot.reason == "stopped"


def test_what_goes_on_without_a_terminal_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `nohup`."""
    step = toy.Toy.step

    def hung_up(self: toy.Toy, index: int) -> object:
        os.kill(os.getpid(), signal.SIGHUP)
        return step(self, index)

    monkeypatch.setattr(toy.Toy, "step", hung_up)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert train(tmp_path, "--steps", "3") == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert snapshots.listing(tmp_path / "out")[0].step == 3


def test_reports_that_nobody_reads_any_more_lose_no_training(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)
    with nobody_reads(monkeypatch):
        assert train(tmp_path, "--steps", "1000000", "--json") == 1
    (snapshot,) = snapshots.listing(tmp_path / "out")
    assert snapshot.reason == "stopped"
    assert str(snapshot.folder) in capfd.readouterr().err


@pytest.mark.parametrize("words", ["methods magic", "devices", "methods --help", "--help"])
def test_a_list_that_nobody_reads_ends_without_a_word(words: str) -> None:
    """As after `| head -1`: Python would speak of it when it ends."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        command = [sys.executable, "-m", "engine", *words.split()]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b""


def test_a_picture_whose_reports_nobody_reads_is_gone_on_with(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train(tmp_path, "--steps", "1") == 0
    out = tmp_path / "a.png"
    with nobody_reads(monkeypatch):
        asked = ["render", str(tmp_path / "out"), "--out", str(out), "--width", "640", "--tile", "64", "--json"]
        assert main(asked) == 1
    assert "--resume" in capfd.readouterr().err
    assert not out.exists()
    assert main([*asked, "--resume"]) == 0
    assert out.exists()
