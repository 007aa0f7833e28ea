"""What MAGIC learns from before it knows the artist's images: palettes and contents, each made new by chance.

A scene is a palette (up to four pictures of one folder, at a scale and in colours of its own) and a content whose tones
are matched to it. Scenes come and go: each is drawn from (seed, number), so a resumed training sees the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadImageError, MissingSourcesError
from engine.images.read import read_image
from engine.images.sampling import corner, step_generator
from engine.images.sources import ContentField, Source, resampled
from engine.images.tone_matching import tone_matched
from engine.job import SourceImage
from engine.templates.atlas import Atlas
from engine.templates.sets import SetDraw, Sets

_HELD_PX = 1_000_000
"""Pixels of an image that are kept in memory; larger ones are scaled down when they are read."""
_PALETTE_PX = 400_000
"""Pixels of one picture of a palette: more would only take memory."""
_PICTURES = 4
"""Of one folder in a scene."""
_SCENES = 12
_STEPS_PER_SCENE = 4
"""So often the oldest scene is replaced."""


@dataclass(frozen=True)
class Scene:
    """pictures: uint8 [3, h, w] each, the palette. content: the same, tones matched to it."""

    pictures: list[Tensor]
    content: Tensor


class Scenes:
    """Those of a moment of the training, and what a step draws from them.

    Args:
        palettes: image files by palette, those of one palette belong together.
        contents: image files.
        patch: side of the patches, a multiple of the network's alignment.
        warnings: a sentence for each file that can not be read joins them; it is left out.

    Raises:
        MissingSourcesError: no palette, or no content, can be read.
    """

    def __init__(
        self,
        palettes: Sequence[Sequence[Path]],
        contents: Sequence[Path],
        patch: int,
        seed: int,
        device: torch.device,
        warnings: list[str],
    ) -> None:
        self._patch, self._seed, self._device = patch, seed, device
        self._palettes = [images for files in palettes if (images := _read(files, warnings))]
        self._contents = _read(contents, warnings)
        for what, found in (("palette", self._palettes), ("content", self._contents)):
            if not found:
                raise MissingSourcesError(f"No image could be read as a {what}. {' '.join(warnings)}".strip())
        self._scenes: dict[int, Scene] = {}

    def at(self, step: int) -> SceneBatchDraw:
        """What the step draws from: the scenes of its moment, the oldest of them replaced now and then."""
        newest = _SCENES + step // _STEPS_PER_SCENE
        numbers = range(newest - _SCENES, newest)
        if list(self._scenes) != list(numbers):
            self._scenes = {number: self._scenes.get(number) or self._drawn(number) for number in numbers}
            self._draw = SceneBatchDraw(list(self._scenes.values()), self._patch, self._device)
        return self._draw

    def _drawn(self, number: int) -> Scene:
        random = step_generator(self._seed + 0x5CE7E, number)
        folder = self._palettes[int(torch.randint(len(self._palettes), (), generator=random))]
        chosen = torch.randperm(len(folder), generator=random)[:_PICTURES].tolist()
        shortest = _between(random, 1.5 * self._patch, 8 * self._patch)
        recolored = _recoloring(random)
        pictures = [recolored(_cut(_scaled(folder[index], shortest), _PALETTE_PX, random)) for index in chosen]
        content = self._contents[int(torch.randint(len(self._contents), (), generator=random))]
        content = _varied(_scaled(content, _between(random, 1.3 * self._patch, 9 * self._patch)), random)
        styles = [Source(SourceImage(path=""), picture) for picture in pictures]
        tones = 0.5 if _chance(random, 0.6) else float(torch.rand((), generator=random))
        matched = tone_matched(Source(SourceImage(path=""), content), styles, tones)
        return Scene(pictures, matched.pixels)


class SceneBatchDraw:
    """Patches of some scenes: each with its content, a set of pieces and a real patch of the same palette."""

    def __init__(self, scenes: Sequence[Scene], patch: int, device: torch.device) -> None:
        self._scenes, self._patch, self._device = scenes, patch, device
        pictures = [picture for scene in scenes for picture in scene.pictures]
        self._atlas = Atlas(pictures, device)
        self._draws, self._firsts = [], []
        first = 0
        for scene in scenes:
            weights = [0.0] * len(pictures)
            weights[first : first + len(scene.pictures)] = [1.0] * len(scene.pictures)
            self._draws.append(SetDraw(self._atlas, weights, "mirror", "anywhere", Size(patch, patch)))
            self._firsts.append(first)
            first += len(scene.pictures)

    def chosen(self, count: int, random: torch.Generator) -> list[int]:
        """Different scenes, as far as there are so many."""
        return torch.randperm(len(self._scenes), generator=random)[:count].tolist()

    def draw(self, scene: int, count: int, guided: bool, random: torch.Generator) -> tuple[Tensor | None, Tensor, Sets]:
        """Content [1, 3, H, W] in -1..1, None where nothing guides; a real patch, the same; and a set of `count`."""
        zero = torch.zeros(1, dtype=torch.int64, device=self._device)
        sets = self._draws[scene].sets(count, zero, zero, random)
        content = self._content(scene, random)[None] if guided else None
        return content, self._style(scene, random)[None].contiguous(memory_format=torch.channels_last), sets

    def _style(self, index: int, random: torch.Generator) -> Tensor:
        scene, side = self._scenes[index], self._patch
        number = int(torch.randint(len(scene.pictures), (), generator=random))
        _, height, width = scene.pictures[number].shape
        place = corner(Size(height, width), side, random)
        flip = torch.rand(2, generator=random) < 0.5
        place = torch.where(flip, place - torch.tensor([height, width]), place).to(self._device)
        image = torch.tensor(self._firsts[index] + number, device=self._device)
        begins, columns = self._atlas.indices(image, place[0], place[1], flip.to(self._device), side, side, "mirror")
        return self._atlas.gather(begins, columns) / 127.5 - 1

    def _content(self, index: int, random: torch.Generator) -> Tensor:
        pixels = self._scenes[index].content
        size = Size(*pixels.shape[1:])
        top, left = corner(size, self._patch, random).tolist()
        return ContentField(pixels, size, self._device).at(Box(top, left, self._patch, self._patch)) * 2 - 1


# ------------------------------------------------------------ variation of images


def _read(files: Sequence[Path], warnings: list[str]) -> list[Tensor]:
    images = []
    for file in files:
        try:
            images.append(read_image(file, limit_px=_HELD_PX).pixels)
        except BadImageError as error:
            warnings.append(str(error))
    return images


def _between(random: torch.Generator, least: float, most: float) -> float:
    """Log-uniform."""
    return least * (most / least) ** float(torch.rand((), generator=random))


def _chance(random: torch.Generator, share: float) -> bool:
    return bool(torch.rand((), generator=random) < share)


def _scaled(pixels: Tensor, shortest_px: float) -> Tensor:
    """Never enlarged by more than half, which would only blur it."""
    return resampled(pixels, min(1.5, shortest_px / min(pixels.shape[1:])))


def _cut(pixels: Tensor, most_px: int, random: torch.Generator) -> Tensor:
    """A part of a picture that is too large, of its own shape."""
    _, height, width = pixels.shape
    part = math.sqrt(most_px / (height * width))
    if part >= 1:
        return pixels
    h, w = round(height * part), round(width * part)
    top, left = (
        int(torch.randint(room + 1, (), generator=random)) if room > 0 else 0 for room in (height - h, width - w)
    )
    return pixels[:, top : top + h, left : left + w]


def _varied(pixels: Tensor, random: torch.Generator) -> Tensor:
    """A content mirrored, sometimes turned, its light changed; at times its negative."""
    if _chance(random, 0.5):
        pixels = pixels.flip(2)
    if _chance(random, 0.15):
        pixels = pixels.transpose(1, 2)
    values = (pixels.float() / 255) ** _between(random, 0.6, 1.6)
    if _chance(random, 0.1):
        values = 1 - values
    return (values * 255).round().to(torch.uint8).contiguous()


def _recoloring(random: torch.Generator):
    """Other colours for all pictures of a palette alike; half of the palettes keep theirs."""
    kept = _chance(random, 0.5)
    order = torch.randperm(3, generator=random)
    gamma, saturation = _between(random, 0.6, 1.6), 0.2 + 1.2 * float(torch.rand((), generator=random))
    contrast, light = 0.5 + 0.7 * float(torch.rand((), generator=random)), float(torch.rand((), generator=random))
    negative = _chance(random, 0.1)

    def recolored(pixels: Tensor) -> Tensor:
        if kept:
            return pixels
        values = (pixels[order].float() / 255) ** gamma
        grey = values.mean(0, keepdim=True)
        values = grey + saturation * (values - grey)
        values = light + contrast * (values - light)  # towards a dark or a bright end, with less of a range
        values = 1 - values if negative else values
        return (values.clamp(0, 1) * 255).round().to(torch.uint8)

    return recolored
