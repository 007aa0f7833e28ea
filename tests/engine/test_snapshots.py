"""Snapshots: what is written is read again, and nothing that is damaged is taken for whole."""

from __future__ import annotations

import gc
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import snapshots
from engine.box import Size
from engine.errors import BadProjectError, NoRoomError
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


def test_nothing_stays_of_a_snapshot_that_was_read(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Two numbers for each tensor would, for each way back, between what comes later."""
    gc.freeze()  # to look through all that other tests have imported takes half a second
    request.addfinalizer(gc.unfreeze)
    kept = keep(tmp_path, state=State({f"{n}": torch.zeros(300 + n) for n in range(100)}, {}))
    held = []
    for _ in range(12):
        snapshots.load_state(kept)
        gc.collect()
        held.append(sys.getallocatedblocks())
    assert held[-1] - held[-9] < 8 * 100


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


def test_a_list_that_is_read_again_reads_only_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = keep(tmp_path, "one"), keep(tmp_path, "two")
    reads: list[Path] = []
    plain = snapshots.read

    def noted(folder: Path) -> snapshots.Snapshot:
        reads.append(folder)
        return plain(folder)

    reader = snapshots.Reader()
    for change, read in (
        (lambda: None, [first.folder, second.folder]),
        (lambda: None, []),
        (lambda: snapshots.revise(second, name="better"), [second.folder]),
        (lambda: snapshots.remove(first), []),
        (lambda: keep(tmp_path, "three"), [tmp_path / "snapshots" / "0003"]),
        (lambda: damage_about(second.folder), [second.folder]),
    ):
        change()
        reads.clear()
        with monkeypatch.context() as patch:
            patch.setattr(snapshots, "read", noted)
            listed = reader.listing(tmp_path)
        assert reads == read
        assert listed == snapshots.listing(tmp_path)


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


def from_the_future(folder: Path) -> None:
    about = json.loads((folder / "snapshot.json").read_text())
    about |= {"format": 99, "mood": "calm", "step": "many", "terms": {"loss": None}, "elapsed_s": 1e999}
    (folder / "snapshot.json").write_text(json.dumps(about))


def forget_keys(folder: Path) -> None:
    about = json.loads((folder / "snapshot.json").read_text())
    (folder / "snapshot.json").write_text(json.dumps({"job": about["job"]}))


@pytest.mark.parametrize("odd", [rename_a_setting, from_the_future, damage_keys, forget_keys])
def test_what_is_odd_in_a_snapshot_is_left_out_and_kept_aside(tmp_path: Path, odd) -> None:
    kept = keep(tmp_path)
    odd(kept.folder)
    (snapshot,), lost = snapshots.survey(tmp_path)
    assert lost == []
    assert snapshot.job.seed == 5
    assert snapshots.load_state(snapshot).tensors.keys() == state().tensors.keys()
    before = (kept.folder / "snapshot.json").read_text()
    snapshots.revise(snapshot, name="again")
    asides = [path.read_text() for path in kept.folder.glob("snapshot-as-it-was-*.json")]
    assert asides in ([before], []), "no more than one copy"
    assert bool(asides) == (odd is not forget_keys)


def test_a_snapshot_of_another_program_s_method_is_named(tmp_path: Path) -> None:
    kept = keep(tmp_path)
    about = json.loads((kept.folder / "snapshot.json").read_text())
    about["job"]["method"] = "ivory"
    (kept.folder / "snapshot.json").write_text(json.dumps(about))
    assert snapshots.survey(tmp_path)[0] == []
    with pytest.raises(BadProjectError, match="ivory"):
        snapshots.read(kept.folder)


@pytest.mark.parametrize("damage", [damage_about, damage_weights, remove_weights])
def test_damaged_snapshots_are_named_and_left_out(tmp_path: Path, damage) -> None:
    good, bad = keep(tmp_path, "good"), keep(tmp_path, "bad")
    damage(bad.folder)
    found, lost = snapshots.survey(tmp_path)
    assert found == [good]
    assert len(lost) == 1
    assert bad.folder.name in lost[0]
    with pytest.raises(BadProjectError, match=bad.folder.name):
        snapshots.read(bad.folder)


def test_damage_that_shows_only_in_the_state(tmp_path: Path) -> None:
    kept = keep(tmp_path)
    assert snapshots.is_whole(kept)
    size = (kept.folder / "state.safetensors").stat().st_size
    (kept.folder / "state.safetensors").write_bytes(b"\xff" * size)
    with pytest.raises(BadProjectError, match="damaged"):
        snapshots.load_state(kept)
    assert not snapshots.is_whole(kept)
    (kept.folder / "state.safetensors").unlink()
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


@pytest.mark.parametrize("announced", [2**63, 2**31, 2**20])
def test_a_header_that_announces_too_much_is_not_read(tmp_path: Path, announced: int) -> None:
    kept = keep(tmp_path)
    weights = kept.folder / "state.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(announced.to_bytes(8, "little") + data[8:])
    with pytest.raises(BadProjectError, match="damaged"):
        snapshots.load_state(kept)


def test_a_folder_with_an_endless_number_does_not_end_the_keeping(tmp_path: Path) -> None:
    keep(tmp_path)
    for name in ("9" * 200, "٣"):
        (tmp_path / snapshots.FOLDER / name).mkdir()
    assert keep(tmp_path).folder.name == "0002"
    (tmp_path / snapshots.FOLDER / "99999999").mkdir()
    assert keep(tmp_path).folder.name == "0003"
