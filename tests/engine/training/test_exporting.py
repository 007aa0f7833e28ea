"""Exports in a session: what is painted, and when one ends early."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine import snapshots
from engine.box import Box, Size
from engine.export import unfinished
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8
from engine.images.read import read_image
from engine.messages.commands import Stop
from engine.messages.events import Ended, Event, Failed, Kept, Paused
from engine.messages.exports import CancelExport, ExportCancelled, Exported, ExportRequest, Progressed
from engine.training.session import Session
from tests.engine import toy
from tests.engine.sessions import of, play, same, trained

pytestmark = pytest.mark.usefixtures("toy_that_reports_each_step")


def test_export_paints_the_artwork(tmp_path: Path) -> None:
    half = trained(tmp_path, 3)
    out = tmp_path / "große Mosaike" / "a.png"
    session = Session(half.job, tmp_path, device="cpu", snapshot=half.folder, paused=True)
    session.post(ExportRequest(out, Size(100, 130), tile_px=64))

    def react(event: Event) -> None:
        if isinstance(event, Exported):
            session.post(Stop())

    events = play(session, react)
    exported = of(events, Exported)[0]
    assert (exported.out, exported.size) == (out, Size(100, 130))
    assert exported.peak_memory_bytes > 0
    assert of(events, Progressed)
    method = toy.Toy(half.job, torch.device("cpu"))
    method.restore(snapshots.load_state(half))
    painted = to_uint8(Artwork(method, Size(100, 130)).at(Box(0, 0, 100, 130)))
    assert np.array_equal(read_image(out).pixels.permute(1, 2, 0).numpy(), painted)


def test_export_of_a_snapshot_leaves_the_training_alone(tmp_path: Path) -> None:
    other = trained(tmp_path, 3, job=toy.job(tmp_path, settings=toy.ToySettings(colors=9), canvas_size=Size(64, 80)))
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=5)
    session.post(ExportRequest(tmp_path / "a.tif", snapshot=other.folder, layer="mask", bits=16))
    events = play(session)
    assert of(events, Exported)[0].size == Size(64, 80)
    assert same(trained(tmp_path, 5), snapshots.read(of(events, Kept)[0].snapshot))


@pytest.mark.parametrize("by", [CancelExport(), Stop()])
def test_an_export_is_cancelled_between_tiles(tmp_path: Path, by: CancelExport | Stop) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=3)
    out = tmp_path / "out" / "a.png"
    session.post(ExportRequest(out, Size(640, 640), tile_px=64))

    def react(event: Event) -> None:
        if isinstance(event, Progressed) and event.done == 3:
            session.post(by)

    events = play(session, react)
    assert of(events, ExportCancelled)[0].out == out
    assert max(progress.done for progress in of(events, Progressed)) == 3
    kept = [] if isinstance(by, CancelExport) else ["a.png.unfinished"]
    assert [path.name for path in out.parent.iterdir()] == kept
    assert [begun.folder.name for begun in unfinished.listing(tmp_path)] == kept
    assert of(events, Ended)[0].step == (0 if isinstance(by, Stop) else 3)


def test_a_cancel_counts_for_one_export(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=1)
    for command in (
        CancelExport(),
        ExportRequest(tmp_path / "a.png"),
        CancelExport(),
        ExportRequest(tmp_path / "b.png"),
    ):
        session.post(command)
    events = play(session)
    assert [event.out.name for event in of(events, ExportCancelled)] == ["a.png"]
    assert [event.out.name for event in of(events, Exported)] == ["b.png"]


def test_an_export_that_can_not_be_is_refused(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=2)
    command = ExportRequest(tmp_path / "a.docx")
    session.post(command)
    events = play(session)
    assert of(events, Failed)[0].command == command
    assert ".png" in of(events, Failed)[0].message
    assert of(events, Ended)[0].step == 2


@pytest.mark.parametrize("letters", [241, 251])
def test_a_name_that_is_too_long_is_told_with_what_to_do(tmp_path: Path, letters: int) -> None:
    """The folder beside it has a longer name; the artist read of an errno, and to free some space."""
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", paused=True)

    def react(event: Event) -> None:
        if isinstance(event, Paused):
            session.post(ExportRequest(tmp_path / f"{'x' * letters}.png"))
        if isinstance(event, Failed | Exported):
            session.post(Stop())

    (failed,) = of(play(session, react), Failed)
    assert failed.message.endswith("Choose a shorter name.")
