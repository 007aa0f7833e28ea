"""MAGIC: pictures in tiles and in one piece, and what the second network paints."""

from pathlib import Path

import pytest
import torch

from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.methods.magic import painting
from engine.methods.magic.method import Magic
from engine.nn.layers import ChannelLayerNorm, InstanceNorm
from engine.settings import idle
from tests.engine.magic_jobs import ROUNDING, alive, job
from tests.engine.method_jobs import whole

CPU = torch.device("cpu")


def test_a_halo_one_grain_smaller_would_show(tmp_path: Path) -> None:
    """The law's test can fail: with too little halo the tiles differ."""
    method = alive(Magic(job(tmp_path), CPU))
    canvas_size = Size(96, 96)
    exact = whole(method, canvas_size)
    halo = method.halo
    method._halo = type(halo)(halo.top - method.alignment_px, halo.left - method.alignment_px, 0, 0)
    with torch.no_grad():
        piece = Artwork(method, canvas_size).at(Box(32, 32, 32, 32))
    assert (piece - exact[:, 32:64, 32:64]).abs().max() > 100 * ROUNDING


def test_the_second_network_stays_within_its_bound(tmp_path: Path) -> None:
    method = Magic(job(tmp_path, {"repaint_bound": 0.1}), CPU)
    with torch.no_grad():
        for parameter in method.average.refiner.parameters():  # type: ignore[union-attr]
            parameter.mul_(50)
        layers = Artwork(method, Size(64, 64)).layers_at(Box(0, 0, 64, 64))
    change = (layers["result"] - layers["collage"]).abs().max()
    assert 0.01 < change <= 0.05 + 1e-6


def test_kept_colors_leave_light_and_dark_alone_to_the_second_network(tmp_path: Path) -> None:
    """At 1 its change is the mean over the channels of what it would change at 0, and half way half of both."""
    generator = Magic(job(tmp_path), CPU).generator
    collage = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        for parameter in generator.refiner.parameters():  # type: ignore[union-attr]
            parameter.mul_(50)
        free, half, grey = (generator.refined(collage, 0.1, kept) - collage for kept in (0.0, 0.5, 1.0))
    assert free.std(1).mean() > 0.01
    assert torch.allclose(grey, free.mean(1, keepdim=True).expand_as(free), atol=1e-6)
    assert torch.allclose(half, (free + grey) / 2, atol=1e-6)


def test_the_papers_second_network_paints_the_picture_itself(tmp_path: Path) -> None:
    """I = U-Net_2(I_M), with the norm of the first one: nothing of the collage passes beside the network."""
    method = Magic(job(tmp_path, {"norm": "instance", "refiner_paints": "picture"}), CPU)
    refiner = method.generator.refiner
    assert refiner is not None
    assert any(isinstance(module, InstanceNorm) for module in refiner.modules())
    assert not any(isinstance(module, ChannelLayerNorm) for module in refiner.modules())
    collage = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert torch.equal(method.generator.refined(collage, 0.0), refiner(collage, None, None, (3,))[0].tanh())
    with torch.no_grad():
        for parameter in method.average.refiner.parameters():  # type: ignore[union-attr]
            parameter.zero_()
        layers = Artwork(method, Size(64, 64)).layers_at(Box(0, 0, 64, 64))
    assert torch.allclose(layers["result"], torch.full((), 0.5))
    assert layers["mask"].max() <= 1
    assert "repaint_bound" in idle(method.settings)
    kept = Magic(job(tmp_path, {"norm": "instance", "refiner_norm": "layer"}), CPU).generator.refiner
    assert not any(isinstance(module, InstanceNorm) for module in kept.modules())  # type: ignore[union-attr]


def test_with_little_memory_it_paints_in_smaller_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    method = Magic(job(tmp_path), CPU)
    canvas_size = Size(160, 160)
    exact = whole(method, canvas_size)
    monkeypatch.setattr(painting, "memory_free_bytes", lambda device: 4_000_000)
    with pytest.raises(MemoryError):
        method.paint(Box(0, 0, 192, 192), canvas_size)
    assert (whole(method, canvas_size) - exact).abs().max() <= 1e-5
