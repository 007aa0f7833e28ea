"""Phases become planes, and planes phases, compiled as by copies of torch."""

from pathlib import Path

import pytest
import torch

from engine.nn import phases_kernel, up_convolution
from engine.nn.layers import initialise
from engine.nn.up_convolution import UpConvolution


@pytest.fixture
def compiled(tmp_path: Path) -> phases_kernel.PhasesKernel:
    kernel = phases_kernel.load(tmp_path)
    if kernel is None:
        pytest.skip("there is no C compiler")
    return kernel


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [(1, 1, 1), (2, 3, 5), (1, 4, 48), (1, 2, 33)])
@pytest.mark.parametrize("splits", [(4,), (24, 4), (1, 17, 33)])
def test_both_ways_as_torch_has_them(
    threads: int,
    dtype: torch.dtype,
    size: tuple[int, int, int],
    splits: tuple[int, ...],
    compiled: phases_kernel.PhasesKernel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    b, h, w = size
    random = torch.Generator().manual_seed(1)
    memory = torch.randn(b, h, w, 2, 2, sum(splits), generator=random).to(dtype)
    slopes = [torch.randn(b, part, 2 * h, 2 * w, generator=random) for part in splits]
    before, made = torch.get_num_threads(), []
    torch.set_num_threads(threads)
    for kernel in (compiled, None):
        monkeypatch.setattr(up_convolution.phases_kernel, "kernel_for", lambda _, kernel=kernel: kernel)
        phases = memory.permute(0, 3, 4, 5, 1, 2).clone().requires_grad_()
        planes = up_convolution._Planes.apply(phases, splits)
        torch.autograd.backward(planes, slopes)
        made.append((*planes, phases.grad))
    torch.set_num_threads(before)
    for found, wanted in zip(*made, strict=True):
        assert found.dtype == wanted.dtype
        assert torch.equal(found, wanted)


def test_what_is_no_number_stays_so(compiled: phases_kernel.PhasesKernel) -> None:
    planes = torch.tensor([torch.nan, torch.inf, -torch.inf, 1.0]).view(1, 1, 2, 2)
    phases = torch.empty(1, 1, 1, 2, 2, 1, dtype=torch.bfloat16)
    compiled.to_phases(planes, phases, 0)
    assert phases.flatten()[0].isnan()
    assert phases.flatten()[1:].float().tolist() == [torch.inf, -torch.inf, 1.0]


def test_last_layers_give_dense_planes_under_autocast() -> None:
    layer = UpConvolution(5, 7, 5).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    initialise(layer, torch.Generator().manual_seed(0))
    x = torch.randn(2, 5, 6, 4, generator=torch.Generator().manual_seed(2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        whole = layer(x)
        parts = layer.planes(x, (3, 4))
    assert whole.dtype == torch.bfloat16
    assert all(part.dtype == torch.float32 and part.is_contiguous() for part in parts)
    assert torch.equal(torch.cat(parts, 1), whole.float())


def test_without_a_compiler_there_is_no_kernel_and_no_error(tmp_path: Path) -> None:
    assert phases_kernel.load(tmp_path, compiler="no-such-compiler-anywhere") is None
