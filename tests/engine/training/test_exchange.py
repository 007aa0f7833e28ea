"""Other settings, images and moments: what each command does to what is trained, and what goes wrong."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from PIL import Image

from engine import snapshots
from engine.box import Box, Size
from engine.images.read import image_size
from engine.job import Job, SourceImage
from engine.messages.commands import Keep, Load, RenderView, Restore, Retune
from engine.messages.events import Began, Ended, Event, Failed, Kept, Retuned, Stepped, Warned
from engine.method import Method
from engine.training.session import Session
from tests.engine import toy
from tests.engine.sessions import of, play, same, trained, weights

pytestmark = pytest.mark.usefixtures("toy_that_reports_each_step")


def test_retune_is_in_force_from_the_next_step(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6)
    session.post(Retune({"weight": 0.0}))
    session.post(Retune({"rate": 0.5}))  # joins the one that still waits
    events = play(session)
    retuned = of(events, Retuned)
    assert (retuned[0].step, set(retuned[0].names)) == (0, {"weight", "rate"})
    distances = {report.terms["distance"] for report in of(events, Stepped)}
    assert len(distances) == 1, "nothing is learned with a weight of 0"
    assert snapshots.read(of(events, Kept)[0].snapshot).job.stored()["settings"] == {"rate": 0.5, "weight": 0.0}


def test_two_sliders_moved_quickly_are_both_in_force(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6)

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 2:
            for value in (0.2, 0.3, 0.4):
                session.post(Retune({"rate": value}))
                session.post(Retune({"weight": 10 * value}))

    events = play(session, react)
    assert [set(retuned.names) for retuned in of(events, Retuned)] == [{"rate", "weight"}]
    settings = snapshots.read(of(events, Kept)[0].snapshot).job.settings
    assert settings == toy.ToySettings(rate=0.4, weight=4.0)


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_slider_is_never_lost_to_a_load_that_fails_or_overtakes(tmp_path: Path, order: str) -> None:
    gone = toy.job(tmp_path).sources["style"][0].model_copy(update={"path": str(tmp_path / "gone.png")})
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6)
    commands = [Retune({"rate": 0.4}), Load(toy.job(tmp_path, sources={"style": (gone,)}))]
    for command in commands if order == "before" else reversed(commands):
        session.post(command)
    events = play(session)
    assert "gone.png" in of(events, Failed)[0].message
    assert snapshots.read(of(events, Kept)[0].snapshot).job.settings == toy.ToySettings(rate=0.4)


def test_a_wrong_value_changes_nothing(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=3)
    command = Retune({"weight": 99.0})
    session.post(command)
    events = play(session)
    failed = of(events, Failed)[0]
    assert (failed.fatal, failed.command) == (False, command)
    assert "weight" in failed.message
    assert "9" in failed.message
    assert not of(events, Retuned)
    assert of(events, Ended)[0].step == 3


def test_the_present_values_are_no_change(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=2)
    session.post(Retune({"weight": 1.0}))
    assert not of(play(session), Retuned)


@pytest.mark.parametrize("by", ["load", "retune"])
def test_a_rebuild_keeps_what_fits_and_says_what_does_not(tmp_path: Path, by: str) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=8)

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 4:
            plain = toy.job(tmp_path, settings=toy.ToySettings(kind="plain"))
            session.post(Load(plain) if by == "load" else Retune({"colors": 7}))

    events = play(session, react)
    rebuilt = of(events, Began)[1]
    assert (rebuilt.reason, rebuilt.step) == ("rebuilt", 4)
    assert bool(of(events, Warned)) is (by == "retune")
    before, after = of(events, Stepped)[3:5]
    if by == "load":  # the same colours go on
        assert after.terms["distance"] < before.terms["distance"]
    else:
        kept = of(events, Kept)
        assert [event.reason for event in kept] == ["rebuild", "final"], "what did not fit is kept as it was"
        assert [len(weights(snapshots.read(event.snapshot))["colors"]) for event in kept] == [4, 7]


def test_after_a_rebuild_the_former_method_is_gone_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Also while its picture is painted and measured; circles wait for the window's thread to look for them."""
    gc.collect()
    gc.disable()
    request.addfinalizer(gc.enable)
    made: list[weakref.ref[Method]] = []
    really = toy.Toy.__init__
    monkeypatch.setattr(toy.Toy, "__init__", lambda self, *what: made.append(weakref.ref(self)) or really(self, *what))
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6, measured=True)
    alive: list[int] = []

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 2:
            session.post(RenderView(Box(0, 0, 40, 40), Size(40, 40)))
            session.post(Retune({"colors": 7}))
        if isinstance(event, Stepped) and event.step > 2:
            alive.append(sum(method() is not None for method in made))

    assert [began.reason for began in of(play(session, react), Began)] == ["built", "rebuilt"]
    assert alive[-1] == 1


def test_images_that_can_not_be_read_leave_the_old_ones_at_work(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=5)
    gone = toy.job(tmp_path).sources["style"][0].model_copy(update={"path": str(tmp_path / "gone.png")})
    session.post(Load(toy.job(tmp_path, sources={"style": (gone,)})))
    events = play(session)
    assert "gone.png" in of(events, Failed)[0].message
    assert not of(events, Failed)[0].fatal
    assert of(events, Ended)[0].step == 5


def test_going_back_to_a_snapshot_continues_exactly(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=12)
    kept: list[Path] = []

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 5 and not kept:
            session.post(Keep("five"))
        if isinstance(event, Kept) and event.reason == "kept":
            kept.append(event.snapshot)
            session.post(Retune({"weight": 3.0}))
        if isinstance(event, Stepped) and event.step == 9 and len(kept) == 1:
            kept.append(kept[0])
            session.post(Restore(kept[0]))

    events = play(session, react)
    restored = of(events, Began)[1]
    assert (restored.reason, restored.step, restored.snapshot) == ("restored", 5, kept[0])
    assert snapshots.read(kept[0]).name == "five"
    assert same(trained(tmp_path, 12), snapshots.read(of(events, Kept)[-1].snapshot))


def test_what_an_image_lacks_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "glass.png"
    Image.new("RGBA", (30, 20), (200, 100, 50, 128)).save(path)
    glass = toy.job(tmp_path).sources["style"][0].model_copy(update={"path": str(path)})
    five = trained(tmp_path, 5, job=toy.job(tmp_path, sources={"style": (glass,)}))
    session = Session(five.job, tmp_path, device="cpu", snapshot=five.folder, steps=6)
    session.post(Restore(five.folder))
    session.post(Load(five.job))
    events = play(session)
    assert [event.reason for event in of(events, Began)] == ["restored", "restored", "rebuilt"]
    told = [events.index(event) for event in of(events, Warned) if "glass.png is transparent" in event.message]
    assert len(told) == 2, "once for each time that it was read"


def test_going_back_across_a_rebuild(tmp_path: Path) -> None:
    five = trained(tmp_path, 5)
    session = Session(toy.job(tmp_path, settings=toy.ToySettings(colors=2)), tmp_path, device="cpu", steps=9)
    session.post(Restore(five.folder))
    events = play(session)
    assert of(events, Began)[1].job == five.job
    assert same(trained(tmp_path, 9), snapshots.read(of(events, Kept)[-1].snapshot))


def test_a_damaged_snapshot_is_named_and_training_goes_on(tmp_path: Path) -> None:
    five = trained(tmp_path, 5)
    (five.folder / "state.safetensors").write_bytes(b"short")
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=3)
    session.post(Restore(five.folder))
    events = play(session)
    assert five.folder.name in of(events, Failed)[0].message
    assert of(events, Ended)[0].step == 3


def test_a_moment_whose_content_has_another_size_now_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its print was another one, unsaid."""
    monkeypatch.setattr(
        toy.Toy, "canvas_size", property(lambda self: image_size(Path(self.job.sources["content"][0].path)))
    )
    content = tmp_path / "content.png"
    Image.new("RGB", (60, 40)).save(content)
    sources = {"style": (SourceImage(path=str(toy.picture(tmp_path))),), "content": (SourceImage(path=str(content)),)}
    kept = trained(tmp_path, 2, job=toy.job(tmp_path, sources=sources))

    def told(job: Job) -> list[str]:
        events = play(Session(job, tmp_path, device="cpu", snapshot=kept.folder, steps=3))
        (began,) = of(events, Began)
        said = [event.message for event in of(events, Warned) if "another size" in event.message]
        assert list(began.notes) == said, "it is withdrawn when something else is begun with"
        return said

    assert not told(kept.job)
    Image.new("RGB", (60, 90)).save(content)
    (sentence,) = told(kept.job)
    assert "60 × 40 px" in sentence
    assert "60 × 90 px" in sentence
    other = tmp_path / "other.png"
    Image.new("RGB", (30, 30)).save(other)
    chosen = {**sources, "content": (SourceImage(path=str(other)),)}
    assert not told(kept.job.model_copy(update={"sources": chosen})), "who chose another image knows"
