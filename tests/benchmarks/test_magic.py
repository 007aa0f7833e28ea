"""The figures of MAGIC can be taken: each part gives its numbers, on tiny networks."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import common, magic

TINY = ["set_size=4", "generator_width=4", "discriminator_width=4", "heads=2", "depth=2", "discriminator_depth=2"]
TINY += ["patch=32", "batch=1", "content_scale=1", "style_scale=1", "precision=float32"]


def run(part: str, folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    style = common.made_picture(folder / "style.png", 90, 120, seed=1)
    content = common.made_picture(folder / "content.png", 96, 80, seed=2)
    settings = [word for assignment in TINY for word in ("--set", assignment)]
    threads = torch.get_num_threads()
    try:
        images = ["--style", str(style), "--content", str(content)]
        assert magic.main([part, *images, *settings, "--threads", "1", "--json", *arguments]) == 0
    finally:
        torch.set_num_threads(threads)
    return json.loads(capsys.readouterr().out)


def test_a_step_takes_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run("step", tmp_path, capsys, "--steps", "2")
    assert result["steps_per_s"] * result["step_s"] == pytest.approx(1)
    assert result["precision"] == "float32"


def test_a_picture_is_painted_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.png"
    result = run("picture", tmp_path, capsys, "--steps", "3", "--out", str(out))
    assert out.exists()
    assert -1 <= result["content_match"] <= 1
    assert 1 <= result["templates_in_use"] <= 4


def test_a_permuted_set_gives_the_same_collage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run("permutation", tmp_path, capsys, "--steps", "3")
    assert result["collage"] <= 1e-5
    assert result["mixture"] <= 1e-5


def test_more_weight_is_set_against_less(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run("weights", tmp_path, capsys, "--steps", "2")
    for figures in (result[name] for name, *_ in magic._WEIGHTS):
        less, more = figures["values"].values()
        assert figures["ratio"] == pytest.approx(more / less)


def test_no_steps_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert magic.main(["step", "--steps", "0", "--threads", "1"]) == 1
    assert "steps can not be 0" in capsys.readouterr().err
