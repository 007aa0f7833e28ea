"""Pieces are fitted to the images: what is chosen, and that looking at it changes nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.images.sources import Source
from engine.job import Job, SourceImage
from engine.methods.magic import fit
from engine.methods.magic.method import Magic
from engine.methods.magic.settings import MagicSettings
from engine.nn.parts import InterruptedPainting
from resources import example
from tests.engine.famos_jobs import picture

CPU = torch.device("cpu")
PLAIN = {"smoothing_px": MagicSettings().smoothing_px, "content_weight": MagicSettings().content_weight}
CONTENT = Source(SourceImage(path="content.png"), torch.zeros(3, 8, 8, dtype=torch.uint8))


def chosen(figures: list[float], free: frozenset[str] = fit.KNOBS, **settings: float) -> tuple[dict[str, Any], list]:
    """What is fitted where the pictures have these structure matches, in turn; and what was tried, with its match."""
    method = SimpleNamespace(settings=MagicSettings.of(settings))
    before, left, tried = method.settings, list(figures), []

    class Picture:
        def __init__(self, _renderer: object, _size: Size) -> None: ...

        def at(self, _box: Box) -> torch.Tensor:
            tried.append(({name: getattr(method.settings, name) for name in sorted(free)}, left.pop(0)))
            return torch.zeros(3, 8, 8)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fit, "Artwork", Picture)
        patched.setattr(fit, "structure_match", lambda _picture, _content: tried[-1][1])
        values = fit.fitted(method, Size(8, 8), CONTENT, free)  # type: ignore[arg-type]
    assert method.settings == before, "the artist's settings are as they were"
    return values, tried


FIGURES = st.lists(st.floats(0, 100), min_size=8, max_size=8)


@given(FIGURES)
def test_what_is_readable_stays_so_and_what_is_not_becomes_no_worse(figures: list[float]) -> None:
    values, tried = chosen(figures)
    reached = next(figure for settings, figure in tried if settings == values)
    plain = tried[0][1]
    assert tried[0][0] == PLAIN
    assert reached >= min(plain, fit.ROOMY)
    if values["smoothing_px"] > PLAIN["smoothing_px"]:
        assert reached >= fit.ROOMY, "pieces are larger only where there is room for it"
    if fit.READABLE <= plain < fit.ROOMY:
        assert values == PLAIN
    if values != PLAIN and plain < fit.READABLE:
        assert reached == max(figure for _, figure in tried)


@given(FIGURES)
def test_a_picture_freer_than_it_comes_is_drawn_no_closer(figures: list[float]) -> None:
    """Who moved Content to the left wants the style's play."""
    values, _ = chosen(figures, frozenset(("smoothing_px",)), content_weight=10.0)
    assert values.keys() == {"smoothing_px"}
    assert values["smoothing_px"] >= PLAIN["smoothing_px"]


@given(FIGURES)
def test_whose_pieces_the_artist_sized_is_left_alone(figures: list[float]) -> None:
    assert chosen(figures, frozenset(("content_weight",)), smoothing_px=6.0) == ({}, [])


def test_what_was_fitted_before_does_not_count() -> None:
    """Another content is dropped: it is looked at as the picture comes, not as it was for the former one."""
    assert chosen([90, 90, 90], smoothing_px=2.5, content_weight=250.0)[1][0][0] == PLAIN


# ---------------------------------------------------------------- with the network that comes along


def drawn(folder: Path, guided: bool = True) -> Magic:
    """On pictures that the program draws."""
    images = {"feathers": example.styles()["feathers"], "owl": example.contents()["owl"]}
    for name, draw in images.items():
        Image.fromarray(draw()).resize((192, 192), Image.Resampling.BOX).save(folder / f"{name}.png")
    style, content = (SourceImage(path=str(folder / f"{name}.png")) for name in images)
    sources = {"style": (style,), "content": (content,) if guided else ()}
    return Magic(Job(method="magic", settings=MagicSettings(), sources=sources), CPU)


def test_the_same_images_give_the_same_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    method = drawn(tmp_path)
    whole = method.canvas_size.box
    with torch.no_grad():
        before = Artwork(method, method.canvas_size).at(whole)
    values = method.fitting_picture(fit.KNOBS)
    assert values.keys() == fit.KNOBS
    assert method.fitting_picture(fit.KNOBS) == values
    assert drawn(tmp_path).fitting_picture(fit.KNOBS) == values
    assert method.settings == MagicSettings()
    with torch.no_grad():
        assert Artwork(method, method.canvas_size).at(whole).equal(before)


def test_pictures_that_were_only_measured_are_not_counted(tmp_path: Path) -> None:
    """The list of pieces tells of the picture that is shown, not of the last one that was tried."""
    method = drawn(tmp_path)
    method.fitting_picture(fit.KNOBS)
    assert method.pieces_counted_at is None


def test_without_a_content_or_once_it_has_learned_there_is_nothing_to_fit(tmp_path: Path) -> None:
    assert drawn(tmp_path, guided=False).fitting_picture(fit.KNOBS) == {}
    method = drawn(tmp_path)
    method.steps_done = 1
    assert method.fitting_picture(fit.KNOBS) == {}


def test_what_gives_way_leaves_the_settings_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    method = drawn(tmp_path)

    def interrupted(*_arguments: object) -> None:
        raise InterruptedPainting

    monkeypatch.setattr(method, "painting", interrupted)
    with pytest.raises(InterruptedPainting):
        method.fitting_picture(fit.KNOBS)
    assert method.settings == MagicSettings()


@pytest.mark.parametrize("side", [20, 24])
def test_tiny_and_plain_images_are_fitted_as_well(tmp_path: Path, side: int) -> None:
    Image.new("RGB", (side, side)).save(tmp_path / "black.png")
    other, black = picture(tmp_path / "other.png", side, side, 4), SourceImage(path=str(tmp_path / "black.png"))
    for style, content in ((black, other), (other, black), (other, other)):
        job = Job(method="magic", settings=MagicSettings(), sources={"style": (style,), "content": (content,)})
        assert Magic(job, CPU).fitting_picture(fit.KNOBS).keys() == fit.KNOBS
