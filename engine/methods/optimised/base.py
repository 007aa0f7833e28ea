"""Methods whose unknowns are the pixels of a picture: one optimising core for neural_style and doodle.

A step is one iteration of the optimiser at the present size; sizes double from coarse to fine, each beginning with what
the one before has left. The knobs are in base_settings.py, the loss in style/objective.py, the moves in
style/optimizers.py.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Generic, TypeVar

import torch
from torch import Tensor

from engine.box import Box, Margin, Size
from engine.declarations import Layer, Term
from engine.errors import BadImageError, BadProjectError
from engine.images import sources
from engine.images.regions import fitted
from engine.images.sampling import step_generator
from engine.images.sources import ContentField, Source
from engine.job import Job
from engine.method import State
from engine.methods.optimised.base_settings import PixelSettings, comparison_of
from engine.methods.optimised.pictures import enlarged, luma, scattered, thumbnail
from engine.methods.stepped_base import SteppedMethod
from engine.methods.style_maps import StyleDirections, style_times, styled_share
from engine.nn import training
from engine.style.comparing import Comparison, at_sizes
from engine.style.networks import normalise_over, open_network
from engine.style.objective import LabelledImage, Objective, Weights
from engine.style.optimizers import Adam, Descent, Lbfgs

MOST_PX = 16_000_000
"""Larger canvases are painted from a picture of this size, so that memory stays bounded."""
_HISTORY_BYTES = 1 << 30

TERMS = (
    Term("style", "Style", "Style", "How far the picture's features are from those of the style."),
    Term("content", "Content features", "Content", "How far the network's layers are from those of the content."),
    Term("tones", "Content tones", "Tones", "How far light and dark are from where the content has them."),
    Term("variation", "Variation (TV)", "Grain", "How much neighbouring pixels differ."),
    Term("size", "Present size", "Size", "Height of the picture that is worked on, in pixels."),
)
RESULT = Layer("result", "Result", "The picture.")
CONTENT = Layer("content", "Content", "The content as it is compared with.")
CHANGE = Layer("change", "Change", "Where the picture differs from the content.")


SettingsT = TypeVar("SettingsT", bound=PixelSettings)


class PixelMethod(SteppedMethod[SettingsT], Generic[SettingsT]):
    """Base of both. A subclass reads its images, then calls `_prepare`."""

    terms = TERMS
    learns_the_picture = True
    _rate_title = "The step size is"

    def _prepare(
        self,
        job: Job,
        device: torch.device,
        styles: Sequence[Source],
        content: Source | None,
        canvas_size: Size,
        labels: tuple[Tensor, Tensor] | None = None,
        regions: int = 1,
        directions: StyleDirections | None = None,
    ) -> None:
        """Builds the network and the first picture.

        Args:
            canvas_size: of the finished picture.
            labels: uint8, regions of the (one) style [h, w], and of the picture [h, w], of any sizes.
            directions: the artist's maps, where there are no labels.

        Raises:
            MissingWeightsError, BadWeightsError: of the network.
            BadImageError: a picture is too small for it.
        """
        s = self.settings
        self.device, self.seed = device, job.seed
        self._styles, self._content, self._canvas = list(styles), content, canvas_size
        self._labels, self._regions = labels, regions
        self._directions = directions or StyleDirections()
        self.full = self._bounded(canvas_size)
        first = s.statistic == "gram" or s.optimizer == "lbfgs"
        network = open_network(
            s.network,
            statistic=s.statistic,
            random=torch.Generator().manual_seed(job.seed),
            device=device,
            filters=s.filters,
            levels=s.levels,
            fixed=first,
            pooling=s.pooling,
            padding=s.border,
            detail=s.detail,
        )
        network.hard_edges = self._hard_edges
        self.network = at_sizes(network, s.compared_sizes if s.network == "vgg19" else 1)
        self.statistic = replace(self._comparison, by_area=labels is None).statistic_of(self.network)
        self._check_sizes()
        if self.network.fixed:
            images = [*styles, content] if content is not None else styles
            normalise_over(self.network, [image.pixels for image in images], device)
        self._scale = self.scales - 1
        self._steps_here = 0
        self._loss_settings: PixelSettings | None = None
        self._descent = self._new_descent()
        self._objective = self._objective_here()
        self.picture = self._first_picture()

    # -------------------------------------------------------- sizes

    def _bounded(self, canvas_size: Size) -> Size:
        factor = min(1.0, (MOST_PX / canvas_size.area) ** 0.5)
        if factor < 1:
            size = Size(round(canvas_size.height * factor), round(canvas_size.width * factor))
            self.warnings.append(
                f"{canvas_size.width:,} × {canvas_size.height:,} px are too many to optimise; the picture is worked on "
                f"at {size.width:,} × {size.height:,} px and enlarged."
            )
            return size
        return canvas_size

    def size_at(self, scale: int) -> Size:
        """The size of the picture, halved `scale` times."""
        return Size(*(max(1, round(side / 2**scale)) for side in (self.full.height, self.full.width)))

    @property
    def scales(self) -> int:
        """How many sizes there are: as many as asked for, of those that the network can see."""
        least = max(self.network.least_px(self.statistic.layers), 16)
        fitting = [n for n in range(self.settings.scales) if self._shortest(n) >= least]
        return len(fitting) or 1

    def _shortest(self, scale: int) -> int:
        """The shortest side of the picture and the styles at a scale."""
        size = self.size_at(scale)
        sides = [size.height, size.width]
        for style in self._styles:
            sides += [round(side * self._style_factor(style, scale)) for side in (style.size.height, style.size.width)]
        return min(sides)

    def _style_factor(self, style: Source, scale: int) -> float:
        """As large as the picture, but not enlarged unless asked for."""
        same_area = (self.full.area / style.size.area) ** 0.5
        return self.settings.style_scale * style.image.scale * min(1.0, same_area) / 2**scale

    def _check_sizes(self) -> None:
        seen = [*self.statistic.layers]
        if self._content is not None and self.settings.content_by == "features":
            seen += self._comparison.content_layers_of(self.network)
        least = self.network.least_px(seen)
        named: list[tuple[str, tuple[int, ...]]] = [("The picture", (self.full.height, self.full.width))]
        for style in self._styles:
            factor = self._style_factor(style, 0)
            sides = tuple(max(1, round(side * factor)) for side in (style.size.height, style.size.width))
            named.append((f"{style.image.path}, at its working size,", sides))
        for name, (height, width) in named:
            if min(height, width) < least:
                raise BadImageError(
                    f"{name} is too small for this network: {width} × {height} px, and it needs {least} px a side. "
                    "Choose a larger image, raise Picture size or Style size, or choose fewer or shallower layers."
                )

    @property
    def _hard_edges(self) -> bool:
        """Of regions, see `Perceptual`."""
        return False

    # -------------------------------------------------------- the loss

    @property
    def _comparison(self) -> Comparison:
        return comparison_of(self.settings)

    def _weights(self) -> Weights:
        """Of the terms and of the layers within them, as the settings are now."""
        s, by_features = self.settings, self.settings.content_by == "features"
        return Weights(
            style=s.style_weight,
            content=s.content_weight if by_features else 0.0,
            tones=0.0 if by_features else s.content_weight,
            variation=s.variation_weight,
            style_layers=self._comparison.style_weights(self.statistic),
            content_layers=self._comparison.content_weights(self.network),
        )

    def _objective_here(self) -> Objective:
        size = self.size_at(self._scale)
        styles = []
        for style in self._styles:
            pixels = sources.resampled(style.pixels, self._style_factor(style, self._scale))
            labels = None if self._labels is None else fitted(self._labels[0], Size(*pixels.shape[1:])).to(self.device)
            image = pixels[None].to(self.device).float() / 255
            styles.append(LabelledImage(image, labels, style.image.weight))
        if not self.network.fixed:
            self.network.adapt([style.image for style in styles], torch.Generator().manual_seed(self.seed))
        found, regions, allowed = self._regions_of_picture()
        labels = None if found is None else fitted(found, size).to(self.device)
        powers = self._directions.powers(size, self.device)
        times = None if powers is None else style_times(powers(size.box))[None]
        content = None if self._content is None else self._content_at(size.box, size)[None]
        alignment_px = max(self.network.strides.values())
        tile_px = -(-self.settings.tile // alignment_px) * alignment_px
        return Objective(
            self.network,
            self.statistic,
            styles,
            labels,
            regions,
            content,
            self.settings.blur_px,
            tile_px,
            self._kept_shares(),
            allowed,
            times,
        )

    def _redirect(self, directions: StyleDirections) -> None:
        """Other maps, between two steps; the picture goes on, or begins anew where nothing was done yet."""
        self._directions = directions
        self._objective = self._objective_here()
        if isinstance(self._descent, Lbfgs):  # what it remembers is of another loss
            self._descent.reset()
        if not self.steps_done:
            self.picture = self._first_picture()

    def _regions_of_picture(self) -> tuple[Tensor | None, int, Tensor | None]:
        """Labels of the picture, uint8 [h, w] of any size, how many there are, and the styles of each by a map."""
        if self._labels is not None:
            return self._labels[1], self._regions, None
        if (regions := self._directions.regions) is not None:
            return regions.labels, regions.count, regions.allowed
        return None, 1, None

    def _kept_shares(self) -> dict[str, float]:
        """Of the gradient of style, by layer, from all of the shallowest to `kept_share` of the deepest; or none."""
        share, layers = self.settings.kept_share, self.statistic.layers
        if share == 1.0 or self._content is None:
            return {}
        return {layer: share ** (depth / max(1, len(layers) - 1)) for depth, layer in enumerate(layers)}

    def _content_at(self, box: Box, canvas_size: Size) -> Tensor:
        """The content as it is compared with, [3, h, w]; mid-grey where there is none."""
        if self._content is None:
            return torch.full((3, box.height, box.width), 0.5, device=self.device)
        content = ContentField(self._content.pixels_on(self.device), canvas_size, self.device).at(box)
        return luma(content).expand(3, -1, -1) if self.settings.colors == "luminance" else content

    # -------------------------------------------------------- the picture

    @abstractmethod
    def _start(self, noise: Tensor, content: Tensor | None) -> Tensor:
        """The first picture [1, 3, h, w], from the style's colours at random places and the content there."""

    def _first_picture(self) -> Tensor:
        random = torch.Generator().manual_seed(self.seed)
        noise = scattered(self._objective, self.size_at(self._scale), self._objective.regions, random)
        return self._start(noise.to(self.device), self._objective.content)

    def _new_descent(self) -> Descent:
        if self.settings.optimizer == "adam":
            return Adam()
        each = 2 * 3 * 4 * self.size_at(self._scale).area
        return Lbfgs(history=max(2, min(12, _HISTORY_BYTES // each)))

    # -------------------------------------------------------- a step

    def step(self, step: int) -> dict[str, Tensor]:
        s = self.settings
        self.half_done = False  # until something is known of the loss, which the optimiser remembers
        if self._scale and self._steps_here >= s.steps_per_scale:
            self._refine()
        if self._loss_settings is not s:  # what L-BFGS remembers is of another loss
            if isinstance(self._descent, Lbfgs) and self._loss_settings is not None:
                self._descent.reset()
            self._loss_settings = s
        if not self.network.fixed:
            self.network.refresh(step_generator(self.seed, step))
            self._objective.forget()
        weights = self._weights()
        terms: dict[str, Tensor] = {}

        def evaluate(picture: Tensor) -> tuple[Tensor, Tensor]:
            outcome = self._objective.evaluate(picture, weights)
            terms.update(outcome.terms)
            self.half_done = True
            return outcome.loss, outcome.gradient

        rate = s.learning_rate * self._rate_factor / (1 + self._steps_here / s.calm_steps)
        self.picture = self._descent.step(self.picture, evaluate, rate)
        if s.optimizer == "adam":
            self.picture.clamp_(0, 1)
        self._steps_here += 1
        self.steps_done += 1
        if not terms:  # L-BFGS stands still
            evaluate(self.picture)
        self.half_done = False
        terms["size"] = self.picture.new_full((), self.picture.shape[2])
        return terms

    def _refine(self) -> None:
        """The next size, begun with an enlarged picture; all stays as it is where there is too little memory for it."""
        self._scale -= 1
        try:
            picture, objective = enlarged(self.picture, self.size_at(self._scale)), self._objective_here()
        except BaseException:
            self._scale += 1
            raise
        self.picture, self._objective, self._descent = picture, objective, self._new_descent()
        self._steps_here = 0

    # -------------------------------------------------------- facts

    @property
    def alignment_px(self) -> int:
        return 1

    @property
    def halo(self) -> Margin:
        return Margin(0, 0, 0, 0)

    def paint(self, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        result = ContentField(self.picture[0], canvas_size, self.device).at(box).clamp(0, 1)
        content = self._content_at(box, canvas_size)
        powers = self._directions.powers(canvas_size, self.device)
        if powers is not None and self._content is not None:
            result = torch.lerp(content, result, styled_share(powers(box)))
        if self.settings.colors == "luminance" and self._content is not None:
            colored = ContentField(self._content.pixels_on(self.device), canvas_size, self.device).at(box)
            result = (colored + luma(result) - luma(colored)).clamp(0, 1)
        layers = {"result": result, "content": content, "change": (result - content).abs().mean(0).expand(3, -1, -1)}
        return {layer.key: layers[layer.key] for layer in self.layers if layer.key in layers}

    def patches(self) -> dict[str, Tensor]:
        if not self.steps_done:
            return {}
        found = {"Picture": self.picture.clamp(0, 1)}
        found |= {"Style" if not i else f"Style {i + 1}": x.image for i, x in enumerate(self._objective.styles)}
        if self._objective.content is not None:
            found["Content"] = self._objective.content
        return {title: thumbnail(image) for title, image in found.items()}

    # -------------------------------------------------------- state

    def state(self) -> State:
        tensors = {"picture": self.picture, **self._descent.tensors()}
        plain = {
            "scale": self._scale,
            "steps_here": self._steps_here,
            **self._progress(),
            "descent": self._descent.plain(),
        }
        return State(training.copies(tensors.items()), plain)

    def restore(self, state: State, strict: bool = True) -> list[str]:
        plain, stored = state.plain, state.tensors
        fits = self._fits(state)
        if strict and not fits:
            raise BadProjectError(
                "The snapshot does not fit the settings it names (picture is missing or of another size). "
                "Choose another snapshot of the project."
            )
        if "picture" not in stored or "scale" not in plain:
            return ["picture"]
        scale = min(int(plain["scale"]), self.scales - 1)
        if scale != self._scale:
            self._scale = scale
            self._objective, self._descent = self._objective_here(), self._new_descent()
        tensors = {name: tensor.to(self.device) for name, tensor in stored.items()}
        self._steps_here = int(plain["steps_here"]) if fits else 0
        self._restore_progress(state)
        self._loss_settings = self.settings if strict else None
        if fits:
            self.picture = tensors["picture"].clone()
            self._descent.restore(tensors, plain["descent"])
            return []
        # Another size or shape: the picture goes on as a start.
        size = self.size_at(self._scale)
        self.picture = enlarged(tensors["picture"], size)
        self._descent.reset()
        return []

    def _fits(self, state: State) -> bool:
        if "picture" not in state.tensors or not 0 <= int(state.plain.get("scale", -1)) < self.scales:
            return False
        size = self.size_at(int(state.plain["scale"]))
        return state.tensors["picture"].shape == (1, 3, size.height, size.width)

    def slow_down(self) -> str:
        self._descent.reset()
        return super().slow_down()
