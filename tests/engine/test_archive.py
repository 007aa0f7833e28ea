"""A packed project comes out as it went in, and a packed file that means harm writes nothing."""

from __future__ import annotations

import json
import shutil
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import torch

from engine import archive, moments, other_methods, snapshots
from engine.archive import pack, unpack
from engine.errors import BadProjectError, CancelledError
from engine.job import Job, SourceImage
from engine.method import State
from engine.project import load_job, save_job
from tests.engine import toy


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With two images of one name outside, a mask inside, and a snapshot."""
    toy.register(monkeypatch)
    folder = tmp_path / "mine ä"
    (folder / "masks").mkdir(parents=True)
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        toy.picture(tmp_path / place, "x.png", (len(place), 0, ord(place)))
    toy.picture(folder / "masks", "m.png")
    images = [tmp_path / "a" / "x.png", tmp_path / "b" / "x.png", folder / "masks" / "m.png", tmp_path / "gone.png"]
    job = Job(
        method="toy",
        settings=toy.ToySettings(),
        sources={"style": tuple(SourceImage(path=str(path)) for path in images)},
    )
    save_job(folder, job)
    values: dict = {"job": job, "step": 3, "elapsed_s": 1.0, "terms": {}, "name": "schön"}
    snapshots.keep(folder, State({"a": torch.arange(5.0)}, {"s": 1.0}), None, **values)
    return folder


def test_no_names_are_made_that_are_not_needed(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand of them, for the case that all are taken, were eight megabytes for each image."""
    monkeypatch.setattr(archive, "CHUNK_BYTES", 4096)
    pack(project, tmp_path / "first.tessera", with_images=True)  # what is loaded once
    tracemalloc.start()
    try:
        pack(project, tmp_path / "second.tessera", with_images=True)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 3_000_000, f"{most:,} bytes"


def test_with_its_images_it_travels(project: Path, tmp_path: Path) -> None:
    missing = pack(project, tmp_path / "out.tessera", with_images=True)
    assert missing == [str(tmp_path / "gone.png")]
    before = [path.read_bytes() for path in (tmp_path / "a" / "x.png", tmp_path / "b" / "x.png")]
    kept = (project / "masks" / "m.png").read_bytes()
    for gone in (project, tmp_path / "a", tmp_path / "b"):
        shutil.rmtree(gone)
    there = tmp_path / "elsewhere" / "mine"
    unpack(tmp_path / "out.tessera", there)
    (snapshot,) = snapshots.listing(there)
    for job in (load_job(there), snapshot.job):
        paths = [Path(image.path) for image in job.sources["style"]]
        assert [path.read_bytes() for path in paths[:3]] == [*before, kept]
        assert all(path.is_relative_to(there) for path in paths[:3])
        assert paths[3] == tmp_path / "gone.png"
    assert snapshot.name == "schön"
    assert torch.equal(snapshots.load_state(snapshot).tensors["a"], torch.arange(5.0))


def test_without_its_images_it_still_finds_them(project: Path, tmp_path: Path) -> None:
    assert pack(project, tmp_path / "out.tessera", with_images=False) == []
    assert not any(name.startswith("images/") for name in zipfile.ZipFile(tmp_path / "out.tessera").namelist())
    unpack(tmp_path / "out.tessera", tmp_path / "there")
    paths = [image.path for image in load_job(tmp_path / "there").sources["style"]]
    assert paths[0] == str(tmp_path / "a" / "x.png")
    assert paths[2] == str(tmp_path / "there" / "masks" / "m.png")


def test_where_each_method_stands_travels_and_what_was_removed_does_not(project: Path, tmp_path: Path) -> None:
    other_methods.save_settings(project, {"toy": toy.ToySettings(rate=0.7)})
    (snapshot,) = snapshots.listing(project)
    moments.set_present(project, "toy", snapshot.folder)
    removed = snapshots.keep(
        project, State(), None, job=snapshot.job, step=4, elapsed_s=1.0, terms={}, name="not wanted"
    )
    snapshots.put_aside(removed)
    pack(project, tmp_path / "out.tessera", with_images=False)
    unpack(tmp_path / "out.tessera", tmp_path / "there")
    assert other_methods.load_settings(tmp_path / "there") == {"toy": toy.ToySettings(rate=0.7)}
    at = moments.present(tmp_path / "there", "toy")
    assert at is not None
    assert at.folder.name == snapshot.folder.name
    assert not list((tmp_path / "there").rglob(removed.folder.name))


def test_packing_and_unpacking_can_be_cancelled_and_leave_nothing(project: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CancelledError):
        pack(project, tmp_path / "out.tessera", True, lambda _done, _total: False)
    assert sorted(tmp_path.iterdir()) == before
    pack(project, tmp_path / "out.tessera", True)
    with pytest.raises(CancelledError):
        unpack(tmp_path / "out.tessera", tmp_path / "there", lambda _done, _total: False)
    assert not (tmp_path / "there").exists()


PROJECT = ("project.json", json.dumps({"format": 2, "job": {"method": "toy", "sources": {}}}))


def packed(path: Path, *entries: tuple[str, str], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as out:
        for name, text in entries:
            out.writestr(name, text)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../evil.json",
        "{outside}/evil.json",
        "masks/../../evil.png",
        "masks/a/b.png",
        "C:\\evil.png",
        "images/..\\evil.png",
        "snapshots/x/snapshot.json",
        "snapshots/0001/evil.so",
        "evil.py",
        ".open.lock",
    ],
)
def test_names_that_tessera_does_not_write_are_passed_over(tmp_path: Path, name: str, monkeypatch) -> None:
    toy.register(monkeypatch)
    file = packed(tmp_path / "in.tessera", PROJECT, (name.format(outside=tmp_path), "evil"))
    unpack(file, tmp_path / "there" / "it")
    assert [path.name for path in (tmp_path / "there").rglob("*") if path.is_file()] == ["project.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.tessera", "there"]


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    zeros = ("images/zeros.png", "\0" * 50_000_000)
    with pytest.raises(BadProjectError, match="another program"):
        unpack(packed(tmp_path / "in.tessera", PROJECT, zeros, how=zipfile.ZIP_DEFLATED), tmp_path / "there")
    file = packed(tmp_path / "large.tessera", PROJECT, ("images/a.png", "x" * 100))
    data = bytearray(file.read_bytes())
    entry = data.rfind(b"PK\1\2")  # of the last file in the list
    data[entry + 20 : entry + 28] = (2**31).to_bytes(4, "little") * 2
    file.write_bytes(data)
    with pytest.raises(BadProjectError, match="announces more"):
        unpack(file, tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_a_list_of_entries_of_any_length_is_not_read(tmp_path: Path) -> None:
    file = packed(tmp_path / "in.tessera", PROJECT)
    data = bytearray(file.read_bytes())
    data[-10:-6] = (2**31).to_bytes(4, "little")
    file.write_bytes(data)
    with pytest.raises(BadProjectError, match="too long"):
        unpack(file, tmp_path / "there")


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip at all", b"PK\5\6" + b"\xff" * 18])
def test_what_is_no_packed_project_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "in.tessera").write_bytes(data)
    with pytest.raises(BadProjectError, match=r"in\.tessera"):
        unpack(tmp_path / "in.tessera", tmp_path / "there")
    with pytest.raises(BadProjectError, match="no project"):
        unpack(packed(tmp_path / "in.tessera", ("readme.txt", "hello")), tmp_path / "there")


def beside_its_images(folder: Path) -> Job:
    """A project that was saved into the folder in which its images lie, under names and links of every kind."""
    (folder / "pictures of mine").mkdir(parents=True)
    outside = folder.parent / "on another disk"
    outside.mkdir()
    toy.picture(folder, "face.png", (1, 2, 3))
    toy.picture(folder / "pictures of mine", "x.png", (4, 5, 6))
    toy.picture(outside, "linked.png", (7, 8, 9))
    (folder / "linked.png").symlink_to(outside / "linked.png")
    paths = [folder / "face.png", folder / "pictures of mine" / "x.png", folder / "linked.png"]
    sources = {"style": tuple(SourceImage(path=str(path)) for path in paths)}
    job = Job(method="toy", settings=toy.ToySettings(), sources=sources)
    save_job(folder, job)
    return job


def test_images_that_lie_beside_the_project_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)
    job = beside_its_images(tmp_path / "art")
    before = [Path(image.path).read_bytes() for image in job.sources["style"]]
    assert pack(tmp_path / "art", tmp_path / "out.tessera", with_images=True) == []
    shutil.rmtree(tmp_path / "art")
    unpack(tmp_path / "out.tessera", tmp_path / "there")
    paths = [Path(image.path) for image in load_job(tmp_path / "there").sources["style"]]
    assert [path.read_bytes() for path in paths] == before
    assert all(path.is_relative_to(tmp_path / "there") for path in paths)


def test_images_that_lie_beside_the_project_and_stay_are_found_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.register(monkeypatch)
    job = beside_its_images(tmp_path / "art")
    pack(tmp_path / "art", tmp_path / "out.tessera", with_images=False)
    unpack(tmp_path / "out.tessera", tmp_path / "there")
    assert load_job(tmp_path / "there").sources == job.sources


def test_packed_again_an_image_does_not_take_the_place_of_another_of_its_name(project: Path, tmp_path: Path) -> None:
    pack(project, tmp_path / "out.tessera", with_images=True)
    unpack(tmp_path / "out.tessera", tmp_path / "there")
    job = load_job(tmp_path / "there")
    (tmp_path / "c").mkdir()
    toy.picture(tmp_path / "c", "x.png", (200, 100, 50))
    images = (*job.sources["style"], SourceImage(path=str(tmp_path / "c" / "x.png")))
    save_job(tmp_path / "there", job.model_copy(update={"sources": {"style": images}}))
    before = [Path(image.path).read_bytes() for image in images if "gone" not in image.path]
    pack(tmp_path / "there", tmp_path / "again.tessera", with_images=True)
    unpack(tmp_path / "again.tessera", tmp_path / "anew")
    paths = [Path(image.path) for image in load_job(tmp_path / "anew").sources["style"] if "gone" not in image.path]
    assert [path.read_bytes() for path in paths] == before
