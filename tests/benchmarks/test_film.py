"""The benchmark of films tells the steps from frame to frame."""

from pathlib import Path

import pytest

from benchmarks import common, film


def test_a_still_film_and_a_slow_one_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film.main([str(common.made_picture(tmp_path / "picture.png", 65, 80, seed=1)), "--frames", "4"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["still MP4", "still AVI", "slow MP4", "slow AVI"]
    assert all(("largest step 0.00" in line) == line.startswith("still") for line in lines)
