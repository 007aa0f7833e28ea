"""The curves: long trainings stay short, nothing is lost on average, marks are where changes were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.curves.history import MOST_POINTS, History
from app.curves.plot import _Axis, smoothed
from app.curves.plots import Curves
from engine.declarations import MATCHES, Term
from tests.engine.toy import Toy


@pytest.fixture(scope="module", autouse=True)
def _application(qapp) -> None:
    """Fonts and axes need one."""


@given(st.integers(1, 5000), st.integers(2, 40))
def test_however_long_there_are_few_points(reports: int, most: int) -> None:
    history = History(("a",), most)
    for step in range(reports):
        history.add(step, {"a": float(step)})
    steps, values = history.curve("a")
    assert len(steps) <= most
    # thinning averages steps and values alike, so a straight line stays one
    assert np.allclose(steps, values)
    assert np.all(np.diff(steps) > 0)


def test_the_mean_is_kept() -> None:
    history = History(("a",))
    noise = np.random.default_rng(0).random(MOST_POINTS * 8)
    for step, value in enumerate(noise):
        history.add(step, {"a": value})
    _, values = history.curve("a")
    assert values.mean() == pytest.approx(noise[: len(values) * 16].mean(), abs=0.02)


def test_a_missing_term_leaves_a_gap_and_no_alarm() -> None:
    history = History(("a", "b"), 4)
    for step in range(64):
        history.add(step, {"a": 1.0} if step % 3 else {"a": 1.0, "b": 2.0, "unknown": 5.0})
    assert np.all(history.curve("a")[1] == 1.0)
    b = history.curve("b")[1]
    assert np.all(b[~np.isnan(b)] == 2.0)
    assert not np.isnan(b).all()


def test_one_drag_is_one_mark() -> None:
    history = History(("a",))
    for step in range(5):
        history.mark(step, "change Content", ("content_weight",), merge="content_weight 1")
    history.mark(6, "add images")
    history.mark(7, "add images")
    history.mark(30, "change Content", ("content_weight",), merge="content_weight 2")
    assert [(mark.step, mark.text) for mark in history.marks] == [
        (4, "change Content"),
        (6, "add images"),
        (7, "add images"),
        (30, "change Content"),
    ]


def test_going_back_takes_away_what_came_after() -> None:
    history = History(("a",))
    for step in range(100):
        history.add(step, {"a": float(step)})
    history.mark(90, "x")
    history.rewind(50)
    assert history.curve("a")[0].max() <= 50
    assert not history.marks


@given(st.integers(1, 400), st.floats(-5, 5), st.floats(-5, 5))
def test_smoothing_keeps_lines_straight_and_gaps_empty(count: int, start: float, slope: float) -> None:
    line = start + slope * np.arange(count)
    assert np.allclose(smoothed(line), line)
    line[::3] = np.nan
    assert np.array_equal(np.isnan(smoothed(line)), np.isnan(line))


def test_smoothing_calms_noise() -> None:
    noise = np.random.default_rng(0).standard_normal(400)
    assert smoothed(noise)[20:-20].std() < 0.4


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_and_away_from_the_ends(low: float, span: float) -> None:
    ticks = [tick for _, level in _Axis("left").tickValues(low, low + span, 60.0) for tick in level]
    assert len(ticks) <= 3
    assert all(low + 0.1 * span <= tick <= low + 0.9 * span for tick in ticks)


def test_every_term_has_a_curve_and_changes_have_a_line(qtbot) -> None:
    curves = Curves()
    qtbot.addWidget(curves)
    curves.resize(600, 240)
    curves.show_method(Toy)
    curves.show()
    qtbot.waitExposed(curves)
    for step in range(50):
        curves.add(step, {"distance": 1.0 / (step + 1), "rare": 0.5})
    curves.mark(20, "change Weight", ("weight",))
    curves.redraw()
    matches, plot = curves._plots
    assert matches.keys == tuple(term.key for term in MATCHES)
    assert matches.isHidden(), "not measured here"
    for curve in plot._curves:
        assert len(curve.getData()[0]) == 50
    assert plot._marks[0].value() == 20
    assert curves.changed.accessibleName() == "last: change Weight at step 20"


def test_a_term_that_is_left_out_has_no_place_until_it_comes(qtbot, monkeypatch) -> None:
    monkeypatch.setattr(Toy, "terms", (Term("distance", "Distance", "Content"), Term("other", "Other", "Other")))
    curves = Curves()
    qtbot.addWidget(curves)
    curves.show_method(Toy)
    curves.show()
    curves.redraw()
    assert len(curves._plots) == 3
    assert not any(plot.isHidden() for plot in curves._plots), "nothing is known before training"
    curves.add(0, {"distance": 1.0})
    curves.redraw()
    assert [plot.isHidden() for plot in curves._plots] == [True, False, True]
    curves.add(1, {"distance": 1.0, "other": 2.0, "style_match": 40.0})
    curves.redraw()
    assert not any(plot.isHidden() for plot in curves._plots)
