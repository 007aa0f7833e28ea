"""Images of a project that were moved: which are missing, and finding them again by their names. No torch here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from engine.declarations import Slot
from engine.errors import BadSettingError, MissingSourcesError
from engine.job import Job


def missing_images(job: Job) -> list[Path]:
    """Images of a job that are not where they were."""
    return [
        Path(image.path)
        for images in job.sources.values()
        for image in images
        if not image.path or not os.path.isfile(image.path)
    ]


def with_images_from(job: Job, folders: list[Path]) -> Job:
    """The job with images that were moved found again by their names in other folders; those not found stay."""

    def found(path: str) -> str:
        if os.path.isfile(path):
            return path
        return next((str(f / Path(path).name) for f in folders if os.path.isfile(f / Path(path).name)), path)

    sources = {
        slot: tuple(image.model_copy(update={"path": found(image.path)}) for image in images)
        for slot, images in job.sources.items()
    }
    return job.model_copy(update={"sources": sources})


def refuse_to_overwrite(out: Path, job: Job) -> None:
    """Raises BadSettingError: the file is one of the images that the picture is made of."""
    for images in job.sources.values():
        for image in images:
            if os.path.exists(image.path) and os.path.exists(out) and out.samefile(image.path):
                raise BadSettingError(f"{out} is one of the images that the picture is made of. Choose another name.")


def refuse_missing_images(job: Job, slots: Sequence[Slot] = ()) -> None:
    """A picture must not be painted with fewer images, or maps, than it was made with.

    Args:
        slots: of the method, which tell maps from images.

    Raises:
        MissingSourcesError: some are not where they were.
    """
    missing = missing_images(job)
    if not missing:
        return
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    maps = {slot.key: slot.option for slot in slots if slot.map}
    lost = [maps[key] for key, images in job.sources.items() if key in maps for i in images if Path(i.path) in missing]
    if len(lost) < len(missing):
        said = "and the picture is made of them. Put the images back, or say in which folder they are now."
    else:
        left_out = ", ".join(f"{option}=none" for option in lost)
        said = (
            "and the picture was directed by them. Put the maps back, say in which folder they are now, or take them "
            f"away ({left_out} on the command line)."
        )
    raise MissingSourcesError(f"{missing[0]}{more} can not be found, {said}")
