"""The size of an export: units, resolution and proportions agree with each other."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QPushButton

from app.export.size import SMALLEST_PX, SizeField
from engine.box import Size
from engine.export.print_sizes import PAPERS, USES

CANVAS = Size(1184, 1760)
A1 = next(paper for paper in PAPERS if paper.name == "A1")


@pytest.fixture
def field(qtbot):
    field = SizeField(CANVAS)
    qtbot.addWidget(field)
    return field


@pytest.fixture
def changes(field):
    """Sizes, as they are told."""
    changes = []
    field.changed.connect(lambda: changes.append(field.size_px))
    return changes


def choose(field, text):
    field.choice.setCurrentIndex(field.choice.findText(text))
    field.choice.activated.emit(field.choice.currentIndex())


def test_it_begins_as_trained(field):
    assert field.size_px == CANVAS
    assert field.choice.currentText() == "As trained"
    assert (field.width_box.value(), field.height_box.value()) == (1760, 1184)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_factors_are_exact(field, factor):
    choose(field, f"{factor} × as large")
    assert field.size_px == Size(factor * 1184, factor * 1760)
    field.dpi_box.setValue(150)
    assert field.size_px == Size(factor * 1184, factor * 1760), "pixels were chosen, so pixels stay"
    assert field.choice.currentText() == f"{factor} × as large"


def test_a_paper_lies_as_the_canvas_does_and_keeps_its_length(field, qtbot):
    choose(field, "A1")
    assert field.size_px == Size(7016, 9933)
    assert field.unit.currentText() == "cm"
    assert (field.width_box.value(), field.height_box.value()) == (84.1, 59.4)
    field.dpi_box.setValue(150)
    assert field.size_px == Size(3508, 4967)
    assert field.choice.currentText() == "A1"
    upright = SizeField(Size(1760, 1184))
    qtbot.addWidget(upright)
    upright.choose(A1)
    assert upright.size_px == Size(9933, 7016)


@pytest.mark.parametrize("width", [64, 500, 1760, 12_345, 30_000])
def test_sides_keep_the_proportion(field, width):
    field.width_box.setValue(width)
    assert field.size_px == Size(max(SMALLEST_PX, round(width * 1184 / 1760)), width)
    field.height_box.setValue(1184)
    assert field.size_px == CANVAS


def test_without_the_lock_each_side_is_its_own(field):
    field.locked.setChecked(False)
    field.width_box.setValue(1000)
    assert field.size_px == Size(1184, 1000)
    assert field.choice.currentText() == "Own size"
    field.locked.setChecked(True)
    field.width_box.setValue(2000)
    assert field.size_px == Size(2368, 2000)
    choose(field, "As trained")
    assert field.size_px == CANVAS


def test_a_use_that_is_chosen_is_named_among_the_sizes_as_well(field):
    """A3 was lit above "Own size", as if these were two answers."""
    use = next(use for use in field.chips if use.name == "A3")
    field.chips[use].click()
    assert field.choice.currentText() == "A3, the whole picture"
    field.width_box.setValue(field.width_box.value() / 2)
    assert field.choice.currentText() == "Own size"


def test_inches_at_a_resolution(field):
    field.unit.setCurrentText("inch")
    assert field.size_px == CANVAS, "another unit is another way to say the same"
    field.width_box.setValue(10)
    assert field.size_px == Size(round(3000 * 1184 / 1760), 3000)
    field.dpi_box.setValue(100)
    assert field.size_px.width == 1000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.sampled_from(["px", "cm", "mm", "inch"]), st.integers(64, 60_000), st.integers(64, 60_000))
def test_showing_a_size_in_any_unit_does_not_change_it(field, unit, height, width):
    field.choose(Size(height, width))
    field.unit.setCurrentText(unit)
    field.unit.setCurrentText("px")
    assert field.size_px == Size(height, width)


def test_every_change_is_told_once(field, changes):
    field.width_box.setValue(880)
    assert changes == [Size(592, 880)]
    field.unit.setCurrentText("cm")
    assert len(changes) == 1


def test_the_contents_own_size_is_offered_where_it_is_another(field, qtbot):
    texts = [field.choice.itemText(index) for index in range(field.choice.count())]
    assert not any("content" in text for text in texts)
    other = SizeField(CANVAS, Size(2500, 4000))
    qtbot.addWidget(other)
    choose(other, "As the content")
    assert other.size_px == Size(2500, 4000)
    choose(other, "2 × the content")
    assert other.size_px == Size(5000, 8000)
    other.width_box.setValue(4000)
    assert other.choice.currentText() == "As the content"


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (Size(2369, 3520), Size(2369, 3520)),
        (Size(592, 880), CANVAS),
        (Size(3000, 3520), Size(2368, 3520)),
        (None, CANVAS),
    ],
    ids=str,
)
def test_it_begins_with_at_least_the_contents_own_size(qtbot, content, first):
    field = SizeField(CANVAS, content)
    qtbot.addWidget(field)
    assert field.size_px == first


@pytest.mark.parametrize("best", [1.0, 3.5])
@pytest.mark.parametrize("canvas", [CANVAS, Size(1760, 1184), Size(500, 500)])
def test_it_proposes_what_the_originals_hold_and_prints_that_at_200_dpi(qtbot, canvas: Size, best: float) -> None:
    field = SizeField(canvas, None, None, best)
    qtbot.addWidget(field)
    assert field.size_px == Size(round(best * canvas.height), round(best * canvas.width))
    assert field.dpi == (200 if best > 1 else 300)


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
@pytest.mark.parametrize("canvas", [CANVAS, Size(1760, 1184), Size(500, 500)])
def test_a_chip_lays_the_whole_picture_on_its_sheet(qtbot, canvas: Size, use) -> None:
    field = SizeField(canvas, None, None, 3.0)
    qtbot.addWidget(field)
    chip = next(button for button in field.findChildren(QPushButton) if button.text() == use.name)
    chip.click()
    size, dpi = field.size_px, field.dpi
    assert use.least_dpi <= dpi <= use.most_dpi
    assert size.width / size.height == pytest.approx(canvas.width / canvas.height, rel=0.01), "nothing is cut away"
    sides = sorted(side / dpi * 25.4 for side in (size.height, size.width))
    sheet = sorted((use.width_mm, use.height_mm))
    assert all(side <= room + 0.5 for side, room in zip(sides, sheet, strict=True))
    assert any(side >= room - 0.5 for side, room in zip(sides, sheet, strict=True)), "as large as it fits"
