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
from engine.errors import BadProjectError, BadSettingError
from engine.files import no_room, replacing_folder, write_atomically
from engine.images.decode import vips
from engine.job import Job
from engine.method import State
from engine.project import parse_job, stored_job

FOLDER = "snapshots"
FORMAT = 1
_ABOUT, _TENSORS, _PLAIN, _PREVIEW = "snapshot.json", "state.safetensors", "state.json", "preview.png"
_ASIDE = ".removed"


@dataclass(frozen=True)
class Snapshot:
    """What a snapshot says about itself; `load_state` reads the rest.

    Args:
        folder: PROJECT/snapshots/NUMBER.
        name: the artist's; may be empty.
        step: number of steps done.
        elapsed_s: seconds of training, pauses left out.
        terms: means of the last report before it.
        reason: "kept", "autosave", "stopped", "final" or another of `messages.Reason`.
        parent: folder name of the snapshot that the training came from.
        created: ISO 8601, UTC.
        canvas_size: the size that was trained for; None in projects of earlier versions.
        starred: the artist's star; it is never removed by itself.
        note: the artist's words about it; may be empty.
        line: folder names of the snapshots before `parent`, nearest last: where it stands when that one is gone.
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
    starred: bool = False
    note: str = ""
    line: tuple[str, ...] = ()

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
    line: tuple[str, ...] = (),
) -> Snapshot:
    """Writes a snapshot, whole or not at all.

    Args:
        preview: uint8 [h, w, 3], sRGB.

    Raises:
        NoRoomError: the disk is full or read-only.
    """
    folder = project / FOLDER / f"{_last_number(project) + 1:04d}"
    created = datetime.now(UTC).isoformat(timespec="seconds")
    snapshot = Snapshot(folder, name, step, elapsed_s, job, terms, reason, parent, created, canvas_size, line=line)
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
    """What a snapshot says about itself.

    Raises:
        BadProjectError: it is missing, incomplete, or of a newer Tessera.
        BadSettingError: there is no such method or setting (any more), or a value can not be had.
    """
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
    """All snapshots of a project, oldest first; those that can not be read are left out."""
    found = []
    for folder in _folders(project):
        with suppress(BadProjectError, BadSettingError):
            found.append(read(folder))
    return found


def revise(
    snapshot: Snapshot, *, name: str | None = None, starred: bool | None = None, note: str | None = None
) -> Snapshot:
    """Changes what the artist says of it; None leaves that as it is.

    Raises BadProjectError where it is gone, NoRoomError where it can not be written.
    """
    stored, size = _read(snapshot.folder)
    changes = {"name": name, "starred": starred, "note": note}
    revised = replace(stored, **{key: value for key, value in changes.items() if value is not None})
    write_atomically(snapshot.folder / _ABOUT, _described(revised, snapshot.folder.parent.parent, size))
    return revised


def size_bytes(snapshot: Snapshot) -> int:
    """What it takes on the disk; 0 where it is gone."""
    with suppress(OSError):
        return sum(entry.stat().st_size for entry in os.scandir(snapshot.folder))
    return 0


def put_aside(snapshot: Snapshot) -> None:
    """Takes it out of the list, and `put_back` undoes it; nothing where it is gone already. Raises NoRoomError."""
    aside = _aside(snapshot)
    try:
        aside.parent.mkdir(exist_ok=True)
        snapshot.folder.rename(aside)
    except FileNotFoundError:
        return
    except OSError as error:
        raise no_room(snapshot.folder, error) from error


def put_back(snapshot: Snapshot) -> None:
    """Undoes `put_aside`. Raises NoRoomError."""
    try:
        _aside(snapshot).rename(snapshot.folder)
    except OSError as error:
        raise no_room(snapshot.folder, error) from error


def clear_aside(project: Path) -> None:
    """Removes for good what was put aside."""
    shutil.rmtree(project / FOLDER / _ASIDE, ignore_errors=True)


def _aside(snapshot: Snapshot) -> Path:
    return snapshot.folder.parent / _ASIDE / snapshot.folder.name


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


def _folders(project: Path, inside: str = "") -> list[Path]:
    parent = project / FOLDER / inside
    try:
        names = [entry.name for entry in os.scandir(parent) if entry.name.isdecimal() and entry.is_dir()]
    except OSError:
        return []
    return [parent / name for name in sorted(names, key=int)]


def _last_number(project: Path) -> int:
    """Of those that were put aside as well: their names stay theirs."""
    return max((int(folder.name) for folder in (*_folders(project), *_folders(project, _ASIDE))), default=0)


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
            starred=bool(about.get("starred", False)),
            note=str(about.get("note", "")),
            line=tuple(map(str, about.get("line", ()))),
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
