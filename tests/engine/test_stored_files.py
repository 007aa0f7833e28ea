"""Files that version 0.1 wrote still open, and give what they gave: see tests/data/v0.1/README.md.

Numbers are compared with a tolerance, since the last bits depend on the processor and its number of threads;
`tests/data/v0.1/compare.py` compares exactly, on a machine like the one that made them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine import snapshots
from engine.__main__ import main
from engine.export import journal, provenance, unfinished
from engine.method import method_class
from engine.project import load_job

STORED = Path(__file__).parents[1] / "data" / "v0.1" / "command"
WRITTEN = ("famos", "magic", "neural_style", "doodle", "texture", "stylize", "doodle_net")
"""The methods of version 0.1."""
CLOSE = 0.01
"""Of the largest value of a tensor, or of white."""
INDIFFERENT = 1e-6
"""Of the largest gradient of a network: what is below may be nothing but rounding, as that of a bias before an instance
norm, which takes it away again. Adam makes whole steps of it, whose signs are the processor's."""


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of 0.1 in another folder, whose name has a space and an umlaut."""
    place = tmp_path_factory.mktemp("moved ä") / "command"
    shutil.copytree(STORED, place)
    for name in ("famos/unfinished.json", "doodle_net/unfinished.json", "crashed/film.png.unfinished/frames.json"):
        text = (place / name).read_text(encoding="utf-8")
        whole = json.dumps(str(place))[1:-1]
        (place / name).write_text(text.replace("/nonexistent", whole), encoding="utf-8")
    return place


def assert_close(name: str, now: torch.Tensor, then: torch.Tensor, decided: torch.Tensor) -> None:
    assert now.shape == then.shape, name
    largest = float(then.double().abs().max()) if then.numel() else 0.0
    off = float(((now.double() - then.double()).abs() * decided).max()) if then.numel() else 0.0
    assert off <= CLOSE * max(largest, 1e-6), f"{name} is off by {off:.3g} of {largest:.3g}"


def assert_same_picture(now: Path, then: Path) -> None:
    a, b = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (now, then))
    assert a is not None
    assert b is not None
    assert a.shape == b.shape
    assert np.abs(a.astype(np.float64) - b).max() <= CLOSE * (65_535 if b.max() > 255 else 255)


@pytest.mark.parametrize("key", WRITTEN)
def test_a_project_opens_and_goes_on_as_it_did(moved: Path, key: str) -> None:
    check_goes_on(moved / key)


def check_goes_on(project: Path) -> None:
    """The step after its first snapshot leads to its second one."""
    job = load_job(project)
    assert all(Path(image.path).is_file() for images in job.sources.values() for image in images)
    first, second = snapshots.listing(project)
    assert (first.step, first.reason, second.step, second.parent) == (3, "final", 4, first.folder.name)
    assert first.job == job
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        method = method_class(job.method)(first.job, torch.device("cpu"))
        assert method.restore(snapshots.load_state(first)) == []
        method.step(first.step)
    finally:
        torch.set_num_threads(threads)
    now, then = method.state().tensors, snapshots.load_state(second).tensors
    assert now.keys() == then.keys()
    for name, tensor in then.items():
        assert_close(name, now[name], tensor, decided(name, then))


@pytest.mark.parametrize("key", ["texture", "stylize"])
def test_a_project_of_format_2_goes_on_as_it_did(key: str, tmp_path: Path) -> None:
    """Its kernels have other sizes than those of a new one, which no setting of it says."""
    data = STORED.parents[1]
    shutil.copytree(STORED / "images", tmp_path / "v0.1" / "command" / "images")
    shutil.copytree(data / "format2" / key, tmp_path / "format2" / key)
    check_goes_on(tmp_path / "format2" / key)


def decided(name: str, state: dict[str, torch.Tensor]) -> torch.Tensor:
    """Where the loss has a say in a tensor of a state, by the squares of gradients that Adam has averaged; else 1."""
    weight = name.replace("average.", "generator.").removeprefix("optimizer.").partition(".exp_avg")[0]
    own = state.get(f"optimizer.{weight}.exp_avg_sq")
    if own is None:
        return torch.ones(())
    squares = [value for key, value in state.items() if key.startswith("optimizer.") and key.endswith("_avg_sq")]
    return own >= INDIFFERENT**2 * max(float(value.max()) for value in squares)


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in WRITTEN if method_class(key).painting_version == 1])
def test_a_snapshot_is_painted_as_it_was(moved: Path, tmp_path: Path, key: str) -> None:
    out = tmp_path / "now.png"
    size = ["--width", "96", "--bits", "16", "--tile", "64"]
    if "originals" in method_class(key).capabilities:
        size.append("--more-pieces")  # of 0.1, MAGIC knew nothing else
    assert main(["render", str(moved / key), "--out", str(out), *size, "--device", "cpu"]) == 0
    assert_same_picture(out, STORED / "pictures" / f"{key}.png")


@pytest.mark.parametrize("name", [*(f"{key}.png" for key in WRITTEN), "print.tif", "file.jpg", "file.psd"])
def test_an_exported_file_brings_its_settings_back(moved: Path, name: str) -> None:
    key = Path(name).stem if Path(name).stem in WRITTEN else "famos"
    origin = provenance.read(moved / "pictures" / name, [moved / "images"])
    job = load_job(moved / key)
    assert (origin.job.method, origin.job.settings, origin.job.seed) == (job.method, job.settings, job.seed)
    assert (origin.step, origin.layer, origin.missing) == (4, "result", ())


def test_an_export_that_was_begun_is_found_and_refused_where_it_is_painted_otherwise_now(
    moved: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (begun,) = unfinished.listing(moved / "famos")
    assert (begun.done, begun.total) == (2, 4)
    request = unfinished.request_of(begun)
    assert request.resume
    assert request.snapshot is not None
    assert request.snapshot.resolve() == moved / "famos" / "snapshots" / "0001"
    assert (request.size, request.bits) == (begun.picture.size, 16)
    out = moved / "crashed" / "famos.png"
    size = ["--width", "100", "--bits", "16", "--tile", "64"]
    arguments = ["render", str(request.snapshot), "--out", str(out), *size, "--resume", "--device", "cpu"]
    assert main(arguments) == 1, "beyond its canvas, and at the border, FAMOS paints another picture than 0.1"
    assert "holds another picture" in capfd.readouterr().err


def test_a_film_that_was_begun_is_refused_where_it_is_painted_otherwise_now(
    moved: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out, snapshot = moved / "crashed" / "film.png", moved / "famos" / "snapshots" / "0001"
    painted = (moved / "crashed" / "film-00001.png").stat().st_mtime_ns
    arguments = ["--frames", str(moved / "frames"), "--width", "80", "--tile", "64", "--resume", "--device", "cpu"]
    assert main(["render", str(snapshot), "--out", str(out), *arguments]) == 1
    assert "painted otherwise" in capfd.readouterr().err
    assert (moved / "crashed" / "film-00001.png").stat().st_mtime_ns == painted


def test_canvases_of_parts_and_of_other_places_are_found(moved: Path) -> None:
    for name in ("doodle_net", "parts.png.unfinished"):
        begun = journal.find(moved / "crashed" / name)
        assert begun is not None
        assert 0 < begun.done < begun.total
        assert begun.canvas_file().size == begun.picture.size
