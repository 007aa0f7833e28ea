"""Plans as files: what they say becomes runs, and everything that is wrong is told before the first one begins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.box import Size
from engine.errors import BadPlanError
from engine.job import Job
from engine.plans.plan import Plan, Run
from engine.plans.plan_file import read_plan, write_plan
from engine.project import save_job
from engine.stop_rule import StopRule
from tests.engine import toy


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)


def written(folder: Path, text: str, name: str = "plan.toml") -> Path:
    toy.picture(folder, "style.png")
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str, name: str = "plan.toml") -> str:
    with pytest.raises(BadPlanError) as caught:
        read_plan(written(folder, text, name))
    return str(caught.value)


def test_what_stands_above_holds_for_all_runs_and_each_may_say_otherwise(tmp_path: Path) -> None:
    toy.picture(tmp_path, "other.png")
    plan = read_plan(
        written(
            tmp_path,
            """
            method = "toy"
            minutes = 30
            stall_minutes = 5
            style = "style.png"
            set = { rate = 0.5 }
            [[run]]
            seed = [7, 8]
            [[run]]
            name = "Zwei Farben"
            style = [{ path = "other.png", weight = 2.0 }]
            preset = ["few", "slow"]
            set = {}
            steps = 12
            canvas = "120x80"
            go_on = true
            """,
        )
    )
    first, second, third = plan.runs
    assert [run.name for run in plan.runs] == ["Run 1, seed 7", "Run 1, seed 8", "Zwei Farben"]
    assert [run.job.seed for run in plan.runs] == [7, 8, 7]
    assert first.job == second.job.model_copy(update={"seed": 7})
    assert first.until == StopRule(minutes=30, stall_minutes=5)
    assert third.until == StopRule(steps=12, stall_minutes=5), "its own way to end, in place of the one above"
    assert first.job.stored()["settings"] == {"rate": 0.5}
    assert third.job.stored()["settings"] == {"colors": 2, "rate": 0.01}
    assert (third.job.canvas_size, third.goes_on) == (Size(80, 120), True)
    assert [(Path(i.path).name, i.weight) for i in third.job.sources["style"]] == [("other.png", 2.0)]
    assert Path(first.job.sources["style"][0].path).is_absolute(), "relative to the plan, wherever it is read"


def test_a_plan_may_begin_with_a_project(tmp_path: Path) -> None:
    job = toy.job(tmp_path, seed=3, settings=toy.ToySettings(rate=0.25))
    save_job(tmp_path / "mine", job)
    (run,) = read_plan(written(tmp_path, 'project = "mine"\nsteps = 3\nset = { weight = 2 }\n')).runs
    assert run.job.stored()["settings"] == {"rate": 0.25, "weight": 2.0}
    assert run.job.sources == job.sources


def test_a_plan_that_is_written_is_read_as_the_same(tmp_path: Path) -> None:
    job = toy.job(tmp_path, seed=3, canvas_size=Size(80, 120), settings=toy.ToySettings(rate=0.25))
    plan = Plan(
        (
            Run("Eins", job, StopRule(minutes=2.5, stall_minutes=1), goes_on=True),
            Run("Zwei", job.model_copy(update={"seed": 4}), StopRule(steps=9)),
        )
    )
    write_plan(tmp_path / "plan.json", plan)
    assert read_plan(tmp_path / "plan.json") == plan


def test_all_that_is_wrong_is_told_at_once_by_the_name_of_the_run(tmp_path: Path) -> None:
    said = refusal(
        tmp_path,
        """
        method = "toy"
        style = "style.png"
        minutes = 1
        [[run]]
        name = "A"
        set = { rate = 7 }
        [[run]]
        name = "B"
        preset = "Enormous"
        [[run]]
        colour = 3
        [[run]]
        name = "D"
        style = "gone.png"
        """,
    )
    for part in (
        "A (line 5): rate can not be 7",
        "B (line 8): There is no preset Enormous; Toy has Few; Slow.",
        "Run 3 (line 12): there is no key colour",
        "D (line 13): ",
        "gone.png is not there",
    ):
        assert part in said
    assert "[" not in said.replace("[[run]]", ""), "no Python in a sentence"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "it would never end"),
        ("minutes = 1", "on Style, 0 images given, but Toy needs at least 1"),
        ("style = 'style.png'\nstall_minutes = 4", "needs minutes or steps beside it"),
        ("style = 'style.png'\nminutes = 0", "minutes can not be 0"),
        ("style = 'style.png'\nsteps = 2.5", "steps can not be 2.5"),
        ("style = 'style.png'\nsteps = true", "steps can not be True"),
        ("style = 'style.png'\nsteps = 2\nseed = -1", "seed can not be -1"),
        ("style = 'style.png'\nsteps = 2\nseed = 'x'", "seed can not be 'x'"),
        ("style = 'style.png'\nsteps = 2\ncanvas = '12'", "canvas can not be '12'"),
        ("style = 'style.png'\nsteps = 2\ncanvas = '10x12'", "canvas can not be '10x12': "),
        ("style = 'style.png'\nsteps = 2\nset = 3", "set is a table"),
        ("style = 'style.png'\nsteps = 2\npreset = 3", "preset is a name"),
        ("style = 3\nsteps = 2", "style is a path, a table with one, or a list of them."),
        ("style = {path = 'style.png', weight = 99.0}\nsteps = 2", "style: weight can not be 99.0"),
        ("style = 'broken.png'\nsteps = 2", "broken.png"),
        ("method = 'cubism'\nsteps = 2", "There is no method cubism"),
        ("project = 'nowhere'\nsteps = 2", "is not a Tessera project"),
        ("run = 3", "the runs are tables"),
        ("run = []\nsteps = 1", "The plan has no runs"),
        ("minutes = ", "plan.toml is not TOML"),
    ],
)
def test_every_wrong_value_has_its_sentence(tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    said = refusal(tmp_path, text if "method" in text else f'method = "toy"\n{text}')
    assert part in said
    assert said.endswith(".")
    assert "pydantic" not in said


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"run": {}}', "[" * 100_000])
def test_json_that_is_no_plan_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    assert "plan.json" in refusal(tmp_path, text, "plan.json")


def test_a_file_that_is_no_plan_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "picture.toml").write_bytes(b"\xff\xd8\0\1" * 9)
    for path in (tmp_path / "gone.toml", tmp_path, tmp_path / "picture.toml"):
        with pytest.raises(BadPlanError):
            read_plan(path)
    (tmp_path / "huge.json").write_text(json.dumps({"run": ["x" * 2**21]}))
    with pytest.raises(BadPlanError, match="larger than"):
        read_plan(tmp_path / "huge.json")


def test_names_of_runs_are_their_own(tmp_path: Path) -> None:
    text = 'method = "toy"\nstyle = "style.png"\nsteps = 1\n[[run]]\nname = "A"\n[[run]]\nname = "A"\nseed = 9\n'
    plan = read_plan(written(tmp_path, text))
    assert [run.name for run in plan.runs] == ["A", "A (2)"]
    assert isinstance(plan.runs[0].job, Job)


def test_of_one_run_all_that_is_wrong_is_told_as_well(tmp_path: Path) -> None:
    said = refusal(
        tmp_path,
        """
        style = "style.png"
        contnet = "style.png"
        [[run]]
        name = "A"
        method = "toyy"
        steps = "five"
        canvas = "3"
        seed = [1, "b"]
        style = "gone.png"
        [[run]]
        name = "B"
        method = "toy"
        set = { rates = 0.5, weight = "heavy" }
        minutes = -1
        """,
    )
    assert "And 1 more." in said
    said += refusal(
        tmp_path,
        """
        method = "toy"
        style = "style.png"
        [[run]]
        name = "B"
        minutes = -1
        """,
    )
    for part in (
        "Above the runs (line 3) there is no key contnet; did you mean content? docs/away.md",
        "A (line 4): There is no method toyy; did you mean toy?",
        "A (line 4): steps can not be 'five'",
        "A (line 4): canvas can not be '3'",
        "A (line 4): seed can not be 'b'",
        "gone.png is not there",
        "B (line 11): There is no setting rates; did you mean rate?",
        "B (line 11): weight can not be 'heavy'",
        "B (line 4): minutes can not be -1",
    ):
        assert part in said, said


def test_in_json_the_run_alone_is_named(tmp_path: Path) -> None:
    said = refusal(tmp_path, '{"run": [{"style": "style.png", "colour": 3}]}', "plan.json")
    assert "Run 1: there is no key colour" in said
