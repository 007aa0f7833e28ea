"""How FAMOS compares a picture with its content: the correspondence maps phi of the paper's appendix, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine import losses
from engine.images.sources import Source
from engine.methods.adversarial import coarsened
from engine.methods.famos.lines import mean_contrast
from engine.methods.famos.settings import FamosSettings
from engine.nn.mosaic import ColorReconstruction
from engine.planes import averaged
from engine.style.networks import normalise_over, open_network
from engine.style.perceptual import Perceptual


class Compared(NamedTuple):
    """What contents are compared by besides their tones: colours that are learned, or a perceptual network."""

    reconstruction: ColorReconstruction | None = None
    network: Perceptual | None = None
    contrast: float | None = None
    """The unit of `line_weight`, where contents count along their lines alone."""


def features_network(s: FamosSettings, seed: int, device: torch.device) -> Perceptual | None:
    """What features are compared in, not normalised yet; None where something else is compared."""
    if s.correspondence != "features":
        return None
    return open_network(
        s.features_network,
        statistic="gram",
        random=torch.Generator().manual_seed(seed),
        device=device,
        filters=32,
        levels=3,
    )


def compared_by(
    s: FamosSettings,
    styles: Sequence[Source],
    contents: Sequence[Source],
    reconstruction: ColorReconstruction | None,
    network: Perceptual | None,
    device: torch.device,
) -> Compared:
    """What the settings ask for, of some images: the network answers alike over all of them."""
    if network is not None:
        normalise_over(network, [source.pixels for source in (*styles, *contents)], device)
    contrast = None if s.content_counts == "everywhere" else mean_contrast(contents, s.content_counts == "dark")
    return Compared(reconstruction, network, contrast)


def content_distance(
    s: FamosSettings, image: Tensor, content: Tensor, compared: Compared, times: Tensor | None = None
) -> Tensor:
    """||phi(I) - phi(I_C)||^2 (equation 2; the maps are those of the appendix), each place weighed by `times`."""
    if (network := compared.network) is not None:
        layers = network.content_layers
        with torch.no_grad():
            wanted = network(content.float() * 0.5 + 0.5, layers)
        found = network(image.float() * 0.5 + 0.5, layers)
        return torch.stack(
            [losses.content(found[layer], wanted[layer], _at_size_of(found[layer], times)) for layer in layers]
        ).mean()
    if compared.reconstruction is not None:
        image, by = compared.reconstruction(image), s.learned_after
    else:
        image, content = (losses.compared(x, s.color_matching) for x in (image, content))
        by = s.correspondence
    if by == "grey":
        return losses.content(losses.grey(image), losses.grey(content), 1.0 if times is None else times)
    weight = 1.0 if times is None else coarsened(times, by, s.blur_px)
    return losses.content(coarsened(image, by, s.blur_px), coarsened(content, by, s.blur_px), weight)


def _at_size_of(features: Tensor, times: Tensor | None) -> Tensor | float:
    """How much each place of a layer weighs, [B, 1, h, w], the mean of what it stands for."""
    return 1.0 if times is None else averaged(times, *features.shape[2:])
