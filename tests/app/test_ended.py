"""A window that somebody ends who can not be asked: Ctrl-C in its terminal, a terminal that goes, a shutdown."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox

from app import document as documents
from app.recovery import LOCK_NAME
from engine import snapshots
from engine.errors import NoRoomError
from engine.export import unfinished
from engine.export.unfinished import request_of
from engine.project import load_job
from tests.app.studio import Studio
from tests.app.toys import register

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120

if sys.platform == "win32":
    pytest.skip("it has no such signals", allow_module_level=True)


def ended(folder: Path, station: str, number: signal.Signals, ignored: bool = False) -> Path:
    """The project of a window that was sent a signal while it was at a station; the window has ended in good order."""
    places = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.ended_program", str(folder), station],
        cwd=ROOT,
        env=os.environ | places | {"QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        program.send_signal(number)
        _out, error = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 0, error
    assert "Traceback" not in error
    (project,) = (folder / "Tessera" / "projects").iterdir()
    assert load_job(project).sources["style"]
    assert not (project / LOCK_NAME).exists(), "it ended as it should"
    return project


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_training_is_kept(tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    assert snapshots.listing(ended(tmp_path, "train", number))[-1].reason == "stopped"


def test_a_question_is_not_waited_for_and_the_export_is_gone_on_with(tmp_path: Path) -> None:
    project = ended(tmp_path, "ask", signal.SIGTERM)
    assert [request_of(begun).out.name for begun in unfinished.listing(project)] == ["large.png"]


def test_what_can_not_be_written_holds_nothing_up(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_values: object, **_named: object) -> None:
        raise NoRoomError("There is no room left.")

    studio.train()
    monkeypatch.setattr(documents, "save_job", full)
    monkeypatch.setattr(snapshots, "keep", full)
    studio.window.document.set("rate", 0.2)
    ended: list[bool] = []
    studio.window.ended.connect(lambda: ended.append(studio.window.training.running))
    studio.window.end()
    studio.until(lambda: bool(ended))
    assert ended == [False]
    assert not studio.window.isVisible()
    assert not studio.window.findChildren(QMessageBox)
