"""The tree of moments and what goes by itself: laws over trees of every shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import moments, snapshots
from engine.job import Job
from engine.method import State
from engine.moments import BY_THEMSELVES, dispensable, present, set_present, tree
from engine.snapshots import FOLDER, Snapshot
from tests.engine import toy

JOB = Job(method="toy", settings=toy.ToySettings())
REASONS = sorted(BY_THEMSELVES | {"kept", "stopped"})


def moment(number: int, parent: int | None = None, reason: str = "minutes", **about: object) -> Snapshot:
    values = {"terms": {}, "elapsed_s": 10.0 * number, "name": "", "job": JOB, "created": ""} | about
    parent_name = None if parent is None else f"{parent:04d}"
    folder = Path(f"{number:04d}")
    return Snapshot(folder=folder, step=number, reason=reason, parent=parent_name, **values)  # type: ignore[arg-type]


@st.composite
def trees(draw) -> list[Snapshot]:
    found = []
    for number in range(draw(st.integers(0, 25))):
        parent = draw(st.one_of(st.none(), st.integers(0, number - 1))) if number else None
        about = {"starred": draw(st.booleans()), "terms": {"style_match": draw(st.floats(0, 100))}}
        found.append(moment(number, parent, draw(st.sampled_from(REASONS)), **about))
    return found


@given(trees())
def test_a_tree_keeps_order_parents_and_a_lane_for_each_branch(shown: list[Snapshot]) -> None:
    places = tree(shown)
    assert [place.snapshot for place in places] == shown
    continued = set()
    for index, place in enumerate(places):
        assert place.parent == (None if place.snapshot.parent is None else int(place.snapshot.parent))
        if place.parent is None:
            continue
        assert place.parent < index
        if places[place.parent].lane == place.lane:
            assert place.parent not in continued, "one child goes on in the lane"
            continued.add(place.parent)
            between = [p.lane for p in places[place.parent + 1 : index]]
            assert place.lane not in between, "nothing stands on the line between two moments"


def test_branches_open_lanes_and_lanes_are_used_again() -> None:
    shown = [moment(0), moment(1, 0), moment(2, 0), moment(3, 2), moment(4, 1), moment(5, 4), moment(6, 4)]
    assert [place.lane for place in tree(shown)] == [0, 0, 1, 1, 0, 0, 1]


def test_a_moment_whose_parent_is_gone_stands_behind_the_one_before() -> None:
    shown = [moment(0), moment(3, 2, line=("0000", "0001"))]
    assert tree(shown)[1].parent == 0


@given(trees(), st.integers(0, 30), st.sets(st.integers(0, 24)))
def test_only_what_the_rule_allows_goes_and_no_more_than_needed(
    shown: list[Snapshot], budget: int, needed: set[int]
) -> None:
    sizes = {snapshot.folder: 1 for snapshot in shown}
    needs = {Path(f"{number:04d}") for number in needed}
    gone = dispensable(shown, sizes, budget, needs)
    parents = {snapshot.parent for snapshot in shown}
    best = max((s.terms["style_match"] for s in shown), default=0.0)
    for snapshot in gone:
        assert snapshot.reason in BY_THEMSELVES
        assert not snapshot.starred
        assert snapshot.folder not in needs
        assert snapshot.folder.name in parents, "the newest of a branch stays"
    assert not shown or any(s.terms["style_match"] == best for s in shown if s not in gone)
    taken = sum(s.reason in BY_THEMSELVES for s in shown)
    assert len(gone) <= max(0, taken - budget)


def test_what_is_left_is_spread_over_the_training() -> None:
    times = [0, 1, 2, 3, 4, 50, 100, 150]
    shown = [moment(n, n - 1 if n else None, elapsed_s=float(t)) for n, t in enumerate(times)]
    gone = dispensable(shown, {s.folder: 1 for s in shown}, 4)
    left = [s.elapsed_s for s in shown if s not in gone]
    assert left == [0, 50, 100, 150]


def test_marked_moments_stay_even_over_the_budget() -> None:
    shown = [moment(0, name="dawn"), moment(1, 0, note="warm"), moment(2, 1, starred=True), moment(3, 2)]
    assert dispensable(shown, {s.folder: 9 for s in shown}, 0) == []


def written(project: Path, reason: str = "kept") -> Snapshot:
    return snapshots.keep(project, State(), None, job=JOB, step=1, elapsed_s=1.0, terms={}, reason=reason)


def test_the_present_is_what_was_noted_and_else_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)
    assert present(tmp_path, "toy") is None
    first, second = written(tmp_path), written(tmp_path)
    assert present(tmp_path, "toy") == second
    set_present(tmp_path, "toy", first.folder)
    assert present(tmp_path, "toy") == first
    assert present(tmp_path, "toy", [first, second]) == first
    assert present(tmp_path, "magic") is None
    snapshots.remove(first)
    assert present(tmp_path, "toy") == second


@pytest.mark.parametrize("text", ["", "[]", "{", '{"toy": 5}', '{"toy": "../../elsewhere"}', '{"toy": "9999"}'])
def test_a_damaged_note_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    toy.register(monkeypatch)
    only = written(tmp_path)
    (tmp_path / FOLDER / "present.json").write_text(text)
    assert present(tmp_path, "toy") == only
    set_present(tmp_path, "toy", only.folder)
    assert json.loads((tmp_path / FOLDER / "present.json").read_text())["toy"] == "0001"


def test_what_is_put_aside_comes_back_and_its_number_is_not_given_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.register(monkeypatch)
    first = written(tmp_path)
    snapshots.put_aside(first)
    snapshots.put_aside(first)  # gone already
    assert snapshots.listing(tmp_path) == []
    second = written(tmp_path)
    assert second.folder != first.folder
    snapshots.put_back(first)
    assert snapshots.listing(tmp_path) == [first, second]
    snapshots.put_aside(first)
    snapshots.clear_aside(tmp_path)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [second.folder.name]


def test_stars_and_notes_are_kept_and_older_records_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)
    first = written(tmp_path)
    revised = snapshots.revise(first, starred=True, note="größer")
    assert (revised.starred, revised.note, revised.name) == (True, "größer", "")
    assert snapshots.read(first.folder) == revised
    about = first.folder / "snapshot.json"
    stored = json.loads(about.read_text())
    about.write_text(json.dumps({k: v for k, v in stored.items() if k not in ("starred", "note", "line")}))
    assert snapshots.read(first.folder) == first
    assert moments.best([first], "toy") == {}
