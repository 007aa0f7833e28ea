"""Too little memory is answered by smaller pieces, then the CPU, each said once; weights and images have names."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.errors import MissingSourcesError, OutOfMemoryError
from engine.export.fingerprint import image_digests, state_digest
from engine.export.relink import missing_images, refuse_missing_images, with_images_from
from engine.export.renderer import PatientRenderer
from engine.fields.artwork import Artwork
from engine.method import State
from tests.engine import toy

CANVAS = Size(200, 200)


class Small:
    """Paints coordinates, on a device with room for so many pixels; keeps what it was asked for."""

    alignment_px, halo, device = 4, Margin(4, 4, 4, 4), torch.device("cpu")

    def __init__(self, room_px: float) -> None:
        self.room_px, self.asked = room_px, 0
        self.held: list[Tensor] = []

    def paint(self, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        self.asked += 1
        if box.area > self.room_px:
            raise torch.OutOfMemoryError("no room")
        rows = torch.arange(box.top, box.bottom).float()[:, None].expand(-1, box.width)
        return {"result": torch.stack([rows, rows, rows])}


def painted(painter: PatientRenderer) -> None:
    for tile in CANVAS.box.tiles(64):
        rows = painter(tile)[0]
        assert torch.equal(rows, torch.arange(tile.top, tile.bottom).float()[:, None].expand(-1, tile.width))


def test_enough_memory_is_not_spoken_of() -> None:
    said: list[str] = []
    painted(PatientRenderer(Artwork(Small(1e9), CANVAS), None, said.append))
    assert not said


def test_tiles_are_split_and_it_is_said_once() -> None:
    said: list[str] = []
    small = Small(1700)
    painted(PatientRenderer(Artwork(small, CANVAS), None, said.append))
    assert len(said) == 1
    assert "smaller pieces" in said[0]
    failures = small.asked
    small.asked = 0
    painted(PatientRenderer(Artwork(small, CANVAS), None, said.append))
    assert small.asked == failures, "the same again"
    again = Artwork(small, CANVAS)
    again.at(Box(0, 0, 64, 64))
    small.asked = 0
    again.at(Box(64, 64, 64, 64))
    assert small.asked == 4, "what failed once is not tried again"


def test_the_cpu_takes_over_for_good_and_it_is_said_once() -> None:
    said: list[str] = []
    built: list[Artwork] = []

    def on_cpu() -> Artwork:
        built.append(Artwork(Small(1e9), CANVAS))
        return built[-1]

    tiny = Small(10)
    painted(PatientRenderer(Artwork(tiny, CANVAS), on_cpu, said.append))
    assert len(built) == 1
    assert len(said) == 1
    assert "painted on the CPU" in said[0]


def test_where_not_even_the_cpu_can_it_is_a_sentence() -> None:
    with pytest.raises(OutOfMemoryError, match="too little memory"):
        painted(PatientRenderer(Artwork(Small(10), CANVAS), None, lambda message: None))


def test_other_failures_come_through() -> None:
    small = Small(1e9)
    small.paint = lambda box, canvas_size: (_ for _ in ()).throw(RuntimeError("something else"))  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="something else"):
        painted(PatientRenderer(Artwork(small, CANVAS), lambda: Artwork(Small(1e9), CANVAS), lambda message: None))


def test_equal_weights_have_one_name() -> None:
    def state(value: float, steps: int = 3) -> State:
        return State({"b": torch.full((2, 3), value), "a": torch.arange(4)}, {"steps_done": steps, "device": "cpu"})

    assert state_digest(state(0.5)) == state_digest(
        State(dict(reversed(state(0.5).tensors.items())), {"steps_done": 3})
    )
    others = [state(0.25), state(0.5, 4), State({"a": torch.arange(4)}), State({"c": torch.arange(4.0)})]
    assert len({state_digest(other) for other in [state(0.5), *others]}) == 5


def test_images_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    job = toy.job(tmp_path)
    before = image_digests(job)
    moved = tmp_path / "moved"
    moved.mkdir()
    (tmp_path / "style.png").rename(moved / "style.png")
    assert missing_images(job) == [tmp_path / "style.png"]
    with pytest.raises(MissingSourcesError, match=r"style\.png can not be found"):
        refuse_missing_images(job)
    with pytest.raises(MissingSourcesError, match=r"style\.png could not be opened"):
        image_digests(job)
    found = with_images_from(job, [tmp_path / "nowhere", moved])
    refuse_missing_images(found)
    assert image_digests(found) == before
    (moved / "style.png").write_bytes(b"another")
    assert image_digests(found) != before
    assert with_images_from(job, []) == job
