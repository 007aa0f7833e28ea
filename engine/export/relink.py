"""Images of a project that were moved: which are missing, and finding them again by their names. No torch here."""

from __future__ import annotations

from pathlib import Path

from engine.errors import BadSettingError, MissingSourcesError
from engine.job import Job


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
    """Raises BadSettingError: the file is one of the images that the picture is made of."""
    for images in job.sources.values():
        for image in images:
            if Path(image.path).exists() and out.exists() and out.samefile(image.path):
                raise BadSettingError(f"{out} is one of the images that the picture is made of. Choose another name.")


def refuse_missing_images(job: Job) -> None:
    """A picture must not be painted with fewer images than it was learned from. Raises MissingSourcesError."""
    missing = missing_images(job)
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise MissingSourcesError(
            f"{missing[0]}{more} can not be found, and the picture is made of them. "
            "Put the images back, or say in which folder they are now."
        )
