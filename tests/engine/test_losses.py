"""Each loss against its formula, written out in float64 loops."""

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from engine import losses


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize(
    ("kind", "real_part", "fake_part", "generator_part"),
    [
        (
            "dcgan",
            lambda x: -math.log(sigmoid(x)),
            lambda x: -math.log(1 - sigmoid(x)),
            lambda x: -math.log(sigmoid(x)),
        ),
        ("lsgan", lambda x: (x - 1) ** 2, lambda x: x**2, lambda x: (x - 1) ** 2),
        ("wgan_gp", lambda x: -x, lambda x: x, lambda x: -x),
        ("hinge", lambda x: max(0, 1 - x), lambda x: max(0, 1 + x), lambda x: -x),
    ],
)
def test_adversarial_losses(kind, real_part, fake_part, generator_part) -> None:
    real, fake = random(2, 1, 3, 4), random(2, 1, 3, 4, seed=1)
    judged = mean([real_part(x) for x in real.flatten().tolist()]) + mean(
        [fake_part(x) for x in fake.flatten().tolist()]
    )
    loss = losses.real_loss(kind, real) + losses.fake_loss(kind, fake)
    assert loss.item() == pytest.approx(judged, rel=1e-12)
    fooled = mean([generator_part(x) for x in fake.flatten().tolist()])
    assert losses.generator_loss(kind, fake).item() == pytest.approx(fooled, rel=1e-12)


def test_gradient_penalty_of_a_known_discriminator() -> None:
    """D(x) = mean of scores a * x^2: its gradient is 2 a x / (number of scores)."""
    weight = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    real, fake, position = random(3, 3, 4, 4), random(3, 3, 4, 4, seed=1), torch.rand(3, 1, 1, 1, dtype=torch.float64)
    penalty = losses.gradient_penalty(lambda x: weight * x.square(), real, fake, position)
    between = position * real + (1 - position) * fake
    norms = [(2 * 0.7 * sample / sample.numel()).norm().item() for sample in between]
    assert penalty.item() == pytest.approx(mean([(norm - 1) ** 2 for norm in norms]), rel=1e-10)
    penalty.backward()
    assert weight.grad is not None
    assert weight.grad.item() != 0


def test_gradient_penalty_gives_no_gradient_to_the_generator() -> None:
    fake = random(2, 3, 4, 4).requires_grad_()
    weight = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    losses.gradient_penalty(lambda x: weight * x.square(), random(2, 3, 4, 4), fake, torch.rand(2, 1, 1, 1)).backward()
    assert fake.grad is None


def test_r1_of_a_known_discriminator() -> None:
    """D(x) = sum of a * x^2: |2 a x|^2 / 2."""
    weight = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    real = random(3, 3, 4, 4)
    penalty = losses.r1_penalty(lambda x: weight * x.square(), real)
    wanted = mean([((2 * 0.3 * sample) ** 2).sum().item() / 2 for sample in real])
    assert penalty.item() == pytest.approx(wanted, rel=1e-10)
    penalty.backward()
    assert weight.grad is not None
    assert weight.grad.item() == pytest.approx(2 * wanted / 0.3, rel=1e-10)


def test_blur_against_a_dense_kernel() -> None:
    image, sigma = random(1, 2, 13, 11), 1.3
    radius = math.ceil(3 * sigma)
    padded = torch.nn.functional.pad(image, (radius,) * 4, mode="reflect")
    wanted = torch.zeros_like(image)
    total = 0.0
    for i in range(-radius, radius + 1):
        for j in range(-radius, radius + 1):
            weight = math.exp(-(i * i + j * j) / (2 * sigma**2))
            total += weight
            wanted += weight * padded[..., radius + i : radius + i + 13, radius + j : radius + j + 11]
    assert torch.allclose(losses.gaussian_blur(image, sigma), wanted / total, atol=1e-12)


def test_blur_of_a_patch_smaller_than_its_kernel() -> None:
    assert losses.gaussian_blur(torch.ones(1, 1, 5, 5), 4.0).allclose(torch.ones(1, 1, 5, 5))


def test_entropy_reads_from_none_to_one() -> None:
    clean = torch.zeros(1, 4, 2, 2, dtype=torch.float64)
    clean[:, 1] = 1
    assert losses.entropy(clean).item() == pytest.approx(0, abs=1e-12)
    assert losses.entropy(torch.full_like(clean, 0.25)).item() == pytest.approx(1)
    weights = random(2, 5, 3, 4).softmax(1)
    by_pixel = [
        -sum(a * math.log(a) for a in weights[b, :, y, x].tolist()) / math.log(5)
        for b in range(2)
        for y in range(3)
        for x in range(4)
    ]
    assert losses.entropy(weights).item() == pytest.approx(mean(by_pixel), rel=1e-12)


def test_total_variation() -> None:
    image = random(2, 3, 4, 5)
    right = [
        sum(abs(image[b, c, y, x + 1] - image[b, c, y, x]).item() for c in range(3))
        for b in range(2)
        for y in range(4)
        for x in range(4)
    ]
    lower = [
        sum(abs(image[b, c, y + 1, x] - image[b, c, y, x]).item() for c in range(3))
        for b in range(2)
        for y in range(3)
        for x in range(5)
    ]
    assert losses.total_variation(image).item() == pytest.approx(mean(right) + mean(lower), rel=1e-12)


def test_usage_terms() -> None:
    usage = random(3, 6).softmax(1)
    rows = usage.tolist()
    distances = [sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) for a in rows for b in rows]
    assert losses.diversity(usage).item() == pytest.approx(-mean(distances), rel=1e-12)
    average = [mean(list(column)) for column in zip(*rows, strict=True)]
    entropy = -sum(u * math.log(u) for u in average)
    assert losses.balance(usage).item() == pytest.approx(1 - entropy / math.log(6), rel=1e-10)
    assert losses.effective_templates(usage).item() == pytest.approx(math.exp(entropy), rel=1e-10)
    assert losses.largest_share(usage).item() == pytest.approx(mean([max(row) for row in rows]), rel=1e-12)


def test_usage_terms_at_their_extremes() -> None:
    even, single = torch.full((2, 8), 1 / 8), torch.eye(8)[:1].expand(2, 8)
    assert losses.balance(even).item() == pytest.approx(0, abs=1e-6)
    assert losses.balance(single).item() == pytest.approx(1, abs=1e-6)
    assert losses.effective_templates(even).item() == pytest.approx(8, rel=1e-5)
    assert losses.effective_templates(single).item() == pytest.approx(1, rel=1e-5)


def test_content_is_the_mean_square() -> None:
    a, b = random(2, 1, 3, 3), random(2, 1, 3, 3, seed=4)
    wanted = mean([(p - q) ** 2 for p, q in zip(a.flatten().tolist(), b.flatten().tolist(), strict=True)])
    assert losses.content(a, b).item() == pytest.approx(wanted, rel=1e-12)


def test_a_discriminator_that_only_guesses_has_the_loss_that_is_told() -> None:
    same = torch.full((4, 1), 0.0)
    for kind in ("dcgan", "hinge"):
        once = losses.real_loss(kind, same) + losses.fake_loss(kind, same)
        assert losses.loss_of_guessing(kind) == pytest.approx(float(once))
        assert losses.loss_of_guessing(kind, 2) == pytest.approx(float(once + losses.fake_loss(kind, same)))
    half = torch.full((4, 1), 0.5)  # where LSGAN's is lowest, if real and generated are one
    assert losses.loss_of_guessing("lsgan") == pytest.approx(
        float(losses.real_loss("lsgan", half) + losses.fake_loss("lsgan", half))
    )
    assert losses.loss_of_guessing("wgan_gp") is None, "a distance has no such value"
