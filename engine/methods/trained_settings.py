"""Knobs of all methods that train a network: how fast it learns, and over what its pictures are averaged."""

from __future__ import annotations

from engine.knobs import number
from engine.settings import Settings

NETWORK, TRAINING = "Network", "Training"


class TrainedSettings(Settings):
    """What `TrainedMethod` asks of its settings."""

    # A table: the numbers and the name of each knob, then what it does.
    # fmt: off
    learning_rate: float = number(1e-3, 1e-6, 1e-2, "Learning rate",
        "More: faster and wilder. Less: slower and steadier.", scale="log", group=TRAINING, live=True)
    average_decay: float = number(0.995, 0, 0.9999, "Averaging",
        "What is shown is an average over the last steps. More: calmer, later.", symbol="EMA of G", scale="near one",
        group=TRAINING, live=True, advanced=True)
