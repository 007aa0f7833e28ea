"""While you are away, in the real window: runs one after another, each kept; broken off, it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.away import runs as make
from app.away.dialog import AwayDialog
from engine.messages.events import Began, Stepped
from engine.plans.journal import Journal
from engine.plans.plan import Plan, Run
from engine.plans.plan_file import read_plan
from engine.project import PLAN_NAME
from engine.snapshots import Snapshot, listing
from engine.stop_rule import StopRule
from engine.training import trainer
from tests.app.studio import Studio
from tests.app.toys import write_image
from tests.engine import toy, toy_two

STEPS = StopRule(steps=4)


@pytest.fixture(autouse=True)
def _each_step_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)


def finals(studio: Studio) -> dict[str, Snapshot]:
    return {s.name: s for s in listing(studio.window.document.folder) if s.reason == "final"}


def over(studio: Studio) -> bool:
    away, training = studio.window.away, studio.window.training
    return not away.running and not training.running


def test_seeds_contents_and_methods_are_trained_one_after_another_and_kept(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_two.register(monkeypatch)
    studio.window.methods.add(toy_two.ToyTwo)
    studio.drop_style()
    document = studio.window.document
    document.add("content", [write_image(studio.folder / "content.png")])
    dialog = studio.window.away.open()
    assert [run.name for run in dialog.runs] == ["This one, from where it stands"]
    dialog.count.setValue(2)
    dialog.add_seeds.click()
    dialog.add(make.contents(document, dialog.runs, [write_image(studio.folder / "Gesicht.png")], STEPS))
    dialog.add(make.preset(document, dialog.runs, "Few", STEPS))
    dialog.add(make.method(document, dialog.runs, "toy_two", STEPS))
    names = ["This one, from where it stands", "Seed 8", "Seed 9", "Gesicht", "Few", "Toy two"]
    assert [run.name for run in dialog.runs][:5] == names[:5]
    plan = Plan(tuple(Run(run.name, run.job, STEPS, run.goes_on) for run in dialog.runs))
    dialog.show_plan(plan)
    dialog.start.click()
    studio.until(lambda: over(studio))
    kept = finals(studio)
    assert list(kept) == [run.name for run in plan.runs]
    assert [s.step for s in kept.values()] == [4] * 6
    assert [s.job.seed for s in kept.values()] == [7, 8, 9, 7, 7, 7]
    assert Path(kept["Gesicht"].job.sources["content"][0].path).name == "Gesicht.png"
    assert [s.job.method for s in kept.values()][-1] == "toy_two"
    assert document.job.method == "toy_two", "who looks sees what was trained last"
    assert any("6 of 6 trainings are done" in text for text in studio.said())
    assert not (document.folder / PLAN_NAME).exists()
    for _ in range(document.stack.index()):
        document.stack.undo()
    assert document.job.method == "toy", "each run was a step of undo"


def test_the_first_run_goes_on_from_the_training_that_runs(studio: Studio) -> None:
    studio.train()
    document = studio.window.document
    now = studio.seen(Stepped)[-1].step
    until = StopRule(steps=now + 200)
    studio.window.away.begin(Plan((Run("Weiter", document.job, until, goes_on=True),)))
    studio.until(lambda: over(studio))
    (final,) = finals(studio).values()
    stopped = next(s for s in listing(document.folder) if s.reason == "stopped")
    assert (final.name, final.parent) == ("Weiter", stopped.folder.name)
    assert final.step == max(until.steps or 0, stopped.step)


def test_stop_breaks_the_plan_off_and_it_goes_on(studio: Studio) -> None:
    studio.drop_style()
    document, away = studio.window.document, studio.window.away
    long, short = StopRule(steps=1_000_000), StopRule(steps=3)
    away.begin(Plan((Run("Lang", document.job, long), Run("Kurz", document.job, short))))
    studio.until_seen(Stepped, 3)
    assert any("While you are away: 1 of 2, “Lang”" in text for text in studio.said())
    studio.press("stop")
    studio.until(lambda: over(studio))
    assert any("was stopped at 1 of 2" in text for text in studio.said())
    journal = Journal.read(document.folder)
    assert journal is not None
    assert [entry.progress for entry in journal.entries] == ["begun", "waiting"]
    stopped = next(s for s in listing(document.folder) if s.reason == "stopped")
    count = len(studio.seen(Began))
    assert studio.window.messages.button.text() == "Go on"
    studio.window.messages.button.click()
    studio.until(lambda: len(studio.seen(Began)) > count)
    assert studio.seen(Began)[-1].snapshot == stopped.folder, "from where it was"
    dialog = away.open()
    assert dialog.skip.isVisible()
    dialog.skip.click()
    studio.until(lambda: over(studio))
    assert "Kurz" in finals(studio)
    names = [s.name for s in listing(document.folder) if s.reason == "stopped"]
    assert "Lang" in names, "what was skipped is kept by its name"


def test_a_project_that_is_opened_offers_to_go_on(studio: Studio) -> None:
    studio.drop_style()
    document = studio.window.document
    document.flush()
    folder = document.folder
    Journal.begin(folder, Plan((Run("Eins", document.job, STEPS), Run("Zwei", document.job, STEPS))))
    studio.press("new")
    studio.until(lambda: document.folder != folder)
    assert not any("away" in text for text in studio.said())
    studio.window.files.open_path(folder)
    studio.until(lambda: any("was stopped at 1 of 2, “Eins”" in text for text in studio.said()))
    dialog = studio.window.away.open()
    assert dialog.go_on.isVisible()
    dialog.end.click()
    assert not (folder / PLAN_NAME).exists()
    assert [run.name for run in dialog.runs] == ["This one, from where it stands"]
    assert dialog.start.isVisible()


def test_a_run_that_can_not_be_trained_makes_way_for_the_next(studio: Studio) -> None:
    studio.drop_style()
    document = studio.window.document
    toy.Toy.trouble[1] = RuntimeError("the fan fell off")
    studio.window.away.begin(Plan((Run("Eins", document.job, STEPS), Run("Zwei", document.job, STEPS))))
    studio.until(lambda: over(studio))
    assert list(finals(studio)) == ["Zwei"]
    assert any("1 of 2 trainings are done" in text and "“Eins” failed: " in text for text in studio.said())


def test_closing_the_window_begins_no_other_run(studio: Studio) -> None:
    studio.drop_style()
    document, away = studio.window.document, studio.window.away
    away.begin(Plan((Run("Eins", document.job, StopRule(steps=10**6)), Run("Zwei", document.job, STEPS))))
    studio.until_seen(Stepped, 2)
    studio.window.close()
    studio.until(lambda: not studio.window.isVisible())
    journal = Journal.read(document.folder)
    assert journal is not None
    assert [entry.progress for entry in journal.entries] == ["begun", "waiting"]


def test_the_plan_of_the_window_is_that_of_the_command_line(studio: Studio) -> None:
    studio.drop_style()
    dialog = AwayDialog(studio.window.document, studio.window)
    dialog.add_seeds.click()
    dialog.minutes.setValue(12)
    dialog.stalls.setChecked(False)
    assert {run.until for run in dialog.runs} == {StopRule(minutes=12)}
    dialog.by.setCurrentIndex(1)
    dialog.steps.setValue(700)
    assert {run.until for run in dialog.runs} == {StopRule(steps=700)}
    assert (dialog.minutes.isVisibleTo(dialog), dialog.steps.isVisibleTo(dialog)) == (False, True)
    dialog.by.setCurrentIndex(0)
    path = studio.folder / "plan.json"
    assert dialog.save_file(path)
    assert read_plan(path) == dialog.plan
    dialog.list.setCurrentRow(1)
    dialog.remove_button.click()
    assert len(dialog.runs) == 3
    assert dialog.take_file(path)
    assert len(dialog.runs) == 4
    path.write_text("{")
    assert not dialog.take_file(path)
    assert "plan.json is not JSON" in dialog.note.text()
    assert len(dialog.runs) == 4, "a file that can not be read changes nothing"
    dialog.deleteLater()


def test_what_can_not_be_trained_is_told_before_anything_begins(studio: Studio) -> None:
    dialog = studio.window.away.open()
    dialog.start.click()
    assert "on Style, 0 images given" in dialog.note.text()
    assert not studio.window.away.running
