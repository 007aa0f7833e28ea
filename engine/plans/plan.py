"""A plan: trainings one after another, for while nobody is there. Plain values; files are plan_file.py's and
journal.py's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BadImageError, BadPlanError
from engine.images.read import image_size
from engine.job import Job
from engine.method import method_class
from engine.method_choices import wrong_slots
from engine.stop_rule import StopRule

LONGEST_NAME = 80
MOST_RUNS = 1000
MOST_TOLD = 8
"""Problems that one sentence names; of others it has the number."""


@dataclass(frozen=True)
class Run:
    """One training of a plan; its last moment is kept under its name.

    Args:
        name: no other run of the plan has it.
        job: what is trained.
        until: when it ends, so that the next one begins.
        goes_on: from the moment at which the project stands, instead of afresh.
    """

    name: str
    job: Job
    until: StopRule
    goes_on: bool = False


@dataclass(frozen=True)
class Plan:
    """Runs, in their order."""

    runs: tuple[Run, ...]


def checked(plan: Plan) -> Plan:
    """The plan, where nothing in it is known to fail: places without images, files that can not be read.

    Raises:
        BadPlanError: all that is wrong, in sentences that name the runs.
    """
    refuse([*_about_all(plan), *(f"{run.name}: {sentence}" for run in plan.runs for sentence in _wrong_with(run))])
    return plan


def refuse(problems: Iterable[str]) -> None:
    """Raises BadPlanError where there are any."""
    said = list(dict.fromkeys(problems))
    if said:
        more = f" And {len(said) - MOST_TOLD} more." if len(said) > MOST_TOLD else ""
        raise BadPlanError(" ".join(said[:MOST_TOLD]) + more)


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, or else with the first number behind it that no other run has."""
    there = set(taken)
    name = name.strip()[:LONGEST_NAME] or "Run"
    names = (name, *(f"{name} ({number})" for number in range(2, MOST_RUNS + 2)))
    return next(candidate for candidate in names if candidate not in there)


def _about_all(plan: Plan) -> list[str]:
    if not plan.runs:
        return ["The plan has no runs. Add one."]
    if len(plan.runs) > MOST_RUNS:
        return [f"The plan has {len(plan.runs):,} runs; it can have {MOST_RUNS:,}."]
    names = [run.name for run in plan.runs]
    return [f"Two runs are called “{name}”. Give each a name of its own." for name in names if names.count(name) > 1]


def _wrong_with(run: Run) -> list[str]:
    problems = []
    if not run.until.ends:
        problems.append("it would never end. Say when, by minutes or by steps.")
    method = method_class(run.job.method)
    titles = {slot.key: slot.title for slot in method.slots}
    for key, sentence in wrong_slots(method, run.job.sources, lambda slot: slot.title):
        problems.append(f"on {titles.get(key, key)}, {sentence}")
    for slot in method.slots:
        for image in run.job.sources.get(slot.key, ()):
            try:
                image_size(Path(image.path))
            except BadImageError as error:
                problems.append(str(error))
    return problems
