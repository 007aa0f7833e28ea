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
from engine.errors import BadProjectError, NoRoomError
from engine.job import Job, SourceImage
from engine.methods.famos.settings import FamosSettings
from engine.migrations import FORMAT
from engine.project import FILE_NAME, load_job, parse_job, project_folder, read_project, save_job, stored_job
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
        "format": FORMAT,
        "job": {
            "method": "toy",
            "settings": {"rate": 0.25, "colors": 4},
            "sources": {},
            "canvas": [64, 300],
            "seed": 7,
        },
    }
    assert load_job(tmp_path).settings.model_fields_set == {"rate", "colors"}


def test_a_file_without_a_method_is_of_the_first_one(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"format": 1, "job": {"sources": {}}}')
    assert load_job(tmp_path) == Job(
        method="famos",
        settings=FamosSettings.of(
            {
                "tone_matching": 1.0,
                "without_content": "chance",
                "settle_after_steps": 0,
                "balance_over": "patches",
                "foreign_weight": 0.0,
                "smoothing_px": 0.0,
            }
        ),
    )


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


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1, "job": []}', "\0" * 200])
def test_a_project_of_which_nothing_is_left_is_told_and_stays_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(BadProjectError, match="damaged"):
        load_job(tmp_path)
    assert (tmp_path / FILE_NAME).read_text() == text


def test_a_project_of_a_newer_tessera_opens_with_what_is_known_and_says_so(tmp_path: Path) -> None:
    stored = {"format": 99, "job": {"method": "toy", "settings": {"rate": 0.5, "shimmer": 3}, "sources": {}, "mood": 1}}
    (tmp_path / FILE_NAME).write_text(json.dumps(stored))
    job, sentences = read_project(tmp_path)
    assert job == toy_job().model_copy(update={"settings": toy.ToySettings(rate=0.5)})
    assert "newer" in sentences[0]
    assert any("shimmer" in sentence for sentence in sentences)
    assert any("mood" in sentence for sentence in sentences)


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


def test_images_in_the_project_are_stored_by_their_place_in_it(tmp_path: Path) -> None:
    here, there = tmp_path / "p" / "masks" / "a.png", tmp_path / "b.png"
    job = toy_job(sources={"style": (SourceImage(path=str(here)), SourceImage(path=str(there)))})
    inside, outside = stored_job(job, tmp_path / "p")["sources"]["style"]
    assert (inside["path"], "relative" in inside) == ("masks/a.png", False)
    assert (outside["path"], outside["relative"]) == (str(there), "../b.png")
    assert parse_job(stored_job(job, tmp_path / "q"), tmp_path / "q") == job
    moved = parse_job(stored_job(job, tmp_path / "p"), tmp_path / "q")
    assert moved.sources["style"][0].path == str(tmp_path / "q" / "masks" / "a.png"), "the copy has its own mask"


def test_what_can_not_be_understood_is_kept_aside_before_it_is_written_over(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    for number, text in enumerate(('{"format": 2, "job": {"method": "toy", "shade": 1}}', "rubbish", "\0" * 99), 1):
        file.write_text(text)
        for seed in (1, 2):
            save_job(tmp_path, toy_job(seed=seed))
        asides = sorted(tmp_path.glob("project-as-it-was-*.json"))
        assert len(asides) == number
        assert text in [aside.read_text() for aside in asides]
    save_job(tmp_path, toy_job(seed=3))
    assert len(sorted(tmp_path.glob("*.json"))) == 4, "a whole one is not copied"


def test_where_it_can_not_be_kept_aside_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / FILE_NAME).write_text("rubbish")

    def full(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(NoRoomError, match="No space left"):
        save_job(tmp_path, toy_job())
    assert (tmp_path / FILE_NAME).read_text() == "rubbish"
