"""Repair: whatever a file says becomes a job that can be had, and everything that was changed is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.box import Size
from engine.job import Job
from engine.methods.famos.settings import FamosSettings
from engine.project import stored_job
from engine.repair import repaired_job
from tests.engine import toy

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
nearly = st.fixed_dictionaries(
    {},
    optional={
        "method": st.just("toy") | anything,
        "settings": anything | st.dictionaries(st.sampled_from(["rate", "weight", "colors", "kind"]), anything),
        "sources": anything
        | st.dictionaries(
            st.text(max_size=3),
            st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "path": st.text(max_size=9) | anything,
                        "weight": anything,
                        "scale": anything,
                        "regions": anything | st.lists(st.sampled_from(["#0a1b2c", "#0a1b2c\n", "red"])),
                    },
                )
            ),
            max_size=2,
        ),
        "canvas": anything | st.lists(st.integers() | st.floats(), min_size=2, max_size=2),
        "seed": anything,
        "more": anything,
    },
)


@pytest.fixture(autouse=True, scope="module")
def toys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        toy.register(patch)
        yield


@given(anything | nearly)
def test_anything_becomes_a_job_that_can_be_written_and_read_again(stored: Any) -> None:
    job, _ = repaired_job(stored, Path("/somewhere"))
    again, sentences = repaired_job(stored_job(job, Path("/somewhere")), Path("/somewhere"))
    assert again == job
    assert sentences == (), "what was repaired once is whole"


def read(**job: Any) -> tuple[Job, str]:
    repaired = repaired_job({"method": "toy", "sources": {}, **job}, Path("/somewhere"))
    return repaired.job, " ".join(repaired.sentences)


@pytest.mark.parametrize(
    ("settings", "now", "said"),
    [
        ({"rait": 1}, {}, "The setting “rait” is unknown here, and was left out."),
        ({"rate": 7}, {"rate": 1.0}, "Rate was 7, and is 1 now, the most that it can be."),
        ({"colors": -3}, {"colors": 1}, "Colours was -3, and is 1 now, the least that it can be."),
        ({"colors": 2.6}, {"colors": 3}, "Colours was 2.6, and is 3 now."),
        ({"rate": "high"}, {}, "Rate can not be “high”, and is as usual: 0.1."),
        ({"kind": "loud"}, {}, "Kind can not be “loud”, and is as usual: Noisy."),
        ({"rate": True, "weight": 2}, {"weight": 2.0}, "Rate can not be True, and is as usual: 0.1."),
    ],
)
def test_a_setting_is_clamped_or_as_usual_and_named(settings: dict, now: dict, said: str) -> None:
    job, sentences = read(settings=settings)
    assert job.settings == toy.ToySettings(**now)
    assert sentences == said


def test_settings_that_do_not_go_together_keep_as_many_as_do() -> None:
    stored = {"patch": 100, "depth": 5, "content_weight": 3.0}
    job, sentences = repaired_job({"method": "famos", "settings": stored, "sources": {}}, Path("/somewhere"))
    assert isinstance(job.settings, FamosSettings)
    assert job.settings.content_weight == 3.0
    assert len(sentences) == 1
    assert "with the other settings" in sentences[0]


def test_an_unknown_method_gives_way_and_the_images_stay() -> None:
    repaired = repaired_job(
        {"method": "ivory", "settings": {"gloss": 1}, "sources": {"style": [{"path": "/a.png"}]}}, Path("/somewhere")
    )
    assert repaired.job.sources["style"][0].path == "/a.png"
    assert "ivory" in repaired.sentences[0]
    assert len(repaired.sentences) == 1, "the settings of a method that is unknown are not named one by one"


def test_images_canvas_and_seed() -> None:
    job, said = read(
        sources={"style": [{"path": "/a.png", "weight": 99, "hue": 2}, {"path": ""}, 4], "content": "x"},
        canvas=[10, 500],
        seed=-1,
    )
    (image,) = job.sources["style"]
    assert (image.path, image.weight, image.scale) == ("/a.png", 10.0, 1.0)
    assert (job.canvas_size, job.seed) == (Size(64, 500), 7)
    for part in ("weight of a.png was 99", "hue", "2 of the images of style", "content", "500 × 64", "seed"):
        assert part in said


def test_a_file_of_windows_keeps_the_names_of_its_images() -> None:
    job, said = read(sources={"style": [{"path": "C:\\Bilder\\a.png"}]})
    assert job.sources["style"][0].path == "C:\\Bilder\\a.png"
    assert said == ""


def test_regions_that_an_image_lies_in_stay_or_are_named() -> None:
    images = [{"path": "/a.png", "regions": where} for where in (["#dc1414"], [], None, ["red"], "#dc1414")]
    job, said = repaired_job({"method": "toy", "sources": {"style": images}}, Path("/p"))
    assert [image.regions for image in job.sources["style"]] == [("#dc1414",), (), None, None, None]
    assert len(said) == 2
    assert all("a.png" in sentence and "anywhere" in sentence for sentence in said)
    again, _ = repaired_job(stored_job(job, Path("/p")), Path("/p"))
    assert again == job
