"""The benchmark of neural style runs, and its measure of style can tell pictures apart."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import neural_style
from benchmarks.neural_style import main, style_distance

FEW = ("Default", "Classic", "Chain Extended")


def pictures(folder: Path) -> list[str]:
    random = np.random.default_rng(0)
    for name, low in (("style", 0), ("content", 120)):
        Image.fromarray(random.integers(low, low + 130, (72, 80, 3)).astype(np.uint8)).save(folder / f"{name}.png")
    return ["--style", str(folder / "style.png"), "--content", str(folder / "content.png")]


def test_presets_are_compared_at_equal_iterations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neural_style, "COLUMNS", FEW)
    options = ["--steps", "2", "--network", "filters", "--set", "filters=4", "--threads", "1", "--json"]
    assert main(["presets", *pictures(tmp_path), *options, "--pictures", str(tmp_path / "made")]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["name"] for row in rows] == list(FEW)
    assert all(0 < row["style_distance"] < 2 for row in rows)
    assert all(-1 <= row["content_match"] <= 1 for row in rows)
    assert len(list((tmp_path / "made").iterdir())) == len(FEW)


def test_the_distance_to_the_style_orders_pictures() -> None:
    random = torch.Generator().manual_seed(0)
    style, content = torch.rand(3, 64, 64, generator=random), torch.rand(3, 64, 64, generator=random) * 0.2
    between = (style.flip(1) + content) / 2
    near, middle, far = (style_distance(x, style, content) for x in (style.flip(2), between, content))
    assert near < 0.2 < middle < far == pytest.approx(1)
