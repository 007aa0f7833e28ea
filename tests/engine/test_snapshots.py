"""Snapshots: what is written is read again, and nothing that is damaged is taken for whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import snapshots
from engine.box import Size
from engine.errors import BadProjectError, BadSettingError, NoRoomError
from engine.images.read import read_image
from engine.job import Job, SourceImage
from engine.method import State
from tests.engine import toy


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)


def state() -> State:
    tensors = {
        "weight": torch.rand(3, 4, 5, 5).to(memory_format=torch.channels_last),
        "half": torch.rand(7).bfloat16(),
        "count": torch.tensor(3),
        "none": torch.empty(0, 4),
    }
    return State(tensors, {"rate": 0.1 + 0.2, "names": ["α", "b"], "nothing": None})


def keep(project: Path, name: str = "", **changes: object) -> snapshots.Snapshot:
    image = SourceImage(path=str(project / "a b ü.png"))
    job = Job(method="toy", settings=toy.ToySettings(colors=3), sources={"style": (image,)}, seed=5)
    values: dict = {"job": job, "step": 12, "elapsed_s": 1.25, "terms": {"loss": 0.1}, "name": name, **changes}
    return snapshots.keep(project, values.pop("state", state()), values.pop("preview", None), **values)


def test_a_snapshot_is_read_as_it_was_written(tmp_path: Path) -> None:
    before = state()
    kept = keep(tmp_path, "der schöne", state=before, parent="0003", reason="final")
    again = snapshots.read(kept.folder)
    assert again == kept
    assert (again.name, again.step, again.elapsed_s, again.parent) == ("der schöne", 12, 1.25, "0003")
    after = snapshots.load_state(again)
    assert after.plain == before.plain
    assert after.tensors.keys() == before.tensors.keys()
    for key, tensor in before.tensors.items():
        assert after.tensors[key].dtype == tensor.dtype
        assert torch.equal(after.tensors[key], tensor)


def test_the_size_of_the_canvas_is_kept_and_may_be_missing(tmp_path: Path) -> None:
    assert snapshots.read(keep(tmp_path, canvas_size=Size(300, 400)).folder).canvas_size == Size(300, 400)
    older = keep(tmp_path).folder
    about = json.loads((older / "snapshot.json").read_text())
    del about["canvas"]
    (older / "snapshot.json").write_text(json.dumps(about))
    assert snapshots.read(older).canvas_size is None


def test_the_picture_is_kept(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    kept = keep(tmp_path / "100 % [1]", preview=picture)
    assert np.array_equal(read_image(kept.preview).pixels.permute(1, 2, 0).numpy(), picture)
    assert not keep(tmp_path).preview.exists()


def test_snapshots_are_listed_oldest_first_and_numbered_on(tmp_path: Path) -> None:
    assert snapshots.listing(tmp_path / "not yet") == []
    names = [f"number {index}" for index in range(12)]
    kept = [keep(tmp_path, name) for name in names]
    assert [snapshot.name for snapshot in snapshots.listing(tmp_path)] == names
    snapshots.remove(kept[3])
    assert keep(tmp_path).folder.name == "0013"
    assert len(snapshots.listing(tmp_path)) == 12


def test_renaming_changes_only_the_name(tmp_path: Path) -> None:
    kept = keep(tmp_path, "a")
    renamed = snapshots.revise(kept, name="größer")
    assert renamed.name == "größer"
    assert snapshots.listing(tmp_path) == [renamed]
    assert renamed.job == kept.job
    assert snapshots.load_state(renamed).tensors.keys() == state().tensors.keys()


def test_removing_leaves_nothing_behind_and_may_be_repeated(tmp_path: Path) -> None:
    kept = keep(tmp_path)
    snapshots.remove(kept)
    snapshots.remove(kept)
    assert list((tmp_path / snapshots.FOLDER).iterdir()) == []
    with pytest.raises(BadProjectError):
        snapshots.revise(kept, name="b")


def damage_about(folder: Path) -> None:
    (folder / "snapshot.json").write_text('{"format": 1')


def damage_weights(folder: Path) -> None:
    data = (folder / "state.safetensors").read_bytes()
    (folder / "state.safetensors").write_bytes(data[:-1])


def damage_keys(folder: Path) -> None:
    about = json.loads((folder / "snapshot.json").read_text())
    del about["job"]["sources"]
    (folder / "snapshot.json").write_text(json.dumps(about))


def remove_weights(folder: Path) -> None:
    (folder / "state.safetensors").unlink()


def rename_a_setting(folder: Path) -> None:
    about = json.loads((folder / "snapshot.json").read_text())
    about["job"]["settings"] = {"rait": 0.5}
    (folder / "snapshot.json").write_text(json.dumps(about))


def test_a_snapshot_with_a_setting_that_is_unknown_says_so_and_is_left_out(tmp_path: Path) -> None:
    good, bad = keep(tmp_path, "good"), keep(tmp_path, "bad")
    rename_a_setting(bad.folder)
    assert snapshots.listing(tmp_path) == [good]
    with pytest.raises(BadSettingError, match="There is no setting rait; there are rate"):
        snapshots.read(bad.folder)


def from_the_future(folder: Path) -> None:
    about = json.loads((folder / "snapshot.json").read_text())
    (folder / "snapshot.json").write_text(json.dumps({**about, "format": 99}))


@pytest.mark.parametrize("damage", [damage_about, damage_weights, damage_keys, remove_weights, from_the_future])
def test_damaged_snapshots_are_named_and_left_out(tmp_path: Path, damage) -> None:
    good, bad = keep(tmp_path, "good"), keep(tmp_path, "bad")
    damage(bad.folder)
    assert snapshots.listing(tmp_path) == [good]
    with pytest.raises(BadProjectError, match=bad.folder.name):
        snapshots.read(bad.folder)


def test_damage_that_shows_only_in_the_state(tmp_path: Path) -> None:
    kept = keep(tmp_path)
    size = (kept.folder / "state.safetensors").stat().st_size
    (kept.folder / "state.safetensors").write_bytes(b"\xff" * size)
    with pytest.raises(BadProjectError, match="damaged"):
        snapshots.load_state(kept)
    (kept.folder / "state.json").unlink()
    with pytest.raises(BadProjectError, match="could not be read"):
        snapshots.load_state(kept)


def test_where_nothing_can_be_written_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "project").write_text("a file, not a folder")
    with pytest.raises(NoRoomError, match="project"):
        keep(tmp_path / "project")
    assert [path.name for path in tmp_path.iterdir()] == ["project"]


def test_a_disk_that_fills_up_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = keep(tmp_path)

    def full(_tensors: object, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshots, "save_file", full)
    with pytest.raises(NoRoomError, match="No space left"):
        keep(tmp_path)
    assert [path.name for path in (tmp_path / snapshots.FOLDER).iterdir()] == [earlier.folder.name]


def test_a_project_that_moves_with_its_images_finds_them(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "a b ü.png").write_bytes(b"x")
    keep(old)
    shutil.move(old, tmp_path / "new")
    (snapshot,) = snapshots.listing(tmp_path / "new")
    assert snapshot.job.sources["style"][0].path == str(tmp_path / "new" / "a b ü.png")
