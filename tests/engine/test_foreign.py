"""Somebody else's project names nothing outside its folder that is not told before, and withheld on wish."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.foreign import outside_paths, withhold
from engine.project import FILE_NAME, load_job
from tests.engine import toy

OUTSIDE = ["/etc/passwd", "../x.png", "masks/../../y.png", "//host/share/a.png", "\\\\host\\share\\b.png", "C:\\c.png"]
INSIDE = ["masks/m.png", "images/a b.png", "deep/../d.png", "..png", "not there.png"]


def stored(paths: list[str], **more: str) -> str:
    return json.dumps(
        {"format": 2, "job": {"method": "toy", "sources": {"style": [{"path": p, **more} for p in paths]}}}
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    toy.register(monkeypatch)
    folder = tmp_path / "theirs"
    (folder / "snapshots" / "0001").mkdir(parents=True)
    (folder / FILE_NAME).write_text(stored(INSIDE))
    return folder


def test_what_lies_inside_is_not_named(project: Path) -> None:
    assert outside_paths(project) == []
    (project / FILE_NAME).write_text(stored([str(project / "a.png")]))
    assert outside_paths(project) == []


@pytest.mark.parametrize("file", [FILE_NAME, "snapshots/0001/snapshot.json"])
def test_what_lies_outside_is_named_and_withheld(project: Path, file: str) -> None:
    (project / file).write_text(stored([*OUTSIDE, *INSIDE]))
    assert outside_paths(project) == OUTSIDE
    withhold(project)
    assert outside_paths(project) == []
    names = [image["path"] for image in json.loads((project / file).read_text())["job"]["sources"]["style"]]
    assert names[len(OUTSIDE) :] == INSIDE
    assert [name.rpartition("/")[2] for name in names[: len(OUTSIDE)]] == [
        "passwd", "x.png", "y.png", "a.png", "b.png", "c.png",
    ]  # fmt: skip
    assert len(list((project / file).parent.glob("*-as-it-was-*.json"))) == 1
    for image in load_job(project).sources["style"]:
        assert Path(image.path).is_relative_to(project)


def test_a_hint_where_an_image_may_be_counts_as_well(project: Path) -> None:
    (project / FILE_NAME).write_text(stored(["a.png"], relative="../../secret.png"))
    assert outside_paths(project) == ["../../secret.png"]
    withhold(project)
    assert outside_paths(project) == []


def test_links_are_named_and_not_followed(project: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.png").write_text("mine")
    (project / "masks").symlink_to(secret)
    (project / "b.png").symlink_to(secret / "a.png")
    (project / FILE_NAME).write_text(stored(["masks/a.png", "b.png"]))
    found = outside_paths(project)
    assert {Path(path).name for path in found} == {"masks", "b.png", "a.png"}
    withhold(project)
    assert not (project / "masks").exists()
    assert not any(Path(image.path).exists() for image in load_job(project).sources["style"])
    assert (secret / "a.png").read_text() == "mine"


def test_exports_that_somebody_else_began_are_not_gone_on_with(project: Path) -> None:
    (project / "unfinished.json").write_text(json.dumps(["/home/you/.ssh"]))
    assert outside_paths(project) == ["/home/you/.ssh"]
    withhold(project)
    assert not (project / "unfinished.json").exists()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"job": 3}', '{"job": {"sources": [1]}}', '{"job": {"sources": {"a": [1]}}}']
)
def test_damage_is_no_hindrance(project: Path, text: str) -> None:
    (project / FILE_NAME).write_text(text)
    assert outside_paths(project) == []
    withhold(project)
    assert (project / FILE_NAME).read_text() == text
