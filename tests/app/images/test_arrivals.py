"""Pictures that are no files yet: dropped by a browser, as data or as an address, on a slot and on the canvas."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from app.images.arrivals import Arrivals, address_of, local_paths
from tests.app.drops import drop
from tests.app.studio import Studio
from tests.app.toys import write_image


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A page and a picture on this computer."""
    picture = write_image(tmp_path / "served.png", 30, 20).read_bytes()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, content = ("image/png", picture) if self.path.endswith(".png") else ("text/html", b"<p>words</p>")
            if "gone" in self.path:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def arrivals(tmp_path: Path, qtbot) -> Iterator[Arrivals]:
    made = Arrivals(tmp_path / "pasted")
    yield made
    qtbot.waitUntil(lambda: not made._tasks.busy)
    made.wait()


def link(address: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(address)])
    return data


def test_the_picture_is_meant_and_not_the_page_it_links_to() -> None:
    data = link("https://example.org/page.html")
    data.setHtml(
        '<a href="https://example.org/page.html"><img alt="x" src="https://example.org/a.jpg?w=1&amp;h=2"></a>'
    )
    assert address_of(data) == "https://example.org/a.jpg?w=1&h=2"
    assert address_of(link("mailto:somebody@example.org")) == ""


def test_an_address_is_fetched_under_its_own_name(server: str, studio: Studio) -> None:
    window = studio.window
    assert drop(window.sources.section("style").zone, link(f"{server}/Starry%20Night.png"), QPoint(5, 5))
    assert any("fetched from 127.0.0.1" in text for text in studio.said())
    studio.until(lambda: len(window.document.sources("style")) == 1)
    assert Path(window.document.sources("style")[0].path).name == "Starry_Night.png"
    studio.until(lambda: not studio.said())
    assert drop(window.canvas.view.viewport(), link(f"{server}/Starry%20Night.png"), QPoint(5, 50))
    studio.until(lambda: len(window.document.sources("style")) == 2)


def test_what_is_fetched_for_one_project_does_not_arrive_in_the_next(server: str, studio: Studio) -> None:
    window = studio.window
    assert drop(window.sources.section("style").zone, link(f"{server}/late.png"), QPoint(5, 5))
    window.files.new()
    studio.until(lambda: not window.sources.arrivals._tasks.busy)
    assert (window.sources.arrivals.folder / "late.png").exists()
    QApplication.processEvents()
    assert not window.document.sources("style")


@pytest.mark.parametrize(("path", "said"), [("page", "no picture but a page"), ("gone.png", "could not be fetched")])
def test_what_can_not_be_fetched_is_told(server: str, arrivals: Arrivals, qtbot, path: str, said: str) -> None:
    with qtbot.waitSignal(arrivals.problem) as blocker:
        assert arrivals.take("style", link(f"{server}/{path}"))
    assert said in blocker.args[0]
    assert "127.0.0.1" in blocker.args[0]


def test_where_the_file_can_not_be_had_what_the_browser_shows_is_taken(server: str, arrivals: Arrivals, qtbot) -> None:
    data = link(f"{server}/gone.png")
    image = QImage(8, 6, QImage.Format.Format_RGB888)
    image.fill(QColor("#336699"))
    data.setImageData(image)
    with qtbot.waitSignal(arrivals.arrived) as blocker:
        arrivals.take("style", data)
    (path,) = blocker.args[1]
    assert QImage(str(path)).size() == image.size()


def test_a_picture_written_into_its_address(tmp_path: Path, arrivals: Arrivals, qtbot) -> None:
    content = write_image(tmp_path / "a.png", 12, 9).read_bytes()
    data = QMimeData()
    data.setHtml(f'<img src="data:image/png;base64,{base64.b64encode(content).decode()}">')
    with qtbot.waitSignal(arrivals.arrived) as blocker:
        arrivals.take("style", data)
    assert blocker.args[1][0].read_bytes() == content


def test_paths_may_be_pasted_as_text(tmp_path: Path) -> None:
    one, two = write_image(tmp_path / "a b.png"), write_image(tmp_path / "ü.png")
    pasted = {
        f"{one}\n'{two}'\n": [one, two],
        one.as_uri(): [one],
        "a b.png": [],
        f"{one} is my favourite": [],
        f"{one}\n{tmp_path}/gone.png": [],
        "": [],
        "x" * 5000: [],
        "/" + "x" * 5000: [],
        "/\0": [],
    }
    for text, expected in pasted.items():
        data = QMimeData()
        data.setText(text)
        assert local_paths(data) == expected, text[:40]


def test_that_nothing_could_be_pasted_is_said_until_something_is(studio: Studio) -> None:
    data = QMimeData()
    data.setText("words")
    QGuiApplication.clipboard().setMimeData(data)
    studio.press("paste")
    assert any("clipboard" in text for text in studio.said())
    data = QMimeData()
    data.setText(str(write_image(studio.folder / "a.png")))
    QGuiApplication.clipboard().setMimeData(data)
    studio.press("paste")
    assert studio.window.document.sources("style")
    assert studio.said() == []
