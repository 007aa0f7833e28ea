"""Pictures beside the canvas: what a print will show, before and while files are painted."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from engine.box import Size
from engine.messages.events import ViewRendered
from tests.app.export.print_studio import PrintStudio, times


def test_two_kinds_of_detail_side_by_side(prints: PrintStudio) -> None:
    prints.train()
    form = prints.open().form
    form.size_field.choose(times(8))
    form.compare.click()
    window = prints.exports.views.compare_window
    assert window is not None
    prints.until(lambda: all(not pane.image.isNull() for pane in window.panes.values()))
    prints.until(lambda: not prints.exports.views.peeks.busy)
    trained, originals = (window.panes[key].image.pixelColor(5, 5).name() for key in (False, True))
    assert originals == "#ffffff"
    assert trained != "#ffffff"
    before = window.region()
    window.map.clicked.emit(QPointF(1.0, 0.0))
    assert window.region() != before
    assert window.region().top == 0
    prints.until(lambda: not prints.exports.views.peeks.busy)
    assert window.panes[True].image.pixelColor(5, 5).name() == "#ffffff"
    window.chosen.emit(True)
    window.accept()
    assert form.request().render_mode.originals == 8.0
    assert prints.window.canvas.view.extent == Size(70, 90), "the canvas shows what it showed"


def test_comparing_while_it_trains(prints: PrintStudio) -> None:
    prints.train()
    prints.window.training.start(prints.window.snapshots.newest())
    prints.until(lambda: prints.window.training.state == "training")
    form = prints.open().form
    form.size_field.choose(times(2))
    form.compare.click()
    window = prints.exports.views.compare_window
    assert window is not None
    prints.until(lambda: not prints.exports.views.peeks.busy)
    assert window.panes[True].image.pixelColor(1, 1).name() == "#ffffff"
    window.reject()
    views = len([event for event in prints.events if isinstance(event, ViewRendered)])
    prints.until(lambda: len([event for event in prints.events if isinstance(event, ViewRendered)]) > views + 2)


def test_a_repeat_beside_itself(prints: PrintStudio) -> None:
    prints.train()
    form = prints.open().form
    assert not form.options.look_at_repeat.isEnabled()
    form.options.repeat.setChecked(True)
    form.options.look_at_repeat.click()
    window = prints.exports.views.repeat_window
    assert window is not None
    prints.until(lambda: not prints.exports.views.peeks.busy)
    shown = window.pane.grab().toImage()
    rect = window.pane.picture_rect()
    third = rect.width() // 3
    assert third * 3 == rect.width()
    for column in range(3):
        left = rect.left() + column * third
        assert shown.pixelColor(left + third // 4, rect.center().y()).name() == "#000000"
        assert shown.pixelColor(left + 3 * third // 4, rect.center().y()).name() != "#000000"


def test_the_canvas_shows_how_it_will_print(prints: PrintStudio, monkeypatch) -> None:
    prints.train()
    proofs = []

    def soft_proof(pixels, profile, encode_options):
        proofs.append(profile.title)
        return 255 - pixels

    monkeypatch.setattr("app.export.views.profiles.soft_proof", soft_proof)
    form = prints.open().form
    form.options.set_profile("adobe-rgb")
    assert not proofs
    form.options.proof.setChecked(True)
    prints.until(lambda: bool(proofs))
    assert "Adobe RGB" in proofs[0]
    form.options.set_profile("srgb")
    seen = len(proofs)
    prints.window.canvas.view.ask()
    prints.until_seen(ViewRendered, len([e for e in prints.events if isinstance(e, ViewRendered)]) + 1)
    assert len(proofs) == seen
