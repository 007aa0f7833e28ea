"""Health in words: what is wrong is said, what helps is offered once, and turning it can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.curves.health import AT_WORK_STEPS, LATE_STEPS, REMEDIES, Remedy, health
from app.curves.history import History
from app.curves.plots import Curves
from app.document import Document
from engine.method import method_class
from engine.methods.famos.settings import FamosSettings
from tests.app.every_setting import Every

FAMOS = method_class("famos")
KEYS = tuple(term.key for term in FAMOS.terms)
WELL = {"generator": 0.3, "discriminator": 1.6, "entropy": 0.2, "templates_in_use": 20.0}


def trained(steps: int = 2 * LATE_STEPS, terms: Mapping[str, float] | None = None) -> History:
    """Reports every ten steps, of a good training but for some terms."""
    history = History(KEYS)
    for step in range(0, steps + 1, 10):
        history.add(step, WELL | dict(terms or {}))
    return history


def test_before_the_first_report_nothing_is_claimed() -> None:
    state = health(History(KEYS), 24, FAMOS.Settings)
    assert (state.role, state.remedy) == ("muted", None)


@pytest.mark.parametrize(("in_use", "role"), [(2.0, "warning"), (8.0, "muted"), (20.0, "good")])
def test_the_templates_in_use_are_counted(in_use: float, role: str) -> None:
    state = health(trained(terms={"templates_in_use": in_use}), 24, FAMOS.Settings)
    assert state.role == role
    assert f"{in_use:.0f} of 24" in state.text


@pytest.mark.parametrize(
    ("terms", "setting"), [({"templates_in_use": 2.0}, "balance_weight"), ({"entropy": 0.95}, "entropy_weight")]
)
def test_a_trouble_is_told_late_with_its_remedy(terms: dict[str, float], setting: str) -> None:
    assert health(trained(LATE_STEPS - 10, terms), 24, FAMOS.Settings).remedy is None
    remedy = health(trained(terms=terms), 24, FAMOS.Settings).remedy
    assert remedy is not None
    assert remedy.setting == setting


def test_losses_that_run_away_are_told_at_once() -> None:
    history = trained(LATE_STEPS // 2)
    for step in range(LATE_STEPS // 2, LATE_STEPS - 50, 10):
        history.add(step, WELL | {"generator": -400.0})
    state = health(history, 24, FAMOS.Settings)
    assert state.role == "warning"
    assert state.remedy is not None
    assert state.remedy.setting == "learning_rate"


def test_large_losses_that_were_always_large_are_none_of_it() -> None:
    assert health(trained(terms={"generator": -400.0}), 24, FAMOS.Settings).role == "good"


def curve(of: Mapping[str, Any], steps: int = 8000, keys: tuple[str, ...] = (*KEYS, "style_match", "style")) -> History:
    """Reports every ten steps; values are numbers, or functions of the share of the training that is done."""
    history = History(keys)
    for step in range(0, steps + 1, 10):
        terms: dict[str, Any] = {k: v(step / steps) if callable(v) else v for k, v in of.items()}
        history.add(step, terms)
    return history


GUESS = 2.0
"""The discriminator's hinge loss where it only guesses."""
FIGHT = {"generator": 0.3, "entropy": 0.2, "templates_in_use": 20.0}


@pytest.mark.parametrize(
    ("terms", "word", "setting"),
    [
        (FIGHT | {"discriminator": lambda t: 2.0 if t < 0.3 else 0.02}, "has won", "discriminator_rate"),
        (FIGHT | {"discriminator": 2.0}, "only guesses", "discriminator_rate"),
        (FIGHT | {"discriminator": lambda t: 2 + 4 * t}, "more often than a guess", "discriminator_rate"),
        ({"style": lambda t: 1 - t if t < 0.5 else 2 * t}, "rises", "learning_rate"),
        ({"style_match": lambda t: min(60.0, 200 * t)}, "has not changed", "learning_rate"),
        (
            {"style_match": lambda t: 60.0 if t < 0.5 else 30.0 + 9 * t},
            "better before",
            "",
        ),
    ],
    ids=["won", "lost", "wrong", "rising", "stall", "worse"],
)
def test_what_lasts_is_told_in_words_with_what_helps(terms: Mapping[str, Any], word: str, setting: str) -> None:
    state = health(curve(terms), 24, FAMOS.Settings, GUESS)
    assert word in state.text
    assert (state.remedy.setting if state.remedy is not None else "") == setting
    assert state.back is (word != "has not changed"), "a standstill is at its best already"
    assert word not in health(curve(terms, 300), 24, FAMOS.Settings, GUESS).text, "not before it has lasted"


def test_a_good_fight_and_a_good_descent_are_no_trouble() -> None:
    fight = FIGHT | {"discriminator": lambda t: 2 - t + 0.3 * np.sin(60 * t), "style_match": lambda t: 20 + 60 * t}
    assert health(curve(fight), 24, FAMOS.Settings, GUESS).role == "good"
    descent = {"style": lambda t: 1 / (1 + 9 * t), "style_match": lambda t: 20 + 60 * t}
    assert health(curve(descent), None, Every).role == "muted"
    assert health(curve({"discriminator": lambda t: -3.0 * t}), None, FAMOS.Settings).role == "muted", "a distance"


def test_a_remedy_is_given_time_and_offered_again() -> None:
    history = trained(terms={"templates_in_use": 2.0})
    history.mark(2 * LATE_STEPS, "change Balance", ("balance_weight",))
    state = health(history, 24, FAMOS.Settings)
    assert (state.role, state.remedy) == ("muted", None)
    for step in range(2 * LATE_STEPS, 2 * LATE_STEPS + AT_WORK_STEPS + 10, 10):
        history.add(step, WELL | {"templates_in_use": 2.0})
    assert health(history, 24, FAMOS.Settings).remedy is not None


def test_a_method_without_the_setting_is_offered_nothing() -> None:
    state = health(trained(terms={"templates_in_use": 2.0}), 24, Every)
    assert (state.role, state.remedy) == ("warning", None)


@pytest.mark.parametrize("remedy", [remedy for remedies in REMEDIES.values() for remedy in remedies])
@pytest.mark.parametrize("value", [0.0, 1e-3, 1.0, 1e3])
def test_a_remedy_stays_within_the_range(remedy: Remedy, value: float) -> None:
    values: dict[str, Any] = {remedy.setting: value}
    settings = FAMOS.Settings.model_construct(**values)
    turned = getattr(FAMOS.Settings.of(remedy.values(settings)), remedy.setting)
    assert turned <= value if remedy.factor < 1 and value else turned >= remedy.least


def test_the_button_turns_the_setting_and_undo_turns_it_back(qtbot, tmp_path: Path) -> None:
    document, curves = Document(tmp_path), Curves()
    qtbot.addWidget(curves)
    qtbot.addWidget(curves.line)
    document.set_method("famos")
    curves.show_method(FAMOS)
    curves.set_values(document.settings)
    curves.remedy_wanted.connect(lambda r: document.set_values(r.values(document.settings), r.title))
    curves.line.show()
    assert not curves.line.remedy.isVisible()
    curves.history = trained(terms={"templates_in_use": 2.0})
    curves.redraw()

    def balance() -> float:
        assert isinstance(document.settings, FamosSettings)
        return document.settings.balance_weight

    before = balance()
    assert curves.line.remedy.text() == f"Set Use all templates to {2 * before:g}"
    qtbot.mouseClick(curves.line.remedy, Qt.MouseButton.LeftButton)
    assert balance() == 2 * before
    document.stack.undo()
    assert balance() == before
