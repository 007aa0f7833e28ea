"""Scans that have a line along an edge are told, so that nobody looks for a fringe in the program."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.images.edges import lined_edges
from engine.images.sources import load
from engine.job import SourceImage


def photograph(height: int = 160, width: int = 220) -> Tensor:
    """uint8 [3, h, w]: soft, with something to see everywhere."""
    noise = torch.rand(1, 3, height + 4, width + 4, generator=torch.Generator().manual_seed(2))
    soft = torch.nn.functional.avg_pool2d(noise, 5, 1)[0]
    return (((soft - 0.5) * 3 + 0.5).clamp(0, 1) * 255).to(torch.uint8)


@pytest.mark.parametrize("edge", ["top", "bottom", "left", "right"])
@pytest.mark.parametrize("tone", [0, 255])
def test_a_line_along_an_edge_is_found(edge: str, tone: int) -> None:
    pixels = photograph()
    assert lined_edges(pixels) == []
    axis, at = (1 if edge in ("top", "bottom") else 2), (0 if edge in ("top", "left") else -1)
    pixels.select(axis, at).fill_(tone)
    assert lined_edges(pixels) == [edge]


def test_what_lies_at_an_edge_by_chance_is_no_line() -> None:
    pixels = photograph()
    pixels[:, -1, 20:90] = 0
    pixels[:, :, :40] = 120
    assert lined_edges(pixels) == []
    assert lined_edges(photograph(30, 200)) == [], "too small to tell"
    assert lined_edges(torch.full((3, 100, 100), 7, dtype=torch.uint8)) == []


def test_the_artist_is_told_which_image_it_is(tmp_path: Path) -> None:
    pixels = photograph()
    pixels[:, -1] = 0
    for name, image in (("scan.png", pixels), ("plain.png", photograph())):
        Image.fromarray(np.ascontiguousarray(image.permute(1, 2, 0).numpy())).save(tmp_path / name)
    warnings: list[str] = []
    load([SourceImage(path=str(tmp_path / name)) for name in ("scan.png", "plain.png")], 1.0, "content", warnings)
    assert len(warnings) == 1
    assert "scan.png has a line along an edge (bottom)" in warnings[0]
