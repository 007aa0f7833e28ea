"""The two meters: against plain numpy in double precision, and what they promise of pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.style import matches
from engine.style.matches import StyleMatch, content_match, structure_match


def noise(height: int, width: int, seed: int, coarse: int = 1) -> Tensor:
    """uint8 [3, h, w], in squares of `coarse` pixels."""
    small = np.random.default_rng(seed).integers(0, 256, (3, -(-height // coarse), -(-width // coarse)), dtype=np.uint8)
    return torch.from_numpy(small.repeat(coarse, 1).repeat(coarse, 2)[:, :height, :width].copy())


def portrait(height: int = 90, width: int = 120) -> Tensor:
    """Something with large areas and one small detail."""
    y, x = np.mgrid[:height, :width]
    grey = 60 + 120 * (x > width / 2) + 40 * np.sin(x / 5) * ((y - 45) ** 2 + (x - 30) ** 2 < 300)
    return torch.from_numpy(np.broadcast_to(grey, (3, height, width)).clip(0, 255).astype(np.uint8).copy())


def plain_style_match(styles: list[Tensor], picture: Tensor) -> float:
    """The formula in the module's head, patch by patch in float64; only the places and directions are shared."""
    rng = torch.Generator().manual_seed(0)
    directions = torch.randn(147, matches.DIRECTIONS, generator=rng, dtype=torch.float64).numpy()
    directions /= np.linalg.norm(directions, axis=0)

    def clouds(pictures: list[Tensor], seed: int) -> list[np.ndarray]:
        rng = torch.Generator().manual_seed(seed)
        found = []
        for scale in (1, 2, 4):
            rows = []
            for index, image in enumerate(pictures):
                share = sum(k * len(pictures) // matches.PATCHES == index for k in range(matches.PATCHES))
                pixels = image.numpy().astype(np.float64) / 255
                height, width = (side // scale for side in pixels.shape[1:])
                small = pixels[:, : height * scale, : width * scale]
                small = small.reshape(3, height, scale, width, scale).mean((2, 4))
                y = torch.randint(height - 6, (share,), generator=rng)
                x = torch.randint(width - 6, (share,), generator=rng)
                rows += [small[:, a : a + 7, b : b + 7].ravel() for a, b in zip(y.tolist(), x.tolist(), strict=True)]
            found.append(np.sort(np.array(rows) @ directions, axis=0))
        return found

    def distance(a: list[np.ndarray], b: list[np.ndarray]) -> float:
        return sum(np.abs(one - other).mean() for one, other in zip(a, b, strict=True))

    half = styles[0].shape[2] // 2
    halves = (styles[::2], styles[1::2]) if len(styles) > 1 else ([styles[0][:, :, :half]], [styles[0][:, :, half:]])
    unit = distance(clouds(halves[0], 1), clouds(halves[1], 2))
    return 100 / max(1, distance(clouds([picture], 4), clouds(styles, 3)) / unit)


@pytest.mark.parametrize("count", [1, 3])
def test_the_style_match_is_its_formula(count: int) -> None:
    styles = [noise(64 + 9 * n, 80, n, coarse=3) for n in range(count)]
    picture = noise(70, 66, 9, coarse=5)
    assert StyleMatch(styles).of(picture) == pytest.approx(plain_style_match(styles, picture), rel=1e-4)


def plain_blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian as OpenCV has it for floats: as far as 4 sigma, mirrored at the edges without repeating them."""
    reach = (round(sigma * 8 + 1) | 1) // 2
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        padded = np.pad(image, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="reflect")
        image = np.apply_along_axis(np.convolve, axis, padded, taps, mode="valid")
    return image


def test_content_and_structure_match_are_their_formulas() -> None:
    content, picture = portrait(96, 128), noise(96, 128, 3, coarse=8)
    picture = ((picture.int() + content.int()) // 2).to(torch.uint8)
    grey = [np.round(i.numpy().astype(float).transpose(1, 2, 0) @ [0.299, 0.587, 0.114]) for i in (picture, content)]
    a, b = grey
    mean_a, mean_b, of_both = plain_blur(a, 3.0), plain_blur(b, 3.0), plain_blur(a * b, 3.0)
    variance_a, variance_b = plain_blur(a * a, 3.0) - mean_a**2, plain_blur(b * b, 3.0) - mean_b**2
    variance_a, variance_b = np.maximum(variance_a, 1e-3), np.maximum(variance_b, 1e-3)
    weight = np.minimum(np.sqrt(variance_b), 30)
    wanted = 100 * ((of_both - mean_a * mean_b) / np.sqrt(variance_a * variance_b) * weight).sum() / weight.sum()
    assert structure_match(picture, content) == pytest.approx(wanted, abs=0.5)
    small = [i.reshape(48, 2, 64, 2).mean((1, 3)) for i in grey]  # near the 68 x 90 that the module takes
    small = [plain_blur(i, 1.5 * 64 / 90) for i in small]
    assert content_match(picture, content) == pytest.approx(
        100 * np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1], abs=1.0
    )


def test_a_picture_of_the_style_matches_and_the_further_away_the_less() -> None:
    style = noise(160, 160, 1, coarse=4)
    meter = StyleMatch([style])
    other = noise(120, 100, 2, coarse=4)
    grey = torch.full((3, 100, 100), 128, dtype=torch.uint8)
    mixed = ((other.float() + 3 * 128) / 4).to(torch.uint8)
    assert meter.of(style) > 90
    assert 100 >= meter.of(other) > meter.of(mixed) > meter.of(grey) > 0
    assert meter.of(other) == meter.of(other), "the same picture is measured the same"


def test_the_content_matches_itself_and_not_its_negative() -> None:
    content = portrait()
    assert content_match(content, content) == pytest.approx(100)
    assert structure_match(content, content) > 99
    assert content_match(255 - content, content) == 0
    assert structure_match(255 - content, content) == 0
    larger = content.repeat_interleave(2, 1).repeat_interleave(2, 2)
    assert content_match(larger, content) > 99


def test_structure_notices_a_detail_that_content_match_overlooks() -> None:
    content = portrait()
    without = content.clone()
    without[:, :, :60] = 60
    assert content_match(without, content) > 90
    assert structure_match(without, content) < 75


def test_plain_and_tiny_pictures_are_no_trouble() -> None:
    plain = torch.full((3, 40, 40), 128, dtype=torch.uint8)
    tiny = noise(8, 8, 1)
    assert content_match(plain, plain) == 0
    assert 0 <= structure_match(plain, plain) <= 100
    for styles in ([plain], [tiny], [tiny, plain]):
        for picture in (plain, tiny, noise(5, 200, 2)):
            assert 0 <= StyleMatch(styles).of(picture) <= 100
