"""What goes wrong on a card: too little memory, kernels that fail late, cards that lack something. Nothing is lost."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine import device as devices
from engine import snapshots
from engine.box import Box, Margin, Size
from engine.errors import BadSettingError, OutOfMemoryError
from engine.fields.artwork import Artwork
from engine.images.maps import RegionMap
from engine.images.quantise import to_uint8, to_uint16
from engine.images.read import read_image
from engine.job import Job
from engine.messages.commands import Keep, Pause, RenderView, Resume, Stop
from engine.messages.events import Ended, Event, Failed, Kept, Paused, Stepped, Warned
from engine.messages.exports import Exported, ExportRequest, Progressed
from engine.method import method_class
from engine.methods.magic.method import Magic
from engine.nn import capture, set_attention
from engine.nn.layers import ChannelLayerNorm
from engine.nn.set_attention import SetAttention
from engine.options import RenderMode
from engine.preview import usage
from engine.templates.atlas import Atlas, Templates
from engine.templates.mixture import weighted_sum
from engine.training import trainer
from engine.training.session import Session
from engine.training.trainer import Trainer
from tests.engine import famos_jobs, magic_jobs
from tests.engine.methods.test_every_method import JOBS
from tests.engine.sessions import of, play
from tests.simulated_card.card import SimulatedCard

CUDA = torch.device("cuda:0")
NO_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
LATE = RuntimeError(
    "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be asynchronously reported"
)


@pytest.fixture
def _remembers_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REPORT_S", "REMEMBER_S", "REMEMBER_COST"):
        monkeypatch.setattr(trainer, name, 0.0)


def begun(job: Job, steps: int = 0) -> Trainer:
    made = Trainer(method_class(job.method)(job, CUDA), job, devices.choose("cuda:0"))
    while made.step < steps:
        exhaust(made.advance())
    return made


def exhaust(events: Iterator[Event]) -> list[Event]:
    return list(events)


# ---------------------------------------------------------------- too little memory


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


@pytest.mark.parametrize("library", ["CUDA error", "HIP error", "Triton Error [CUDA]"])
def test_a_card_that_failed_is_known_whoever_hears_of_it_first(library: str) -> None:
    """The next launch does: a kernel of Triton's as well."""
    error = RuntimeError(f"{library}: an illegal memory access was encountered")
    assert devices.is_lost(error)
    card = devices.Device("cuda:0", "GPU simulated", 2**37)
    assert devices.lost_message(error, card).startswith(
        "GPU simulated has stopped working (an illegal memory access was encountered)."
    )


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
        assert [warned.kind for warned in of(events, Warned)] == (["memory"] if name == "broken" else [])
        prints.append(read_image(of(events, Exported)[0].out).pixels.int())
    assert (prints[0] - prints[1]).abs().max() <= 1


# ---------------------------------------------------------------- errors that come late, cards that vanish


@pytest.mark.usefixtures("_remembers_each_step")
@pytest.mark.parametrize("meanwhile", ["nothing", "Keep", "RenderView", "Stop", "Pause and Stop", "ExportRequest"])
def test_a_card_that_vanishes_costs_no_good_moment(meanwhile: str, card: SimulatedCard, tmp_path: Path) -> None:
    session = Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=9)
    posts = {
        "nothing": (),
        "Keep": (Keep("mine"),),
        "RenderView": (RenderView(Box(0, 0, 30, 30), Size(30, 30)),),
        "Stop": (Stop(),),
        "Pause and Stop": (Pause(), Stop()),
        "ExportRequest": (ExportRequest(tmp_path / "a.png"),),
    }[meanwhile]

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 3:
            card.break_at(0 if posts else 20, LATE, late=True)
            for command in posts:
                session.post(command)

    events = play(session, react)
    failed = of(events, Failed)
    assert [failure.fatal for failure in failed] == [True]
    assert "simulated has stopped working (an illegal memory access was encountered)" in failed[0].message
    assert failed[0].message.endswith("train on the CPU.")
    (kept,) = of(events, Kept)
    assert kept.step >= 2
    assert snapshots.load_state(snapshots.read(kept.snapshot)).tensors


@pytest.mark.usefixtures("_remembers_each_step")
@pytest.mark.parametrize("launch", [1, 333])
def test_a_kernel_that_fails_late_is_told_wherever_it_is_heard(
    launch: int, card: SimulatedCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 1e9)  # nothing waits before the limit is reached
    session = Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=4)

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 1:
            card.break_at(launch, LATE, late=True)

    events = play(session, react)
    assert of(events, Failed)[0].fatal
    assert of(events, Kept)[0].step == 1


def test_a_card_that_this_torch_has_no_code_for_is_named(card: SimulatedCard, tmp_path: Path) -> None:
    error = RuntimeError("CUDA error: no kernel image is available for execution on the device\nCompile with ...")
    card.break_at(1, error, late=True)
    failed = of(play(Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=4)), Failed)[0]
    assert failed.fatal
    assert "has no code for GPU simulated" in failed.message
    assert "pytorch.org" in failed.message


# ---------------------------------------------------------------- bfloat16


@pytest.mark.usefixtures("_remembers_each_step")
@pytest.mark.parametrize("precision", ["auto", "bfloat16"])
def test_values_that_bfloat16_can_not_hold_are_computed_in_float32(
    precision: str, device: torch.device, tmp_path: Path
) -> None:
    job = famos_jobs.job(tmp_path, {"precision": precision})
    made = Trainer(method_class("famos")(job, device), job, devices.choose(str(device)))
    made.method._bfloat16 = True  # type: ignore[attr-defined]
    exhaust(made.advance())
    with torch.no_grad():
        next(made.method.generator.parameters()).fill_(torch.nan)  # type: ignore[attr-defined]
    warned = of(exhaust(made.advance()), Warned)
    assert [event.kind for event in warned] == ["diverged"]
    assert "float32" in warned[0].message
    assert made.method.state().plain["bfloat16"] is False
    assert made.method.state().plain["rate_factor"] == 1.0
    exhaust(made.advance())
    assert made.failures == 0


def test_a_collage_is_mixed_in_float32_where_networks_are_bfloat16(device: torch.device) -> None:
    random = torch.Generator().manual_seed(0)
    style = torch.randint(0, 256, (3, 40, 50), dtype=torch.uint8, generator=random)
    templates = Templates.drawn(Atlas([style], device), 9, [1.0], "mirror", random)
    weights = torch.rand(1, 9, 24, 24, generator=random).softmax(1).to(device).requires_grad_()
    results = []
    for enabled in (False, True):
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled):
            collage = weighted_sum(weights, templates.view_of(Box(3, 4, 24, 24)))
            (gradient,) = torch.autograd.grad(collage.square().sum(), weights)
        results.append((collage.detach().cpu(), gradient.cpu()))
    for exact, found in zip(*results, strict=True):
        assert found.dtype == torch.float32
        assert (found - exact).abs().max() < 0.02 / 255 * exact.abs().max()


def test_a_warped_collage_is_mixed_in_float32_as_well(device: torch.device, tmp_path: Path) -> None:
    job = magic_jobs.job(tmp_path, {"warp": "flow", "precision": "bfloat16"})
    method = Magic(job, device)
    batch = method._draw_batch(torch.Generator().manual_seed(1))
    size = (job.settings.patch, job.settings.patch)  # type: ignore[attr-defined]
    with torch.no_grad(), method._precision():
        fake = method._generate(method.generator, batch)
        choice = method.generator.choose(batch.sets, batch.content, size, 8.0, None, (16.0, 16.0), method._conditions())
    assert choice.displacement is not None
    weights, warped = fake.mixture.weights.cpu(), batch.sets.warped(choice.displacement).cpu()
    expected = torch.einsum("bkhw,bkchw->bchw", weights, warped)
    assert (fake.mixture.collage.cpu() - expected).abs().max() < 0.02 / 255


def test_norms_keep_the_type_of_their_input(device: torch.device) -> None:
    """Float32 would be kept for the gradient: half as much memory again for a step of MAGIC, which no plan knows of."""
    norm, attention = ChannelLayerNorm(8).to(device), SetAttention(8, 2).to(device)
    attention.initialise(torch.Generator().manual_seed(0)) if device.type == "cpu" else None
    x = torch.randn(6, 8, 4, 4, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        assert norm(x.bfloat16()).dtype == torch.bfloat16
        assert attention(x.bfloat16(), 3).dtype == torch.bfloat16
        assert (norm(x.bfloat16()).float() - norm(x)).abs().max() < 0.03


# ---------------------------------------------------------------- what single cards lack


def test_attention_over_more_pixels_than_a_kernel_takes(device: torch.device) -> None:
    """A tile of 1024 px with its halo, at a quarter of the size."""
    module = SetAttention(8, 2)
    module.initialise(torch.Generator().manual_seed(0))
    x = torch.randn(2, 8, 257, 256, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = module(x, 2)
        found = module.to(device)(x.to(device), 2)
    assert (found.cpu() - expected).abs().max() < 1e-4


@pytest.mark.usefixtures("card_can_be_simulated")
@pytest.mark.parametrize("repeat", [False, True])
def test_prints_from_originals_without_doubles(repeat: bool, tmp_path: Path) -> None:
    """As on a Mac's graphics processor."""
    job = famos_jobs.job(tmp_path)
    way = RenderMode(originals=2.0, repeat=repeat)
    with SimulatedCard(doubles=False), torch.no_grad():
        method = method_class("famos")(job, CUDA)
        found = Artwork(method.renderer(way), Size(64, 96)).at(Box(0, 0, 30, 40)).cpu()
    with torch.no_grad():
        expected = Artwork(method_class("famos")(job, torch.device("cpu")).renderer(way), Size(64, 96))
        assert (expected.at(Box(0, 0, 30, 40)) - found).abs().max() < 0.01


@pytest.mark.usefixtures("card_can_be_simulated")
@pytest.mark.parametrize("key", ["famos", "magic"])
def test_shares_of_images_without_doubles(key: str, tmp_path: Path) -> None:
    job = JOBS[key](tmp_path)
    with SimulatedCard(doubles=False):
        method = method_class(key)(job, CUDA)
        found = {each.path: each.share for each in usage.image_shares(method)}
        del method
    wanted = {each.path: each.share for each in usage.image_shares(method_class(key)(job, torch.device("cpu")))}
    assert found == pytest.approx(wanted, abs=1e-3)


@pytest.mark.usefixtures("card_can_be_simulated")
def test_a_picture_grows_without_a_kernel_that_enlarges(tmp_path: Path) -> None:
    """As on a Mac's graphics processor, which also has no means over parts that are not equal, for small pictures."""
    job = JOBS["neural_style"](tmp_path, {"statistic": "gram"})  # grows after two steps
    with SimulatedCard(doubles=False):
        made = begun(job, steps=4)
        shown = {name: patch.cpu() for name, patch in made.method.patches().items()}
    assert shown
    assert all(patch.isfinite().all() for patch in shown.values())


@pytest.mark.usefixtures("card_can_be_simulated")
def test_pieces_are_warped_whatever_the_side_of_a_patch(tmp_path: Path) -> None:
    job = magic_jobs.job(tmp_path, {"warp": "affine", "patch": 40})
    found = []
    for mac in (False, True):
        with SimulatedCard(doubles=False) if mac else nullcontext():
            made = method_class("magic")(job, CUDA if mac else torch.device("cpu"))
            found.append({name: float(value) for name, value in made.step(0).items()})
            del made
    assert found[1] == pytest.approx(found[0], rel=2e-3, abs=2e-3)


@pytest.mark.usefixtures("card_can_be_simulated")
def test_maps_say_where_images_may_lie_without_a_wait(tmp_path: Path) -> None:
    """Which images share their regions is found on the processor: Macs can not, and a card would be waited for."""
    allowed = torch.tensor([[True, False, True], [True, True, True]])
    regions = RegionMap(torch.zeros(4, 4, dtype=torch.uint8), torch.zeros(2, 3, dtype=torch.uint8), allowed)
    shares = torch.rand(2, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    image = torch.tensor([[0, 1], [2, 1]])
    wanted = regions.bias(shares, image)
    with SimulatedCard(doubles=False) as card:
        given = shares.to(CUDA), image.to(CUDA)
        with card.counting() as counts:
            found = regions.bias(*given)
        assert torch.equal(found.cpu(), wanted)
    assert not counts.waits + counts.uploads


def test_attention_reads_dense_memory_where_kernels_take_it_for_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metal's and AMD's give wrong numbers for views, without a word."""
    x = torch.rand(3, 5, 2, 4).permute(1, 2, 0, 3)
    assert set_attention._as_it_is_read(x) is x
    monkeypatch.setattr(torch.version, "hip", "7.0")
    assert set_attention._as_it_is_read(x).is_contiguous()


def test_the_thread_that_trains_takes_its_card_and_does_not_step_back(
    card: SimulatedCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setattr(os, "nice", lambda _: pytest.fail("a card would wait for the thread that feeds it"))
    threads = torch.get_num_threads()
    devices.prepare_thread(devices.choose("cuda:0"), background=True)
    assert taken == [CUDA]
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(("capability", "usable"), [((9, 0), True), ((8, 6), True), ((12, 0), True), ((6, 1), False)])
def test_a_card_that_torch_was_not_built_for_is_left_out_and_named(
    capability: tuple[int, int], usable: bool, card: SimulatedCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training takes the processor then, instead of ending at its first kernel."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert devices.choose("auto").key == ("cuda:0" if usable else "cpu")
    if usable:
        assert devices.why_no_card() == ""
        return
    with pytest.raises(BadSettingError, match=r"auto or one of cpu\. torch .* has no code for simulated\. Install"):
        devices.choose("cuda")


@pytest.mark.parametrize(
    ("cuda", "driver", "sentence"),
    [
        ("13.0", True, "no driver that works with CUDA 13.0. Install or update the card's driver"),
        (None, True, "built for the processor alone. Install the build"),
        (None, False, "it is auto or one of"),
    ],
)
def test_a_card_that_is_not_there_is_a_sentence_that_says_why(
    cuda: str | None, driver: bool, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(devices.shutil, "which", lambda _: "nvidia-smi" if driver else None)
    with pytest.raises(BadSettingError) as refused:
        devices.choose("cuda:1")
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


def test_bfloat16_is_asked_of_the_card_that_trains(card: SimulatedCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cards, of which only the second knows it."""
    present = [0]

    def exchange(index: int) -> int:
        before, present[0] = present[0], index
        return before

    for name in ("_exchange_device", "_maybe_exchange_device"):
        monkeypatch.setattr(torch.cuda, name, exchange)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: present[0] == 1)
    assert [devices.bfloat16_pays(torch.device("cuda", index)) for index in (0, 1)] == [False, True]
    assert present == [0]
