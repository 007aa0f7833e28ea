"""Other programs for the benchmark of a busy machine: there while it measures, gone afterwards."""

from __future__ import annotations

import subprocess

import pytest

from benchmarks import busy
from engine.errors import BadSettingError


def test_neighbours_are_there_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    plain = subprocess.Popen

    def noted(*arguments: object, **named: object) -> subprocess.Popen[bytes]:
        begun.append(plain(*arguments, **named))  # type: ignore[call-overload]
        return begun[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)

    def broken() -> None:
        with busy.neighbors("loop"):
            assert [program.poll() for program in begun] == [None]
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        broken()
    assert all(program.poll() is not None for program in begun)


def test_neighbours_that_are_not_known_are_named() -> None:
    with pytest.raises(BadSettingError, match="none, loop"), busy.neighbors("games"):
        pass


def test_what_it_reaches_is_told_beside_the_best() -> None:
    found = {"loop": {"1": 4.0, "2": 1.0, "auto": 3.0}}
    shown = busy.show({"what": "train", "device": "CPU", "torch": "2", "per_second": found})
    assert shown.splitlines()[-1].split() == ["loop", "4.00", "1.00", "3.00", "75%"]
