"""A project opens whatever became of it, as long as anything of it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine import other_methods, snapshots
from engine.errors import BadProjectError
from engine.job import Job
from engine.method import State
from engine.opening import open_project
from engine.project import FILE_NAME, project_folder, save_job
from tests.engine import toy


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a job of seed 9, and snapshots of the seeds 1, 2 and 3."""
    toy.register(monkeypatch)
    save_job(tmp_path, job(9))
    for seed in (1, 2, 3):
        values: dict = {"step": seed * 10, "elapsed_s": 1.0, "terms": {}}
        snapshots.keep(tmp_path, State({"a": torch.rand(4)}, {}), None, job=job(seed), **values)
    return tmp_path


def job(seed: int) -> Job:
    return Job(method="toy", settings=toy.ToySettings(), seed=seed)


def test_a_whole_project_says_nothing(project: Path) -> None:
    assert open_project(project) == (job(9), ())


@pytest.mark.parametrize("text", [None, "", "{", '{"job": 1}', "[" * 100_000, "\0" * 400])
def test_a_damaged_one_opens_from_its_newest_whole_snapshot_and_says_so(project: Path, text: str | None) -> None:
    (project / FILE_NAME).unlink() if text is None else (project / FILE_NAME).write_text(text)
    (project / "snapshots" / "0003" / "state.json").write_text("{")
    opened = open_project(project_folder(project))
    assert opened.job == job(2)
    assert "0002 of step 20" in opened.sentences[0]
    assert FILE_NAME in opened.sentences[0]


def test_a_snapshot_that_is_lost_is_named(project: Path) -> None:
    (project / "snapshots" / "0002" / "state.safetensors").unlink()
    opened = open_project(project)
    assert opened.job == job(9)
    assert len(opened.sentences) == 1
    assert "0002" in opened.sentences[0]


def test_where_nothing_is_whole_it_is_told(project: Path) -> None:
    (project / FILE_NAME).write_text("{")
    for folder in (project / "snapshots").iterdir():
        (folder / "state.safetensors").write_bytes(b"")
    with pytest.raises(BadProjectError, match="nothing in it can be read"):
        open_project(project)


@pytest.mark.parametrize("text", ["", "{", '{"settings": 1}', "[" * 100_000, "\0" * 400])
def test_damaged_settings_of_other_methods_are_named_and_kept_aside(project: Path, text: str) -> None:
    """They were passed over unsaid, and gone with the next change."""
    file = project / other_methods.FILE_NAME
    file.write_text(text)
    job_there, sentences = open_project(project)
    assert job_there == job(9)
    assert len(sentences) == 1
    assert other_methods.FILE_NAME in sentences[0]
    other_methods.save_settings(project, {"toy": toy.ToySettings(rate=0.7)})
    assert other_methods.load_settings(project) == {"toy": toy.ToySettings(rate=0.7)}
    assert [aside.read_text() for aside in project.glob("methods-as-it-was-*")] == [text]
    assert not open_project(project).sentences
