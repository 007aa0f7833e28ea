"""The document and its folder: what is saved, opened, moved and repaired."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path

import pytest
from PySide6.QtTest import QSignalSpy

from app import document as documents
from app.document import Document
from engine.job import SourceImage
from engine.other_methods import load_settings
from engine.project import FILE_NAME, load_job
from tests.app.toys import register, save_as, toy_settings, write_image
from tests.engine import toy_two
from tests.engine.toy import ToySettings


def test_changes_are_saved_by_themselves(document: Document, qtbot) -> None:
    with qtbot.waitSignal(document.saved, timeout=20_000):
        document.set("weight", 2.0)
    assert load_job(document.folder).stored()["settings"]["weight"] == 2.0
    assert not document.dirty


def test_nothing_is_written_before_the_first_change(document: Document) -> None:
    document.flush()
    assert not document.folder.exists()


def test_saving_as_moves_an_untitled_project_with_its_snapshots(document: Document, tmp_path: Path) -> None:
    document.set("weight", 2.0)
    document.flush()
    old = document.folder
    (old / "snapshots" / "0001").mkdir(parents=True)
    (old / "snapshots" / "0001" / "snapshot.json").write_text("{}")
    assert save_as(document, tmp_path / "mine")
    assert not old.exists()
    assert (tmp_path / "mine" / "snapshots" / "0001").is_dir()
    assert document.title == "mine"
    assert not document.untitled
    assert save_as(document, tmp_path / "copy")
    assert (tmp_path / "mine" / FILE_NAME).exists()
    assert (tmp_path / "copy" / "snapshots" / "0001").is_dir()


def test_saving_as_never_mixes_with_what_is_there(document: Document, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "letter.txt").write_text("dear")
    spy = QSignalSpy(document.problem)
    document.set("weight", 2.0)
    assert not save_as(document, taken)
    assert "taken" in spy.at(0)[0]
    assert [path.name for path in taken.iterdir()] == ["letter.txt"]


def test_a_project_opens_as_it_was_left(document: Document, tmp_path: Path) -> None:
    document.set("weight", 2.0)
    image = SourceImage(path=str(write_image(tmp_path / "a.png")), weight=2.0, scale=0.5)
    document.set_sources("style", (image,))
    save_as(document, tmp_path / "mine")
    left = document.job
    document.new()
    assert document.empty
    assert document.open(tmp_path / "mine" / FILE_NAME)
    assert document.job == left
    assert document.stack.count() == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}'])
def test_a_damaged_project_is_told_and_the_present_one_stays(document: Document, tmp_path: Path, text: str) -> None:
    document.set("weight", 2.0)
    before = document.job
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / FILE_NAME).write_text(text)
    spy = QSignalSpy(document.problem)
    assert not document.open(bad)
    assert document.job == before
    assert str(spy.at(0)[0]).endswith(".")


def test_images_that_are_gone_are_named(document: Document, tmp_path: Path) -> None:
    image = write_image(tmp_path / "a.png")
    document.add("style", [image])
    save_as(document, tmp_path / "mine")
    image.unlink()
    spy = QSignalSpy(document.images_missing)
    assert document.open(tmp_path / "mine")
    assert spy.at(0)[0] == [image]
    assert len(document.sources("style")) == 1


def test_a_place_that_can_not_be_written_is_told(document: Document, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    document.folder = tmp_path / "file" / "below"
    spy = QSignalSpy(document.problem)
    document.set("weight", 2.0)
    assert not document.save()
    assert document.dirty
    assert spy.count() == 1


def test_project_json_is_plain(document: Document) -> None:
    document.set("weight", 2.0)
    document.save()
    assert json.loads((document.folder / FILE_NAME).read_text())["job"]["settings"]["weight"] == 2.0


def test_a_slow_device_begins_with_the_small_preset(qtbot, tmp_path: Path, monkeypatch) -> None:
    register(monkeypatch)
    assert toy_settings(Document(tmp_path, small=True)).colors == 2
    assert toy_settings(Document(tmp_path, small=False)).colors == 4


def test_images_in_the_projects_own_folder_move_with_it_also_for_undo(document: Document, tmp_path: Path) -> None:
    outside = write_image(tmp_path / "outside.png")
    (document.folder / "masks").mkdir(parents=True)
    masks = [write_image(document.folder / "masks" / f"{n}.png") for n in range(2)]
    document.set_sources("content", (SourceImage(path=str(masks[0])),))
    document.set_sources("content", (SourceImage(path=str(masks[1])), SourceImage(path=str(outside))))
    assert save_as(document, tmp_path / "mine")
    assert save_as(document, tmp_path / "copy")
    here = tmp_path / "copy" / "masks"
    assert [image.path for image in document.sources("content")] == [str(here / "1.png"), str(outside)]
    assert load_job(tmp_path / "copy") == document.job
    document.stack.undo()
    assert [image.path for image in document.sources("content")] == [str(here / "0.png")]
    assert (here / "0.png").exists()


def test_a_document_ends_at_once_with_its_changes(tmp_path: Path) -> None:
    """No circle through the undo stack: in one, Python may end a command before the stack that owns it, and crash."""
    document = Document(tmp_path)
    document.set_values({"content_weight": 3.0}, "one change")
    document.stack.undo()
    gone = weakref.ref(document)
    gc.disable()
    try:
        del document
        assert gone() is None
    finally:
        gc.enable()


def test_what_was_repaired_is_said_and_kept_until_something_changes(document: Document, tmp_path: Path) -> None:
    document.set("weight", 2.0)
    save_as(document, tmp_path / "mine")
    document.new()
    file = tmp_path / "mine" / FILE_NAME
    stored = json.loads(file.read_text())
    stored["job"]["settings"] |= {"weight": 99, "shine": 1, "gloss": 2}
    file.write_text(json.dumps(stored))
    before = file.read_text()
    spy = QSignalSpy(document.problem)
    assert document.open(tmp_path / "mine")
    assert toy_settings(document).weight == 9.0
    text = spy.at(0)[0]
    assert "Weight was 99, and is 9 now" in text
    assert "shine" in text
    assert file.read_text() == before
    assert len(list((tmp_path / "mine").glob("*.json"))) == 1
    document.set("weight", 3.0)
    document.save()
    (aside,) = (tmp_path / "mine").glob("project-as-it-was-*.json")
    assert aside.read_text() == before


def test_two_windows_that_begin_in_the_same_minute_do_not_share_a_folder(document: Document) -> None:
    other = Document(document.folder.parent)
    other.folder = document.folder
    for each, weight in ((document, 2.0), (other, 3.0)):
        each.set("weight", weight)
        assert each.save()
    assert document.folder != other.folder
    assert toy_settings(document).weight == 2.0
    assert load_job(document.folder) == document.job


def test_saved_is_only_said_of_what_is(document: Document, tmp_path: Path) -> None:
    assert not document.written
    (tmp_path / "file").write_text("")
    document.folder = tmp_path / "file" / "below"
    document.set("weight", 2.0)
    assert (document.dirty, document.refused) == (True, False)
    document.save()
    assert (document.dirty, document.refused) == (True, True)
    document.folder = tmp_path / "other"
    document.save()
    assert (document.dirty, document.refused, document.written) == (False, False, True)


def test_images_that_do_not_move_along_are_used_where_they_are(document: Document, tmp_path: Path) -> None:
    """A copy takes no links and no hidden files of the folder with it: the images were missing in it."""
    art = tmp_path / "art"
    assert save_as(document, art)
    (art / ".kept").mkdir()
    hidden = write_image(art / ".kept" / "a.png")
    write_image(tmp_path / "b.png")
    (art / "b.png").symlink_to(tmp_path / "b.png")
    document.add("style", [hidden, art / "b.png", write_image(art / "c.png")])
    assert save_as(document, tmp_path / "second")
    paths = [Path(image.path) for image in document.sources("style")]
    assert paths == [hidden, art / "b.png", tmp_path / "second" / "c.png"]
    assert all(path.exists() for path in paths)


def test_the_settings_of_a_method_that_was_left_are_written_before_the_job(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that was killed between the two had them nowhere."""
    toy_two.register(monkeypatch)
    document.add("style", [write_image(tmp_path / "a.png")])
    document.set("weight", 7.0)
    assert document.save()

    def killed(*_what: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(documents, "save_job", killed)
    document.set_method("toy_two")
    with pytest.raises(KeyboardInterrupt):
        document.save()
    assert load_settings(document.folder)["toy"] == ToySettings(weight=7.0)
