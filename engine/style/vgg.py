"""VGG-19's sixteen convolutions (Simonyan and Zisserman 2014), with the weights that torchvision publishes.

What it can not do: it learned from photographs of objects; large smooth or printed patterns mean little to it, and it
holds hundreds of channels for each pixel, so it is ten times as slow as `filters` and wants a graphics card.
Where the file comes from is weights.py's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import BadWeightsError
from engine.style.perceptual import Padding, Perceptual, Pooling
from engine.style.weights import VGG19, sha256

WIDTHS = (64, 128, 256, 512, 512)
_DEPTHS = (2, 2, 4, 4, 4)
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _places() -> dict[str, int]:
    """Where torchvision's `features` hold each convolution: a ReLU follows each, a pooling each block."""
    places, index = {}, 0
    for block, depth in enumerate(_DEPTHS, 1):
        for number in range(1, depth + 1):
            places[f"conv{block}_{number}"] = index
            index += 2
        index += 1
    return places


class Vgg19(Perceptual):
    """Activations after the ReLU of conv1_1 .. conv5_4.

    Args:
        pooling: average as for textures (Gatys et al. 2015), or max as it was trained.
        widths: channels of the five blocks; others than the published ones have random weights, for tests.
    """

    style_layers = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    content_layers = ("conv4_2",)

    def __init__(
        self, pooling: Pooling = "average", padding: Padding = "replicate", widths: Sequence[int] = WIDTHS
    ) -> None:
        super().__init__(padding)
        self.pooling: Pooling = pooling
        self.layers = tuple(_places())
        self.strides = {layer: 2 ** (int(layer[4]) - 1) for layer in self.layers}
        self._widths = tuple(widths)
        self.features = nn.ModuleDict()
        channels = 3
        for layer, place in _places().items():
            width = widths[int(layer[4]) - 1]
            self.features[str(place)] = nn.Conv2d(channels, width, 3)
            channels = width
        self.requires_grad_(False).eval()

    def activations(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        mean, deviation = image.new_tensor((_MEAN, _DEVIATION))[..., None, None]
        x = (image - mean) / deviation
        found = {}
        deepest = max(self.layers.index(layer) for layer in layers)
        for layer, place in list(_places().items())[: deepest + 1]:
            if layer.endswith("_1") and layer != "conv1_1":
                x = functional.max_pool2d(x, 2) if self.pooling == "max" else functional.avg_pool2d(x, 2)
            x = functional.relu(self.features[str(place)](self.padded(x, 1)))
            if layer in layers:
                found[layer] = x
        return found

    def carried(self, mask: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        found = {}
        for layer in self.layers:
            if layer.endswith("_1") and layer != "conv1_1":
                mask = functional.avg_pool2d(mask, 2)
            mask = self.mean_filtered(mask, 1)
            if layer in layers:
                found[layer] = mask
        return found

    def channels(self, layer: str) -> int:
        return self._widths[int(layer[4]) - 1]

    def layer_receptive_px(self, layer: str) -> int:
        before = self.layers[: self.layers.index(layer) + 1]
        return sum(self.strides[name] for name in before) + self.strides[layer] - 1

    def load(self, path: Path, prefix: str = VGG19.sha256_prefix) -> None:
        """Weights from torchvision's file.

        Args:
            prefix: what the file's SHA-256 begins with.

        Raises:
            BadWeightsError: the file is damaged, or of another network; what to do is said.
        """
        remedy = f"Delete it and let Tessera fetch {VGG19.name} again, or choose the right file."
        try:
            digest = sha256(path)
        except OSError as error:
            raise BadWeightsError(f"{path} could not be read ({error.strerror or error}). {remedy}") from None
        if not digest.startswith(prefix):
            raise BadWeightsError(
                f"{path} is damaged or another file: its checksum does not begin with {prefix}. {remedy}"
            )
        try:
            stored: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            wanted = {name: tensor.shape for name, tensor in self.state_dict().items()}
            fits = all(isinstance(stored.get(name), Tensor) and stored[name].shape == wanted[name] for name in wanted)
        except Exception:  # whatever the reader stumbles over in a file that is something else
            raise BadWeightsError(f"{path} is not a file of network weights, or a damaged one. {remedy}") from None
        if not fits:
            raise BadWeightsError(f"{path} belongs to another network than VGG-19. {remedy}")
        self.load_state_dict({name: stored[name] for name in wanted})
