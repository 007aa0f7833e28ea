"""`tessera collage`: a print of some images at once, without a project, by the network that comes with the program."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.box import Size
from engine.cli.map_options import pieces_paths, with_maps
from engine.cli.named_images import images_of
from engine.cli.render import paint
from engine.cli.terminal import argument
from engine.errors import BadImageError, UsageError
from engine.export.video_formats import is_video
from engine.images.read import image_size
from engine.job import DEFAULT_METHOD, Job, SourceImage
from engine.method import method_class
from engine.method_choices import preset_values
from engine.settings import parse_assignments


def run(arguments: Namespace) -> int:
    """Paints it to a file; returns 0.

    Raises:
        UsageError: an argument names something that is not there.
        TesseraError: it failed; one sentence.
    """
    method = method_class(DEFAULT_METHOD)
    film = [path for path in arguments.content if is_video(path)]
    styles = images_of("--style", arguments.style) if arguments.style else []
    styles += [path for path in pieces_paths(arguments) if path not in styles]
    if not styles:
        raise UsageError("argument --style: name images to cut the pieces from.")
    pictures = [path for path in arguments.content if path not in film]
    contents = images_of("--content", pictures) if pictures else []
    sources = {"style": styles, "content": contents[:1]}
    sizes = {slot: found for slot, paths in sources.items() if (found := _sizes(paths))}
    with argument("--preset"):
        chosen = preset_values(method, arguments.preset)
    with argument("--set"):
        chosen |= parse_assignments(method.Settings, arguments.set)
    values: dict[str, Any] = method.fitting(sizes) | chosen
    if arguments.seed is not None:
        values["set_seed"] = arguments.seed
    settings = method.Settings.of(values)
    if not method.is_instant(settings):
        raise UsageError(
            "argument --set: the network that comes with Tessera is not there, or of other sizes than these settings "
            "ask for. Leave them out, or train with `tessera train`."
        )
    images = {slot: tuple(SourceImage(path=str(path.absolute())) for path in found) for slot, found in sources.items()}
    job = Job(method=method.key, settings=settings, sources=with_maps(images, method.key, arguments))
    arguments.set, arguments.style = [], []
    arguments.content = film or (contents if len(contents) > 1 else [])
    with tempfile.TemporaryDirectory() as folder:
        # one picture for all contents would fit the first of them alone
        free = method.fitted_by_picture.difference(chosen) if not arguments.content else frozenset()
        return paint(arguments, job, Path(folder), None, free)


def _sizes(paths: list[Path]) -> list[Size]:
    """Of those that can be read; the others are named when they are."""
    sizes = []
    for path in paths:
        with suppress(BadImageError):
            sizes.append(image_size(path))
    return sizes
