"""`--map` and `--pieces`: what is made of them, and what is said of those that can not be had."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine import moments, pieces, snapshots
from engine.__main__ import main
from engine.cli.map_arguments import MAPS
from engine.method import method_class, method_keys, method_slots
from engine.project import load_job
from tests.engine import famos_jobs, magic_jobs

QUICK = [f"{name}={value}" for name, value in magic_jobs.TINY.items()]
RED, BLUE = (220, 20, 20), (20, 40, 220)


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


def train(folder: Path, *more: str, values: Sequence[str] = QUICK) -> int:
    images = ["--style", str(folder / "a.png"), "--content", str(folder / "c.png")]
    sizes = ["--steps", "1", "--device", "cpu", "--out", str(folder / "p"), "--set", *values]
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
    (folder / "file").touch()  # as a folder that one may not write to, which an administrator always may
    assert main([*out, "--report", str(folder / "file" / "report.csv")]) == 1
    assert "nothing can be put below it" in capsys.readouterr().err
    assert not (folder / "out.png").exists()


def test_help_names_every_map() -> None:
    assert set(MAPS) == {slot.map for key in method_keys() for slot in method_slots(key) if slot.map}


# ---------------------------------------------------------------- what can be wrong


def plain_map(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (101, 77)) -> str:
    Image.new("RGB", size, color).save(path)
    return str(path)


def render(folder: Path, *more: str) -> int:
    return main(
        ["render", str(folder / "p"), "--out", str(folder / "out.png"), "--times", "1", "--device", "cpu", *more]
    )


def test_a_map_of_another_shape_is_fitted_and_that_is_said(folder, capsys):
    wide = Image.new("RGB", (300, 60), RED)
    wide.paste(BLUE, (150, 0, 300, 60))
    wide.save(folder / "wide.png")
    given = ["--map", f"pieces={folder / 'wide.png'}"]
    assert train(folder, *given, "--pieces", f"red={folder}/a.png", "--pieces", f"blue={folder}/b.png") == 0
    assert "wide.png has other proportions than the canvas, so its middle is used" in capsys.readouterr().err
    assert render(folder) == 0
    assert "wide.png has other proportions" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "color", "sentence"),
    [
        ("pieces", RED, "flat.png has one colour only, so the whole picture is one region"),
        ("content", (128, 128, 128), "flat.png is of one middle grey, so How much content changes nothing"),
        ("size", (255, 255, 255), "flat.png has one grey only, so Size of pieces acts alike everywhere"),
    ],
)
def test_a_map_of_one_colour_is_taken_and_that_is_said(name, color, sentence, folder, capsys):
    assert train(folder, "--map", f"{name}={plain_map(folder / 'flat.png', color)}") == 0
    assert sentence in capsys.readouterr().err


def test_a_region_without_an_image_is_named_and_shows_all(folder, capsys):
    regions = ["--map", f"pieces={folder / 'regions.png'}"]
    assert train(folder, *regions, "--pieces", f"red={folder}/a.png", "--pieces", f"red={folder}/b.png") == 0
    said = capsys.readouterr().err
    assert "No image is given to the blue (#1428dc) region of regions.png, so all may lie there." in said
    assert render(folder) == 0


def test_maps_that_went_missing_are_named_and_an_export_asks_for_them_or_to_leave_them_out(folder, capsys):
    where = ["--map", f"pieces={folder / 'regions.png'}", "--map", f"content={folder / 'care.png'}"]
    assert train(folder, *where, "--pieces", f"red={folder}/a.png", "--pieces", f"blue={folder}/b.png") == 0
    capsys.readouterr()
    (folder / "care.png").rename(folder / "kept.png")
    (folder / "regions.png").unlink()
    assert render(folder) == 1
    said = capsys.readouterr().err
    for name in ("regions.png", "care.png"):
        assert f"{name} is not there" in said
    assert "regions.png and 1 more can not be found, and the picture was directed by them" in said
    assert "--map pieces=none, --map content=none" in said
    assert not (folder / "out.png").exists()
    assert render(folder, "--map", "pieces=none", "--map", f"content={folder / 'kept.png'}") == 0
    job = load_job(folder / "p")
    assert [bool(job.sources[slot]) for slot in ("pieces_map", "content_map")] == [True, True], "the project keeps them"


def test_more_regions_than_pieces_are_said(folder, capsys):
    image = Image.new("RGB", (101, 77), RED)
    image.paste(BLUE, (34, 0, 101, 77))
    image.paste((20, 180, 20), (68, 0, 101, 77))
    image.save(folder / "three.png")
    famos_jobs.picture(folder / "d.png", 60, 60, 4)
    given = ["--map", f"pieces={folder / 'three.png'}"]
    for region, name in (("red", "a"), ("blue", "b"), ("green", "d")):
        given += ["--pieces", f"{region}={folder}/{name}.png"]
    assert train(folder, *given, values=(*QUICK, "set_size=2")) == 0
    assert "3 groups of images, more than" in capsys.readouterr().err


def test_all_pieces_muted_is_refused_with_the_remedy(folder, capsys):
    assert train(folder) == 0
    (folder / "out.png").write_text("an earlier picture")
    job = load_job(folder / "p")
    method = method_class("magic")(job, torch.device("cpu"))
    muted = pieces.weighed(job, method.pieces(), 0)
    kept = snapshots.keep(folder / "p", method.state(), None, job=muted, step=1, elapsed_s=0.0, terms={})
    moments.set_present(folder / "p", "magic", kept.folder)
    capsys.readouterr()
    assert render(folder) == 1
    assert "All pieces are muted, so there is nothing to lay. Unmute at least one." in capsys.readouterr().err
    assert (folder / "out.png").read_text() == "an earlier picture"
