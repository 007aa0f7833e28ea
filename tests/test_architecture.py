"""The laws of the house: one direction of imports, no Qt in the engine, only its public face in the window."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine

ROOT = Path(__file__).parent.parent
LOWER = "box errors files settings job device noise kernel losses memory colour sources meter messages"


def imported(file: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", files("engine"), ids=named)
def test_the_engine_knows_no_window(file: Path) -> None:
    roots = {name.split(".")[0] for name in imported(file)}
    assert not roots & {"PySide6", "pyqtgraph", "app"}


@pytest.mark.parametrize("file", files("app"), ids=named)
def test_the_window_reaches_only_the_engines_public_face(file: Path) -> None:
    modules = {name.split(".")[1] for name in imported(file) if name.startswith("engine.")}
    assert modules <= {*engine.PUBLIC, "__main__"}


@pytest.mark.parametrize("module", LOWER.split())
def test_the_lower_rooms_know_nothing_of_methods_and_sessions(module: str) -> None:
    names = set(imported(ROOT / "engine" / f"{module}.py"))
    above = {"method", "methods", "session", "trainer", "export", "render", "snapshots", "field"}
    assert not {name.split(".")[1] for name in names if name.startswith("engine.")} & above


def test_only_the_registry_imports_methods() -> None:
    for file in files("engine"):
        if file.parent.name != "methods" and file.name != "method.py":
            assert not any(name.startswith("engine.methods") for name in imported(file)), named(file)


@pytest.mark.parametrize(
    "statement", ["import engine.training.session", "import engine.__main__", "import engine.methods.famos.method"]
)
def test_the_engine_loads_no_qt(statement: str) -> None:
    code = f"{statement}, sys; print([m for m in sys.modules if m.startswith(('PySide6', 'pyqtgraph'))])"
    done = subprocess.run(
        [sys.executable, "-c", "import sys; " + code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_nothing_is_unpickled() -> None:
    for file in [*files("engine"), *files("app")]:
        roots = {name.split(".")[0] for name in imported(file)}
        assert not roots & {"pickle", "shelve", "dill", "joblib"}, named(file)
        assert "torch.save(" not in file.read_text(encoding="utf-8")


def test_nothing_of_a_machine_or_a_task_is_left() -> None:
    """A comment for later is a task not done; a path of one machine does not belong in the project."""
    for file in [*files("engine"), *files("app"), *files("benchmarks"), *files("resources")]:
        text = file.read_text(encoding="utf-8")
        for mark in ("TODO", "FIXME", "XXX", "/home/", "/root/"):
            assert mark not in text, f"{mark} in {named(file)}"
