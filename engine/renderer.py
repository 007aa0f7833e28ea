"""What paints a picture in boxes, and what it gives: each layer when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from engine.box import Box, Margin, Size

if TYPE_CHECKING:  # the window starts without torch
    import torch
    from torch import Tensor

PIECES_LAYER = "pieces"
"""Not shown: float32 [1, h, w], the index of the piece that has most of a place, in what methods that know it paint."""


class Sited(Protocol):
    """Where something is painted, and how its boxes have to lie: what `Renderer` says besides its pictures."""

    @property
    def device(self) -> torch.device: ...

    @property
    def alignment_px(self) -> int: ...

    @property
    def halo(self) -> Margin: ...


class Renderer(Sited, Protocol):
    """What `Artwork` paints with: a method as it was trained, or a `Method.renderer`. See there."""

    def paint(self, box: Box, canvas_size: Size) -> Mapping[str, Tensor]: ...


class RendererAround:
    """A renderer that paints by another one, or by a method: on its device, in boxes that lie as its do."""

    def __init__(self, around: Sited) -> None:
        self._around = around

    @property
    def device(self) -> torch.device:
        return self._around.device

    @property
    def alignment_px(self) -> int:
        return self._around.alignment_px

    @property
    def halo(self) -> Margin:
        return self._around.halo


class Layers(Mapping[str, "Tensor"]):
    """Pictures by layer, each made when it is asked for: most of the time only one of them is."""

    def __init__(self, makers: Mapping[str, Callable[[], Tensor]], pieces: Callable[[], Tensor] | None = None) -> None:
        """
        Args:
            pieces: makes `PIECES_LAYER`, which is given by its key but is no picture, and so not listed.
        """
        self._makers, self._pieces = makers, pieces

    def __getitem__(self, key: str) -> Tensor:
        if key == PIECES_LAYER and self._pieces is not None:
            return self._pieces()
        return self._makers[key]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
