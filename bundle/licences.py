"""The licences of all packages in a bundle, which whoever passes it on has to pass on with it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path, PurePath

_WORDS = ("licen", "copying", "notice", "authors")
_INTRODUCTION = """\
Tessera is under the MIT licence, LICENSE in this folder. A bundle of it holds the packages below as well, each under
its own licence; the files that they bring lie in the folders of their names.

Qt, PySide6 and libvips are used under the LGPL: their libraries lie as files of their own in _internal, and may be
exchanged. The wheels of av and pillow-heif bring x264 and x265, which are under the GPL 2 or
later: who passes this bundle on passes on the rights that the GPL gives to these parts, and their sources where they
are asked for. The texts of these licences are on https://www.gnu.org/licenses/.

"""


def distributions(paths: Iterable[str]) -> list[Distribution]:
    """Installed packages that files of a bundle come from, by name.

    Args:
        paths: of modules ("torch.nn") or of files ("torch/lib/x.so"), as the bundle names them.
    """
    known = packages_distributions()
    tops = {path.replace("\\", "/").partition("/")[0].partition(".")[0] for path in paths}
    names = {name for top in tops for name in known.get(top, ())}
    return sorted((distribution(name) for name in names), key=lambda each: each.metadata["Name"].lower())


def write(folder: Path, packages: Iterable[Distribution], licence: Path) -> None:
    """Fills a new folder with what the packages say of their licences, and a list of them.

    Args:
        licence: the program's own.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(licence, folder / "LICENSE")
    lines = []
    for package in packages:
        name = f"{package.metadata['Name']} {package.version}"
        lines.append(f"{name}: {_named(package)}")
        for file in package.files or ():
            if file.parts[0].endswith(".dist-info") and _tells(file):
                below = Path(*file.parts[1:])
                place = folder / name.replace(" ", "-") / Path(*(p for p in below.parts if p != "licenses"))
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), place)
    lines.append(f"Python {sys.version.split()[0]}: PSF-2.0")
    (folder / "README.txt").write_text(_INTRODUCTION + "\n".join(lines) + "\n", encoding="utf-8")


def _tells(file: PurePath) -> bool:
    return file.suffix not in (".py", ".pyc") and any(word in file.name.lower() for word in _WORDS)


def _named(package: Distribution) -> str:
    """The licence's name in a line, as the package gives it."""
    about = package.metadata
    classifiers = [each.rpartition(" :: ")[2] for each in about.get_all("Classifier") or () if "License ::" in each]
    written = [*(about.get_all("License-Expression") or ()), ", ".join(classifiers), *(about.get_all("License") or ())]
    return next((name.splitlines()[0] for name in written if name), "see its files")
