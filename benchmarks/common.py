"""What the benchmarks share: arguments, images that are made here, the job asked for, and how results are printed."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine.device import Device, choose, prepare_thread
from engine.errors import BadSettingError, TesseraError, UsageError
from engine.images.decode import vips
from engine.images.find import find_images
from engine.job import Job, SourceImage
from engine.method import method_class
from engine.method_choices import preset_values
from engine.nn import training
from engine.settings import Settings, parse_assignments

PEER_SIZES: dict[str, Any] = {
    "templates": 80,
    "generator_width": 80,
    "discriminator_width": 80,
    "batch": 8,
    "patch": 160,
    "adversarial": "wgan_gp",
    "precision": "float32",
}
"""The sizes that the published code is compared at."""
PEER_CANVAS = (1760, 1184)
"""Height and width of the picture that it is compared at, in pixels."""
_STYLE_SIZES = ((800, 1700), (760, 1640), (840, 1500), (800, 1600))


def add_common(parser: argparse.ArgumentParser) -> None:
    """Images, settings and device."""
    add = parser.add_argument
    add("--style", type=Path, nargs="+", metavar="PATH", help="images or folders; four are made unless given")
    add("--content", type=Path, nargs="+", metavar="PATH", help="images or folders; one is made unless given")
    add(
        "--preset", action="append", default=[], metavar="NAME", help="values to start from; may be given several times"
    )
    add("--set", action="append", default=[], dest="assignments", metavar="NAME=VALUE", help="any other setting")
    add("--seed", type=int, default=7, metavar="S")
    add("--device", default="cpu", metavar="D", help="see `tessera devices`; cpu unless given")


def add_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=int, metavar="T", help="of the CPU; all cores unless given")


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """The sizes of the networks, each over the preset's, or else over the sizes of the comparison."""
    for option, name in (
        ("--templates", "templates"),
        ("--ngf", "generator_width"),
        ("--ndf", "discriminator_width"),
        ("--batch", "batch"),
        ("--patch", "patch"),
    ):
        parser.add_argument(option, type=int, dest=name, metavar="N", help=f"{PEER_SIZES[name]} unless given")
    parser.add_argument("--loss", dest="adversarial", metavar="NAME", help="wgan_gp, hinge, dcgan or lsgan")
    parser.add_argument("--precision", metavar="NAME", help="float32, bfloat16 or auto; float32 unless given")
    parser.add_argument("--no-mix-kernel", action="store_true", help="as where there is no C compiler")


def settings(arguments: argparse.Namespace) -> Settings:
    """FAMOS' settings: presets (or the comparison's sizes), then options, then --set.

    Raises:
        BadSettingError: one sentence.
    """
    famos = method_class("famos")
    values = preset_values(famos, arguments.preset) if arguments.preset else dict(PEER_SIZES)
    named = {name: getattr(arguments, name, None) for name in PEER_SIZES}
    values |= {name: value for name, value in named.items() if value is not None}
    values |= parse_assignments(famos.Settings, arguments.assignments)
    return famos.Settings.of(values)


def sources(arguments: argparse.Namespace, folder: Path) -> dict[str, tuple[SourceImage, ...]]:
    """The images given; those that are not are made in `folder`. Raises UsageError."""
    style = _given("style", arguments.style) or [
        made_picture(folder / f"style-{number}.png", *size, seed=number) for number, size in enumerate(_STYLE_SIZES)
    ]
    content = _given("content", arguments.content) or [made_picture(folder / "content.png", *PEER_CANVAS, seed=9)]
    return {
        slot: tuple(SourceImage(path=str(path.absolute())) for path in paths)
        for slot, paths in (("style", style), ("content", content))
    }


def job(arguments: argparse.Namespace, folder: Path, **changes: Any) -> Job:
    """What the arguments ask for. Raises BadSettingError, Usage."""
    given = sources(arguments, folder)
    return Job(method="famos", settings=settings(arguments), sources=given, seed=arguments.seed, **changes)


def _given(slot: str, paths: Sequence[Path] | None) -> list[Path]:
    if not paths:
        return []
    files, problems = find_images(list(paths))
    if not files:
        raise UsageError(f"argument --{slot}: {' '.join(problems)}")
    return files


def made_picture(path: Path, height: int, width: int, seed: int) -> Path:
    """Writes a picture of blobs and grain of several sizes, different everywhere; returns `path`."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    for side in (2, 8, 32, 128):
        coarse = random.random((-(-height // side), -(-width // side), 3), np.float32)
        resized = Image.fromarray((coarse * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
        picture += np.asarray(resized, np.float32) / 4
    Image.fromarray(picture.astype(np.uint8)).save(path, compress_level=1)
    return path


def prepared(arguments: argparse.Namespace) -> Device:
    """The device, with this thread ready for it. Raises BadSettingError."""
    device = choose(arguments.device)
    prepare_thread(device)
    if arguments.threads is not None:
        if arguments.threads < 1:
            raise BadSettingError(f"threads can not be {arguments.threads}; it is a whole number from 1.")
        torch.set_num_threads(arguments.threads)
    return device


def import_the_rest() -> None:
    """What torch and the image reader import at their first use, so that it counts as idle memory."""
    training.adam([torch.nn.Parameter(torch.zeros(1))], 1e-3)
    vips()


def wait(device: torch.device) -> None:
    """Until the device has done all that it was asked to, so that a clock can be read."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def machine(device: Device) -> dict[str, Any]:
    """What a figure depends on besides the code."""
    return {
        "device": device.title,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "system": platform.platform(),
    }


@contextmanager
def workshop() -> Iterator[Path]:
    """A folder for what the benchmark makes; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tessera-benchmark-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def table(title: str, rows: Iterable[tuple[str, ...]]) -> str:
    """Rows of cells in columns as wide as they need; the first column flush left, the others right."""
    rows = list(rows)
    columns = max(map(len, rows))
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(columns)]
    lines = [title]
    for row in rows:
        cells = [
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def main(
    parser: argparse.ArgumentParser,
    measure: Callable[[argparse.Namespace], dict[str, Any]],
    show: Callable[[Mapping[str, Any]], str],
    argv: Sequence[str] | None,
) -> int:
    """Reads the arguments, measures and prints: a table, or one JSON object. Exit status as that of `tessera`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    arguments = parser.parse_args(argv)
    try:
        result = measure(arguments)
    except TesseraError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError | BadSettingError) else 1
    print(json.dumps(result) if arguments.json else show(result))
    return 0
