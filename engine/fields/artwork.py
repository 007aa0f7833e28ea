"""Fields: planes that can be asked for any rectangle, and the finished artwork as one of them.

The law of every field: crops agree, `at(a)[b.within(a)] == at(b)` for every box b inside a. A training crop, the live
preview and a print metres wide are then the same call with other boxes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.device import empty_cache, is_out_of_memory
from engine.errors import NotLocalError, OutOfMemoryError
from engine.renderer import Renderer


class Field(Protocol):
    """A plane of values; boxes may lie anywhere on it."""

    @property
    def channels(self) -> int: ...

    def at(self, box: Box) -> Tensor: ...  # [C, h, w]


def receptive_margin(
    network: Callable[[Tensor], Tensor], channels: int, alignment_px: int, limit_px: int = 1024
) -> Margin:
    """How far, in pixels, one aligned block of the input is felt in a network's output: the halo that a tile needs.

    Measured, not derived: one block is poisoned with NaN, and where the NaN arrives in one forward pass is where the
    block is felt. A margin to the left is what lies to the *right* in the input of an affected output, and so on.

    Args:
        network: [1, C, h, w] to [1, D, h, w], with h and w multiples of `alignment_px`.
        limit_px: the search gives up at this many pixels.

    Raises:
        NotLocalError: the block is felt up to the edge of the largest plane tried, as with a norm over the whole plane.
    """
    blocks = 9
    while (side := blocks * alignment_px) <= 2 * limit_px + alignment_px:
        middle = blocks // 2 * alignment_px
        plane = torch.zeros(1, channels, side, side)
        plane[..., middle : middle + alignment_px, middle : middle + alignment_px] = torch.nan
        with torch.no_grad():
            felt = network(plane).isnan().flatten(0, 1).any(0)  # [h, w]
        rows = felt.any(1).nonzero().flatten().tolist()
        columns = felt.any(0).nonzero().flatten().tolist()
        if not rows:
            return Margin(0, 0, 0, 0)
        if rows[0] > 0 and columns[0] > 0 and rows[-1] < side - 1 and columns[-1] < side - 1:
            # An output below the poisoned block looks upwards: its halo lies at its top.
            return Margin(
                top=max(0, rows[-1] - (middle + alignment_px - 1)),
                left=max(0, columns[-1] - (middle + alignment_px - 1)),
                bottom=max(0, middle - rows[0]),
                right=max(0, middle - columns[0]),
            ).aligned(alignment_px)
        blocks = blocks * 2 + 1
    raise NotLocalError(
        "This network's output depends on its whole input, so the tiles of a large picture would not fit together. "
        "Choose a norm that acts at each pixel (layer norm), or let its statistics be frozen first."
    )


class Artwork:
    """A layer of a method's output as a Field: paints a padded box and crops it.

    Running out of memory is answered by painting the quarters of a box, down to the method's alignment; boxes as large
    as one that failed are then quartered at once.

    Args:
        method: any registered method, or one of its renderers.
        canvas_size: the size of the whole picture; boxes may reach beyond it.
        layer: key of one of the method's layers.
    """

    channels = 3

    def __init__(self, method: Renderer, canvas_size: Size, layer: str = "result") -> None:
        self.method, self.canvas_size, self.layer = method, canvas_size, layer
        self.too_large_px: float = math.inf
        """Boxes of this many pixels have been more than the device's memory holds."""

    def at(self, box: Box) -> Tensor:
        """float32 [3, h, w], 0..1, on the method's device; call it under `torch.no_grad()`.

        Raises:
            OutOfMemoryError: not even a box of one alignment can be painted.
        """
        return self._painted(box, (self.layer,))[self.layer]

    def some_at(self, box: Box, keys: Sequence[str]) -> dict[str, Tensor]:
        """These layers of a box, of one painting. Raises OutOfMemoryError."""
        return self._painted(box, keys)

    def layers_at(self, box: Box) -> dict[str, Tensor]:
        """All layers of a box, each [3, h, w]. Raises OutOfMemoryError."""
        return self._painted(box, None)

    def _painted(self, box: Box, keys: Sequence[str] | None) -> dict[str, Tensor]:
        """Some layers of a box, or all."""
        aligned = box.align(self.method.alignment_px).pad(self.method.halo)
        layers = None
        if aligned.area >= self.too_large_px and len(box.quarters(self.method.alignment_px)) > 1:
            return self._by_quarters(box, keys)
        try:
            offered = self.method.paint(aligned, self.canvas_size)
            layers = {key: offered[key] for key in (offered if keys is None else keys)}
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        if layers is None:  # outside the except block, so that the failed attempt's tensors are free
            self.too_large_px = min(self.too_large_px, aligned.area)
            return self._by_quarters(box, keys)
        whole = next(iter(layers.values())).shape[1:] == (aligned.height, aligned.width)
        rows, columns = box.within(aligned if whole else aligned.less(self.method.halo))
        return {key: image[:, rows, columns] for key, image in layers.items()}

    def _by_quarters(self, box: Box, keys: Sequence[str] | None) -> dict[str, Tensor]:
        empty_cache(self.method.device)
        quarters = box.quarters(self.method.alignment_px)
        if len(quarters) == 1:
            raise self._no_room(box)
        whole: dict[str, Tensor] = {}
        for quarter in quarters:
            for key, image in self._painted(quarter, keys).items():
                try:
                    self._put(whole, key, image, quarter, box)
                except (RuntimeError, MemoryError) as error:
                    if not is_out_of_memory(error):
                        raise
                    raise self._no_room(box) from None
        return whole

    @staticmethod
    def _put(whole: dict[str, Tensor], key: str, image: Tensor, quarter: Box, box: Box) -> None:
        rows, columns = quarter.within(box)
        if key not in whole:
            whole[key] = image.new_empty(image.shape[0], box.height, box.width)
        whole[key][:, rows, columns] = image

    def _no_room(self, box: Box) -> OutOfMemoryError:
        return OutOfMemoryError(
            f"{self.method.device} has too little memory even for {box.height} x {box.width} pixels. "
            "Close other programs that use it, or paint on the CPU."
        )
