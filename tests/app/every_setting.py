"""Settings of every kind, for the tests of what shows them."""

from __future__ import annotations

from typing import Literal

from engine import knobs
from engine.knobs import choice, count, number, one_of, toggle
from engine.settings import Settings


class Every(Settings):
    """One setting of each kind and scale."""

    # fmt: off
    weight: float = knobs.weight(20.0, 200, "Content", "More shows it.", symbol="lambda")
    rate: float = number(1e-3, 1e-5, 1e-2, "Learning rate", "More runs away.", "log", live=True, group="Training")
    share: float = knobs.share(0.15, "Share", "More of it.", live=True)
    templates: int = count(24, 1, 400, "Templates", "More choice.", symbol="N", group="Memory")
    ramp: int = count(300, 0, 20_000, "Sharpen over", "More is slower.", "log", unit="steps", group="Training",
        advanced=True)
    mode: Literal["blend", "paint", "copy"] = choice("blend", ("Both", "Paint", "Copy"),
        "Copy or paint", "What it is made of.")
    tone: bool = toggle(True, "Match tones", "On fits the tones.", live=True)
    decay: float = number(0.995, 0, 0.9999, "Averaging", "More is calmer.", "near one", live=True,
        when=one_of("mode", "blend", "paint"))
    # fmt: on


class Paper:
    """Stands for a method where only its settings matter."""

    Settings = Every
