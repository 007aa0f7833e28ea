"""How the network that comes with the program learns: from many palettes and contents, for all weights of its loss.

MAGIC's generator sees its pieces and its content as inputs, so what it learns is how to choose, not what the images
are. Here each element of a batch has a palette (scenes.py), a set and weights of the loss of its own, and the network
is told the weights (conditions.py); docs/instant.md has the reasons and the figures.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from engine import losses
from engine.box import Size
from engine.images.contents import MatchedContents
from engine.images.sampling import step_generator
from engine.job import Job, SourceImage
from engine.methods.magic import pretrained
from engine.methods.magic.conditions import RANGES, conditions
from engine.methods.magic.method import Batch, Magic
from engine.methods.magic.scenes import Scenes
from engine.methods.magic.settings import MagicSettings
from engine.nn import training
from engine.nn.collage import Collage

SETTINGS: Mapping[str, Any] = {
    "start": "nothing",
    "conditional": True,
    "generator_width": 16,
    "discriminator_width": 32,
    "depth": 3,
    "discriminator_depth": 4,
    "patch": 96,
    "batch": 4,
    "average_decay": 0.999,
    "entropy_ramp_steps": 400,
    "collage_content_weight": 1.0,
    "kept_colors": 0.0,
}
"""The network that is shipped, and how it learns; the rest are MAGIC's defaults."""
_UNGUIDED_SHARE = 0.12
_SETS = (4, 50)
"""Least and most elements of a set; few are drawn as often as many, on a logarithmic scale."""
_STEEPEST = 40.0
"""A weight of the content above this lowers the whole loss instead, so that one step does not outweigh the others."""


class Pretraining(Magic):
    """MAGIC without images of its own: those of `job` are palettes by folder, and contents.

    Args:
        steps: the rates fall to a twentieth over so many, along a cosine.

    Raises:
        MissingSourcesError: there is no palette, or no content, that can be read.
    """

    def __init__(self, job: Job, device: torch.device, steps: int) -> None:
        assert isinstance(job.settings, MagicSettings)
        self._steps, self._begun = steps, job.settings
        super().__init__(job, device)

    def _read_images(self, job: Job) -> None:
        by_folder: dict[Path, list[Path]] = defaultdict(list)
        for image in job.sources.get("style", ()):
            by_folder[Path(image.path).parent].append(Path(image.path))
        contents = [Path(image.path) for image in job.sources.get("content", ())]
        self._styles, self._matched = [], MatchedContents([], [])
        self._canvas = Size(self.settings.patch, self.settings.patch)
        self._scenes = Scenes(
            list(by_folder.values()), contents, self.settings.patch, self.seed, self.device, self.warnings
        )

    def write(self, path: Path) -> None:
        """The network as the program reads it, see pretrained.py. Raises NoRoomError."""
        pretrained.write(path, SETTINGS, {"generator": self.average, "discriminator": self.discriminator})

    def step(self, step: int) -> dict[str, Tensor]:
        """One update by `batch` elements, each with a scene, a set and weights of its own."""
        random = step_generator(self.seed, step)
        base = self._begun.with_values(self._rates(step))
        draw, elements = self._scenes.at(step), []
        for scene in draw.chosen(self.plan.batch, random):
            self.settings = base.with_values(drawn_weights(random))
            batch = Batch(*draw.draw(scene, _count(random), self._guided, random))._replace(told=self._conditions())
            with self._precision():
                elements.append((self.settings, batch, self._generate(self.generator, batch)))
        joined = _Joined(
            torch.cat([batch.style for _, batch, _ in elements]), torch.cat([fake.result for *_, fake in elements])
        )
        self.settings = base
        turns: Any = self._turns(joined, random)  # type: ignore[arg-type]
        lazy, rate = step % base.r1_every_steps == 0, base.discriminator_rate * self._rate_factor
        terms = self._train_discriminator(turns, joined, lazy, rate)  # type: ignore[arg-type]
        sums: dict[str, Tensor] = {}
        training.descend(self.optimizer, self._parts(elements, sums), base.learning_rate * self._rate_factor)
        training.update_ema(self.average, self.generator, training.rising(base.average_decay, self.steps_done))
        self.steps_done += 1
        return {key: value.detach() for key, value in (terms | sums).items()}

    def _parts(self, elements: list[tuple[MagicSettings, Batch, Collage]], sums: dict[str, Tensor]) -> Iterator[Tensor]:
        """G's loss of one element after the other; the means of their terms join `sums`."""
        for settings, batch, fake in elements:
            self.settings = settings
            with training.frozen(self.discriminator), self._precision():
                scores = self.discriminator(fake.result).float()
            terms = {"generator": losses.generator_loss(settings.adversarial, scores)}
            terms |= self._generator_terms(batch, fake)
            for key, value in terms.items():
                sums[key] = sums.get(key, torch.zeros(())) + value.detach() / len(elements)
            yield self._loss(terms) / len(elements)

    def _rates(self, step: int) -> dict[str, float]:
        s, part = self._begun, min(1.0, step / max(1, self._steps))
        falling = 0.05 + 0.95 * (1 + math.cos(math.pi * part)) / 2
        return {"learning_rate": s.learning_rate * falling, "discriminator_rate": s.discriminator_rate * falling}

    @property
    def _guided(self) -> bool:
        return self.settings.guidance == "guided"

    def _conditions(self) -> Tensor:
        return torch.tensor(conditions(self.settings, self._guided), device=self.device)

    def _loss(self, terms: Mapping[str, Tensor]) -> Tensor:
        return super()._loss(terms) / max(1.0, self.settings.content_weight / _STEEPEST)


class _Joined(NamedTuple):
    """What the discriminator is shown of all elements: real patches and pictures, [B, 3, H, W] in -1..1 each."""

    style: Tensor
    result: Tensor


def _count(random: torch.Generator) -> int:
    """K of one element."""
    least, most = _SETS
    return round(least * (most / least) ** float(torch.rand((), generator=random)))


def begun(
    palettes: Sequence[Path], contents: Sequence[Path], seed: int, steps: int, device: torch.device
) -> Pretraining:
    """See `method.Pretrainer`. Raises MissingSourcesError."""
    sources = {"style": palettes, "content": contents}
    job = Job(
        method=Magic.key,
        settings=MagicSettings.of(SETTINGS),
        sources={
            slot: tuple(SourceImage(path=str(path.absolute())) for path in found) for slot, found in sources.items()
        },
        seed=seed,
    )
    return Pretraining(job, device, steps)


def drawn_weights(random: torch.Generator) -> dict[str, Any]:
    """Settings that act at once, drawn anew for a step over all that an artist may choose."""

    def log_uniform(least: float, most: float) -> float:
        return least * (most / least) ** float(torch.rand((), generator=random))

    values: dict[str, Any] = {name: log_uniform(*bounds) for name, bounds in RANGES.items()}
    ways = ("blur", "pool4", "pool8", "pool8", "pool16")
    values["correspondence"] = ways[int(torch.randint(len(ways), (), generator=random))]
    values["blur_px"] = log_uniform(0.6, 4.6)
    values["temperature"] = log_uniform(0.15, 0.5)
    values["repaint_bound"] = max(0.0, float(torch.rand((), generator=random)) * 0.75 - 0.15)
    if float(torch.rand((), generator=random)) < _UNGUIDED_SHARE:
        values |= {"guidance": "unguided", "largest_share_weight": 1.0}
    return values
