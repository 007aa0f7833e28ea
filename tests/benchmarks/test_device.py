"""The table that is sent in: every figure is there, on the processor and on a card, and one that fails says why."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from benchmarks import device, device_figures, device_machine, device_parts, launches
from benchmarks.device_cases import CARD, PROCESSOR, TINY
from engine.device import choose
from engine.errors import TesseraError
from engine.method import method_keys
from tests.simulated_card.card import SimulatedCard
from tests.simulated_card.conftest import card, card_can_be_simulated  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def _threads() -> Any:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_everything_is_in_the_table_and_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "here.json"
    arguments = ["--sizes", "tiny", "--device", "cpu", "--together", "--threads", "1", "--out", str(out)]
    assert device.main(arguments) == 0
    shown = capsys.readouterr().out
    found = json.loads(out.read_text())
    assert [figure["name"] for figure in found["figures"]] == list(device.figures(TINY, choose("cpu")))
    assert not [figure for figure in found["figures"] if "failed" in figure], found["figures"]
    assert found["machine"]["torch"] in shown
    for figure in found["figures"]:
        assert figure["of"] in shown
        seconds = [value for key, value in figure.items() if key.endswith(("_s", "_per_s", "seconds"))]
        assert seconds
        assert min(seconds) >= 0


def test_it_needs_no_window() -> None:
    without = "import sys; sys.modules['PySide6'] = None; from benchmarks import device; assert device.figures"
    assert subprocess.run([sys.executable, "-c", without], cwd=Path(__file__).parents[2], check=False).returncode == 0


@pytest.mark.parametrize("sizes", [CARD, PROCESSOR], ids=["card", "processor"])
def test_every_method_is_measured(sizes: Any) -> None:
    assert {case.method for case in sizes.steps.values()} == set(method_keys())


def test_what_is_measured_is_kept_when_the_time_is_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the machine taken away: figures that tell most come first, and the file is whole after each."""
    out, seen = tmp_path / "here.json", list[dict[str, Any]]()
    clock = iter(range(0, 10_000, 40))  # seconds, at each look
    monkeypatch.setattr(device, "time", SimpleNamespace(perf_counter=lambda: float(next(clock))))

    def measured(name: str) -> Any:
        def figure(*_: Any) -> dict[str, Any]:
            seen.append(json.loads(out.read_text()) if out.exists() else {"figures": []})
            return {"figure": "unknown", "of": name}

        return figure

    names = ["first", "second", "third"]
    best = {"matmul_float32_flop_per_s": 1.0, "matmul_bfloat16_flop_per_s": 1.0, "copy_bytes_per_s": 1.0}
    monkeypatch.setattr(device_machine, "at_best", lambda *_: best | {"operation_s": 1.0})
    monkeypatch.setattr(device, "figures", lambda *_: {name: measured(name) for name in names})
    few = ["--sizes", "tiny", "--device", "cpu", "--together", "--threads", "1", "--minutes", "3"]
    assert device.main([*few, "--out", str(out)]) == 0
    assert [len(each["figures"]) for each in seen] == [0, 1]
    assert [figure["name"] for figure in json.loads(out.read_text())["figures"]] == names
    assert "third: there was no time left for it" in capsys.readouterr().out


def test_the_figures_that_are_asked_for_most_come_first() -> None:
    """The rest follow, and each once."""
    for sizes in (CARD, PROCESSOR, TINY):
        names = list(device.figures(sizes, choose("cpu")))
        first = [name for name in device._FIRST if name in names]
        assert names[: len(first)] == first
        assert len(names) == len(set(names)) == len(sizes.steps) + len(sizes.painted) + 6


def test_a_figure_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def breaks(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(device_figures, "live", breaks)
    few = ["--sizes", "tiny", "--device", "cpu", "--together", "--threads", "1", "--only", "live", "painting-famos"]
    assert device.main(few) == 0
    shown = capsys.readouterr().out
    assert "live: out of memory" in shown
    assert "tiles/s" in shown


def test_a_process_that_ends_badly_says_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    assert device.main(["--sizes", "tiny", "--device", "cpu", "--threads", "1", "--only", "live"]) == 0
    assert "live: it ended with status 1" in capsys.readouterr().out


def test_a_figure_that_is_not_known_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert device.main(["--device", "cpu", "--threads", "1", "--only", "beauty"]) == 2
    assert "only can not be beauty; known are agreement" in capsys.readouterr().err


def test_a_card_is_measured_as_well(card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: F811
    """A simulated one, of whose calls torch's profiler knows nothing."""
    for name in ("reset_peak_memory_stats", "max_memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, lambda _: 0)
    monkeypatch.setattr(launches, "counted", lambda work, _: work() and launches.Told(7, 0, 9, 0.001))
    here = choose("cuda:0")
    row = device_figures.step(TINY.steps["famos"], here, tmp_path)
    assert row["pipelined_step_s"] > 0
    assert (row["way"], row["launches"], row["kernels"]) == ("eager", 7, 9)
    assert device_figures.painting(TINY.painted["famos"], here, tmp_path, tiles=1)["tile_s"] > 0
    agreement = device_parts.agreement({"magic": TINY.steps["magic"]}, here, tmp_path)
    assert agreement["terms_off"]["magic"] < 2e-3
    assert agreement["levels_off"]["magic"] < 3
    assert device_parts.mixture(TINY, here, tmp_path)["by"] == "plain torch"
    assert {"step-famos", "step-famos-captured", "step-texture"} <= set(device.figures(TINY, here))
    assert "step-texture-captured" not in device.figures(TINY, here)


def test_captured_steps_are_measured(card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: F811
    """torch's profiler has to be there before the graphs, and the memory that graphs keep is theirs."""
    for name in ("reset_peak_memory_stats", "max_memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, lambda _: 0)
    said: list[str] = []
    graph, begin = torch.cuda.CUDAGraph, torch.cuda.CUDAGraph.capture_begin
    monkeypatch.setattr(graph, "capture_begin", lambda *given, **named: (said.append("graph"), begin(*given, **named)))
    monkeypatch.setattr(launches, "get_ready", lambda: said.append("profiler"))
    monkeypatch.setattr(launches, "counted", lambda work, _: work() and launches.Told(7, 0, 9, 0.001))
    row = device_figures.step(TINY.steps["famos"], choose("cuda:0"), tmp_path, captured=True)
    assert said[0] == "profiler"
    assert said.count("graph") == 2, "with R1 and without"
    assert row["way"] == "captured"
    assert 2**19 < row["peak_bytes"] <= 2**20, "the simulated pool is as large as that"


def test_matrices_are_multiplied_as_convolutions_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else steps in float32 would take less than the time that their FLOPs need."""
    seen: list[object] = []

    def best(_: Any, work: Any) -> float:
        seen.append(torch.backends.cuda.matmul.allow_tf32)
        return 1.0

    monkeypatch.setattr(device_machine, "best_s", best)
    before = torch.backends.cuda.matmul.allow_tf32
    device_machine.at_best(choose("cpu"), 4, 64)
    assert seen[0] == torch.backends.cudnn.allow_tf32
    assert torch.backends.cuda.matmul.allow_tf32 == before


def test_where_steps_can_not_be_captured_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(TesseraError, match=r"steps of FAMOS.* are not captured here"):
        device_figures.step(TINY.steps["famos"], choose("cpu"), tmp_path, captured=True)


def test_launches_and_waits_of_one_piece_of_work_are_counted() -> None:
    def seen(name: str, start: int, end: int, where: str = "CPU", named: bool = False) -> SimpleNamespace:
        return SimpleNamespace(
            name=name,
            device_type=SimpleNamespace(name=where),
            time_range=SimpleNamespace(start=start, end=end),
            is_user_annotation=named,
        )

    found = launches.told(
        [
            seen("cudaLaunchKernel", 0, 1),  # before
            seen(launches.MARK, 10, 100),
            seen("aten::add", 11, 20),
            seen("cudaLaunchKernel", 12, 13),
            seen("cuLaunchKernelEx", 20, 21),
            seen("cudaGraphLaunch", 30, 31),
            seen("cudaMemcpyAsync", 40, 41),
            seen("cudaStreamSynchronize", 41, 60),
            seen("cudaDeviceSynchronize", 120, 130),  # after
            seen("add_kernel", 15, 1_000_015, "CUDA"),
            seen("memcpy", 50, 1_000_050, "CUDA"),
            seen(launches.MARK, 15, 90, "CUDA"),
            seen("Optimizer.step#Adam.step", 20, 80, "CUDA", named=True),
        ]
    )
    assert found == launches.Told(launches=4, waits=1, kernels=2, kernels_s=2.0)
