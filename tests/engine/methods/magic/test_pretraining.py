"""A network learns from palettes and contents: reproducible, resumable, and named where an image is no use."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.__main__ import main
from engine.errors import MissingSourcesError
from engine.images.sampling import step_generator
from engine.methods.magic import pretrained, pretraining
from engine.methods.magic.conditions import RANGES
from engine.methods.magic.scenes import Scenes
from engine.methods.magic.settings import MagicSettings
from tests.engine.famos_jobs import picture
from tests.engine.magic_jobs import TINY

CPU = torch.device("cpu")
SMALL = {**TINY, "start": "nothing", "conditional": True}


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Path], list[Path]]:
    """Two palettes and two contents, and a tiny network in place of that which is shipped."""
    monkeypatch.setattr(pretraining, "SETTINGS", SMALL)
    monkeypatch.setattr(pretraining, "_SETS", (2, 4))
    for folder in ("red", "blue", "shown"):
        (tmp_path / folder).mkdir()
    names = ("red/a.png", "red/b.png", "blue/c.png", "shown/d.png", "shown/e.png")
    for seed, name in enumerate(names):
        picture(tmp_path / name, 70 + seed, 90, seed)
    files = [tmp_path / name for name in names]
    return files[:3], files[3:]


def learned(images: tuple[list[Path], list[Path]], steps: int) -> pretraining.Pretraining:
    pretrainer = pretraining.begun(*images, 3, 8, CPU)
    for step in range(steps):
        pretrainer.step(step)
    return pretrainer


def test_going_on_from_a_state_equals_never_stopping(images: tuple[list[Path], list[Path]]) -> None:
    whole, begun, resumed = learned(images, 6), learned(images, 5), learned(images, 0)
    resumed.restore(begun.state())
    resumed.step(5)
    for key, tensor in whole.state().tensors.items():
        assert tensor.equal(resumed.state().tensors[key]), key


def test_it_learns_what_it_is_told(images: tuple[list[Path], list[Path]]) -> None:
    pretrainer = learned(images, 3)
    weights = [value for key, value in pretrainer.generator.named_parameters() if "scale_shift.weight" in key]
    assert weights
    assert all(weight.abs().max() > 0 for weight in weights)


def test_what_is_written_is_read_as_the_networks_that_paint(
    images: tuple[list[Path], list[Path]], tmp_path: Path
) -> None:
    pretrainer = learned(images, 2)
    path = tmp_path / "made.safetensors"
    pretrainer.write(path)
    read = pretrained.read(path)
    assert read.settings == MagicSettings.of(SMALL)
    for key, value in pretrainer.average.state_dict().items():
        assert value.equal(read.tensors[f"generator.{key}"])


def test_weights_are_drawn_over_all_of_their_ranges() -> None:
    drawn = [pretraining.drawn_weights(step_generator(1, step)) for step in range(300)]
    for name, (least, most) in RANGES.items():
        values = sorted(values[name] for values in drawn)
        assert least <= values[0] < least * 1.2
        assert most / 1.2 < values[-1] <= most
    assert {values["correspondence"] for values in drawn} == {"blur", "pool4", "pool8", "pool16"}
    assert 10 < sum("guidance" in values for values in drawn) < 80
    assert all(MagicSettings.of(values) for values in drawn)


def test_scenes_depend_on_seed_and_step_alone(images: tuple[list[Path], list[Path]]) -> None:
    palettes, contents = [images[0][:2], images[0][2:]], images[1]
    walked, jumped = (Scenes(palettes, contents, 32, 5, CPU, []) for _ in range(2))
    for step in range(0, 24):
        walked.at(step)
    draw = walked.at(24)
    other = jumped.at(24)
    for guided in (True, False):
        a, b = (each.draw(2, 3, guided, torch.Generator().manual_seed(1)) for each in (draw, other))
        assert (a[0] is None) == (not guided)
        assert a[1].equal(b[1])
        assert a[2].view(32, 32).crops(0, 3).equal(b[2].view(32, 32).crops(0, 3))


def test_a_set_and_its_real_patch_are_of_one_palette(tmp_path: Path) -> None:
    """Each palette here is one plain colour, so that nothing of another one could hide."""
    import numpy as np
    from PIL import Image

    palettes = []
    for index, value in enumerate((40, 120, 220)):
        path = tmp_path / f"{index}.png"
        Image.fromarray(np.full((60, 60, 3), value, np.uint8)).save(path)
        palettes.append([path])
    draw = Scenes(palettes, [palettes[0][0]], 32, 2, CPU, []).at(0)
    random = torch.Generator().manual_seed(4)
    for scene in draw.chosen(8, random):
        _, style, sets = draw.draw(scene, 4, True, random)
        crops = sets.view(32, 32).crops(0, 4) * 2 - 1
        assert (crops - style[:, None]).abs().max() < 0.02


def test_files_that_can_not_be_read_are_named(images: tuple[list[Path], list[Path]], tmp_path: Path) -> None:
    broken = tmp_path / "red" / "broken.png"
    broken.write_bytes(b"no picture")
    pretrainer = pretraining.begun([*images[0], broken], images[1], 3, 8, CPU)
    (warning,) = pretrainer.warnings
    assert "broken.png" in warning
    with pytest.raises(MissingSourcesError, match="palette"):
        pretraining.begun([broken], images[1], 3, 8, CPU)
    with pytest.raises(MissingSourcesError, match="content"):
        pretraining.begun(images[0], [broken], 3, 8, CPU)


def test_the_command_makes_a_network_and_goes_on(
    images: tuple[list[Path], list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    monkeypatch.setattr("engine.cli.pretrain.prepare_thread", lambda device, threads=None: None)
    out = tmp_path / "networks" / "new.safetensors"
    folders = [str(tmp_path / "red"), str(tmp_path / "blue")]
    command = ["pretrain", *folders, "--contents", str(tmp_path / "shown"), "--out", str(out), "--device", "cpu"]
    assert main([*command, "--steps", "2"]) == 0
    assert pretrained.read(out).tensors
    assert not out.with_suffix(".state").exists(), "it is done"
    for wrong in (["--out", "x.bin"], ["--method", "famos"], ["--contents", str(tmp_path / "nowhere")]):
        assert main([*command, "--steps", "2", *wrong]) == 2
        assert wrong[0] in capfd.readouterr().err
    assert main(["pretrain", str(tmp_path / "nowhere"), "--out", str(out)]) == 2
    assert "FOLDER" in capfd.readouterr().err
