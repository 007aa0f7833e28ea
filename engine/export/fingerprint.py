"""Digests of weights and images: equal ones make equal pictures, so an export that was begun can be gone on with."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from engine.errors import MissingSourcesError
from engine.job import Job
from engine.method import State


def state_digest(state: State) -> str:
    """A name for weights: the same for equal ones, another for any other."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    digest.update(str(state.plain.get("steps_done")).encode())
    return digest.hexdigest()


def image_digests(job: Job) -> dict[str, list[str]]:
    """A name for each image: its own, and one for what is in it. Folders do not matter, so that images may move.

    Raises:
        MissingSourcesError: one is not there (any more).
    """
    return {slot: [_file_digest(Path(image.path)) for image in images] for slot, images in job.sources.items()}


def _file_digest(path: Path) -> str:
    """Its name, size, and first and last 64 KB."""
    try:
        with path.open("rb") as file:
            length = file.seek(0, 2)
            file.seek(0)
            digest = hashlib.sha256(file.read(2**16))
            file.seek(max(0, length - 2**16))
            digest.update(file.read(2**16))
    except OSError as error:
        raise MissingSourcesError(f"{path} could not be opened ({error.strerror}). Check that it is there.") from None
    return f"{path.name} {length} {digest.hexdigest()[:16]}"
