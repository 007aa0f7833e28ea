"""Perceptual networks: how far they see, and what masks and padding do to it."""

import pytest
import torch

from engine.style.perceptual import Perceptual
from tests.engine.style.tiny_networks import NETWORKS, image


@pytest.mark.parametrize("kind", NETWORKS)
def test_no_activation_looks_further_than_its_reach(kind: str) -> None:
    """Poison beside a margin of the reach never arrives; poison just inside it does."""
    network: Perceptual = NETWORKS[kind]()
    for layer in network.layers[:: 3 if kind == "vgg19" else 1]:
        reach, stride = network.layer_receptive_px(layer), network.strides[layer]
        reach = -(-reach // stride) * stride
        x = image(2 * reach + 4 * stride, 2 * reach + 2 * stride)
        x[..., : 2 * stride, :] = torch.nan
        seen = network(x, [layer])[layer].isnan().any(1)[0].any(1)  # [h]
        assert not seen[2 + reach // stride :].any()
        assert seen[: 2 + (network.layer_receptive_px(layer) - stride + 1) // stride].all()


@pytest.mark.parametrize("kind", NETWORKS)
def test_valid_counts_only_what_no_padding_touched(kind: str) -> None:
    x = image(96, 112)
    networks = [NETWORKS[kind]("valid"), NETWORKS[kind]("circular")]
    for layer in networks[0].layers[:9]:
        a, b = (network(x, [layer])[layer] for network in networks)
        seen = networks[0].extract(x, [layer])
        stride = networks[0].strides[layer]
        inner_a, inner_b = (seen.core(values, stride, layer) for values in (a, b))
        assert inner_a.numel()
        torch.testing.assert_close(inner_a, inner_b)
        assert not torch.allclose(a, b)


@pytest.mark.parametrize("kind", NETWORKS)
def test_circular_padding_sees_a_tileable_picture_everywhere_alike(kind: str) -> None:
    network = NETWORKS[kind]("circular")
    x = image(64, 64)
    for layer, values in network(x).items():
        moved = network(x.roll((16, 32), (2, 3)), [layer])[layer]
        stride = network.strides[layer]
        torch.testing.assert_close(moved, values.roll((16 // stride, 32 // stride), (2, 3)))


@pytest.mark.parametrize("kind", NETWORKS)
def test_masks_keep_their_sum_and_blur_with_depth(kind: str) -> None:
    network = NETWORKS[kind]()
    half = torch.zeros(1, 1, 64, 64, dtype=torch.float64)
    half[..., :32] = 1
    carried = network.masks(torch.cat([half, 1 - half], 1))
    blurred = []
    for layer, mask in carried.items():
        assert mask.shape[2] == 64 // network.strides[layer]
        torch.testing.assert_close(mask.sum(1), torch.ones_like(mask[:, 0]))
        blurred.append(float(((mask[0, 0, 0] > 0.01) & (mask[0, 0, 0] < 0.99)).double().mean()))
    assert blurred == sorted(blurred)
    assert blurred[-1] > blurred[0]
