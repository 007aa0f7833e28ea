"""The benchmark of a slider's tick: all parts are timed, and a tick posts one setting and validates no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks import common, slider_tick


def test_a_tick_posts_one_setting_and_never_validates_all(tmp_path: Path, qapp, capsys: pytest.CaptureFixture[str]):
    images = {slot: common.made_picture(tmp_path / f"{slot}.png", 90, 120, seed=1) for slot in ("style", "content")}
    arguments = ["--style", str(images["style"]), "--content", str(images["content"]), "--ticks", "3", "--json"]
    sizes = ["--templates", "5", "--ngf", "4", "--ndf", "4", "--batch", "1", "--patch", "32", "--threads", "1"]
    threads = torch.get_num_threads()
    assert slider_tick.main([*arguments, *sizes]) == 0
    torch.set_num_threads(threads)
    result = json.loads(capsys.readouterr().out)
    assert result["posted"] == ["content_weight"]
    assert all(row["median_s"] > 0 for row in result["rows"].values())
    assert [row["validations"] for row in result["rows"].values()] == [0, 0, 0, 0]
