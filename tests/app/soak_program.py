"""`benchmarks.soak` with the toy method, until all has happened so often: `python -m tests.app.soak_program TIMES`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from benchmarks import soak
from engine import device
from engine.errors import TesseraError
from engine.training import autosave, trainer
from tests.app.toys import register

ALL_THE_TIME = soak.Pace(autosave_s=0.05, export_s=0.1, look_s=0.05, sample_s=0.2)


def main(times: int) -> int:
    patch = pytest.MonkeyPatch()
    register(patch)
    # stepping back behind other programs on a busy machine would take for ever
    patch.setattr(device, "prepare_thread", lambda *_what, **_how: None)
    patch.setattr(trainer, "REPORT_S", 0.01)  # so that the curves are full soon
    patch.setattr(autosave, "AUTOSAVE_COST", 0.0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            result = soak.play(
                Path(folder),
                "toy",
                {},
                ALL_THE_TIME,
                lambda it: min(it.seen["Exported"], it.saved, it.seen["ViewRendered"]) < times,
            )
        except TesseraError as error:
            print(error, file=sys.stderr)
            return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
