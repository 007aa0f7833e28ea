"""Weights are fetched from a small server of the test's own: broken off, resumed, stopped, wrong, or not there."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.errors import BadWeightsError, CancelledError, MissingWeightsError, NoRoomError
from engine.method import method_class
from engine.style.weights import VGG19, Weights, adopt, fetch, missing_weights, needed, place_of, present, sha256

DATA = bytes(range(256)) * 4000  # about a megabyte: several blocks


class Handler(BaseHTTPRequestHandler):
    """Serves DATA from wherever it is asked to begin; `cut` breaks it off, `ranges` says whether it can begin later."""

    cut: int | None = None
    ranges = True
    asked: list[str | None] = []  # noqa: RUF012, each test has a subclass of its own

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append(wanted)
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if begin >= len(DATA):
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(DATA) - begin))
        self.end_headers()
        self.wfile.write(DATA[begin : self.cut])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def handler() -> type[Handler]:
    return type("Mine", (Handler,), {"asked": []})


@pytest.fixture
def url(handler: type[Handler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/weights.pth"
    server.shutdown()
    thread.join()
    server.server_close()


def _noted(progress: Iterator[tuple[int, int]], seen: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Hands progress on, and notes it at once."""
    for item in progress:
        seen.append(item)
        yield item


def weights(url: str, prefix: str = "") -> Weights:
    return Weights("Toy", "toy.pth", url, len(DATA), prefix or hashlib.sha256(DATA).hexdigest()[:8])


def test_a_whole_download_with_progress(url: str, tmp_path: Path) -> None:
    progress = list(fetch(weights(url), tmp_path / "new folder"))
    assert progress[0] == (0, len(DATA))
    assert progress[-1] == (len(DATA), len(DATA))
    assert [there for there, _ in progress] == sorted(there for there, _ in progress)
    path = present(weights(url), tmp_path / "new folder")
    assert path.read_bytes() == DATA
    assert [p.name for p in path.parent.iterdir()] == ["toy.pth"]


def test_a_broken_download_goes_on_where_it_was(url: str, handler: type[Handler], tmp_path: Path) -> None:
    handler.cut = 300_000
    with pytest.raises(MissingWeightsError, match="goes on from where it was"):
        list(fetch(weights(url), tmp_path))
    assert not place_of(weights(url), tmp_path).exists()
    there = (tmp_path / "toy.part").stat().st_size
    assert 0 < there <= 300_000
    handler.cut = None
    progress = list(fetch(weights(url), tmp_path))
    assert progress[0] == (there, len(DATA))
    assert handler.asked == [None, f"bytes={there}-"]
    assert place_of(weights(url), tmp_path).read_bytes() == DATA


def test_a_stopped_download_goes_on_too(url: str, tmp_path: Path) -> None:
    seen = []
    with pytest.raises(CancelledError):
        list(_noted(fetch(weights(url), tmp_path, stop=lambda: len(seen) > 1), seen))
    assert (tmp_path / "toy.part").stat().st_size == seen[-1][0] > 0
    list(fetch(weights(url), tmp_path))
    assert place_of(weights(url), tmp_path).read_bytes() == DATA


def test_a_server_that_can_only_begin_at_the_beginning(url: str, handler: type[Handler], tmp_path: Path) -> None:
    handler.ranges = False
    (tmp_path / "toy.part").write_bytes(b"something else")
    list(fetch(weights(url), tmp_path))
    assert place_of(weights(url), tmp_path).read_bytes() == DATA


def test_all_was_there_but_not_yet_renamed(url: str, tmp_path: Path) -> None:
    (tmp_path / "toy.part").write_bytes(DATA)
    list(fetch(weights(url), tmp_path))
    assert place_of(weights(url), tmp_path).read_bytes() == DATA


def test_another_file_is_removed_and_named(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadWeightsError, match="checksum does not begin with 00000000"):
        list(fetch(weights(url, "00000000"), tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_without_a_connection_the_artist_is_told_what_to_put_where(tmp_path: Path) -> None:
    nowhere = weights("http://127.0.0.1:1/weights.pth")
    with pytest.raises(MissingWeightsError) as told:
        list(fetch(nowhere, tmp_path))
    for part in ("toy.pth", "1 MB", str(tmp_path / "toy.pth"), nowhere.url):
        assert part in str(told.value)
    with pytest.raises(MissingWeightsError) as told:
        present(nowhere, tmp_path)
    for part in ("1 MB", str(tmp_path / "toy.pth"), nowhere.url):
        assert part in str(told.value)


def test_a_page_that_is_gone(url: str, handler: type[Handler], tmp_path: Path) -> None:
    handler.do_GET = lambda self: self.send_error(404)  # type: ignore[method-assign]
    with pytest.raises(MissingWeightsError, match="the server answered 404"):
        list(fetch(weights(url), tmp_path))


def test_a_cache_that_can_not_be_written(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(NoRoomError, match="could not be written"):
        list(fetch(weights(url), tmp_path / "file"))


def test_a_file_chosen_from_disk_is_checked_first(tmp_path: Path) -> None:
    chosen, cache = tmp_path / "from a friend.pth", tmp_path / "cache"
    chosen.write_bytes(DATA)
    assert adopt(weights("http://x/"), chosen, cache).read_bytes() == DATA
    chosen.write_bytes(DATA[:-1])
    with pytest.raises(BadWeightsError, match=r"from a friend\.pth is not toy\.pth, or is damaged"):
        adopt(weights("http://x/"), chosen, cache)
    assert present(weights("http://x/"), cache).read_bytes() == DATA
    with pytest.raises(BadWeightsError, match="could not be read"):
        adopt(weights("http://x/"), tmp_path / "none.pth", cache)


def test_the_checksum_follows_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    first = sha256(path)
    path.write_bytes(b"three")
    assert sha256(path) != first == hashlib.sha256(b"one").hexdigest()


def test_settings_that_choose_a_published_network_need_its_file(tmp_path: Path) -> None:
    settings = method_class("neural_style").Settings
    assert needed(settings()) == ()
    assert missing_weights(settings.of({"network": "vgg19"}), tmp_path) == (VGG19,)
    place_of(VGG19, tmp_path).write_bytes(b"here")
    assert missing_weights(settings.of({"network": "vgg19"}), tmp_path) == ()
