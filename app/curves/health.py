"""The state of a training in words, and what would help. Reads the numbers of history.py; knows no method by name.

A rule speaks only where a method reports its term and has a live setting that helps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication

from app.curves.history import History
from engine.settings import Settings, Spec, specs

IN_USE, ENTROPY, DISCRIMINATOR, STYLE_MATCH = "templates_in_use", "entropy", "discriminator", "style_match"
DIFFERENCE = "distance"
LOSSES = ("generator", "discriminator")
FALLING = ("style", "content", "tones")
"""Terms that should fall, in methods that have no opponent to fight with."""
FEW, SOME = 0.15, 0.5
"""Shares of the templates in use, below which it is a collapse, and a mixture that could be richer."""
GREY = 0.8
LARGE_LOSS, GROWTH = 20.0, 8.0
"""A loss runs away where it is larger than this, and so many times what it was in the first half."""
LATE_STEPS = 300
"""Before this many steps pieces have not found their places yet."""
LONG_STEPS = 600
"""A trouble that comes and goes by itself has to last so long to be told."""
WON, LOST = 0.05, 0.97
"""Shares of the loss of guessing, below and above which a discriminator wins or loses."""
WRONG = 1.5
"""Shares of the same, above which it is not guessing any more, but wrong: it learns too quickly for itself."""
RISE = 1.5
"""A loss that should fall has risen where it is so many times its lowest."""
ALIKE = 0.02
"""Mean difference of two samples, 0 to 1, below which they are one picture: texture networks reach 0.1 and more."""
WORSE_BY = 12.0
"""Points of the style match below its best."""
STALL_STEPS, STALL_POINTS = 3000, 1.0
RECENT = 5
"""Reports that the present is the median of."""
AT_WORK_STEPS = 300
"""A change of a setting is given this long to help."""


@dataclass(frozen=True)
class Remedy:
    """A live setting to be turned by a factor, but at least to some value.

    Args:
        title: what it does, for the button and the undo step.
    """

    setting: str
    title: str
    factor: float
    least: float

    def values(self, settings: Settings) -> dict[str, Any]:
        """The setting's new value, within its range."""
        spec = next(spec for spec in specs(type(settings)) if spec.name == self.setting)
        value = max(getattr(settings, self.setting) * self.factor, self.least)
        return {self.setting: min(max(value, spec.minimum or 0.0), spec.maximum or value)}


REMEDIES = {
    "collapse": (
        Remedy("balance_weight", "More balance", 2.0, 5.0),
        Remedy("largest_share_weight", "No single favourite", 2.0, 1.0),
    ),
    "grey": (Remedy("entropy_weight", "Cleaner cuts", 2.0, 1.0),),
    "alike": (Remedy("diversity_weight", "More variety", 2.0, 0.5),),
    "runaway": (Remedy("learning_rate", "Slower learning", 0.5, 0.0),),
    "wrong": (Remedy("discriminator_rate", "Slower discriminator", 0.5, 0.0),),
    "won": (
        Remedy("discriminator_rate", "Slower discriminator", 0.5, 0.0),
        Remedy("learning_rate", "Faster learning", 1.5, 0.0),
    ),
    "lost": (Remedy("discriminator_rate", "Faster discriminator", 2.0, 0.0),),
    "rising": (Remedy("learning_rate", "Slower learning", 0.5, 0.0),),
    "stall": (Remedy("learning_rate", "Slower learning", 0.5, 0.0),),
    "worse": (),
}
"""For each trouble, what helps: the first that a method has."""


@dataclass(frozen=True)
class Health:
    """`role` is "muted", "good" or "warning".

    Args:
        back: going back to the best moment would help, too.
    """

    text: str
    role: str
    remedy: Remedy | None = None
    back: bool = False


def health(
    history: History, templates: int | None, settings: type[Settings] | None, guess: float | None = None
) -> Health:
    """What can be said of a training now.

    Args:
        templates: how many there are, where the method has any.
        guess: the discriminator's loss where it only guesses; None where there is none, or it measures a distance.
    """
    if not len(history):
        return Health(_tr("Told once training has begun."), "muted")
    steps = history.steps[-1]
    in_use, entropy = _now(history, IN_USE), _now(history, ENTROPY)
    late = steps >= LATE_STEPS
    if any(_runs_away(history, key) for key in LOSSES):
        # where the discriminator does, the generator's loss goes along, and slowing the generator would not help
        judged = _now(history, DISCRIMINATOR)
        kind = "wrong" if guess is not None and judged is not None and judged > WRONG * guess else "runaway"
        return _trouble(kind, _tr("The losses run away"), history, settings)
    share = in_use / templates if in_use is not None and templates else None
    if share is None:
        mixture = Health(_tr("All is well."), "muted")
    else:
        said = _tr("Health: {} of {} pieces in use").format(f"{in_use:.0f}", templates)
        if late and share < FEW:
            return _trouble("collapse", said, history, settings)
        mixture = Health(f"{said}.", "muted") if share < SOME else Health(said + _tr(", a rich mixture."), "good")
    if late and entropy is not None and entropy > GREY:
        return _trouble("grey", _tr("A grey mixture, pieces do not separate"), history, settings)
    difference = _now(history, DIFFERENCE)
    if late and difference is not None and difference < ALIKE:
        return _trouble("alike", _tr("The samples are all alike"), history, settings)
    return _lasting(history, settings, guess) or mixture


def _lasting(history: History, settings: type[Settings] | None, guess: float | None) -> Health | None:
    """What is only told once it has lasted: a fight that one side has won, a loss that rises, a standstill."""
    fight = _last(history, DISCRIMINATOR, LONG_STEPS)
    if guess is not None and fight is not None:
        if fight.max() < WON * guess:
            said = _tr("The discriminator has won, the picture learns nothing from it any more")
            return _trouble("won", said, history, settings)
        if fight.min() > WRONG * guess:
            said = _tr("The discriminator is wrong more often than a guess would be")
            return _trouble("wrong", said, history, settings)
        if fight.min() > LOST * guess:
            said = _tr("The discriminator only guesses, so that it teaches nothing")
            return _trouble("lost", said, history, settings)
    match = _last(history, STYLE_MATCH, LONG_STEPS)
    if match is not None and match.max() < np.nanmax(history.curve(STYLE_MATCH)[1]) - WORSE_BY:
        return _trouble("worse", _tr("The style match was better before"), history, settings)
    for key in FALLING if _now(history, DISCRIMINATOR) is None else ():
        recent = _last(history, key, LONG_STEPS)
        if recent is not None and float(np.median(recent)) > RISE * max(_lowest(history, key), 1e-9):
            said = _tr("Health: {} rises instead of falling").format(key)
            return _trouble("rising", said, history, settings)
    still = _last(history, STYLE_MATCH, STALL_STEPS)
    if still is not None and still.max() - still.min() < STALL_POINTS:
        said = _tr("For {} steps the style match has not changed").format(f"{STALL_STEPS:,}")
        state = _trouble("stall", said, history, settings)
        return Health(state.text, "muted", state.remedy)
    return None


def _trouble(kind: str, said: str, history: History, settings: type[Settings] | None) -> Health:
    known: Mapping[str, Spec] = {spec.name: spec for spec in specs(settings)} if settings is not None else {}
    helps = [r for r in REMEDIES[kind] if r.setting in known and known[r.setting].knob.live]
    for remedy in helps:
        if any(
            remedy.setting in mark.names and history.steps[-1] - mark.step < AT_WORK_STEPS for mark in history.marks
        ):
            return Health(_tr("{}; {} is at work.").format(said, remedy.title.lower()), "muted")
    return Health(f"{said}.", "warning", helps[0] if helps else None, back=True)


def _now(history: History, key: str) -> float | None:
    """The median of the last reports."""
    if key not in history.keys:
        return None
    values = history.curve(key)[1][-RECENT:]
    values = values[~np.isnan(values)]
    return float(np.median(values)) if len(values) else None


def _last(history: History, key: str, steps: int) -> np.ndarray | None:
    """A term's reports of the last so many steps, calmed; None where there are not so many yet. [n]"""
    if key not in history.keys or history.steps[-1] - history.steps[0] < 2 * steps:
        return None
    values = history.curve(key)[1][history.steps >= history.steps[-1] - steps]
    values = values[~np.isnan(values)]
    if len(values) < RECENT:
        return None
    return np.convolve(values, np.ones(RECENT) / RECENT, mode="valid")


def _lowest(history: History, key: str) -> float:
    """The lowest value of a term that lasted for some reports."""
    values = history.curve(key)[1]
    values = values[~np.isnan(values)]
    return float(np.convolve(values, np.ones(RECENT) / RECENT, mode="valid").min())


def _runs_away(history: History, key: str) -> bool:
    if key not in history.keys or len(history) < 4 * RECENT:
        return False
    values = np.abs(history.curve(key)[1])
    values = values[~np.isnan(values)]
    if len(values) < 4 * RECENT:
        return False
    before, now = float(np.median(values[: len(values) // 2])), float(np.median(values[-RECENT:]))
    return now > LARGE_LOSS and now > GROWTH * before


def _tr(text: str) -> str:
    return QCoreApplication.translate("Health", text)
