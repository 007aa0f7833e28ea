"""The look "Drawn over": where a content has lines, paint that is decided, and a collage that is compared from afar."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine import losses
from engine.methods.famos.lines import line_weight, mean_contrast, paint_cost, runs_one_way
from engine.methods.famos.method import Famos
from tests.engine.famos_jobs import job

CPU = torch.device("cpu")


def drawing() -> Tensor:
    """A dark stroke and a light one on grey paper, [1, 3, 160, 96] in -1..1."""
    image = torch.zeros(1, 3, 160, 96)
    image[..., 20:23, :] = -0.8
    image[..., 44:47, :] = 0.8
    return image


def test_lines_weigh_and_flat_paper_hardly_does() -> None:
    both, dark = (line_weight(drawing(), dark, 0.1)[0, 0] for dark in (False, True))
    assert both.shape == (160, 96)
    assert both[21].min() > 3
    assert both[45].min() > 3
    assert both[120:].max() < 0.1
    assert dark[21].min() > 3
    assert dark[45].max() < 0.1, "light ones are not ink"
    assert torch.equal(line_weight(drawing() * 0, True, 0.1), torch.full((1, 1, 160, 96), 0.02))


def test_paint_is_cheap_on_lines_and_dear_beside_them() -> None:
    cost = paint_cost(line_weight(drawing(), True, 0.1))[0, 0]
    assert cost[21].max() < 0.5
    assert cost[120:].min() > 5


def test_the_grain_of_paper_is_no_line() -> None:
    random = torch.Generator().manual_seed(1)
    grain = 0.4 * torch.nn.functional.avg_pool2d(torch.randn(1, 1, 160, 96, generator=random), 3, 1, 1).expand(
        1, 3, -1, -1
    )
    paper, drawn = (runs_one_way(image)[0, 0] for image in (grain, drawing() + grain))
    assert paper.mean() < 0.2
    assert drawn[21, 8:-8].mean() > 0.7


def test_paint_costs_the_same_everywhere_unless_lines_count(tmp_path: Path) -> None:
    _, plain = terms(tmp_path)
    assert plain["paint"] == plain["alpha"]
    _, lines = terms(tmp_path, content_counts="dark")
    assert lines["alpha"] == pytest.approx(plain["alpha"], rel=1e-5)
    assert lines["paint"] != pytest.approx(plain["alpha"], rel=1e-2)


def test_the_unit_is_the_mean_contrast_of_the_contents(tmp_path: Path) -> None:
    method = Famos(job(tmp_path, {"content_counts": "lines"}), CPU)
    contrast = method.compared.contrast
    assert contrast is not None
    assert contrast == mean_contrast(method._targets, dark=False)
    content = method._targets[0].pixels[None].float() / 127.5 - 1  # smaller than a sample, so it is one
    assert float(line_weight(content, False, contrast).mean()) == pytest.approx(1, abs=0.1)  # but for what is cut off
    assert Famos(job(tmp_path), CPU).compared.contrast is None


@pytest.mark.parametrize("values", [{"content_counts": "lines"}, {"correspondence": "features"}])
def test_contents_whose_tones_have_moved_are_compared_as_those_that_began_so(values: Any, tmp_path: Path) -> None:
    method = Famos(job(tmp_path, values), CPU)
    method.step(0)
    moved = values | {"tone_matching": 1.0}
    method.settings = Famos(job(tmp_path, moved), CPU).settings
    again = Famos(job(tmp_path, moved), CPU)
    again.restore(method.state())
    ours, theirs = method.step(1), again.step(1)
    assert {name: float(value) for name, value in ours.items()} == {
        name: float(value) for name, value in theirs.items()
    }


@pytest.mark.parametrize(("alpha", "expected"), [(0.0, 0.0), (0.5, 1.0), (1.0, 0.0), (0.25, 0.75)])
def test_what_is_undecided(alpha: float, expected: float) -> None:
    assert float(losses.undecided(torch.full((2, 1, 4, 4), alpha))) == pytest.approx(expected)


def terms(folder: Path, **settings: Any) -> tuple[Famos, dict[str, float]]:
    method = Famos(job(folder, settings), CPU)
    return method, {name: float(value) for name, value in method.step(0).items()}


def test_each_choice_changes_the_term_that_it_is_about(tmp_path: Path) -> None:
    _, plain = terms(tmp_path)
    _, lines = terms(tmp_path, content_counts="dark")
    assert lines["content"] != pytest.approx(plain["content"], rel=1e-3)
    _, blocks = terms(tmp_path, collage_correspondence="pool16")
    assert blocks["content_collage"] != pytest.approx(plain["content_collage"], rel=1e-3)
    assert blocks["content"] == pytest.approx(plain["content"], rel=1e-5)
    assert 0 < plain["undecided"] <= 1


def test_paint_becomes_decided_where_it_is_asked_for(tmp_path: Path) -> None:
    settings = {"alpha_weight": 0.0, "learning_rate": 5e-3, "entropy_ramp_steps": 1, "content_weight": 1.0}
    ends = []
    for weight in (0.0, 20.0):
        method = Famos(job(tmp_path, settings | {"decision_weight": weight}), CPU)
        ends.append([float(method.step(step)["undecided"]) for step in range(12)][-1])
    assert ends[1] < 0.5 * ends[0]
