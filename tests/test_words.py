"""What the documents call by name in the window is called so there: menus, buttons, settings, tools and their keys."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import actions
from engine.method import method_class, method_keys
from engine.settings import specs

ROOT = Path(__file__).parent.parent
GUIDES = [ROOT / "README.md", *(ROOT / "docs" / name for name in ("directing.md", "moments.md", "away.md"))]
NO_WORDS_OF_THE_WINDOW = {"The Starry Night", "yours", "Run 1"}
"""A painting's name, a word that is stressed, the name of a moment."""
BUTTON_OF_TRAINING = {"Train", "Refine", "Pause", "Resume"}
"""One action, which says what it does next."""
STEPS = re.compile(r"^\d\. .*(?:\n   .*)*", re.MULTILINE)
"""What is to be done one after another, where buttons are bold."""


def read(path: Path) -> str:
    """Without what is typed."""
    return re.sub(r"^    .*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def said(text: str) -> list[str]:
    """Words in italics, and in bold where steps are told."""
    bold = [found for step in STEPS.findall(text) for found in re.findall(r"\*\*([^*]+)\*\*", step)]
    italic = re.findall(r"(?<![*\w])\*([^*\s][^*]*?)\*(?![*\w])", re.sub(r"\*\*[^*]+\*\*", "", text))
    return [re.sub(r"\s+", " ", words) for words in (*bold, *italic)]


def plain(words: str) -> str:
    """As the documents have it: without what opens a dialog, and dots for what the window fills in."""
    return words.replace("&", "").replace("{}", "...").removesuffix("…")


def literals() -> Iterator[str]:
    for file in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.fixture(scope="module")
def words_of_the_window() -> set[str]:
    """Texts of the window's own, and what methods declare for it."""
    words = set(literals())
    for key in method_keys():
        method = method_class(key)
        words |= {method.title, *(preset.name for preset in method.presets)}
        words |= {each.title for each in (*method.slots, *method.layers, *method.terms)}
        words |= {spec.knob.label for spec in specs(method.Settings)}
    return {plain(each) for each in words}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_names_of_menus_buttons_and_settings_are_those_of_the_window(guide: Path, words_of_the_window) -> None:
    menus = {item.menu for item in actions.ITEMS}
    wrong = []
    for words in set(said(read(guide))) - NO_WORDS_OF_THE_WINDOW:
        menu, _, entry = words.partition(", ")
        if menu in menus and entry:
            elsewhere = any(plain(item.text) == entry for item in actions.ITEMS if item.menu != menu)
            fits = not elsewhere and entry in words_of_the_window
        else:
            fits = plain(words) in words_of_the_window
        if not fits:
            wrong.append(words)
    assert wrong == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_keys_do_what_is_said_of_them(guide: Path) -> None:
    keyed = re.findall(r"\*+([^*]+?)\*+ \((Ctrl\+[^)]+|F\d+)\)", re.sub(r"\s+", " ", read(guide)))
    for words, key in keyed:
        item = next(item for item in actions.ITEMS if key in item.keys)
        assert plain(item.text) == words or (item.name == "train" and words in BUTTON_OF_TRAINING)


def test_tools_have_the_keys_of_the_table() -> None:
    rows = re.findall(r"^\| (\w+) \| ([A-Z]) \|", read(ROOT / "docs" / "directing.md"), re.MULTILINE)
    source = (ROOT / "app" / "masks" / "tools.py").read_text(encoding="utf-8")
    assert len(rows) == 7
    for tool, key in rows:
        assert re.search(rf'"{tool.lower()}"[^\n]*"{key}"', source), tool
