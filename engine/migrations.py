"""What became of project.json and snapshot.json from one version of their format to the next.

Each migration is a pure function from the plain JSON values of a job to those of the next format. A new format is one
more function at the end of `JOB`, and a file of the format before it in tests/data.
Settings that were renamed are not here: `Settings.former_names` has them beside the settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Stored = dict[str, Any]
Migration = Callable[[Stored], Stored]


def _name_the_method(job: Stored) -> Stored:
    """1 to 2: a job that named no method was of FAMOS; images in the project are stored by their place in it."""
    sources = job.get("sources")
    if isinstance(sources, dict):
        sources = {slot: _each(images, _by_place) for slot, images in sources.items()}
        job = {**job, "sources": sources}
    return {"method": "famos", **job}


def _by_place(image: Stored) -> Stored:
    path, relative = image.get("path"), image.get("relative")
    if not isinstance(relative, str) or not isinstance(path, str):
        return image
    if is_windows_path(path):
        relative = relative.replace("\\", "/")
    if not relative or relative.startswith("/") or is_windows_path(relative) or ".." in relative.split("/"):
        return image
    return {**{key: value for key, value in image.items() if key != "relative"}, "path": relative}


_FORMER_DEFAULTS: dict[str, Stored] = {
    "famos": {
        "tone_matching": True,
        "settle_after_steps": 0,
        "balance_over": "patches",
        "foreign_weight": 0.0,
        "smoothing_px": 0.0,
    },
    "stylize": {"normalised_over": "style"},
    "magic": {
        "tone_matching": True,
        "smoothing_px": 0.0,
        "content_weight": 30.0,
        "settle_after_steps": 0,
        "set_size": 50,
        "generator_width": 48,
        "discriminator_width": 128,
        "depth": 5,
        "discriminator_depth": 6,
        "patch": 256,
        "batch": 6,
        "conditional": False,
        "start": "nothing",
    },
}
"""What format 1 meant by a setting that it did not name, where the present one means something else."""


_SECOND_DEFAULTS: dict[str, Stored] = {
    "famos": {"without_content": "chance"},
    "magic": {"kept_colors": 0.0, "image_balance_weight": 0.0},
    "texture": {"enlarging": "nearest"},
    "stylize": {"content_by": "tones", "enlarging": "nearest", "last_layer_rate": 1.0},
}
"""The same of format 2."""


def _keep_former_defaults(job: Stored) -> Stored:
    """1 to 2: a setting that is not named stays what it was; tones were matched exactly, or not at all."""
    method, settings = job.get("method"), job.get("settings", {})
    if not isinstance(method, str) or not isinstance(settings, dict):
        return job
    settings = {**_FORMER_DEFAULTS.get(method, {}), **settings}
    if method == "magic" and settings.get("norm") == "instance":
        settings.setdefault("refiner_norm", "layer")  # the choice of a norm did not reach the second network
    if method == "magic" and settings.get("placement") == "aligned":
        settings["placement"] = "middle"  # elements lay in the middle in their own sizes
    if method in ("texture", "stylize", "doodle_net") and settings.get("normalised_gradients") is True:
        settings.setdefault("gradient_length", settings.get("temperature", 1e-3))  # T did not act on them
    if isinstance(settings.get("tone_matching"), bool):
        settings["tone_matching"] = float(settings["tone_matching"])
    return {**job, "settings": settings}


def _first(job: Stored) -> Stored:
    return _keep_former_defaults(_name_the_method(job))


def _second(job: Stored) -> Stored:
    """2 to 3: a setting that is not named stays what it was."""
    method, settings = job.get("method"), job.get("settings", {})
    if not isinstance(method, str) or not isinstance(settings, dict):
        return job
    return {**job, "settings": {**_SECOND_DEFAULTS.get(method, {}), **settings}}


JOB: tuple[Migration, ...] = (_first, _second)
"""From format 1 to 2, from 2 to 3, ..."""
FORMAT = 1 + len(JOB)
"""What is written now, in project.json and in snapshot.json."""


def migrated(job: Stored, stored_format: int) -> Stored:
    """A job's values in the present format; those of a newer format stay as they are."""
    for step in JOB[max(0, stored_format - 1) :]:
        job = step(job)
    return job


def is_windows_path(path: str) -> bool:
    """Whether it begins with a drive or names a share: "C:\\\\images", "\\\\\\\\server\\\\images"."""
    return re.match(r"[A-Za-z]:[\\/]|\\\\", path) is not None


def _each(images: Any, change: Migration) -> Any:
    """A list with each dictionary in it changed; whatever else it may be, as it is."""
    if not isinstance(images, list):
        return images
    return [change(image) if isinstance(image, dict) else image for image in images]
