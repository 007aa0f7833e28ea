"""The mixture for graphics cards against plain torch; without a card by Triton's interpreter, on the processor."""

from __future__ import annotations

import os

import pytest
import torch
from torch import Tensor

from engine import losses
from engine.templates.atlas import Atlas, Templates, View
from engine.templates.mixture import mix, mix_only

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # is read when Triton is loaded
triton = pytest.importorskip(
    "triton",
    reason="Triton is not installed: pip install triton (it comes along with torch for CUDA)",
    exc_type=ImportError,
)
mix_triton = pytest.importorskip("engine.templates.mix_triton")

DEVICE = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(mix_triton.TritonMixKernel, "device_type", DEVICE.type)
    monkeypatch.setattr(mix_triton, "BLOCK_PX", 64)  # small pictures have several blocks
    return mix_triton.TritonMixKernel()


def view(count: int, height: int, width: int) -> View:
    random = torch.Generator().manual_seed(0)
    images = [torch.randint(0, 256, (3, h, w), dtype=torch.uint8, generator=random) for h, w in ((13, 7), (5, 21))]
    opacity = torch.randint(0, 256, (13, 7), dtype=torch.uint8, generator=random)
    templates = Templates.drawn(Atlas(images, DEVICE, (opacity, None)), count, [1, 2], "mirror", random)
    tops, lefts = (torch.tensor(places, device=DEVICE) for places in ([4, -31], [-9, 70]))
    return templates.view(tops, lefts, height, width)


def loss(parts: tuple[Tensor, ...], towards: Tensor) -> Tensor:
    collage, entropy, variation, usage, _ = parts
    of_usage = 5 * losses.balance(usage) + losses.largest_share(usage)
    return (collage * towards).mean() + 2 * entropy + 3 * variation + of_usage


@pytest.mark.parametrize(("count", "height", "width"), [(4, 7, 11), (1, 5, 5), (2, 1, 70), (2, 70, 1)])
@pytest.mark.parametrize("on_card", [False, True])
def test_the_mixture_and_its_gradient(count: int, height: int, width: int, on_card: bool, kernel: object) -> None:
    """A captured step has its temperature on the card."""
    places, temperature = view(count, height, width), torch.full((), 0.5, device=DEVICE) if on_card else 0.5
    random = torch.Generator().manual_seed(5)
    start = torch.randn(2, count, height, width, generator=random).to(DEVICE) * 2
    towards = torch.randn(2, 3, height, width, generator=random).to(DEVICE)
    found = {}
    for name, used in (("plain", None), ("triton", kernel)):
        logits = start.clone().requires_grad_()
        parts = mix(logits, places, temperature, used)  # type: ignore[arg-type]
        loss(parts, towards).backward()
        found[name] = [*(part.detach() for part in parts), logits.grad]
    for ours, wanted in zip(found["triton"], found["plain"], strict=True):
        assert torch.allclose(ours, wanted, atol=3e-6, rtol=1e-5)


def test_it_paints_alike_and_hides_no_nan(kernel: object) -> None:
    places = view(4, 8, 12)
    logits = torch.randn(2, 4, 8, 12, generator=torch.Generator().manual_seed(1)).to(DEVICE)
    wanted, found = (mix_only(logits, places, 0.5, used) for used in (None, kernel))  # type: ignore[arg-type]
    assert all(torch.allclose(a, b, atol=3e-6) for a, b in zip(wanted, found, strict=True))
    logits[0, 2, 3, 5] = torch.nan
    parts = mix(logits, places, 0.5, kernel)  # type: ignore[arg-type]
    assert parts.collage[0, :, 3, 5].isnan().all()
    assert parts.entropy.isnan()
    assert not parts.collage[1].isnan().any()


def test_it_is_taken_only_where_it_agrees_with_plain_torch(kernel: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mix_triton.checked(DEVICE) is not None
    plain = mix_triton.TritonMixKernel.backward
    monkeypatch.setattr(mix_triton.TritonMixKernel, "backward", lambda *given: 1.01 * plain(*given))
    assert mix_triton.checked(DEVICE) is None
    monkeypatch.setattr(mix_triton, "_launched", lambda *_: (_ for _ in ()).throw(RuntimeError("no such device")))
    assert mix_triton.checked(DEVICE) is None


def test_what_is_compared_is_what_a_training_runs(kernel: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Triton compiles a kernel of its own for numbers that 16 divides."""
    plain = mix_triton.TritonMixKernel.backward

    def backward(self: object, memory: object, weights: Tensor, *others: object) -> Tensor:
        divisible = not any(size % 16 for size in weights.shape[1:])
        return plain(self, memory, weights, *others) * (1.01 if divisible else 1.0)

    monkeypatch.setattr(mix_triton.TritonMixKernel, "backward", backward)
    assert mix_triton.checked(DEVICE) is None


def test_the_largest_tile_has_no_more_rows_of_programs_than_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    class Kernel:
        def __getitem__(self, programs: tuple[int, ...]) -> object:
            return lambda *_, **__: seen.append(programs)

    for name in ("_forward", "_variation", "_backward"):
        monkeypatch.setattr(mix_triton, name, Kernel())
    used = mix_triton.TritonMixKernel()
    weights = torch.empty(2, 3, 8192, 8192, device="meta")
    memory = (weights,) * 3
    used.forward(memory, weights, 1.0, measure=True)
    used.backward(memory, weights, 1.0, weights, weights, weights)
    assert len(seen) == 3
    assert all(columns <= 2**31 - 1 and rows <= 65_535 for columns, rows in seen), seen


def test_programs_are_started_on_the_card_of_the_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever is that of the thread: Triton takes the thread's."""
    present = []

    class On:
        def __init__(self, device: torch.device) -> None:
            self.device = device

        def __enter__(self) -> None:
            present.append(self.device)

        def __exit__(self, *_: object) -> None:
            present.pop()

    class Kernel:
        def __getitem__(self, _: object) -> object:
            return lambda *_, **__: seen.append([*present])

    class OfAnotherCard:
        device = torch.device("cuda:1")

    seen: list[list[torch.device]] = []
    monkeypatch.setattr(torch.cuda, "device", On)
    mix_triton._launched(Kernel(), OfAnotherCard(), 1, 1)()
    assert seen == [[torch.device("cuda:1")]]
