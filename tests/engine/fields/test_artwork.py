"""Artwork and reach: the halo is what a network needs, no less; too little memory is answered by quarters."""

import pytest
import torch
from torch import Tensor, nn

from engine.box import Box, Margin, Size
from engine.errors import NotLocalError, OutOfMemoryError
from engine.fields.artwork import Artwork, receptive_margin


def test_reach_of_a_plain_convolution() -> None:
    assert receptive_margin(nn.Conv2d(2, 1, 5, padding=2), 2, 1) == Margin(2, 2, 2, 2)


def test_reach_looks_the_right_way() -> None:
    """An output that looks three rows down and one column left needs a margin below and to the left."""

    def shifted(x: Tensor) -> Tensor:
        return x.roll((-3, 1), (2, 3))[:, :1]

    assert receptive_margin(shifted, 1, 1) == Margin(0, 1, 3, 0)


def test_reach_of_strided_layers_is_aligned_to_the_grain() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 4, 5, stride=2, padding=2), nn.Conv2d(4, 4, 5, stride=2, padding=2), nn.Upsample(scale_factor=4)
    )
    margin = receptive_margin(network, 1, 4)
    assert all(side % 4 == 0 for side in (margin.top, margin.left, margin.bottom, margin.right))
    x = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        whole = network(x)
        part = network(x[..., 16 - margin.top : 32 + margin.bottom, 16 - margin.left : 32 + margin.right])
        inner = part[..., margin.top : margin.top + 16, margin.left : margin.left + 16]
        assert torch.allclose(inner, whole[..., 16:32, 16:32], atol=1e-6)


def test_a_norm_over_the_whole_plane_is_refused() -> None:
    with pytest.raises(NotLocalError, match="whole input"):
        receptive_margin(nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.InstanceNorm2d(2)), 1, 4, limit_px=64)


class Renderer:
    """Just what Artwork uses of a method: paints coordinates, and fails above a number of pixels."""

    alignment_px, halo, device = 4, Margin(4, 4, 4, 4), torch.device("cpu")

    def __init__(self, room_px: int) -> None:
        self.room_px, self.painted = room_px, []

    def paint(self, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        if box.area > self.room_px:
            raise torch.OutOfMemoryError("no room")
        self.painted.append(box)
        rows = torch.arange(box.top, box.bottom).float()[:, None].expand(-1, box.width)
        columns = torch.arange(box.left, box.right).float().expand(box.height, -1)
        return {"result": torch.stack([rows, columns, rows + columns])}


@pytest.mark.parametrize("room_px", [10**6, 900, 500])
def test_too_little_memory_paints_the_quarters(room_px: int) -> None:
    painter = Renderer(room_px)
    box = Box(-7, 3, 37, 29)
    image = Artwork(painter, Size(100, 100)).at(box)  # type: ignore[arg-type]
    assert torch.equal(image[0], torch.arange(-7.0, 30)[:, None].expand(-1, 29))
    assert torch.equal(image[1], torch.arange(3.0, 32).expand(37, -1))
    assert (len(painter.painted) == 1) == (room_px == 10**6)


def test_too_little_memory_for_anything_is_a_sentence() -> None:
    with pytest.raises(OutOfMemoryError, match="too little memory"):
        Artwork(Renderer(10), Size(100, 100)).at(Box(0, 0, 50, 50))  # type: ignore[arg-type]


def test_another_error_is_not_hidden() -> None:
    painter = Renderer(10**6)
    painter.paint = lambda box, canvas_size: (_ for _ in ()).throw(RuntimeError("something else"))  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="something else"):
        Artwork(painter, Size(9, 9)).at(Box(0, 0, 9, 9))  # type: ignore[arg-type]
