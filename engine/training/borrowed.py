"""What another project's networks learned, for a training that begins with them."""

from __future__ import annotations

from pathlib import Path

from engine import moments, snapshots
from engine.errors import BadProjectError
from engine.method import Method, State, method_class
from engine.project import load_job, project_folder


def moment_of(project: Path, method: str | None) -> snapshots.Snapshot:
    """Where that project's training of a method stands.

    Args:
        project: its folder, its project.json or anything in its snapshots.
        method: None for the one that the project has now.

    Raises:
        BadProjectError: it is no project, or has learned nothing by this method.
    """
    folder = project_folder(project.absolute())
    method = method or load_job(folder).method
    snapshot = moments.present(folder, method)
    if snapshot is None:
        raise BadProjectError(
            f"{folder} has nothing that {method_class(method).title} learned; choose a project with a moment of it."
        )
    return snapshot


def state_of(project: Path, method: str) -> State:
    """What was learned there. Raises BadProjectError: see `moment_of`; or it is damaged."""
    return snapshots.load_state(moment_of(project, method))


def begin_with(method: Method, project: Path) -> None:
    """Puts the networks of that project in the place of a method's own, before its first step.

    Raises:
        BadProjectError: see `state_of`; or the networks are of other sizes. The method is as it was.
    """
    take(method, state_of(project, method.key), project)


def take(method: Method, state: State, project: Path) -> None:
    """As `begin_with`, where the project's state was read already. Raises BadProjectError."""
    if not method.begin_from(state):
        raise BadProjectError(
            f"The networks in {project} are of other sizes than these settings ask for, or hold no numbers; choose the "
            "preset that they were trained with."
        )
