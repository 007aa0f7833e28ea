"""Runs of a plan made from what the window shows: other seeds, contents, presets and methods. No widgets here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from app.document import Document
from engine.declarations import Slot
from engine.images.find import find_images
from engine.job import Job, SourceImage
from engine.method import method_class
from engine.method_choices import preset_values
from engine.plans.plan import Run, free_name
from engine.stop_rule import StopRule

LARGEST_SEED = 2**31 - 1


def present(document: Document, until: StopRule) -> Run:
    """The document as it is, from where its training stands."""
    return named([Run(_present_name(), document.job, until, goes_on=True)], ())[0]


def brought_up_to_date(document: Document, there: Iterable[Run]) -> list[Run]:
    """The runs with `present` as the document is now: it may have changed since they were gathered."""
    return [present(document, run.until) if run.goes_on and run.name == _present_name() else run for run in there]


def seeds(document: Document, there: Iterable[Run], count: int, until: StopRule) -> list[Run]:
    """The document with the next seeds that neither it nor a run has."""
    used = {document.job.seed, *(run.job.seed for run in there)}
    made: list[Run] = []
    seed = document.job.seed
    while len(made) < count:
        seed = (seed + 1) % LARGEST_SEED
        if seed not in used:
            job = document.job.model_copy(update={"seed": seed})
            made.append(Run(_tr("Seed {}").format(seed), job, until))
    return named(made, there)


def varied_slot(document: Document) -> Slot | None:
    """The place whose images are exchanged from run to run: that of the contents; None where a method has none."""
    return next((slot for slot in document.method.slots if slot.key == "content"), None)


def contents(document: Document, there: Iterable[Run], paths: Iterable[Path], until: StopRule) -> list[Run]:
    """The document with each of some images as its content, in the same size as they are."""
    slot = varied_slot(document)
    files, _problems = find_images(paths) if slot is not None else ([], [])
    made = []
    for file in files:
        assert slot is not None
        sources = {**document.job.sources, slot.key: (SourceImage(path=str(file.absolute())),)}
        made.append(Run(file.stem, document.job.model_copy(update={"sources": sources}), until))
    return named(made, there)


def preset(document: Document, there: Iterable[Run], name: str, until: StopRule) -> list[Run]:
    """The document with a preset laid over its settings. Raises BadSettingError."""
    settings = document.settings.with_values(preset_values(document.method, [name]))
    return named([Run(name, document.job.model_copy(update={"settings": settings}), until)], there)


def method(document: Document, there: Iterable[Run], key: str, until: StopRule) -> list[Run]:
    """The document by another method, with the settings that it has in this project, or its defaults."""
    return named([Run(method_class(key).title, document.job_by(key), until)], there)


def named(made: Iterable[Run], there: Iterable[Run]) -> list[Run]:
    """The runs under names that no other has."""
    taken = [run.name for run in there]
    result = []
    for run in made:
        name = free_name(run.name, taken)
        taken.append(name)
        result.append(Run(name, _trimmed(run.job), run.until, run.goes_on))
    return result


def _trimmed(job: Job) -> Job:
    """The job without images in places that its method does not have."""
    slots = {slot.key for slot in method_class(job.method).slots}
    return job.model_copy(update={"sources": {key: images for key, images in job.sources.items() if key in slots}})


def _present_name() -> str:
    return _tr("This one, from where it stands")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Away", text)
