"""What a bundle holds: build_installer.spec is run with a PyInstaller that only notes what it is asked for."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from bundle import contents, licences
from engine import method
from engine.cli.commands import COMMANDS

ROOT = Path(__file__).parent.parent
OF_TORCH = ("lib/libtorch.so", "bin/torch_shm_manager")
NOT_OF_TORCH = ("lib/libtorch.a", "bin/test_api", "test/c10_Half_test", "include/ATen/ATen.h")


class Noted(SimpleNamespace):
    """What the spec asks of PyInstaller."""

    scripts: list[str]
    datas: list[tuple[str, str]]
    hiddenimports: list[str]
    excludes: list[str]


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Noted:
    place = tmp_path_factory.mktemp("bundle")
    (place / "tessera").mkdir()
    noted: dict[str, Any] = {}

    def analysis(scripts: list[str], **how: Any) -> SimpleNamespace:
        noted.update(how, scripts=scripts)
        binaries = [(f"torch/{name}", "", "BINARY") for name in (*OF_TORCH, *NOT_OF_TORCH)]
        datas = [(f"{folder}/{Path(file).name}", file, "DATA") for file, folder in how["datas"]]
        return SimpleNamespace(scripts=scripts, pure=[("numpy.linalg", "", "PYMODULE")], binaries=binaries, datas=datas)

    def collect(_program: object, binaries: list[Any], datas: list[Any], name: str) -> None:
        noted.update(collected=[entry[0] for entry in (*binaries, *datas)], name=name)

    hooks = ModuleType("PyInstaller.utils.hooks")
    hooks.__dict__.update(collect_data_files=lambda *_, **__: [], copy_metadata=lambda _name: [])
    words = {
        "SPECPATH": str(ROOT),
        "DISTPATH": str(place),
        "workpath": str(place),
        "Analysis": analysis,
        "PYZ": lambda _pure: None,
        "EXE": lambda *_, **how: noted.update(program=how),
        "COLLECT": collect,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PyInstaller", "PyInstaller.utils"):
            patch.setitem(sys.modules, name, ModuleType(name))
        patch.setitem(sys.modules, "PyInstaller.utils.hooks", hooks)
        patch.setattr(sys, "path", [*sys.path])
        file = ROOT / "build_installer.spec"
        exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), words)
    return Noted(**noted, folder=place / "tessera")


def tracked() -> list[Path]:
    """Files of the program, as they stand in the repository."""
    return [Path(file) for package in contents.PACKAGES for file in (ROOT / package).rglob("*") if file.is_file()]


def test_every_module_is_in_it_and_can_be_imported(spec: Noted) -> None:
    asked = set(spec.hiddenimports)
    lacking = [
        str(file)
        for file in tracked()
        if file.suffix == ".py"
        and ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") not in asked
    ]
    assert lacking == []
    assert [name for name in asked if find_spec(name) is None] == []


def test_what_is_named_in_texts_is_in_it(spec: Noted) -> None:
    named = {*method._MODULES.values()}
    for command in COMMANDS:
        named |= {command.arguments.partition(":")[0], command.work.partition(":")[0]}
    assert named <= set(spec.hiddenimports)


def test_every_file_that_is_read_is_in_its_place(spec: Noted) -> None:
    places = {Path(file): Path(folder) for file, folder in spec.datas}
    read = [file for file in tracked() if file.suffix not in (".py", ".pyc") and "screenshots" not in file.parts]
    assert len(read) > 50
    assert {file: places.get(file) for file in read} == {file: file.parent.relative_to(ROOT) for file in read}


def test_the_wheel_has_the_same_files(spec: Noted) -> None:
    import tomllib

    kept = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    wheel = {
        file
        for package, patterns in kept.items()
        for pattern in patterns
        for file in (ROOT / Path(*package.split("."))).glob(pattern)
        if file.is_file() and file.suffix not in (".py", ".pyc")
    }
    assert wheel == {Path(file) for file, _folder in spec.datas}


def test_nothing_of_ours_is_left_out_and_what_nobody_needs_is(spec: Noted) -> None:
    ours = {f"{folder}/{Path(file).name}" for file, folder in spec.datas}
    assert set(spec.collected) == ours | {f"torch/{name}" for name in OF_TORCH}
    excluded = tuple(f"{name}." for name in spec.excludes)
    assert not [name for name in spec.hiddenimports if f"{name}.".startswith(excluded)]


def test_licences_go_along(spec: Noted) -> None:
    folder = spec.folder / "licences"
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    told = (folder / "README.txt").read_text(encoding="utf-8")
    for name in ("numpy", "torch"):
        version = distribution(name).version
        assert f"{name} {version}: " in told
        assert any((folder / f"{name}-{version}").rglob("LICEN*"))


def test_a_package_is_known_by_its_modules_and_libraries() -> None:
    found = licences.distributions(["PIL.Image", "cv2/cv2.abi3.so", "pillow.libs/libjpeg.so", "_libvips.abi3.so", "os"])
    names = {each.metadata["Name"].lower().replace("_", "-") for each in found}
    assert {"pillow", "opencv-python-headless", "pyvips-binary"} <= names


# ---------------------------------------------------------------- the menu of applications

needs_a_shell = pytest.mark.skipif(sys.platform == "win32", reason="it has another menu")


def install(folder: Path, home: Path, *words: str) -> str:
    environment = {"PATH": os.defpath, "HOME": str(home)}
    command = ["sh", str(folder / "install.sh"), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@needs_a_shell
@pytest.mark.parametrize("name", ["tessera", "my $HOME \"of\" 100% 'art'"])
def test_the_program_is_in_the_menu_and_leaves_it(tmp_path: Path, name: str) -> None:
    folder, home = tmp_path / name, tmp_path / "home"
    folder.mkdir()
    shutil.copy(ROOT / "bundle" / "install.sh", folder)
    (folder / "tessera.png").write_bytes(b"icon")
    program = folder / "tessera"
    program.write_text('#!/bin/sh\necho "painted $*"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    install(folder, home)
    started = subprocess.run([home / ".local/bin/tessera", "a"], capture_output=True, text=True, check=True)
    assert started.stdout == "painted a\n"
    entry = (home / ".local/share/applications/tessera.desktop").read_text(encoding="utf-8")
    assert dict(line.split("=", 1) for line in entry.splitlines()[1:])["Exec"] == f"{as_written(program)} %F"
    there = {file for file in home.rglob("tessera*") if not file.is_dir()}  # beside what desktops make of them
    assert {file.name for file in there} == {"tessera", "tessera.desktop", "tessera.png", "tessera.xml"}
    assert str(folder) in install(folder, home, "--remove")
    assert not [file for file in there if file.exists()]
    assert program.exists()


def as_written(path: Path) -> str:
    """A path in quotes, by the Desktop Entry Specification: first as an argument of Exec, then as a value."""
    quoted = "".join(f"\\{letter}" if letter in '"`$\\' else letter for letter in str(path).replace("%", "%%"))
    return f'"{quoted}"'.replace("\\", "\\\\")
