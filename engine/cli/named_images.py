"""Images that are named on the command line: files, and folders of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.cli.terminal import say
from engine.errors import UsageError
from engine.images.find import find_images


def images_of(option: str, paths: Sequence[Path], strict: bool = False) -> list[Path]:
    """The images of an option's paths, at least one; what else is there is said on the terminal.

    Args:
        strict: what is no image is an error, not a remark.

    Raises:
        UsageError: there is none.
    """
    files, problems = find_images(paths)
    if not files or (strict and problems):
        raise UsageError(f"argument {option}: {' '.join(problems)}")
    for problem in problems:
        say(problem)
    return files
