"""The benchmark of sizes: which rows there are, and that learning on is what the export dialog offers."""

import shutil
from pathlib import Path

import pytest

from benchmarks import common, sizes
from engine import snapshots
from engine.export import learn_on
from engine.opening import open_project


def test_other_sizes_are_learned_on_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn_on, "_STEPS", 1)
    (tmp_path / "pair/style").mkdir(parents=True)
    style = common.made_picture(tmp_path / "pair/style/style.png", 200, 220, seed=1)
    content = common.made_picture(tmp_path / "pair/content.png", 200, 208, seed=2)
    given = ("famos", style, content, ["--steps", "1"], tmp_path)
    rows = sizes.measured(*given, scales=(0.5, 1.25), learns_on=True)
    assert [(row["pieces"], row["times"]) for row in rows] == [
        ("as trained", 1.0),
        *((kind, scale) for kind in sizes.KINDS for scale in (0.5, 1.25)),
        *(("learned on", scale) for scale in (0.5, 1.25)),
    ]
    for times, steps in ((0.5, 1), (1.25, 2)):
        other = tmp_path / f"famos-content-{times}-times"
        assert open_project(other)[0].settings.model_dump()["content_scale"] == pytest.approx(0.5 * times)
        assert snapshots.listing(other)[-1].step == 1 + steps, "as many more as there are more places, rounded up"
        shutil.rmtree(other)
    assert len(sizes.measured(*given, scales=(1.25,), learns_on=False)) == 3
    assert not other.exists()
