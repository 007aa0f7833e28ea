"""Project files: what is saved is loaded, moved images are found, and damage is told in a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.box import Size
from engine.errors import BadProjectError, BadSettingError, NoRoomError
from engine.job import Job, SourceImage
from engine.methods.famos.settings import FamosSettings
from engine.project import FILE_NAME, load_job, parse_job, project_folder, save_job, stored_job
from tests.engine import toy

images = st.builds(
    SourceImage,
    path=st.text(min_size=1, max_size=8).filter(lambda text: "\0" not in text).map(lambda name: f"/nowhere/{name}"),
    weight=st.floats(0, 10),
    scale=st.floats(0.05, 4),
)
named = st.fixed_dictionaries(
    {}, optional={"rate": st.floats(0, 1), "colors": st.integers(1, 64), "kind": st.sampled_from(["plain", "noisy"])}
)
jobs = st.builds(
    Job,
    method=st.just("toy"),
    settings=st.builds(toy.ToySettings.of, named),
    sources=st.dictionaries(st.sampled_from(["style", "content"]), st.lists(images, max_size=3).map(tuple)),
    canvas_size=st.none() | st.builds(Size, st.integers(64, 300_000), st.integers(64, 300_000)),
    seed=st.integers(0, 2**31 - 1),
)


def toy_job(**values: Any) -> Job:
    return Job(method="toy", settings=toy.ToySettings(), **values)


@pytest.fixture(autouse=True, scope="module")
def toys() -> Iterator[None]:
    """The toy is a method like the others."""
    with pytest.MonkeyPatch.context() as patch:
        toy.register(patch)
        yield


@given(jobs)
def test_a_job_survives_its_stored_form(job: Job) -> None:
    stored = json.loads(json.dumps(stored_job(job, Path("/somewhere/else"))))
    assert parse_job(stored, Path("/somewhere/else")) == job


def test_a_file_holds_the_settings_that_were_named_and_canvas_as_height_and_width(tmp_path: Path) -> None:
    settings = toy.ToySettings.of({"colors": 4}).with_values({"rate": 0.25})
    save_job(tmp_path, Job(method="toy", settings=settings, canvas_size=Size(64, 300)))
    assert json.loads((tmp_path / FILE_NAME).read_text()) == {
        "format": 1,
        "job": {
            "method": "toy",
            "settings": {"rate": 0.25, "colors": 4},
            "sources": {},
            "canvas": [64, 300],
            "seed": 7,
        },
    }
    assert load_job(tmp_path).settings.model_fields_set == {"rate", "colors"}


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ({"settings": {"rait": 1}}, "There is no setting rait; there are rate, weight, colors, kind."),
        ({"settings": {"rate": 7}}, "rate can not be 7; it is a number from 0 to 1."),
        ({"method": "ivory"}, "There is no method ivory"),
    ],
)
def test_what_is_not_there_any_more_is_named(tmp_path: Path, job: dict, message: str) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps({"format": 1, "job": {"method": "toy", "sources": {}, **job}}))
    with pytest.raises(BadSettingError, match=message):
        load_job(tmp_path)


def test_a_file_without_a_method_is_of_the_first_one(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"format": 1, "job": {"sources": {}}}')
    assert load_job(tmp_path) == Job(method="famos", settings=FamosSettings())


def test_a_saved_job_is_loaded(tmp_path: Path) -> None:
    job = toy_job(
        sources={"style": (SourceImage(path="/bilder/Größe 1.png", weight=2.0),)}, canvas_size=Size(64, 300), seed=3
    )
    save_job(tmp_path / "neu" / "Projekt", job)
    assert load_job(tmp_path / "neu" / "Projekt") == job


def test_images_that_moved_with_the_project_are_found(tmp_path: Path) -> None:
    old = tmp_path / "old"
    (old / "project").mkdir(parents=True)
    (old / "here.png").write_bytes(b"x")
    save_job(old / "project", toy_job(sources={"style": (SourceImage(path=str(old / "here.png")),)}))
    shutil.move(old, tmp_path / "new")
    assert load_job(tmp_path / "new" / "project").sources["style"][0].path == str(tmp_path / "new" / "here.png")


def test_an_image_that_is_gone_keeps_its_name(tmp_path: Path) -> None:
    job = toy_job(sources={"style": (SourceImage(path=str(tmp_path / "gone.png")),)})
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
    save_job(tmp_path, toy_job())
    inside = tmp_path / "snapshots" / "0001"
    inside.mkdir(parents=True)
    for path in (tmp_path, tmp_path / FILE_NAME, inside, inside / "preview.png"):
        assert project_folder(path) == tmp_path


def test_saving_replaces_the_file_as_a_whole(tmp_path: Path) -> None:
    save_job(tmp_path, toy_job(seed=1))
    (tmp_path / "file").write_text("")
    with pytest.raises(NoRoomError, match=FILE_NAME):
        save_job(tmp_path / "file", toy_job(seed=2))
    assert load_job(tmp_path).seed == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", FILE_NAME]


def test_a_stored_job_names_its_method_and_one_without_means_famos(tmp_path: Path) -> None:
    stored = toy_job().stored()
    assert stored["method"] == "toy"
    unnamed = {name: value for name, value in stored.items() if name not in ("method", "settings")}
    assert parse_job({**unnamed, "settings": {}}, tmp_path).method == "famos"
