"""`tessera render` with all it can: sizes on paper, formats, repeats, originals, frames, parts, and going on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from engine import moments, snapshots
from engine.__main__ import main
from engine.export import provenance, unfinished
from engine.export.journal import folder_for
from engine.images.read import read_image
from tests.engine import famos_jobs, magic_jobs
from tests.engine.export.test_encoders import press_profile

ROOT = Path(__file__).parents[3]
QUICK = [f"{name}={value}" for name, value in famos_jobs.TINY.items()]


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("train", "render"):  # the tests keep their own number of threads
        monkeypatch.setattr(f"engine.cli.{command}.prepare_thread", lambda device, threads=None: None)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two steps of FAMOS, on images of odd sizes; the canvas is 101 x 77."""
    folder = tmp_path_factory.mktemp("project")
    famos_jobs.job(folder)
    images = ["--style", str(folder / "a.png"), str(folder / "b.png"), "--content", str(folder / "c.png")]
    begun = ["train", "--method", "famos", *images]
    arguments = [*begun, "--steps", "2", "--out", str(folder / "p"), "--set", *QUICK, "style_scale=0.5"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.cli.train.prepare_thread", lambda device, threads=None: None)
        assert main([*arguments, "--device", "cpu"]) == 0
    return folder / "p"


def render(project: Path, out: Path, *more: str) -> int:
    return main(["render", str(project), "--out", str(out), "--device", "cpu", "--tile", "64", *more])


def pixels(path: Path) -> np.ndarray:
    return read_image(path).pixels.permute(1, 2, 0).numpy()


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_print_with_bleed_marks_profile_and_bits(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "print.tif"
    paper = ["--size", "20x15mm", "--dpi", "254", "--bleed", "2mm", "--marks"]
    assert render(project, out, *paper, "--bits", "16", "--profile", "adobe-rgb", "--compression", "none") == 0
    picture = tifffile.imread(out)
    assert picture.dtype == np.uint16
    assert picture.shape == (150 + 40 + 160, 200 + 40 + 160, 3)
    assert (picture[:50, 200] == 65535).all(), "white paper around"
    with tifffile.TiffFile(out) as file:
        tags = file.pages.first.tags
        assert tags["XResolution"].value[0] / tags["XResolution"].value[1] == pytest.approx(254)
        assert b"Adobe RGB (1998) compatible" in tags["InterColorProfile"].value
    assert left_in(tmp_path) == ["print.tif"]


def test_a_paper_lies_as_the_picture_does_and_what_it_cuts_is_told(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The canvas is 101 x 77: a paper lies; where it shall stand, half of the picture is lost."""
    assert render(project, tmp_path / "lying.png", "--size", "A5", "--dpi", "20") == 0
    assert pixels(tmp_path / "lying.png").shape[:2] == (117, 165)
    assert "7% are cut away" in capsys.readouterr().err
    assert render(project, tmp_path / "standing.png", "--size", "A5 upright", "--dpi", "20") == 0
    assert pixels(tmp_path / "standing.png").shape[:2] == (165, 117)
    assert "46% are cut away" in capsys.readouterr().err
    assert render(project, tmp_path / "whole.png", "--width", "202") == 0
    assert "cut away" not in capsys.readouterr().err


def test_bleed_is_more_of_the_picture(project: Path, tmp_path: Path) -> None:
    assert render(project, tmp_path / "a.png", "--width", "202") == 0
    assert render(project, tmp_path / "b.png", "--width", "202", "--bleed", "12") == 0
    plain, bleeding = pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png")
    assert bleeding.shape == (plain.shape[0] + 24, plain.shape[1] + 24, 3)
    assert (bleeding[12:-12, 12:-12] == plain).all()
    assert not (bleeding[:12, 12:-12] == plain[11::-1]).all(), "and not a mirror image of it"


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".psd", ".dzi", ".tiff"])
def test_every_format_restores_the_project(project: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"mosaic{suffix}"
    assert render(project, out, "--quality", "90") == 0
    origin = provenance.read(out, [project.parent])
    assert origin.job == snapshots.listing(project)[-1].job
    assert (origin.step, origin.missing) == (2, ())
    assert render(project, out, "--no-provenance") == 0
    assert b"tessera" not in out.read_bytes().lower()


def test_cmyk_for_a_press(project: Path, tmp_path: Path) -> None:
    (tmp_path / "press.icc").write_bytes(press_profile())
    assert render(project, tmp_path / "a.tif", "--profile", str(tmp_path / "press.icc"), "--intent", "perceptual") == 0
    with Image.open(tmp_path / "a.tif") as image:
        assert image.mode == "CMYK"


def test_from_the_originals_shows_more_detail(project: Path, tmp_path: Path) -> None:
    assert render(project, tmp_path / "more.png", "--times", "2", "--more-pieces") == 0
    assert render(project, tmp_path / "named.png", "--times", "2", "--from-originals") == 0
    assert render(project, tmp_path / "originals.png", "--times", "2") == 0
    more, named, originals = (pixels(tmp_path / f"{name}.png") for name in ("more", "named", "originals"))
    assert more.shape == originals.shape == (154, 202, 3)
    assert not (more == originals).all()
    assert (named == originals).all(), "it is what is done where nothing is said"


def test_a_picture_is_at_least_as_large_as_its_content(project: Path, tmp_path: Path) -> None:
    job = snapshots.listing(project)[-1].job
    small = project.parent / "small"
    half = ["--style", job.sources["style"][0].path, "--content", job.sources["content"][0].path, "--steps", "1"]
    arguments = ["train", "--method", "famos", *half, "--out", str(small), "--set", *QUICK, "content_scale=0.5"]
    assert main([*arguments, "--device", "cpu"]) == 0
    assert render(small, tmp_path / "a.png") == 0
    assert pixels(tmp_path / "a.png").shape == (77, 101, 3)
    assert render(small, tmp_path / "b.png", "--times", "1") == 0
    assert pixels(tmp_path / "b.png").shape == (38, 50, 3)


def test_other_contents_are_painted_in_their_own_shapes(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    others = tmp_path / "others"
    others.mkdir()
    famos_jobs.picture(others / "tall.png", 120, 60, 8)
    famos_jobs.picture(others / "wide.png", 40, 110, 9)
    assert render(project, tmp_path / "a.png", "--content", str(others / "tall.png")) == 0
    assert render(project, tmp_path / "all.png", "--content", str(others)) == 0
    tall, wide = (pixels(tmp_path / f"all-{name}.png") for name in ("tall", "wide"))
    assert tall.shape == (125, 62, 3), "about as many pixels as were trained for, or the image's own"
    assert wide.shape == (53, 146, 3)
    assert (pixels(tmp_path / "a.png") == tall).all()
    capfd.readouterr()
    assert render(project, tmp_path / "b.png", "--content", str(tmp_path / "none.png")) == 2
    assert "argument --content: " in capfd.readouterr().err
    assert render(project, tmp_path / "b.png", "--style", str(others)) == 2, "FAMOS knows its style by heart"


def test_magic_takes_other_styles(tmp_path: Path) -> None:
    magic_jobs.job(tmp_path)
    style, content = str(tmp_path / "a.png"), str(tmp_path / "c.png")
    quick = [f"{name}={value}" for name, value in magic_jobs.TINY.items()]
    begun = ["train", "--method", "magic", "--style", style, "--content", content, "--steps", "1", "--set", *quick]
    assert main([*begun, "--out", str(tmp_path / "p"), "--device", "cpu"]) == 0
    assert render(tmp_path / "p", tmp_path / "x.png") == 0
    famos_jobs.picture(tmp_path / "other.png", 90, 80, 12)
    assert render(tmp_path / "p", tmp_path / "y.png", "--style", str(tmp_path / "other.png")) == 0
    assert pixels(tmp_path / "x.png").shape == pixels(tmp_path / "y.png").shape == (77, 101, 3)
    assert not (pixels(tmp_path / "x.png") == pixels(tmp_path / "y.png")).all()


def test_a_repeat_closes(project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert render(project, tmp_path / "a.png", "--repeat", "--bleed", "8") == 0
    picture = pixels(tmp_path / "a.png")
    height, width = picture.shape[0] - 16, picture.shape[1] - 16
    assert (height, width) == (76, 100), "whole grains"
    assert (picture[:16] == picture[height : height + 16]).all()
    assert (picture[:, :16] == picture[:, width : width + 16]).all()


def test_json_tells_progress_and_the_end(project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert render(project, tmp_path / "a.png", "--width", "300", "--json") == 0
    *reports, end = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [report["done"] for report in reports] == sorted(report["done"] for report in reports)
    assert (end["width"], end["height"], end["out"]) == (300, 229, str(tmp_path / "a.png"))
    assert 0.8 < end["seam"] < 1.2
    assert render(project, tmp_path / "b.png", "--width", "300", "--tile", "96") == 0
    assert (pixels(tmp_path / "a.png") == pixels(tmp_path / "b.png")).all(), "no tile shows where it ends"


def test_parts_on_a_shared_disk(project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    size = ["--width", "300"]
    assert render(project, tmp_path / "whole.png", *size) == 0
    out = tmp_path / "shared" / "parts.png"
    for part in ("2/3", "1/3"):
        assert render(project, out, *size, "--part", part) == 0
    assert not out.exists()
    capfd.readouterr()
    assert render(project, out, *size, "--assemble") == 1
    assert "not painted yet" in capfd.readouterr().err
    assert render(project, out, *size, "--part", "3/3") == 0
    assert "Part 3 of 3" in capfd.readouterr().out
    assert render(project, out, *size, "--assemble") == 0
    assert (pixels(out) == pixels(tmp_path / "whole.png")).all()
    assert left_in(out.parent) == ["parts.png"]


def test_devices_share_the_tiles(project: Path, tmp_path: Path) -> None:
    assert render(project, tmp_path / "one.png", "--width", "300") == 0
    assert render(project, tmp_path / "two.png", "--width", "300", "--devices", "cpu,cpu") == 0
    assert (pixels(tmp_path / "one.png") == pixels(tmp_path / "two.png")).all()


def test_a_kept_canvas_needs_no_painting(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    canvas = ["--canvas", str(tmp_path / "canvas")]
    assert render(project, tmp_path / "a.png", *canvas) == 0
    assert f"canvas kept in {tmp_path / 'canvas'}" in capfd.readouterr().out

    def never(*_: Any) -> None:
        pytest.fail("painted")

    monkeypatch.setattr("engine.methods.famos.method.Famos.paint", never)
    assert render(project, tmp_path / "a.jpg", *canvas) == 0
    assert render(project, tmp_path / "a.jpg", *canvas, "--times", "2") == 1
    assert "holds another picture" in capfd.readouterr().err


KILLED = """
import os, signal, sys
from engine.__main__ import main
from engine.methods.famos.method import Famos

left, paint = int(sys.argv[1]), Famos.layers_of

def fatal(self, *arguments):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return paint(self, *arguments)

Famos.layers_of = fatal
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_render_is_gone_on_with(project: Path, tmp_path: Path) -> None:
    options = ["--width", "300", "--device", "cpu", "--tile", "64"]
    assert main(["render", str(project), "--out", str(tmp_path / "whole.png"), *options]) == 0
    out = tmp_path / "killed.png"
    command = ["render", str(project), "--out", str(out), *options]
    arguments = [sys.executable, "-c", KILLED, "8", *command]  # the first is small, and for the credits
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    killed = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not out.exists()
    (begun,) = unfinished.listing(project)
    assert begun.folder == folder_for(out)
    assert (begun.done, begun.total) == (7, 20)
    assert unfinished.request_of(begun).out == out
    assert begun.canvas_file().glance(60).max() > 0
    assert main([*command, "--resume"]) == 0
    assert (pixels(out) == pixels(tmp_path / "whole.png")).all()
    assert unfinished.listing(project) == []


def test_resume_after_more_training_paints_with_the_weights_that_it_was_begun_with(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    first = snapshots.listing(project)[-1].folder
    assert render(first, tmp_path / "whole.png", "--width", "200") == 0
    from engine.methods.famos.method import Famos

    paint, left = Famos.layers_of, iter(range(3))

    def stopped(self: Famos, *arguments: Any) -> Any:
        if next(left, None) is None:
            raise ZeroDivisionError
        return paint(self, *arguments)

    out = tmp_path / "a.png"
    with monkeypatch.context() as patch:
        patch.setattr(Famos, "layers_of", stopped)
        assert render(project, out, "--width", "200") == 1
    assert main(["train", "--out", str(project), "--resume", "--steps", "3", "--device", "cpu"]) == 0
    assert snapshots.listing(project)[-1].folder != first
    assert render(project, out, "--width", "200", "--resume") == 0
    assert (pixels(out) == pixels(tmp_path / "whole.png")).all()


def test_images_that_were_moved(project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert render(project, tmp_path / "before.png") == 0
    (project.parent / "b.png").rename(elsewhere / "b.png")
    try:
        assert render(project, tmp_path / "after.png") == 1
        told = capfd.readouterr().err
        assert "b.png can not be found" in told
        assert render(project, tmp_path / "after.png", "--images", str(elsewhere)) == 0
    finally:
        (elsewhere / "b.png").rename(project.parent / "b.png")
    assert (pixels(tmp_path / "after.png") == pixels(tmp_path / "before.png")).all()


def test_frames_become_numbered_pictures(project: Path, tmp_path: Path) -> None:
    film = tmp_path / "film"
    film.mkdir()
    for number in range(3):
        famos_jobs.picture(film / f"{number}.png", 40, 50, number)
    assert render(project, tmp_path / "out" / "walk.jpg", "--frames", str(film), "--width", "64") == 0
    assert left_in(tmp_path / "out") == ["walk-00001.jpg", "walk-00002.jpg", "walk-00003.jpg"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--size", "60x90miles"], ["--size", "is not a size"]),
        (["--size", "A1", "--width", "90"], ["--size", "--width"]),
        (["--bleed", "much"], ["--bleed", "is not a length"]),
        (["--dpi", "0"], ["--dpi", "'0'"]),
        (["--profile", "nowhere.icc"], ["--profile", "nowhere.icc", "could not be read"]),
        (["--profile", "adobergb"], ["--profile", "did you mean adobe-rgb?"]),
        (["--profile", "warm"], ["--profile", "there are srgb, adobe-rgb", ".icc"]),
        (["--pieces", "red"], ["--pieces", "REGION=IMAGES"]),
        (["--quality", "101"], ["--quality", "from 1 to 100"]),
        (["--intent", "vivid"], ["--intent", "perceptual"]),
        (["--part", "4/3"], ["--part", "'4/3'", "2/5"]),
        (["--part", "1/3", "--assemble"], ["--assemble", "without --part"]),
        (["--devices", "cpu,abacus"], ["--devices", "abacus"]),
        (["--devices", "cpu,"], ["--devices", "cuda:0,cuda:1"]),
        (["--out", "a.jpg", "--bits", "16"], ["--out", "8 bits"]),
        (["--out", "a.mov", "--frames", "."], ["--out", ".mp4"]),
    ],
)
def test_bad_arguments_are_named(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], words: list[str]
) -> None:
    before = left_in(project)
    film = tmp_path / "film"
    film.mkdir()
    famos_jobs.picture(film / "0.png", 20, 20, 0)
    arguments = [str(film) if argument == "." else argument for argument in arguments]
    capfd.readouterr()
    assert render(project, tmp_path / "x" / "a.png", *arguments) == 2
    told = capfd.readouterr().err.strip()
    assert told.count("\n") == 0, "one sentence"
    assert all(word in told for word in words), told
    assert not (tmp_path / "x").exists()
    assert left_in(project) == before


@pytest.mark.parametrize("way", ["--repeat", "--from-originals"])
def test_a_method_that_does_not_know_a_way_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], way: str
) -> None:
    from tests.engine import toy

    toy.register(monkeypatch)
    style = toy.picture(tmp_path)
    train = ["train", "--method", "toy", "--style", str(style), "--steps", "1", "--out", str(tmp_path / "p")]
    assert main([*train, "--device", "cpu"]) == 0
    capfd.readouterr()
    assert render(tmp_path / "p", tmp_path / "a.png", way) == 2
    assert f"argument {way}: Toy does not know this option" in capfd.readouterr().err


def test_a_sweep_is_an_animation_along_a_live_setting(project: Path, tmp_path: Path) -> None:
    assert render(project, tmp_path / "walk.png", "--width", "64", "--sweep", "temperature=0.05:4:3") == 0
    assert left_in(tmp_path) == ["walk-0001.png", "walk-0002.png", "walk-0003.png"]
    first, middle, last = (pixels(tmp_path / f"walk-000{index}.png").astype(int) for index in (1, 2, 3))
    assert abs(first - last).mean() > abs(first - middle).mean() * 0.5 > 0
    alone = tmp_path / "alone.png"
    assert render(project, alone, "--width", "64", "--set", "temperature=4") == 0
    assert (pixels(alone) == last).all()


@pytest.mark.parametrize("name", ["walk.png", "walk.mp4"])
def test_a_film_that_will_stand_still_is_told_once(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    soft_edges = ("--sweep", "feather_px=0:4:3")  # of a map, and there is none
    assert render(project, tmp_path / name, "--width", "64", *soft_edges) == 0
    assert capfd.readouterr().err.count("will stand still") == 1


def test_a_sweep_to_a_video_has_the_same_pictures(project: Path, tmp_path: Path) -> None:
    walk = ("--width", "64", "--sweep", "temperature=0.05:4:3")
    assert render(project, tmp_path / "walk.png", *walk) == 0
    assert render(project, tmp_path / "walk.avi", *walk) == 0
    assert left_in(tmp_path) == ["walk-0001.png", "walk-0002.png", "walk-0003.png", "walk.avi"]
    video = cv2.VideoCapture(str(tmp_path / "walk.avi"))
    frames = [video.read()[1] for _ in range(3)]
    assert not video.read()[0]
    for index, frame in enumerate(frames, start=1):
        picture = pixels(tmp_path / f"walk-000{index}.png").astype(int)[: frame.shape[0], : frame.shape[1], ::-1]
        assert abs(frame.astype(int) - picture).mean() < 20, "but for the video's compression"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--set", "templates=9"), "argument --set: templates needs other networks"),
        (("--set", "temperature=99"), "argument --set: temperature can not be 99"),
        (("--sweep", "temperature=1:2"), "argument --sweep: temperature=1:2: write it as name=first:last:count"),
        (("--sweep", "temperature=1:2:1"), "the count can not be 1"),
        (("--sweep", "temperature=0:2:3"), "temperature can not be 0"),
        (("--sweep", "colour=0:2:3"), "There is no setting colour"),
        (("--sweep", "depth=2:4:3"), "depth needs other networks"),
        (("--sweep", "temperature=1:2:3", "--resume"), "argument --sweep: it does not go with --frames"),
    ],
)
def test_sweeps_that_can_not_be_had(
    option: tuple[str, ...], message: str, project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert render(project, tmp_path / "walk.png", *option) == 2
    assert message in capfd.readouterr().err
    assert left_in(tmp_path) == []


def with_one_moment(project: Path, folder: Path) -> tuple[Path, snapshots.Snapshot]:
    """A copy of a project that stands at its first moment and has no other."""
    mine = folder / "mine"
    shutil.copytree(project, mine)
    first, *others = snapshots.listing(mine)
    for snapshot in others:
        snapshots.remove(snapshot)
    moments.set_present(mine, "famos", first.folder)
    return mine, first


def test_a_project_is_painted_from_where_it_stands(project: Path, tmp_path: Path) -> None:
    """After a way back the window shows that moment, and the newest was printed."""
    mine, first = with_one_moment(project, tmp_path)
    assert main(["train", "--out", str(mine), "--resume", "--steps", "6", "--device", "cpu"]) == 0
    newest = snapshots.listing(mine)[-1]
    for moment in (first, newest):
        assert render(moment.folder, tmp_path / f"{moment.folder.name}.png") == 0
        moments.set_present(mine, "famos", moment.folder)
        assert render(mine, tmp_path / "present.png") == 0
        assert (pixels(tmp_path / "present.png") == pixels(tmp_path / f"{moment.folder.name}.png")).all()
    assert (pixels(tmp_path / "0001.png") != pixels(tmp_path / "present.png")).any()


def test_a_damaged_snapshot_is_named_where_there_is_no_other(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """ "Train it first" was said of a project that had been trained for hours."""
    mine, first = with_one_moment(project, tmp_path)
    (first.folder / "state.safetensors").write_bytes(b"cut")
    assert render(mine, tmp_path / "a.png") == 1
    assert f"The snapshot {first.folder} is damaged." in capfd.readouterr().err
