"""A second small method, for tests of what happens between two methods. It needs a content image as well."""

from __future__ import annotations

import pytest

from engine import method as registry
from engine.knobs import number
from engine.method import Method
from tests.engine.slots import SLOTS
from tests.engine.toy import Toy, ToySettings


class ToyTwoSettings(ToySettings):
    warmth: float = number(0.5, 0, 1, "Warmth", "How warm it is.", live=True)


class ToyTwo(Toy):
    key = "toy_two"
    title = "Toy two"
    Settings = ToyTwoSettings
    slots = SLOTS["toy_two"]
    presets = ()


METHOD: type[Method] = ToyTwo


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts it into the registry beside the toy, for one test."""
    monkeypatch.setitem(registry._MODULES, "toy_two", __name__)
    registry.method_class.cache_clear()
