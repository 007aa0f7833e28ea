"""VGG-19 is a tiny one with random weights."""

import pytest

from engine.methods.optimised import base
from tests.engine.pixel_jobs import open_tiny


@pytest.fixture(autouse=True)
def tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "open_network", open_tiny)
