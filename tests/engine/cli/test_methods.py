"""The command line with the methods that optimise pixels: images of all slots, and weights that are not there."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine.__main__ import _parser, main
from engine.cli import train
from engine.cli.slot_options import slot_options
from engine.images.read import read_image
from engine.job import DEFAULT_METHOD
from engine.method import method_class, method_keys, method_slots
from engine.style import weights
from tests.engine.famos_jobs import picture
from tests.engine.pixel_jobs import GREEN, RED, doodle_job, plain_mask

ROOT = Path(__file__).parents[3]


def options(folder: Path) -> list[str]:
    job = doodle_job(folder)
    paths = {slot: images[0].path for slot, images in job.sources.items()}
    return ["--style", paths["style"], "--style-mask", paths["style_mask"], "--mask", paths["target_mask"]]


def test_a_doodle_is_trained_and_rendered(tmp_path: Path) -> None:
    out, file = tmp_path / "project", tmp_path / "picture.png"
    images = options(tmp_path)
    small = ["--set", "filters=4", "scales=1", "--steps", "2", "--device", "cpu"]
    assert main(["train", "--method", "doodle", *images, *small, "--out", str(out)]) == 0
    assert main(["render", str(out), "--width", "140", "--out", str(file), "--device", "cpu"]) == 0
    assert read_image(file).pixels.shape == (3, 160, 140)


def test_neural_style_is_trained_and_rendered(tmp_path: Path) -> None:
    out, file = tmp_path / "project", tmp_path / "picture.png"
    images = [
        "--style",
        picture(tmp_path / "s.png", 64, 72, 1).path,
        "--content",
        picture(tmp_path / "c.png", 70, 90, 2).path,
    ]
    small = ["--preset", "Draft", "--set", "filters=4", "scales=1", "--steps", "2", "--device", "cpu"]
    assert main(["train", "--method", "neural_style", *images, *small, "--out", str(out)]) == 0
    assert main(["render", str(out), "--out", str(file), "--device", "cpu"]) == 0
    assert read_image(file).pixels.shape == (3, 70, 90), "the content's own size, though it was trained on half of it"


def test_a_mask_that_is_missing_is_named_by_its_option(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    images = options(tmp_path)[:4]
    assert main(["train", "--method", "doodle", *images, "--steps", "1", "--out", str(tmp_path / "out")]) == 2
    assert "argument --mask: 0 images given, but Doodle needs at least 1" in capfd.readouterr().err
    mask = plain_mask(tmp_path / "m.png", 30, 30, [RED, GREEN], 0.0).path
    style = picture(tmp_path / "s.png", 64, 72, 1).path
    arguments = ["train", "--method", "famos", "--style", style, "--content", style, "--mask", mask]
    assert main([*arguments, "--steps", "1", "--out", "out"]) == 2
    assert "argument --mask: FAMOS mosaic takes no such images; it takes --style, --content" in capfd.readouterr().err


def test_without_weights_training_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "folder", lambda: tmp_path / "cache")
    style = picture(tmp_path / "s.png", 64, 72, 1).path
    arguments = ["train", "--method", "neural_style", "--preset", "Chain", "--style", style, "--content", style]
    assert main([*arguments, "--steps", "1", "--out", str(tmp_path / "out"), "--device", "cpu"]) == 1
    told = capfd.readouterr().err
    assert "tessera fetch" in told
    assert str(tmp_path / "cache" / "vgg19-dcbb9e9d.pth") in told


def test_weights_can_be_taken_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "folder", lambda: tmp_path / "cache")
    torch.save({}, tmp_path / "other.pth")
    assert main(["fetch", "--from", str(tmp_path / "other.pth")]) == 1
    assert "other.pth is not vgg19-dcbb9e9d.pth" in capfd.readouterr().err
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "vgg19-dcbb9e9d.pth").write_bytes(b"there")
    assert main(["fetch"]) == 0
    assert "is there already" in capfd.readouterr().err


def test_the_options_of_images_are_the_slots_of_all_methods(capsys: pytest.CaptureFixture[str]) -> None:
    options = slot_options()
    assert options == {
        "style": "--style",
        "content": "--content",
        "start": "--start",
        "style_mask": "--style-mask",
        "target_mask": "--mask",
    }
    for key in method_keys():
        assert method_slots(key) == method_class(key).slots
        assert {slot.key for slot in method_slots(key) if not slot.map} <= options.keys()
    assert main(["train", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"{DEFAULT_METHOD} unless named" in told
    assert "--mask PATH an image for doodle, doodle_net" in told
    assert "--style PATH [PATH ...] images, or folders of images, for all methods" in told


def test_slots_are_read_without_torch() -> None:
    code = (
        "import sys; from engine.__main__ import main; main(['train', '--help'])\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120, check=False).returncode == 0


def test_a_new_project_begins_with_the_method_of_the_window(tmp_path: Path) -> None:
    style = picture(tmp_path / "s.png", 64, 72, 1).path
    arguments = _parser(["train"]).parse_args(["train", "--style", style, "--out", str(tmp_path)])
    assert train._job(arguments, None).method == DEFAULT_METHOD == "magic"
