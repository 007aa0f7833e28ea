"""The laws of the house that are seen in its files. Who may import whom is said in pyproject.toml, for every module."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent


def imported(file: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_imports_keep_their_contracts(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The same as `lint-imports`. It runs here, so that pytest alone finds a breach; CI has no second run of it."""
    monkeypatch.chdir(ROOT)
    broken = lint_imports(no_cache=True, no_logo=True)
    assert not broken, capfd.readouterr().out


def test_the_drawing_shows_the_code() -> None:
    done = subprocess.run(
        [sys.executable, "docs/draw_architecture.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "statement", ["import engine.training.session", "import engine.__main__", "import engine.methods.famos.method"]
)
def test_the_engine_loads_no_qt(statement: str) -> None:
    code = f"{statement}, sys; print([m for m in sys.modules if m.startswith(('PySide6', 'pyqtgraph'))])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_is_unpickled() -> None:
    for file in [*files("engine"), *files("app")]:
        roots = {name.split(".")[0] for name in imported(file)}
        assert not roots & {"pickle", "shelve", "dill", "joblib"}, named(file)
        assert "torch.save(" not in file.read_text(encoding="utf-8")


def test_nothing_of_a_machine_or_a_task_is_left() -> None:
    """A comment for later is a task not done; a path of one machine does not belong in the project."""
    for file in [*files("engine"), *files("app"), *files("benchmarks"), *files("resources"), *files("docs")]:
        text = file.read_text(encoding="utf-8")
        for mark in ("TODO", "FIXME", "XXX", "/home/", "/root/"):
            assert mark not in text, f"{mark} in {named(file)}"
