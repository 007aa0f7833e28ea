"""The benchmarks measure what they say: phases add up, memory is noticed, the content match is a rank correlation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import common, mosaic, prints, render, step, window
from benchmarks.measures import content_match
from benchmarks.memory import PeakMemory
from engine import heap
from engine.device import choose

TINY = ["--templates", "5", "--ngf", "4", "--ndf", "4", "--batch", "2", "--patch", "32", "--threads", "1"]
TINY += ["--set", "discriminator_depth=2", "--set", "depth=2", "--json"]
SMALL = ["--set", "templates=5", "--set", "generator_width=4", "--set", "discriminator_width=4"]
SMALL += ["--set", "patch=32", "--set", "batch=1"]
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    """--style and --content with two small pictures."""
    style = common.made_picture(tmp_path / "style.png", 90, 120, seed=1)
    content = common.made_picture(tmp_path / "content.png", 96, 80, seed=2)
    return ["--style", str(style), "--content", str(content)]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], images: list[str]) -> Run:
    def result(benchmark: Any, *arguments: str) -> dict[str, Any]:
        threads = torch.get_num_threads()
        try:
            assert benchmark.main([*images, *arguments]) == 0
        finally:
            torch.set_num_threads(threads)
        return json.loads(capsys.readouterr().out)

    return result


# ---------------------------------------------------------------- step


def test_phases_are_apart_and_add_up() -> None:
    ticks = iter([0, 1, 3, 7, 15, 31, 63])
    phases = step.Phases(lambda: None, lambda: next(ticks))
    with phases.during(step.LEARN):  # from 0
        with phases.during(step.JUDGE):  # 1
            with phases.during(step.BATCH):  # 3
                pass  # 7
            assert phases.seconds[step.JUDGE] == 3 - 1
            # 15
        phases.go_over(step.UPDATE)  # 31
    # 63
    assert phases.seconds == {
        step.BATCH: 4,
        step.FORWARD: 0,
        step.JUDGE: 2 + 8,
        step.LEARN: 1 + 16,
        step.UPDATE: 32,
    }


@pytest.mark.parametrize("loss", ["wgan_gp", "hinge"])
def test_a_step_is_measured_in_all_its_phases(run: Run, loss: str) -> None:
    result = run(step, *TINY, "--loss", loss, "--steps", "2", "--warm-up", "1")
    assert all(result["phases_s"][phase] > 0 for phase in step.PHASES)
    assert len(result["steps_s"]) == 2
    assert min(result["steps_s"]) <= result["step_s"] <= max(result["steps_s"])
    assert result["sizes"]["adversarial"] == loss
    assert (result["penalty_step_s"] is None) == (loss == "wgan_gp")


def test_the_mixture_can_do_without_a_compiler(run: Run) -> None:
    assert run(step, *TINY, "--no-mix-kernel", "--steps", "1", "--warm-up", "0")["mix_kernel"] is False


def test_options_go_over_the_preset_and_set_over_both(run: Run) -> None:
    few = ["--steps", "1", "--warm-up", "0"]
    sizes = run(step, *TINY, "--preset", "Draft", "--set", "batch=1", *few)["sizes"]
    assert (sizes["templates"], sizes["batch"], sizes["adversarial"]) == (5, 1, "hinge")


def test_a_wrong_value_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert step.main(["--templates", "1"]) == 2
    assert "templates can not be 1" in capsys.readouterr().err


@pytest.mark.parametrize("benchmark", [step, render], ids=["step", "render"])
def test_a_table_is_printed(benchmark: Any, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    few = ["--steps", "1", "--warm-up", "0"] if benchmark is step else ["--width", "64", "--height", "64", "--discard"]
    assert benchmark.main([*images, *(word for word in TINY if word != "--json"), *few]) == 0
    torch.set_num_threads(threads)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 5
    assert any("peak memory over idle" in line for line in lines)


# ---------------------------------------------------------------- memory


def test_the_peak_of_memory_is_noticed_and_forgotten() -> None:
    memory = PeakMemory(choose("cpu"))
    if not memory.restarts:
        pytest.skip("only Linux lets a process forget its highest mark")
    heap.give_back()  # what tests before this one have freed may be kept, and a new plane would then take no more
    before = memory.now_bytes
    plane = torch.ones(2**24)  # 64 MiB
    assert plane.sum() > 0
    del plane
    assert memory.peak_bytes - before > 50 * 2**20
    assert memory.restart()
    assert memory.peak_bytes - memory.now_bytes < 50 * 2**20


# ---------------------------------------------------------------- canvas and mosaic


def test_a_canvas_is_painted_to_its_file(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "canvas.png"
    result = run(render, *TINY, "--width", "150", "--height", "100", "--tile", "64", "--out", str(out))
    with Image.open(out) as picture:
        assert picture.size == (150, 100)
    assert result["total_s"] == pytest.approx(result["paint_s"] + result["encode_s"])
    assert result["encode_s"] > 0
    assert result["megapixels_per_s"] == pytest.approx(0.015 / result["total_s"])


def test_tiles_can_be_discarded(run: Run, tmp_path: Path) -> None:
    result = run(render, *TINY, "--width", "100", "--height", "64", "--discard")
    assert result["file"] is None
    assert result["encode_s"] == 0


def test_a_mosaic_is_trained_painted_and_measured(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "mosaic.png"
    result = run(mosaic, *SMALL, "--seconds", "0.2", "--threads", "1", "--json", "--out", str(out))
    with Image.open(out) as picture:
        assert picture.size == (result["width"], result["height"])
    assert result["steps"] >= 1
    assert 1 <= result["templates_in_use"] <= 5
    assert -1 <= result["content_match"] <= 1


# ---------------------------------------------------------------- content match


def _saved(path: Path, grey: np.ndarray) -> Path:
    Image.fromarray(grey.astype(np.uint8)).save(path)
    return path


def test_content_match_knows_order_and_not_tone(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    content = random.integers(0, 256, (90, 60))
    there = _saved(tmp_path / "content.png", content)
    assert content_match(there, there) == pytest.approx(1)
    assert content_match(_saved(tmp_path / "dark.png", content // 4), there) > 0.99
    assert content_match(_saved(tmp_path / "inverted.png", 255 - content), there) == pytest.approx(-1)
    other = _saved(tmp_path / "other.png", random.integers(0, 256, (90, 60)))
    assert abs(content_match(other, there)) < 0.1
    assert content_match(_saved(tmp_path / "plain.png", content * 0), there) == 0


# ---------------------------------------------------------------- window


@pytest.mark.slow
def test_the_window_is_driven_from_start_to_end(run: Run) -> None:
    result = run(window, *SMALL, "--seconds", "2.5", "--settle", "0.5", "--json")
    assert 0 < result["splash_s"] < result["window_s"] < result["ready_s"]
    for when in ("ticks_idle_ms", "ticks_training_ms"):
        assert 0 < result[when]["p50"] <= result[when]["p95"] <= result[when]["max"]
    assert result["slider"]["moves"] >= 1
    # A value that arrives in the instant in which a step begins may be one step late.
    assert result["slider"]["latest_steps"] <= 1


# ---------------------------------------------------------------- prints


def test_a_print_is_measured_and_encoded(run: Run) -> None:
    result = run(prints, *TINY, "--one", "0.02", "--tile", "64", "--share", "2")
    assert (result["width"], result["height"]) == (172, 115)
    assert 0 < result["painted_px"] < 172 * 115
    assert 0 < result["network_s"] < result["paint_s"]
    assert 0 < result["overhead"] < 1
    assert result["png"]["seconds"] > 0
    assert result["jpeg"]["seconds"] > 0
