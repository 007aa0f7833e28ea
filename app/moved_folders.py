"""Where things are that lay in a project's own folder, which was moved meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

from engine.job import Job, SourceImage


class MovedFolders:
    """The folders that a project had since it was opened."""

    def __init__(self) -> None:
        self._moves: list[tuple[Path, Path]] = []

    def forget(self) -> None:
        """Another project was opened."""
        self._moves.clear()

    def add(self, before: Path, now: Path) -> None:
        self._moves.append((before, now))

    def now_at(self, path: Path) -> Path:
        """Where something is that lay in the project's folder at any time since it was opened."""
        for before, now in self._moves:
            if path.is_relative_to(before):
                path = now / path.relative_to(before)
        return path

    def job(self, job: Job) -> Job:
        """The job with the images that lie in the project's own folder, as painted masks do, where they are now."""
        sources = {slot: tuple(self._image(image) for image in images) for slot, images in job.sources.items()}
        return job if sources == job.sources else job.model_copy(update={"sources": sources})

    def _image(self, image: SourceImage) -> SourceImage:
        path = self.now_at(Path(image.path))
        if str(path) == image.path or (not os.path.exists(path) and os.path.exists(image.path)):
            return image  # links and hidden files do not move along, see copying.py
        return image.model_copy(update={"path": str(path)})
