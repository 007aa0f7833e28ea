"""Formats: every old one has a file here, and a migration that a later one can be read with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.migrations import FORMAT, JOB, migrated

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.parametrize("name", ["project.json", "snapshot.json"])
def test_there_is_a_file_of_every_old_format(name: str) -> None:
    formats = {json.loads(path.read_text(encoding="utf-8"))["format"] for path in DATA.rglob(name)}
    assert set(range(1, FORMAT)) <= formats
    assert len(JOB) == FORMAT - 1


def test_migrations_leave_what_they_are_given_as_it_is() -> None:
    stored = {"sources": {"style": [{"path": "/p/masks/a.png", "relative": "masks/a.png"}]}}
    before = json.dumps(stored)
    migrated(stored, 1)
    assert json.dumps(stored) == before


def test_a_job_without_a_method_was_of_famos_and_its_own_images_are_stored_by_place() -> None:
    images = [
        {"path": "/p/masks/a.png", "relative": "masks/a.png"},
        {"path": "/b.png", "relative": "../b.png"},
        {"path": "C:\\p\\masks\\c.png", "relative": "masks\\c.png"},
        {"path": "D:\\d.png", "relative": None},
        "damaged",
    ]
    job = migrated({"sources": {"style": images, "content": 3}}, 1)
    assert job["method"] == "famos"
    assert [image["path"] if isinstance(image, dict) else image for image in job["sources"]["style"]] == [
        "masks/a.png",
        "/b.png",
        "masks/c.png",
        "D:\\d.png",
        "damaged",
    ]
    assert job["sources"]["content"] == 3


def test_a_newer_format_is_left_as_it_is() -> None:
    assert migrated({"sources": 1}, FORMAT + 1) == {"sources": 1}


def test_settings_that_were_not_named_mean_what_they_meant() -> None:
    def settings(**job: object) -> dict[str, object]:
        return migrated({"sources": {}, **job}, 1)["settings"]

    famos = {"settle_after_steps": 0, "balance_over": "patches", "foreign_weight": 0.0, "smoothing_px": 0.0}
    famos |= {"without_content": "chance"}
    assert settings(method="famos", settings={}) == {"tone_matching": 1.0} | famos
    assert settings(settings={"tone_matching": False}) == {"tone_matching": 0.0} | famos
    magic = settings(method="magic", settings={"patch": 96})
    assert (magic["patch"], magic["generator_width"], magic["conditional"]) == (96, 48, False)
    assert "refiner_norm" not in magic
    assert settings(method="magic", settings={"norm": "instance"})["refiner_norm"] == "layer"
    assert settings(method="magic", settings={"placement": "aligned"})["placement"] == "middle"
    normalised = {"normalised_gradients": True}
    by_pixels = {"content_by": "tones", "enlarging": "nearest", "last_layer_rate": 1.0}
    stylize = {"normalised_over": "style"} | by_pixels
    assert settings(method="stylize", settings={}) == stylize
    assert settings(method="stylize", settings=normalised)["gradient_length"] == 1e-3
    assert settings(method="doodle_net", settings=normalised | {"temperature": 5.0})["gradient_length"] == 5
    assert settings(method="texture", settings={"a": 1}) == {"a": 1, "enlarging": "nearest"}
    assert migrated({"method": "famos", "settings": 3}, 1)["settings"] == 3


def test_what_format_2_did_not_name_stays_as_it_was() -> None:
    """MAGIC repainted hues, FAMOS without a content began by chance."""
    assert migrated({"method": "magic", "settings": {"patch": 96}}, 2)["settings"] == {
        "patch": 96,
        "kept_colors": 0.0,
        "image_balance_weight": 0.0,
    }
    assert migrated({"method": "famos", "settings": {"without_content": "patchwork"}}, 2)["settings"] == {
        "without_content": "patchwork"
    }
    assert migrated({"method": "toy", "settings": 3}, 2) == {"method": "toy", "settings": 3}
