"""The plane that FAMOS learns and paints on: its canvas, and beyond the edges its mirror images."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.box import Size
from engine.tiling import tiled


class Mirrored:
    """psi and templates are mirrored in step, so that psi says everywhere what the templates show.

    Args:
        canvas_size: that was trained for.
        told: whether psi says where a place is; else it is 0 everywhere, and all places are alike.
    """

    def __init__(self, canvas_size: Size, told: bool = True) -> None:
        self._canvas, self._told = canvas_size, told

    def places(self, corners: Tensor, size: Size) -> tuple[Tensor, Tensor]:
        """Rows [B, h] and columns [B, w] of the canvas that boxes of one size show, int64; corners [B, 2] anywhere."""
        rows = corners[:, :1] + torch.arange(size.height, device=corners.device)
        columns = corners[:, 1:] + torch.arange(size.width, device=corners.device)
        return tiled(rows, self._canvas.height, "mirror"), tiled(columns, self._canvas.width, "mirror")

    def coordinates(self, rows: Tensor, columns: Tensor) -> Tensor:
        """psi of places, [B, 2, h, w], as `sources.coordinates` inside the canvas."""
        down = (rows + 0.5) * (2 / self._canvas.height) - 1
        right = (columns + 0.5) * (2 / self._canvas.width) - 1
        height, width = rows.shape[1], columns.shape[1]
        psi = torch.stack([down[:, :, None].expand(-1, -1, width), right[:, None].expand(-1, height, -1)], 1)
        return psi if self._told else torch.zeros_like(psi)
