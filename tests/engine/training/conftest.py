"""Fixtures of the tests of sessions."""

from __future__ import annotations

import pytest

from engine.training import trainer
from tests.engine import toy


@pytest.fixture
def toy_that_reports_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)
