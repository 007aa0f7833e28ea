"""Paths in folders that one may not enter: each command names them in a sentence, and none speaks of a defect."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.__main__ import main as started
from engine.__main__ import main
from tests.engine.closed import close_folder
from tests.engine.famos_jobs import picture


@pytest.mark.parametrize(
    "arguments",
    [
        ["render", "CLOSED/project", "--out", "a.png"],
        ["collage", "--style", "CLOSED/a.png", "--out", "a.png"],
        ["collage", "--style", "CLOSED", "--out", "a.png"],
        ["collage", "--style", "s.png", "--out", "CLOSED/a.png"],
        ["collage", "--style", "s.png", "--out", "a.png", "--canvas", "CLOSED/a", "--device", "cpu"],
        ["collage", "--style", "s.png", "--out", "a.png", "--profile", "CLOSED/a.icc"],
        ["train", "--style", "s.png", "--out", "CLOSED/project", "--steps", "1", "--device", "cpu"],
        ["pretrain", ".", "--steps", "1", "--out", "CLOSED/a.safetensors", "--device", "cpu"],
        ["train", "--style", "s.png", "--start-from", "CLOSED/project", "--out", "b", "--steps", "1"],
        ["train", "--plan", "CLOSED/plan.toml", "--out", "b"],
        ["fetch", "--from", "CLOSED/vgg.pth"],
    ],
)
def test_what_lies_in_a_closed_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "s.png", 64, 72, 1)
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "a.png").touch()
    for command in ("engine.cli.train", "engine.cli.render", "engine.cli.plan"):
        monkeypatch.setattr(f"{command}.prepare_thread", lambda device, threads=None: None)
    close_folder(monkeypatch, tmp_path / "closed")
    assert main([word.replace("CLOSED", "closed") for word in arguments]) in (1, 2)
    told = capfd.readouterr().err
    assert "closed" in told
    assert "unexpected" not in told
    assert "[Errno" not in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--style", "s.png", "--out", "file/project", "--steps", "1"],
        ["pretrain", ".", "--steps", "1", "--out", "file/a.safetensors"],
    ],
)
def test_where_nothing_can_be_written_nothing_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """It was told when all was learned, or after the networks were built."""

    def learns(*_values: object, **_named: object) -> None:
        raise AssertionError("it has begun")

    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "s.png", 64, 72, 1)
    (tmp_path / "file").touch()
    for work in ("engine.cli.train.Session", "engine.cli.pretrain._learn"):
        monkeypatch.setattr(work, learns)
    assert main([*arguments, "--device", "cpu"]) == 1
    assert "nothing can be put below it" in capfd.readouterr().err


def test_a_name_that_is_too_long_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["collage", "--style", str(tmp_path / ("x" * 300)), "--out", str(tmp_path / "a.png")]) == 2
    assert "could not be used" in capfd.readouterr().err


def test_the_window_is_not_begun_with_what_can_not_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "closed").mkdir()
    close_folder(monkeypatch, tmp_path / "closed")
    assert started([str(tmp_path / "closed" / "a.png")]) == 2
    assert "neither a file nor a folder" in capfd.readouterr().err
