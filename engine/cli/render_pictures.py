"""Which pictures a `tessera render` makes: one, one for each step of a sweep, or one for each other content."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.box import Size
from engine.cli.named_images import images_of
from engine.cli.terminal import argument, say
from engine.errors import BadImageError, TesseraError, UsageError
from engine.export import journal, unfinished
from engine.export.cropping import NOTICED_CUT, cut_share
from engine.export.print_sizes import print_scale, proposed_size
from engine.export.sweep import live_values, numbered, sweep
from engine.export.video_formats import is_video
from engine.images.read import image_size
from engine.job import Job, SourceImage
from engine.method import Method
from engine.options import RenderMode


@dataclass(frozen=True)
class Picture:
    """A file to be painted.

    Args:
        values: live settings that it is painted with.
        content: an image that takes the place of the content; None for the one that was trained on.
    """

    out: Path
    values: dict[str, Any]
    content: Path | None = None


def pictures(arguments: Namespace, method: type[Method]) -> list[Picture]:
    """What is asked for, one after the other. Raises UsageError."""
    with argument("--set"):
        values = live_values(method.Settings, arguments.set)
    contents = _contents(arguments)
    if arguments.sweep is None:
        if len(contents) < 2:
            return [Picture(arguments.out, values, *contents)]
        out: Path = arguments.out
        return [Picture(out.with_name(f"{out.stem}-{path.stem}{out.suffix}"), values, path) for path in contents]
    together = arguments.frames or arguments.canvas or arguments.assemble or arguments.resume or arguments.content
    if together or arguments.part != (1, 1):
        raise UsageError(
            "argument --sweep: it does not go with --frames, --content, --canvas, --part, --assemble or --resume."
        )
    with argument("--sweep"):
        places = sweep(method.Settings, arguments.sweep)
    if is_video(arguments.out):  # painted as one
        return [Picture(arguments.out, values)]
    return [
        Picture(numbered(arguments.out, index, len(places)), values | place)
        for index, place in enumerate(places, start=1)
    ]


def _contents(arguments: Namespace) -> list[Path]:
    """Images in place of the content. Raises UsageError."""
    given: list[Path] = arguments.content
    if not given:
        return []
    if arguments.frames is not None:
        raise UsageError("argument --content: it does not go with --frames.")
    found = images_of("--content", given, strict=True)
    if len(found) > 1 and (arguments.canvas or arguments.assemble or arguments.part != (1, 1)):
        raise UsageError("argument --content: several images do not go with --canvas, --part or --assemble.")
    names = [path.stem for path in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"argument --content: two images are called {twice}. Rename one, so that both can be written.")
    return found


def as_film(arguments: Namespace) -> None:
    """A video as the other content is a film."""
    if len(arguments.content) == 1 and is_video(arguments.content[0]) and arguments.frames is None:
        arguments.frames, arguments.content = arguments.content[0], []


def with_styles(job: Job, styles: list[Path]) -> Job:
    """The job with other style images. Raises UsageError."""
    if not styles:
        return job
    found = images_of("--style", styles, strict=True)
    others = tuple(SourceImage(path=str(path.absolute())) for path in found)
    return job.model_copy(update={"sources": {**job.sources, "style": others}})


def first_size(trained: Size, job: Job, content: Path | None) -> Size:
    """The size where none is asked for: at least that of the content, in its file."""
    path = content or next((Path(image.path) for image in job.sources.get("content", ())), None)
    size = None
    if path is not None:
        with suppress(BadImageError):
            size = image_size(path)
    return proposed_size(trained, size)


def reads_originals(arguments: Namespace, method: type[Method]) -> bool:
    """Whether a larger picture has the same pieces; where nothing is said, one that was begun goes on as it was."""
    if "originals" not in method.capabilities or arguments.more_pieces:
        return False
    if arguments.resume and not arguments.from_originals:
        with suppress(TesseraError):
            begun = journal.find(arguments.canvas or journal.folder_for(arguments.out))
            if begun is not None:
                return unfinished.request_of(begun).render_mode.originals > 0
    return True


def render_mode(
    picture: Picture, repeat: bool, originals: bool, size: Size, trained: Size, smooth_paint: bool = False
) -> RenderMode:
    """
    Args:
        originals: larger and smaller pictures show the same pieces, read from the files.
        trained: the size of the canvas at the scale of the training.
    """
    scale = print_scale(size, trained) if originals and size != trained else 0.0
    frame = "" if picture.content is None else str(picture.content.absolute())
    return RenderMode(repeat, scale, frame, own_shape=bool(frame), smooth_paint=smooth_paint)


def say_what_is_cut(size: Size, trained: Size) -> None:
    """Tells on the terminal of a print of another shape than the picture, where it is noticed."""
    if (share := cut_share(size, trained)) >= NOTICED_CUT:
        say(f"The size has another shape than the picture, of which {share:.0%} are cut away. --width alone keeps all.")
