"""What was chosen comes back with its type; what is damaged or gone does no harm."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings, Qt

from app.preferences import Preferences
from app.preferences_dialog import PreferencesDialog
from engine.device import Device


@pytest.fixture
def reopen(tmp_path):
    """Preferences read again from the same file, as after a restart."""

    def build():
        return Preferences(QSettings(str(tmp_path / "preferences.ini"), QSettings.Format.IniFormat))

    return build


def test_everything_comes_back_with_its_type(reopen, tmp_path):
    first = reopen()
    assert (first.theme, first.device, first.geometry, first.state) == ("system", "auto", b"", b"")
    assert first.last_project is None
    first.theme, first.device = "dark", "cuda:0"
    first.geometry, first.state = b"\x00\x01geometry\xff", b"\xfestate\x00"
    first.last_project = tmp_path
    first.set_last_folder("export", tmp_path)
    first.save()
    again = reopen()
    assert (again.theme, again.device) == ("dark", "cuda:0")
    assert (again.geometry, again.state) == (b"\x00\x01geometry\xff", b"\xfestate\x00")
    assert again.last_project == tmp_path
    assert again.last_folder("export") == tmp_path
    assert again.last_folder("images").is_dir()


def test_no_project_is_remembered_as_none(reopen, tmp_path):
    first = reopen()
    first.last_project = tmp_path
    first.last_project = None
    first.save()
    assert reopen().last_project is None


def test_nonsense_in_the_file_falls_back(tmp_path):
    file = tmp_path / "preferences.ini"
    file.write_text("[General]\ntheme=purple\ndevice=\n[window]\nstate=12\n[folders]\nexport=/no/such/folder\n")
    preferences = Preferences(QSettings(str(file), QSettings.Format.IniFormat))
    assert preferences.theme == "system"
    assert preferences.device == "auto"
    assert isinstance(preferences.state, bytes)
    assert preferences.last_folder("export").is_dir()


def test_how_moments_are_kept_comes_back_and_nonsense_falls_back(reopen, qtbot, tmp_path):
    preferences = reopen()
    assert (preferences.moments_minutes, preferences.moments_mb) == (10, 4000)
    dialog = PreferencesDialog(preferences, devices=[])
    qtbot.addWidget(dialog)
    with qtbot.waitSignals([dialog.moments_chosen, dialog.moments_chosen]):
        dialog.minutes.setValue(0)
        dialog.megabytes.setValue(700)
    assert dialog.minutes.text() == "Never"
    preferences.save()
    assert (reopen().moments_minutes, reopen().moments_mb) == (0, 700)
    file = tmp_path / "other.ini"
    file.write_text("[moments]\nmegabytes=many\nminutes=-5\n")
    other = Preferences(QSettings(str(file), QSettings.Format.IniFormat))
    assert (other.moments_minutes, other.moments_mb) == (0, 4000)


def test_the_dialog_stores_and_tells_at_once(reopen, qtbot):
    preferences = reopen()
    preferences.device = "cuda:3"  # taken out since
    dialog = PreferencesDialog(preferences, devices=[Device("cpu", "Processor", 1), Device("cuda:0", "Card", 1)])
    qtbot.addWidget(dialog)
    assert dialog.device.currentData() == "auto"
    with qtbot.waitSignal(dialog.theme_chosen) as theme_chosen:
        qtbot.keyClick(dialog.theme, Qt.Key.Key_Down)
    assert theme_chosen.args == ["light"] == [preferences.theme]
    with qtbot.waitSignal(dialog.device_chosen) as device_chosen:
        qtbot.keyClick(dialog.device, Qt.Key.Key_End)
    assert device_chosen.args == ["cuda:0"] == [preferences.device]


def test_several_cards_can_be_chosen_together(reopen, qtbot):
    preferences = reopen()
    cards = [Device("cuda:0", "Card", 1), Device("cuda:1", "Card", 1), Device("cpu", "Processor", 1)]
    dialog = PreferencesDialog(preferences, devices=cards)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.device_chosen) as device_chosen:
        qtbot.keyClick(dialog.device, Qt.Key.Key_End)
    assert dialog.device.currentText() == "All 2 cards together"
    assert device_chosen.args == ["cuda:0,cuda:1"] == [preferences.device]


def test_what_the_computer_is_shared_by_acts_at_once_and_comes_back(reopen, qtbot, tmp_path):
    preferences = reopen()
    assert (preferences.threads, preferences.preview_percent) == (0, 20)
    assert (preferences.autosave_s, preferences.loupe) == (None, 1)
    dialog = PreferencesDialog(preferences, devices=[])
    qtbot.addWidget(dialog)
    assert dialog.autosave.value() == 50, "the usual is shown where nothing was chosen"
    with qtbot.waitSignals([dialog.share_chosen] * 3):
        dialog.threads.setValue(1)
        dialog.previews.setValue(45)
        dialog.autosave.setValue(120)
    with qtbot.waitSignal(dialog.loupe_chosen):
        qtbot.keyClick(dialog.loupe, Qt.Key.Key_End)
    preferences.save()
    again = reopen()
    assert (again.threads, again.preview_percent, again.autosave_s, again.loupe) == (1, 45, 120, 4)
    file = tmp_path / "other.ini"
    file.write_text("[training]\nthreads=-3\npreviews=200\nautosave=often\n[canvas]\nloupe=3\n")
    other = Preferences(QSettings(str(file), QSettings.Format.IniFormat))
    assert (other.threads, other.preview_percent, other.autosave_s, other.loupe) == (0, 80, 50, 1)
