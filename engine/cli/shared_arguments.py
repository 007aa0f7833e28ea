"""What several commands can be given, in the same words."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.cli.values import whole


def add_images(parser: argparse.ArgumentParser, option: str, text: str) -> None:
    """Declares an option that names images, as a list of paths; empty where it is not given."""
    parser.add_argument(option, type=Path, nargs="+", default=[], metavar="PATH", help=text)


def add_settings(parser: argparse.ArgumentParser, text: str) -> None:
    """Declares `--set`, a list of NAME=VALUE."""
    parser.add_argument("--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help=text)


def add_presets(parser: argparse.ArgumentParser, example: str) -> None:
    """Declares `--preset`, a list of names."""
    text = f"values to start from, as {example}; may be given several times"
    parser.add_argument("--preset", action="append", default=[], metavar="NAME", help=text)


def add_device(parser: argparse._ActionsContainer) -> None:
    """Declares `--device`, a key; whether it is there is asked later."""
    text = "see `tessera devices`; the fastest unless named"
    parser.add_argument("--device", default="auto", metavar="D", help=text)


def add_threads(parser: argparse._ActionsContainer) -> None:
    """Declares `--threads`, for all commands that compute."""
    text = (
        "of the processor, always so many: with the same number results are equal bit for bit, also where training was "
        "broken off; as many as pay at the moment unless given"
    )
    parser.add_argument("--threads", type=whole(1, 1024), metavar="T", help=text)


def add_json(parser: argparse.ArgumentParser, ending: str) -> None:
    """Declares `--json` of a command that takes its time.

    Args:
        ending: what the last object holds.
    """
    text = f"print a JSON object per report, and one with the {ending} at the end"
    parser.add_argument("--json", action="store_true", help=text)
