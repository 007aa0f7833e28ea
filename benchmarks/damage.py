"""Ways to damage the files of a project, drawn by chance: bytes, values, sizes that are announced, names."""

from __future__ import annotations

import io
import json
import random
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors import serialize_file

from engine.project import FILE_NAME

_LARGE = (2**31, 2**31 - 1, 2**32, 2**63, 2**64 - 1, -1, 0, 10**400)
_ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, 10**400, 1e308, -1e308, "", "\0", "\ud800", "../../evil", "/etc/passwd", "\\\\host\\x",
    "C:\\evil", "x" * 100_000, [], {}, [[]], {"": {}}, "NaN",
)  # fmt: skip


def damage(project: Path, kind: str, chance: random.Random) -> None:
    """Damages one file of a project: its "project", or the "snapshot", "state" or "preview" of its first snapshot."""
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


def damaged_archive(data: bytes, chance: random.Random, outside: Path) -> bytes:
    """A packed project with its bytes damaged, or packed anew with what does not belong in it.

    Args:
        outside: an absolute path that is named in it, where nothing may ever be.
    """
    if chance.random() < 0.4:
        return _mutated(data, chance)
    names = [
        "../evil",
        str(outside),
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
    packed = bytearray(out.getvalue())
    directory = packed.find(b"PK\1\2")
    if chance.random() < 0.3:  # sizes in the list of entries
        packed[directory + 20 : directory + 28] = chance.randrange(2**64).to_bytes(8, "little")
    return bytes(packed)


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
