"""What can be known of an export before its first tile: sentences, each with what could be done about it.

`findings` looks at the request, the disk and the images' headers and is quick; `measured` turns two painted tiles into
minutes. Carrying out is run.py's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.box import Size
from engine.errors import BadCanvasError, BadImageError, BadSettingError, NoRoomError
from engine.export import journal, learn_on
from engine.export.cropping import NOTICED_CUT, cut_share
from engine.export.format import LARGEST_SIDE, format_of, roomiest
from engine.export.print_sizes import Layout, pixels, print_scale
from engine.export.relink import missing_images, refuse_to_overwrite
from engine.export.tiles import check
from engine.export.transparency import opaque_everywhere
from engine.export.video_formats import check_video, is_video
from engine.images.read import image_size, may_be_transparent
from engine.job import Job, SourceImage
from engine.messages.exports import ExportRequest, Finding, Remedy
from engine.options import SRGB

ENCODED_BYTES_PER_S = 40e6
_SOFT_DPI = 150.0
_BLEED_MM = 3.0


@dataclass(frozen=True)
class Probe:
    """Two tiles, painted on the device that the export will use.

    Args:
        seconds_per_px: of the second one; the first warms up.
        split: the device's memory did not hold a tile at once.
        device: its title.
    """

    seconds_per_px: float
    split: bool
    device: str


def findings(
    request: ExportRequest, trained: Size, job: Job, capabilities: frozenset[str] = frozenset()
) -> list[Finding]:
    """All that is quick to know, what makes the export impossible first.

    Args:
        trained: the size that was trained for.
        capabilities: those of the method.
    """
    size = request.size or trained
    layout = Layout(size, request.bleed_px, request.encode_options)
    found = [*_impossible(request, layout, job), *_missing(job)]
    if not found:
        found += _begun(request)
    found += _paper(request)
    found += _transparency(request, job, capabilities)
    found += _film(request, size)
    if not missing_images(job) and max(size.height, size.width) <= LARGEST_SIDE:  # of others nothing is painted
        found += _detail(request, size, trained, job, capabilities)
    return found


def measured(probe: Probe, request: ExportRequest, size: Size) -> list[Finding]:
    """How long it will take, and whether memory is short."""
    layout = Layout(size, request.bleed_px, request.encode_options)
    area = layout.painted.height * layout.painted.width / (request.part[1] * max(1, len(request.devices)))
    seconds = area * probe.seconds_per_px + layout.file.area * 3 * (request.bits // 8) / ENCODED_BYTES_PER_S
    found = [Finding("time", "note", f"It will take {in_words(seconds)} on {probe.device}.")]
    if probe.split:
        found.append(
            Finding(
                "memory",
                "warning",
                f"{probe.device} has little memory left, so tiles are painted in smaller pieces. The picture is the "
                "same, but it takes longer.",
                (Remedy("Smaller tiles", {"tile_px": 256}),),
            )
        )
    return found


def in_words(seconds: float) -> str:
    """ "about 40 minutes", "about 3.5 hours"."""
    if seconds < 90:
        return "about a minute" if seconds > 20 else "a few seconds"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.1f} hours"


def best_originals(job: Job) -> float:
    """How many times as large a picture may be before its pieces have no more pixels in their files; at least 1."""
    factors = [1 / _working_scale(image, job) for image in job.sources.get("style", ())]
    return max(1.0, min(factors, default=1.0))


def _impossible(request: ExportRequest, layout: Layout, job: Job) -> Iterator[Finding]:
    out = request.out
    try:
        refuse_to_overwrite(out, job)
        if (request.frames is not None or request.sweep) and is_video(out):
            check_video(out, layout.file, request.encode_options.transparent)
            out = out.with_suffix(".png")
        check(out, layout.file, request.bits, request.encode_options, request.canvas_folder)
    except NoRoomError as error:
        remedies = [Remedy("Choose another folder", ask="folder")]
        remedies += [Remedy("8 bits", {"bits": 8})] if request.bits == 16 else []
        yield Finding("disk", "stop", str(error), tuple(remedies))
    except BadSettingError as error:
        yield Finding("format", "stop", str(error), tuple(_fitting(request, layout)))


def _fitting(request: ExportRequest, layout: Layout) -> Iterator[Remedy]:
    """Changes that help; each was tried."""
    tries = [
        Remedy("8 bits", {"bits": 8}),
        Remedy("Use sRGB", {"encode_options": replace(request.encode_options, profile=SRGB)}),
        Remedy("Opaque", {"encode_options": replace(request.encode_options, transparent=False)}),
        Remedy(f"Save as {roomiest().name}", {"out": request.out.with_suffix(roomiest().suffixes[0])}),
    ]
    if smaller := _largest(request, layout):
        tries.append(Remedy(f"{smaller.width:,} × {smaller.height:,} px", {"size": smaller}))
    for remedy in tries:
        changed = replace(request, **remedy.changes)
        fits = Layout(changed.size or layout.trim, changed.bleed_px, changed.encode_options)
        try:
            check(changed.out, fits.file, changed.bits, changed.encode_options, changed.canvas_folder)
        except (BadSettingError, NoRoomError):
            continue
        if changed != request:
            yield remedy
    if request.encode_options.converts:
        yield Remedy("Choose another profile", ask="profile")


def _largest(request: ExportRequest, layout: Layout) -> Size | None:
    """The picture in its own proportions, as large as the format takes it."""
    try:
        kind = format_of(request.out)
    except BadSettingError:
        return None
    border = layout.file.height - layout.trim.height
    factor = (kind.largest_side - border) / max(layout.trim.height, layout.trim.width, 1)
    if kind.largest_bytes:
        factor = min(factor, math.sqrt(kind.largest_bytes * 0.98 / (layout.file.area * 4 * request.bits // 8 + 1)))
    if not 0 < factor < 1:
        return None
    return Size(max(1, int(layout.trim.height * factor)), max(1, int(layout.trim.width * factor)))


def _missing(job: Job) -> Iterator[Finding]:
    missing = missing_images(job)
    if missing:
        names = ", ".join(path.name for path in missing[:3]) + (" ..." if len(missing) > 3 else "")
        yield Finding(
            "images",
            "stop",
            f"{len(missing)} of the images can not be found: {names}. The picture is made of them.",
            (Remedy("Find images", ask="images"),),
        )


def _begun(request: ExportRequest) -> Iterator[Finding]:
    if request.resume:
        return
    try:
        begun = journal.find(request.canvas_folder or journal.folder_for(request.out))
    except BadCanvasError:
        return
    if begun is not None and begun.done:
        yield Finding(
            "begun",
            "note",
            f"An earlier export to {request.out.name} was not ended; {begun.done / begun.total:.0%} of it is painted. "
            "Starting afresh gives that up.",
            (Remedy("Go on with it", {"resume": True}),),
        )


def _paper(request: ExportRequest) -> Iterator[Finding]:
    if request.encode_options.marks and not request.bleed_px:
        yield Finding(
            "bleed",
            "warning",
            "There are crop marks, but no bleed: where the cut is not exact, paper will show.",
            (Remedy("3 mm of bleed", {"bleed_px": pixels(_BLEED_MM, request.encode_options.dpi)}),),
        )


def _transparency(request: ExportRequest, job: Job, capabilities: frozenset[str]) -> Iterator[Finding]:
    """What can be had, or not, of the content's transparency."""
    wanted = request.encode_options.transparent
    contents = job.sources.get("content", ())
    if "transparent" not in capabilities or not contents or request.render_mode.frame or request.frames is not None:
        return
    path = Path(contents[0].path)
    other = {"encode_options": replace(request.encode_options, transparent=not wanted)}
    try:
        clear = may_be_transparent(path)
        holds = not is_video(request.out) and format_of(request.out).transparency
    except (BadImageError, BadSettingError):
        return
    if wanted and not clear:
        yield Finding("transparency", "warning", opaque_everywhere(path), (Remedy("Opaque", other),))
    elif clear and not wanted and holds:
        message = f"{path.name} is transparent in places. The picture is painted there, too."
        yield Finding("transparency", "note", message, (Remedy("Stay transparent there", other),))


def _film(request: ExportRequest, size: Size) -> Iterator[Finding]:
    """What of a film's frames is not painted, since the canvas has another shape."""
    if request.frames is None:
        return
    from engine.export.video import open_film  # brings what decodes videos along

    try:
        frame = open_film(request.frames).size()
    except BadImageError:  # told when it is painted
        return
    share = cut_share(size, frame) if size.area and frame.area else 0.0
    if share >= NOTICED_CUT:
        yield Finding(
            "film",
            "warning",
            f"The frames of {request.frames.name} have another shape than the canvas: {share:.0%} of each are cut "
            "away. With one of them as the content the canvas has their shape.",
        )


def _detail(
    request: ExportRequest, size: Size, trained: Size, job: Job, capabilities: frozenset[str]
) -> Iterator[Finding]:
    dpi, scale = request.encode_options.dpi, request.render_mode.originals or 1.0
    styles = job.sources.get("style", ())
    if styles:
        sharp = dpi * min(min(1.0, 1 / (_working_scale(image, job) * scale)) for image in styles)
        pieces = "read from the full-size images" if request.render_mode.originals else "as they were trained"
        message = f"The pieces are {pieces}, at {_dpi(sharp)}."
        remedies = []
        if "originals" in capabilities and not request.render_mode.originals and size != trained:
            mode = replace(request.render_mode, originals=print_scale(size, trained))
            remedies.append(Remedy("The same pieces", {"render_mode": mode}))
            texture = getattr(job.settings, "guidance", "") == "unguided"
            if getattr(job.settings, "crops", "") == "same" and not texture:
                if request.snapshot is None and learn_on.job_for(job, trained, size) is not None:
                    remedies.append(Remedy("Learn on for this size", ask="learn"))
                yield Finding(
                    "more_pieces",
                    "warning",
                    "This network has learned where pieces lie on its own canvas, and is less sure on another one. For "
                    "more pieces let it learn on for this size, or train it for Any picture.",
                    tuple(remedies),
                )
                remedies = []
        if request.render_mode.originals > (best := best_originals(job)):
            message += (
                f" From {round(trained.width * best):,} × {round(trained.height * best):,} px on they are enlarged."
            )
        yield Finding("style_detail", "warning" if sharp < _SOFT_DPI else "note", message, tuple(remedies))
    for image in job.sources.get("content", ())[:1]:
        try:
            given = image_size(Path(image.path))
        except BadImageError:
            continue
        step = min(given.height / size.height, given.width / size.width)
        if step < 1:
            yield Finding(
                "content_detail",
                "note",
                f"The content has {_dpi(dpi * step)} at this size; finer detail comes from the pieces alone.",
            )


def _dpi(value: float) -> str:
    return f"{value:.0f} DPI" if value >= 1 else "less than 1 DPI"


def _working_scale(image: SourceImage, job: Job) -> float:
    """Pixels of the training to one of the file."""
    return image.scale * float(getattr(job.settings, "style_scale", 1.0))
