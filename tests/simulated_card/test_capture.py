"""Steps that are captured as CUDA graphs: what they compute, when they are plain, and what a card is told by then.

On a machine with a card these tests run there; else on a simulated one, whose graphs are recorded operators.
"""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.job import Job
from engine.method import method_class
from engine.methods.adversarial import AdversarialMethod
from engine.methods.magic import pretrained
from engine.nn import capture, training
from engine.settings import specs
from tests.engine import famos_jobs, magic_jobs
from tests.simulated_card import real_sizes
from tests.simulated_card.card import SimulatedCard

SOON = {"entropy_ramp_steps": 0, "temperature_ramp_steps": 0}
FAMOS, MAGIC = famos_jobs.job, magic_jobs.job
STEPS: dict[str, tuple[Callable[..., Job], dict[str, Any]]] = {
    "famos": (FAMOS, SOON | {"color_matching": 0.5}),
    "famos, WGAN-GP, two turns of D": (FAMOS, SOON | {"adversarial": "wgan_gp", "discriminator_steps": 2}),
    "famos over the canvas, batch norm": (FAMOS, SOON | {"balance_over": "canvas", "norm": "batch"}),
    "famos, painted alone": (FAMOS, SOON | {"mode": "paint", "correspondence": "learned", "periodic_noise": 2}),
    "magic": (MAGIC, {"entropy_ramp_steps": 0, "color_matching": 0.5}),
    "magic, sets of any size": (MAGIC, {"entropy_ramp_steps": 0, "set_size_least": 4, "checkpointing": True}),
    "magic, warped": (MAGIC, {"entropy_ramp_steps": 0, "warp": "flow", "attention": "inducing", "norm": "instance"}),
    "magic, bfloat16": (MAGIC, {"entropy_ramp_steps": 0, "precision": "bfloat16", "smoothing_px": 4.0}),
    "magic, near the network that comes along": (MAGIC, {"entropy_ramp_steps": 0, "anchor_steps": 4}),
}


def made(make: Callable[..., Job], options: dict[str, Any], device: torch.device, folder: Path) -> Any:
    known = type(make(folder).settings).model_fields
    job = make(folder, {name: value for name, value in options.items() if name in known})
    method = method_class(job.method)(job, device)
    assert isinstance(method, AdversarialMethod)
    return method


@pytest.mark.parametrize("name", STEPS)
def test_captured_steps_are_plain_steps(
    name: str, device: torch.device, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With R1 in every second; the last ones each from one and the same state, where rounding does not add up."""
    monkeypatch.setattr(capture, "PLAIN_STEPS", 1)
    make, options = STEPS[name]
    if "anchor_steps" in options:
        network = tmp_path / "network.safetensors"
        begun = made(make, {"start": "nothing"}, torch.device("cpu"), tmp_path)
        networks = {"generator": begun.generator, "discriminator": begun.discriminator}
        pretrained.write(network, magic_jobs.TINY, networks)
        monkeypatch.setattr(pretrained, "shipped", lambda: network)
    ours, theirs = (made(make, options | {"r1_every_steps": 2}, device, tmp_path) for _ in range(2))
    ours._captured.off = True
    if "anchor_steps" in options:
        for method in (ours, theirs):
            stray(method)
    for step in range(9):
        if step > 5:
            theirs.restore(ours.state())
        expected = {key: float(value) for key, value in ours.step(step).items()}
        found = {key: float(value) for key, value in theirs.step(step).items()}
        assert found == pytest.approx(expected, rel=2e-3, abs=2e-4), step
    assert theirs.instant == ("anchor_steps" in options)
    assert not theirs._captured.off, theirs.warnings
    assert len(theirs._captured._graphs) >= 2
    same_weights(ours, theirs)
    shown = ours.patches()
    assert all((patch - shown[key]).abs().max() < 1e-3 for key, patch in theirs.patches().items())


def stray(method: Any) -> None:
    """So far from the network that came along that it is drawn back by more than Adam's steps, as strongly as ever."""
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for network in (method.generator, method.discriminator, method.average):
            for weight in network.parameters():
                weight += 0.05 * torch.randn(weight.shape, generator=random).to(weight.device)
    method.steps_done = 40


def test_a_captured_step_is_one_launch_and_what_is_drawn(card: SimulatedCard, tmp_path: Path) -> None:
    method = made(FAMOS, SOON, torch.device("cuda:0"), tmp_path)
    with card.counting() as plain:
        method.step(1)
    for step in range(2, 8):
        method.step(step)
    with card.counting() as captured:
        method.step(9)
    assert captured.kernels["graph"] == 1
    assert captured.launches < plain.launches / 4
    assert not captured.waits + captured.uploads


def test_other_settings_are_plain_steps_until_they_stay(card: SimulatedCard, tmp_path: Path) -> None:
    method = made(FAMOS, SOON | {"r1_weight": 0.0}, torch.device("cuda:0"), tmp_path)

    def launched(step: int) -> int:
        with card.counting() as counts:
            method.step(step)
        return counts.kernels["graph"]

    assert [launched(step) for step in range(1, 7)] == [0, 0, 0, 1, 1, 1]
    method.settings = method.settings.with_values({"smoothing_px": 3.0})
    assert [launched(step) for step in range(7, 12)] == [0, 0, 0, 1, 1]
    assert method.slow_down()
    assert launched(12) == 1, "a rate is no other step"


RAMPS: dict[str, tuple[Callable[..., Job], dict[str, Any]]] = {
    "famos": (FAMOS, {"entropy_ramp_steps": 40, "temperature_start": 2.0, "temperature_ramp_steps": 30}),
    "magic": (MAGIC, {"entropy_ramp_steps": 40}),
}


@pytest.mark.parametrize("key", RAMPS)
def test_ramps_rise_within_captured_steps(
    key: str, device: torch.device, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They may take thousands of steps."""
    monkeypatch.setattr(capture, "PLAIN_STEPS", 1)
    make, options = RAMPS[key]
    ours, theirs = (made(make, options | {"r1_weight": 0.0}, device, tmp_path) for _ in range(2))
    ours._captured.off = True
    for step in range(1, 12):
        theirs.restore(ours.state())
        expected = {name: float(value) for name, value in ours.step(step).items()}
        assert {name: float(value) for name, value in theirs.step(step).items()} == pytest.approx(expected, abs=1e-4)
    assert theirs._captured.held == 1, theirs.warnings
    same_weights(ours, theirs)


def same_weights(ours: Any, theirs: Any) -> None:
    wanted, steps = ours.state().tensors, max(1e-3, ours.settings.learning_rate)
    for key, tensor in theirs.state().tensors.items():
        # Where a gradient is nothing but rounding, Adam makes a whole step of it.
        within = 2 * steps if key.endswith(("weight", "bias", "gain")) else 2e-4
        assert torch.allclose(tensor.float(), wanted[key].float(), atol=within), key


def live(make: Callable[..., Job], folder: Path) -> list[str]:
    return [spec.name for spec in specs(type(make(folder).settings)) if spec.knob.live]


def moved(settings: Any, name: str) -> Any:
    """A setting between its bounds that is another one than now."""
    spec = next(spec for spec in specs(type(settings)) if spec.name == name)
    now = getattr(settings, name)
    if spec.values:
        return next(value for value in spec.values if value != now)
    assert spec.maximum is not None
    other = min(spec.maximum, 2 * now + (1 if spec.kind == "int" else 0.3))
    return type(now)(other if other != now else now / 2)


SLIDERS = {
    "famos": (FAMOS, SOON | {"largest_share_weight": 1.0, "correspondence": "blur"}),
    "magic": (MAGIC, {"entropy_ramp_steps": 0, "warp": "flow", "largest_share_weight": 1.0, "correspondence": "blur"}),
}
FOLLOWED = {
    "famos": {"content_weight", "alpha_weight", "variation_weight", "entropy_weight", "temperature", "foreign_weight"},
    "magic": {"content_weight", "repaint_bound", "variation_weight", "entropy_weight", "temperature", "warp_px"},
}
"""What an artist moves most: each goes on within the graphs that are there."""


@pytest.mark.parametrize("key", SLIDERS)
def test_a_slider_that_moved_acts_on_captured_steps_as_on_plain_ones(
    key: str, device: torch.device, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every one of them, one after the other, wherever it is read in a step."""
    monkeypatch.setattr(capture, "PLAIN_STEPS", 0)
    make, options = SLIDERS[key]
    wgan = {"adversarial": "wgan_gp", "collage_content_weight": 0.5}  # and some weights that leave 0
    ours, theirs = (made(make, options | wgan, device, tmp_path) for _ in range(2))
    ours._captured.off = True
    begin = ours.state()
    followed = set()
    for name in live(make, tmp_path):
        for method in (ours, theirs):
            method.restore(begin)
        theirs.step(1)  # captured, where it was not
        before = theirs._captured._graphs.copy()
        settings = theirs.settings.with_values({name: moved(theirs.settings, name)})
        ours.settings = theirs.settings = settings
        theirs.restore(begin)
        expected = {term: float(value) for term, value in ours.step(2).items()}
        found = {term: float(value) for term, value in theirs.step(2).items()}
        assert found == pytest.approx(expected, rel=2e-3, abs=2e-4), name
        same_weights(ours, theirs)
        if all(theirs._captured._graphs.get(key) is graph for key, graph in before.items()):
            followed.add(name)
    assert not theirs._captured.off, theirs.warnings
    assert followed >= FOLLOWED[key]


def test_a_replay_that_differs_is_not_used(
    card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A number of the host that is another one in each step, and would stay what it was when it was captured."""
    ours, theirs = (made(FAMOS, SOON, torch.device("cuda:0"), tmp_path) for _ in range(2))
    ours._captured.off = True

    def loss(method: Any, terms: Any) -> Any:
        captured = torch.cuda.is_current_stream_capturing()
        return type(method)._loss(method, terms) * (7.0 if captured else 1.0)

    for method in (ours, theirs):
        monkeypatch.setattr(method, "_loss", lambda terms, method=method: loss(method, terms))
    for step in range(1, 7):
        ours.step(step)
        theirs.step(step)
    assert theirs._captured.off
    assert "differs from a plain one" in theirs.warnings[-1]
    same = ours.state().tensors
    assert all(torch.allclose(tensor, same[key], atol=1e-6) for key, tensor in theirs.state().tensors.items())


def test_weights_are_cast_within_each_captured_step(
    card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those that autocast remembers would be those of the step that was captured."""
    method = made(FAMOS, SOON | {"precision": "bfloat16"}, torch.device("cuda:0"), tmp_path)
    plain, seen = type(method)._generate, set()

    def generate(network: Any, batch: Any) -> Any:
        seen.add((torch.cuda.is_current_stream_capturing(), torch.is_autocast_cache_enabled()))
        return plain(method, network, batch)

    monkeypatch.setattr(method, "_generate", generate)
    for step in range(1, 6):
        method.step(step)
    assert seen == {(False, True), (True, False)}


def test_a_replay_that_learns_at_another_rate_is_not_used(
    card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Networks are compared by themselves: the counts of steps that go along are larger than all that a step learns."""
    method = made(FAMOS, SOON, torch.device("cuda:0"), tmp_path)
    plain = training.descend

    def descend(optimizer: Any, parts: Any, rate: Any) -> None:
        plain(optimizer, parts, rate * 2 if torch.cuda.is_current_stream_capturing() else rate)

    monkeypatch.setattr(training, "descend", descend)
    for step in range(1, 6):
        method.step(step)
    assert method._captured.off
    assert "differs from a plain one" in method.warnings[-1]


def test_what_a_capture_can_not_hold_is_named_and_leaves_nothing(
    card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The end of a capture that is broken fails as well; memory can be given back afterwards all the same."""
    method = made(FAMOS, SOON, torch.device("cuda:0"), tmp_path)
    plain = type(method)._loss

    def loss(terms: Any) -> Any:
        found = plain(method, terms)
        if torch.cuda.is_current_stream_capturing():
            found.item()  # which waits
        return found

    monkeypatch.setattr(method, "_loss", loss)
    for step in range(1, 6):
        method.step(step)
    assert method._captured.off
    assert "not permitted when stream is capturing" in method.warnings[-1]
    torch.cuda.empty_cache()
    assert not torch.cuda.memory_snapshot(), "memory of the capture is never free again"


def test_a_picture_of_former_graphs_does_not_hinder_the_next_ones(card: SimulatedCard, tmp_path: Path) -> None:
    """torch refuses a pool that no graph uses any more, and that is not empty either."""
    method = made(FAMOS, SOON | {"r1_weight": 0.0}, torch.device("cuda:0"), tmp_path)
    for step in range(1, 7):
        method.step(step)
    held = method._last
    method.settings = method.settings.with_values({"smoothing_px": 3.0})
    for step in range(7, 12):
        method.step(step)
    assert not method._captured.off, method.warnings
    assert method._captured.held
    del held
    torch.cuda.empty_cache()
    assert len(torch.cuda.memory_snapshot()) == 1, "memory of the former graphs is free"


def test_no_garbage_is_collected_while_a_step_is_captured(
    card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not by torch either: in the window it would end widgets in the thread that trains, and graphs in any."""
    method = made(FAMOS, SOON, torch.device("cuda:0"), tmp_path)
    plain, seen, collected = type(method)._loss, [], []

    def loss(terms: Any) -> Any:
        if torch.cuda.is_current_stream_capturing():
            seen.append(gc.isenabled())
        return plain(method, terms)

    monkeypatch.setattr(method, "_loss", loss)
    monkeypatch.setattr(gc, "collect", lambda *_: collected.append(1))
    for step in range(1, 6):
        method.step(step)
    assert seen == [False]
    assert gc.isenabled()
    assert not collected


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "it takes more memory than is free"),
        (RuntimeError("CUDA error: operation not permitted when stream is capturing"), "not permitted"),
        (ValueError("Pointer argument cannot be accessed from Triton (cpu tensor?)"), "Pointer argument"),
    ],
)
@pytest.mark.parametrize("begins", ["warm-up", "capture"])
def test_steps_stay_plain_where_they_can_not_be_captured(
    error: Exception, said: str, begins: str, card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Told once, and nothing of the step that was tried is left."""
    ours, theirs = (made(MAGIC, {"entropy_ramp_steps": 0}, torch.device("cuda:0"), tmp_path) for _ in range(2))
    ours._captured.off = True
    plain, tried = type(theirs)._loss, []

    def loss(terms: Any) -> Any:
        if torch.cuda.is_current_stream_capturing() or (begins == "warm-up" and theirs.steps_done == 3 and not tried):
            tried.append(begins)
            raise error
        return plain(theirs, terms)

    monkeypatch.setattr(theirs, "_loss", loss)
    for step in range(1, 8):
        expected = {key: float(value) for key, value in ours.step(step).items()}
        assert {key: float(value) for key, value in theirs.step(step).items()} == pytest.approx(expected, abs=1e-6)
    assert tried == [begins]
    assert theirs._captured.off
    (told,) = theirs.warnings
    assert said in told
    assert told.startswith("The card is told each step anew")


def test_where_little_memory_is_free_steps_stay_plain(
    card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    method = made(FAMOS, SOON, torch.device("cuda:0"), tmp_path)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda *_: 2**36)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda *_: (2**30, 2**37))
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda *_: 2**36)
    for step in range(1, 7):
        method.step(step)
    assert method._captured.off
    assert "more memory than is free" in method.warnings[-1]


def test_steps_on_the_processor_are_never_captured(tmp_path: Path) -> None:
    assert made(FAMOS, SOON, torch.device("cpu"), tmp_path)._captured.off


def test_maps_that_the_network_is_told_are_read_by_the_host(tmp_path: Path) -> None:
    method = made(MAGIC, {"conditional": True}, torch.device("cpu"), tmp_path)
    batch = method._draw_batch(torch.Generator().manual_seed(0))
    assert method._may_be_captured(batch)
    assert not method._may_be_captured(batch._replace(powers={"content_weight": torch.zeros(2, 1, 32, 32)}))


def test_trees_that_can_take_each_other_s_place_have_one_signature() -> None:
    a, b = torch.zeros(2, 3), torch.ones(4)
    tree = {"x": (a, None), "y": [b]}
    assert capture.signature(tree) == capture.signature({"x": (a + 1, None), "y": [b * 2]})
    assert capture.signature(tree) != capture.signature({"x": (a, b), "y": [b]})
    assert capture.signature(tree) != capture.signature({"x": (a, None), "y": [b.long()]})
    copied = capture.mapped(tree, torch.clone)
    assert [x.shape for x in capture.tensors_of(copied)] == [a.shape, b.shape]
    assert copied["x"][0] is not a


CAPTURED = {"FAMOS": 148, "MAGIC guided": 102}
"""Launches of a captured step at real sizes, see test_budgets.py: what is drawn and copied, and the graph."""


@pytest.mark.parametrize("name", CAPTURED)
def test_captured_steps_keep_their_budgets(
    name: str, card_can_be_simulated: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job = real_sizes.job(name, tmp_path)
    settings = {name: 0 for name in SOON if name in type(job.settings).model_fields}
    job = job.model_copy(update={"settings": job.settings.with_values(settings)})
    with SimulatedCard(computes=False) as card:
        method: Any = method_class(job.method)(job, torch.device("cuda:0"))
        monkeypatch.setattr(capture, "PLAIN_STEPS", 1)
        for step in range(1, 4):
            method.step(step)
        assert not method._captured.off, method.warnings
        with card.counting() as counts:
            method.step(4)
        assert counts.kernels["graph"] == 1
        assert not counts.waits + counts.uploads
        assert CAPTURED[name] * 0.97 <= counts.launches <= CAPTURED[name], counts.kernels.most_common(12)
        del method
