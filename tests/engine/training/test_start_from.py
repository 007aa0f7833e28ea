"""Beginning with the networks of another project: what is taken, what is kept, what is said if they can not be had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine import snapshots
from engine.__main__ import main
from engine.errors import BadProjectError
from engine.job import Job
from engine.messages.commands import Load, StartFrom, Stop
from engine.messages.events import Began, Event, Failed, Kept, Paused
from engine.methods.famos.method import Famos
from engine.methods.magic.method import Magic
from engine.project import load_job, save_job
from engine.training import borrowed
from engine.training.session import Session
from tests.engine import famos_jobs, magic_jobs

CPU = torch.device("cpu")


def other_project(folder: Path, method: str = "magic", values: dict[str, Any] | None = None) -> Path:
    """A project of its own images, with what two steps have learned."""
    folder.mkdir()
    jobs, built = {"magic": (magic_jobs, Magic), "famos": (famos_jobs, Famos)}[method]
    job = jobs.job(folder, {"average_decay": 0.5, **(values or {})})
    learned = built(job, CPU)
    for step in range(2):
        learned.step(step)
    save_job(folder, job)
    snapshots.keep(folder, learned.state(), None, job=job, step=2, elapsed_s=1.0, terms={}, reason="final")
    return folder


def job(folder: Path, **values: Any) -> Job:
    folder.mkdir(exist_ok=True)
    return magic_jobs.job(folder, {"start": "nothing", **values})


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(snapshots.listing(folder)[-1].folder / "state.safetensors")


def test_networks_are_taken_and_nothing_else(tmp_path: Path) -> None:
    other = other_project(tmp_path / "other")
    method = Magic(job(tmp_path / "own"), CPU)
    borrowed.begin_with(method, other)
    learned = weights(other)
    for name in ("generator", "average", "discriminator"):
        for key, value in getattr(method, name).state_dict().items():
            assert value.equal(learned[f"{name}.{key}"])
    assert (method.steps_done, method.instant, method.borrowed) == (0, True, True)
    assert not any(value.any() for key, value in method.state().tensors.items() if "optimizer" in key)
    again = Magic(job(tmp_path / "own"), CPU)
    again.restore(method.state())
    assert (again.instant, again.borrowed) == (True, True), "and that is known when it is gone on with"
    method.step(0)
    again.step(0)
    assert all(a.equal(b) for a, b in zip(method.state().tensors.values(), again.state().tensors.values(), strict=True))


def test_famos_decides_anew_which_templates_lie_where_however_many_there_are(tmp_path: Path) -> None:
    other = other_project(tmp_path / "other", "famos", {"templates": 7})
    (tmp_path / "own").mkdir()
    method = Famos(famos_jobs.job(tmp_path / "own"), CPU)
    before = method.state().tensors
    borrowed.begin_with(method, other)
    learned, after = weights(other), method.state().tensors
    assert after["generator.unet.head.weight"][:5].equal(before["generator.unet.head.weight"][:5])
    assert after["generator.unet.head.weight"][5:].equal(learned["generator.unet.head.weight"][7:])
    same = [key for key in after if key.startswith(("generator.", "average.", "discriminator.")) and "head" not in key]
    assert same
    assert all(after[key].equal(learned[key]) for key in same)
    assert after["templates.offset"].equal(before["templates.offset"])
    method.step(0)


def no_project(folder: Path) -> Path:
    (folder / "nothing").mkdir()
    return folder / "nothing"


def missing(folder: Path) -> Path:
    return folder / "not there"


def of_another_method(folder: Path) -> Path:
    return other_project(folder / "other", "famos")


def of_another_size(folder: Path) -> Path:
    return other_project(folder / "other", values={"generator_width": 8})


def without_moments(folder: Path) -> Path:
    save_job(folder / "other", job(folder / "other"))
    return folder / "other"


def damaged(folder: Path) -> Path:
    state = snapshots.listing(other_project(folder / "other"))[0].folder / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-50])
    return folder / "other"


def without_numbers(folder: Path) -> Path:
    state = snapshots.listing(other_project(folder / "other"))[0].folder / "state.safetensors"
    tensors = load_file(state)
    next(value for key, value in tensors.items() if key.startswith("generator")).fill_(torch.nan)
    save_file(tensors, state)
    return folder / "other"


BAD = [no_project, missing, of_another_method, of_another_size, without_moments, damaged, without_numbers]


@pytest.mark.parametrize("spoiled", BAD)
def test_what_can_not_be_had_is_said_and_changes_nothing(spoiled: Callable[[Path], Path], tmp_path: Path) -> None:
    other = spoiled(tmp_path)
    method = Magic(job(tmp_path / "own"), CPU)
    before = method.state().tensors
    with pytest.raises(BadProjectError) as raised:
        borrowed.begin_with(method, other)
    assert other.name in str(raised.value)
    assert all(value.equal(before[key]) for key, value in method.state().tensors.items())
    assert not method.instant


def followed(session: Session, *commands: Any) -> list[Event]:
    """What a session that only paints does with some commands."""
    waiting, events = [*commands, Stop(keep=False)], list[Event]()
    for event in session.run():
        events.append(event)
        if isinstance(event, Paused):
            for command in waiting:
                session.post(command)
            waiting = []
    return events


def test_a_session_begins_anew_and_keeps_what_it_begins_with(tmp_path: Path) -> None:
    other, own = other_project(tmp_path / "other"), tmp_path / "own"
    present = job(own)
    more = present.model_copy(update={"sources": {**present.sources, "style": present.sources["style"][:1]}})
    events = followed(Session(present, own, device="cpu", paused=True, previews=False), StartFrom(other), Load(more))
    assert [event.reason for event in events if isinstance(event, Began)] == ["built", "rebuilt", "rebuilt"]
    (kept,) = [event for event in events if isinstance(event, Kept)]
    assert snapshots.read(kept.snapshot).name == "From other"
    assert snapshots.read(kept.snapshot).step == 0
    key = "generator.st_unet.encoder.0.0.weight"
    first = next(name for name in weights(other) if name.startswith("generator."))
    assert weights(own)[first].equal(weights(other)[first]), key
    assert not [event for event in events if isinstance(event, Failed)]


def test_a_session_that_can_not_have_it_goes_on_as_it_was(tmp_path: Path) -> None:
    own = tmp_path / "own"
    events = followed(
        Session(job(own), own, device="cpu", paused=True, previews=False), StartFrom(no_project(tmp_path))
    )
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert "not a Tessera project" in failed.message
    assert not failed.fatal
    assert snapshots.listing(own) == []


def test_from_the_command_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    other = other_project(tmp_path / "other")
    present = job(tmp_path / "own")
    style, content = (present.sources[slot][0].path for slot in ("style", "content"))
    values = [f"{key}={value}" for key, value in (magic_jobs.TINY | {"start": "nothing"}).items()]

    def train(out: str, start_from: Path, *more: str) -> int:
        images = ["--style", style, "--content", content, "--start-from", str(start_from)]
        return main(
            ["train", *images, "--out", str(tmp_path / out), "--steps", "1", "--device", "cpu", *more, "--set", *values]
        )

    assert train("first", other) == 0
    assert "begins with what was learned" in capfd.readouterr().err
    (tmp_path / "deeper").mkdir()
    assert train("second", of_another_size(tmp_path / "deeper")) == 0
    assert "begins without it" in capfd.readouterr().err
    assert train("first", other, "--resume") == 2
    assert "--start-from" in capfd.readouterr().err


def test_the_command_line_takes_the_other_project_s_method_and_settings_unless_others_are_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = other_project(tmp_path / "other", "famos")
    style, content = (job(tmp_path / "own").sources[slot][0].path for slot in ("style", "content"))
    common = ["train", "--style", style, "--content", content, "--steps", "1", "--device", "cpu"]
    out = tmp_path / "out"
    assert main([*common, "--start-from", str(other), "--out", str(out), "--set", "content_weight=9"]) == 0
    assert "begins with what was learned" in capfd.readouterr().err
    begun, own = load_job(other), load_job(out)
    assert own.method == "famos"
    assert own.settings == begun.settings.with_values({"content_weight": 9})
    assert Path(own.sources["style"][0].path) == Path(style)


@pytest.mark.parametrize(("start_from", "more"), [("nowhere", []), ("other", ["--method", "famos"])])
def test_the_command_line_trains_nothing_where_it_can_not_begin_as_asked(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], start_from: str, more: list[str]
) -> None:
    other_project(tmp_path / "other")
    style, content = (job(tmp_path / "own").sources[slot][0].path for slot in ("style", "content"))
    common = ["train", "--style", style, "--content", content, "--steps", "1", "--out", str(tmp_path / "out")]
    assert main([*common, "--start-from", str(tmp_path / start_from), *more]) == 2
    assert "argument --start-from" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()
