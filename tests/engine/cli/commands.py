"""The commands with a toy of a method, for tests of what they print, leave behind and return."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.__main__ import main
from tests.engine import toy


def with_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the commands know the toy, and leave the test its own number of threads."""
    toy.register(monkeypatch)
    for command in ("train", "render"):
        monkeypatch.setattr(f"engine.cli.{command}.prepare_thread", lambda device, threads=None: None)


def train(folder: Path, *more: str, out: str = "out") -> int:
    style = toy.picture(folder)
    arguments = ["train", "--method", "toy", "--style", str(style), "--out", str(folder / out), "--device", "cpu"]
    return main([*arguments, *more])


@contextmanager
def nobody_reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Standard output is a pipe whose reader has gone, as after `| head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", pipe)
        yield
