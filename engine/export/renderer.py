"""Painters of an export: a method that is asked for tiles, on a device that may be too small for them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from engine.box import Box
from engine.device import empty_cache
from engine.errors import BadSetting, MissingSources, OutOfMemory
from engine.fields.artwork import Artwork
from engine.job import Job
from engine.method import State


class PatientPainter:
    """Paints tiles; where the device's memory does not hold them, in quarters, and at last on the CPU.

    Args:
        artwork: what is painted.
        on_cpu: the same on the CPU; None where it is there already.
        say: is told, once each, that tiles are split, and that the CPU has taken over.
    """

    def __init__(self, artwork: Artwork, on_cpu: Callable[[], Artwork] | None, say: Callable[[str], None]) -> None:
        self._artwork, self._on_cpu, self._say = artwork, on_cpu, say
        self._said = False

    def __call__(self, box: Box) -> Tensor:
        """float32 [3, h, w], 0..1. Raises OutOfMemory: not even the CPU can."""
        picture = None
        try:
            picture = self._paint(box)
        except OutOfMemory:
            if self._on_cpu is None:
                raise
        if picture is None:  # outside the except block, so that the failed attempt's tensors are free
            device = self._artwork.method.device
            assert self._on_cpu is not None
            self._artwork, self._on_cpu = self._on_cpu(), None
            empty_cache(device)
            self._say(f"{device} has too little memory for this picture, so the rest is painted on the CPU, slowly.")
            picture = self._paint(box)
        if not self._said and self._artwork.too_large_px < math.inf:
            self._said = True
            self._say("There is little memory left, so tiles are painted in smaller pieces. The picture is the same.")
        return picture

    def _paint(self, box: Box) -> Tensor:
        with torch.no_grad():
            return self._artwork.at(box)


def mark_of(state: State) -> str:
    """A name for weights: the same for equal ones, another for any other."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    digest.update(str(state.plain.get("steps_done")).encode())
    return digest.hexdigest()


def mark_of_images(job: Job) -> dict[str, list[str]]:
    """A name for each image: its own, and one for what is in it. Folders do not matter, so that images may move.

    Raises:
        MissingSources: one is not there (any more).
    """
    return {slot: [_mark_of_file(Path(image.path)) for image in images] for slot, images in job.sources.items()}


def missing_images(job: Job) -> list[Path]:
    """Images of a job that are not where they were."""
    return [
        Path(image.path)
        for images in job.sources.values()
        for image in images
        if not image.path or not Path(image.path).is_file()
    ]


def with_images_from(job: Job, folders: list[Path]) -> Job:
    """The job with images that were moved found again by their names in other folders; those not found stay."""

    def found(path: str) -> str:
        if Path(path).is_file():
            return path
        return next((str(f / Path(path).name) for f in folders if (f / Path(path).name).is_file()), path)

    sources = {
        slot: tuple(image.model_copy(update={"path": found(image.path)}) for image in images)
        for slot, images in job.sources.items()
    }
    return job.model_copy(update={"sources": sources})


def refuse_to_overwrite(out: Path, job: Job) -> None:
    """Raises BadSetting: the file is one of the images that the picture is made of."""
    for images in job.sources.values():
        for image in images:
            if Path(image.path).exists() and out.exists() and out.samefile(image.path):
                raise BadSetting(f"{out} is one of the images that the picture is made of. Choose another name.")


def refuse_missing_images(job: Job) -> None:
    """A picture must not be painted with fewer images than it was learned from. Raises MissingSources."""
    missing = missing_images(job)
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise MissingSources(
            f"{missing[0]}{more} can not be found, and the picture is made of them. "
            "Put the images back, or say in which folder they are now."
        )


def _mark_of_file(path: Path) -> str:
    """Its name, size, and first and last 64 KB."""
    try:
        with path.open("rb") as file:
            length = file.seek(0, 2)
            file.seek(0)
            digest = hashlib.sha256(file.read(2**16))
            file.seek(max(0, length - 2**16))
            digest.update(file.read(2**16))
    except OSError as error:
        raise MissingSources(f"{path} could not be opened ({error.strerror}). Check that it is there.") from None
    return f"{path.name} {length} {digest.hexdigest()[:16]}"
