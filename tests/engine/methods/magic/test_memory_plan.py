"""What a step takes is counted alike in size and direction; what is given up comes in its order."""

from dataclasses import replace

import pytest

from engine.methods.magic.memory_plan import paint_bytes, plan, step_bytes
from engine.methods.magic.settings import MagicSettings
from engine.nn.set_unet import SetUNetShape

SHAPE = SetUNetShape(width=16, depth=3)
SETTINGS = MagicSettings(set_size=50, batch=4, patch=96)


def taken(
    count: int = 12, batch: int = 2, checkpointing: bool = False, narrow: bool = False, shape: SetUNetShape = SHAPE
) -> int:
    return step_bytes(shape, 96, count, batch, checkpointing, narrow)


def test_larger_sets_batches_and_networks_take_more() -> None:
    assert taken(count=24) == pytest.approx(2 * taken(), rel=0.01)
    assert taken(batch=4) == pytest.approx(2 * taken(), rel=0.01)
    assert taken(shape=replace(SHAPE, width=32)) > 1.5 * taken()
    assert taken(shape=replace(SHAPE, attention_from=1)) > taken()
    assert taken(shape=replace(SHAPE, full_size=True)) > 2 * taken()


def test_points_checkpointing_and_bfloat16_take_less() -> None:
    assert taken(shape=replace(SHAPE, points=8)) < taken()
    assert taken(checkpointing=True) < taken()
    assert 0.5 * taken() <= taken(narrow=True) < taken()


def test_a_measured_step_is_counted_to_a_third() -> None:
    """135 MiB were measured for the preset Draft in float32, 452 MiB with sets of 48."""
    assert taken(12) / 2**20 == pytest.approx(135, rel=0.33)
    assert taken(48) / 2**20 == pytest.approx(452, rel=0.33)


def test_first_parts_are_computed_twice_then_the_set_shrinks_then_the_batch() -> None:
    whole = step_bytes(SHAPE, 96, 50, 4, False, False)
    spared = step_bytes(SHAPE, 96, 50, 4, True, False)
    small = step_bytes(SHAPE, 96, 8, 4, True, False)
    plans = [plan(SETTINGS, SHAPE, 0, int(part / 0.69), False) for part in (whole, spared, small, small / 2)]
    assert [p.checkpointing for p in plans] == [False, True, True, True]
    assert [p.set_size for p in plans][:2] == [50, 50]
    assert 8 <= plans[2].set_size < 50
    assert [p.batch for p in plans][:3] == [4, 4, 4]
    assert plans[3].batch < 4
    assert [bool(p.warning) for p in plans] == [False, False, True, True]
    assert "Sets of 50 in batches of 4" in plans[2].warning


def test_where_free_memory_is_not_known_all_is_as_asked_for() -> None:
    assert plan(SETTINGS, SHAPE, 10**15, 0, False).set_size == 50


def test_there_is_always_a_set_of_two() -> None:
    assert plan(SETTINGS, SHAPE, 10**9, 1000, False).set_size == 2


def test_painting_takes_memory_by_area_and_elements() -> None:
    one = paint_bytes(SHAPE, 256, 256, 12)
    assert paint_bytes(SHAPE, 512, 256, 12) == pytest.approx(2 * one, rel=0.01)
    assert paint_bytes(SHAPE, 256, 256, 24) == pytest.approx(2 * one, rel=0.01)
