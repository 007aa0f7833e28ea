"""Training that stays near the networks it began with: it wanders no farther, however long it lasts.

Two networks that train against each other on the patches of one artist's images go on for ever, and forget what they
learned from many: MAGIC's second network came to paint over the pieces. Li et al. 2018 (L2-SP) add the squared distance
to the start to the loss; here its pull comes beside Adam's step, as the decay of weights does in AdamW (Loshchilov and
Hutter 2019), so that it falls with the rates, and where the two hold the balance does not depend on them.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

from torch import nn

from engine.nn import training
from engine.nn.capture import Rate


class Anchor:
    """Networks as they were when it was dropped, by name; none before."""

    def __init__(self) -> None:
        self._origins: dict[str, nn.Module] = {}

    def drop(self, networks: Mapping[str, nn.Module]) -> None:
        self._origins |= {name: copy.deepcopy(network).requires_grad_(False) for name, network in networks.items()}

    def pull(self, name: str, network: nn.Module, part: Rate) -> None:
        """Moves a network back by a part of its way, 0 to 1; one that it does not know stays where it is."""
        if (origin := self._origins.get(name)) is not None:
            training.update_ema(network, origin, 1 - part)
