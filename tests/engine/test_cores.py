"""How many cores there are for us, which are fast, and what the user's environment says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import cores


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3}, raising=False)


def test_threads_wait_passively_unless_the_user_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    cores.wait_passively()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    cores.wait_passively()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


@pytest.mark.parametrize("module", ["app.__main__", "engine.__main__", "engine.cores"])
def test_this_is_said_before_torch_is_loaded(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0


@pytest.mark.parametrize(
    ("said", "expected"), [("3", 3), ("4,2", 4), ("", None), ("0", None), ("many", None), ("-2", None)]
)
def test_the_users_number_is_read(monkeypatch: pytest.MonkeyPatch, said: str, expected: int | None) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert cores.asked_for() == expected


def test_cores_that_the_process_was_kept_from_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {1, 3}, raising=False)
    assert cores.usable() == 2


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS tells by a call of its own")
@pytest.mark.parametrize(
    ("name", "speeds", "expected"),
    [
        ("cpu_capacity", (1024, 1024, 446, 446), 2),
        ("cpufreq/cpuinfo_max_freq", (4700000, 5200000, 3600000, 3600000), 2),
        ("cpufreq/cpuinfo_max_freq", (3000000, 3000000, 3000000, 3000000), 4),
        ("cpu_capacity", (1024, 446), 4),
    ],
)
def test_fast_cores_of_a_mixed_processor(tmp_path: Path, name: str, speeds: tuple[int, ...], expected: int) -> None:
    for number, speed in enumerate(speeds):
        file = tmp_path / f"cpu{number}" / name
        file.parent.mkdir(parents=True)
        file.write_text(f"{speed}\n")
    assert cores.fast(tmp_path) == expected


def test_where_the_system_does_not_tell_all_are_fast(tmp_path: Path) -> None:
    assert cores.fast(tmp_path) == (4 if sys.platform != "darwin" else cores.fast())
