"""Which image gave how much of a picture, as a table: CSV or JSON. Counting is preview/usage.py's. No torch here."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import NamedTuple

from engine.errors import BadSettingError
from engine.files import write_atomically

ENDINGS = (".csv", ".json")


class ImageShare(NamedTuple):
    """An image, its part of the area of the collage, and of what is copied there rather than painted over; 0..1."""

    path: Path
    share: float
    copied: float = 0.0


def check_name(path: Path) -> None:
    """Raises BadSettingError: tables are not written to files that end so."""
    if path.suffix.lower() not in ENDINGS:
        raise BadSettingError(f"{path.name} ends in neither {' nor '.join(ENDINGS)}.")


def write(path: Path, shares: list[ImageShare]) -> None:
    """The table as CSV or JSON, by the name's ending; whole or not at all. Raises NoRoomError."""
    if path.suffix.lower() == ".json":
        rows = [
            {
                "image": str(each.path),
                "percent": round(100 * each.share, 3),
                "percent_of_copied": round(100 * each.copied, 3),
            }
            for each in shares
        ]
        text = json.dumps(rows, indent=1, ensure_ascii=False)
    else:
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["image", "percent", "percent_of_copied"])
        writer.writerows([str(each.path), f"{100 * each.share:.3f}", f"{100 * each.copied:.3f}"] for each in shares)
        text = table.getvalue()
    write_atomically(path, text)
