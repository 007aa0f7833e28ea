"""What a worker of a cluster paints: what its order says, by a network that is built once for all orders it fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.box import Box, Size
from engine.device import Device
from engine.export import cluster_tasks
from engine.export.cluster_tasks import Order, _Bench
from engine.export.cropping import cropped
from engine.export.fingerprint import image_digests, state_digest
from engine.job import Job
from engine.method import method_class
from engine.options import RenderMode
from tests.engine import famos_jobs

CPU, SIZE = torch.device("cpu"), Size(64, 64)
BOX = Box(0, 0, 64, 64)


def order_of(job: Job) -> Order:
    weights = state_digest(method_class(job.method)(job, CPU).state())
    return Order(job, None, weights, image_digests(job), SIZE, "result", RenderMode())


def here(job: Job) -> torch.Tensor:
    with torch.no_grad():
        return cropped(method_class(job.method)(job, CPU), SIZE, "result", RenderMode(), None).at(BOX)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """What was built, so far."""
    seen: list[Order] = []
    build = cluster_tasks._built

    def noted(order: Order, device: Device) -> Any:
        seen.append(order)
        return build(order, device)

    monkeypatch.setattr(cluster_tasks, "_built", noted)
    return seen


def test_live_settings_of_each_order_are_painted_by_one_network(tmp_path: Path, builds: list[Order]) -> None:
    """Frames along a setting, and prints one after another, differ in no more than these."""
    bench, job = _Bench(), famos_jobs.job(tmp_path)
    pictures = []
    for temperature in (0.1, 4.0):
        turned = job.model_copy(update={"settings": job.settings.with_values({"temperature": temperature})})
        pictures.append(bench.renderer(order_of(turned))(BOX))
        assert torch.allclose(pictures[-1], here(turned), atol=1e-4)
    assert not torch.allclose(*pictures, atol=1e-2)
    assert len(builds) == 1


def test_other_networks_and_images_are_built_anew(tmp_path: Path, builds: list[Order]) -> None:
    bench, job = _Bench(), famos_jobs.job(tmp_path)
    first = order_of(job)
    wider = job.model_copy(update={"settings": job.settings.with_values({"generator_width": 6})})
    for order in (first, replace(first, layer="content"), order_of(wider), first):
        bench.renderer(order)
    assert [order.job for order in builds] == [job, wider, job]
    famos_jobs.picture(Path(job.sources["content"][0].path), 70, 90, 5)
    changed = order_of(job)
    assert not changed.fits(first)
    bench.renderer(changed)
    assert len(builds) == 4


def test_workers_of_one_machine_take_turns_with_its_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would take the first one else: as many networks on one card as the machine has cores."""
    cards = [Device(key, key, 2**33) for key in ("cuda:0", "cuda:1")]
    processor = Device("cpu", "CPU", 2**33)
    monkeypatch.setattr(cluster_tasks, "available", lambda: [*cards, processor])
    assert [cluster_tasks.device_of(name).key for name in (0, 1, 2)] == ["cuda:0", "cuda:1", "cuda:0"]
    monkeypatch.setattr(cluster_tasks, "choose", lambda key: {"auto": cards[0]}[key])
    assert cluster_tasks.device_of("tcp://render:4711").key == "cuda:0"
    monkeypatch.setattr(cluster_tasks, "available", lambda: [processor])
    monkeypatch.setattr(cluster_tasks, "choose", lambda _: processor)
    assert cluster_tasks.device_of(3) == processor
