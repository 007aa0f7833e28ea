"""What texture, stylize and doodle_net have in common: a generator trained by the perceptual style loss.

A method says which images it reads, what its generator is, what a batch holds and what lies in a box of the canvas.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine import losses
from engine.box import Margin, Size
from engine.errors import MissingSourcesError
from engine.fields.artwork import receptive_margin
from engine.images.sampling import step_generator
from engine.job import Job
from engine.method import Method, State, Term
from engine.methods.feedforward.base_settings import GeneratorSettings
from engine.nn import training
from engine.nn.deep_network import DeepNetwork
from engine.nn.layers import initialise_scaled
from engine.style.networks import open_network
from engine.style.statistics import Gram, Sliced, links_of
from engine.style.style_discriminator import StyleDiscriminator
from engine.style.style_loss import Style, StyleLoss

STYLE_TERMS = (
    Term("style", "Style", "Style", "Lower: the pictures look more like your style images."),
    Term("generator", "Generator", "Adversarial", "Lower: the discriminator takes more of the pictures for the style."),
    Term("discriminator", "Discriminator", "Adversarial", "Near 0: it tells pictures from the style without effort."),
)
VARIETY_TERMS = (
    Term("diversity", "Nearest sample", "Diversity", "Higher: even the most alike samples differ."),
    Term("distance", "Difference", "Samples", "Mean difference of two samples, 0 to 1."),
)
SETTLE_EVERY_STEPS = 50
BINS = 512
"""Of sorted values: practice pictures have too few pixels to fill more."""


class GeneratorMethod(Method):
    """Base of the three; a batch is whatever `_drawn` makes and `_generated` reads."""

    settings: GeneratorSettings
    regions = 0

    def __init__(self, job: Job, device: torch.device) -> None:
        assert isinstance(job.settings, GeneratorSettings)
        self.settings = job.settings
        self.device, self.seed, self.warnings = device, job.seed, []
        s = self.settings
        for slot in self.slots:
            if not job.sources.get(slot.key):
                raise MissingSourcesError(f"{self.title} needs at least one image on {slot.title}. Drop one there.")
        styles = self._read(job)
        random = torch.Generator().manual_seed(self.seed)
        self.generator = self._network(thin=False)
        initialise_scaled(self.generator, random)
        self._start_from_mean_color(styles)
        self.generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.optimizer = training.adam(self.generator.parameters(), s.learning_rate)
        self.style_loss = self._style_loss(styles, random)
        self.discriminator = StyleDiscriminator(
            styles, s.discriminator_width, self.regions, s.patch, self.device, random
        )
        self.steps_done = 0
        self._rate_factor = 1.0
        self._settled_at: int | None = None
        self._halo: Margin | None = None
        self._last: tuple[Any, Tensor] | None = None

    def _style_loss(self, styles: list[Style], random: torch.Generator) -> StyleLoss:
        s = self.settings
        network = open_network(
            s.network,
            statistic=s.statistic,
            random=random,
            device=self.device,
            filters=s.filters,
            levels=s.levels,
            detail=s.detail,
        )
        layers = network.style_layers
        statistic = Sliced(layers, BINS) if s.statistic == "sliced" else Gram(links_of(layers, "each"))
        return StyleLoss(network, statistic, styles, self.regions, s.patch, 2 * s.batch * s.patch**2, random)

    def _start_from_mean_color(self, styles: list[Style]) -> None:
        """The last layer begins near the mean colour of the style, so that no step is spent on finding it."""
        last = self.generator.last
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        colors = torch.stack([style.pixels.float().mean((1, 2)) / 255 for style in styles])  # [S, 3]
        with torch.no_grad():
            last.weight.mul_(0.1)
            last.bias.copy_(colors.mean(0))

    # -------------------------------------------------------- what a method fills in

    @abstractmethod
    def _read(self, job: Job) -> list[Style]:
        """Reads the images of all slots; what only this method needs it keeps itself."""

    @abstractmethod
    def _network(self, thin: bool) -> nn.Module:
        """The generator, with `felt` and `last`; `thin` is one of few channels that reaches equally far."""

    @abstractmethod
    def _drawn(self, random: torch.Generator) -> Any:
        """A batch."""

    @abstractmethod
    def _generated(self, network: nn.Module, batch: Any) -> Tensor:
        """[B, 3, H, W], around 0..1 without a bound."""

    @abstractmethod
    def _terms(self, batch: Any, images: Tensor) -> dict[str, Tensor]:
        """The style term, and whatever else the method weighs."""

    def _objective(self, terms: dict[str, Tensor]) -> Tensor:
        """L, before it is divided by T."""
        adversarial = self.settings.adversarial_weight * terms["generator"] if "generator" in terms else 0.0
        return terms["style"] + adversarial

    def _mask(self, batch: Any) -> Tensor | None:
        """[B, R, H, W], one-hot; None where there are no regions."""
        del batch
        return None

    def _groups(self, images: Tensor) -> Tensor | None:
        """Samples that shall differ, [G, n >= 2, 3, H, W]; None where there are none."""
        return images[None] if len(images) > 1 else None

    def _settling(self, random: torch.Generator) -> Iterator[Any]:
        """Batches over which statistics are taken before they are frozen."""
        for _ in range(4):
            yield self._drawn(random)

    # -------------------------------------------------------- facts

    @property
    def halo(self) -> Margin:
        if self._halo is None:
            thin = self._network(thin=True).eval()
            initialise_scaled(thin, torch.Generator().manual_seed(0))
            self._halo = receptive_margin(thin.felt, 1, self.alignment_px)  # type: ignore[arg-type]
        return self._halo

    def _painted(self, noise: Any, condition: Tensor | None) -> Tensor:
        """A texture network's picture of a box with its halo, [1, 3, h, w]; the halo is black where that is faster."""
        halo = self.halo
        margin = max(halo.top, halo.left, halo.bottom, halo.right)
        if (
            not isinstance(self.average, DeepNetwork)
            or min(noise.height, noise.width) * self.alignment_px <= 2 * margin
        ):
            return self.average(noise, condition)
        return functional.pad(self.average(noise, condition, margin), (margin,) * 4)

    def noise_seed(self) -> int:
        """Of the noise on the canvas: one for each of the artist's samples."""
        return (self.seed * 10_007 + self.settings.sample_seed) * 128

    # -------------------------------------------------------- a step

    def step(self, step: int) -> dict[str, Tensor]:
        s = self.settings
        random = step_generator(self.seed, step)
        self.style_loss.refresh(random)
        batch = self._drawn(random)
        images = self._generated(self.generator, batch).float()
        terms = self._terms(batch, images) | self._discriminator_terms(batch, images, step, random)
        # Equation 10 of Ulyanov et al. 2017; without stylisation's content or regions it is L / T - lambda ln rho.
        loss = self._objective(terms) / s.temperature
        groups = self._groups(images)
        if groups is not None:
            terms["diversity"] = losses.nearest_distance(groups)
            terms["distance"] = losses.mean_distance(groups.detach())
            loss = loss - s.diversity_weight * terms["diversity"]
        training.descend(self.optimizer, [loss], s.learning_rate * self._rate_factor)
        training.update_ema(self.average, self.generator, s.average_decay, self.steps_done)
        self.steps_done += 1
        self._last = (batch, images.detach())
        return {key: value.detach() for key, value in terms.items()}

    def _discriminator_terms(self, batch: Any, images: Tensor, step: int, random: torch.Generator) -> dict[str, Tensor]:
        """An update of the discriminator, and what it says to the generator; nothing where it does not count."""
        s = self.settings
        if not s.adversarial_weight:
            return {}
        mask = self._mask(batch)
        learned = self.discriminator.learn(images, mask, step, s.discriminator_rate * self._rate_factor, random)
        return {"generator": self.discriminator.judge(images, mask), "discriminator": learned}

    # -------------------------------------------------------- state

    def freeze_statistics(self) -> None:
        """Instance and batch norm: the average's statistics are taken anew, over batches drawn for this purpose."""
        if self.settings.norm not in ("instance", "batch") or self._settled_at == self.steps_done:
            return
        random = step_generator(self.seed + 1, self.steps_done)
        with torch.no_grad(), training.fresh_statistics(self.average):
            for batch in self._settling(random):
                self._generated(self.average, batch)
        self._settled_at = self.steps_done

    def _freeze_if_needed(self) -> None:
        if self._settled_at is None or self.steps_done - self._settled_at >= SETTLE_EVERY_STEPS:
            self.freeze_statistics()

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Everything that a step changes, by a name that stays when networks are rebuilt."""
        for name, network in (("generator", self.generator), ("average", self.average)):
            yield from ((f"{name}.{key}", value) for key, value in network.state_dict().items())
        yield from training.moments("optimizer", self.optimizer, [*self.generator.named_parameters("generator")])
        yield from self.discriminator.tensors()

    def state(self) -> State:
        tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in self._tensors()}
        plain = {"steps_done": self.steps_done, "rate_factor": self._rate_factor, "settled_at": self._settled_at}
        return State(tensors, plain)

    def restore(self, state: State, strict: bool = True) -> list[str]:
        left = training.copy_into(dict(self._tensors()), state.tensors, strict)
        self.steps_done = int(state.plain["steps_done"])
        self._rate_factor = float(state.plain["rate_factor"])
        self._settled_at = state.plain["settled_at"] if strict else None
        return left

    def slow_down(self) -> str:
        self._rate_factor *= 0.5
        return f"The learning rate is now {self._rate_factor:.3g} of what the panel says."


def shown(images: Tensor) -> Tensor:
    """Generated pictures as they are shown, 0..1."""
    return images.clamp(0, 1)


def rounded(size: Size, alignment_px: int) -> Size:
    """Sides rounded to multiples of an alignment, at least one."""
    return Size(*(max(1, round(side / alignment_px)) * alignment_px for side in (size.height, size.width)))
