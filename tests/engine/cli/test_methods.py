"""The command line with the methods that optimise pixels: images of all slots, and weights that are not there."""

from pathlib import Path

import pytest
import torch

from engine.__main__ import main
from engine.images.read import read_image
from engine.style import weights
from tests.engine.famos_jobs import picture
from tests.engine.pixel_jobs import GREEN, RED, doodle_job, plain_mask


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
    assert read_image(file).pixels.shape == (3, 35, 45)


def test_a_mask_that_is_missing_is_named_by_its_option(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    images = options(tmp_path)[:4]
    assert main(["train", "--method", "doodle", *images, "--steps", "1", "--out", str(tmp_path / "out")]) == 2
    assert "argument --mask: 0 images given, but Doodle needs at least 1" in capfd.readouterr().err
    mask = plain_mask(tmp_path / "m.png", 30, 30, [RED, GREEN], 0.0).path
    style = picture(tmp_path / "s.png", 64, 72, 1).path
    assert main(["train", "--style", style, "--content", style, "--mask", mask, "--steps", "1", "--out", "out"]) == 2
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
