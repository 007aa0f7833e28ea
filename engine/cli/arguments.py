"""What the small commands can be given."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path


def add_fetch(fetch: ArgumentParser) -> None:
    """Of `tessera fetch`."""
    fetch.add_argument("--from", type=Path, metavar="FILE", dest="file", help="take them from this file instead")


def add_listing(command: ArgumentParser) -> None:
    """Of commands that list something."""
    command.add_argument("--json", action="store_true", help="print JSON")
