"""FAMOS: the laws of every method, over the options that change its graph."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine import losses
from engine.box import Box, Margin, Size
from engine.errors import BadProjectError, BadSettingError, MissingSourcesError
from engine.fields.artwork import Artwork
from engine.fields.noise import NoiseField
from engine.images.sampling import step_generator
from engine.methods.famos.loss import content_distance
from engine.methods.famos.method import Famos
from engine.methods.usage import running_usage
from engine.nn.mosaic import blended
from tests.engine.famos_jobs import job, picture
from tests.engine.method_jobs import whole

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("forgetful")


def test_depth_4_needs_the_halo_that_was_measured_for_it(tmp_path: Path) -> None:
    method = Famos(job(tmp_path, {"depth": 4, "noise_at": "bottleneck", "smoothing_px": 0.0}), CPU)
    assert (method.halo.top, method.halo.left, method.halo.bottom, method.halo.right) == (64, 64, 48, 48)
    method.settings = method.settings.with_values({"smoothing_px": 1.5})
    assert method.halo == Margin(80, 80, 64, 64), "decisions are felt five pixels farther"


def test_a_halo_one_grain_smaller_would_show(tmp_path: Path) -> None:
    """The law's test can fail: with too little halo the tiles differ."""
    method = Famos(job(tmp_path, {"smoothing_px": 0.0}), CPU)
    canvas_size = Size(96, 96)
    exact = whole(method, canvas_size)
    halo = method.halo
    method._halo = type(halo)(halo.top - method.alignment_px, halo.left - method.alignment_px, 0, 0)
    with torch.no_grad():
        piece = Artwork(method, canvas_size).at(Box(32, 32, 32, 32))
    assert (piece - exact[:, 32:64, 32:64]).abs().max() > 1e-5


def test_pieces_kept_whole_have_fewer_borders_at_once(tmp_path: Path) -> None:
    """Without a step, and as one that remembers nothing has them."""
    method, borders = Famos(job(tmp_path), CPU), []
    method.step(0)
    for smoothing_px in (0.0, 1.0, 4.0):
        method.settings = method.settings.with_values({"smoothing_px": smoothing_px})
        shown = whole(method, method.canvas_size)
        with torch.no_grad():
            fresh = Artwork(method, method.canvas_size, "templates").layers_at(method.canvas_size.box)
            method._remembered.forget()
            assert whole(method, method.canvas_size).equal(shown)
        borders.append(float(fresh["templates"].diff(dim=1).abs().mean()))
    assert borders[0] > borders[1] > borders[2]


def test_a_state_of_other_networks_is_taken_over_where_it_fits(tmp_path: Path) -> None:
    small = Famos(job(tmp_path), CPU)
    small.step(0)
    more = Famos(job(tmp_path, {"templates": 9}), CPU)
    left = more.restore(small.state(), strict=False)
    assert left
    assert all(".head." in name or name.startswith("templates") for name in left), left
    first = "encoder.0.0.weight"
    assert torch.equal(more.generator.unet.state_dict()[first], small.generator.unet.state_dict()[first])
    more.step(1)
    with pytest.raises(BadProjectError, match="does not fit"):
        more.restore(small.state())


@pytest.mark.parametrize("crops", ["same", "apart"])
def test_patches_reach_over_the_border_where_all_is_mirrored_in_step(crops: str, tmp_path: Path) -> None:
    """What a patch holds beyond the canvas is what painting shows the network there; the border is seen often."""
    method = Famos(job(tmp_path, {"crops": crops, "batch": 16, "border": "over"}), CPU)
    assert method.templates is not None
    canvas_size, side, at_the_border = method.canvas_size, 32, 0
    for step in range(4):
        batch = method._draw_batch(step_generator(1, step))
        assert batch.view is not None
        crops_of = batch.view.crops(0, len(method.templates))
        for psi, crop, content in zip(batch.psi, crops_of, batch.content, strict=True):
            rows = ((psi[0, :, 0] + 1) * canvas_size.height / 2 - 0.5).round().long()
            columns = ((psi[1, 0] + 1) * canvas_size.width / 2 - 0.5).round().long()
            assert rows.min() >= 0
            assert rows.max() < canvas_size.height
            assert set(rows.diff().tolist()) <= {-1, 0, 1}
            at_the_border += bool((rows == 0).any())
            whole = method.templates.at(canvas_size.box)  # [N, 3, H, W]
            assert torch.equal(crop, whole[:, :, rows][..., columns])
            if crops == "same":
                picture = method.scene(canvas_size).content(canvas_size.box) * 2 - 1
                assert torch.allclose(content, picture[:, rows][..., columns], atol=1e-5)
    share = side / (canvas_size.height + 1)  # of the places whose patch has a row in the middle
    assert at_the_border > 0.25 * share * 64
    method = Famos(job(tmp_path, {"crops": crops}), CPU)
    inside = method._draw_batch(step_generator(1, 0)).psi.diff(dim=3)[:, 1]
    assert (inside > 0).all(), "as it was"


def test_painting_over_the_border_is_what_training_saw_there(tmp_path: Path) -> None:
    """A patch that reaches over the border gives the painted picture, away from its own edges by the halo."""
    method = Famos(job(tmp_path, {"batch": 16, "patch": 64, "border": "over"}), CPU)
    canvas_size, halo, step_px, compared = method.canvas_size, method.halo, method.alignment_px, 0
    painted = Artwork(method, canvas_size)
    with torch.no_grad():
        for step in range(24):
            batch = method._draw_batch(step_generator(1, step))
            for index in range(16):
                one = batch.part(slice(index, index + 1))
                box = place_of(one.psi[0], canvas_size)
                if canvas_size.box.contains(box) or box.top % step_px or box.left % step_px:
                    continue  # lies inside, or not on the grid that painting has
                noise = method._canvas_noise(box, None)
                seen = method._generate(method.average, one._replace(noise=noise)).result[0] / 2 + 0.5
                inner = box.less(halo)
                rows, columns = inner.within(box)
                assert torch.allclose(seen[:, rows, columns], painted.at(inner), atol=2e-6)
                compared += not canvas_size.box.contains(inner)
    assert compared >= 5, "so many reach over the border with what is compared, too"


def place_of(psi: Tensor, canvas_size: Size) -> Box:
    """Where a patch lies that has a part of the canvas: by psi [2, h, w], which only runs forwards there."""

    def first(line: Tensor, length: int) -> int:
        places = ((line + 1) * length / 2 - 0.5).round().long()
        at = int((places.diff() == 1).nonzero()[0])
        return int(places[at]) - at

    return Box(first(psi[0, :, 0], canvas_size.height), first(psi[1, 0], canvas_size.width), *psi.shape[1:])


@pytest.mark.parametrize("kind", ["global_noise", "local_noise", "periodic_noise"])
def test_another_noise_is_another_picture_and_the_first_one_comes_back(kind: str, tmp_path: Path) -> None:
    silent = {"global_noise": 0, "local_noise": 0, "periodic_noise": 0}
    method = Famos(job(tmp_path, silent | {kind: 3}), CPU)
    with torch.no_grad():
        for parameter in method.average.parameters():  # untrained, all would be nearly grey
            parameter.mul_(4)
    trained = method.state()
    pictures = []
    for seed in (0, 1, 0):
        method.settings = method.settings.with_values({"noise_seed": seed})
        pictures.append(whole(method, Size(64, 64)))
    assert torch.equal(pictures[0], pictures[2])
    assert not torch.equal(pictures[0], pictures[1])
    assert all(torch.equal(trained.tensors[key], value) for key, value in method.state().tensors.items())


@pytest.mark.parametrize("kind", ["global_noise", "local_noise", "periodic_noise"])
def test_noise_drifts_from_one_number_to_the_next(kind: str, tmp_path: Path) -> None:
    """By (1 - t) z + t z', as large as either; at the end it is the next number's."""
    silent = {"global_noise": 0, "local_noise": 0, "periodic_noise": 0}
    method = Famos(job(tmp_path, silent | {kind: 3}), CPU)
    with torch.no_grad():
        for parameter in method.average.parameters():
            parameter.mul_(4)
    pictures = {}
    for seed, part in ((0, 0.0), (0, 0.5), (0, 1.0), (1, 0.0)):
        method.settings = method.settings.with_values({"noise_seed": seed, "noise_drift": part})
        pictures[seed, part] = whole(method, Size(64, 64))
    assert torch.allclose(pictures[0, 1.0], pictures[1, 0.0], atol=1e-4)
    steps = [(pictures[0, 0.5] - pictures[0, end]).abs().mean() for end in (0.0, 1.0)]
    assert min(steps) > 0
    if kind == "local_noise":
        box = Box(0, 0, 16, 16)
        here, there = (NoiseField(3, method.seed + 10_007 * n + 1, CPU).at(box.coarser(4)).double() for n in (0, 1))
        method.settings = method.settings.with_values({"noise_seed": 0, "noise_drift": 0.25})
        mixed = (0.75 * here + 0.25 * there) / (0.75**2 + 0.25**2) ** 0.5
        assert torch.allclose(method._canvas_noise(box, None).local[0].double(), mixed, atol=1e-6)


def test_the_canvas_use_is_a_running_mean_with_the_whole_gradient() -> None:
    """Against the formula in float64: u' = 0.95 u + 0.05 mean; d balance / d mean as if u' were the patches' own."""
    random = torch.Generator().manual_seed(0)
    usage = torch.rand(3, 5, generator=random, dtype=torch.float64).softmax(1).requires_grad_()
    before = torch.rand(5, generator=random, dtype=torch.float64).softmax(0)
    running = before.clone()
    found = losses.balance(running_usage(usage.mean(0), running))
    expected = 0.95 * before + 0.05 * usage.detach().mean(0)
    assert torch.allclose(running, expected)
    value = 1 + float((expected * expected.log()).sum()) / math.log(5)
    assert found.item() == pytest.approx(value, rel=1e-12)
    (gradient,) = torch.autograd.grad(found, usage)
    assert torch.allclose(gradient, ((expected.log() + 1) / math.log(5) / 3).expand(3, 5))


@pytest.mark.parametrize("by", ["features", "grey", "pool16"])
def test_contents_are_compared_by_their_formulas(by: str, tmp_path: Path) -> None:
    """Against float64, written out."""
    settings = (
        {"correspondence": "features"} if by == "features" else {"correspondence": "learned", "learned_after": by}
    )
    method = Famos(job(tmp_path, settings), CPU)
    random = torch.Generator().manual_seed(2)
    image, content = (torch.rand(2, 3, 32, 32, generator=random) * 2 - 1 for _ in range(2))
    found = content_distance(method.settings, image, content, method.compared)
    a, b = image.double(), content.double()
    if by == "features":
        network = method.compared.network
        assert network is not None
        (layer,) = network.content_layers
        sides = []
        for x in (a, b):
            half = torch.nn.functional.avg_pool2d(x * 0.5 + 0.5, 2)  # `level2`
            half = torch.nn.functional.pad(half, (3, 3, 3, 3), mode="replicate")
            weight = network.state_dict()["weight"][1].double()
            sides.append(torch.nn.functional.conv2d(half, weight).relu() * network._gains[layer].double())
        expected = (sides[0] - sides[1]).square().mean()
    else:
        assert method.reconstruction is not None
        a = method.reconstruction.double()(a)
        if by == "grey":
            expected = (a.mean(1) - b.mean(1)).square().mean()
        else:
            blocks = [x.unflatten(3, (2, 16)).unflatten(2, (2, 16)).mean((3, 5)) for x in (a, b)]
            expected = (blocks[0] - blocks[1]).square().mean()
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_images_smaller_than_the_patch_and_several_contents(tmp_path: Path) -> None:
    sources = {
        "style": (picture(tmp_path / "s.png", 64, 64, 1),),
        "content": (picture(tmp_path / "t.png", 64, 64, 2), picture(tmp_path / "u.png", 200, 64, 3)),
    }
    for crops in ("same", "apart"):
        method = Famos(job(tmp_path, {"patch": 96, "crops": crops}, sources=sources), CPU)
        assert torch.isfinite(method.step(0)["content"])
        assert whole(method, method.canvas_size).shape == (3, 64, 64)


def test_style_weights_share_the_templates(tmp_path: Path) -> None:
    base = job(tmp_path, {"templates": 12})
    first, second = base.sources["style"]
    heavy = base.model_copy(
        update={"sources": base.sources | {"style": (first.model_copy(update={"weight": 3.0}), second)}}
    )
    method = Famos(heavy, CPU)
    assert method.templates is not None
    assert method.templates.image.bincount().tolist() == [9, 3]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch": 50}, "patch can not be 50 at depth 2; it is a multiple of 4"),
        ({"templates": 1}, "templates can not be 1; it is a whole number from 2 to 400"),
        (
            {"adversarial": "wgan_gp", "discriminator_norm": "batch"},
            "discriminator_norm can not be 'batch' with wgan_gp",
        ),
    ],
)
def test_settings_that_can_not_be_had(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match=message):
        Famos(job(tmp_path, settings), CPU)


def test_missing_images_are_asked_for_by_name(tmp_path: Path) -> None:
    with pytest.raises(MissingSourcesError, match="at least one content image"):
        Famos(job(tmp_path, sources={"style": (picture(tmp_path / "s.png", 64, 64, 1),)}), CPU)


def test_a_deleted_image_is_a_warning_and_the_rest_goes_on(tmp_path: Path) -> None:
    base = job(tmp_path)
    Path(base.sources["style"][0].path).unlink()
    method = Famos(base, CPU)
    assert len(method.warnings) == 1
    assert "a.png" in method.warnings[0]
    assert torch.isfinite(method.step(0)["content"])


def test_it_learns_the_content_and_uses_its_templates(tmp_path: Path) -> None:
    """In forty steps on one small picture the collage comes nearer to the content, on a fixed seed."""
    settings = {"generator_width": 8, "templates": 8, "batch": 4, "correspondence": "pool4", "temperature": 0.25}
    method = Famos(job(tmp_path, settings), CPU)
    terms = [method.step(step) for step in range(40)]
    early = torch.stack([term["content"] for term in terms[:5]]).mean()
    late = torch.stack([term["content"] for term in terms[-5:]]).mean()
    assert late < 0.7 * early
    assert terms[-1]["templates_in_use"] > 4


def test_blends_are_those_of_the_paper_and_of_the_peers_code() -> None:
    random = torch.Generator().manual_seed(0)
    painted, collage = (torch.rand(2, 3, 5, 6, generator=random, dtype=torch.float64) * 2 - 1 for _ in range(2))
    masks = torch.rand(2, 2, 5, 6, generator=random, dtype=torch.float64)
    wanted = {"convex": [], "separate": [], "additive": []}
    for g, m, a, b in zip(*(x.flatten() for x in (painted, collage, *_three(masks))), strict=True):
        wanted["convex"].append(g * a + (1 - a) * m)
        wanted["separate"].append(min(1, max(-1, m * (1 - b) + a * g)))
        wanted["additive"].append(min(1, max(-1, g * a * 2 + m)))
    for blend, values in wanted.items():
        found = blended(blend, painted, collage, masks if blend == "separate" else masks[:, :1])  # type: ignore[arg-type]
        assert torch.allclose(found.flatten(), torch.tensor(values, dtype=torch.float64), atol=1e-12)
    pieces = torch.zeros(2, 2, 5, 6, dtype=torch.float64)
    assert torch.equal(blended("separate", painted, collage, pieces), collage)


def _three(masks: Tensor) -> list[Tensor]:
    """alpha and beta, once for each channel of a picture."""
    return [mask.expand(-1, 3, -1, -1) for mask in masks.split(1, 1)]


@pytest.mark.parametrize("blend", ["separate", "additive"])
def test_a_blend_is_learned_resumed_and_regularised_as_a_mean_of_its_masks(blend: str, tmp_path: Path) -> None:
    method = Famos(job(tmp_path, {"blend": blend, "refine": True}), CPU)
    terms = method.step(0)
    _, painting = method._last or (None, None)
    assert painting is not None
    assert painting.alpha.shape[1] == (2 if blend == "separate" else 1)
    assert terms["alpha"] == pytest.approx(painting.alpha.mean().item(), rel=1e-5)
    assert Famos(job(tmp_path, {"blend": blend, "refine": True}), CPU).restore(method.state()) == []


def test_what_learned_with_shares_of_each_step_goes_on_with_shares_of_the_canvas(tmp_path: Path) -> None:
    before = Famos(job(tmp_path, {"balance_over": "patches"}), CPU)
    before.step(0)
    after = Famos(job(tmp_path, {"balance_over": "canvas"}), CPU)
    assert after.restore(before.state()) == []
    assert torch.isfinite(after.step(1)["balance"])
