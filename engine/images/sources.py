"""The artist's images inside the engine: read, scaled, and the content as a Field of any canvas size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from engine.box import Box, Size
from engine.device import uploaded_together
from engine.errors import BadImageError, MissingSourcesError
from engine.images.edges import lined_edges
from engine.images.read import image_size, read_image
from engine.job import SourceImage
from engine.tiling import tiled

_OPAQUE = 128
"""Of 255: from here on a pixel belongs to the picture."""
_CLEAR = 0.25
"""Opacity from which on a pixel's own colour is known."""
LIMIT_PX = 160_000_000
"""All images of one slot together; beyond it they are scaled down, so that memory stays bounded."""


@dataclass(frozen=True)
class Source:
    """An image ready for use: what the artist chose, and its pixels, uint8 [3, h, w], at working scale.

    opacity: uint8 [h, w], 0 where it is transparent; None where it is opaque everywhere.
    """

    image: SourceImage
    pixels: Tensor
    opacity: Tensor | None = None
    _elsewhere: dict[torch.device, Tensor] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def size(self) -> Size:
        return Size(*self.pixels.shape[1:])

    def smaller(self, reduction: int) -> Source:
        """The image that many times smaller."""
        pixels = resampled(self.pixels, 1 / reduction)
        opacity = None if self.opacity is None else resized(self.opacity[None], *pixels.shape[1:])[0]
        return Source(self.image, pixels, opacity)

    def pixels_on(self, device: torch.device) -> Tensor:
        """The pixels on a device, copied there once: every tile of a picture reads them."""
        if device not in self._elsewhere:
            self._elsewhere[device] = self.pixels.to(device)
        return self._elsewhere[device]


def load(
    images: Sequence[SourceImage], scale: float, slot: str, warnings: list[str], cut_out: bool = False
) -> list[Source]:
    """Reads the images of one slot; those that can not be read are named in `warnings` and left out.

    Args:
        scale: resamples all of them, besides each image's own scale.
        cut_out: transparent places are told by `Source.opacity`, and have the colours of what is around; else they are
            white.

    Raises:
        MissingSourcesError: none could be read.
    """
    sources = []
    for image in images:
        try:
            picture = read_image(Path(image.path), LIMIT_PX // max(len(images), 1), cut_out)
            if picture.opacity is not None and cut_out and not bool((picture.opacity >= _OPAQUE).any()):
                raise BadImageError(f"{image.path} is transparent everywhere, so there is nothing of it to be shown.")
        except BadImageError as error:
            warnings.append(str(error))
            continue
        warnings.extend(picture.notes)
        if picture.opacity is None and (edges := lined_edges(picture.pixels)):
            warnings.append(
                f"{Path(image.path).name} has a line along an edge ({', '.join(edges)}), as scans often have; the "
                "picture will show it. Crop the image to be without."
            )
        pixels = resampled(picture.pixels, scale * image.scale)
        opacity = picture.opacity if cut_out else None
        sources.append(Source(image, *cut_out_of(pixels, opacity)))
    if not sources:
        reasons = " ".join(warnings)
        raise MissingSourcesError(
            f"There is no usable {slot} image. {reasons or 'Drop one on ' + slot.capitalize() + '.'}"
        )
    return sources


def reread(sources: Sequence[Source], scale: float) -> tuple[list[Source], float]:
    """The images from their files again, and how many times as large as at working size.

    That is `scale`, or less where no file has so much detail, or all together would be too large to be held.

    Raises:
        BadImageError: one can not be read any more.
    """
    area = sum(source.size.area for source in sources)
    finest = max(image_size(Path(source.image.path)).height / source.size.height for source in sources)
    scale = max(1.0, min(scale, finest, math.sqrt(LIMIT_PX / area)))
    pictures = []
    for source in sources:
        picture = read_image(Path(source.image.path), limit_px=LIMIT_PX)
        # In the proportions of the working size, whose sides were rounded, so that tilings stay in step with it.
        pixels = resized(picture.pixels, round(scale * source.size.height), round(scale * source.size.width))
        opacity = None if source.opacity is None else picture.opacity
        pictures.append(Source(source.image, *cut_out_of(pixels, opacity)))
    return pictures, scale


def of_one_size(sources: Sequence[Source]) -> list[Source]:
    """Images that are alike, such as portraits, so that their parts meet: each scaled until it just covers the first.

    Images of the first one's size stay as they are. Proportions are kept; what an image is longer by lies at both ends.
    """
    first = sources[0].size
    fitted = []
    for source in sources:
        factor = max(first.height / source.size.height, first.width / source.size.width)
        height, width = round(source.size.height * factor), round(source.size.width * factor)
        opacity = None if source.opacity is None else resized(source.opacity[None], height, width)[0]
        fitted.append(Source(source.image, resized(source.pixels, height, width), opacity))
    return fitted


def cut_out_of(pixels: Tensor, opacity: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """A picture that lies on white without the white: its own colours, and how opaque it is at its size.

    Places that are nearly transparent have the mean colour of what is opaque: nothing of them is seen, but they are
    neighbours of what is.

    Args:
        pixels: uint8 [3, h, w].
        opacity: uint8 [H, W], of any size.
    """
    if opacity is None:
        return pixels, None
    opacity = resized(opacity[None], *pixels.shape[1:])[0]
    part = opacity.float() / 255
    own = (pixels.float() - 255 * (1 - part)) / part.clamp_min(1 / 255)
    solid = opacity >= _OPAQUE
    mean = pixels[:, solid].float().mean(1) if bool(solid.any()) else pixels.float().mean((1, 2))
    clear = (part / _CLEAR).clamp(0, 1)  # where there is less, rounding would be seen
    return (mean[:, None, None] * (1 - clear) + own * clear).round().clamp(0, 255).to(torch.uint8), opacity


def resampled(pixels: Tensor, factor: float, least_px: int = 8) -> Tensor:
    """uint8 [3, h, w] scaled by a factor, no side below `least_px`: area averages downwards, bicubic upwards."""
    _, h, w = pixels.shape
    factor = max(factor, least_px / min(h, w)) if factor < 1 else factor
    return resized(pixels, max(1, round(h * factor)), max(1, round(w * factor)))


def resized(pixels: Tensor, height: int, width: int) -> Tensor:
    """uint8 [C, h, w] as [C, height, width]: area averages downwards, bicubic upwards."""
    _, h, w = pixels.shape
    if (height, width) == (h, w):
        return pixels
    kind = cv2.INTER_AREA if height * width < h * w else cv2.INTER_CUBIC
    image = cv2.resize(np.ascontiguousarray(pixels.permute(1, 2, 0).numpy()), (width, height), interpolation=kind)
    image = image[..., None] if image.ndim == 2 else image  # of one band
    return torch.from_numpy(image).permute(2, 0, 1).contiguous()


class Taps(NamedTuple):
    """Which pixels of an image make each row and each column of a box: indices and weights [taps, h] and [taps, w]."""

    rows: Tensor
    row_weights: Tensor
    columns: Tensor
    column_weights: Tensor


class ContentField:
    """An image that covers a canvas (centred, its proportions kept) and continues mirrored beyond its edges.

    Args:
        pixels: uint8 [3, h, w], or float, 0..1.
        canvas_size: any size.
    """

    channels = 3

    def __init__(self, pixels: Tensor, canvas_size: Size, device: torch.device) -> None:
        self.pixels, self.canvas_size, self.device = pixels.to(device), canvas_size, device
        _, height, width = pixels.shape
        self.step = min(height / canvas_size.height, width / canvas_size.width)
        """Image pixels for each canvas pixel."""
        self._top = (height - canvas_size.height * self.step) / 2
        self._left = (width - canvas_size.width * self.step) / 2

    def at(self, box: Box) -> Tensor:
        """float32 [3, h, w], 0..1."""
        return self.sampled(Taps(*uploaded_together(self.taps(box), self.device)))

    def taps(self, box: Box) -> Taps:
        """What is read for a box, on the CPU; `sampled` takes it on the field's device, where many can go together."""
        rows = self._taps(box.top, box.height, self._top, self.pixels.shape[1])
        columns = self._taps(box.left, box.width, self._left, self.pixels.shape[2])
        return Taps(*rows, *columns)

    def sampled(self, taps: Taps) -> Tensor:
        """float32 [3, h, w], 0..1, of the box that `taps` were made for."""
        rows, row_weights, columns, column_weights = taps
        pixels = self.pixels
        if self.device.type == "cpu":  # where numbers can be read at once; lines need not be wider than the box
            first, last = int(columns.min()), int(columns.max()) + 1
            pixels, columns = pixels[:, :, first:last], columns - first
        # Tap by tap, always in the same order, so that a value does not depend on the box it is asked in.
        lines = sum(
            pixels[:, index].float() * weight[:, None] for index, weight in zip(rows, row_weights, strict=True)
        )  # [3, h, image width, or what of it is read]
        image = sum(lines[:, :, index] * weight for index, weight in zip(columns, column_weights, strict=True))  # type: ignore[index]
        return image if self.pixels.is_floating_point() else image / 255  # type: ignore[return-value]  # [3, h, w]

    def _taps(self, start: int, count: int, offset: float, length: int) -> tuple[Tensor, Tensor]:
        """Indices and weights [taps, count] of a triangle filter, as wide as the step where the image shrinks."""
        place = torch.arange(start, start + count, dtype=torch.float64)
        centre = (place + 0.5) * self.step + offset - 0.5
        if self.step == 1 and float(offset).is_integer():
            index = tiled(centre.round().long(), length, "mirror")
            return index[None], torch.ones(1, count)
        support = max(1.0, self.step)
        taps = math.ceil(2 * support) + 1
        index = (centre - support).ceil().long() + torch.arange(taps)[:, None]  # [taps, count]
        weight = (1 - (index - centre).abs() / support).clamp_min(0)
        weight = weight / weight.sum(0)
        return tiled(index, length, "mirror"), weight.float()


def coordinates(box: Box, canvas_size: Size, device: torch.device) -> Tensor:
    """psi of a box: (y, x) of pixel centres, scaled to [-1, 1] over the canvas; float32 [2, h, w]."""
    rows = (torch.arange(box.top, box.bottom, device=device) + 0.5) * (2 / canvas_size.height) - 1
    columns = (torch.arange(box.left, box.right, device=device) + 0.5) * (2 / canvas_size.width) - 1
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"))
