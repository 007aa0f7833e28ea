"""A film along a setting of which the networks take no notice is told of before it is painted."""

from pathlib import Path

import pytest
import torch

from engine.box import Size
from engine.device import choose
from engine.export.painting import Present
from engine.export.run import ExportRun
from engine.messages.events import Warned
from engine.messages.exports import Exported, ExportRequest, Progressed
from engine.methods.famos.method import Famos
from tests.engine import famos_jobs

SIZE = Size(48, 64)


@pytest.mark.parametrize("name", ["walk.mp4", "walk.png"])
@pytest.mark.parametrize(
    ("channels", "sweep", "still"),
    [(0, "noise_drift=0:1:3", True), (16, "noise_drift=0:1:3", False), (0, "temperature=0.05:4:3", False)],
    ids=["deaf to the noise", "follows the noise", "another setting"],
)
def test_a_film_that_would_stand_still_is_told(
    tmp_path: Path, name: str, channels: int, sweep: str, still: bool
) -> None:
    job = famos_jobs.job(tmp_path, {"global_noise": channels, "local_noise": channels})
    present = Present(Famos(job, torch.device("cpu")), job, 1, 0.0, {}, None)
    request = ExportRequest(tmp_path / name, SIZE, sweep=sweep)
    export = ExportRun(request, present, tmp_path / "project", choose("cpu"))
    findings = [finding.message for finding in export.inspect(probe=False) if finding.kind == "still"]
    events = list(export.run(lambda: False, lambda: False))
    warnings = [event.message for event in events if isinstance(event, Warned)]
    assert findings == warnings
    assert len(warnings) == still
    assert all("stand still" in message and "On the way to the next" in message for message in warnings)
    first = next(place for place, event in enumerate(events) if isinstance(event, Progressed))
    assert not any(isinstance(event, Warned) for event in events[first:]), "before anything is painted"
    assert isinstance(events[-1], Exported), "and it is painted all the same"
