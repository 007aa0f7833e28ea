"""`python -m benchmarks.render`: time and peak memory of a canvas that is painted tile by tile, weights untrained."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import common
from benchmarks.memory import PeakMemory, mebibytes
from engine.box import Size
from engine.export.tiles import export
from engine.methods.famos.method import Famos
from engine.preview.views import painter, tile_px


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures; times in seconds, memory in bytes. Raises TesseraError."""
    device = common.prepared(arguments)
    canvas = Size(arguments.height, arguments.width)
    tile = arguments.tile or tile_px(device.torch, on_screen=False)
    with common.workshop() as folder:
        job = common.job(arguments, folder, canvas_size=canvas)
        common.import_the_rest()
        memory = PeakMemory(device)
        idle = memory.now_bytes
        method = Famos(job, device.torch)
        if arguments.no_mix_kernel:
            method._mix_kernel = None
        built = memory.now_bytes
        memory.restart()
        out = None if arguments.discard else arguments.out or folder / "canvas.png"
        paint_s, encode_s = _paint(method, canvas, tile, out)
        peak = memory.peak_bytes
    return {
        "sizes": {name: getattr(job.settings, name) for name in ("templates", "generator_width")},
        **common.machine(device),
        "mix_kernel": method._mix_kernel is not None,
        "width": canvas.width,
        "height": canvas.height,
        "tile_px": tile,
        "file": None if out is None else out.suffix,
        "paint_s": paint_s,
        "encode_s": encode_s,
        "total_s": paint_s + encode_s,
        "megapixels_per_s": canvas.area / 1e6 / (paint_s + encode_s),
        "idle_bytes": idle,
        "built_bytes": built,
        "peak_bytes": peak,
        "peak_over_idle_bytes": peak - idle,
        "peak_over_built_bytes": peak - built,
    }


def _paint(method: Famos, canvas: Size, tile: int, out: Path | None) -> tuple[float, float]:
    """Seconds of painting (the first includes measuring the halo) and of encoding to `out`; None discards the tiles."""
    began = time.perf_counter()
    paint = painter(method, canvas, "result")
    tiles = canvas.box.tiles(tile)
    if out is None:
        for box in tiles:
            paint(box)
        common.wait(method.device)
        return time.perf_counter() - began, 0.0
    painted = 0.0
    for progress in export(paint, canvas, out, tile_px=tile):
        if not painted and progress.done == len(tiles):
            painted = time.perf_counter()
    return painted - began, time.perf_counter() - painted


def show(result: Mapping[str, Any]) -> str:
    title = (
        f"FAMOS canvas: {result['width']:,} x {result['height']:,} px, N {result['sizes']['templates']}, "
        f"ngf {result['sizes']['generator_width']}, tiles of {result['tile_px']} px, "
        f"{'compiled' if result['mix_kernel'] else 'plain'} mixture; {result['device']}, {result['threads']} threads"
    )
    return common.table(
        title,
        [
            ("painting", f"{result['paint_s']:.2f} s"),
            ("encoding", f"{result['encode_s']:.2f} s" if result["file"] else "discarded"),
            ("together", f"{result['total_s']:.2f} s"),
            ("speed", f"{result['megapixels_per_s']:.3f} megapixels/s"),
            ("peak memory of the process", mebibytes(result["peak_bytes"])),
            ("peak memory over idle", mebibytes(result["peak_over_idle_bytes"])),
        ],
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.render", description=__doc__)
    common.add_sizes(parser)
    common.add_common(parser)
    common.add_threads(parser)
    height, width = common.PEER_CANVAS
    parser.add_argument("--width", type=int, default=width, metavar="PX", help=f"{width} unless given")
    parser.add_argument("--height", type=int, default=height, metavar="PX", help=f"{height} unless given")
    parser.add_argument("--tile", type=int, metavar="PX", help="side of a tile; the device decides unless given")
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep the picture (.png, .tif)")
    parser.add_argument("--discard", action="store_true", help="paint only, to no file")
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
