"""`tessera collage`: what was not named on the command line suits the images, and that is said."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.__main__ import main
from engine.methods.magic.method import Magic
from tests.engine.famos_jobs import picture

ASKED: list[frozenset[str]] = []


@pytest.fixture(autouse=True)
def _fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    def fitting_picture(_self: Magic, free: Collection[str]) -> dict[str, Any]:
        ASKED.append(frozenset(free))
        return {name: value for name, value in (("smoothing_px", 6.0), ("content_weight", 60.0)) if name in free}

    ASKED.clear()
    monkeypatch.setattr(Magic, "fitting_picture", fitting_picture)
    monkeypatch.setattr("engine.cli.render.prepare_thread", lambda device, threads=None: None)


def painted(folder: Path, *more: str) -> list[bytes]:
    """The pictures of 77 x 64 px that a command makes, in the order of their names."""
    images = {name: picture(folder / f"{name}.png", 64, 77, seed) for seed, name in enumerate(("style", "content"), 4)}
    out = folder / "out"
    out.mkdir(exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    picked = [] if "--out" in more else ["--out", str(out / "picture.png")]
    words = [word for name, image in images.items() for word in (f"--{name}", image.path)]
    sizes = ["--times", "1", "--device", "cpu", "--set", "content_scale=1", "style_scale=1", "precision=float32"]
    assert main(["collage", *words, *sizes, *more, *picked]) == 0
    return [Image.open(path).convert("RGB").tobytes() for path in sorted(out.iterdir())]


def test_a_print_is_fitted_to_its_images_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fitted = painted(tmp_path)
    told = capsys.readouterr().err
    assert "Fitted to these images: Keep pieces whole 6 px. As it comes: --set smoothing_px=1.5\n" in told
    assert "Content" not in told, "what is as it comes needs no word"
    assert [Magic.fitted_by_picture] == ASKED
    named = painted(tmp_path, "--set", "smoothing_px=6")
    assert "Fitted" not in capsys.readouterr().err
    assert ASKED[1] == {"content_weight"}
    assert fitted == named
    assert painted(tmp_path, "--set", "smoothing_px=1.5") != named, "named, it is the artist's, be it the default"


@pytest.mark.parametrize(
    "more",
    [
        ["--preset", "Large pieces"],
        ["--sweep", "content_weight=5:50:2"],
        ["--sweep", "content_weight=5:50:2", "--out", "walk.mp4"],
    ],
)
def test_what_a_preset_or_a_sweep_names_is_not_fitted(
    tmp_path: Path, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    painted(tmp_path, *more)
    assert [{"smoothing_px"}] == ASKED


def test_several_contents_are_painted_as_they_come(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What suits the first of them would be painted for all."""
    other = picture(tmp_path / "other.png", 64, 77, 9)
    assert len(painted(tmp_path, "--content", str(tmp_path / "content.png"), other.path)) == 2
    assert [frozenset()] == ASKED
    assert "Fitted" not in capsys.readouterr().err
