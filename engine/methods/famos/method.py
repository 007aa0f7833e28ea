"""FAMOS, fully adversarial mosaics (Jetchev, Bergmann and Yildirim 2018): copy pieces of the style, or paint anew.

The settings are in settings.py, the network in nn/mosaic.py and its sizes in shape.py, the templates in drawing.py,
what a training step draws in batches.py, what it weighs in loss.py and compared.py, what is shown in layers.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from engine.box import Box
from engine.errors import MissingSourcesError
from engine.images import sources
from engine.images.contents import MatchedContents
from engine.images.sources import Source
from engine.job import Job
from engine.method import State
from engine.methods.adversarial import AdversarialMethod, atlas_of
from engine.methods.composed import Composed, Tally
from engine.methods.directed import PAINT, SIZE, Directions, directions, touched, undirected, with_regions_of
from engine.methods.famos import loss
from engine.methods.famos.batches import Batch, Batches
from engine.methods.famos.compared import Compared, compared_by, features_network
from engine.methods.famos.drawing import Drawing, said_of_groups
from engine.methods.famos.layers import TERMS, patches_of
from engine.methods.famos.painting import PaintingFamos
from engine.methods.famos.patchwork import patchwork
from engine.methods.famos.presets import PRESETS
from engine.methods.famos.settings import FamosSettings
from engine.methods.famos.shape import mosaic_shape
from engine.methods.famos.slots import SLOTS
from engine.methods.remembered import Remembered
from engine.nn.layers import initialise
from engine.nn.mosaic import ColorReconstruction, Decision, MosaicGenerator, Painting
from engine.settings import Settings
from engine.templates.atlas import Templates, shares
from engine.templates.palette import palette

_IMAGES, _USAGE = "templates.image", "templates.usage"
"""Names of tensors in states."""


class Famos(PaintingFamos):
    _compared: tuple[list[Source], Compared] | None = None
    """The contents that it is made for, and what they are compared by."""
    _decides_nothing = AdversarialMethod._decides_nothing | {
        *("temperature_start", "temperature_ramp_steps", "noise_seed", "noise_drift")
    }

    key = "famos"
    title = "FAMOS mosaic"
    summary = "Lays a picture out of small pieces of your images, like glass or stone, and paints what they lack."
    pace = "Learns for some minutes; the picture grows meanwhile."
    paper = "Jetchev, Bergmann and Yildirim 2018: Copy the Old or Paint Anew?"
    Settings = FamosSettings
    slots = SLOTS["famos"]
    terms = TERMS
    presets = PRESETS
    stand_in = "magic"
    capabilities = frozenset(("repeat", "originals", "frames", "pieces", "paint_detail", "transparent"))
    painting_version = 4  # prints mirror pieces beyond the canvas; before, paint with detail, psi and templates in step

    def __init__(self, job: Job, device: torch.device) -> None:
        assert isinstance(job.settings, FamosSettings)
        self.settings = job.settings
        self.device, self.seed, self.warnings = device, job.seed, []
        s = self.settings
        self._read_images(job)
        random = torch.Generator().manual_seed(self.seed)
        self._job = job
        self._composed: Composed | None = None
        if s.mode != "paint":
            self._composed = self._composer_of(job).composed(self._drawing.drawn(random, job, self._directions))
        self._deal_out()
        self._tally = Tally()
        self._remembered = Remembered[Decision]()
        self.shape = mosaic_shape(s)
        self.generator = MosaicGenerator(self.shape)
        self.reconstruction = ColorReconstruction() if s.correspondence == "learned" else None
        self._assemble(random, {"reconstruction": self.reconstruction} if self.reconstruction is not None else {})
        self._features_network = features_network(s, self.seed, device)
        self._usage = torch.full((s.templates,), 1 / s.templates, device=device)  # [N], over the last steps
        self.palette = palette(s.templates).to(device)  # [N, 3]
        self.batches = Batches(
            s,
            self._styles,
            self.atlas,
            self._composed,
            self._directions,
            self.canvas_size,
            self.shape,
            device,
        )
        self._decide_precision()

    @classmethod
    def number_of_pieces(cls, settings: Settings) -> int | None:
        assert isinstance(settings, FamosSettings)
        return settings.templates if settings.mode != "paint" else None

    @classmethod
    def needed_slots(cls, settings: Settings) -> frozenset[str]:
        assert isinstance(settings, FamosSettings)
        return super().needed_slots(settings) | ({"content"} if settings.guidance == "guided" else set())

    def _read_images(self, job: Job) -> None:
        s = self.settings
        guided = s.guidance == "guided"
        needed = self.needed_slots(s)
        for slot in self.slots:
            if slot.key in needed and not job.sources.get(slot.key):
                without = ", or choose Unguided for a texture" if slot.key == "content" else ""
                raise MissingSourcesError(
                    f"FAMOS needs at least one {slot.key} image. Drop one on {slot.title}{without}."
                )
        self._styles = sources.load(job.sources["style"], s.style_scale, "style", self.warnings, True)
        self._matched = self._read_contents(job) if guided else MatchedContents([], [])
        self._canvas = job.canvas_size or (self._contents or self._styles)[0].size
        grey = torch.full((3, self._canvas.height, self._canvas.width), 128, dtype=torch.uint8)
        self._unguided = [Source(self._styles[0].image, grey)]
        self.atlas = atlas_of(self._styles, self.device)
        said = list[str]()
        self._directions = directions(job, self._styles, self._canvas, said, self._targets)
        if s.mode != "paint":
            said += said_of_groups(self._directions, s.templates)
        self.warnings += said
        self._said = said

    def _deal_out(self) -> None:
        """Where no content guides the pieces, what is painted towards is a patchwork of them."""
        if self.settings.deals_out and self._composed is not None:
            pieces = self._composed
            dealt = patchwork(pieces.templates, pieces.weights, self._canvas, self.settings.patch, self.seed)
            self._unguided = [Source(self._styles[0].image, dealt)]

    # -------------------------------------------------------- pieces

    def try_update(self, job: Job) -> bool:
        """Other maps, and other choices of single pieces: they act on what was learned."""
        if undirected(job) != undirected(self._job) or self._job.settings.needs_rebuild(job.settings):
            return False
        styles, said, composed = with_regions_of(job, self._styles), list[str](), self._composed
        new = directions(job, styles, self._canvas, said, self._targets)
        if composed is not None:
            said += said_of_groups(new, self.settings.templates)
            composed = self._composer_of(job).composed(self._drawn_for(job, new, composed.drawn))
        self.touched = self._touched_by(job, new, composed)
        self.warnings = [sentence for sentence in said if sentence not in self._said]
        dealt = composed is self._composed
        self._said, self._job, self._directions, self._styles, self._composed = said, job, new, styles, composed
        if self.settings.deals_out and not dealt:
            self._deal_out()
            self._remembered.forget()
        self._use_pieces()
        return True

    def _touched_by(self, job: Job, new: Directions, composed: Composed | None) -> Box | None:
        """What of the canvas other maps change at once: those of content and size only act in training."""
        present = None if self._composed is None else self._composed.drawn
        if job.pieces != self._job.pieces or (composed is not None and composed.drawn is not present):
            return None
        if not self.average.trims or self._norms_see_whole_canvas:  # what looks sideways is felt elsewhere
            return None
        return touched(self._directions.only(PAINT), new.only(PAINT), self.settings.feather_px)

    @property
    def _drawing(self) -> Drawing:
        return Drawing(self.settings, self.atlas, self._styles, self._targets, self._canvas, self.seed)

    def _drawn_for(self, job: Job, new: Directions, present: Templates) -> Templates:
        """The templates as they were drawn, or others: where a job asks for it, and where nothing was learned of them.

        Else some may be exchanged, so that no region is without.
        """
        other = job.pieces.draw != self._job.pieces.draw
        if other or (not self.steps_done and not new.same_regions(self._directions)):
            return self._drawing.drawn_anew(job, new)
        return self._drawing.completed(new, present)

    def _use_pieces(self) -> None:
        self.batches.pieces, self.batches.directions = self._composed, self._directions

    # -------------------------------------------------------- a step

    def _present_numbers(self) -> dict[str, float]:
        return super()._present_numbers() | {"temperature": self.temperature}

    def _loss(self, terms: Mapping[str, Tensor]) -> Tensor:
        return loss.weighted(self._numbers, terms)

    def _draw_batch(self, random: torch.Generator) -> Batch:
        assert self._content_patches is not None
        return self.batches.draw(self._content_patches, random, self.settings.feather_px)

    def _generate(self, network: MosaicGenerator, batch: Batch) -> Painting:
        return network(
            batch.content,
            batch.psi,
            batch.noise,
            batch.view,
            self._numbers["temperature"],
            self._mix_kernel,
            bias=batch.directed.bias,
            painted_share=batch.directed.painted_share,
            keep_logits=SIZE in batch.directed.times,
            smoothing_px=self.settings.smoothing_px,
        )

    @property
    def compared(self) -> Compared:
        """What contents are compared by. Their tones follow a slider, so they may be others than at the beginning."""
        contents = self._targets
        if self._compared is None or self._compared[0] is not contents:
            images = self._styles, contents
            made = compared_by(self.settings, *images, self.reconstruction, self._features_network, self.device)
            self._compared = contents, made
        return self._compared[1]

    def _generator_terms(self, batch: Batch, fake: Painting) -> dict[str, Tensor]:
        usage = self._usage if self.settings.balance_over == "canvas" else None
        return loss.terms_of(self.settings, batch, fake, self.compared, usage)

    def _patches_of(self, batch: Batch, output: Painting) -> dict[str, Tensor]:
        return patches_of(batch, output)

    # -------------------------------------------------------- state

    def _initialise(self, network: torch.nn.Module, random: torch.Generator) -> None:
        initialise(network, random)

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        yield from super()._tensors()
        if self._composed is not None:
            drawn = self._composed.drawn
            yield from (("templates.offset", drawn.offset), ("templates.flip", drawn.flip))
        if self.settings.balance_over == "canvas":
            yield _USAGE, self._usage

    def state(self) -> State:
        state = super().state()
        state.plain |= {"drawn_again": self._job.pieces.draw}
        if self._composed is not None and not torch.equal(self._composed.drawn.image.cpu(), self._usual_images()):
            state.tensors |= {_IMAGES: self._composed.drawn.image.cpu().clone()}
        return state

    def _usual_images(self) -> Tensor:
        """The image of each template where no map says which are needed; states do not name it."""
        return torch.tensor(shares([style.image.weight for style in self._styles], self.settings.templates))

    def begin_from(self, state: State) -> bool:
        """All but the layer that decides A: its channels belong to templates by their place, and these are others."""
        self._remembered.forget()
        tensors, count = dict(state.tensors), self.shape.templates if self.shape.mixes else 0
        for name, network in (("generator", self.generator), ("average", self.average)):
            for key, own in network.unet.head.named_parameters(f"{name}.unet.head"):
                value, painted = tensors.get(key), len(own) - count
                if value is not None and value.shape[1:] == own.shape[1:] and len(value) >= painted:
                    tensors[key] = torch.cat([own[:count].detach(), value[len(value) - painted :].to(own)])
        return super().begin_from(State(tensors, state.plain))

    def restore(self, state: State, strict: bool = True) -> list[str]:
        self._remembered.forget()
        # A state that was learned with equal shares of each step knows of no use of the canvas; it is soon found.
        state = State({_USAGE: torch.full_like(self._usage, 1 / len(self._usage)), **state.tensors}, state.plain)
        drawn = None if self._composed is None else self._composed.drawn
        if drawn is None:
            return super().restore(state, strict)
        kept = Templates(drawn.atlas, drawn.image.clone(), drawn.offset.clone(), drawn.flip.clone(), drawn.edge)
        image = state.tensors.get(_IMAGES, self._usual_images())
        state = State({name: tensor for name, tensor in state.tensors.items() if name != _IMAGES}, state.plain)
        left = super().restore(state, strict)
        # Not those that are too many or too few, and not the former ones where others were asked for since.
        fits = image.shape == drawn.image.shape and int(image.max()) < len(self._styles)
        if fits and (strict or int(state.plain.get("drawn_again", 0)) == self._job.pieces.draw):
            drawn.image.copy_(image)
        else:
            for own, before in ((drawn.image, kept.image), (drawn.offset, kept.offset), (drawn.flip, kept.flip)):
                own.copy_(before)
        self._composed = self._composer_of(self._job).composed(drawn)
        self._deal_out()
        self._use_pieces()
        return left


METHOD = Famos
