"""An exported file is dropped on the window: the settings that it was painted with come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint

from engine.messages.exports import Exported
from tests.app.drops import drop, files
from tests.app.export.print_studio import PrintStudio


def drop_back(prints: PrintStudio, name: str) -> None:
    start = prints.window.canvas.start
    drop(start, files(prints.folder / name), QPoint(20, start.height() // 2))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".psd", ".webp", ".dzi"])
def test_an_exported_file_brings_its_settings_back(prints: PrintStudio, suffix: str) -> None:
    document = prints.window.document
    document.set("colors", 7)
    prints.train()
    form = prints.open().form
    form.set_out(prints.folder / f"back{suffix}")
    prints.dialog.start.click()
    prints.until_seen(Exported)
    prints.window.training.stop()
    prints.until(lambda: prints.window.training.state == "idle")
    job, folder = document.job, document.folder
    prints.window.files.new()
    assert document.job != job
    drop_back(prints, f"back{suffix}")
    assert document.job == job
    assert document.folder != folder, "the project that it came from is left alone"
    assert any(f"settings of back{suffix} are back" in text for text in prints.said())


def test_images_that_moved_are_named_and_found_in_another_folder(prints: PrintStudio) -> None:
    prints.train()
    prints.open().start.click()
    prints.until_seen(Exported)
    prints.window.training.stop()
    prints.until(lambda: prints.window.training.state == "idle")
    elsewhere = prints.folder / "elsewhere"
    elsewhere.mkdir()
    (prints.folder / "style ä.png").rename(elsewhere / "style ä.png")
    prints.window.files.new()
    prints.window.files.open_path(prints.folder / "mosaic.png")
    assert any("style ä.png" in text for text in prints.said())
    message = next(message for message in prints.window.messages.messages if message.key == "origin")
    assert message.button
    prints.window.files.origins.look_in(prints.folder / "mosaic.png", elsewhere)
    (image,) = prints.window.document.sources("style")
    assert Path(image.path) == elsewhere / "style ä.png"


def test_a_file_without_settings_is_an_image_as_any_other(prints: PrintStudio) -> None:
    prints.train()
    form = prints.open().form
    form.options.provenance.setChecked(False)
    prints.dialog.start.click()
    prints.until_seen(Exported)
    prints.window.training.stop()
    prints.until(lambda: prints.window.training.state == "idle")
    prints.window.files.new()
    drop_back(prints, "mosaic.png")
    assert [Path(image.path).name for image in prints.window.document.sources("style")] == ["mosaic.png"]
