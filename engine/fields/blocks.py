"""A field in blocks of a fixed grid, the last ones remembered: what is asked for twice is made once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor

from engine.box import Box, Size


class Blocks:
    """Crops agree to the last bit, since a place is always made as part of the same block.

    Args:
        at: the field, [C, h, w] for any box.
        side: of a block, in pixels.
        limit_bytes: so much is remembered at most, besides the block that was made last.
    """

    def __init__(self, at: Callable[[Box], Tensor], side: int, limit_bytes: int) -> None:
        self._at, self._side, self._limit = at, side, limit_bytes
        self._made: OrderedDict[Box, Tensor] = OrderedDict()
        self._bytes = 0

    def at(self, box: Box) -> Tensor:
        """[C, h, w]"""
        outer = box.align(self._side)
        whole = None
        for block in outer.tiles(self._side):
            part = block.clip(box)
            rows, columns = part.within(block)
            values = self._block(block)[:, rows, columns]
            if whole is None:
                whole = values.new_empty(values.shape[0], box.height, box.width)
            rows, columns = part.within(box)
            whole[:, rows, columns] = values
        assert whole is not None, "a box has pixels"
        return whole

    def _block(self, block: Box) -> Tensor:
        if block in self._made:
            self._made.move_to_end(block)
            return self._made[block]
        values = self._at(block).contiguous()
        size = values.element_size() * values.numel()
        self._bytes += size
        while self._made and self._bytes > self._limit:
            _, oldest = self._made.popitem(last=False)
            self._bytes -= oldest.element_size() * oldest.numel()
        self._made[block] = values
        return values


def block_side(channels: int, alignment_px: int, canvas_size: Size, device: torch.device) -> int:
    """Side of a block, a multiple of the alignment: large, since each is made with a halo, within 32 MiB."""
    side, least = 256 if device.type == "cpu" else 512, max(64, alignment_px)
    while side > least and (channels * 4 * side**2 > 2**25 or side > max(canvas_size.height, canvas_size.width)):
        side //= 2
    return -(-side // alignment_px) * alignment_px
