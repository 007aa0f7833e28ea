"""Opening a project whatever state it is in: from its project.json, or else from the newest snapshot that is whole."""

from __future__ import annotations

import os
from pathlib import Path

from engine import other_methods, snapshots
from engine.errors import BadProjectError
from engine.project import FILE_NAME, read_project
from engine.repair import Repaired


def open_project(folder: Path) -> Repaired:
    """The job of a project, and a sentence for each thing that is not as it was. Nothing is written.

    Raises:
        BadProjectError: neither project.json nor a snapshot can be used.
    """
    kept, lost = snapshots.survey(folder)
    lost = (*lost, *other_methods.told_of(folder))
    try:
        job, sentences = read_project(folder)
    except BadProjectError as error:
        newest = next((snapshot for snapshot in reversed(kept) if snapshots.is_whole(snapshot)), None)
        if newest is None:
            raise
        there = os.path.exists(folder / FILE_NAME)
        reason = str(error).partition(". ")[0].rstrip(".") if there else f"{folder / FILE_NAME} is not there"
        name = f"“{newest.name}”" if newest.name else newest.folder.name
        sentence = f"{reason}. The project opens from its newest whole moment, {name} of step {newest.step:,}."
        return Repaired(newest.job, (sentence, *lost))
    return Repaired(job, (*sentences, *lost))
