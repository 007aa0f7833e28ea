"""`--map` and `--pieces`: what is made of them, and what is said of those that can not be had."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from engine.__main__ import main
from engine.cli.map_arguments import MAPS
from engine.method import method_keys, method_slots
from engine.project import load_job
from tests.engine import magic_jobs

QUICK = [f"{name}={value}" for name, value in magic_jobs.TINY.items()]


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("train", "render"):  # the tests keep their own number of threads
        monkeypatch.setattr(f"engine.cli.{command}.prepare_thread", lambda device, threads=None: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """a.png, b.png and c.png; a map with red at the left and blue at the right; a grey one."""
    magic_jobs.job(tmp_path)
    regions = Image.new("RGB", (101, 77), (220, 20, 20))
    regions.paste((20, 40, 220), (50, 0, 101, 77))
    regions.save(tmp_path / "regions.png")
    Image.new("L", (101, 77), 192).save(tmp_path / "care.png")
    return tmp_path


def train(folder: Path, *more: str) -> int:
    images = ["--style", str(folder / "a.png"), "--content", str(folder / "c.png")]
    sizes = ["--steps", "1", "--device", "cpu", "--out", str(folder / "p"), "--set", *QUICK]
    return main(["train", "--method", "magic", *images, *more, *sizes])


def test_maps_and_pieces_are_those_of_the_project_and_of_its_pictures(folder, capsys):
    where = ["--map", f"pieces={folder / 'regions.png'}", "--map", f"content={folder / 'care.png'}"]
    assert train(folder, *where, "--pieces", f"Red={folder}/b*.png") == 0
    sources = load_job(folder / "p").sources
    assert [(Path(image.path).name, image.regions) for image in sources["style"]] == [
        ("a.png", ("#1428dc",)),
        ("b.png", ("#dc1414",)),
    ]
    assert [Path(sources[slot][0].path).name for slot in ("pieces_map", "content_map")] == ["regions.png", "care.png"]

    def picture(name: str, *more: str) -> bytes:
        shown = ["--out", str(folder / name), "--times", "1", "--layer", "sets", "--device", "cpu", *more]
        assert main(["render", str(folder / "p"), *shown]) == 0
        return Image.open(folder / name).convert("RGB").tobytes()

    directed = picture("directed.png")
    assert picture("without.png", "--map", "pieces=none") != directed
    assert picture("again.png", "--map", f"pieces={folder / 'regions.png'}") == directed


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--map", "nothing=regions.png"], "no map nothing; it has pieces, content, size"),
        (["--map", "pieces=gone.png"], "gone.png"),
        (["--pieces", "red=b.png"], "it needs the map with the regions"),
        (["--map", "pieces=regions.png", "--pieces", "yellow=b.png"], "no region yellow; it has"),
        (["--map", "pieces=regions.png", "--pieces", "red=gone*.png"], "gone"),
        (["--map", "pieces"], "is not NAME=FILE"),
    ],
)
def test_what_is_not_there_is_named(given, sentence, folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert train(folder, *given) == 2
    assert sentence in capsys.readouterr().err
    assert not (folder / "p").exists()


def test_images_of_no_region_are_named(folder, capsys):
    regions = ["--map", f"pieces={folder / 'regions.png'}"]
    assert train(folder, *regions, "--pieces", f"red={folder}/b.png", "--pieces", f"blue={folder}/b.png") == 0
    assert "a.png may lie in no region of regions.png" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["report.csv", "report.json"])
def test_the_report_says_which_image_gave_how_much(name, folder, capsys):
    regions = ["--map", f"pieces={folder / 'regions.png'}"]
    pieces = ["--pieces", f"red={folder}/a.png", "--pieces", f"blue={folder}/b.png"]
    assert train(folder, *regions, *pieces) == 0
    out = ["--out", str(folder / "out.png"), "--times", "1", "--device", "cpu", "--report", str(folder / name)]
    assert main(["render", str(folder / "p"), *out]) == 0
    text = (folder / name).read_text("utf-8")
    if name.endswith(".json"):
        found = {Path(row["image"]).name: row["percent"] for row in json.loads(text)}
    else:
        header, *rows = csv.reader(text.splitlines())
        assert header == ["image", "percent", "percent_of_copied"]
        found = {Path(path).name: float(percent) for path, percent, _copied in rows}
    assert found == {"a.png": pytest.approx(50, abs=2), "b.png": pytest.approx(50, abs=2)}


def test_a_report_that_can_not_be_had_is_refused_before_anything_is_painted(folder, capsys):
    assert train(folder) == 0
    out = ["render", str(folder / "p"), "--out", str(folder / "out.png"), "--device", "cpu"]
    assert main([*out, "--report", str(folder / "report.txt")]) == 2
    assert "--report" in capsys.readouterr().err
    assert not (folder / "out.png").exists()


def test_help_names_every_map() -> None:
    assert set(MAPS) == {slot.map for key in method_keys() for slot in method_slots(key) if slot.map}
