"""Films: of frames in the content's place, and along a setting."""

from __future__ import annotations

from app.export.dialog import ExportDialog
from app.export.film import walks_of
from app.export.form import ExportForm
from engine.box import Size
from tests.app.export.dialogs import CANVAS, LAYERS, a_queue
from tests.engine.toy import job


def test_a_film_takes_the_contents_place(dialog, qtbot, tmp_path):
    film = dialog.form.film
    dialog.form.fold.setChecked(True)
    assert not film.isVisible(), "not for a method that can not"
    other = ExportDialog(CANVAS, LAYERS, tmp_path, a_queue(), job(tmp_path), capabilities=frozenset({"frames"}))
    qtbot.addWidget(other)
    other.show()
    other.form.fold.setChecked(True)
    film = other.form.film
    assert film.isVisible()
    assert not film.written.isVisible()
    walk = tmp_path / "walk"
    walk.mkdir()
    film.set_source(walk)
    assert film.choice.currentText() == "walk"
    assert other.form.request().frames == walk
    assert other.form.out() == tmp_path / "mosaic.png"
    assert "Each frame" in other.on_disk.text()
    film.written.setCurrentIndex(1)
    assert other.form.out() == tmp_path / "mosaic.mp4"
    assert not other.form.format.isEnabled()
    other.form.size_field.choose(Size(9000, 9000))
    assert "8,192" in other.checks.text()
    film.set_source(None)
    assert other.form.request().frames is None
    assert other.form.out() == tmp_path / "mosaic.png"
    assert other.start.isEnabled()


def test_a_film_from_one_noise_to_the_next(qtbot, tmp_path):
    form = ExportForm(CANVAS, LAYERS, tmp_path, None, walks={"noise_drift": "To the next"})
    qtbot.addWidget(form)
    form.show()
    film = form.film
    assert [film.choice.itemData(index) for index in range(film.choice.count())] == ["one", "noise_drift"]
    form.fold.setChecked(True)
    assert not film.seconds.isVisible()
    film.choice.setCurrentIndex(1)
    film.choice.activated.emit(1)
    film.seconds.setValue(2)
    assert film.seconds.isVisible()
    assert form.request().sweep == "noise_drift=0:1:50"
    film.seconds.setValue(0.96)
    assert form.request().sweep == "noise_drift=0:1:24"
    assert film.frames.text() == "24 pictures"
    assert form.request().frames is None
    film.written.setCurrentIndex(1)
    assert form.out().suffix == ".mp4"
    film.set_source(None)
    assert form.request().sweep == ""
    assert not film.seconds.isVisible()


def test_a_film_says_which_sets_it_leads_between_also_after_they_changed(qtbot, tmp_path):
    from engine.methods.magic.settings import MagicSettings

    form = ExportForm(CANVAS, LAYERS, tmp_path, None, walks=walks_of(MagicSettings(set_seed=3, between_seed=12)))
    qtbot.addWidget(form)
    film = form.film
    place = film.choice.findData("between")
    assert film.choice.itemText(place) == "From set 3 to set 12"
    film.set_walk("between")
    film.name_walks(walks_of(MagicSettings(set_seed=4, between_seed=12)))
    assert film.choice.currentText() == "From set 4 to set 12"
    assert form.request().sweep.startswith("between=")
