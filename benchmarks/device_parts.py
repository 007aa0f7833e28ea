"""Figures of `benchmarks.device` that come before all others: whether a card computes what the processor does, and the
parts of a step that memory decides, beside the bytes that they need."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks import device_machine
from benchmarks.device_cases import Case, Sizes
from engine.box import Box
from engine.device import Device, choose
from engine.fields.artwork import Artwork
from engine.job import Job
from engine.method import method_class
from engine.nn.smoothing import smoothed
from engine.templates.atlas import Atlas, Templates
from engine.templates.mix_kernels import kernel_for
from engine.templates.mixture import mix

_STEPS = 3
_TEMPERATURE, _SMOOTHING_PX = 0.25, 1.5


def agreement(cases: Mapping[str, Case], device: Device, folder: Path) -> dict[str, Any]:
    """Small steps and a picture of every method, on the device and on the processor: how far they are apart."""
    began = time.perf_counter()
    terms_off, levels_off = dict[str, float](), dict[str, float]()
    for name, case in cases.items():
        job = _in_float32(case.job(folder))
        ours, theirs = (method_class(job.method)(job, place) for place in (choose("cpu").torch, device.torch))
        off = 0.0
        for step in range(_STEPS):
            wanted, found = ours.step(step), theirs.step(step)
            for term, value in wanted.items():
                off = max(off, abs(float(found[term]) - float(value)) / max(1.0, abs(float(value))))
            theirs.restore(ours.state())  # what was rounded otherwise is not carried on
        terms_off[name], levels_off[name] = off, _apart(ours, theirs)
    return {
        "figure": "agreement",
        "of": f"{len(cases)} methods, tiny",
        "terms_off": terms_off,
        "levels_off": levels_off,
        "seconds": time.perf_counter() - began,
    }


def _in_float32(job: Job) -> Job:
    if not hasattr(job.settings, "precision"):
        return job
    return job.model_copy(update={"settings": job.settings.with_values({"precision": "float32"})})


def _apart(ours: Any, theirs: Any) -> float:
    """Levels of 255 between two pictures of the same state, at most."""
    pictures: list[Tensor] = []
    for method in (ours, theirs):
        method.freeze_statistics()
        size = method.canvas_size
        with torch.no_grad():
            pictures.append(Artwork(method, size).at(Box(0, 0, size.height, size.width)).float().cpu())
    return float((pictures[0] - pictures[1]).abs().max()) * 255


def mixture(sizes: Sizes, device: Device, folder: Path) -> dict[str, Any]:
    """The mixture of a step there and back: by the kernel, by plain torch, and as its bytes need at least."""
    del folder
    batch, count, side = sizes.mixed
    logits, towards = _drawn((batch, count, side, side), device), _drawn((batch, 3, side, side), device)
    random = torch.Generator().manual_seed(0)
    images = [torch.randint(0, 256, (3, 800, 1200), dtype=torch.uint8, generator=random) for _ in range(2)]
    templates = Templates.drawn(Atlas(images, device.torch), count, [1.0, 1.0], "mirror", random)
    corners = torch.randint(0, 900, (2, batch), generator=random).to(device.torch)
    view = templates.view(corners[0], corners[1], side, side)

    def once(kernel: Any) -> Callable[[], object]:
        def work() -> None:
            given = logits.detach().requires_grad_()
            parts = mix(given, view, _TEMPERATURE, kernel)
            ((parts.collage * towards).sum() + parts.entropy + parts.variation + parts.usage.max()).backward()

        return work

    kernel = kernel_for(device.torch)
    return {
        "figure": "part",
        "of": f"mixture, {batch} x {count} x {side} x {side}",
        "by": "plain torch" if kernel is None else type(kernel).__name__,
        "part_s": device_machine.best_s(device, once(kernel)),
        "plain_s": device_machine.best_s(device, once(None)),
        "needed_bytes": 4 * 4 * logits.numel(),  # logits read, A written, A read, the gradient written
    }


def smoothing(sizes: Sizes, device: Device, folder: Path) -> dict[str, Any]:
    """*Keep pieces whole* of a step, there and back."""
    del folder
    batch, count, side = sizes.mixed
    planes, towards = (_drawn((batch, count, side, side), device) for _ in range(2))

    def work() -> None:
        given = planes.detach().requires_grad_()
        smoothed(given, _SMOOTHING_PX).backward(towards)

    return {
        "figure": "part",
        "of": f"smoothing, {batch} x {count} x {side} x {side}",
        "by": "as a step does it",
        "part_s": device_machine.best_s(device, work),
        "needed_bytes": 4 * 4 * planes.numel(),  # read and written each way
    }


def _drawn(shape: tuple[int, ...], device: Device) -> Tensor:
    """What is alike everywhere can be faster than anything real."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device.torch)
