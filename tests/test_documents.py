"""What the documents tell to type can be typed, and what they point at is there."""

import re
import shlex
from pathlib import Path

import pytest

from engine.__main__ import _parser
from engine.job import DEFAULT_METHOD
from engine.method import method_class
from engine.method_choices import preset_values
from engine.settings import parse_assignments

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = [
    (document, line.strip())
    for document in DOCUMENTS
    for line in re.sub(r"\\\n *", "", document.read_text(encoding="utf-8")).splitlines()
    if re.match(r"    tessera (collage|train|pretrain|render|fetch|methods|devices)\b", line)
]


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text(document))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_are_there(document: Path) -> None:
    """Names in backticks that begin with a folder of the project; examples of what could be added are not there."""
    named = re.findall(r"`((?:engine|app|tests|docs|resources|benchmarks)/[\w/.]+)`", text(document))
    examples = {"engine/export/formats/avif.py", "engine/methods/relief/"}
    missing = [name for name in named if name not in examples and not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize(("document", "line"), COMMANDS, ids=[line[:60] for _, line in COMMANDS])
def test_commands_can_be_typed(document: Path, line: str) -> None:
    words = shlex.split(line)[1:]
    arguments = _parser(words).parse_args(words)
    if arguments.command.name == "train":
        method = method_class(arguments.method or DEFAULT_METHOD)
        values = preset_values(method, arguments.preset) | parse_assignments(method.Settings, arguments.set)
        assert method.Settings.of(values)
