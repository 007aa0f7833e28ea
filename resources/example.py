"""The example of the first start: four styles and a content picture, made by code and written once.

The pictures themselves are in textures.py and owl.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from engine.files import replacing

_VERSION = 1  # counts up when a picture changes, so that files of an older program are drawn again


def styles() -> dict[str, Callable[[], np.ndarray]]:
    """The style images by name; each call draws uint8 [H, W, 3], the same every time, in one or two seconds."""
    from resources import textures

    return {
        "tesserae": textures.tesserae,
        "brocade": textures.brocade,
        "marbled": textures.marbled,
        "feathers": textures.feathers,
    }


def contents() -> dict[str, Callable[[], np.ndarray]]:
    """The content picture by name, like `styles`."""
    from resources import owl

    return {"owl": owl.owl}


def write(folder: Path) -> tuple[list[Path], Path]:
    """The paths of the style images and of the content in `folder`; draws those that are not there yet.

    Raises:
        NoRoomError: the folder can not be written to.
    """
    style_paths = [_written(folder, name, draw) for name, draw in styles().items()]
    content_paths = [_written(folder, name, draw) for name, draw in contents().items()]
    return style_paths, content_paths[0]


def _written(folder: Path, name: str, draw: Callable[[], np.ndarray]) -> Path:
    path = folder / f"{name}-{_VERSION}.png"
    if not path.exists():
        encoded = cv2.imencode(".png", cv2.cvtColor(draw(), cv2.COLOR_RGB2BGR))[1]
        with replacing(path) as temporary:
            temporary.write_bytes(encoded.tobytes())
    return path
