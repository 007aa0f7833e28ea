"""The benchmark of generators measures what it says: norms by their objective, variety by its samples."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import common, texture

TINY = ["--set", "patch=32", "--set", "batch=2", "--set", "width=2", "--set", "filters=4", "--set", "levels=2"]
TINY += ["--steps", "2", "--threads", "1", "--json"]

PLAIN = ["--set", "variation_weight=0"]


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    style = common.made_picture(tmp_path / "style.png", 90, 120, seed=1)
    content = common.made_picture(tmp_path / "content.png", 96, 80, seed=2)
    return ["--style", str(style), "--content", str(content)]


@pytest.fixture(autouse=True)
def _threads() -> object:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_norms_are_compared_by_their_objective(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        texture.main(["norms", *images, *TINY, "--norms", "instance", "batch", "--set", "content_weight=0.5", *PLAIN])
        == 0
    )
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["norm"] for row in rows] == ["instance", "batch"]
    for row in rows:
        assert len(row["curve"]) == 2
        assert row["objective"] == pytest.approx(row["style"] + 0.5 * row["content"])


def test_variety_is_compared_with_the_term_and_without(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--set", "scales=3", "--set", "latent=4", "--weight", "2"]
    assert texture.main(["variety", *images, *TINY, *more]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["variety"] for row in rows] == [0, 2]
    assert all(row["distance"] > 0 and row["style"] > 0 for row in rows)
