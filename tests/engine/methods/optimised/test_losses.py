"""neural_style: the loss of every preset against a plain float64 reference."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from engine.method_choices import preset_values
from engine.methods.optimised.neural_style import NeuralStyle
from engine.style.comparing import Comparison, at_sizes
from engine.style.filters import Filters
from engine.style.sliced import ROUNDING
from tests.engine.methods.optimised.plain import COLUMNS, in_double, plain_losses, plain_sliced, somewhere
from tests.engine.pixel_jobs import TINY, style_job, tiny_vgg

CPU = torch.device("cpu")


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
