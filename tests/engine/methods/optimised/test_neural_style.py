"""neural_style: every preset against a plain float64 reference, tiles against one piece, and what an artist may do."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engine.box import Box, Size
from engine.errors import BadImageError, BadProjectError, BadSettingError, MissingSourcesError, MissingWeightsError
from engine.fields.artwork import Artwork
from engine.job import Job, SourceImage
from engine.method_choices import preset_values
from engine.methods.optimised import base
from engine.methods.optimised.base import PixelMethod
from engine.methods.optimised.neural_style import NeuralStyle, NeuralStyleSettings
from engine.style import weights
from engine.style.comparing import Comparison, at_sizes
from engine.style.filters import Filters
from engine.style.objective import LabelledImage, Objective, Outcome
from engine.style.sliced import ROUNDING
from engine.style.vgg import Vgg19
from tests.engine.famos_jobs import picture
from tests.engine.pixel_jobs import TINY, open_tiny, style_job, tiny_vgg

CPU = torch.device("cpu")
CONVOLUTIONS = [f"conv{block}_{n}" for block, depth in enumerate((2, 2, 4, 4, 4), 1) for n in range(1, depth + 1)]
CLASSIC = ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"]
CHAIN = list(pairwise(CONVOLUTIONS))
TO_CONTENT = [(a, "conv4_2") if CONVOLUTIONS.index(a) <= 9 else ("conv4_2", a) for a in CONVOLUTIONS]
# The paper's table 2: content layers, pairs of style layers, weights, shift, blurred, adjacent.
COLUMNS: dict[str, tuple[list[str], list[tuple[str, str]], str, float, bool, bool]] = {
    "Classic": (["conv4_2"], [(a, a) for a in CLASSIC], "uniform", 0, False, False),
    "Classic Shifted": (["conv4_2"], [(a, a) for a in CLASSIC], "uniform", -1, False, False),
    "Classic Dense": (CONVOLUTIONS, [(a, a) for a in CONVOLUTIONS], "geometric", -1, False, False),
    "All-To-Content": (CONVOLUTIONS, TO_CONTENT, "geometric", -1, False, False),
    "Chain": (CONVOLUTIONS, CHAIN, "geometric", -1, False, False),
    "Chain Uniform": (CONVOLUTIONS, CHAIN, "uniform", -1, False, False),
    "Chain Unshifted": (CONVOLUTIONS, CHAIN, "geometric", 0, False, False),
    "Chain Blurred": (CONVOLUTIONS, CHAIN, "geometric", -1, True, False),
    "Chain Extended": (CONVOLUTIONS, CHAIN, "geometric", -1, False, True),
}


@pytest.fixture(autouse=True)
def tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "open_network", open_tiny)


def in_double(method: PixelMethod, **changes: Any) -> Objective:
    """The method's loss at its present size, in float64."""
    method.network.double()
    method.network._gains = {layer: gain.double() for layer, gain in method.network._gains.items()}
    present = method._objective
    styles = [LabelledImage(style.image.double(), style.labels, style.weight) for style in present.styles]
    content = None if present.content is None else present.content.double()
    blur_px, tile_px = changes.get("blur_px", present.blur_px), changes.get("tile_px", present.tile_px)
    kept = present.kept_shares
    return Objective(
        method.network, method.statistic, styles, present.labels, present.regions, content, blur_px, tile_px, kept
    )


def somewhere(method: PixelMethod, seed: int = 0) -> Tensor:
    """A random picture of the method's present size, float64."""
    random = torch.Generator().manual_seed(seed)
    return torch.rand(method.picture.shape, generator=random, dtype=torch.float64)


# ---------------------------------------------------------------- the plain reference


def plain_vgg(network: Vgg19, image: Tensor) -> dict[str, Tensor]:
    mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64)[:, None, None]
    x = (image - mean) / torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64)[:, None, None]
    places = [int(name.split(".")[1]) for name in network.state_dict() if name.endswith("weight")]
    found = {}
    for layer, place in zip(CONVOLUTIONS, places, strict=True):
        if layer in CLASSIC[1:]:
            x = functional.avg_pool2d(x, 2)
        weight, bias = (network.state_dict()[f"features.{place}.{part}"].double() for part in ("weight", "bias"))
        x = functional.relu(functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), weight, bias))
        found[layer] = x
    return found


def plain_gram(features: dict[str, Tensor], pair: tuple[str, str], shift: float, blurs: int, adjacent: bool) -> Tensor:
    fine, coarse = features[pair[0]], features[pair[1]]
    times = fine.shape[2] // coarse.shape[2]
    coarse = functional.interpolate(coarse, scale_factor=times, mode="nearest")
    fine = fine[..., : coarse.shape[2], : coarse.shape[3]]
    for _ in range(blurs):
        coarse = functional.avg_pool2d(functional.pad(coarse, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    matrices = []
    for dy in (-1, 0, 1) if adjacent else (0,):
        for dx in (-1, 0, 1) if adjacent else (0,):
            moved = torch.zeros_like(coarse)
            h, w = coarse.shape[2:]
            moved[..., max(0, -dy) : h - max(0, dy), max(0, -dx) : w - max(0, dx)] = coarse[
                ..., max(0, dy) : h + min(0, dy), max(0, dx) : w + min(0, dx)
            ]
            a, b = (fine + shift)[0].flatten(1), (moved + shift)[0].flatten(1)
            matrices.append(torch.einsum("cp,dp->cd", a, b) / a.shape[1])
    return torch.stack(matrices)


def normalised(network: Vgg19, images: list[Tensor]) -> Callable[[Tensor], dict[str, Tensor]]:
    """Each filter divided by its mean activation over the images."""
    means = {layer: torch.zeros(1) for layer in CONVOLUTIONS}
    for image in images:
        for layer, x in plain_vgg(network, image).items():
            means[layer] = means[layer] + x.mean((2, 3), keepdim=True) / len(images)
    return lambda image: {layer: x / _where(means[layer]) for layer, x in plain_vgg(network, image).items()}


def _where(mean: Tensor) -> Tensor:
    return torch.where(mean > 1e-6, mean, torch.ones_like(mean))


def weights_of(kind: str, count: int, deeper: bool) -> list[float]:
    raw = [1.0] * count if kind == "uniform" else [2.0 ** (d if deeper else count - d) for d in range(1, count + 1)]
    return [value / sum(raw) for value in raw]


def plain_losses(name: str, method: NeuralStyle, image: Tensor) -> tuple[Tensor, Tensor]:
    """Style and content loss, as the paper has them; Gram matrices divided by pixels, squares averaged."""
    content_layers, pairs, kind, shift, blurred, adjacent = COLUMNS[name]
    network, objective = method.network, method._objective
    assert isinstance(network, Vgg19)
    assert objective.content is not None
    sources = [style.image.double() for style in objective.styles]
    wide = [method._styles[i].pixels[None].double() / 255 for i in range(2)]
    assert method._content is not None
    see = normalised(network, [*wide, method._content.pixels[None].double() / 255])
    ours, theirs, wanted = see(image), [see(source) for source in sources], see(objective.content.double())
    style = image.new_zeros(())
    shares = [s.weight / sum(x.weight for x in objective.styles) for s in objective.styles]
    for pair, weight in zip(pairs, weights_of(kind, len(pairs), deeper=False), strict=True):
        blurs = abs(CONVOLUTIONS.index(pair[0]) - CONVOLUTIONS.index(pair[1])) if blurred else 0
        target = sum(
            share * plain_gram(x, pair, shift, blurs, adjacent) for share, x in zip(shares, theirs, strict=True)
        )
        style = style + weight * (plain_gram(ours, pair, shift, blurs, adjacent) - target).square().sum() / (
            target[0].numel() * len(target)  # type: ignore[index, arg-type]
        )
    content = image.new_zeros(())
    for layer, weight in zip(content_layers, weights_of(kind, len(content_layers), deeper=True), strict=True):
        content = content + weight * (ours[layer] - wanted[layer]).square().mean()
    return style, content


@pytest.mark.parametrize("name", COLUMNS)
def test_losses_and_gradients_of_each_preset_are_the_papers(name: str, tmp_path: Path) -> None:
    job = style_job(tmp_path, preset_values(NeuralStyle, [name]))
    first, second = job.sources["style"]
    sources = job.sources | {"style": (first.model_copy(update={"weight": 3.0}), second)}
    method = NeuralStyle(job.model_copy(update={"sources": sources}), CPU)
    objective = in_double(method)
    method.network.normalise(
        [x.pixels[None].double() / 255 for x in (*method._styles, method._content)]  # type: ignore[union-attr]
    )
    image = somewhere(method)
    outcome = objective.evaluate(image, method._weights())
    reference = image.clone().requires_grad_()
    style, content = plain_losses(name, method, reference)
    s = method.settings
    (s.style_weight * style + s.content_weight * content).backward()
    assert float(outcome.terms["style"]) == pytest.approx(float(style.detach()), rel=1e-6)
    assert float(outcome.terms["content"]) == pytest.approx(float(content.detach()), rel=1e-6)
    assert style > 0
    assert content > 0
    assert reference.grad is not None
    assert (outcome.gradient - reference.grad).norm() < 1e-6 * reference.grad.norm()


def plain_sliced(
    values: np.ndarray, style: np.ndarray, bins: int, extent: tuple[float, float] | None = None
) -> np.ndarray:
    """Where each of the values [P] belongs among the style's [Q], with a histogram that is linear inside its bins."""
    low, high = extent or (style.min(), style.max())
    low, high = low - (high - low), high + (high - low)
    edges = np.linspace(low, high, bins + 1)
    counts = np.histogram(values.clip(low, high), edges)[0]
    ours = np.concatenate([[0], counts.cumsum()]) / counts.sum()
    theirs = np.concatenate([[0], np.histogram(style, edges)[0].cumsum()]) / len(style)
    index = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    inside = np.clip((values - edges[index]) / (edges[1] - edges[0]), 0, 1)
    wanted = np.empty_like(values)
    for p, i in enumerate(index):
        share = ours[i], ours[i + 1]
        # The last place with at most the lower share below it, and the first with at least the upper one.
        lower = _quantile(edges, theirs, share[0], "right")
        upper = _quantile(edges, theirs, share[1], "left")
        wanted[p] = lower + (upper - lower) * inside[p]
    return wanted


def _quantile(edges: np.ndarray, cumulative: np.ndarray, share: float, side: Any) -> float:
    upper = int(np.clip(np.searchsorted(cumulative, share, side=side), 1, len(edges) - 1))
    before, after = cumulative[upper - 1], cumulative[upper]
    part = np.clip((share - before) / max(after - before, 1e-12), 0, 1)
    return edges[upper - 1] + part * (edges[upper] - edges[upper - 1])


def test_losses_and_gradient_of_the_default_are_a_plain_sorting_and_blurring(tmp_path: Path) -> None:
    base = style_job(tmp_path, preset_values(NeuralStyle, ["Default"]) | TINY | {"filters": 4})
    sources = base.sources | {"style": base.sources["style"][:1]}
    method = NeuralStyle(base.model_copy(update={"sources": sources}), CPU)
    objective = in_double(method)
    image = somewhere(method)
    s = method.settings
    outcome = objective.evaluate(image, method._weights())

    reference = image.clone().requires_grad_()
    style_image = objective.styles[0].image
    style, ours, theirs = image.new_zeros(()), reference, style_image
    assert isinstance(method.network, Filters)
    weight = method.network.weight
    for level in range(s.levels):
        if level:
            ours, theirs = functional.avg_pool2d(ours, 2), functional.avg_pool2d(theirs, 2)
        a, b = (
            functional.conv2d(functional.pad(x, (3, 3, 3, 3), mode="replicate"), weight[level])[0].flatten(1)
            for x in (ours, theirs)
        )
        wanted = torch.from_numpy(
            np.stack([plain_sliced(x, y, 4096) for x, y in zip(a.detach().numpy(), b.numpy(), strict=True)])
        )
        off = (a - wanted).abs()
        style = style + torch.where(off < ROUNDING, off**2 / (2 * ROUNDING), off - ROUNDING / 2).mean() / s.levels
    assert objective.content is not None
    greys = [x.mean(1, keepdim=True) for x in (reference, objective.content)]
    means = [(x.mean(), x.std(unbiased=False)) for x in (style_image.mean(1), objective.content.mean(1))]
    radius = int(np.ceil(3 * s.blur_px))
    line = torch.exp(-(torch.arange(-radius, radius + 1, dtype=torch.float64) ** 2) / (2 * s.blur_px**2))
    square = (line[:, None] * line / line.sum() ** 2)[None, None]
    blurred = [functional.conv2d(functional.pad(x, (radius,) * 4, mode="reflect"), square) for x in greys]
    standard = [(x - mean) / deviation for x, (mean, deviation) in zip(blurred, means, strict=True)]
    tones = (standard[0] - standard[1]).square().mean()
    (s.style_weight * style + s.content_weight * tones).backward()
    assert float(outcome.terms["style"]) == pytest.approx(float(style.detach()), rel=1e-6)
    assert float(outcome.terms["tones"]) == pytest.approx(float(tones.detach()), rel=1e-6)
    assert reference.grad is not None
    assert (outcome.gradient - reference.grad).norm() < 1e-6 * reference.grad.norm()


# ---------------------------------------------------------------- tiles

TILED = {
    "filters sliced": {"network": "filters", "statistic": "sliced", "variation_weight": 0.1},
    "filters gram": {"network": "filters", "statistic": "gram", "links": "chain", "blurred": True},
    "vgg sliced": {"network": "vgg19", "statistic": "sliced", "content_by": "features", "border": "valid"},
    "vgg gram": {
        **{"network": "vgg19", "statistic": "gram", "content_by": "features", "links": "to_content"},
        **{"adjacent": True, "shift": -1.0},
    },
    "vgg gram valid": {"network": "vgg19", "statistic": "gram", "content_by": "features", "border": "valid"},
    "vgg gram of two sizes": {
        **{"network": "vgg19", "statistic": "gram", "content_by": "features", "links": "chain"},
        **{"compared_sizes": 2, "layer_weights": "geometric"},
    },
    "vgg gram cubes": {"network": "vgg19", "statistic": "gram", "content_by": "features", "cubes": 2, "power": 1.1},
    "vgg gram masked": {"network": "vgg19", "statistic": "gram", "content_by": "features", "kept_share": 0.3},
}


def evaluated(method: PixelMethod, tile_px: int, image: Tensor) -> Outcome:
    objective = in_double(method, tile_px=tile_px)
    return objective.evaluate(image, method._weights())


@pytest.mark.parametrize("kind", TILED)
def test_a_picture_in_tiles_has_the_gradient_of_one_piece(kind: str, tmp_path: Path) -> None:
    """With tiles that do not divide it; the statistics are of the whole picture either way."""
    vgg = "vgg" in kind
    size = (330, 301) if vgg else (150, 171)
    sources = {
        "style": (picture(tmp_path / "s.png", *size, 1),),
        "content": (picture(tmp_path / "content.png", *size, 2),),
    }
    method = NeuralStyle(style_job(tmp_path, TILED[kind] | {"scales": 1}, sources=sources), CPU)
    image = somewhere(method)
    whole, tiled = (evaluated(method, tile_px, image) for tile_px in (4096, 64 if vgg else 32))
    for key, value in whole.terms.items():
        assert float(tiled.terms[key]) == pytest.approx(float(value), rel=1e-9, abs=1e-12)
    assert whole.gradient.norm() > 0
    assert (tiled.gradient - whole.gradient).norm() < 1e-6 * whole.gradient.norm()


def test_smaller_copies_are_compared_as_pictures_of_their_own() -> None:
    network, image = tiny_vgg(), torch.rand(1, 3, 64, 80, generator=torch.Generator().manual_seed(1))
    both = at_sizes(network, 2)
    found, small = both(image), network(functional.avg_pool2d(image, 2))
    assert set(found) == {*network.layers, *(f"{layer}/2" for layer in network.layers)}
    for layer in network.layers:
        assert torch.equal(found[f"{layer}/2"], small[layer])
        assert both.strides[f"{layer}/2"] == 2 * network.strides[layer]
    linked = Comparison("gram", links="chain", layer_weights="geometric")
    statistic = linked.statistic_of(both)
    assert statistic.names[3:5] == ("conv4_1-conv5_1", "conv1_1/2-conv2_1/2")  # never from one size to another
    weights = linked.style_weights(statistic)
    assert sum(weights.values()) == pytest.approx(1)
    assert weights["conv1_1-conv2_1"] == weights["conv1_1/2-conv2_1/2"] == 2 * weights["conv2_1-conv3_1"]
    assert linked.content_layers_of(both) == ("conv4_2",)


def test_a_gradient_mask_lets_the_style_pull_where_the_content_is(tmp_path: Path) -> None:
    """Section 4.1: the shallowest layer is free, the deeper ones pull at the strongest activations alone."""
    settings = {"network": "vgg19", "statistic": "gram", "content_by": "features", "scales": 1}
    gradients = []
    for kept_share in (1.0, 0.2):
        method = NeuralStyle(style_job(tmp_path, settings | {"kept_share": kept_share}), CPU)
        objective, weights = in_double(method), method._weights()
        deepest = {name: float(name == "conv5_1") for name in weights.style_layers}
        outcome = objective.evaluate(somewhere(method), replace(weights, content=0.0, style_layers=deepest))
        gradients.append(outcome)
    free, masked = gradients
    assert float(masked.terms["style"]) == pytest.approx(float(free.terms["style"]))  # only where it pulls is another
    assert 0 < masked.gradient.abs().sum() < free.gradient.abs().sum()


def test_tiles_agree_in_float32_as_they_are_used(tmp_path: Path) -> None:
    sources = {
        "style": (picture(tmp_path / "s.png", 128, 90, 1),),
        "content": (picture(tmp_path / "content.png", 150, 171, 2),),
    }
    results = []
    for tile in (64, 4096):
        method = NeuralStyle(style_job(tmp_path, {"tile": tile, "scales": 1}, sources=sources), CPU)
        results.append(method._objective.evaluate(somewhere(method).float(), method._weights()))
    tiled, whole = results
    assert (tiled.gradient - whole.gradient).norm() < 1e-4 * whole.gradient.norm()


def test_nothing_larger_than_a_tile_is_ever_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features are many times as large as the picture; those of more than a tile with its halo never exist."""
    sources = {key: (picture(tmp_path / f"{key}.png", 260, 270, len(key)),) for key in ("style", "content")}
    method = NeuralStyle(style_job(tmp_path, {"tile": 64, "scales": 1}, sources=sources), CPU)
    looked_at = []
    forward = method.network.forward

    def watched(image: Tensor, layers: Any = None) -> dict[str, Tensor]:
        looked_at.append(max(image.shape[2:]))
        return forward(image, layers)

    monkeypatch.setattr(method.network, "forward", watched)
    method.step(0)
    assert len(looked_at) > 50
    assert max(looked_at) <= 64 + 2 * method._objective.halo_px([])


# ---------------------------------------------------------------- learning


def test_it_comes_nearer_to_style_and_content(tmp_path: Path) -> None:
    method = NeuralStyle(style_job(tmp_path, {"filters": 16, "start_noise": 1.0, "scales": 1}), CPU)
    terms = [method.step(step) for step in range(40)]
    for key in ("style", "tones"):
        late = torch.stack([t[key] for t in terms[-5:]]).mean()
        assert late < 0.7 * terms[0][key], key


def test_lbfgs_never_rises_while_its_loss_stays(tmp_path: Path) -> None:
    settings = preset_values(NeuralStyle, ["Chain"]) | {"network": "filters"}
    method = NeuralStyle(style_job(tmp_path, settings | {"filters": 6, "levels": 3}), CPU)
    losses = []
    for step in range(12):
        method.step(step)
        losses.append(float(method._objective.evaluate(method.picture, method._weights()).loss))
    assert all(b <= a * (1 + 1e-6) for a, b in pairwise(losses))
    assert losses[-1] < 0.5 * losses[0]


def test_sizes_double_from_coarse_to_fine(tmp_path: Path) -> None:
    method = NeuralStyle(style_job(tmp_path, {"scales": 3, "steps_per_scale": 2}), CPU)
    sizes = [int(method.step(step)["size"]) for step in range(7)]
    assert sizes == [19, 19, 38, 38, 77, 77, 77]
    assert method.picture.shape[2:] == (77, 101)


@pytest.mark.parametrize("network", ["filters", "vgg19"])
@pytest.mark.parametrize("statistic", ["sliced", "gram"])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_all_networks_statistics_and_optimisers_go_together(
    network: str, statistic: str, optimizer: str, tmp_path: Path
) -> None:
    for content_by, border, links in (("tones", "replicate", "chain"), ("features", "valid", "each")):
        settings = {"network": network, "statistic": statistic, "optimizer": optimizer, "content_by": content_by}
        sizes = {"border": border, "links": links, "levels": 2}
        sources = {
            "style": (picture(tmp_path / "s.png", 80, 84, 1),),
            "content": (picture(tmp_path / "content.png", 80, 90, 2),),
        }
        if network == "vgg19" and border == "valid":
            sizes["style_layers"] = "classic"
            sources = {key: (picture(tmp_path / f"{key}.png", 256, 250, len(key)),) for key in ("style", "content")}
        method = NeuralStyle(style_job(tmp_path, settings | sizes, sources=sources), CPU)
        before = method.picture.clone()
        for step in range(3):
            assert all(torch.isfinite(value) for value in method.step(step).values())
        assert before.shape != method.picture.shape or not torch.equal(before, method.picture)


# ---------------------------------------------------------------- what an artist may do


def whole(method: NeuralStyle, layer: str = "result") -> Tensor:
    with torch.no_grad():
        return Artwork(method, method.canvas_size, layer).at(method.canvas_size.box)


def test_start_from_content_noise_or_a_mixture(tmp_path: Path) -> None:
    pictures = {
        amount: NeuralStyle(style_job(tmp_path, {"start_noise": amount, "scales": 1}), CPU)
        for amount in (0.0, 0.5, 1.0)
    }
    content = whole(pictures[0.0], "content")
    assert torch.allclose(whole(pictures[0.0]), content)
    expected = (content + whole(pictures[1.0])) / 2
    assert torch.allclose(whole(pictures[0.5]), expected, atol=1e-6)
    drawn = {tuple(color) for color in (pictures[1.0].picture[0].flatten(1).T * 255).round().int().tolist()}
    styles = {
        tuple(color)
        for style in pictures[1.0]._objective.styles
        for color in (style.image[0].flatten(1).T * 255).round().int().tolist()
    }
    assert drawn <= styles


def test_without_a_content_the_style_makes_a_picture_of_any_size(tmp_path: Path) -> None:
    style = (picture(tmp_path / "s.png", 64, 80, 1),)
    method = NeuralStyle(style_job(tmp_path, sources={"style": style}, canvas_size=Size(100, 130)), CPU)
    assert method.canvas_size == Size(100, 130)
    terms = [method.step(step) for step in range(3)][-1]
    assert float(terms["tones"]) == float(terms["content"]) == 0
    assert whole(method).shape == (3, 100, 130)
    assert NeuralStyle(style_job(tmp_path, sources={"style": style}), CPU).canvas_size == Size(64, 80)


def test_the_contents_colours_can_be_kept(tmp_path: Path) -> None:
    from engine.methods.optimised.recolor import matched

    method = NeuralStyle(style_job(tmp_path, {"colors": "luminance", "scales": 1}), CPU)
    assert all(torch.equal(s.pixels[0], s.pixels[1]) for s in method._styles)
    for step in range(3):
        method.step(step)
    assert method._content is not None
    original = method._content.pixels.float() / 255
    result = whole(method)
    inside = ((result > 0.01) & (result < 0.99)).all(0)
    difference = (result - original)[:, inside]
    assert torch.allclose(difference[0], difference[1], atol=1e-5)  # only light and dark have changed
    assert difference.abs().mean() > 0.005

    style, content = method._styles[0].pixels, method._content.pixels
    soft = (torch.rand(3, 60, 60, generator=torch.Generator().manual_seed(0)) * 80 + 90).to(torch.uint8)
    moved, wanted = matched(soft, content // 3 + 80), content // 3 + 80
    for a, b in ((moved.double().flatten(1), wanted.double().flatten(1)),):
        assert torch.allclose(a.mean(1), b.mean(1), atol=1.5)
        assert torch.allclose(a.cov(), b.cov(), rtol=0.1, atol=8)
    plain = matched(torch.full_like(style, 90), content)
    assert plain.float().std((1, 2)).max() < 2


def test_live_weights_act_at_once_and_lbfgs_begins_afresh(tmp_path: Path) -> None:
    method = NeuralStyle(style_job(tmp_path, {"optimizer": "lbfgs", "scales": 1}), CPU)
    for step in range(3):
        method.step(step)
    assert method.state().plain["descent"]["count"] > 0
    before = float(method._objective.evaluate(method.picture, method._weights()).loss)
    method.settings = method.settings.with_values({"style_weight": 5.0})
    assert float(method._objective.evaluate(method.picture, method._weights()).loss) > before
    method.step(3)
    assert method.state().plain["descent"]["count"] <= 1


def test_another_setting_goes_on_with_the_picture_that_is_there(tmp_path: Path) -> None:
    old = NeuralStyle(style_job(tmp_path), CPU)
    for step in range(4):
        old.step(step)
    new = NeuralStyle(style_job(tmp_path, {"filters": 9}), CPU)
    assert new.restore(old.state(), strict=False) == []
    assert torch.equal(new.picture, old.picture)
    larger = NeuralStyle(style_job(tmp_path, {"content_scale": 2.0}), CPU)
    larger.restore(old.state(), strict=False)
    assert larger.canvas_size == Size(154, 202)
    assert (whole(larger).mean((1, 2)) - whole(old).mean((1, 2))).abs().max() < 0.02
    larger.step(4)
    with pytest.raises(BadProjectError, match="does not fit"):
        larger.restore(old.state())


def test_a_canvas_too_large_to_optimise_is_enlarged_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "MOST_PX", 5000)
    method = NeuralStyle(style_job(tmp_path), CPU)
    assert method.full.area <= 5100
    assert "too many to optimise" in method.warnings[0]
    assert whole(method).shape == (3, 77, 101)


# ---------------------------------------------------------------- bad input


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingSourcesError, match="at least one style image"):
        NeuralStyle(Job(method="neural_style", settings=NeuralStyleSettings()), CPU)
    with pytest.raises(MissingSourcesError, match=r"no usable style image.*none\.png"):
        NeuralStyle(style_job(tmp_path, sources={"style": (SourceImage(path=str(tmp_path / "none.png")),)}), CPU)


def test_without_the_vgg_file_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.style.networks import open_network

    monkeypatch.setattr(base, "open_network", open_network)
    monkeypatch.setattr(weights, "folder", lambda: tmp_path / "cache")
    with pytest.raises(MissingWeightsError, match=r"VGG-19 is not on this computer.*575 MB.*vgg19-dcbb9e9d\.pth"):
        NeuralStyle(style_job(tmp_path, preset_values(NeuralStyle, ["Classic"])), CPU)


def test_images_smaller_than_the_networks_reach_are_named(tmp_path: Path) -> None:
    small = {
        "style": (picture(tmp_path / "tiny.png", 20, 60, 1),),
        "content": (picture(tmp_path / "content.png", 300, 300, 2),),
    }
    settings = preset_values(NeuralStyle, ["Chain"])
    with pytest.raises(
        BadImageError, match=r"tiny\.png, at its working size, is too small .* 60 × 20 px, and it needs 32 px"
    ):
        NeuralStyle(style_job(tmp_path, settings, sources=small), CPU)
    with pytest.raises(BadImageError, match="The picture is too small"):
        NeuralStyle(style_job(tmp_path, settings | {"border": "valid"}), CPU)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scales": 9}, "scales can not be 9; it is a whole number from 1 to 7"),
        ({"network": "resnet"}, "network can not be 'resnet'; it is one of filters, vgg19"),
    ],
)
def test_settings_that_can_not_be_had(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match=message):
        NeuralStyle(style_job(tmp_path, settings), CPU)


def test_it_begins_with_the_start_image_where_there_is_one(tmp_path: Path) -> None:
    """So that a network's picture can be refined, as in figure 3 of Ulyanov et al. 2017."""
    base = style_job(tmp_path, {"start_noise": 0.0, "scales": 1})
    begun = base.model_copy(update={"sources": base.sources | {"start": (picture(tmp_path / "s.png", 77, 101, 9),)}})
    plain, refined = NeuralStyle(base, CPU), NeuralStyle(begun, CPU)
    start = torch.from_numpy(np.asarray(Image.open(tmp_path / "s.png")).copy()).permute(2, 0, 1) / 255
    assert torch.allclose(refined.picture[0], start, atol=1e-5)
    assert not torch.allclose(plain.picture[0], start, atol=0.05)
    assert torch.equal(refined._content_at(Box(0, 0, 77, 101), Size(77, 101)), plain.picture[0])
    alone = {"style": base.sources["style"], "start": begun.sources["start"]}
    larger = base.model_copy(update={"sources": alone, "canvas_size": Size(60, 60)})
    assert NeuralStyle(larger, CPU).picture.shape == (1, 3, 60, 60)


def test_what_lbfgs_is_given_to_refine_becomes_no_worse(tmp_path: Path) -> None:
    base = style_job(
        tmp_path, {"start_noise": 0.0, "scales": 1, "optimizer": "lbfgs", "statistic": "gram", "levels": 1}
    )
    begun = base.model_copy(update={"sources": base.sources | {"start": (picture(tmp_path / "s.png", 77, 101, 9),)}})
    method = NeuralStyle(begun, CPU)
    terms = [method.step(step)["style"].item() for step in range(6)]
    assert terms[-1] < terms[0]
