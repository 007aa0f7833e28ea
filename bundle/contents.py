"""What of this repository goes into a bundle: all modules of the program, and the files that it reads while it runs."""

from __future__ import annotations

from pathlib import Path

PACKAGES = ("app", "engine", "resources")
SCREENSHOTS = "screenshots"
"""The README's, which the program does not show."""


def modules(root: Path) -> list[str]:
    """Names of all modules of the program, sorted.

    Many are imported by a name that is text: methods by the registry, export formats by looking into their package,
    commands and what they do by "module:function". So a search for imports does not find them.
    """
    files = (file.relative_to(root) for package in PACKAGES for file in (root / package).rglob("*.py"))
    return sorted(".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files)


def data_files(root: Path) -> list[tuple[str, str]]:
    """Each file that is read and not imported: C sources, pictures, networks, the style sheet; and its folder."""
    files = (file.relative_to(root) for package in PACKAGES for file in sorted((root / package).rglob("*")))
    return [
        (str(root / file), str(file.parent))
        for file in files
        if (root / file).is_file() and file.suffix not in (".py", ".pyc") and SCREENSHOTS not in file.parts
    ]
