"""A method small enough for tests of what surrounds methods: it learns the mean colours of its images."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine import method as registry
from engine.box import Box, Margin, Size
from engine.declarations import Layer, Preset, Term
from engine.errors import BadProjectError, MissingSourcesError
from engine.images.read import read_image
from engine.job import Job, SourceImage
from engine.knobs import choice, count, number, share
from engine.method import Method, State
from engine.settings import Settings
from tests.engine.slots import SLOTS


class ToySettings(Settings):
    rate: float = share(0.1, "Rate", "How fast it learns.", live=True)
    weight: float = number(1.0, 0, 9, "Weight", "How much it learns.", live=True)
    colors: int = count(4, 1, 64, "Colours", "How many it learns.")
    kind: Literal["plain", "noisy"] = choice("noisy", ("Plain", "Noisy"), "Kind", "Whether it hesitates.")


class Toy(Method):
    """`trouble` maps a step to what happens instead of it: "nan", or an exception to raise; each happens once."""

    key = "toy"
    title = "Toy"
    paper = "none"
    Settings = ToySettings
    slots = SLOTS["toy"]
    layers = (Layer("result", "Result", "All of it."), Layer("mask", "Mask", "Its reds."))
    terms = (Term("distance", "Distance", "Loss"), Term("rare", "Rare", "Loss"))
    settings: ToySettings
    presets = (Preset("Few", "Two colours.", {"colors": 2}), Preset("Slow", "Learns slowly.", {"rate": 0.01}, "look"))
    trouble: ClassVar[dict[int, str | Exception]] = {}

    def __init__(self, job: Job, device: torch.device) -> None:
        assert isinstance(job.settings, ToySettings)
        self.settings = job.settings
        self.device, self.job = device, job
        self.warnings = []
        if not job.sources.get("style"):
            raise MissingSourcesError("Toy needs a style image. Drop one on Style.")
        pictures = [read_image(Path(image.path)) for image in job.sources["style"]]
        self.warnings += [note for picture in pictures for note in picture.notes]
        self.target = pictures[0].pixels.float().mean((1, 2)).to(device) / 255  # [3]
        generator = torch.Generator().manual_seed(job.seed)
        self.colors = torch.rand(self.settings.colors, 3, generator=generator).to(device)  # [K, 3]
        self.momentum = torch.zeros_like(self.colors)
        self.slow = 1.0

    @property
    def canvas_size(self) -> Size:
        return self.job.canvas_size or Size(70, 90)

    @property
    def alignment_px(self) -> int:
        return 16

    @property
    def halo(self) -> Margin:
        return Margin(16, 16, 16, 16)

    def step(self, step: int) -> dict[str, Tensor]:
        trouble = self.trouble.pop(step, None)
        if isinstance(trouble, Exception):
            raise trouble
        generator = torch.Generator().manual_seed(self.job.seed * 1_000_003 + step)
        noise = torch.rand(self.colors.shape, generator=generator).to(self.device) - 0.5
        difference = self.target - self.colors + (0.1 * noise if self.settings.kind == "noisy" else 0.0)
        self.momentum = 0.9 * self.momentum + difference * self.settings.rate * self.slow
        self.colors = self.colors + self.settings.weight * 0.1 * self.momentum
        if trouble == "nan":
            self.colors = self.colors * torch.nan
        self.steps_done += 1
        terms = {"distance": (self.target - self.colors).square().mean()}
        return terms | ({"rare": torch.full((), float(step), device=self.device)} if step % 2 else {})

    def paint(self, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        rows = torch.arange(box.top, box.bottom).clamp(0, canvas_size.height - 1)
        columns = torch.arange(box.left, box.right).clamp(0, canvas_size.width - 1)
        index = (rows[:, None] // 3 + columns[None] // 5) % len(self.colors)  # [h, w]
        shade = ((rows[:, None] * 7 + columns[None] * 13) % 29).float() / 29  # [h, w]
        result = self.colors[index].permute(2, 0, 1) * 0.5 + shade * 0.5  # [3, h, w]
        return {"result": result, "mask": result[:1].expand(3, -1, -1)}

    def patches(self) -> dict[str, Tensor]:
        if not self.momentum.any():
            return {}
        patch = self.colors.clamp(0, 1)[:, :, None, None].expand(-1, -1, 8, 10)  # [K, 3, 8, 10]
        return {"Colours": patch, "Reds": patch[:, :1].expand(-1, 3, -1, -1)}

    def still(self) -> Toy:
        return copy.copy(self)

    def state(self) -> State:
        return State({"colors": self.colors.cpu().clone(), "momentum": self.momentum.cpu().clone()}, {"s": self.slow})

    def restore(self, state: State, strict: bool = True) -> list[str]:
        fits = state.tensors.get("colors", torch.empty(0)).shape == self.colors.shape
        if not fits and strict:
            raise BadProjectError("The snapshot is of another number of colours.")
        if not fits:
            return ["colors", "momentum"]
        self.colors = state.tensors["colors"].to(self.device, copy=True)
        self.momentum = state.tensors["momentum"].to(self.device, copy=True)
        self.slow = state.plain["s"]
        return []

    def slow_down(self) -> str:
        self.slow *= 0.5
        return "The rate was halved."


METHOD = Toy


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts Toy into the registry, for one test."""
    monkeypatch.setitem(registry._MODULES, "toy", __name__)
    monkeypatch.setattr(Toy, "trouble", {})
    registry.method_class.cache_clear()


def picture(folder: Path, name: str = "style.png", color: tuple[int, int, int] = (200, 100, 50)) -> Path:
    """An image file of one colour, 24 x 20 px."""
    path = folder / name
    Image.fromarray(np.full((20, 24, 3), color, np.uint8)).save(path)
    return path


def job(folder: Path, **changes: object) -> Job:
    source = SourceImage(path=str(picture(folder)))
    values = {"settings": ToySettings(), "sources": {"style": (source,)}} | changes
    return Job(method="toy", **values)  # type: ignore[arg-type]
