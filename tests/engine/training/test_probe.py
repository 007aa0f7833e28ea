"""What is told before a training: from two small probes, and what would fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.device import choose
from engine.errors import BadSettingError, CancelledError, OutOfMemoryError
from engine.method import method_class
from engine.training import probe as probes
from engine.training.probe import Measured, can_probe, needs, probe
from tests.engine import famos_jobs, pixel_jobs

BYTES_PX = 100.0


def told(free_bytes: int, **settings: int) -> probes.Needs:
    """Of a training that takes 1,000 bytes, 100 for each pixel of a step, and a second for each million of them."""
    job = method_class("famos").Settings().with_values({"depth": 2, **settings})
    first, second = (Measured(px, 1000.0, BYTES_PX * px, px / 1e6) for px in (32 * 32, 2 * 32 * 32))
    return needs(job, first, second, free_bytes)


def test_memory_and_time_grow_with_the_pixels_of_a_step() -> None:
    few, many = told(10**12, patch=64, batch=1), told(10**12, patch=128, batch=4)
    assert few.memory_bytes == 1000 + BYTES_PX * 64 * 64
    assert many.memory_bytes == 1000 + BYTES_PX * 4 * 128 * 128
    assert many.step_s == pytest.approx(16 * few.step_s)
    assert few.fits
    assert few.largest == {"patch": 512}


def test_what_does_not_fit_is_offered_with_a_smaller_batch_or_else_a_smaller_patch() -> None:
    room = round((1000 + BYTES_PX * 3 * 128 * 128) / probes.HEADROOM) + 1
    large = told(room, patch=128, batch=8)
    assert not large.fits
    assert large.largest == {"batch": 3}
    assert told(room, **{"patch": 128, **large.largest}).fits
    room = round((1000 + BYTES_PX * 64 * 64) / probes.HEADROOM) + 1
    patch = told(room, patch=512, batch=1).largest
    assert patch == {"patch": 64}
    assert told(room, patch=512, batch=2).largest == {"patch": 40}
    assert told(2000, patch=512, batch=1).largest == {}, "nothing fits"
    assert told(0, patch=512, batch=1).fits, "a device that does not tell"


def test_the_probes_foresee_what_a_real_step_holds(tmp_path: Path) -> None:
    job = famos_jobs.job(tmp_path, {"patch": 64, "batch": 4})
    foreseen = probe(job, choose("cpu"))
    real = probes._measure(job, choose("cpu"), lambda: True)
    assert foreseen.memory_bytes == pytest.approx(real.base_bytes + real.step_bytes, rel=0.25)
    assert foreseen.step_s > 0
    assert foreseen.free_bytes > 0


def test_a_method_that_paints_by_tiles_has_nothing_to_measure(tmp_path: Path) -> None:
    job = pixel_jobs.style_job(tmp_path)
    assert not can_probe(type(job.settings))
    with pytest.raises(BadSettingError, match="tile by tile"):
        probe(job, choose("cpu"))


def test_measuring_can_be_cancelled_and_a_device_without_memory_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = famos_jobs.job(tmp_path)
    with pytest.raises(CancelledError):
        probe(job, choose("cpu"), lambda: False)

    def full(*_arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(probes, "_measure", full)
    with pytest.raises(OutOfMemoryError, match="Lower the widths"):
        probe(job, choose("cpu"))
