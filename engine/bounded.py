"""Reading files that somebody else may have written: how large they and what they announce may be is asked before."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

MOST_JSON_BYTES = 8 * 2**20
"""A project of ten thousand images has two million; as lists within lists so many bytes become 250 MB of memory."""
MOST_STATE_BYTES = 16 * 2**30
"""Of the weights in a snapshot."""


def read_text(path: Path, most_bytes: int = MOST_JSON_BYTES) -> str:
    """The text of a UTF-8 file.

    Raises:
        OSError: it can not be opened.
        ValueError: it is no plain file (a pipe would be waited for), larger than allowed, or not UTF-8.
    """
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise ValueError("it is not a file")
    if about.st_size > most_bytes:
        raise ValueError(f"it is larger than {most_bytes:,} bytes")
    with path.open("rb") as file:
        # no more is asked for than there is: Python makes room for all of it before it reads
        try:
            return file.read(about.st_size + 1).decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError("it is not a text in UTF-8") from None


def parse_json(text: str) -> Any:
    """JSON values; NaN and infinities, which JSON does not have, become None.

    Raises:
        ValueError: it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=lambda _name: None)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_json(path: Path, most_bytes: int = MOST_JSON_BYTES) -> Any:
    """A file's JSON values. Raises as `read_text` and `parse_json`."""
    return parse_json(read_text(path, most_bytes))


def tensors_are_whole(path: Path) -> bool:
    """Whether a safetensors file has a header of a bearable size, and all the bytes that it announces.

    Raises:
        OSError: it can not be opened.
    """
    size = path.stat().st_size
    if not stat.S_ISREG(path.stat().st_mode) or not 8 <= size <= MOST_STATE_BYTES:
        return False
    with path.open("rb") as file:
        header_bytes = int.from_bytes(file.read(8), "little")
        if header_bytes > min(MOST_JSON_BYTES, size - 8):
            return False
        try:
            header = parse_json(file.read(header_bytes).decode("utf-8"))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
            return 8 + header_bytes + max(ends, default=0) == size
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return False
