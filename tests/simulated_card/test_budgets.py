"""How much a card is told in a step and in a tile, and how often the host stands still for it: may not grow unseen.

Names and sizes are those of real_sizes.py. Where a change makes it less, lower the number here and in docs/figures.md.
"""

from pathlib import Path

import pytest
import torch

from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8
from engine.method import method_class
from tests.simulated_card import real_sizes
from tests.simulated_card.card import Counts, SimulatedCard

LAUNCHES = {  # of a step, and of a tile of 1024 px
    "FAMOS": (766, 354),
    "MAGIC guided": (1987, 402),
    "MAGIC with inducing points": (3534, 899),
    "texture network": (1403, 250),
    "fast stylisation": (1359, 307),
    "fast doodle": (1476, 450),
    "neural style": (2283, 54),
    "doodle": (2515, 57),
}
SLACK = 0.03
"""Of the number, that it may be less without being lowered: versions of torch differ a little."""


def test_each_step_has_a_budget() -> None:
    assert set(LAUNCHES) == set(real_sizes.STEPS)


@pytest.mark.usefixtures("card_can_be_simulated")
@pytest.mark.parametrize("name", LAUNCHES)
def test_steps_and_tiles_keep_their_budgets(name: str, tmp_path: Path) -> None:
    """In a step the host waits for nothing; a tile it waits for once, when it is painted."""
    job, canvas_size = real_sizes.job(name, tmp_path), Size(4096, 4096)
    with SimulatedCard(computes=False) as card:
        method = method_class(job.method)(job, torch.device("cuda:0"))
        method.step(0)  # what is done once
        with card.counting() as step:
            method.step(1)
        method.freeze_statistics()
        with torch.no_grad():
            artwork = Artwork(method, canvas_size)
            artwork.at(Box(0, 0, 1024, 1024))  # what is the same for all tiles
            with card.counting() as tile:
                to_uint8(artwork.at(Box(1024, 1024, 1024, 1024)))
        del method, artwork
    assert not step.waits
    assert tile.waits.total() == 1
    assert not step.uploads + tile.uploads
    keeps(step, LAUNCHES[name][0])
    keeps(tile, LAUNCHES[name][1])


def keeps(counts: Counts, budget: int) -> None:
    most = counts.kernels.most_common(8)
    assert counts.launches <= budget, f"{counts.launches} launches; most of them {most}"
    assert counts.launches >= budget * (1 - SLACK), f"{counts.launches} launches: lower the budget to that"
