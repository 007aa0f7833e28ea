"""Exports inside a session: from the present or a snapshot, stopped and gone on with, with too little memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import snapshots
from engine.box import Box, Size
from engine.export import journal, unfinished
from engine.images.read import read_image
from engine.messages.commands import Command, Keep, RenderView, Stop
from engine.messages.events import Event, Failed, ViewRendered, Warned
from engine.messages.exports import CancelExport, ExportCancelled, Exported, ExportRequest, Progressed
from engine.options import RenderMode
from engine.training.session import Session
from tests.engine import famos_jobs, toy

SIZE = Size(200, 260)


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)


def play(session: Session, *commands: Command, react: Callable[[Event], Command | None] = lambda event: None) -> list:
    """Posts commands, and a Stop after the last export."""
    for command in commands:
        session.post(command)
    exports = sum(isinstance(command, ExportRequest) for command in commands)
    events = []
    for event in session.run():
        events.append(event)
        answer = react(event)
        if answer is not None:
            session.post(answer)
        exports -= isinstance(event, Exported | ExportCancelled | Failed)
        if not exports:
            session.post(Stop(keep=False))
    return events


def of(events: list, kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def pixels(path: Path) -> torch.Tensor:
    return read_image(path).pixels


def after(share: float, command: Command) -> Callable[[Event], Command | None]:
    done = iter([command])
    return lambda event: (
        next(done, None) if isinstance(event, Progressed) and event.done / event.total >= share else None
    )


def trained(folder: Path) -> Session:
    """Six steps are learned before the export comes to its turn."""
    return Session(toy.job(folder), folder / "p", device="cpu", steps=6)


def test_weights_that_nobody_kept_outlive_the_program(tmp_path: Path) -> None:
    """The canvas keeps them, so another session goes on although it never learned."""
    whole, out = tmp_path / "whole.png", tmp_path / "a.png"

    def export_at_step_6(out: Path, cancel: bool) -> list:
        session = trained(tmp_path)
        events, posted = [], False
        for event in session.run():
            events.append(event)
            if not posted:
                session.post(ExportRequest(out, SIZE, tile_px=64))
                posted = True
            if cancel and isinstance(event, Progressed) and event.done == 5:
                session.post(CancelExport(keep=True))
        return events

    export_at_step_6(whole, cancel=False)
    events = export_at_step_6(out, cancel=True)
    assert of(events, ExportCancelled)[0].kept == journal.folder_for(out)
    (begun,) = unfinished.listing(tmp_path / "p")
    request = unfinished.request_of(begun)
    assert request.resume
    assert request.snapshot is not None
    assert request.snapshot.is_relative_to(begun.folder)
    fresh = Session(toy.job(tmp_path), tmp_path / "other", device="cpu", paused=True)
    events = play(fresh, request)
    assert of(events, Exported)[0].resumed_share == pytest.approx(5 / 20)
    assert torch.equal(pixels(out), pixels(whole))
    assert not begun.folder.exists()


def test_a_snapshot_on_disk_is_referred_to_and_not_copied(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path / "p", device="cpu", paused=True)
    play(
        session, Keep(), ExportRequest(tmp_path / "a.png", SIZE, tile_px=64), react=after(0.2, CancelExport(keep=True))
    )
    (begun,) = unfinished.listing(tmp_path / "p")
    assert unfinished.request_of(begun).snapshot == snapshots.listing(tmp_path / "p")[0].folder
    assert not (begun.folder / "snapshots").exists()


def test_what_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path / "p", device="cpu", paused=True)
    export = ExportRequest(tmp_path / "out" / "a.png", SIZE, tile_px=64)
    events = play(session, export, react=after(0.2, CancelExport()))
    assert of(events, ExportCancelled)[0].kept is None
    assert not list((tmp_path / "out").iterdir())
    assert unfinished.listing(tmp_path / "p") == []


def test_a_snapshot_that_was_deleted_is_told(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path / "p", device="cpu", paused=True)
    play(
        session, Keep(), ExportRequest(tmp_path / "a.png", SIZE, tile_px=64), react=after(0.2, CancelExport(keep=True))
    )
    (begun,) = unfinished.listing(tmp_path / "p")
    request = unfinished.request_of(begun)
    snapshots.remove(snapshots.listing(tmp_path / "p")[0])
    events = play(Session(toy.job(tmp_path), tmp_path / "p", device="cpu", paused=True), request)
    (failed,) = of(events, Failed)
    assert failed.message.count(".") >= 1
    assert "0001" in failed.message
    assert begun.folder.exists(), "kept for another try"
    assert not (tmp_path / "a.png").exists()


def test_a_damaged_request_is_told(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path / "p", device="cpu", paused=True)
    play(session, ExportRequest(tmp_path / "a.png", SIZE, tile_px=64), react=after(0.2, CancelExport(keep=True)))
    (begun,) = unfinished.listing(tmp_path / "p")
    note = begun.folder / "picture.json"
    note.write_text(note.read_text().replace('"encode_options"', '"finesse"'))
    (again,) = unfinished.listing(tmp_path / "p")
    with pytest.raises(Exception, match="does not say what it is of"):
        unfinished.request_of(again)
    note.write_text("{")
    assert unfinished.listing(tmp_path / "p") == []


def test_a_request_is_read_back_as_it_was(tmp_path: Path) -> None:
    requests: list[dict[str, Any]] = [
        {},
        {"size": SIZE, "bits": 16, "bleed_px": 3, "tile_px": 64, "layer": "mask"},
        {"devices": ("cpu", "cpu"), "part": (2, 3), "render_mode": RenderMode(repeat=True, originals=1.5)},
        {"crop": (0.25, 1.0)},
        {"snapshot": tmp_path / "s", "frames": tmp_path / "f", "canvas_folder": tmp_path / "c"},
    ]
    for values in requests:
        request = ExportRequest(tmp_path / "a.png", resume=True, **values)
        picture = journal.CanvasSpec(Box(0, 0, 9, 9), 8, 9, {})
        assert unfinished.request_of(journal.Unfinished(tmp_path, picture, unfinished.stored(request), 0, 1)) == request


def test_exports_wait_for_each_other(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path / "p", device="cpu", paused=True)
    names = ["a.png", "b.jpg", "c.tif"]
    events = play(session, *(ExportRequest(tmp_path / name, SIZE) for name in names))
    assert [event.out.name for event in of(events, Exported)] == names


def test_too_little_memory_is_said_once_and_the_picture_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.methods.famos.method import Famos

    monkeypatch.setattr(Famos, "stand_in", "")  # its own picture, though it has not learned yet
    job = famos_jobs.job(tmp_path)
    plain, tight = tmp_path / "plain.png", tmp_path / "tight.png"
    play(Session(job, tmp_path / "p", device="cpu", paused=True), ExportRequest(plain, SIZE, tile_px=128))
    paint = Famos.paint

    def cramped(self: Famos, box: Box, canvas: Size) -> Mapping[str, torch.Tensor]:
        if box.area > 90 * 90:
            raise torch.OutOfMemoryError("no room")
        return paint(self, box, canvas)

    monkeypatch.setattr(Famos, "paint", cramped)
    events = play(Session(job, tmp_path / "p", device="cpu", paused=True), ExportRequest(tight, SIZE, tile_px=128))
    (warned,) = of(events, Warned)
    assert warned.kind == "memory"
    assert torch.equal(pixels(plain), pixels(tight))


def test_a_look_shows_what_an_export_would_paint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.methods.famos.method import Famos

    monkeypatch.setattr(Famos, "stand_in", "")  # whose looks are rounded, and not what is exported
    job = famos_jobs.job(tmp_path)
    out, render_mode = tmp_path / "out.png", RenderMode(originals=2.0)
    play(Session(job, tmp_path / "p", device="cpu", paused=True), ExportRequest(out, SIZE, render_mode=render_mode))
    session = Session(job, tmp_path / "p", device="cpu", paused=True)
    session.post(RenderView(Box(40, 60, 50, 70), Size(50, 70), canvas_size=SIZE, render_mode=render_mode))
    viewed: list[ViewRendered] = []
    for event in session.run():
        if isinstance(event, ViewRendered):
            viewed.append(event)
            if event.done:
                session.post(Stop(keep=False))
    for piece in viewed:
        rows, columns = piece.box.within(SIZE.box)
        exported = pixels(out)[:, rows, columns].permute(1, 2, 0)
        assert piece.canvas_size == SIZE
        assert (torch.from_numpy(piece.image).int() - exported.int()).abs().max() <= 1


def test_the_images_that_it_is_made_of_are_not_overwritten(tmp_path: Path) -> None:
    job = famos_jobs.job(tmp_path)
    style = Path(job.sources["style"][0].path)
    before = style.read_bytes()
    events = play(Session(job, tmp_path / "p", device="cpu", paused=True), ExportRequest(style, SIZE))
    assert "is one of the images" in of(events, Failed)[0].message
    assert style.read_bytes() == before


def test_a_crop_is_that_part_of_the_whole_print(tmp_path: Path) -> None:
    """Of FAMOS with its originals, where the picture depends on the place: crops agree for prints, too."""
    canvas = Size(96, 64)
    session = Session(famos_jobs.job(tmp_path, canvas_size=canvas), tmp_path / "project", device="cpu", paused=True)
    whole, part = tmp_path / "whole.png", tmp_path / "part.png"
    size, narrow, mode = Size(192, 128), Size(192, 64), RenderMode(originals=2.0)
    events = play(
        session,
        ExportRequest(whole, size, render_mode=mode),
        ExportRequest(part, narrow, render_mode=mode, crop=(0.5, 0.25)),
    )
    assert not of(events, Failed)
    difference = pixels(part).int() - pixels(whole)[:, :, 16:80].int()
    assert difference.abs().max() <= 1
    assert (pixels(part).int() - pixels(whole)[:, :, 32:96].int()).abs().max() > 9, "another place differs"
