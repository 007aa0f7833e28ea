"""Starting: what the command answers before and without a window, crash reports, and the splash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplashScreen

from app import __main__, crash
from app.window import SPLASH_PX, make_splash
from engine.__main__ import main as engine_main
from engine.device import several
from engine.errors import TesseraError
from engine.training import follower, leader

ROOT = Path(__file__).parents[2]


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
@pytest.mark.parametrize(
    "environment",
    [{}, {"DISPLAY": ":54321"}, {"WAYLAND_DISPLAY": "nowhere", "QT_QPA_PLATFORM": "wayland"}],
    ids=["none", "dead", "qt"],
)
def test_without_a_display_one_sentence_names_the_other_ways(environment: dict[str, str]) -> None:
    result = command(**environment)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    for name in __main__.NAMES:
        assert f"tessera {name}" in result.stderr


@pytest.mark.parametrize("name", __main__.NAMES)
def test_every_command_is_reached_by_the_installed_program(name: str) -> None:
    result = command(name, "--help")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"usage: tessera {name} ")


def test_the_program_trains_on_another_device_where_it_stands_for_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a bundle, whose only program it is."""
    followed: list[list[str]] = []
    monkeypatch.setattr(follower, "main", lambda arguments: followed.append(arguments) or 3)

    class Started:
        returncode = 3

        def __init__(self, words: list[str], **_how: object) -> None:
            assert words[0] == sys.executable
            self.returncode = __main__.main(words[1:])

        def poll(self) -> int:
            return self.returncode

        def kill(self) -> None: ...

        def wait(self) -> None: ...

    monkeypatch.setattr(leader.subprocess, "Popen", Started)
    with pytest.raises(TesseraError, match="that for cpu has ended with exit code 3"):
        leader.led(several("cpu,cpu"))
    ((_port, rank, _threads, keys),) = followed
    assert (rank, keys) == ("1", "cpu,cpu")


def test_fetch_fetches(tmp_path: Path) -> None:
    result = command("fetch", "--from", str(tmp_path / "none.pth"))
    assert result.returncode == 1
    assert "none.pth" in result.stderr
    assert "neither a file nor a folder" not in result.stderr


def test_the_commands_are_told_wherever_they_are_told(capsys) -> None:
    assert {"train", "render", "fetch", "methods", "devices"} <= {*__main__.NAMES}
    assert __main__.main(["--help"]) == 0
    assert " | ".join(__main__.NAMES) in capsys.readouterr().out
    assert engine_main(["--help"]) == 0
    listed = capsys.readouterr().out
    assert all(f"\n    {name} " in listed for name in __main__.NAMES)


def test_help_version_and_mistakes(capsys) -> None:
    assert __main__.main(["--help"]) == 0
    assert "train" in capsys.readouterr().out
    assert __main__.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("tessera")
    assert __main__.main(["--sideways"]) == 2
    assert "--sideways" in capsys.readouterr().err
    assert __main__.main(["not/there.png"]) == 2
    assert "not/there.png" in capsys.readouterr().err


def test_help_loads_neither_qt_nor_torch() -> None:
    code = (
        "import sys; from app.__main__ import main; main(['--help']);"
        "sys.exit(any(name.split('.')[0] in ('PySide6', 'torch') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120, check=False).returncode == 0


def test_threads_share_one_heap_from_the_start() -> None:
    """A heap that a thread got before is never given back whole."""
    code = (
        "import sys, threading, types; from engine import heap\n"
        "heap.keep_freed = lambda: print(threading.active_count(), 'torch' in sys.modules)\n"
        "sys.modules['app.window'] = types.SimpleNamespace(run=lambda paths: 0)\n"
        "from app.__main__ import main; main([])"
    )
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True).stdout == b"1 False\n"


def test_the_engine_s_commands_load_no_qt() -> None:
    code = (
        "import sys; from app.__main__ import main\n"
        "status = main(['devices', '--json'])\n"
        "sys.exit(status or any(name.split('.')[0] == 'PySide6' for name in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    assert b"cpu" in result.stdout


def test_splash_and_frame_are_shown_before_torch_is_loaded() -> None:
    code = (
        "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([])\n"
        "from app.window import make_splash, make_window; make_splash().show()\n"
        "window = make_window(app); window.show(); app.processEvents()\n"
        "loaded = {'torch', 'pyqtgraph', 'cv2', 'pyvips'} & set(sys.modules); print(*loaded)\n"
        "window.close(); sys.exit(bool(loaded) or window.isVisible())"
    )
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


HEAVY = (
    *("torch._dynamo", "torch._inductor", "torch._functorch.aot_autograd", "triton", "sympy", "scipy", "networkx"),
    *("pyqtgraph", "pyvips", "pillow_heif", "PIL", "dask", "distributed", "matplotlib", "pandas"),
    "engine.training.channel",  # which brings torch.distributed along
)
"""What an empty window can do without, and which takes a tenth of a second or more together."""


def test_the_empty_window_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from PySide6.QtCore import QSettings; from PySide6.QtWidgets import QApplication\n"
        "app = QApplication([]); home = pathlib.Path(sys.argv[1])\n"
        "QSettings.setDefaultFormat(QSettings.Format.IniFormat)\n"
        "QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(home))\n"
        "import app.window as program; program.crash.data_folder = lambda: home / 'data'\n"
        "window = program.make_window(app); window.show(); program.load_engine(); window.build()\n"
        "app.processEvents(); print(*(set(sys.argv[2:]) & set(sys.modules)))\n"
        "assert window.built; import os; sys.stdout.flush(); os._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), *HEAVY],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_splash_is_there_without_waiting(qtbot) -> None:
    """Qt's own waits a second for events that come only afterwards."""
    splash = make_splash()
    assert not isinstance(splash, QSplashScreen)
    qtbot.addWidget(splash)
    splash.show()
    qtbot.waitExposed(splash)
    assert not splash.testAttribute(Qt.WidgetAttribute.WA_QuitOnClose)


def test_the_splash_has_its_size(qtbot) -> None:
    splash = make_splash()
    qtbot.addWidget(splash)
    assert (splash.width(), splash.height()) == SPLASH_PX


def test_a_crash_is_written_down_and_old_reports_go(tmp_path: Path) -> None:
    numbers = range(crash.KEPT_REPORTS + 5)
    report = [crash.record(ValueError(f"number {number}"), tmp_path) for number in numbers][-1]
    assert report is not None
    assert f"number {crash.KEPT_REPORTS + 4}" in report.read_text()
    assert len(list(tmp_path.iterdir())) == crash.KEPT_REPORTS
    assert str(report) in crash.crash_message(report)


def test_a_crash_that_can_not_be_written_is_still_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    report = crash.record(ValueError("x"), tmp_path / "file" / "below")
    assert report is None
    assert "kept" in crash.crash_message(report)


def test_an_unexpected_exception_is_shown_once_and_the_program_goes_on(qtbot, tmp_path: Path, monkeypatch) -> None:
    from PySide6.QtWidgets import QApplication

    monkeypatch.setattr(crash, "data_folder", lambda: tmp_path)
    for _ in range(2):
        crash._hook(ValueError, ValueError("x"), None)
    boxes = [widget for widget in QApplication.topLevelWidgets() if widget.objectName() == "crash"]
    assert len(boxes) == 1
    assert len(list((tmp_path / "crashes").iterdir())) == 2
    boxes[0].close()


def test_the_box_of_a_crash_copies_its_report_and_opens_its_folder(qtbot, tmp_path: Path, monkeypatch) -> None:
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication, QMessageBox

    from app.widgets import words

    opened: list[Path] = []
    monkeypatch.setattr(crash, "data_folder", lambda: tmp_path)
    monkeypatch.setattr(words, "show_in_folder", opened.append)
    qtbot.waitUntil(lambda: not [w for w in QApplication.topLevelWidgets() if w.objectName() == "crash"])
    crash._hook(ValueError, ValueError("what went wrong"), None)
    box = next(widget for widget in QApplication.topLevelWidgets() if widget.objectName() == "crash")
    assert isinstance(box, QMessageBox)
    for button in box.buttons():
        if button.text() != "Close":
            button.click()
    assert box.isVisible(), "it stays until it is closed"
    assert "ValueError: what went wrong" in QGuiApplication.clipboard().text()
    (report,) = (tmp_path / "crashes").iterdir()
    assert opened == [report]
    box.close()


@pytest.mark.parametrize("broken", ["window.load_engine", "main_window.MainWindow.build"])
def test_a_start_that_fails_says_so_in_a_window_and_ends(tmp_path: Path, broken: str) -> None:
    code = (
        "import sys, app.window, app.main_window\n"
        "from PySide6.QtCore import QTimer; from PySide6.QtWidgets import QApplication\n"
        "def fails(*_): raise ImportError('torch is broken')\n"
        f"app.{broken} = fails\n"
        "def look():\n"
        "    shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]\n"
        "    print(len(shown), shown[0].objectName(), shown[0].text()); shown[0].close()\n"
        "def tell(error, tell=app.crash.tell_and_end): tell(error); QTimer.singleShot(20, look)\n"
        "app.crash.tell_and_end = tell\n"
        "sys.exit(app.window.run([]))"
    )
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("1 crash Tessera could not start"), done.stdout + done.stderr
    assert "torch is broken" in done.stdout
    assert len(list(tmp_path.rglob("crash-*.txt"))) == 1
