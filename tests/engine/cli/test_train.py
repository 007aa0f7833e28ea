"""The commands without a window: what they print, leave behind and return."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from engine import snapshots
from engine.__main__ import _read, main
from engine.cli import room
from engine.cli.commands import COMMANDS, Command
from engine.images.read import read_image
from engine.method import method_class, method_keys
from engine.project import load_job, save_job
from engine.settings import specs
from engine.training import trainer
from tests.engine import toy
from tests.engine.cli.commands import train, with_toy
from tests.engine.sessions import full_disk

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    with_toy(monkeypatch)


def test_train_leaves_a_project_with_a_final_snapshot(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "--steps", "3", "--preset", "few", "--set", "rate=0.5", "weight=2", "--seed", "11") == 0
    (snapshot,) = snapshots.listing(tmp_path / "out")
    assert (snapshot.step, snapshot.reason) == (3, "final")
    assert snapshot.preview.is_file()
    job = load_job(tmp_path / "out")
    assert job == snapshot.job
    assert (job.seed, job.stored()["settings"]) == (11, {"colors": 2, "rate": 0.5, "weight": 2.0})
    printed = capfd.readouterr()
    assert str(snapshot.folder) in printed.out
    assert "\r" not in printed.err, "no bar where nobody looks"


def test_json_is_one_object_a_report_and_the_snapshot_at_the_end(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)
    assert train(tmp_path, "--steps", "4", "--json") == 0
    *reports, ending = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [report["step"] for report in reports] == [1, 2, 3, 4]
    assert all({"steps_per_s", "elapsed_s", "distance"} <= report.keys() for report in reports)
    assert Path(ending["snapshot"]) == snapshots.listing(tmp_path / "out")[0].folder
    assert ending["step"] == 4


def test_resume_goes_on_and_equals_uninterrupted(tmp_path: Path) -> None:
    assert train(tmp_path, "--steps", "3") == 0
    assert main(["train", "--out", str(tmp_path / "out"), "--resume", "--steps", "7", "--device", "cpu"]) == 0
    assert train(tmp_path, "--steps", "7", out="whole") == 0
    resumed, whole = snapshots.listing(tmp_path / "out")[-1], snapshots.listing(tmp_path / "whole")[-1]
    assert (resumed.step, resumed.parent) == (7, "0001")
    a, b = snapshots.load_state(resumed).tensors, snapshots.load_state(whole).tensors
    assert all(a[key].equal(b[key]) for key in b)


def test_minutes_are_a_limit_too(tmp_path: Path) -> None:
    assert train(tmp_path, "--minutes", "0.0000001") == 0
    assert snapshots.listing(tmp_path / "out")[0].step == 1


def test_folders_are_expanded_and_problems_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "Bilder für später"
    folder.mkdir()
    toy.picture(folder, "b.png")
    toy.picture(folder, "a.png")
    assert train(tmp_path, "--content", str(folder), str(tmp_path / "gone"), "--steps", "1") == 0
    content = load_job(tmp_path / "out").sources["content"]
    assert [Path(image.path).name for image in content] == ["a.png", "b.png"]
    assert "gone" in capfd.readouterr().err


def test_render_paints_a_project_a_snapshot_and_a_layer(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "--steps", "2", "--canvas", "120x80") == 0
    snapshot = snapshots.listing(tmp_path / "out")[0]
    sizes = {}
    for name, arguments in {
        "folder.png": [tmp_path / "out"],
        "file.tif": [tmp_path / "out" / "project.json", "--width", "60"],
        "snapshot.png": [snapshot.folder, "--height", "40", "--layer", "mask", "--tile", "64", "--bits", "16"],
    }.items():
        capfd.readouterr()
        out = tmp_path / "rendered" / name
        assert main(["render", *map(str, arguments), "--out", str(out), "--device", "cpu"]) == 0
        sizes[name] = tuple(read_image(out).pixels.shape[1:])
        assert re.search(r"\d+ x \d+ px.*peak memory \d+ MiB", capfd.readouterr().out)
    assert sizes == {"folder.png": (80, 120), "file.tif": (40, 60), "snapshot.png": (40, 60)}
    assert len(list((tmp_path / "rendered").iterdir())) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--steps", "many"], ["--steps", "'many'", "whole number"]),
        (["--steps", "0"], ["--steps", "'0'", "from 1"]),
        (["--minutes", "-1"], ["--minutes", "-1"]),
        ([], ["--steps", "--minutes"]),
        (["--steps", "1", "--method", "alchemy"], ["--method", "alchemy", "toy"]),
        (["--steps", "1", "--preset", "huge"], ["--preset", "huge", "Few; Slow"]),
        (["--steps", "1", "--set", "rate=fast"], ["--set", "rate", "'fast'", "from 0 to 1"]),
        (["--steps", "1", "--set", "rate"], ["--set", "rate", "name=value"]),
        (["--steps", "1", "--set", "speed=3"], ["--set", "speed", "rate, weight"]),
        (["--steps", "1", "--seed", "x"], ["--seed", "'x'", "whole number"]),
        (["--steps", "1", "--canvas", "12x800"], ["--canvas", "'12x800'", "64"]),
        (["--steps", "1", "--device", "abacus"], ["--device", "abacus", "cpu"]),
        (["--steps", "1", "--content", "nowhere"], ["--content", "nowhere"]),
        (["--steps", "1", "--resume"], ["--resume", "no project"]),
        (["--steps", "1", "--sparkle"], ["--sparkle"]),
    ],
)
def test_bad_arguments_of_train_are_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], words: list[str]
) -> None:
    assert train(tmp_path, *arguments) == 2
    told = capfd.readouterr().err.strip()
    assert told.count("\n") == 0, "one sentence"
    assert all(word in told for word in words), told
    assert not (tmp_path / "out").exists()


def test_images_that_a_method_needs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--method", "toy", "--steps", "1", "--out", str(tmp_path / "out")]) == 2
    assert "--style" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--width", "3"], ["--width", "'3'", "from 16"]),
        (["--width", "90", "--height", "90"], ["--width", "--height"]),
        (["--tile", "100"], ["--tile", "'100'", "multiple of 16"]),
        (["--bits", "12"], ["--bits", "12", "8, 16"]),
        (["--layer", "dreams"], ["--layer", "dreams", "result, mask"]),
        (["--out", "picture.docx"], ["--out", "picture.docx", ".png"]),
    ],
)
def test_bad_arguments_of_render_are_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], words: list[str]
) -> None:
    assert train(tmp_path, "--steps", "1") == 0
    capfd.readouterr()
    assert main(["render", str(tmp_path / "out"), "--out", str(tmp_path / "a.png"), *arguments]) == 2
    told = capfd.readouterr().err
    assert all(word in told for word in words), told
    assert not (tmp_path / "a.png").exists()


def test_nothing_to_render(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "a.png")]
    assert main(["render", str(tmp_path / "gone"), *out]) == 2
    assert main(["render", str(tmp_path), *out]) == 2
    save_job(tmp_path / "new", toy.job(tmp_path))
    assert main(["render", str(tmp_path / "new"), *out]) == 1
    told = capfd.readouterr().err.splitlines()
    assert ["is not there" in told[0], "not a Tessera project" in told[1], "no snapshot" in told[2]] == [True] * 3


def test_a_folder_with_a_project_is_not_overwritten(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "--steps", "1") == 0
    before = (tmp_path / "out" / "project.json").read_bytes()
    assert train(tmp_path, "--steps", "1", "--seed", "99") == 2
    assert "--resume" in capfd.readouterr().err
    assert (tmp_path / "out" / "project.json").read_bytes() == before


def test_a_failure_is_one_sentence_and_leaves_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    arguments = ["train", "--method", "toy", "--style", str(tmp_path / "bad.png"), "--steps", "1"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 1
    assert "bad.png" in capfd.readouterr().err.strip().splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_a_target_below_a_file_fails_and_leaves_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert train(tmp_path, "--steps", "2", out="file/out") == 1
    assert "file is a file, so nothing can be put below it" in capfd.readouterr().err
    assert train(tmp_path, "--steps", "1") == 0
    assert main(["render", str(tmp_path / "out"), "--out", str(tmp_path / "file" / "a.png")]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out", "style.png"]


def test_out_of_memory_ends_a_training_that_nobody_watches(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    toy.Toy.trouble[2] = MemoryError()
    assert train(tmp_path, "--steps", "5") == 1
    assert "too little memory" in capfd.readouterr().err
    assert snapshots.listing(tmp_path / "out")[0].step == 2


def test_methods_are_listed_with_their_settings(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--json"]) == 0
    listed = {method["key"]: method for method in json.loads(capfd.readouterr().out)}
    assert set(listed) == set(method_keys())
    assert [setting["name"] for setting in listed["toy"]["settings"]] == ["rate", "weight", "colors", "kind"]
    assert listed["toy"]["settings"][0]["allowed"] == "a number from 0 to 1"
    assert main(["methods"]) == 0
    told = capfd.readouterr().out
    assert all(method_class(key).title in told for key in method_keys())


def test_a_method_that_is_named_is_explained(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "toy"]) == 0
    told = " ".join(capfd.readouterr().out.split())
    for spec in specs(toy.Toy.Settings):
        assert (
            " ".join(f"{spec.knob.label}{f', in {spec.knob.unit}' if spec.knob.unit else ''}. {spec.knob.help}".split())
            in told
        )
    assert told.count("`tessera render`") == sum(spec.knob.live for spec in specs(toy.Toy.Settings))
    assert "famos" not in told
    assert main(["methods", "toyy"]) == 2
    assert "did you mean toy?" in capfd.readouterr().err


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.examples])
def test_examples_of_help_are_whole_lines_that_the_command_takes(
    command: Command, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([command.name, "--help"]) == 0
    lines = capfd.readouterr().out.splitlines()
    for example in command.examples:
        assert f"  {example}" in lines
        _read(shlex.split(example)[1:])


def test_devices_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)
    assert listed[-1]["key"] == "cpu"
    assert listed[-1]["memory_total_bytes"] > 0
    assert main(["devices"]) == 0
    assert "chosen automatically" in capfd.readouterr().out


def test_help_loads_no_torch() -> None:
    code = (
        "import sys; from engine.__main__ import main; "
        "codes = [main(['--help']), main(['train', '--help']), main(['train', '--steps', 'x'])]; "
        "sys.exit(0 if codes == [0, 0, 2] and 'torch' not in sys.modules else 1)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Ctrl-C keeps a snapshot" in " ".join(done.stdout.split())


def test_the_engine_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "engine", "train"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "--out" in done.stderr


def test_a_full_disk_at_the_end_is_waited_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "EVERY_S", 0.0)
    keep, tries = snapshots.keep, []

    def full_at_first(*values, **named):
        tries.append(named["reason"])
        return full_disk() if len(tries) < 4 else keep(*values, **named)

    monkeypatch.setattr(snapshots, "keep", full_at_first)
    assert train(tmp_path, "--steps", "3") == 0
    assert [snapshot.step for snapshot in snapshots.listing(tmp_path / "out")] == [3]
    assert "tried again, for 15 minutes" in capfd.readouterr().err


def test_a_disk_that_stays_full_ends_a_training_at_last(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "EVERY_S", 0.0)
    monkeypatch.setattr(room, "PATIENCE_S", 0.0)
    monkeypatch.setattr(snapshots, "keep", full_disk)
    assert train(tmp_path, "--steps", "3") == 1
    assert "No space left on device" in capfd.readouterr().err
