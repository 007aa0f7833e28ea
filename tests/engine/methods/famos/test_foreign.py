"""Colours that the style has not: what counts as one, and that paint keeps to those of the style."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.images.sources import Source
from engine.job import SourceImage
from engine.methods.famos.foreign import MOST_COLORS, NEAR, colors_of, foreign
from engine.methods.famos.method import Famos
from tests.engine.famos_jobs import job

CPU = torch.device("cpu")


def source(pixels: torch.Tensor, opacity: torch.Tensor | None = None) -> Source:
    return Source(SourceImage(path="style.png"), pixels, opacity)


def plain(*colors: tuple[int, int, int], side: int = 32) -> torch.Tensor:
    """Squares of these colours beside each other, uint8 [3, side, side * n]."""
    return torch.cat(
        [torch.tensor(color, dtype=torch.uint8)[:, None, None].expand(3, side, side) for color in colors], 2
    )


def as_picture(pixels: torch.Tensor) -> torch.Tensor:
    return pixels[None].float() / 127.5 - 1


BLUE, YELLOW, CYAN = (20, 40, 120), (240, 220, 90), (0, 255, 255)


def test_a_picture_of_the_style_has_no_foreign_colours() -> None:
    style = plain(BLUE, YELLOW)
    colors = colors_of([source(style)], CPU)
    assert colors.shape == (2, 3)
    assert float(foreign(as_picture(style), colors)) == 0


def test_another_colour_counts_by_its_distance_beyond_what_is_near() -> None:
    colors = colors_of([source(plain(BLUE)), source(plain(YELLOW))], CPU)
    cyan = as_picture(plain(CYAN))
    nearest = min(float((cyan[0, :, 0, 0] - color).norm()) for color in colors)
    assert float(foreign(cyan, colors)) == pytest.approx(nearest - NEAR, abs=1e-4)
    half = as_picture(plain(CYAN, BLUE))
    assert float(foreign(half, colors)) == pytest.approx((nearest - NEAR) / 2, abs=1e-4)


def test_grain_of_the_styles_colours_is_free() -> None:
    """Means of blocks count: pixels that are lighter and darker than any colour of the style, but not on the whole."""
    grain = as_picture(plain(BLUE, side=64)) + 0.5 * (torch.arange(64) % 2 * 2 - 1)
    assert float(foreign(grain, colors_of([source(plain(BLUE))], CPU))) == 0


def test_what_is_transparent_is_no_colour_of_the_style() -> None:
    opacity = torch.zeros(32, 64, dtype=torch.uint8)
    opacity[:, :32] = 255
    colors = colors_of([source(plain(BLUE, CYAN), opacity)], CPU)
    assert colors.shape == (1, 3)
    assert float(foreign(as_picture(plain(CYAN)), colors)) > 0.5


@pytest.mark.parametrize("side", [3, 8, 700])
def test_styles_of_any_size_have_colours(side: int) -> None:
    random = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 256, (3, side, side), generator=random, dtype=torch.uint8)
    assert 1 <= len(colors_of([source(pixels)], CPU)) <= MOST_COLORS


def test_following_the_gradient_leads_to_a_colour_of_the_style() -> None:
    colors = colors_of([source(plain(BLUE, YELLOW))], CPU)
    picture = as_picture(plain(CYAN)).requires_grad_()
    for _ in range(200):
        loss = foreign(picture, colors)
        (gradient,) = torch.autograd.grad(loss, picture)
        picture = (picture - 20 * gradient).detach().requires_grad_()
    assert float(foreign(picture.detach(), colors)) < 0.05


def test_paint_keeps_to_the_colours_of_the_style(tmp_path: Path) -> None:
    """A content that is lighter than the style is painted in other colours, unless they are not wanted."""
    sources = {}
    for slot, colors in (("style", (BLUE, (30, 60, 140))), ("content", ((250, 250, 250),))):
        Image.fromarray(plain(*colors, side=64).permute(1, 2, 0).numpy()).save(tmp_path / f"{slot}.png")
        sources[slot] = (SourceImage(path=str(tmp_path / f"{slot}.png")),)
    values = {"alpha_weight": 0.0, "tone_matching": 0.0, "learning_rate": 5e-3}
    ends = []
    for weight in (0.0, 50.0):
        method = Famos(job(tmp_path, values | {"foreign_weight": weight}, sources=sources), CPU)
        ends.append([float(method.step(step)["foreign"]) for step in range(40)][-1])
    assert ends[1] < 0.5 * ends[0]


def test_no_colour_is_foreign_where_nothing_is_painted_or_nothing_is_copied(tmp_path: Path) -> None:
    for mode in ("copy", "paint"):
        assert float(Famos(job(tmp_path, {"mode": mode}), CPU).step(0)["foreign"]) == 0
