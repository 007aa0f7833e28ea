"""The command line without a window: `tessera train`, `render`, `fetch`, `methods`, `devices`; also `python -m engine`.

Here arguments are read and errors become exit codes; the work is in cli/, imported once the arguments are read, since
torch takes seconds to load.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from engine.errors import TesseraError, UsageError

_LARGEST_SIDE = 300_000


def main(argv: list[str]) -> int:
    """Runs one command.

    Returns:
        0 when all went well (also after Ctrl-C, when the training was kept), 1 for a failure, 2 for bad arguments.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    try:
        return _command(arguments.command)(arguments)
    except UsageError as error:
        return _complain(str(error), 2)
    except TesseraError as error:
        return _complain(str(error), 1)
    except BrokenPipeError:  # nobody reads what is printed any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _complain("Stopped at once; nothing more was kept.", 1)
    except Exception as error:
        return _complain(f"Something unexpected went wrong ({type(error).__name__}: {error}). Please report it.", 1)


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    if name == "train":
        from engine.cli.train import run
    elif name == "render":
        from engine.cli.render import run
    elif name == "fetch":
        from engine.cli.fetch import run
    elif name == "methods":
        from engine.cli.listing import methods as run
    else:
        from engine.cli.listing import devices as run
    return run


def _complain(message: str, code: int) -> int:
    print(f"tessera: {message}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"tessera: {message.rstrip('.')}. See {self.prog} --help.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="tessera", description="Mosaics of your own images, without a window.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_train(commands)
    _add_render(commands)
    _add_fetch(commands)
    for name, help in (("methods", "list the methods, their settings and presets"), ("devices", "list the devices")):
        command = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _add_fetch(commands: argparse._SubParsersAction) -> None:
    text = "Fetches the weights of VGG-19 (575 MB) into the user's cache; what an earlier attempt has fetched is kept."
    fetch = commands.add_parser("fetch", help="fetch a network's weights", description=text, allow_abbrev=False)
    fetch.add_argument("--from", type=Path, metavar="FILE", dest="file", help="take them from this file instead")


def _add_train(commands: argparse._SubParsersAction) -> None:
    text = "Learns a mosaic of the style images that shows the first content image. Ctrl-C keeps a snapshot and ends."
    train = commands.add_parser("train", help="train without a window", description=text, allow_abbrev=False)
    add = train.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the project that is made")
    add("--style", type=Path, nargs="+", action="extend", metavar="PATH", help="images, or folders of images")
    add("--content", type=Path, nargs="+", action="extend", metavar="PATH", help="images; the first is the target")
    add("--style-mask", type=Path, nargs=1, metavar="PATH", help="for doodles: which part of the style lies where")
    add(
        "--mask",
        type=Path,
        nargs=1,
        metavar="PATH",
        dest="target_mask",
        help="for doodles: the same colours, where the parts shall lie",
    )
    add("--method", metavar="NAME", help="see `tessera methods`; famos unless named")
    add("--steps", type=_whole(1, 1_000_000_000), metavar="N", help="end at this step, those of a project included")
    add("--minutes", type=_positive, metavar="M", help="end after so many minutes of training")
    add(
        "--preset", action="append", default=[], metavar="NAME", help="values to start from; may be given several times"
    )
    add("--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", dest="assignments", help="settings")
    add("--canvas", type=_canvas, metavar="WIDTHxHEIGHT", help="in pixels; else the size of the first content image")
    add("--seed", type=_whole(0, 2**31 - 1), metavar="S", help="of weights, crops and noise; 7 unless given")
    add("--device", default="auto", metavar="D", help="see `tessera devices`; the fastest unless named")
    add("--resume", action="store_true", help="go on from the newest snapshot of the project in DIR")
    add("--json", action="store_true", help="print a JSON object per report, and one with the snapshot at the end")


def _add_render(commands: argparse._SubParsersAction) -> None:
    text = "Paints a picture of any size, tile by tile. What Ctrl-C or a crash leaves is gone on with by --resume."
    render = commands.add_parser("render", help="paint a picture to a file", description=text, allow_abbrev=False)
    add = render.add_argument
    add("project", type=Path, metavar="PROJECT_OR_SNAPSHOT", help="a project's folder or project.json, or a snapshot's")
    add("--out", type=Path, required=True, metavar="FILE", help=".png, .tif, .jpg, .webp, .psd or .dzi (Deep Zoom)")
    _add_size(render)
    _add_painting(render)
    _add_finish(render)
    _add_sharing(render)
    add("--json", action="store_true", help="print a JSON object per report, and one with the file at the end")


def _add_size(render: argparse.ArgumentParser) -> None:
    group = render.add_argument_group("size; that of the training unless given")
    side = group.add_mutually_exclusive_group()
    side.add_argument("--width", type=_whole(16, _LARGEST_SIDE), metavar="W", help="in pixels; the height follows")
    side.add_argument("--height", type=_whole(16, _LARGEST_SIDE), metavar="H", help="in pixels; the width follows")
    side.add_argument("--size", metavar="WIDTHxHEIGHT", help="60x90cm, 24x36in, 6000x9000, A1, A1 landscape")
    side.add_argument("--times", type=_positive, metavar="F", help="so many times the size of the training")
    group.add_argument("--dpi", type=_positive, default=300.0, metavar="D", help="pixels per inch; 300 unless given")
    group.add_argument("--bleed", default="0", metavar="LENGTH", help="more picture on each side, as in 3mm")
    group.add_argument("--marks", action="store_true", help="crop marks outside the bleed")


def _add_painting(render: argparse.ArgumentParser) -> None:
    add = render.add_argument_group("painting").add_argument
    add("--layer", default="result", metavar="NAME", help="result unless named; see `tessera methods`")
    add(
        "--from-originals",
        action="store_true",
        help="pieces are read from the full-size images, so that more pixels show more detail and not more pieces",
    )
    add("--repeat", action="store_true", help="a seamless repeat, for fabric and wallpaper")
    add("--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="live settings, as set_seed=3")
    add("--sweep", metavar="NAME=A:B:N", help="N numbered files along a live setting, as between=0:1:25")
    add("--frames", type=Path, metavar="PATH", help="a folder of images or a video in place of the content")
    add("--images", type=Path, nargs="+", default=[], metavar="DIR", help="where images are that were moved")
    add("--tile", type=_tile, metavar="T", help="side of a tile in pixels, a multiple of 16 from 64 to 8192")
    add("--resume", action="store_true", help="go on with what an earlier attempt has painted")
    add("--canvas", type=Path, metavar="DIR", help="keeps what is painted, to write other formats without painting")


def _add_finish(render: argparse.ArgumentParser) -> None:
    add = render.add_argument_group("file").add_argument
    add("--bits", type=int, choices=(8, 16), default=8, help="for each colour; 8 unless given")
    add("--profile", default="srgb", metavar="NAME", help="srgb, adobe-rgb, or an .icc file (RGB or CMYK)")
    add("--intent", choices=("relative", "perceptual"), default="relative", help="for colours that it does not have")
    add("--no-black-point", action="store_true", help="convert without black point compensation")
    add("--quality", type=_whole(1, 100), default=92, metavar="Q", help="of JPEG, WebP and Deep Zoom; 92 unless given")
    add("--compression", choices=("none", "lzw", "deflate"), default="deflate", help="of TIFF")
    add("--pyramid", action="store_true", help="a TIFF also holds smaller versions of itself")
    add("--no-provenance", action="store_true", help="leave settings, seeds and names of images out of the file")


def _add_sharing(render: argparse.ArgumentParser) -> None:
    add = render.add_argument_group("devices").add_argument
    add("--device", default="auto", metavar="D", help="see `tessera devices`; the fastest unless named")
    add("--devices", type=_devices, default=(), metavar="D,D", help="several share the tiles, as in cuda:0,cuda:1")
    add("--part", type=_part, default=(1, 1), metavar="K/N", help="paint the K-th of N parts on a shared disk")
    add("--assemble", action="store_true", help="write the file when all parts are painted")


def _whole(minimum: int, maximum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = minimum - 1
        if not minimum <= number <= maximum:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {minimum} to {maximum}")
        return number

    return parse


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _tile(text: str) -> int:
    if not (text.isdecimal() and 64 <= int(text) <= 8192 and int(text) % 16 == 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a multiple of 16 from 64 to 8192")
    return int(text)


def _devices(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(","))
    if not all(keys):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of devices, as in cuda:0,cuda:1")
    return keys


def _part(text: str) -> tuple[int, int]:
    k, _, n = text.partition("/")
    if not (k.isdecimal() and n.isdecimal() and 1 <= int(k) <= int(n) <= 10_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not K/N, as in 2/5 for the second of five parts")
    return int(k), int(n)


def _canvas(text: str) -> tuple[int, int]:
    """(height, width), as `Job.canvas` has it."""
    width, _, height = text.lower().partition("x")
    if not all(side.isdecimal() and 64 <= int(side) <= _LARGEST_SIDE for side in (width, height)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not WIDTHxHEIGHT with sides from 64 to {_LARGEST_SIDE} pixels, as in 1200x800"
        )
    return int(height), int(width)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
