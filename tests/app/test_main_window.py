"""The whole window with a real session of a small method: drop, train, steer, keep, go back, export, close."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.preferences_dialog import PreferencesDialog
from engine.box import Size
from engine.messages.commands import Retune, Share
from engine.messages.events import Began, Ended, Failed, Kept, Paused, Retuned, Stepped, ViewRendered
from engine.messages.exports import Exported, ExportRequest
from engine.project import load_job
from engine.snapshots import listing
from tests.app.drops import drop, files
from tests.app.studio import Studio
from tests.app.toys import write_image
from tests.engine import toy


def test_the_first_start_has_doors_and_says_what_is_missing(studio: Studio) -> None:
    window = studio.window
    assert window.canvas.start.isVisible()
    method = window.document.method
    lead = window.canvas.start.lead.text()
    assert method.title in lead, "it speaks of the chosen method"
    assert all(slot.title in lead for slot in method.slots)
    studio.press("train")
    assert any("Style" in text for text in studio.said())
    assert not window.training.running
    studio.drop_style()
    assert not studio.said()


def test_nobody_is_asked_to_press_train_for_what_can_not_be_read(studio: Studio) -> None:
    """ "All that is needed is here" stood below "There is no usable style image"."""
    window, notes = studio.window, studio.folder / "notes.png"
    notes.write_text("no picture")
    window.files.take("style", [notes])
    assert window.canvas.begin.isVisible()
    studio.press("train")
    studio.until(lambda: bool(studio.seen(Failed)) and window.training.state == "idle")
    assert studio.said()
    assert not window.canvas.begin.isVisible()
    window.document.set_sources("style", ())
    window.files.take("style", [write_image(studio.folder / "style.png")])
    assert window.canvas.begin.isVisible()


def test_of_the_former_project_is_spoken_until_another_one_has_images(studio: Studio) -> None:
    studio.drop_style()
    studio.window.document.flush()
    studio.press("new")
    assert any("is kept" in text for text in studio.said())
    studio.window.files.take("style", [write_image(studio.folder / "style.png")])
    assert not studio.said()


def test_a_drop_on_the_doors_fills_a_slot_and_shows_the_canvas(studio: Studio) -> None:
    studio.drop_style()
    assert len(studio.window.document.sources("style")) == 1
    assert studio.window.canvas.view.isVisible()
    start = studio.window.canvas.view.viewport()
    drop(start, files(write_image(studio.folder / "b.png")), QPoint(start.width() - 10, 50))
    assert len(studio.window.document.sources("content")) == 1


def test_a_bad_file_is_named_without_a_dialog(studio: Studio) -> None:
    host = studio.window.canvas.start
    drop(host, files(studio.folder / "gone.png"), QPoint(20, 20))
    assert any("gone.png" in text for text in studio.said())
    assert QApplication.activeModalWidget() is None


def test_train_pause_go_on_stop(studio: Studio) -> None:
    window = studio.window
    studio.train()
    assert window.actions_by_name["train"].text() == "Pause"
    studio.press("train")
    studio.until_seen(Paused)
    assert window.training.state == "paused"
    studio.press("train")
    studio.until(lambda: window.training.state == "training")
    studio.stop()
    kept = listing(window.document.folder)
    assert [snapshot.reason for snapshot in kept] == ["stopped"]
    assert len(window.strip.tiles) == 1


def test_a_slider_reaches_the_session_and_the_curves_mark_it(studio: Studio) -> None:
    studio.train()
    studio.window.panel.edited.emit("weight", 2.5)
    event = studio.until_seen(Retuned)
    assert event.names == ("weight",)
    mark = studio.window.curves.history.marks[-1]
    assert (mark.text, mark.names) == ("change Weight", ("weight",))
    studio.press("keep")
    studio.until_seen(Kept)
    assert listing(studio.window.document.folder)[-1].job.stored()["settings"]["weight"] == 2.5
    studio.press("undo")
    studio.until_seen(Retuned, 2)
    assert studio.settings.weight == 1.0


def test_the_newest_of_several_values_wins_and_none_is_lost(studio: Studio) -> None:
    studio.train()
    for value in (0.2, 0.3, 0.4):
        studio.window.document.set("rate", value)
    studio.window.document.set("weight", 3.0)
    studio.press("keep")
    studio.until_seen(Kept)
    settings = listing(studio.window.document.folder)[-1].job.stored()["settings"]
    assert (settings["rate"], settings["weight"]) == (0.4, 3.0)


def test_a_slider_posts_what_changed_and_nothing_else(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.train()
    training, posted = studio.window.training, []
    post = training.post
    monkeypatch.setattr(training, "post", lambda command: (posted.append(command), post(command)))
    studio.window.document.set("rate", 0.2)
    studio.window.document.set("weight", 3.0)
    studio.window.document.set("colors", 7)  # needs a rebuild
    studio.window.document.apply_preset("Slow")
    retunes = [command.values for command in posted if isinstance(command, Retune)]
    assert retunes == [{"rate": 0.2}, {"weight": 3.0}, {"rate": 0.01}]


def test_preferences_act_on_the_training_that_runs(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.train()
    window, posted = studio.window, []
    post = window.training.post
    monkeypatch.setattr(window.training, "post", lambda command: (posted.append(command), post(command)))

    def choose() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, PreferencesDialog)
        dialog.previews.setValue(50)
        dialog.autosave.setValue(30)
        dialog.minutes.setValue(7)
        dialog.loupe.setCurrentIndex(1)
        dialog.loupe.activated.emit(1)
        dialog.accept()

    QTimer.singleShot(0, choose)
    window.preferences_in_force.edit()
    shares = [command for command in posted if isinstance(command, Share)]
    assert shares[-1] == Share(0, 0.5, 30, 7) == window.training.share
    assert window.canvas.view.loupe.magnification == 2


def test_images_tried_out_leave_the_sliders_where_they_are(studio: Studio) -> None:
    window = studio.window
    studio.train()
    window.document.set("weight", 4.0)
    window.training.try_out("style", window.document.sources("style"))
    studio.until(lambda: any(event.reason == "rebuilt" for event in studio.seen(Began)))
    assert studio.seen(Began)[-1].job.settings == window.document.settings


def test_a_rebuild_is_asked_for_once_and_done_on_request(studio: Studio) -> None:
    window = studio.window
    studio.train()
    window.panel.edited.emit("colors", 7)
    window.panel.edited.emit("colors", 8)
    asking = [message for message in window.messages.messages if message.button]
    assert len(asking) == 1
    assert not [event for event in studio.seen(Began) if event.reason == "rebuilt"]
    window.messages.button.click()
    studio.until(lambda: any(event.reason == "rebuilt" for event in studio.seen(Began)))
    assert studio.seen(Began)[-1].job.stored()["settings"]["colors"] == 8
    studio.until(lambda: not window.training.stale)
    assert not [message for message in window.messages.messages if message.key == "rebuild"]


def test_other_images_are_loaded_while_it_trains(studio: Studio) -> None:
    studio.train()
    studio.window.document.add("style", [write_image(studio.folder / "more.png", seed=3)])
    studio.until(lambda: any(event.reason == "rebuilt" for event in studio.seen(Began)))
    assert len(studio.seen(Began)[-1].job.sources["style"]) == 2


def test_the_picture_comes_and_goes_on_coming(studio: Studio) -> None:
    studio.train()
    studio.until_seen(ViewRendered, 3)
    assert studio.window.canvas.view.extent == Size(70, 90)
    tickets = {event.ticket for event in studio.seen(ViewRendered)}
    studio.until(lambda: len({event.ticket for event in studio.seen(ViewRendered)}) > len(tickets) + 1)


@pytest.mark.parametrize("layer", ["mask", "patches"])
def test_every_layer_can_be_looked_at(studio: Studio, layer: str) -> None:
    studio.train()
    studio.window.canvas.layers.choose(layer)
    studio.until(lambda: any(event.layer == layer and event.image.size for event in studio.seen(ViewRendered)))
    studio.window.canvas.layers.choose("result")
    studio.until(lambda: studio.seen(ViewRendered)[-1].layer == "result")
    studio.until(lambda: studio.window.canvas.view.extent == Size(70, 90))


def test_going_back_takes_the_settings_along(studio: Studio) -> None:
    window = studio.window
    studio.train()
    studio.press("keep")
    first = studio.until_seen(Kept)
    window.document.set("weight", 4.0)
    studio.until_seen(Retuned)
    window.strip.restore_requested.emit(listing(window.document.folder)[0])
    studio.until(lambda: any(event.reason == "restored" for event in studio.seen(Began)))
    studio.until(lambda: studio.settings.weight == 1.0)
    assert studio.seen(Began)[-1].step == first.step
    window.document.stack.undo()
    assert studio.settings.weight == 4.0


def test_going_back_without_a_session_begins_one(studio: Studio) -> None:
    window = studio.window
    studio.train()
    studio.stop()
    window.document.set("weight", 4.0)
    snapshot = listing(window.document.folder)[0]
    window.strip.restore_requested.emit(snapshot)
    studio.until(lambda: any(event.reason == "restored" for event in studio.seen(Began)))
    studio.until(lambda: studio.settings.weight == 1.0)


def test_training_again_goes_on_with_the_present_settings(studio: Studio) -> None:
    window = studio.window
    studio.train()
    studio.stop()
    window.document.set("weight", 4.0)
    step = listing(window.document.folder)[-1].step
    studio.press("train")
    studio.until(lambda: len(studio.seen(Began)) == 2)
    assert studio.seen(Began)[-1].step == step
    assert studio.seen(Began)[-1].job.stored()["settings"]["weight"] == 4.0
    assert studio.settings.weight == 4.0


def test_an_export_without_a_session_paints_the_newest_snapshot(studio: Studio) -> None:
    window = studio.window
    studio.train()
    studio.stop()
    window.preferences.set_last_folder("export", studio.folder)
    studio.press("export")
    dialog = window.exports.dialog
    assert dialog is not None
    dialog.start.click()
    done = studio.until_seen(Exported)
    with Image.open(done.out) as picture:
        assert picture.size == (90, 70)
    assert window.training.state == "paused"
    assert not window.exports.running
    dialog.close()


def test_an_export_while_training(studio: Studio) -> None:
    window = studio.window
    studio.train()
    out = studio.folder / "out.png"
    window.exports.start(ExportRequest(out, Size(64, 96)))
    studio.until_seen(Exported)
    with Image.open(out) as picture:
        assert picture.size == (96, 64)
    steps = len(studio.seen(Stepped))
    studio.until(lambda: len(studio.seen(Stepped)) > steps)


def test_nothing_to_export_is_said(studio: Studio) -> None:
    studio.press("export")
    assert studio.window.exports.dialog is None
    assert any("Train" in text for text in studio.said())


def test_closing_while_training_keeps_the_work(studio: Studio) -> None:
    window = studio.window
    studio.train()
    folder = window.document.folder
    window.close()
    studio.until(lambda: not window.isVisible())
    assert not window.training.running
    assert listing(folder)[-1].reason == "stopped"
    assert load_job(folder).sources["style"]
    assert window.preferences.last_project == folder


def test_a_saved_project_opens_in_another_window(studio: Studio) -> None:
    window = studio.window
    studio.train()
    place = studio.folder / "my mosaic"
    window.files.save_to(place)
    studio.until(lambda: window.document.folder == place)
    assert window.windowTitle().startswith("my mosaic")
    window.files.new()
    studio.until(lambda: window.document.empty)
    assert window.canvas.start.isVisible()
    window.files.open_all([place])
    assert len(window.document.sources("style")) == 1
    assert len(window.strip.tiles) == 1
    assert window.canvas.view.isVisible()


def test_a_failing_session_leaves_the_window_ready(studio: Studio) -> None:
    window = studio.window
    studio.drop_style()
    Path(window.document.sources("style")[0].path).unlink()
    studio.press("train")
    studio.until(lambda: window.training.state == "idle" and bool(studio.seen(Ended)))
    assert any("style ä.png" in text for text in studio.said())
    assert window.actions_by_name["train"].isEnabled()


def test_presets_and_keys_are_there(studio: Studio) -> None:
    window = studio.window
    names = [action.text() for action in window.presets.menu().actions() if not action.isSeparator()]
    assert names[:2] == ["Few", "Slow"]
    window.presets.menu().actions()[1].trigger()
    assert studio.settings.colors == 2
    keys = [key.toString() for action in window.actions_by_name.values() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))
    studio.press("keys")
    sheet = next(widget for widget in QApplication.topLevelWidgets() if widget.windowTitle() == "Keyboard and mouse")
    sheet.close()


def test_the_layout_is_remembered(studio: Studio, qtbot) -> None:
    window = studio.window
    window.docks["images"].hide()
    window.docks["curves"].show()
    window.sources.browse_folder = studio.folder
    window.close()
    again = MainWindow(window.preferences, studio.folder / "data")
    qtbot.addWidget(again)
    assert again.sources.browse_folder == studio.folder, "images are looked for where they were"
    assert again.docks["images"].isHidden()
    assert not again.docks["curves"].isHidden()
    again.reset_layout()
    assert not again.docks["images"].isHidden()
    assert again.docks["curves"].isHidden(), "folded to the line below the canvas until it is wanted"


def test_another_content_of_a_picture_that_is_optimised_asks_to_start_afresh(studio: Studio, monkeypatch) -> None:
    monkeypatch.setattr(toy.Toy, "learns_the_picture", True)
    window = studio.window
    studio.train()
    studio.until(lambda: bool(studio.seen(Stepped)))
    window.document.add("content", [write_image(studio.folder / "content.png")])
    studio.until(lambda: window.messages.has("afresh"))
    message = next(message for message in window.messages.messages if message.key == "afresh")
    assert message.act is not None
    message.act()
    studio.until(lambda: studio.seen(Began)[-1].reason == "built" and len(studio.seen(Began)) == 3)
    assert studio.seen(Began)[-1].step == 0
    assert studio.seen(Began)[-1].job.sources["content"]
    assert [s.reason for s in listing(window.document.folder)].count("stopped") == 1, "what was there is kept"
    assert not window.messages.has("afresh")


def test_another_content_of_a_network_asks_for_nothing(studio: Studio) -> None:
    studio.train()
    studio.until(lambda: bool(studio.seen(Stepped)))
    studio.window.document.add("content", [write_image(studio.folder / "content.png")])
    studio.until(lambda: any(event.reason == "rebuilt" for event in studio.seen(Began)))
    assert not studio.window.messages.has("afresh")


def test_without_its_images_a_training_says_with_which_it_goes_on(studio: Studio) -> None:
    """“Rebuild now” was offered where nothing could be built, and did nothing."""
    window = studio.window
    studio.train()
    window.document.set_sources("style", ())
    (said,) = [message for message in window.messages.messages if message.key == "rebuild"]
    assert "Style" in said.text
    assert not said.button
    assert not window.actions_by_name["rebuild"].isEnabled()
    studio.press("undo")
    assert not [message for message in window.messages.messages if message.key == "rebuild"]
