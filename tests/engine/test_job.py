"""Project files: what is saved is loaded, moved images are found, and damage is told in a sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.box import Size
from engine.errors import BadProjectError, NoRoomError
from engine.job import (
    DEFAULT_METHOD,
    FILE_NAME,
    Job,
    SourceImage,
    load_job,
    parse_job,
    project_folder,
    save_job,
    stored_job,
)

images = st.builds(
    SourceImage,
    path=st.text(min_size=1, max_size=8).filter(lambda text: "\0" not in text).map(lambda name: f"/nowhere/{name}"),
    weight=st.floats(0, 10),
    scale=st.floats(0.05, 4),
)
jobs = st.builds(
    Job,
    method=st.sampled_from(["famos", "other"]),
    settings=st.dictionaries(
        st.text(max_size=5), st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.integers())
    ),
    sources=st.dictionaries(st.sampled_from(["style", "content"]), st.lists(images, max_size=3).map(tuple)),
    canvas=st.none() | st.tuples(st.integers(64, 300_000), st.integers(64, 300_000)),
    seed=st.integers(0, 2**31 - 1),
)


@given(jobs)
def test_a_job_survives_its_stored_form(job: Job) -> None:
    stored = json.loads(json.dumps(stored_job(job, Path("/somewhere/else"))))
    assert parse_job(stored, Path("/somewhere/else")) == job


def test_a_saved_job_is_loaded(tmp_path: Path) -> None:
    job = Job(sources={"style": (SourceImage(path="/bilder/Größe 1.png", weight=2.0),)}, canvas=(64, 300), seed=3)
    save_job(tmp_path / "neu" / "Projekt", job)
    assert load_job(tmp_path / "neu" / "Projekt") == job
    assert job.canvas_size == Size(64, 300)
    assert Job().canvas_size is None


def test_images_that_moved_with_the_project_are_found(tmp_path: Path) -> None:
    old = tmp_path / "old"
    (old / "project").mkdir(parents=True)
    (old / "here.png").write_bytes(b"x")
    save_job(old / "project", Job(sources={"style": (SourceImage(path=str(old / "here.png")),)}))
    shutil.move(old, tmp_path / "new")
    assert load_job(tmp_path / "new" / "project").sources["style"][0].path == str(tmp_path / "new" / "here.png")


def test_an_image_that_is_gone_keeps_its_name(tmp_path: Path) -> None:
    job = Job(sources={"style": (SourceImage(path=str(tmp_path / "gone.png")),)})
    save_job(tmp_path, job)
    assert load_job(tmp_path) == job


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"format": 1, "job": {"sources": []}}', '{"format": 1, "job": {"sources": {}, "x": 1}}'],
)
def test_a_damaged_project_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(BadProjectError, match="damaged"):
        load_job(tmp_path)


def test_a_project_of_a_newer_tessera(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"format": 99}')
    with pytest.raises(BadProjectError, match="newer"):
        load_job(tmp_path)


def test_no_project_there(tmp_path: Path) -> None:
    with pytest.raises(BadProjectError, match="could not be read"):
        load_job(tmp_path)
    with pytest.raises(BadProjectError, match="not a Tessera project"):
        project_folder(tmp_path)


def test_a_project_is_found_from_anything_inside(tmp_path: Path) -> None:
    save_job(tmp_path, Job())
    inside = tmp_path / "snapshots" / "0001"
    inside.mkdir(parents=True)
    for path in (tmp_path, tmp_path / FILE_NAME, inside, inside / "preview.png"):
        assert project_folder(path) == tmp_path


def test_saving_replaces_the_file_as_a_whole(tmp_path: Path) -> None:
    save_job(tmp_path, Job(seed=1))
    (tmp_path / "file").write_text("")
    with pytest.raises(NoRoomError, match=FILE_NAME):
        save_job(tmp_path / "file", Job(seed=2))
    assert load_job(tmp_path).seed == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", FILE_NAME]


@pytest.mark.parametrize(
    "values",
    [{"seed": -1}, {"canvas": (63, 64)}, {"canvas": (64, 300_001)}, {"colour": 1}, {"sources": {"style": [3]}}],
)
def test_a_job_can_not_hold_nonsense(values: dict) -> None:
    with pytest.raises(ValidationError):
        Job(**values)


def test_a_stored_job_names_its_method_and_one_without_means_famos(tmp_path: Path) -> None:
    save_job(tmp_path, Job())
    file = tmp_path / "project.json"
    stored = json.loads(file.read_text())
    assert stored["job"].pop("method") == DEFAULT_METHOD == load_job(tmp_path).method
    file.write_text(json.dumps(stored))
    assert load_job(tmp_path).method == "famos"
