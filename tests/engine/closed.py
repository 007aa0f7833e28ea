"""A folder that one may not enter, for tests that may be run by root, to whom none is closed."""

from __future__ import annotations

import builtins
import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest


def close_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Has the system refuse all that is asked about what lies in `folder`, as to somebody without rights."""
    within = f"{folder.absolute()}{os.sep}"

    def refusing(real: Any) -> Any:
        def asked(path: Any = ".", *values: Any, **named: Any) -> Any:
            if isinstance(path, str | os.PathLike) and os.path.abspath(path).startswith(within):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
            return real(path, *values, **named)

        return asked

    for module, names in (
        (os, ("stat", "lstat", "mkdir", "scandir", "listdir", "open", "access")),
        (io, ("open",)),
        (builtins, ("open",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, refusing(getattr(module, name)))
