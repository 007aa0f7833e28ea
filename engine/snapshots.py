"""Snapshots: a moment of the training that can be gone back to, in a folder of its own. When to keep one: training/.

PROJECT/snapshots/0001/
  snapshot.json            the job, step, time, terms, name, reason, and the snapshot it came from
  state.safetensors        weights, averages, optimisers
  state.json               the plain part of the method's state
  preview.png              for the strip of snapshots; may be missing
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from engine.box import Size
from engine.errors import BadProjectError
from engine.files import no_room, replacing_folder, write_atomically
from engine.images.decode import vips
from engine.job import Job, parse_job, stored_job
from engine.method import State

FOLDER = "snapshots"
FORMAT = 1
_ABOUT, _TENSORS, _PLAIN, _PREVIEW = "snapshot.json", "state.safetensors", "state.json", "preview.png"


@dataclass(frozen=True)
class Snapshot:
    """What a snapshot says about itself; `load_state` reads the rest.

    Args:
        folder: PROJECT/snapshots/NUMBER.
        name: the artist's; may be empty.
        step: number of steps done.
        elapsed_s: seconds of training, pauses left out.
        terms: means of the last report before it.
        reason: "kept", "autosave", "stopped" or "final".
        parent: folder name of the snapshot that the training came from.
        created: ISO 8601, UTC.
        canvas_size: the size that was trained for; None in projects of earlier versions.
    """

    folder: Path
    name: str
    step: int
    elapsed_s: float
    job: Job
    terms: dict[str, float]
    reason: str
    parent: str | None
    created: str
    canvas_size: Size | None = None

    @property
    def preview(self) -> Path:
        """A small picture of the artwork; the file may be missing."""
        return self.folder / _PREVIEW


def keep(
    project: Path,
    state: State,
    preview: np.ndarray | None,
    *,
    job: Job,
    step: int,
    elapsed_s: float,
    terms: dict[str, float],
    name: str = "",
    reason: str = "kept",
    parent: str | None = None,
    canvas_size: Size | None = None,
) -> Snapshot:
    """Writes a snapshot, whole or not at all.

    Args:
        preview: uint8 [h, w, 3], sRGB.

    Raises:
        NoRoomError: the disk is full or read-only.
    """
    folder = project / FOLDER / f"{_last_number(project) + 1:04d}"
    created = datetime.now(UTC).isoformat(timespec="seconds")
    snapshot = Snapshot(folder, name, step, elapsed_s, job, terms, reason, parent, created, canvas_size)
    with replacing_folder(folder) as temporary:
        try:
            save_file({key: tensor.contiguous() for key, tensor in state.tensors.items()}, temporary / _TENSORS)
        except SafetensorError as error:  # how its writer reports a full disk
            reason = str(error).rpartition("I/O error: ")[2].partition(" (os error")[0]
            raise no_room(folder, OSError(reason or str(error))) from error
        (temporary / _PLAIN).write_text(json.dumps(state.plain), encoding="utf-8")
        shutil.copymode(temporary / _PLAIN, temporary / _TENSORS)  # its writer lets nobody else read it
        size = (temporary / _TENSORS).stat().st_size
        (temporary / _ABOUT).write_text(_described(snapshot, project, size), encoding="utf-8")
        if preview is not None:
            (temporary / _PREVIEW).write_bytes(vips().Image.new_from_array(preview).pngsave_buffer())
    return snapshot


def read(folder: Path) -> Snapshot:
    """Raises BadProjectError where it is missing, incomplete, or of a newer Tessera."""
    return _read(folder)[0]


def load_state(snapshot: Snapshot) -> State:
    """Raises BadProjectError where the files are missing or damaged."""
    try:
        plain = json.loads((snapshot.folder / _PLAIN).read_text(encoding="utf-8"))
        return State(load_file(snapshot.folder / _TENSORS), plain)
    except OSError as error:
        raise _unreadable(snapshot.folder, error) from None
    except (ValueError, SafetensorError):
        raise _damaged(snapshot.folder) from None


def listing(project: Path) -> list[Snapshot]:
    """All snapshots of a project, oldest first; damaged ones are left out."""
    found = []
    for folder in _folders(project):
        with suppress(BadProjectError):
            found.append(read(folder))
    return found


def rename(snapshot: Snapshot, name: str) -> Snapshot:
    """Raises BadProjectError where it is gone, NoRoomError where it can not be written."""
    stored, size = _read(snapshot.folder)
    renamed = replace(stored, name=name)
    write_atomically(snapshot.folder / _ABOUT, _described(renamed, snapshot.folder.parent.parent, size))
    return renamed


def remove(snapshot: Snapshot) -> None:
    """Removes it from the disk; nothing happens where it is gone already. Raises NoRoomError."""
    hidden = snapshot.folder.with_name(f".{snapshot.folder.name}-{uuid.uuid4().hex}")
    try:
        snapshot.folder.rename(hidden)  # so that a removal that is interrupted leaves no half of it in the list
    except FileNotFoundError:
        return
    except OSError as error:
        raise no_room(snapshot.folder, error) from error
    shutil.rmtree(hidden, ignore_errors=True)


def _folders(project: Path) -> list[Path]:
    try:
        names = [entry.name for entry in os.scandir(project / FOLDER) if entry.name.isdecimal() and entry.is_dir()]
    except OSError:
        return []
    return [project / FOLDER / name for name in sorted(names, key=int)]


def _last_number(project: Path) -> int:
    return max((int(folder.name) for folder in _folders(project)), default=0)


def _described(snapshot: Snapshot, project: Path, state_bytes: int) -> str:
    left_out = ("folder", "job", "canvas_size")
    about: dict[str, Any] = {key: value for key, value in asdict(snapshot).items() if key not in left_out}
    size = snapshot.canvas_size
    about["canvas"] = None if size is None else [size.height, size.width]
    about |= {"format": FORMAT, "state_bytes": state_bytes, "job": stored_job(snapshot.job, project)}
    return json.dumps(about, indent=1, ensure_ascii=False)


def _read(folder: Path) -> tuple[Snapshot, int]:
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        if about["format"] > FORMAT:
            raise BadProjectError(f"{folder} was written by a newer Tessera; please update this one.")
        size = (folder / _TENSORS).stat().st_size
        if size != about["state_bytes"]:  # cut short
            raise _damaged(folder)
        snapshot = Snapshot(
            folder=folder,
            name=str(about["name"]),
            step=int(about["step"]),
            elapsed_s=float(about["elapsed_s"]),
            job=parse_job(about["job"], folder.parent.parent),
            terms={str(key): float(value) for key, value in about["terms"].items()},
            reason=str(about["reason"]),
            parent=about["parent"],
            created=str(about["created"]),
            canvas_size=Size(*(int(side) for side in about["canvas"])) if about.get("canvas") else None,
        )
    except OSError as error:
        raise _unreadable(folder, error) from None
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        raise _damaged(folder) from None
    return snapshot, size


def _unreadable(folder: Path, error: OSError) -> BadProjectError:
    return BadProjectError(
        f"The snapshot {folder} could not be read ({error.strerror or error}). Choose another snapshot of the project."
    )


def _damaged(folder: Path) -> BadProjectError:
    return BadProjectError(f"The snapshot {folder} is damaged. Choose another snapshot of the project.")
