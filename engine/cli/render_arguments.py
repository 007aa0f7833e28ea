"""What `tessera render` can be given; it is carried out by render.py. What depends on formats, these say themselves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from engine.cli.map_arguments import add_map_options
from engine.cli.shared_arguments import add_device, add_images, add_json, add_presets, add_settings, add_threads
from engine.cli.values import devices, part, positive, tile_px, whole
from engine.export.format import LARGEST_SIDE, formats, in_words, names
from engine.export.video_formats import VIDEO_FORMATS
from engine.options import ADOBE_RGB, SRGB, Compression, EncodeOptions, Intent


def add_render(render: argparse.ArgumentParser) -> None:
    """Declares them all."""
    add = render.add_argument
    add("project", type=Path, metavar="PROJECT_OR_SNAPSHOT", help="a project's folder or project.json, or a snapshot's")
    other_contents = "other images, a folder of them or a video, painted in place of the content by what was learned"
    add_images(render, "--content", other_contents)
    add_images(render, "--style", "other style images, for MAGIC")
    add("--images", type=Path, nargs="+", default=[], metavar="DIR", help="where images are that were moved")
    add_settings(render, "settings that need no training, as set_seed=3; `tessera methods METHOD` marks them")
    add_map_options(render)
    _add_picture(render)


def add_collage(collage: argparse.ArgumentParser) -> None:
    """Declares those of a picture that needs no project."""
    add_images(collage, "--style", "images, or folders of images: the pieces")
    add_images(collage, "--content", "what it shows; several, or a video, in turn")
    add_presets(collage, "Large pieces")
    add_settings(collage, "settings, as content_weight=60")
    collage.add_argument(
        "--seed",
        type=whole(1, 1_000_000),
        metavar="S",
        help="which set of pieces; each number is another collage; 1 unless given",
    )
    add_map_options(collage)
    _add_picture(collage)


def _add_picture(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="FILE", help=_endings())
    _add_size(parser)
    _add_painting(parser)
    _add_finish(parser)
    _add_sharing(parser)
    add("--report", type=Path, metavar="FILE", help="which image gave how many per cent of the area, .csv or .json")
    add_json(parser, "file")


def _add_size(render: argparse.ArgumentParser) -> None:
    group = render.add_argument_group("size; at least that of the content image unless given")
    side = group.add_mutually_exclusive_group()
    side.add_argument("--width", type=whole(16, LARGEST_SIDE), metavar="W", help="in pixels; the height follows")
    side.add_argument("--height", type=whole(16, LARGEST_SIDE), metavar="H", help="in pixels; the width follows")
    side.add_argument(
        "--size",
        metavar="WIDTHxHEIGHT",
        help="60x90cm, 24x36in, 6000x9000, or a paper: A1 lies as the picture does, else A1 landscape, A1 upright",
    )
    side.add_argument("--times", type=positive, metavar="F", help="so many times the size of the training")
    group.add_argument(
        "--dpi",
        type=positive,
        default=EncodeOptions.dpi,
        metavar="D",
        help=f"pixels per inch; {EncodeOptions.dpi:g} unless given",
    )
    group.add_argument(
        "--bleed",
        default="0",
        metavar="LENGTH",
        help="more picture on each side, as 3mm or 0.1in; pixels without a unit, none unless given",
    )
    group.add_argument("--marks", action="store_true", help="crop marks outside the bleed")


def _add_painting(render: argparse.ArgumentParser) -> None:
    painting = render.add_argument_group("painting")
    add = painting.add_argument
    add(
        "--layer",
        default="result",
        metavar="NAME",
        help="result unless named; see `tessera methods`; all: as the layers of one TIFF",
    )
    kind = painting.add_mutually_exclusive_group()
    kind.add_argument(
        "--more-pieces",
        action="store_true",
        help="a larger picture has more pieces of the same size, instead of the same picture with more detail",
    )
    kind.add_argument("--from-originals", action="store_true", help=argparse.SUPPRESS)  # what is done without it
    add(
        "--smooth-paint",
        action="store_true",
        help="what is painted is enlarged as it is, without the fine detail of the pieces beneath",
    )
    add("--repeat", action="store_true", help="a seamless repeat, for fabric and wallpaper")
    add(
        "--sweep",
        metavar="NAME=A:B:N",
        help="N numbered files, or a video's frames, along a live setting, as between=0:1:25",
    )
    add("--frames", type=Path, metavar="PATH", help="a folder of images or a video in place of the content")
    add(
        "--tile",
        type=tile_px,
        metavar="T",
        help="side of a tile in pixels, a multiple of 16 from 64 to 8192; as suits the device unless given",
    )
    add("--resume", action="store_true", help="go on with what an earlier attempt has painted")
    add("--canvas", type=Path, metavar="DIR", help="keeps what is painted, to write other formats without painting")


def _add_finish(render: argparse.ArgumentParser) -> None:
    add = render.add_argument_group("file").add_argument
    add("--bits", type=int, choices=(8, 16), default=8, help="for each colour; 8 unless given")
    add(
        "--profile",
        default=SRGB,
        metavar="NAME",
        help=f"{SRGB}, {ADOBE_RGB}, or an .icc file (RGB or CMYK); {SRGB} unless given",
    )
    add(
        "--intent",
        choices=get_args(Intent),
        default=EncodeOptions.intent,
        help=f"for colours that it does not have; {EncodeOptions.intent} unless given",
    )
    add("--no-black-point", action="store_true", help="convert without black point compensation")
    add(
        "--quality",
        type=whole(1, 100),
        default=EncodeOptions.quality,
        metavar="Q",
        help=f"of {_readers('quality')}; {EncodeOptions.quality} unless given",
    )
    add(
        "--compression",
        choices=get_args(Compression),
        default=EncodeOptions.compression,
        help=f"of {_readers('compression')}; {EncodeOptions.compression} unless given",
    )
    add("--pyramid", action="store_true", help=f"smaller versions of the picture inside {_readers('pyramid')}")
    add(
        "--transparent",
        action="store_true",
        help=f"where the content is transparent the file is too: {names(lambda kind: kind.transparency)}",
    )
    add("--no-provenance", action="store_true", help="leave settings, seeds and names of images out of the file")


def _add_sharing(render: argparse.ArgumentParser) -> None:
    group = render.add_argument_group("devices")
    add_threads(group)
    add_device(group)
    add = group.add_argument
    add("--devices", type=devices, default=(), metavar="D,D", help="several share the tiles, as in cuda:0,cuda:1")
    add(
        "--cluster",
        default="",
        metavar="ADDRESS",
        help="workers of a Dask scheduler share the tiles, as in tcp://render:8786; local: processes of this "
        "machine, one for each card or core",
    )
    add("--part", type=part, default=(1, 1), metavar="K/N", help="paint the K-th of N parts on a shared disk")
    add("--assemble", action="store_true", help="write the file when all parts are painted")


def _endings() -> str:
    """The endings that a picture's or a film's name may have, the first of each format."""
    pictures = in_words([kind.suffixes[0] for kind in formats()], "or")
    return f"{pictures}; of a film also {in_words([kind.suffix for kind in VIDEO_FORMATS], 'or')}"


def _readers(option: str) -> str:
    """The formats that read a field of `EncodeOptions`."""
    return names(lambda kind: option in kind.options)
