"""A bar of sources, and its sections with images."""

from __future__ import annotations

import pytest

from app.images.sources_bar import SourcesBar
from tests.app.images.pictures import MASKS, NAMES, SLOTS, images, names, quick


@pytest.fixture
def bar(qtbot, tmp_path):
    bar = SourcesBar(paste_folder=tmp_path / "pasted", read=quick)
    qtbot.addWidget(bar)
    bar.show_slots(SLOTS)
    bar.resize(260, 500)
    with qtbot.waitActive(bar):
        bar.show()
    return bar


@pytest.fixture
def style(bar):
    """The style section with four images, and the list of what it told."""
    bar.set_sources({"style": images(*NAMES)})
    section = bar.section("style")
    section.told = []
    bar.changed.connect(lambda slot, sources: section.told.append((slot, names(sources))))
    return section


@pytest.fixture
def many(bar):
    """The bar of a method with masks."""
    bar.show_slots(MASKS)
    return bar
