"""Whether films pulse: `python -m benchmarks.film PICTURE`.

A film of the picture standing still, and one in which it slowly turns into its mirror image (40 % of the way), are
written in each format of the program and read again. What is told is the mean change of a value from one frame to the
next, in 8 bit levels, at key frames and elsewhere, and how far frames are from their pictures.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from PIL import Image

from engine.export.video import FRAMES_PER_S
from engine.export.video_formats import VIDEO_FORMATS
from engine.export.video_writing import write_video

_TURNED = 0.4


def told(pictures: Sequence[Path], film: Path) -> str:
    """Of a film of these pictures, in one line."""
    with av.open(str(film)) as container:
        frames = [(frame.key_frame, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    steps = [(key, _apart(before, after)) for (_, before), (key, after) in pairwise(frames)]
    keys = [step for key, step in steps if key]
    others = [step for key, step in steps if not key] or [0.0]
    off = [_apart(frame, _pixels(path)) for (_, frame), path in zip(frames, pictures, strict=True)]
    at_keys = f"{len(keys)} key frames {np.mean(keys):.2f}, " if keys else ""
    return (
        f"{at_keys}others {np.mean(others):.2f}, largest step {max(step for _, step in steps):.2f}; from the pictures "
        f"{min(off):.2f} to {max(off):.2f}; {film.stat().st_size / len(frames) / 1000:.1f} kB a frame"
    )


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())


def _pixels(path: Path) -> np.ndarray:
    """uint8 [h, w, 3], of even sides as films have them."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    return pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--frames", type=int, default=300, metavar="N", help="of each film; 300 unless given")
    given = parser.parse_args(arguments)
    picture = _pixels(given.picture).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        parts = {"still": [0.0], "slow": [_TURNED * number / (given.frames - 1) for number in range(given.frames)]}
        for name, turned in parts.items():
            paths = []
            for number, part in enumerate(turned):
                paths.append(place / f"{name}{number}.png")
                mixed = (1 - part) * picture + part * picture[:, ::-1]
                Image.fromarray(np.round(mixed).astype(np.uint8)).save(paths[-1])
            paths *= given.frames // len(paths)
            for kind in VIDEO_FORMATS:
                film = place / f"{name}{kind.suffix}"
                write_video(paths, film, FRAMES_PER_S)
                print(f"{name} {kind.title}: {told(paths, film)}", flush=True)


if __name__ == "__main__":
    main()
