"""What texture, stylize and doodle_net have in common: a generator trained by the perceptual style loss.

A method says which images it reads, what its generator is, what a batch holds and what lies in a box of the canvas.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar, cast

import torch
from torch import Tensor

from engine import losses
from engine.box import Margin, Size
from engine.declarations import Term
from engine.errors import MissingSourcesError
from engine.fields.artwork import receptive_margin
from engine.fields.noise import NoiseT, drifting
from engine.job import Job
from engine.methods.feedforward.base_settings import GeneratorSettings
from engine.methods.trained_base import BatchT, TrainedMethod
from engine.nn import training
from engine.nn.deep_network import DeepNetwork
from engine.nn.layers import initialise_scaled
from engine.nn.residual_network import ResidualNetwork
from engine.nn.texture_networks import PyramidNetwork
from engine.settings import Settings
from engine.style.comparing import Comparison, at_sizes
from engine.style.networks import open_network
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
BINS = 512
"""Of sorted values: practice pictures have too few pixels to fill more."""


StyleNetwork = PyramidNetwork | DeepNetwork | ResidualNetwork
SettingsT = TypeVar("SettingsT", bound=GeneratorSettings)
NetworkT = TypeVar("NetworkT", bound=StyleNetwork)


class _Judge(NamedTuple):
    """What pictures in one group of styles are compared by."""

    style_loss: StyleLoss
    discriminator: StyleDiscriminator


class GeneratorMethod(TrainedMethod[SettingsT, NetworkT, BatchT, Tensor]):
    """Base of the three; generated pictures are [B, 3, H, W], around 0..1 without a bound."""

    regions = 0
    _style_group = 0
    """Which of the groups of styles the present step is for."""

    @classmethod
    def loss_of_guessing(cls, settings: Settings) -> float | None:
        assert isinstance(settings, GeneratorSettings)
        return losses.loss_of_guessing("hinge") if settings.adversarial_weight else None

    def __init__(self, job: Job, device: torch.device) -> None:
        assert isinstance(job.settings, GeneratorSettings)
        self.settings = cast(SettingsT, job.settings)
        self.device, self.seed, self.warnings = device, job.seed, []
        for slot in self.slots:
            if slot.minimum and not job.sources.get(slot.key):
                raise MissingSourcesError(f"{self.title} needs at least one image on {slot.title}. Drop one there.")
        styles = self._read(job)
        random = torch.Generator().manual_seed(self.seed)
        self.generator = self._network(thin=False)
        initialise_scaled(self.generator, random)
        self._start_from_mean_color(styles)
        self._place(self.generator)
        self._begin_training()
        if (part := self._last_layer_rate) < 1:
            training.slowed(self.optimizer, self.generator.last.weight, part)
        self._judges = [self._judge(group, random) for group in self._grouped(styles)]

    @property
    def _last_layer_rate(self) -> float:
        """Of the learning rate, for the weights of the last layer; 0..1."""
        return 1.0

    def _judge(self, styles: list[Style], random: torch.Generator) -> _Judge:
        width = self.settings.discriminator_width
        loss = self._style_loss(styles, random)
        side = self.settings.patch
        return _Judge(loss, StyleDiscriminator(styles, width, self.regions, side, self.device, random))

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
        network.hard_edges = self._hard_edges
        network = at_sizes(network, s.compared_sizes if s.network == "vgg19" else 1)
        comparison = self._comparison
        statistic = comparison.statistic_of(network)
        return StyleLoss(
            network,
            statistic,
            styles,
            self.regions,
            s.patch,
            2 * s.batch * s.patch**2,
            random,
            self._beside(),
            comparison.style_weights(statistic),
            comparison.content_weights(network),
        )

    @property
    def _comparison(self) -> Comparison:
        """How style and content are compared."""
        s = self.settings
        return Comparison(
            s.statistic,
            s.style_layers,
            layer_weights=s.layer_weights,
            links=s.links,
            blurred=s.blurred,
            shift=s.shift,
            bins=BINS,
        )

    def _start_from_mean_color(self, styles: list[Style]) -> None:
        """The last layer begins near the mean colour of the style, so that no step is spent on finding it."""
        last = self.generator.last
        assert last.bias is not None
        colors = torch.stack([style.pixels.float().mean((1, 2)) / 255 for style in styles])  # [S, 3]
        with torch.no_grad():
            last.weight.mul_(0.1)
            last.bias.copy_(colors.mean(0))

    # -------------------------------------------------------- what a method fills in

    @abstractmethod
    def _read(self, job: Job) -> list[Style]:
        """Reads the images of all slots; what only this method needs it keeps itself."""

    def _grouped(self, styles: list[Style]) -> list[list[Style]]:
        """Styles that pictures are like together; those of another group, other pictures."""
        return [styles]

    def _beside(self) -> list[Style]:
        """Contents that activations are normalised over beside the styles, once `_read`; none, as a rule."""
        return []

    @abstractmethod
    def _network(self, thin: bool) -> NetworkT:
        """The generator; `thin` is one of few channels that reaches equally far."""

    @abstractmethod
    def _terms(self, batch: BatchT, images: Tensor) -> dict[str, Tensor]:
        """The style term, and whatever else the method weighs."""

    def _objective(self, terms: Mapping[str, Tensor]) -> Tensor:
        """L, before it is divided by T."""
        adversarial = self.settings.adversarial_weight * terms["generator"] if "generator" in terms else 0.0
        return terms["style"] + adversarial

    @property
    def _pull(self) -> float | None:
        """Of the style loss: what 1 / T makes of each level's gradient, since no factor passes a length that is set."""
        s = self.settings
        return s.gradient_length / s.temperature if s.normalised_gradients else None

    @property
    def _hard_edges(self) -> bool:
        """Of regions, see `Perceptual`."""
        return False

    def _mask(self, batch: BatchT) -> Tensor | None:
        """[B, R, H, W], one-hot; None where there are no regions."""
        del batch
        return None

    def _groups(self, images: Tensor) -> Tensor | None:
        """Samples that shall differ, [G, n >= 2, 3, H, W]; None where there are none."""
        return images[None] if len(images) > 1 else None

    # -------------------------------------------------------- facts

    @property
    def style_loss(self) -> StyleLoss:
        return self._judges[self._style_group].style_loss

    @property
    def discriminator(self) -> StyleDiscriminator:
        return self._judges[self._style_group].discriminator

    def _measured_halo(self) -> Margin:
        thin = self._network(thin=True).eval()
        initialise_scaled(thin, torch.Generator().manual_seed(0))
        return receptive_margin(thin.felt, 1, self.alignment_px)

    @property
    def _norms_see_whole_canvas(self) -> bool:
        return self.settings.norm in ("instance", "batch")

    def _drifting(self, noise_of: Callable[[int], NoiseT]) -> NoiseT:
        """The noise of the artist's sample, or on the way to the next one; `noise_of` makes it of a seed."""
        s = self.settings
        here, there = ((self.seed * 10_007 + sample) * 128 for sample in (s.sample_seed, s.sample_seed + 1))
        return drifting(noise_of, here, there, s.sample_drift)

    # -------------------------------------------------------- a step

    def _begin_step(self, random: torch.Generator) -> None:
        self.style_loss.refresh(random)

    def _learn(self, batch: BatchT, step: int, random: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        output = self._generate(self.generator, batch)
        loss, terms = self._losses(batch, output, step, random)
        self._descend(loss, self.settings.learning_rate * self._rate_part, self._decay)
        return output.detach(), terms

    def _losses(
        self, batch: BatchT, output: Tensor, step: int, random: torch.Generator
    ) -> tuple[Tensor, dict[str, Tensor]]:
        s = self.settings
        terms = self._terms(batch, output) | self._discriminator_terms(batch, output, step, random)
        # Equation 10 of Ulyanov et al. 2017; without stylisation's content or regions it is L / T - lambda ln rho.
        loss = self._objective(terms) / s.temperature
        groups = self._groups(output)
        if groups is not None:
            terms["diversity"] = losses.nearest_distance(groups)
            terms["distance"] = losses.mean_distance(groups.detach())
            loss = loss - s.diversity_weight * terms["diversity"]
        return loss, terms

    def _discriminator_terms(
        self, batch: BatchT, images: Tensor, step: int, random: torch.Generator
    ) -> dict[str, Tensor]:
        """An update of the discriminator, and what it says to the generator; nothing where it does not count."""
        s = self.settings
        if not s.adversarial_weight:
            return {}
        mask = self._mask(batch)
        learned = self.discriminator.learn(images, mask, step, s.discriminator_rate * self._rate_factor, random)
        self.half_done = True
        return {"generator": self.discriminator.judge(images, mask), "discriminator": learned}

    # -------------------------------------------------------- state

    def freeze_statistics(self) -> None:
        if self._frozen_at != self.steps_done:
            super().freeze_statistics()

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        yield from super()._tensors()
        for index, judge in enumerate(self._judges):
            beginning = f"styles {index + 1}." if index else ""
            yield from ((beginning + name, tensor) for name, tensor in judge.discriminator.tensors())


def shown(images: Tensor) -> Tensor:
    """Generated pictures as they are shown, 0..1."""
    return images.clamp(0, 1)


def rounded(size: Size, alignment_px: int) -> Size:
    """Sides rounded to multiples of an alignment, at least one."""
    return Size(*(max(1, round(side / alignment_px)) * alignment_px for side in (size.height, size.width)))
