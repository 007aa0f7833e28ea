"""`tessera train --plan`: runs are as if each were trained alone, a crash goes on, one that fails stops no other."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from engine import snapshots
from engine.__main__ import main
from engine.errors import NoRoomError
from engine.messages.events import Kept
from engine.plans import journal as journals
from engine.plans.journal import Journal
from engine.plans.plan_file import read_plan
from engine.plans.runner import PlanRunner
from engine.project import PLAN_NAME, load_job
from engine.training import autosave, matches, trainer
from engine.training.session import Session
from tests.engine import toy
from tests.engine.cli.commands import nobody_reads

PLAN = """
method = "toy"
steps = 6
style = "style.png"
[[run]]
name = "Eins"
[[run]]
name = "Zwei"
seed = 8
[[run]]
name = "Drei"
set = { rate = 0.3 }
"""


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)
    monkeypatch.setattr("engine.cli.plan.prepare_thread", lambda device, threads=None: None)
    monkeypatch.setattr("engine.cli.train.prepare_thread", lambda device, threads=None: None)


def written(folder: Path, text: str = PLAN) -> Path:
    toy.picture(folder)
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    return folder / "plan.toml"


def carry_out(folder: Path, *more: str, text: str = PLAN) -> int:
    plan = written(folder, text)
    return main(["train", "--plan", str(plan), "--out", str(folder / "out"), "--device", "cpu", *more])


def finals(folder: Path) -> dict[str, snapshots.Snapshot]:
    return {snapshot.name: snapshot for snapshot in snapshots.listing(folder) if snapshot.reason == "final"}


def same(a: snapshots.Snapshot, b: snapshots.Snapshot) -> bool:
    first, second = snapshots.load_state(a).tensors, snapshots.load_state(b).tensors
    return all(first[key].equal(second[key]) for key in second)


def test_each_run_is_kept_by_its_name_and_as_if_it_were_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert carry_out(tmp_path) == 0
    kept = finals(tmp_path / "out")
    assert list(kept) == ["Eins", "Zwei", "Drei"]
    assert [snapshot.parent for snapshot in kept.values()] == [None] * 3, "each a beginning of its own in the tree"
    assert load_job(tmp_path / "out") == kept["Eins"].job
    alone = ["train", "--method", "toy", "--style", str(tmp_path / "style.png"), "--steps", "6", "--device", "cpu"]
    assert main([*alone, "--seed", "8", "--out", str(tmp_path / "alone")]) == 0
    (lonely,) = snapshots.listing(tmp_path / "alone")
    assert kept["Zwei"].job == lonely.job
    assert same(kept["Zwei"], lonely)
    said = capfd.readouterr().out
    assert all(f"{name}: done. All steps are done. Kept in {kept[name].folder}." in said for name in kept)


@pytest.mark.parametrize("behind", [False, True], ids=["the journal is up to date", "the journal missed an autosave"])
def test_a_crash_goes_on_with_the_run_that_it_broke_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behind: bool
) -> None:
    assert carry_out(tmp_path) == 0
    monkeypatch.setattr(autosave, "AUTOSAVE_S", 0.0)
    monkeypatch.setattr(autosave, "AUTOSAVE_COST", 0.0)
    plan = read_plan(written(tmp_path))
    runner = PlanRunner(Journal.begin(tmp_path / "broken", plan))
    for crash_at in (None, 3):  # the first run ends, the second is killed after its third autosave
        start = runner.next()
        assert start is not None
        for event in Session(start.run.job, tmp_path / "broken", device="cpu", steps=start.until.steps).run():
            if not (behind and crash_at is not None and isinstance(event, Kept) and event.step > 1):
                runner.hear(event)
            if crash_at is not None and isinstance(event, Kept) and event.step == crash_at:
                break
    seen: list[str] = []
    began = Session.__init__

    def noted(self: Session, job, *arguments, **options) -> None:
        seen.append(f"{job.seed} {job.settings.rate} {options.get('snapshot')}")
        began(self, job, *arguments, **options)

    monkeypatch.setattr(Session, "__init__", noted)
    goes_on = ["train", "--plan", str(tmp_path / "plan.toml"), "--out", str(tmp_path / "broken"), "--device", "cpu"]
    assert main([*goes_on, "--resume"]) == 0
    assert len(seen) == 2, "the first is not trained again"
    assert seen[0].startswith("8 ")
    assert seen[0].rpartition("/")[2].isdecimal(), "the second goes on from its last autosave"
    assert seen[1] == "7 0.3 None"
    whole, broken = finals(tmp_path / "out"), finals(tmp_path / "broken")
    assert list(broken) == list(whole)
    assert all(same(broken[name], whole[name]) for name in whole)
    assert main([*goes_on, "--resume"]) == 0
    assert len(seen) == 2, "and a plan that is over is over"


def test_a_run_that_fails_stops_no_other_and_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    toy.Toy.trouble[3] = RuntimeError("the fan fell off")
    assert carry_out(tmp_path, "--json") == 1
    kept = finals(tmp_path / "out")
    assert list(kept) == ["Zwei", "Drei"]
    printed = capfd.readouterr()
    endings = [json.loads(line) for line in printed.out.splitlines() if '"progress"' in line]
    assert [ending["progress"] for ending in endings] == ["failed", "done", "done"]
    assert "the fan fell off" in endings[0]["told"]
    assert "1 of 3 runs failed" in printed.err


def test_a_run_without_memory_makes_way_for_the_next(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    toy.Toy.trouble[2] = MemoryError()
    assert carry_out(tmp_path) == 1
    assert list(finals(tmp_path / "out")) == ["Zwei", "Drei"]
    assert "too little memory" in capfd.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals that can be sent to oneself")
def test_ctrl_c_keeps_the_present_run_and_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    step = toy.Toy.step

    def interrupted(self: toy.Toy, index: int) -> object:
        if index == 2 and self.job.seed == 8:
            monkeypatch.setattr(toy.Toy, "step", step)
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, index)

    monkeypatch.setattr(toy.Toy, "step", interrupted)
    assert carry_out(tmp_path) == 0
    _eins, zwei, drei = capfd.readouterr().out.splitlines()
    assert zwei.startswith("Zwei: broken off; --resume goes on. Kept in ")
    assert drei == "Drei: not begun."
    journal = Journal.read(tmp_path / "out")
    assert journal is not None
    assert [entry.progress for entry in journal.entries] == ["done", "begun", "waiting"]
    assert carry_out(tmp_path, "--resume") == 0
    assert set(finals(tmp_path / "out")) == {"Eins", "Zwei", "Drei"}


def test_a_run_ends_where_the_style_match_stalls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matches.MatchMeter, "advance", lambda meter, _s: meter.latest.update(style_match=50.0) or True)
    text = 'method = "toy"\nstyle = "style.png"\nsteps = 100000\nstall_minutes = 0.0001\n'
    assert carry_out(tmp_path, text=text) == 0
    assert "The style match has stopped rising." in capfd.readouterr().out
    assert 1 < finals(tmp_path / "out")["Run 1"].step < 100_000


def test_what_the_plan_says_is_not_said_beside_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for more, named in (
        (["--steps", "3"], "--steps"),
        (["--seed", "3"], "--seed"),
        (["--style", "a.png"], "--style"),
        (["--set", "rate=1"], "--set"),
        (["--map", "content=a.png"], "--map"),
        (["--until-stall", "2"], "--until-stall"),
    ):
        assert carry_out(tmp_path, *more) == 2
        assert f"argument {named}: leave it out beside --plan" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_begins_where_something_in_the_plan_is_wrong(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert carry_out(tmp_path, text=PLAN + "colour = 3\n") == 2
    assert "argument --plan: Drei (line " in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_with_a_project_is_only_used_when_asked_to(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert carry_out(tmp_path) == 0
    assert carry_out(tmp_path) == 2
    assert "already holds a project" in capfd.readouterr().err
    other = 'method = "toy"\nstyle = "style.png"\nsteps = 9\n[[run]]\nname = "Vier"\ngo_on = true\n'
    assert carry_out(tmp_path, "--resume", text=other) == 0
    four, three = finals(tmp_path / "out")["Vier"], finals(tmp_path / "out")["Drei"]
    assert (four.parent, four.step) == (three.folder.name, 9), "it goes on from where the project stands"


def test_a_full_disk_under_the_journal_stops_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = PlanRunner(Journal.begin(tmp_path, read_plan(written(tmp_path))))

    def full(*_arguments: object) -> None:
        raise NoRoomError("The disk is full.")

    monkeypatch.setattr(journals, "write_atomically", full)
    assert runner.next() is not None
    assert runner.unsaved == "The disk is full."


def test_a_journal_that_is_damaged_is_none(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, read_plan(written(tmp_path)))
    good = (tmp_path / PLAN_NAME).read_text(encoding="utf-8")
    again = Journal.read(tmp_path)
    assert again is not None
    assert again.entries == journal.entries
    for text in ("", "{", "[]", "3", good[: len(good) // 2], good.replace('"until": {', '"until": {"weeks": 3,')):
        (tmp_path / PLAN_NAME).write_text(text, encoding="utf-8")
        assert Journal.read(tmp_path) is None
    (tmp_path / PLAN_NAME).write_text(good.replace('"moment": null', '"moment": "../../elsewhere"'), encoding="utf-8")
    away = Journal.read(tmp_path)
    assert away is not None
    assert {entry.moment for entry in away.entries} == {None}


@pytest.mark.skipif(sys.platform == "win32", reason="pipes that nobody reads are told of otherwise there")
def test_reports_that_nobody_reads_any_more_lose_nothing_of_a_plan(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = PLAN.replace("steps = 6", "steps = 100000")
    with nobody_reads(monkeypatch):
        assert carry_out(tmp_path, "--json", text=text) == 1
    assert "--resume" in capfd.readouterr().err
    (snapshot,) = snapshots.listing(tmp_path / "out")
    assert snapshot.reason == "stopped"
