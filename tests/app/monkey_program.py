"""`benchmarks.monkey` with the toy methods, which take no time: `python -m tests.app.monkey_program ACTIONS SEED`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from benchmarks import monkey
from engine import heap
from engine.errors import TesseraError
from tests.app.toys import register
from tests.engine import toy_two


def main(actions: int, seed: int) -> int:
    heap.keep_freed()  # as the program does, before there are threads
    patch = pytest.MonkeyPatch()
    register(patch)
    toy_two.register(patch)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            result = monkey.play(Path(folder), actions, seed, {}, told=bool(os.environ.get("TOLD")))
        except TesseraError as error:
            print(error, file=sys.stderr)
            return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
