"""doodle: regions matched apart, against a plain float64 reference; masks of every kind."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engine.box import Box, Margin, Size
from engine.errors import BadImageError, MissingSourcesError
from engine.fields.artwork import Artwork
from engine.job import SourceImage
from engine.method_choices import preset_values
from engine.methods.optimised.doodle import Doodle
from engine.style.filters import Filters
from engine.style.gram import Gram, Link
from engine.style.perceptual import Features
from engine.style.sliced import ROUNDING
from engine.style.vgg import Vgg19
from tests.engine.famos_jobs import picture
from tests.engine.methods.optimised.plain import (
    CLASSIC,
    CONVOLUTIONS,
    in_double,
    normalised,
    plain_sliced,
    somewhere,
)
from tests.engine.pixel_jobs import BLUE, GREEN, RED, doodle_job, plain_mask

CPU = torch.device("cpu")


def plain_masks(mask: Tensor) -> dict[str, Tensor]:
    """[1, R, H, W] beside VGG-19: a 3 x 3 mean at each convolution, average pooling at each pooling."""
    found = {}
    for layer in CONVOLUTIONS:
        if layer in CLASSIC[1:]:
            mask = functional.avg_pool2d(mask, 2)
        mask = functional.avg_pool2d(functional.pad(mask, (1, 1, 1, 1), mode="replicate"), 3, 1)
        found[layer] = mask
    return found


def one_hot(labels: Tensor, count: int) -> Tensor:
    return functional.one_hot(labels.long(), count).permute(2, 0, 1)[None].double()


@pytest.mark.parametrize(
    ("name", "pairs", "shift"),
    [
        ("Neural doodle", [(a, a) for a in CLASSIC], 0.0),
        ("Neural doodle, chain", list(pairwise(CONVOLUTIONS)), -1.0),
    ],
)
def test_losses_and_gradients_are_the_papers_for_each_region(
    name: str, pairs: list[tuple[str, str]], shift: float, tmp_path: Path
) -> None:
    method = Doodle(doodle_job(tmp_path, preset_values(Doodle, [name])), CPU)
    objective = in_double(method)
    style = method._styles[0].pixels[None].double() / 255
    method.network.normalise([style])
    image = somewhere(method)
    outcome = objective.evaluate(image, method._weights())

    assert isinstance(method.network, Vgg19)
    see = normalised(method.network, [style])
    reference = image.clone().requires_grad_()
    (work,), count = objective.styles, method.regions.count
    assert work.labels is not None
    assert objective.labels is not None
    grams = []
    for picture_, labels in ((reference, objective.labels), (work.image, work.labels)):
        features, masks = see(picture_), plain_masks(one_hot(labels, count))
        grams.append({})
        for fine, coarse in pairs:
            a, b = features[fine], features[coarse]
            b = functional.interpolate(b, scale_factor=a.shape[2] // b.shape[2], mode="nearest")
            h, w = b.shape[2:]
            a, mask = a[..., :h, :w] + shift, masks[fine][..., :h, :w]
            for r in range(count):
                one = mask[:, r : r + 1]
                product = torch.einsum("chw,dhw->cd", (a * one)[0], ((b + shift) * one)[0])
                grams[-1][fine, coarse, r] = product / (one.numel() * one.mean())
    loss = image.new_zeros(())
    weights = objective_weights(len(pairs), shift)
    for pair, weight in zip(pairs, weights, strict=True):
        for r in range(count):
            loss = loss + weight * (grams[0][*pair, r] - grams[1][*pair, r]).square().mean()
    (method.settings.style_weight * loss).backward()
    assert float(outcome.terms["style"]) == pytest.approx(loss.item(), rel=1e-6)
    assert loss > 0
    assert reference.grad is not None
    assert (outcome.gradient - reference.grad).norm() < 1e-6 * reference.grad.norm()


def objective_weights(count: int, shift: float) -> list[float]:
    raw = [2.0**-d for d in range(count)] if shift else [1.0] * count
    return [value / sum(raw) for value in raw]


def test_the_default_sorts_within_each_region(tmp_path: Path) -> None:
    settings = preset_values(Doodle, ["Default"]) | {"filters": 4, "levels": 1, "scales": 1, "border": "replicate"}
    method = Doodle(doodle_job(tmp_path, settings), CPU)
    assert isinstance(method.network, Filters)
    objective = in_double(method)
    image = somewhere(method)
    outcome = objective.evaluate(image, method._weights())
    reference = image.clone().requires_grad_()
    (work,), count = objective.styles, method.regions.count
    found = []
    for picture_, labels in ((reference, objective.labels), (work.image, work.labels)):
        assert labels is not None
        values = functional.conv2d(functional.pad(picture_, (3, 3, 3, 3), mode="replicate"), method.network.weight[0])
        mask = functional.avg_pool2d(functional.pad(one_hot(labels, count), (3, 3, 3, 3), mode="replicate"), 7, 1)
        found.append((values[0].flatten(1), mask[0].argmax(0).flatten()))
    (ours, here), (theirs, there) = found
    wanted = torch.empty_like(ours)
    for channel in range(4):
        low, high = float(theirs[channel].min()), float(theirs[channel].max())
        for region in range(count):
            inside = theirs[channel, there == region].numpy()
            values = ours[channel, here == region].detach().numpy()
            wanted[channel, here == region] = torch.from_numpy(plain_sliced(values, inside, 4096, (low, high)))
    off = (ours - wanted).abs()
    loss = torch.where(off < ROUNDING, off**2 / (2 * ROUNDING), off - ROUNDING / 2).mean()
    loss.backward()
    assert float(outcome.terms["style"]) == pytest.approx(loss.item(), rel=1e-6)
    assert reference.grad is not None
    assert (outcome.gradient - reference.grad).norm() < 1e-6 * reference.grad.norm()


def test_a_picture_in_tiles_has_the_gradient_of_one_piece(tmp_path: Path) -> None:
    for settings in ({"statistic": "sliced"}, {"statistic": "gram", "links": "chain"}):
        method = Doodle(doodle_job(tmp_path, settings | {"content_scale": 2.5, "scales": 1}, content=True), CPU)
        image = somewhere(method)
        whole, tiled = (in_double(method, tile_px=tile_px).evaluate(image, method._weights()) for tile_px in (4096, 32))
        assert (tiled.gradient - whole.gradient).norm() < 1e-6 * whole.gradient.norm()


def test_each_region_becomes_like_the_styles(tmp_path: Path) -> None:
    """Dark is red in the style's mask, light is green; the target has them the other way round, and leaning."""
    method = Doodle(doodle_job(tmp_path, {"filters": 16, "scales": 2, "steps_per_scale": 15}), CPU)
    for step in range(45):
        method.step(step)
    with torch.no_grad():
        layers = Artwork(method, method.canvas_size).layers_at(method.canvas_size.box)
    red = (layers["regions"][0] > 0.5).numpy()
    grey = layers["result"].mean(0).numpy()
    assert grey[red].mean() == pytest.approx(45 / 255, abs=0.06)
    assert grey[~red].mean() == pytest.approx(195 / 255, abs=0.06)


def test_it_starts_from_the_colours_of_each_region(tmp_path: Path) -> None:
    method = Doodle(doodle_job(tmp_path, {"scales": 1}), CPU)
    labels = method._objective.labels
    assert labels is not None
    dark = method.regions.style[0, 0]
    grey = method.picture[0].mean(0)
    assert grey[labels == dark].max() < 0.4
    assert grey[labels != dark].min() > 0.5


def test_a_content_image_is_followed_where_there_is_one(tmp_path: Path) -> None:
    plain = Doodle(doodle_job(tmp_path), CPU)
    guided = Doodle(doodle_job(tmp_path, content=True), CPU)
    assert float(plain.step(0)["tones"]) == 0
    assert float(guided.step(0)["tones"]) > 0


def test_regions_are_shown_for_any_canvas(tmp_path: Path) -> None:
    method = Doodle(doodle_job(tmp_path), CPU)
    for canvas_size in (Size(80, 70), Size(160, 140), Size(33, 77)):
        with torch.no_grad():
            shown = Artwork(method, canvas_size, "regions").at(Box(-3, 0, canvas_size.height, canvas_size.width))
        colors = {tuple(color) for color in (shown.flatten(1).T * 255).round().int().tolist()}
        assert colors == {RED, GREEN}


# ---------------------------------------------------------------- masks of every kind


def test_a_region_that_the_style_lacks_is_a_warning_and_is_painted(tmp_path: Path) -> None:
    base = doodle_job(tmp_path)
    target = (plain_mask(tmp_path / "three.png", 60, 75, [GREEN, BLUE, RED], 0.0),)
    method = Doodle(base.model_copy(update={"sources": base.sources | {"target_mask": target}}), CPU)
    assert len(method.warnings) == 1
    assert "has no blue (#1400fa) region" in method.warnings[0]
    assert torch.isfinite(method.step(0)["style"])


def test_masks_of_one_colour_and_of_a_hundred(tmp_path: Path) -> None:
    base = doodle_job(tmp_path)
    one = (plain_mask(tmp_path / "one.png", 60, 75, [RED], 0.0),)
    method = Doodle(base.model_copy(update={"sources": base.sources | {"target_mask": one, "style_mask": one}}), CPU)
    assert "one colour only" in method.warnings[0]
    assert torch.isfinite(method.step(0)["style"])

    random = np.random.default_rng(2)
    Image.fromarray(random.integers(0, 256, (60, 75, 3)).astype(np.uint8)).save(tmp_path / "many.png")
    many = (SourceImage(path=str(tmp_path / "many.png")),)
    for statistic in ("sliced", "gram"):
        job = base.model_copy(
            update={
                "sources": base.sources | {"target_mask": many, "style_mask": many},
                "settings": base.settings.with_values({"statistic": statistic, "scales": 1}),
            }
        )
        method = Doodle(job, CPU)
        assert "very many colours" in method.warnings[0]
        assert torch.isfinite(method.step(0)["style"])


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    base = doodle_job(tmp_path)
    for key, title in (("style", "style"), ("style_mask", "style mask"), ("target_mask", "target mask")):
        left = {slot: images for slot, images in base.sources.items() if slot != key}
        with pytest.raises(MissingSourcesError, match=f"Doodle needs a {title}. Drop one on"):
            Doodle(base.model_copy(update={"sources": left}), CPU)
    gone = base.sources | {"style_mask": (SourceImage(path=str(tmp_path / "gone.png")),)}
    with pytest.raises(MissingSourcesError, match=r"no usable style mask image\. .*gone\.png"):
        Doodle(base.model_copy(update={"sources": gone}), CPU)


def test_a_style_smaller_than_the_networks_reach_is_named(tmp_path: Path) -> None:
    base = doodle_job(tmp_path, preset_values(Doodle, ["Neural doodle"]))
    small = base.sources | {"style": (picture(tmp_path / "small.png", 20, 20, 1),)}
    with pytest.raises(BadImageError, match=r"small\.png, at its working size, is too small"):
        Doodle(base.model_copy(update={"sources": small}), CPU)


@pytest.mark.parametrize(("network", "statistic"), [("filters", "sliced"), ("vgg19", "gram")])
def test_hard_edges_count_each_place_for_its_own_region(network: str, statistic: str, tmp_path: Path) -> None:
    values = {"network": network, "statistic": statistic, "scales": 1}
    soft, hard = (Doodle(doodle_job(tmp_path, values | {"edges": edges}), CPU) for edges in ("soft", "hard"))
    mask = torch.zeros(1, 2, 64, 64, dtype=torch.float64)
    mask[:, 0, :, :31], mask[:, 1, :, 31:] = 1, 1
    first, last = hard.network.layers[0], hard.network.layers[-1]
    assert torch.equal(hard.network.masks(mask)[first], mask)
    assert not torch.equal(soft.network.masks(mask)[first], mask)
    pooled = mask.unflatten(2, (-1, hard.network.strides[last])).mean(3)
    pooled = pooled.unflatten(3, (-1, hard.network.strides[last])).mean(4)
    assert torch.allclose(hard.network.masks(mask)[last], pooled, atol=1e-12)
    assert torch.isfinite(hard.step(0)["style"])


def test_regions_that_pull_alike_pull_by_one_length_however_far_they_are() -> None:
    """The gradient at each region's matrix is as long as any other's; L-BFGS sees the loss that has this gradient."""
    random = torch.Generator().manual_seed(2)
    mask = (torch.arange(12) < 4).double().expand(1, 1, 12, 12)
    masks = torch.cat([mask, 1 - mask], 1)  # a small region, and a large one

    def features(times: float) -> Features:
        x = torch.rand(1, 3, 12, 12, generator=random, dtype=torch.float64)
        x = torch.where(mask.bool(), x * times, x)
        return Features({"a": x}, {"a": 1}, {"a": Margin(0, 0, 0, 0)}, Size(12, 12), {"a": masks})

    lengths = {}
    for equal in (False, True):
        gram = Gram([Link("a", "a")], equal_regions=equal)
        target, seen = gram.target([[features(1.0)]]), features(20.0)
        tables = gram.gradient_tables(gram.sums(seen, target), target)
        pulls = tables.tables["a"] * tables.shares["a"][..., None, None, None]  # at the means
        lengths[equal] = pulls.flatten(2).norm(dim=2)[0]
        loose = seen.activations["a"].clone().requires_grad_()
        gram.losses(replace(seen, activations={"a": loose}), target)["a"].backward()
        tight = seen.activations["a"].clone().requires_grad_()
        gram.surrogate_loss(replace(seen, activations={"a": tight}), tables, target)["a"].backward()
        assert loose.grad is not None
        assert tight.grad is not None
        assert torch.allclose(loose.grad, tight.grad)
    assert lengths[False][0] > 100 * lengths[False][1]
    assert float(lengths[True][0]) == pytest.approx(float(lengths[True][1]), rel=1e-3)
