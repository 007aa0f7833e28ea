"""What the window's tests share: the toy method as the method of new projects, and images."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app import document
from app.document import Document
from engine import method as registry
from engine.copying import copy_project
from tests.engine import toy


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy is the only method, and what new projects use."""
    toy.register(monkeypatch)
    monkeypatch.delitem(registry._MODULES, "famos")
    monkeypatch.setattr(document, "DEFAULT_METHOD", "toy", raising=True)


def write_image(path: Path, height: int = 40, width: int = 60, seed: int = 0) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def save_as(document: Document, folder: Path) -> bool:
    """What app/project_move.py does, where nothing runs and nobody waits for the window."""
    if not document.may_become(folder):
        return False
    document.flush()
    former, untitled = document.folder, document.untitled
    if former.exists():
        copy_project(former, folder, linked=untitled)
    settled = document.settle_in(folder)
    if untitled:
        shutil.rmtree(former, ignore_errors=True)
    return settled


def toy_settings(document: Document) -> toy.ToySettings:
    """The settings of a document whose method is the toy."""
    settings = document.settings
    assert isinstance(settings, toy.ToySettings)
    return settings
