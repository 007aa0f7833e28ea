"""What tests of several methods share."""

import pytest

from engine.methods.remembered import Remembered


@pytest.fixture
def forgetful(monkeypatch) -> None:
    """Nothing that was decided is kept: laws about boxes ask the generator for each of them."""
    monkeypatch.setattr(Remembered, "of", lambda self, state, of_what, box, make: make())
