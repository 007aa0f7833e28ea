"""Getting a network's file: fetched from a small server of the test's own, stopped, refused, or chosen from disk."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.document import Document
from app.weights.controller import WeightsController
from app.weights.dialog import WeightsDialog
from app.widgets.message_bar import MessageBar
from engine.style.weights import VGG19, Weights, missing_weights, place_of

DATA = bytes(range(256)) * 6000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def gate() -> threading.Event:
    """The second half is sent once this is set."""
    event = threading.Event()
    event.set()
    return event


@pytest.fixture
def weights(gate: threading.Event) -> Iterator[Weights]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(DATA) - begin))
            self.end_headers()
            middle = max(begin, len(DATA) // 2)
            try:
                self.wfile.write(DATA[begin:middle])
                gate.wait(20)
                self.wfile.write(DATA[middle:])
            except OSError:  # the other side has stopped listening
                pass

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/toy.pth"
    yield Weights("Toy", "toy.pth", url, len(DATA), hashlib.sha256(DATA).hexdigest()[:8])
    gate.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def dialog(qtbot, weights: Weights, tmp_path: Path) -> WeightsDialog:
    dialog = WeightsDialog(weights, tmp_path / "cache")
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_fetching_puts_the_file_in_its_place(qtbot, dialog: WeightsDialog, weights: Weights, tmp_path: Path) -> None:
    with qtbot.waitSignal(dialog.accepted, timeout=20_000):
        qtbot.mouseClick(dialog.fetch_button, LEFT)
        assert dialog.close_button.text() == "Stop"
        assert not dialog.choose_button.isEnabled()
    assert place_of(weights, tmp_path / "cache").read_bytes() == DATA


def test_a_stopped_download_goes_on_the_next_time(
    qtbot, dialog: WeightsDialog, weights: Weights, gate: threading.Event, tmp_path: Path
) -> None:
    gate.clear()
    dialog.fetch()
    qtbot.waitUntil(lambda: dialog.bar.value() >= 300, timeout=20_000)
    assert "of 1.5 MB" in dialog.note.text()
    dialog.stop()
    gate.set()
    qtbot.waitUntil(dialog.fetch_button.isEnabled, timeout=20_000)
    assert "goes on from there" in dialog.note.text()
    assert dialog.isVisible()
    assert not place_of(weights, tmp_path / "cache").exists()
    assert place_of(weights, tmp_path / "cache").with_suffix(".part").stat().st_size >= len(DATA) // 3
    with qtbot.waitSignal(dialog.accepted, timeout=20_000):
        dialog.fetch()
    assert place_of(weights, tmp_path / "cache").read_bytes() == DATA


def test_closing_while_it_is_fetched_stops_first(
    qtbot, dialog: WeightsDialog, gate: threading.Event, weights: Weights, tmp_path: Path
) -> None:
    gate.clear()
    dialog.fetch()
    qtbot.waitUntil(lambda: dialog.bar.value() >= 300, timeout=20_000)
    dialog.reject()
    gate.set()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=20_000)
    assert not place_of(weights, tmp_path / "cache").exists()


def test_a_file_from_disk_is_checked_and_copied(qtbot, dialog: WeightsDialog, weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "wrong.pth").write_bytes(b"something else")
    dialog.take(tmp_path / "wrong.pth")
    qtbot.waitUntil(dialog.fetch_button.isEnabled, timeout=20_000)
    assert "is not toy.pth" in dialog.note.text()
    (tmp_path / "mine.pth").write_bytes(DATA)
    with qtbot.waitSignal(dialog.accepted, timeout=20_000):
        dialog.take(tmp_path / "mine.pth")
    assert place_of(weights, tmp_path / "cache").read_bytes() == DATA
    assert (tmp_path / "mine.pth").exists()


def test_no_connection_is_told_with_the_remedy(qtbot, tmp_path: Path) -> None:
    nowhere = Weights("Toy", "toy.pth", "http://127.0.0.1:9/toy.pth", 10, "abc")
    dialog = WeightsDialog(nowhere, tmp_path)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.fetch()
    qtbot.waitUntil(dialog.fetch_button.isEnabled, timeout=20_000)
    assert "could not be fetched" in dialog.note.text()
    assert str(tmp_path / "toy.pth") in dialog.note.text()


def test_choosing_a_network_that_is_not_there_offers_to_get_it(qtbot, tmp_path: Path) -> None:
    document, bar, window = Document(tmp_path / "data"), MessageBar(), QWidget()
    qtbot.addWidget(bar)
    qtbot.addWidget(window)
    controller = WeightsController(document, bar, window, tmp_path / "cache")
    document.set_method("neural_style")
    assert not controller.ask()
    document.set("network", "vgg19")
    (message,) = bar.messages
    assert "VGG-19 is not on this computer yet (575 MB)." in message.text
    bar.button.click()
    assert controller.dialog is not None
    controller.dialog.reject()
    assert controller.dialog is None
    assert [m.text for m in bar.messages] == [message.text]
    place_of(VGG19, tmp_path / "cache").parent.mkdir()
    place_of(VGG19, tmp_path / "cache").write_bytes(b"here")
    controller.refresh()
    assert not bar.messages
    document.set("network", "filters")
    assert missing_weights(document.settings, tmp_path / "nowhere") == ()
