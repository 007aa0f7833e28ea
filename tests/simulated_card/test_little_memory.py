"""A card with too little memory: nothing is lost, and what is painted is there all the same."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine import device as devices
from engine.box import Box, Margin, Size
from engine.errors import OutOfMemoryError
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8, to_uint16
from engine.images.read import read_image
from engine.messages.commands import Resume
from engine.messages.events import Ended, Event, Failed, Paused, Stepped, Warned
from engine.messages.exports import Exported, ExportRequest, Progressed
from engine.nn import capture
from engine.training.session import Session
from tests.engine.method_jobs import JOBS
from tests.engine.sessions import of, play
from tests.simulated_card.card import SimulatedCard
from tests.simulated_card.trainers import CUDA, begun, exhaust

NO_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@pytest.mark.parametrize("key", ["famos", "magic", "stylize", "neural_style"])
def test_a_step_without_memory_leaves_nothing_behind(
    key: str, card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Wherever it breaks off: what follows equals a training without a break."""
    monkeypatch.setattr(capture, "PLAIN_STEPS", 1000)  # captured steps are rounded otherwise
    job = JOBS[key](tmp_path, {"scales": 1} if key == "neural_style" else None)
    made = begun(job, steps=1)
    start = made.method.state()
    with card.counting() as counts:
        exhaust(made.advance())
    straight = made.method.state()
    for share in (0.05, 0.4, 0.7, 0.97):
        made.method.restore(start)
        made.exchange(made.method, job)  # no moment before this one is remembered
        made.go_on_from(1, 0.0, {})
        card.break_at(int(share * counts.launches), NO_MEMORY)
        with pytest.raises(OutOfMemoryError, match="Nothing is lost"):
            exhaust(made.advance())
        assert made.step == 1
        exhaust(made.advance())
        found = made.method.state()
        assert found.plain == straight.plain, share
        for name, tensor in straight.tensors.items():
            assert torch.equal(found.tensors[name], tensor), f"{name}, broken off at {share:.0%} of a step"


@pytest.mark.parametrize(
    "said",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB.",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "Triton Error [CUDA]: out of memory",
        "MPS backend out of memory (MPS allocated: 9.07 GB, other allocations: 1 MB, max allowed: 9.07 GB).",
        "Invalid buffer size: 20.00 GB",
    ],
)
def test_too_little_memory_is_known_in_the_words_of_each_library(said: str) -> None:
    """cuBLAS allocates by itself, and names it as it names what a card does not survive."""
    assert devices.is_out_of_memory(RuntimeError(said))
    assert not devices.is_lost(RuntimeError(said))


def test_the_next_size_of_a_picture_without_memory_is_tried_again(card: SimulatedCard, tmp_path: Path) -> None:
    job = JOBS["neural_style"](tmp_path)  # grows after two steps
    straight = begun(job, steps=5).method.state()
    for launch in (1, 12):
        broken = begun(job, steps=2)
        card.break_at(launch, NO_MEMORY)
        with pytest.raises(OutOfMemoryError):
            exhaust(broken.advance())
        while broken.step < 5:
            exhaust(broken.advance())
        found = broken.method.state()
        assert found.plain == straight.plain
        assert torch.equal(found.tensors["picture"], straight.tensors["picture"])


def test_a_session_without_memory_pauses_and_goes_on(card: SimulatedCard, tmp_path: Path) -> None:
    session = Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=4, previews=False)

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 1:
            card.break_at(150, NO_MEMORY)
        if isinstance(event, Paused):
            session.post(Resume())

    events = play(session, react)
    assert "too little memory" in of(events, Warned)[0].message
    assert of(events, Ended)[0].step == 4
    assert not of(events, Failed)


class Renderer:
    """Paints plain grey on the card, and breaks it once all quarters but the last are painted."""

    alignment_px, halo, device = 8, Margin(0, 0, 0, 0), CUDA

    def __init__(self, card: SimulatedCard) -> None:
        self.card, self.painted = card, 0

    def paint(self, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        if box.area > 1024:
            raise NO_MEMORY
        self.painted += 1
        grey = torch.full((3, box.height, box.width), 0.5, device=CUDA)
        self.card.break_at(0, NO_MEMORY)
        return {"result": grey}


def test_no_memory_while_quarters_are_put_together_is_a_sentence(card: SimulatedCard) -> None:
    """The export hears of it and takes the CPU."""
    with pytest.raises(OutOfMemoryError, match="paint on the CPU"):
        Artwork(Renderer(card), Size(64, 64)).at(Box(0, 0, 64, 64))  # type: ignore[arg-type]


def test_a_painted_tile_is_written_where_there_is_no_memory_to_round_it(card: SimulatedCard) -> None:
    picture = torch.rand(3, 5, 7)
    for convert in (to_uint8, to_uint16):
        for launch in range(1, 8):
            on_card = picture.to(CUDA)
            card.break_at(launch, NO_MEMORY)
            assert (convert(on_card) == convert(picture)).all()


@pytest.mark.parametrize("key", ["famos", "texture"])
def test_a_tile_without_memory_is_painted_in_quarters(key: str, card: SimulatedCard, tmp_path: Path) -> None:
    prints = []
    for name in ("whole", "broken"):
        session = Session(JOBS[key](tmp_path), tmp_path, device="cuda:0", steps=1, previews=False)

        def react(event: Event, name: str = name, session: Session = session) -> None:
            if isinstance(event, Stepped):
                session.post(ExportRequest(tmp_path / f"{name}.png", Size(96, 128), tile_px=64))
            if isinstance(event, Progressed) and event.done == 0 and name == "broken":
                card.break_at(30, NO_MEMORY)

        events = play(session, react)
        assert not of(events, Failed)
        said = "so tiles are painted in smaller pieces. The picture is the same."
        assert [warned.message.partition(", ")[2] for warned in of(events, Warned)] == [said] * (name == "broken")
        prints.append(read_image(of(events, Exported)[0].out).pixels.int())
    assert (prints[0] - prints[1]).abs().max() <= 1
