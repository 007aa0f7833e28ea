"""All layers of a picture as the pages of one TIFF, each with its name: GIMP and Krita open them as layers.

Each layer is painted as any picture is, to a file of its own; here they are joined, a row of tiles at a time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadSettingError, CancelledError
from engine.files import no_room, replacing
from engine.images.decode import vips
from engine.messages.exports import ALL_LAYERS, ExportRequest
from engine.options import EncodeOptions

TILE_PX = 256
_SUFFIXES = (".tif", ".tiff")
_CLASSIC_BYTES = 3_500_000_000
_PAGE_OF_SEVERAL, _PAGE_NAME, _XMP = 2, 285, 700
"""By the specification of TIFF 6.0: a value of NewSubfileType, and two tags; that of XMP is Adobe's."""


def check(request: ExportRequest) -> None:
    """Raises BadSettingError, one sentence: the request asks for layers where there can be none."""
    if request.layer != ALL_LAYERS:
        return
    if request.out.suffix.lower() not in _SUFFIXES:
        raise BadSettingError(f"{request.out.name} can not hold layers: the name has to end in .tif.")
    if request.frames or request.sweep or request.cluster or request.part != (1, 1) or request.assemble:
        raise BadSettingError(
            "Layers are painted one after another by one machine: choose one layer for films and parts."
        )
    if request.canvas_folder is not None:
        raise BadSettingError("Layers keep no canvas: choose one layer, or let no folder keep it.")
    if request.encode_options.pyramid:
        raise BadSettingError("A file with layers has no smaller versions inside: choose one of both.")


@contextmanager
def pages(folder: Path) -> Iterator[Path]:
    """A place in a folder of exports for the single layers, which is gone in the end. Raises NoRoomError."""
    place = folder / "layers"
    shutil.rmtree(place, ignore_errors=True)  # of an attempt that broke off
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise no_room(place, error) from error
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def join(
    layers: Sequence[tuple[str, Path]],
    out: Path,
    options: EncodeOptions,
    xmp: bytes | None,
    stop: Callable[[], bool],
) -> None:
    """Writes the pages, whole or not at all.

    Args:
        layers: title and file of each, all of one size, the first one being what other programs show.
        xmp: metadata of all of them.

    Raises:
        CancelledError: `stop` said so.
        NoRoomError: the disk is full.
    """
    from tifffile import TiffWriter

    total = sum(path.stat().st_size for _title, path in layers)
    try:
        with replacing(out) as temporary, TiffWriter(temporary, bigtiff=total > _CLASSIC_BYTES) as file:
            for number, (title, path) in enumerate(layers):
                image = vips().Image.new_from_file(os.fsencode(path).decode(), access="sequential")
                tags: list[Any] = [(_PAGE_NAME, "s", 0, title, True)]
                if xmp is not None and number == 0:
                    tags.append((_XMP, "B", len(xmp), xmp, True))
                cmyk = image.interpretation == "cmyk"
                file.write(
                    _tiles(image, stop, out),
                    shape=(image.height, image.width, image.bands),
                    dtype=np.uint16 if image.format == "ushort" else np.uint8,
                    tile=(TILE_PX, TILE_PX),
                    photometric="separated" if cmyk else "rgb",
                    extrasamples=["unassalpha"] if image.bands == (5 if cmyk else 4) else None,
                    compression=None if options.compression == "none" else "zlib",
                    predictor=options.compression != "none",
                    subfiletype=_PAGE_OF_SEVERAL,
                    resolution=(options.dpi, options.dpi),
                    resolutionunit="INCH",
                    iccprofile=image.get("icc-profile-data") if "icc-profile-data" in image.get_fields() else None,
                    metadata=None,
                    extratags=tags,
                )
    except OSError as error:
        raise no_room(out, error) from error


def _tiles(image: Any, stop: Callable[[], bool], out: Path) -> Iterator[np.ndarray]:
    """Row after row, from the left; at the right and below filled up with zeros."""
    for top in range(0, image.height, TILE_PX):
        if stop():
            raise CancelledError(f"The export of {out.name} was stopped.")
        rows = image.crop(0, top, image.width, min(TILE_PX, image.height - top)).numpy()
        for left in range(0, image.width, TILE_PX):
            part = rows[:, left : left + TILE_PX]
            tile = np.zeros((TILE_PX, TILE_PX, image.bands), rows.dtype)
            tile[: part.shape[0], : part.shape[1]] = part
            yield tile
