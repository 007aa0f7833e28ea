"""The benchmark of filters that are evened out measures what it says: means of 1 over the images that it names."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import common, evened

TINY = ["--set", "patch=96", "--set", "batch=1", "--set", "width=2", "--set", "filters=4", "--set", "levels=2"]
TINY += ["--steps", "1", "--threads", "1", "--seed", "8"]  # its four filters all answer to something in the style


@pytest.fixture(autouse=True)
def _threads() -> object:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    style = common.made_picture(tmp_path / "style.png", 90, 120, seed=1)
    content = common.made_picture(tmp_path / "content.png", 96, 80, seed=2)
    return ["--style", str(style), "--content", str(content)]


def test_over_the_style_alone_its_mean_is_one_and_over_both_theirs_is(
    images: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evened.main([*images, *TINY, "--json", "--pictures", str(tmp_path / "pictures")]) == 0
    over_style, over_both = json.loads(capsys.readouterr().out)["rows"]
    assert (over_style["way"], over_both["way"]) == ("style", "both")
    for layer, means in over_style["layers"].items():
        assert means["style"] == pytest.approx([1, 1, 1], abs=1e-3)
        both = over_both["layers"][layer]
        assert (both["style"][0] + both["content"][0]) / 2 == pytest.approx(1, abs=1e-3)
    assert {file.name for file in (tmp_path / "pictures").iterdir()} == {"style.png", "both.png"}


def test_it_prints_a_table(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert evened.main([*images, *TINY]) == 0
    told = capsys.readouterr().out
    assert "level2" in told
    assert "content match" in told
