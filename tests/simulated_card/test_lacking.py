"""What cards lack: doubles, kernels for some types and shapes, and numbers that bfloat16 can hold."""

from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from engine import device as devices
from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.images.maps import RegionMap
from engine.messages.events import Warned
from engine.method import method_class
from engine.methods.magic.method import Magic
from engine.nn import set_attention
from engine.nn.layers import ChannelLayerNorm
from engine.nn.set_attention import SetAttention
from engine.options import RenderMode
from engine.preview import usage
from engine.templates.atlas import Atlas, Templates
from engine.templates.mixture import weighted_sum
from engine.training.trainer import Trainer
from tests.engine import famos_jobs, magic_jobs
from tests.engine.method_jobs import JOBS
from tests.engine.sessions import of
from tests.simulated_card.card import SimulatedCard
from tests.simulated_card.trainers import CUDA, begun, exhaust


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
