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
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from engine import repair
from engine.bounded import read_json, tensors_are_whole
from engine.box import Size
from engine.errors import BadProjectError
from engine.files import no_room, replacing_folder, write_atomically
from engine.images.decode import vips
from engine.job import Job
from engine.method import State, method_keys
from engine.migrations import FORMAT
from engine.project import REMOVED, keep_aside, read_stored, stored_job
from engine.project import SNAPSHOTS as FOLDER

MOST_SNAPSHOTS = 10**8
"""Their numbers have at most so many digits as this less one."""
_ABOUT, _TENSORS, _PLAIN, PREVIEW = "snapshot.json", "state.safetensors", "state.json", "preview.png"


@dataclass(frozen=True)
class Snapshot:
    """What a snapshot says about itself; `load_state` reads the rest.

    Args:
        folder: PROJECT/snapshots/NUMBER.
        name: the artist's; may be empty.
        step: number of steps done.
        elapsed_s: seconds of training, pauses left out.
        terms: means of the last report before it.
        reason: "kept", "autosave", "stopped", "final" or another of `commands.Reason`.
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
        return self.folder / PREVIEW


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
    folder = project / FOLDER / _next_name(project)
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
            (temporary / PREVIEW).write_bytes(vips().Image.new_from_array(preview).pngsave_buffer())
    return snapshot


def read(folder: Path) -> Snapshot:
    """What a snapshot says about itself; what is unknown or can not be had is left out, as in a project.

    Raises:
        BadProjectError: it is missing or incomplete, or of a method that is not there.
    """
    return _read(folder)[0]


def load_state(snapshot: Snapshot) -> State:
    """Raises BadProjectError where the files are missing or damaged."""
    try:
        if not tensors_are_whole(snapshot.folder / _TENSORS):
            raise _damaged(snapshot.folder)
        # read, not mapped: of a mapped file safetensors keeps two numbers for each tensor for ever
        return State(load_file(snapshot.folder / _TENSORS, backend="pread"), _plain(snapshot.folder))
    except OSError as error:
        raise _unreadable(snapshot.folder, error) from None
    except (ValueError, SafetensorError):
        raise _damaged(snapshot.folder) from None


def is_whole(snapshot: Snapshot) -> bool:
    """Whether `load_state` will find all that it needs; reads no weights."""
    try:
        _plain(snapshot.folder)
        return tensors_are_whole(snapshot.folder / _TENSORS)
    except (OSError, ValueError):
        return False


def listing(project: Path) -> list[Snapshot]:
    """All snapshots of a project, oldest first; those that can not be read are left out."""
    return survey(project)[0]


def survey(project: Path) -> tuple[list[Snapshot], list[str]]:
    """The snapshots of a project, and a sentence for each that can not be read; its files stay where they are."""
    found, lost = [], []
    for folder in _folders(project):
        try:
            found.append(read(folder))
        except BadProjectError as error:
            lost.append(str(error))
    return found, lost


class Reader:
    """Lists the snapshots of a project again and again; one whose file stays as it is, is read once."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[int, int, int], Snapshot]] = {}

    def listing(self, project: Path) -> list[Snapshot]:
        """As the function of that name, in a small part of the time from the second call on."""
        before, self._read = self._read, {}
        for folder in _folders(project):
            with suppress(OSError, BadProjectError):
                about = (folder / _ABOUT).stat()
                stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
                known = before.get(folder)
                if known is None or known[0] != stamp:
                    known = stamp, read(folder)
                self._read[folder] = known
        return [snapshot for _, snapshot in self._read.values()]


def revise(
    snapshot: Snapshot, *, name: str | None = None, starred: bool | None = None, note: str | None = None
) -> Snapshot:
    """Changes what the artist says of it; None leaves that as it is.

    Raises BadProjectError where it is gone, NoRoomError where it can not be written.
    """
    stored, size, repaired = _read(snapshot.folder)
    changes = {"name": name, "starred": starred, "note": note}
    revised = replace(stored, **{key: value for key, value in changes.items() if value is not None})
    if repaired:
        keep_aside(snapshot.folder / _ABOUT)
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
    shutil.rmtree(project / FOLDER / REMOVED, ignore_errors=True)


def _aside(snapshot: Snapshot) -> Path:
    return snapshot.folder.parent / REMOVED / snapshot.folder.name


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
        names = [entry.name for entry in os.scandir(parent) if _is_name(entry.name) and entry.is_dir()]
    except OSError:
        return []
    return [parent / name for name in sorted(names, key=int)]


def _is_name(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isdecimal() and int(text) < MOST_SNAPSHOTS


def _next_name(project: Path) -> str:
    """Of no snapshot that is there, or was put aside: their names stay theirs."""
    taken = {int(folder.name) for folder in (*_folders(project), *_folders(project, REMOVED))}
    last = max(taken, default=0) + 1
    return f"{last if last < MOST_SNAPSHOTS else next(n for n in range(1, last) if n not in taken):04d}"


def _described(snapshot: Snapshot, project: Path, state_bytes: int) -> str:
    left_out = ("folder", "job", "canvas_size")
    about: dict[str, Any] = {key: value for key, value in asdict(snapshot).items() if key not in left_out}
    size = snapshot.canvas_size
    about["canvas"] = None if size is None else [size.height, size.width]
    about |= {"format": FORMAT, "state_bytes": state_bytes, "job": stored_job(snapshot.job, project)}
    return json.dumps(about, indent=1, ensure_ascii=False)


def _read(folder: Path) -> tuple[Snapshot, int, bool]:
    """What it says, the size of its weights in bytes, and whether it says more than was understood."""
    try:
        about = read_json(folder / _ABOUT)
        size = (folder / _TENSORS).stat().st_size
    except OSError as error:
        raise _unreadable(folder, error) from None
    except ValueError:
        raise _damaged(folder) from None
    if not isinstance(about, dict) or not isinstance(about.get("job"), dict):
        raise _damaged(folder)
    if size != about.get("state_bytes") and not tensors_are_whole(folder / _TENSORS):  # cut short
        raise _damaged(folder)
    job, sentences = read_stored(about, folder.parent.parent)
    if about["job"].get("method", job.method) not in method_keys():
        key = repair.shown(about["job"]["method"])
        raise BadProjectError(f"The snapshot {folder} is of a method that is not here: {key}. Choose another one.")
    known = {field.name for field in fields(Snapshot)} | {"canvas", "format", "state_bytes"}
    snapshot = Snapshot(
        folder=folder,
        name=repair.text(about.get("name")),
        step=int(repair.number(about.get("step"))),
        elapsed_s=repair.number(about.get("elapsed_s")),
        job=job,
        terms=repair.numbers(about.get("terms")),
        reason=repair.text(about.get("reason")) or "kept",
        parent=about["parent"] if _is_name(about.get("parent")) else None,
        created=repair.text(about.get("created")),
        canvas_size=repair.canvas_size(about.get("canvas"), [], least_px=1),
        starred=about.get("starred") is True,
        note=repair.text(about.get("note")),
        line=tuple(filter(_is_name, line)) if isinstance(line := about.get("line"), list) else (),
    )
    return snapshot, size, bool(sentences) or not about.keys() <= known


def _plain(folder: Path) -> dict[str, Any]:
    plain = read_json(folder / _PLAIN)
    if not isinstance(plain, dict):
        raise ValueError("it is no dictionary")
    return plain


def _unreadable(folder: Path, error: OSError) -> BadProjectError:
    return BadProjectError(
        f"The snapshot {folder} could not be read ({error.strerror or error}). Choose another snapshot of the project."
    )


def _damaged(folder: Path) -> BadProjectError:
    return BadProjectError(f"The snapshot {folder} is damaged. Choose another snapshot of the project.")
