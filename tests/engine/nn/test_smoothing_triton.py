"""The smoothing for graphics cards against plain torch; without a card by Triton's interpreter, on the processor."""

from __future__ import annotations

import os

import pytest
import torch

from engine.nn import smoothing

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # is read when Triton is loaded
pytest.importorskip(
    "triton",
    reason="Triton is not installed: pip install triton (it comes along with torch for CUDA)",
    exc_type=ImportError,
)
smoothing_triton = pytest.importorskip("engine.nn.smoothing_triton")

DEVICE = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoothing_triton, "BLOCK_PX", 64)  # small planes have several


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("deviation_px", [0.5, 1.5, 6.0])
@pytest.mark.parametrize("shape", [(2, 3, 9, 14), (1, 1, 1, 70), (1, 2, 70, 1), (1, 1, 2, 3)])
def test_planes_and_their_gradient(shape: tuple[int, ...], deviation_px: float, dtype: torch.dtype) -> None:
    """Also where a plane is smaller than the window reaches, and its values are all edge."""
    random = torch.Generator().manual_seed(0)
    planes, towards = (torch.randn(shape, generator=random).to(DEVICE) for _ in range(2))
    radius, found = smoothing.reach_px(deviation_px), []
    for smoothed in (smoothing._convolved, smoothing_triton.smoothed):
        given = planes.to(dtype, copy=True).requires_grad_()
        result = smoothed(given, radius, deviation_px)
        assert result.dtype == torch.float32
        (result * towards).sum().backward()
        assert given.grad is not None
        assert given.grad.dtype == dtype
        found.append((result.detach(), given.grad.float()))
    for wanted, ours in zip(*found, strict=True):
        assert (ours - wanted).abs().max() <= (1e-5 if dtype == torch.float32 else 0.02)


def test_planes_of_any_memory_and_numbers_that_are_none() -> None:
    planes = torch.randn(1, 4, 8, 10, generator=torch.Generator().manual_seed(1)).to(DEVICE)
    found = smoothing_triton.smoothed(planes.to(memory_format=torch.channels_last), 3, 1.0)
    assert torch.allclose(found, smoothing._convolved(planes, 3, 1.0), atol=1e-5)
    planes[0, 2, 3, 5] = torch.nan
    found = smoothing_triton.smoothed(planes, 3, 1.0)
    assert found[0, 2, 3, 5].isnan()
    assert not found[0, 3].isnan().any()


def test_it_is_taken_only_where_it_agrees_with_plain_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert smoothing_triton.checked(DEVICE, smoothing._convolved) is smoothing_triton.smoothed
    assert smoothing_triton.checked(DEVICE, lambda *given: 1.01 * smoothing._convolved(*given)) is None
    plain = smoothing_triton._both_axes
    monkeypatch.setattr(
        smoothing_triton, "_both_axes", lambda *given, back: plain(*given, back=back) * (1 + 0.01 * back)
    )
    assert smoothing_triton.checked(DEVICE, smoothing._convolved) is None
    monkeypatch.setattr(
        smoothing_triton, "_both_axes", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("no device"))
    )
    assert smoothing_triton.checked(DEVICE, smoothing._convolved) is None
