"""What is said before an export begins, and that each button really helps."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from PIL import Image

from engine.box import Size
from engine.export import learn_on, preflight
from engine.export.preflight import Probe, findings, in_words, measured
from engine.job import Job, SourceImage
from engine.messages.commands import Stop
from engine.messages.exports import ExportRequest, Finding, Inspect, Inspected
from engine.methods.famos.settings import FamosSettings
from engine.options import EncodeOptions, RenderMode
from engine.training.session import Session
from tests.engine import famos_jobs, toy
from tests.engine.export.test_canvas_file import interrupted
from tests.engine.export.test_encoders import press_profile

SMALL = Size(600, 800)


def found(
    folder: Path, request: ExportRequest, job: Job | None = None, capabilities: frozenset[str] = frozenset()
) -> list[Finding]:
    return findings(request, SMALL, job or famos_jobs.job(folder), capabilities)


def stops(said: list[Finding]) -> list[Finding]:
    return [finding for finding in said if finding.severity == "stop"]


@pytest.mark.parametrize(
    ("name", "size", "bits"),
    [
        ("a.jpg", Size(70_000, 60_000), 8),
        ("a.jpg", SMALL, 16),
        ("a.webp", Size(20_000, 900), 8),
        ("a.psd", Size(30_000, 29_000), 16),
        ("a.gif", SMALL, 8),
    ],
)
def test_each_remedy_of_a_format_helps(
    tmp_path: Path, name: str, size: Size, bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**14, 0, 10**13))
    request = ExportRequest(tmp_path / name, size, bits=bits)  # type: ignore[arg-type]
    (stop,) = stops(found(tmp_path, request))
    assert stop.kind == "format"
    assert stop.remedies
    for remedy in stop.remedies:
        assert not stops(found(tmp_path, remedy.applied(request))), remedy.title


def test_cmyk_in_a_png_offers_what_helps(tmp_path: Path) -> None:
    (tmp_path / "press.icc").write_bytes(press_profile())
    request = ExportRequest(
        tmp_path / "a.png", SMALL, encode_options=EncodeOptions(profile=str(tmp_path / "press.icc"))
    )
    (stop,) = stops(found(tmp_path, request))
    assert [remedy.title for remedy in stop.remedies] == ["Use sRGB", "Save as TIFF", "Choose another profile"]
    assert stop.remedies[-1].ask == "profile"


def test_a_full_disk_offers_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9**10, 0, 1_000_000))
    (stop,) = stops(found(tmp_path, ExportRequest(tmp_path / "a.tif", SMALL, bits=16)))
    assert stop.kind == "disk"
    assert [remedy.ask or remedy.title for remedy in stop.remedies] == ["folder", "8 bits"]


def test_images_that_were_moved_are_asked_for(tmp_path: Path) -> None:
    job = famos_jobs.job(tmp_path)
    Path(job.sources["style"][0].path).unlink()
    (stop,) = stops(found(tmp_path, ExportRequest(tmp_path / "a.png", SMALL), job))
    assert "a.png" in stop.message
    assert stop.remedies[0].ask == "images"


def test_what_was_begun_can_be_gone_on_with(tmp_path: Path) -> None:
    interrupted(tmp_path / "x.png")
    request = ExportRequest(tmp_path / "x.png", SMALL)
    (begun,) = [finding for finding in found(tmp_path, request) if finding.kind == "begun"]
    assert "42% of it is painted" in begun.message
    changed = begun.remedies[0].applied(request)
    assert changed.resume
    assert not [finding for finding in found(tmp_path, changed) if finding.kind == "begun"]


def test_marks_without_bleed_are_warned_of(tmp_path: Path) -> None:
    request = ExportRequest(tmp_path / "a.png", SMALL, encode_options=EncodeOptions(marks=True))
    (bleed,) = [finding for finding in found(tmp_path, request) if finding.kind == "bleed"]
    assert bleed.remedies[0].applied(request).bleed_px == 35


def detail(folder: Path, size: Size, scale: float, render_mode: RenderMode) -> dict[str, Finding]:
    style = famos_jobs.picture(folder / "s.png", 1200, 1600, 1)
    content = famos_jobs.picture(folder / "t.png", 600, 800, 2)
    job = Job(
        method="famos",
        settings=FamosSettings(style_scale=scale),
        sources={"style": (style,), "content": (SourceImage(path=content.path),)},
    )
    said = findings(
        ExportRequest(folder / "a.png", size, render_mode=render_mode), SMALL, job, frozenset(("originals",))
    )
    return {finding.kind: finding for finding in said}


def test_effective_resolution(tmp_path: Path) -> None:
    trained = detail(tmp_path, SMALL, 0.25, RenderMode())
    assert "at 300 DPI" in trained["style_detail"].message
    assert "content_detail" not in trained
    large = detail(tmp_path, Size(2400, 3200), 0.25, RenderMode())
    assert "75 DPI" in large["content_detail"].message
    assert "on its own canvas" in large["more_pieces"].message
    same, learn = large["more_pieces"].remedies
    assert same.changes["render_mode"].originals == pytest.approx(4)
    assert learn.ask == "learn"
    assert "at 300 DPI" in detail(tmp_path, Size(2400, 3200), 0.25, RenderMode(originals=4))["style_detail"].message
    beyond = detail(tmp_path, Size(9600, 12800), 0.25, RenderMode(originals=16))["style_detail"]
    assert "at 75 DPI" in beyond.message
    assert beyond.severity == "warning"
    assert "From 3,200 × 2,400 px on they are enlarged" in beyond.message
    assert detail(tmp_path, SMALL, 1.0, RenderMode())["style_detail"].remedies == ()


def test_no_resolution_is_0(tmp_path: Path) -> None:
    """A size beyond the limit was said to have pieces "at 0 DPI" before it was refused."""
    vast = detail(tmp_path, Size(400_000, 300_000), 0.25, RenderMode(originals=500))
    assert not vast.keys() & {"style_detail", "content_detail", "more_pieces"}, "nothing of it is painted"
    assert "format" in vast
    huge = detail(tmp_path, Size(300_000, 225_000), 0.25, RenderMode(originals=375))
    assert "at 3 DPI" in huge["style_detail"].message
    small = detail(tmp_path, Size(300_000, 225_000), 0.1, RenderMode(originals=3_750))
    assert "at less than 1 DPI" in small["style_detail"].message


def test_learning_on_is_a_larger_canvas_and_takes_as_many_more_steps(tmp_path: Path) -> None:
    job = famos_jobs.job(tmp_path, {"content_scale": 0.5})
    after = learn_on.job_for(job, SMALL, Size(1200, 1600))
    assert after is not None
    assert after.settings.content_scale == pytest.approx(1.0)  # type: ignore[attr-defined]
    assert learn_on.steps_for(SMALL, Size(1200, 1600)) == 4 * learn_on.steps_for(SMALL, SMALL)
    assert learn_on.job_for(job, SMALL, Size(12_000, 16_000)) is None, "a canvas scale of 10 can not be had"
    sized = learn_on.job_for(job.model_copy(update={"canvas_size": SMALL}), SMALL, Size(900, 1600))
    assert sized is not None
    assert sized.canvas_size == Size(1200, 1600), "of the canvas' own shape"


def test_best_scale_for_the_originals(tmp_path: Path) -> None:
    style = (SourceImage(path="a", scale=0.5), SourceImage(path="b", scale=1.0))
    for scale, best in ((0.5, 2), (2.0, 1)):
        job = Job(method="famos", settings=FamosSettings(style_scale=scale), sources={"style": style})
        assert preflight.best_originals(job) == best


def test_minutes_follow_from_the_tiles(tmp_path: Path) -> None:
    request = ExportRequest(tmp_path / "a.png", Size(1000, 6000))
    (time,) = measured(Probe(1e-4, False, "CPU"), request, Size(1000, 6000))
    assert "about 10 minutes on CPU" in time.message
    _, memory = measured(Probe(1e-4, True, "GPU"), request, Size(1000, 6000))
    assert memory.kind == "memory"
    assert memory.remedies[0].applied(request).tile_px == 256
    assert [in_words(seconds) for seconds in (3, 50, 300, 9000)] == [
        "a few seconds",
        "about a minute",
        "about 5 minutes",
        "about 2.5 hours",
    ]


def test_a_session_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)
    session = Session(toy.job(tmp_path), tmp_path / "p", device="cpu", paused=True)
    request = ExportRequest(tmp_path / "a.jpg", Size(70_000, 90))
    for command in (Inspect(request, probe=True), Stop()):
        session.post(command)
    (answer,) = [event for event in session.run() if isinstance(event, Inspected)]
    assert answer.export == request
    assert stops(list(answer.findings))
    session = Session(toy.job(tmp_path), tmp_path / "p", device="cpu", paused=True)
    for command in (Inspect(ExportRequest(tmp_path / "a.jpg"), probe=True), Stop()):
        session.post(command)
    (answer,) = [event for event in session.run() if isinstance(event, Inspected)]
    assert [finding.kind for finding in answer.findings][-1] == "time"
    assert answer.probed


def test_a_film_of_another_shape_is_told(tmp_path: Path) -> None:
    """Of a landscape as a portrait's frames nearly half was cut away, unsaid."""
    for name, size in (("wide", (80, 40)), ("alike", (80, 60))):
        (tmp_path / name).mkdir()
        Image.new("RGB", size).save(tmp_path / name / "1.png")

    def told(name: str) -> list[Finding]:
        said = found(tmp_path, ExportRequest(tmp_path / "a.png", SMALL, frames=tmp_path / name))
        return [finding for finding in said if finding.kind == "film"]

    (finding,) = told("wide")
    assert "33% of each" in finding.message
    assert not told("alike")
    assert not told("gone"), "that is told otherwise"
