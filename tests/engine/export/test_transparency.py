"""Exports that stay transparent where their content is: what is in the file, and where it lies."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.export.canvas_file import CanvasFile
from engine.export.encoders import check_limits, encode
from engine.export.format import formats
from engine.export.preflight import findings
from engine.export.print_sizes import Layout
from engine.export.transparency import Opacity, opacity_of, opacity_of_print, opacity_on
from engine.export.video_formats import check_video
from engine.job import Job, SourceImage
from engine.messages.commands import Stop
from engine.messages.events import Failed, Warned
from engine.messages.exports import ALL_LAYERS, Exported, ExportRequest, Finding
from engine.method import Method, method_class
from engine.options import EncodeOptions, RenderMode
from engine.training.session import Session
from tests.engine import famos_jobs, magic_jobs

SIZE = Size(77, 101)
CLEAR = EncodeOptions(transparent=True)


def cut_out(path: Path, size: Size = SIZE) -> SourceImage:
    """A light disc with a soft edge, transparent around."""
    pixels = np.full((size.height, size.width, 4), 220, np.uint8)
    disc = np.zeros((size.height, size.width), np.uint8)
    cv2.circle(disc, (size.width // 2 - 4, size.height // 2 + 3), size.height // 3, 255, -1)
    pixels[..., 3] = cv2.GaussianBlur(disc, (0, 0), 2.0)
    Image.fromarray(pixels, "RGBA").save(path)
    return SourceImage(path=str(path))


def magic(folder: Path, settings: dict[str, Any] | None = None) -> Job:
    job = magic_jobs.job(folder, settings)
    return job.model_copy(update={"sources": {**job.sources, "content": (cut_out(folder / "c.png"),)}})


def made(job: Job) -> Method:
    return method_class(job.method)(job, torch.device("cpu"))


def plane_of(opacity: Opacity, box: Box) -> torch.Tensor:
    plane = opacity.plane()
    assert plane is not None
    return plane(box)


def opacity_in(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.mode == "RGBA"
        return np.asarray(image)[..., 3]


def exported(job: Job, folder: Path, request: ExportRequest) -> list[Any]:
    session = Session(job, folder / "p", device="cpu", paused=True)
    session.post(request)
    events = []
    for event in session.run():
        events.append(event)
        if isinstance(event, Exported | Failed):
            session.post(Stop(keep=False))
    return events


# ---------------------------------------------------------------- where it lies


@pytest.mark.parametrize("key", ["famos", "magic"])
@pytest.mark.parametrize("size", [SIZE, Size(130, 149)])
@pytest.mark.parametrize("repeat", [False, True])
def test_it_is_transparent_where_the_picture_is_free(key, size, repeat, tmp_path):
    job = {"famos": famos_jobs.job, "magic": magic_jobs.job}[key](tmp_path)
    method = made(job.model_copy(update={"sources": {**job.sources, "content": (cut_out(tmp_path / "c.png"),)}}))
    if repeat:
        step = method.alignment_px
        size = Size(size.height // step * step, size.width // step * step)
    mode = RenderMode(repeat=repeat)
    scene = method.renderer(mode)._scene_of(size) if repeat else method.scene(size)  # type: ignore[attr-defined]
    box = Box(-9, -5, size.height + 14, size.width + 12)
    found = plane_of(opacity_of(method, method._job, size, mode, None), box)  # type: ignore[attr-defined]
    assert (found - scene.fields.guided(box)).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("size", "scale", "crop"),
    [
        (Size(154, 202), 2.0, None),
        (Size(154, 120), 2.0, None),
        (Size(154, 120), 2.0, (0.5, 0.0)),
        (Size(100, 202), 2.0, (1.0, 0.5)),
        (Size(40, 50), 0.5, None),
    ],
)
def test_prints_show_as_much_of_it_as_of_the_picture(size, scale, crop, tmp_path):
    """The layer of the content, which is light where it is opaque, lies where the opacity does."""
    job = magic(tmp_path)
    found = plane_of(opacity_of(made(job), job, size, RenderMode(originals=scale), crop), size.box)[0]
    whole = opacity_in(tmp_path / "c.png") / 255
    zoom = cv2.resize(whole, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    beyond = np.array(zoom.shape) - (size.height, size.width)
    top, left = ((beyond / 2) if crop is None else beyond * crop).round().astype(int)
    expected = zoom[top : top + size.height, left : left + size.width]
    height, width = expected.shape
    assert np.abs(found[:height, :width].numpy() - expected).mean() < 0.01
    assert found.min() == 0
    assert found.max() > 0.999


@pytest.mark.parametrize("most_px", [10**9, 3000])
@pytest.mark.parametrize("crop", [None, (0.5, 0.0)])
@pytest.mark.parametrize("mode", [RenderMode(), RenderMode(originals=2.0), RenderMode(repeat=True)])
def test_a_print_that_is_looked_at_is_as_transparent_as_it_will_be(mode, crop, most_px, tmp_path):
    job, size = magic(tmp_path), Size(160, 128)
    method = made(job)
    expected = plane_of(opacity_of(method, job, size, mode, crop), size.box)[0].numpy()
    found = opacity_of_print(tmp_path / "c.png", method.canvas_size, size, mode, crop, most_px)
    assert found is not None
    assert found.numel() <= max(most_px, 1)
    small = cv2.resize(expected, tuple(found.shape[::-1]), interpolation=cv2.INTER_AREA)
    assert np.abs(found.numpy() - small).mean() < 0.02
    whole = Image.new("RGB", (40, 30))
    whole.save(tmp_path / "opaque.png")
    assert opacity_of_print(tmp_path / "opaque.png", method.canvas_size, size, mode, crop, most_px) is None


def test_crops_of_it_agree(tmp_path):
    job = magic(tmp_path)
    method, size = made(job), Size(160, 208)
    for mode in (RenderMode(), RenderMode(originals=2.1), RenderMode(repeat=True), RenderMode(True, 2.1)):
        plane = opacity_of(method, job, size, mode, None).plane()
        assert plane is not None
        whole = plane(size.box)
        for box in (Box(0, 0, 64, 64), Box(37, 51, 20, 30), Box(-8, 150, 30, 90)):
            inside = box.clip(size.box)
            rows, columns = inside.within(size.box)
            ours, theirs = inside.within(box)
            assert (plane(box)[:, ours, theirs] - whole[:, rows, columns]).abs().max() <= 1e-6


def test_what_is_shown_of_it_on_the_canvas_is_what_the_print_has(tmp_path):
    path, canvas = Path(cut_out(tmp_path / "c.png").path), Size(60, 90)  # of another shape than the content
    shown = opacity_on(path, canvas, canvas.area)
    assert shown is not None
    assert torch.equal(shown, plane_of(Opacity(path, canvas), canvas.box)[0])
    small = opacity_on(path, canvas, canvas.area // 9)
    assert small is not None
    assert small.shape == (20, 30)
    Image.new("RGB", (9, 9)).save(tmp_path / "opaque.png")
    assert opacity_on(tmp_path / "opaque.png", canvas, canvas.area) is None


def test_a_repeat_closes(tmp_path):
    job = magic(tmp_path)
    method, size = made(job), Size(160, 208)
    found = plane_of(opacity_of(method, job, size, RenderMode(repeat=True), None), Box(0, 0, 320, 416))
    assert (found[:, :160, :208] - found[:, 160:, 208:]).abs().max() < 1e-6


def test_a_frame_has_its_own_and_leaves_its_places_free(tmp_path):
    job = magic(tmp_path)
    method = made(job)
    frame = tmp_path / "frame.png"
    pixels = np.full((77, 101, 4), 255, np.uint8)
    pixels[:, :50, 3] = 0
    Image.fromarray(pixels, "RGBA").save(frame)
    mode = RenderMode(frame=str(frame))
    found = plane_of(opacity_of(method, job, SIZE, mode, None), SIZE.box)
    assert found[:, :, :49].max() == 0
    assert found[:, :, 52:].min() == 1
    fields = method.renderer(mode)._scene_of(SIZE).fields  # type: ignore[attr-defined]
    assert (fields.guided(SIZE.box) - found).abs().max() < 1e-5
    Image.new("RGB", (101, 77), (90, 90, 90)).save(frame)
    assert opacity_of(method, job, SIZE, mode, None).plane() is None
    assert method.renderer(mode)._scene_of(SIZE).fields.guided is None  # type: ignore[attr-defined]


# ---------------------------------------------------------------- what is in the file


@pytest.mark.parametrize("suffix", [".png", ".tif", ".psd", ".webp"])
def test_tiles_and_the_whole_are_equally_transparent(suffix, tmp_path):
    job = magic(tmp_path)
    for name, tile_px in (("whole", 512), ("tiled", 64)):
        request = ExportRequest(tmp_path / f"{name}{suffix}", Size(154, 202), tile_px=tile_px, encode_options=CLEAR)
        events = exported(job, tmp_path, request)
        assert any(isinstance(event, Exported) for event in events)
    whole, tiled = (opacity_in(tmp_path / f"{name}{suffix}") for name in ("whole", "tiled"))
    assert (whole == tiled).all()
    assert whole.shape == (154, 202)
    assert whole.min() == 0
    assert whole.max() == 255
    assert ((whole > 20) & (whole < 235)).any(), "its edge is soft"
    assert not list(tmp_path.glob("*.unfinished"))


def test_what_is_written_opaque_is_as_it_always_was(tmp_path):
    job = magic(tmp_path)
    exported(job, tmp_path, ExportRequest(tmp_path / "one.png", SIZE))
    exported(job, tmp_path, ExportRequest(tmp_path / "two.png", SIZE, encode_options=CLEAR))
    with Image.open(tmp_path / "one.png") as opaque, Image.open(tmp_path / "two.png") as clear:
        assert opaque.mode == "RGB"
        assert (np.asarray(clear)[..., :3] == np.asarray(opaque)).all(), "straight colours, painted everywhere"


def test_a_content_that_is_opaque_everywhere_is_named(tmp_path):
    job = magic_jobs.job(tmp_path)
    content = tmp_path / "c.png"
    pixels = np.full((77, 101, 4), 255, np.uint8)
    pixels[20:40, :, 1] = 90
    Image.fromarray(pixels, "RGBA").save(content)  # has a channel for it
    events = exported(job, tmp_path, ExportRequest(tmp_path / "one.png", SIZE, encode_options=CLEAR))
    assert [event.message for event in events if isinstance(event, Warned)] == [
        "c.png is opaque everywhere, so the picture is, too."
    ]
    with Image.open(tmp_path / "one.png") as image:
        assert image.mode == "RGB"
    request = ExportRequest(tmp_path / "two.png", SIZE, encode_options=CLEAR)
    assert not told_of(request, job)
    Image.fromarray(pixels[..., :3]).save(content)  # has none
    (found,) = told_of(request, job)
    assert "opaque everywhere" in found.message
    assert not found.remedies[0].applied(request).encode_options.transparent


def told_of(request: ExportRequest, job: Job) -> list[Finding]:
    found = findings(request, SIZE, job, frozenset(("transparent",)))
    return [finding for finding in found if finding.kind == "transparency"]


def test_transparency_is_offered_where_the_content_has_it(tmp_path):
    job, request = magic(tmp_path), ExportRequest(tmp_path / "one.png", SIZE)
    (found,) = told_of(request, job)
    assert found.message == "c.png is transparent in places. The picture is painted there, too."
    assert found.remedies[0].applied(request).encode_options.transparent
    assert not told_of(replace(request, out=tmp_path / "one.jpg"), job)
    assert not told_of(request, magic_jobs.job(tmp_path))


def canvas(folder: Path, bits: int, size: Size) -> CanvasFile:
    file = CanvasFile.create(folder / "canvas.tif", size, bits)
    file.put(size.box, torch.linspace(0, 1, size.width).expand(3, size.height, -1))
    return file


def ramp(box: Box) -> torch.Tensor:
    """More opaque downwards."""
    return (torch.arange(box.top, box.bottom) / 100).clamp(0, 1)[None, :, None].expand(1, -1, box.width)


@pytest.mark.parametrize(("profile", "bands"), [("srgb", 3), ("adobe-rgb", 3), ("cmyk", 4)])
def test_any_depth_and_profile_keeps_it(profile, bands, tmp_path):
    import pyvips
    import tifffile

    if profile == "cmyk":  # the one that libvips brings
        image = pyvips.Image.black(2, 2, bands=3).copy(interpretation="srgb").icc_transform("cmyk")
        profile = str(tmp_path / "press.icc")
        Path(profile).write_bytes(bytes(image.get("icc-profile-data")))  # type: ignore[arg-type]
    options = replace(CLEAR, profile=profile)
    file = canvas(tmp_path, 16, Size(101, 60))
    list(encode(file, tmp_path / "a.tif", encode_options=options, bits=16, opacity=ramp))
    pixels = tifffile.imread(tmp_path / "a.tif")
    assert pixels.shape == (101, 60, bands + 1)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert [int(extra) for extra in tiff.pages.first.extrasamples] == [2], "straight, not multiplied"  # type: ignore[union-attr]
    expected = np.round(np.arange(101) / 100 * 65535)
    assert (pixels[:, 7, bands] == expected).all()
    opaque = list(encode(file, tmp_path / "b.tif", encode_options=replace(options, transparent=False), bits=16))
    assert opaque
    assert (tifffile.imread(tmp_path / "b.tif") == pixels[..., :bands]).all()


@pytest.mark.parametrize("bits", [8, 16])
def test_a_photoshop_document_has_a_transparent_layer(bits, tmp_path):
    size = Size(101, 61)
    file = canvas(tmp_path, bits, size)
    list(encode(file, tmp_path / "a.psd", encode_options=CLEAR, bits=bits, opacity=ramp))
    data = (tmp_path / "a.psd").read_bytes()
    assert struct.unpack(">H", data[12:14]) == (4,)
    place = 26
    for _ in ("palette", "resources"):
        place += 4 + struct.unpack(">I", data[place : place + 4])[0]
    (length,) = struct.unpack(">I", data[place : place + 4])
    flat = place + 4 + length
    layers = place + 8
    if bits == 16:
        assert data[place + 12 : place + 20] == b"8BIMLr16"
        assert struct.unpack(">I", data[place + 20 : place + 24])[0] == length - 20
        layers = place + 24
    count, *box, channels = struct.unpack(">hiiiiH", data[layers : layers + 20])
    assert (count, box, channels) == (-1, [0, 0, 101, 61], 4)
    kinds = [struct.unpack(">hI", data[layers + 20 + 6 * index :][:6]) for index in range(4)]
    plane_bytes = 101 * 61 * bits // 8
    assert kinds == [(kind, plane_bytes + 2) for kind in (-1, 0, 1, 2)]
    kind = ">u1" if bits == 8 else ">u2"
    merged = np.frombuffer(data, kind, offset=flat + 2).reshape(4, 101, 61)
    about = layers + 44
    assert data[about : about + 8] == b"8BIMnorm"
    (more,) = struct.unpack(">I", data[about + 12 : about + 16])
    first = np.frombuffer(data, kind, 101 * 61, about + 16 + more + 2).reshape(101, 61)
    assert (first == merged[3]).all()
    assert (merged[3][:, 5] == np.round(np.arange(101) / 100 * (2**bits - 1))).all()


def test_a_margin_with_crop_marks_is_transparent_and_its_marks_are_not(tmp_path):
    options = replace(CLEAR, marks=True, dpi=60)
    file = canvas(tmp_path, 8, Size(101, 61))
    layout = Layout(Size(91, 51), 5, options)
    list(encode(file, tmp_path / "a.png", encode_options=options, layout=layout, opacity=ramp))
    opacity, margin = opacity_in(tmp_path / "a.png"), layout.margin_px
    assert opacity.shape == (layout.file.height, layout.file.width)
    assert opacity[0, 0] == 0
    for mark in layout.crop_marks():
        assert (opacity[mark.top : mark.bottom, mark.left : mark.right] == 255).all()
    bleed = opacity[margin:-margin, margin:-margin]
    assert (bleed[:, 3] == np.round((np.arange(-5, 96) / 100).clip(0, 1) * 255)).all()


def test_formats_that_hold_no_transparency_say_so(tmp_path):
    for kind in formats():
        out = tmp_path / f"a{kind.suffixes[0]}"
        if kind.transparency:
            check_limits(out, SIZE, 8, CLEAR)
            continue
        with pytest.raises(BadSettingError, match=r"holds no transparency. Choose PNG, TIFF, WebP or Photoshop"):
            check_limits(out, SIZE, 8, CLEAR)
    request = ExportRequest(tmp_path / "a.jpg", SIZE, encode_options=CLEAR)
    (stop,) = (finding for finding in findings(request, SIZE, magic(tmp_path)) if finding.severity == "stop")
    applied = [remedy.applied(request) for remedy in stop.remedies]
    assert [remedy.title for remedy in stop.remedies] == ["Opaque", "Save as TIFF"]
    assert not applied[0].encode_options.transparent
    assert applied[1].out.suffix == ".tif"


def test_videos_hold_none(tmp_path):
    with pytest.raises(BadSettingError, match="Choose numbered pictures"):
        check_video(tmp_path / "a.mp4", SIZE, transparent=True)


def test_without_a_content_nothing_is_free(tmp_path):
    job = magic(tmp_path)
    method = made(job)
    with pytest.raises(BadSettingError, match="Without a content"):
        opacity_of(method, job.model_copy(update={"sources": {}}), SIZE, RenderMode(), None)


def test_a_film_of_numbered_pictures_has_it_frame_by_frame(tmp_path):
    job = magic(tmp_path)
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(2):
        pixels = np.full((77, 101, 4), 200, np.uint8)
        pixels[:, : 40 + 20 * number, 3] = 0
        Image.fromarray(pixels, "RGBA").save(frames / f"{number}.png")
    exported(job, tmp_path, ExportRequest(tmp_path / "f.png", SIZE, frames=frames, encode_options=CLEAR))
    found = [opacity_in(path) for path in sorted(tmp_path.glob("f*.png"))]
    assert [int((each == 0).all(0).sum()) for each in found] == [40, 60]


def test_each_layer_of_a_tiff_has_it(tmp_path):
    import tifffile

    job, out = magic(tmp_path), tmp_path / "l.tif"
    exported(job, tmp_path, ExportRequest(out, SIZE, layer=ALL_LAYERS, encode_options=CLEAR))
    exported(job, tmp_path, ExportRequest(tmp_path / "one.png", SIZE, encode_options=CLEAR))
    expected = opacity_in(tmp_path / "one.png")
    with tifffile.TiffFile(out) as file:
        assert len(file.pages) == len(method_class("magic").layers)
        for page in file.pages:
            assert [int(extra) for extra in page.extrasamples] == [2]  # type: ignore[union-attr]
            assert (page.asarray()[..., 3] == expected).all()


def test_what_was_begun_before_there_was_transparency_can_be_gone_on_with():
    assert "transparent" not in EncodeOptions().stored()
    assert CLEAR.stored()["transparent"]
