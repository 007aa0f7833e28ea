"""texture, stylize and doodle_net compare by the layers, links and sizes that the methods on pixels have."""

from pathlib import Path
from typing import Any

import pytest

from engine.method import method_class
from engine.methods.feedforward import base
from engine.style.vgg import Vgg19
from tests.engine.generator_jobs import CPU, job
from tests.engine.pixel_jobs import tiny_vgg

BASE: dict[str, Any] = {"network": "vgg19", "statistic": "gram", "patch": 64}
OF_ALL: list[dict[str, Any]] = [
    {"style_layers": "all"},
    {"links": "chain"},
    {"links": "chain", "blurred": True},
    {"shift": -1.0},
    {"layer_weights": "geometric"},
    {"compared_sizes": 2},
]
CHOICES = [
    *((method, "style", choice) for method in ("texture", "stylize", "doodle_net") for choice in OF_ALL),
    ("stylize", "content", {"content_layers": "all"}),
    ("doodle_net", "style", {"region_pull": "equal"}),
    ("doodle_net", "style", {"edges": "hard"}),
]


@pytest.fixture(autouse=True)
def tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(kind: str, **_options: Any) -> Vgg19:
        assert kind == "vgg19"
        return tiny_vgg()

    monkeypatch.setattr(base, "open_network", opened)


def first_terms(method: str, folder: Path, settings: dict[str, Any]) -> dict[str, float]:
    by_features = {"content_by": "features"} if method == "stylize" else {}
    built = method_class(method)(job(method, folder, BASE | by_features | settings), CPU)
    return {name: float(value) for name, value in built.step(0).items()}


@pytest.mark.parametrize(("method", "term", "choice"), CHOICES, ids=lambda value: str(value))
def test_each_choice_is_another_loss(method: str, term: str, choice: dict[str, Any], tmp_path: Path) -> None:
    without = {"links": "chain"} if "blurred" in choice else {}
    plain, chosen = (first_terms(method, tmp_path, settings) for settings in (without, choice))
    assert chosen[term] > 0
    assert chosen[term] != pytest.approx(plain[term], rel=1e-6)
