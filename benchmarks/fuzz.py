"""Damaged project, snapshot and `.tessera` files by the thousand: each is opened or refused in a sentence, and no more.

    python -m benchmarks.fuzz --count 5000 --seed 1

Counts what became of them. Leaves with 1 where one raised anything but an error for the artist, wrote outside its
folder, or took the memory beyond the limit; the seed and number of that one are told, and `--only N` repeats it alone.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import sys
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import serialize_file

from app.widgets.thumbnails import read_preview
from engine import snapshots
from engine.archive import pack, unpack
from engine.errors import TesseraError
from engine.foreign import outside_paths, withhold
from engine.job import Job, SourceImage
from engine.method import State, method_class
from engine.opening import open_project
from engine.project import FILE_NAME, project_folder, read_project, save_job

MOST_MEMORY_BYTES = 500 * 2**20
"""That all files together may add to what the program needs by itself."""
KINDS = ("project", "snapshot", "state", "preview", "packed")
_LARGE = (2**31, 2**31 - 1, 2**32, 2**63, 2**64 - 1, -1, 0, 10**400)
_ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, 10**400, 1e308, -1e308, "", "\0", "\ud800", "../../evil", "/etc/passwd", "\\\\host\\x",
    "C:\\evil", "x" * 100_000, [], {}, [[]], {"": {}}, "NaN",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 where all were opened or refused as they should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=5000, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--only", type=int, metavar="N", help="the N-th alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        result = fuzz(Path(place), wanted.count, wanted.seed, wanted.only)
    if wanted.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name}: {value}")
    return 1 if result["failures"] else 0


def fuzz(place: Path, count: int, seed: int, only: int | None = None) -> dict[str, Any]:
    """Makes and opens `count` damaged files; what became of them, and of the memory.

    Args:
        place: an empty folder; everything is made in it.
    """
    whole = _whole(place / "whole")
    _open_all(whole, place / "first")  # what is loaded once is not counted
    before = _memory_bytes()
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    for number in range(count) if only is None else [only]:
        chance = random.Random(f"{seed} {number}")
        kind = KINDS[number % len(KINDS)]
        try:
            outcomes[f"{kind}: {_tried(whole, place, kind, chance)}"] += 1
        except Exception as error:
            failures.append(f"{number} ({kind}): {type(error).__name__}: {error}")
    grown = max(0, _memory_bytes() - before)
    if grown > MOST_MEMORY_BYTES:
        failures.append(f"the memory grew by {grown / 2**20:.0f} MB")
    return {
        "files": count if only is None else 1,
        "memory_mb": round(grown / 2**20, 1),
        "failures": failures,
        **dict(sorted(outcomes.items())),
    }


class EscapedError(Exception):
    """Something was written, or is named, outside the folder that it belongs in."""


# ---------------------------------------------------------------- what is damaged


def _whole(place: Path) -> Path:
    """A project that nothing is wrong with, and the same packed."""
    folder = place / "project"
    (folder / "masks").mkdir(parents=True)
    Image.new("RGB", (20, 16), (200, 90, 30)).save(folder / "masks" / "a.png")
    settings = method_class("famos").Settings.of({"content_weight": 3.0, "templates": 5})
    images = (SourceImage(path=str(folder / "masks" / "a.png")),)
    job = Job(method="famos", settings=settings, sources={"style": images, "content": images})
    save_job(folder, job)
    state = State({"weight": torch.rand(5, 7), "bias": torch.rand(3)}, {"steps_done": 4, "names": ["a"]})
    snapshot = snapshots.keep(folder, state, None, job=job, step=4, elapsed_s=1.0, terms={"loss": 0.5}, name="first")
    Image.new("RGB", (30, 20), (10, 90, 30)).save(snapshot.preview)
    pack(folder, place / "packed.tessera", with_images=True)
    return place


def _tried(whole: Path, place: Path, kind: str, chance: random.Random) -> str:
    """Damages one file of a copy and opens it; what became of it, in a word. Raises whatever is a defect."""
    with tempfile.TemporaryDirectory(dir=place) as made:
        copy = Path(made) / "in" / "copy"
        if kind == "packed":
            copy.mkdir(parents=True)
            (copy / "packed.tessera").write_bytes(_packed(whole, chance))
        else:
            _copied(whole / "project", copy / "project")
            _damage(copy / "project", kind, chance)
        outcome = _open_all(copy, Path(made) / "out")
        left = sorted(path.name for path in Path(made).iterdir())
        if left not in (["in"], ["in", "out"]) or sorted(path.name for path in (Path(made) / "in").iterdir()) != [
            "copy"
        ]:
            raise EscapedError(f"written outside: {left}")
        return outcome


def _copied(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


def _damage(project: Path, kind: str, chance: random.Random) -> None:
    snapshot = project / "snapshots" / "0001"
    match kind:
        case "project":
            _damage_json(project / FILE_NAME, chance)
        case "snapshot":
            _damage_json(chance.choice((snapshot / "snapshot.json", snapshot / "state.json")), chance)
        case "state":
            _damage_tensors(snapshot / "state.safetensors", chance)
        case "preview":
            file = snapshot / "preview.png"
            data = bytearray(file.read_bytes())
            if chance.random() < 0.5:  # width and height in the header, with a sum that fits
                data[16:24] = chance.randrange(2**31).to_bytes(4, "big") + chance.randrange(2**31).to_bytes(4, "big")
                data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
            else:
                data = _mutated(bytes(data), chance)
            file.write_bytes(data)


def _damage_json(file: Path, chance: random.Random) -> None:
    text = file.read_text(encoding="utf-8")
    ways: list[Callable[[], bytes]] = [
        lambda: _mutated(text.encode(), chance),
        lambda: json.dumps(_changed(json.loads(text), chance)).encode(),
        lambda: json.dumps(_changed(json.loads(text), chance)).encode(),
        lambda: b"[" * chance.randrange(1, 200_000),
        lambda: b'{"job":' * chance.randrange(1, 50_000),
        lambda: text.encode().replace(b"1", str(chance.choice(_LARGE)).encode()),
        lambda: b"\0" * chance.randrange(1, 100_000),
        lambda: b"[" + b"{}," * chance.randrange(1_000_000, 4_000_000) + b"{}]",
    ]
    file.write_bytes(chance.choices(ways, [4, 8, 8, 1, 1, 2, 1, 0.05])[0]())
    if chance.random() < 0.02:
        with file.open("r+b") as growing:  # takes no room on the disk, and would in memory
            growing.truncate(2**36)


def _changed(value: Any, chance: random.Random) -> Any:
    """JSON values with one or more places exchanged, removed, or added."""
    for _ in range(chance.randrange(1, 5)):
        holders: list[Any] = [value]
        places: list[tuple[Any, Any]] = []
        while holders:
            holder = holders.pop()
            keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
            for key in keys:
                places.append((holder, key))
                holders.append(holder[key])
        if not places:
            return chance.choice(_ODD)
        holder, key = chance.choice(places)
        odd = chance.choice(_ODD)
        match chance.randrange(4):
            case 0 if isinstance(holder, dict):
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[f"{key}?" if odd is None else str(odd)[:50]] = holder[key]
            case _:
                holder[key] = odd
    return value


def _damage_tensors(file: Path, chance: random.Random) -> None:
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header, rest = data[8 : 8 + length], data[8 + length :]
    match chance.randrange(6):
        case 0:
            data = _mutated(data, chance)
        case 1:
            data = (chance.choice(_LARGE[:5]) % 2**64).to_bytes(8, "little") + header + rest
        case 2:
            text = json.dumps(_changed(json.loads(header), chance)).encode()
            data = len(text).to_bytes(8, "little") + text + rest
        case 3:
            text = header.replace(b"5,7", f"{2**40},{chance.randrange(1, 2**20)}".encode())
            data = len(text).to_bytes(8, "little") + text + rest
        case 4:
            serialize_file({}, file)
            data = file.read_bytes()
        case _:
            data = data[: chance.randrange(len(data))]
    file.write_bytes(data)
    if chance.random() < 0.05:
        with file.open("r+b") as growing:
            growing.truncate(chance.choice((2**31, 2**36)))


def _packed(whole: Path, chance: random.Random) -> bytes:
    """The packed project with its bytes damaged, or packed anew with what does not belong in it."""
    data = (whole / "packed.tessera").read_bytes()
    if chance.random() < 0.4:
        return _mutated(data, chance)
    names = [
        "../evil",
        "/tmp/tessera-evil",
        "masks/../../evil.png",
        "images/..",
        "images/con.",
        "a/b",
        "masks/x.png",
    ]
    out = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if chance.random() < 0.2 else zipfile.ZIP_STORED
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", how) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if chance.random() < 0.2:
                content = _mutated(content, chance)
            if chance.random() < 0.9:
                new.writestr(chance.choice(names) if chance.random() < 0.15 else entry.filename, content)
        if how == zipfile.ZIP_DEFLATED:
            new.writestr("images/zeros.png", bytes(5_000_000))
        link = zipfile.ZipInfo("masks/link.png")
        link.external_attr = 0o120777 << 16
        new.writestr(link, "/etc")
    data = bytearray(out.getvalue())
    directory = data.find(b"PK\1\2")
    if chance.random() < 0.3:  # sizes in the list of entries
        data[directory + 20 : directory + 28] = chance.randrange(2**64).to_bytes(8, "little")
    return bytes(data)


def _mutated(data: bytes, chance: random.Random) -> bytes:
    """Bytes flipped, cut out, doubled, or cut off."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 12)):
        if not changed:
            break
        at = chance.randrange(len(changed))
        end = min(len(changed), at + chance.randrange(1, 40))
        match chance.randrange(5):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at:end]
            case 2:
                changed[at:at] = changed[at:end]
            case 3:
                changed[at:end] = bytes(end - at)
            case _ if chance.random() < 0.2:
                del changed[at:]
    return bytes(changed)


# ---------------------------------------------------------------- what is done with it


def _open_all(copy: Path, out: Path) -> str:
    """All that opening a project does in the window, without one; "opened", "repaired" or "refused".

    Raises:
        EscapedError: it would reach outside although nobody allowed it.
    """
    folder = copy / "project"
    try:
        if (copy / "packed.tessera").exists():
            folder = out / "project"
            unpack(copy / "packed.tessera", folder)
        folder = project_folder(folder)
        outside_paths(folder)
        withhold(folder)
        if reached := outside_paths(folder):
            raise EscapedError(f"still reaches {reached[0][:80]}")
        job, sentences = open_project(folder)
        for images in job.sources.values():
            for image in images:
                if not Path(image.path).is_relative_to(folder):
                    raise EscapedError(f"reaches {image.path[:80]}")
        kept, lost = snapshots.survey(folder)
        for snapshot in kept:
            read_preview(snapshot.preview, 200)
            if snapshots.is_whole(snapshot):
                _load(snapshot)
            snapshots.revise(snapshot, name="again")
        save_job(folder, job)
        if read_project(folder).sentences:
            raise EscapedError("what was repaired and written is not whole")
        return "repaired" if sentences or lost else "opened"
    except TesseraError as error:
        if not str(error).endswith("."):
            raise EscapedError(f"no sentence: {error}") from None
        return "refused"


def _load(snapshot: snapshots.Snapshot) -> None:
    """What going back to a snapshot reads; refused in a sentence where it can not be."""
    try:
        snapshots.load_state(snapshot)
    except TesseraError as error:
        if not str(error).endswith("."):
            raise


def _memory_bytes() -> int:
    """The most that the program ever took."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    sys.exit(main())
