"""What a method is, and which there are. A new method is one line in `_MODULES`, and its package in methods/.

Its slots are in a module of their own beside it, `slots`, so that the command line can name them without torch.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar

from engine.box import Box, Margin, Size
from engine.declarations import Layer, Preset, Slot, Term
from engine.errors import BadSettingError
from engine.job import Job
from engine.nearest import instead
from engine.options import RenderMode
from engine.pieces import Piece, PieceInfo
from engine.renderer import Renderer
from engine.settings import Settings

if TYPE_CHECKING:  # the window shows slots and layers before torch is loaded
    import torch
    from torch import Tensor

MethodSettings = TypeVar("MethodSettings", bound=Settings)

_MODULES = {
    "famos": "engine.methods.famos.method",
    "magic": "engine.methods.magic.method",
    "neural_style": "engine.methods.optimised.neural_style",
    "doodle": "engine.methods.optimised.doodle",
    "texture": "engine.methods.feedforward.texture",
    "stylize": "engine.methods.feedforward.stylize",
    "doodle_net": "engine.methods.feedforward.doodle_net",
}


@dataclass
class State:
    """All that a method needs to go on: tensors by name, and plain JSON values."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    plain: dict[str, Any] = field(default_factory=dict)


class Pretrainer(Protocol):
    """Learns a network that comes along with the program; what `Method.pretraining` names makes one.

    It is called with image files to make palettes of (those of one folder belong together), files of contents, the
    seed, the number of steps over which its rates fall, and the device.
    """

    steps_done: int
    warnings: list[str]

    def step(self, step: int) -> dict[str, Tensor]: ...

    def state(self) -> State: ...

    def restore(self, state: State) -> list[str]: ...

    def write(self, path: Path) -> None: ...


class Method(ABC, Generic[MethodSettings]):
    """One way to make a picture. All calls come from one thread.

    `settings` may be exchanged between two steps for one that differs in live settings only.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    summary: ClassVar[str] = ""
    """What it makes, in one sentence for somebody who has not heard of it."""
    pace: ClassVar[str] = ""
    """When there is a picture, in one sentence."""
    Settings: ClassVar[type[Settings]]
    slots: ClassVar[tuple[Slot, ...]]
    layers: ClassVar[tuple[Layer, ...]]
    terms: ClassVar[tuple[Term, ...]]
    presets: ClassVar[tuple[Preset, ...]]
    fitted: ClassVar[frozenset[str]] = frozenset()
    """Settings that `fitting` gives: a preset is in force whatever became of them."""
    fitted_by_picture: ClassVar[frozenset[str]] = frozenset()
    """Live settings that `fitting_picture` may give."""

    capabilities: ClassVar[frozenset[str]] = frozenset()
    """Which of "repeat", "originals" and "frames" its `renderer` knows; "styles", if it can paint with other ones;
    "pieces", if it knows which image lies where; "paint_detail", if what it paints over them can be `smooth_paint`;
    "transparent", if it leaves places free where the content is transparent."""

    painting_version: ClassVar[int] = 1
    """Raised when equal weights paint another picture than before: canvases begun by then can not be gone on with."""

    pretraining: ClassVar[str] = ""
    """ "module:name" of what makes a `Pretrainer`; empty for methods that only learn from the artist's images."""

    stand_in: ClassVar[str] = ""
    """Key of a method that shows a picture of the same images at once, until this one's own is better."""

    pieces_layer: ClassVar[str] = ""
    """Key of the layer in which each piece has a colour of `templates.palette`."""
    learns_the_picture: ClassVar[bool] = False
    """Whether what is learned is the picture itself, so that another content changes it little once it has begun."""

    borrowed: bool = False
    """Whether it began with another project's networks, see `begin_from`."""
    instant: bool = False
    """Whether its picture is worth showing before the first step: it began with what was learned elsewhere."""
    settings: MethodSettings
    device: torch.device
    warnings: list[str]
    """Sentences about images that were left out or scaled down while building."""
    touched: Box | None = None
    """What of the canvas looks otherwise since the last `try_update`; None where that may be all of it."""
    steps_done: int = 0
    """Steps that it has learned for; counted where it can stand `still`."""
    half_done: bool = False
    """Whether a step that was broken off has changed something already: only `restore` leads back then."""

    @abstractmethod
    def __init__(self, job: Job, device: torch.device) -> None:
        """Reads the images and builds the networks, seeded by `job.seed`.

        Raises:
            BadSettingError, BadImageError, MissingSourcesError: one sentence.
        """

    @classmethod
    def needed_slots(cls, settings: Settings) -> frozenset[str]:
        """Keys of the slots without whose images nothing can be begun with these settings, optional ones included."""
        del settings
        return frozenset(slot.key for slot in cls.slots if slot.minimum)

    @classmethod
    def is_instant(cls, settings: Settings) -> bool:
        """Whether there is a picture before the first step, told without building it: its own, or a stand-in's."""
        del settings
        if not cls.stand_in:
            return False
        other = method_class(cls.stand_in)
        return other.is_instant(other.Settings())

    @classmethod
    def loss_of_guessing(cls, settings: Settings) -> float | None:
        """The term "discriminator" where one can not tell pictures from the style; None where it has no such value."""
        del settings
        return None

    @classmethod
    def number_of_pieces(cls, settings: Settings) -> int | None:
        """What the term "templates_in_use" is counted of; None where there is none."""
        del settings
        return None

    @classmethod
    def fitting(cls, sizes: Mapping[str, Sequence[Size]]) -> dict[str, Any]:
        """Settings that suit images of some sizes, by slot: what a new project takes over when they are dropped."""
        del sizes
        return {}

    def fitting_picture(self, free: Collection[str]) -> dict[str, Any]:
        """Settings that suit these very images, as the picture before the first step shows; none where it can not tell.

        Args:
            free: names of the settings that the artist has not chosen; no other ones are given.

        Raises:
            InterruptedPainting: see `giving_way`.
            OutOfMemoryError: the device can not paint even a small box.
        """
        del free
        return {}

    @property
    @abstractmethod
    def canvas_size(self) -> Size:
        """The size that is trained for."""

    @property
    @abstractmethod
    def alignment_px(self) -> int:
        """Boxes given to `paint` have corners at multiples of this many pixels."""

    @property
    @abstractmethod
    def halo(self) -> Margin:
        """How far `paint` is wrong at each edge of its box: multiples of the alignment, see `receptive_margin`."""

    @abstractmethod
    def step(self, step: int) -> dict[str, Tensor]:
        """One update, seeded by (job.seed, step). Unweighted loss terms, scalars still on the device."""

    @abstractmethod
    def paint(self, box: Box, canvas_size: Size) -> Mapping[str, Tensor]:
        """Layers of an aligned box of a canvas, float32 [3, h, w], 0..1; valid away from the box's edges by the halo.

        The halo may be left away, from all layers alike, where that is faster. Called under `torch.no_grad()`. Use
        `engine.fields.artwork.Artwork`, which pads and crops.
        """

    def renderer(self, render_mode: RenderMode) -> Renderer:
        """Paints in another way than as trained; itself where nothing else is asked for.

        Raises:
            BadSettingError: the method does not know this way.
        """
        titles = {"repeat": "repeat seamlessly", "originals": "be read from the originals", "frames": "follow frames"}
        for way in sorted(render_mode.asks_for):
            raise BadSettingError(
                f"{self.title} can not {titles[way]}. Leave this option out, or choose another method."
            )
        return self

    def coarse(self, reduction: int, render_mode: RenderMode | None = None) -> Renderer | None:
        """Paints about the same picture on a canvas that is `reduction` times smaller, and so much sooner.

        None where only the picture itself can be painted.

        Args:
            render_mode: at most another content; None for as trained.
        """
        del reduction, render_mode
        return None

    @property
    def piece_images(self) -> Sequence[Path]:
        """The images that its picture is laid of; none where it is not laid of pieces."""
        return ()

    def image_shares(self, box: Box, canvas_size: Size) -> Tensor:
        """How much of each of `piece_images` there is at each place, float32 [S, h, w], 0..1; of boxes as `paint`.

        Raises:
            NotImplementedError: it has no `piece_images`; nobody asks it then.
        """
        raise NotImplementedError

    def pieces(self) -> Sequence[PieceInfo]:
        """All pieces that its picture is laid of, with their parts of the canvas as it was painted last."""
        return ()

    @property
    def pieces_counted_at(self) -> int | None:
        """The step whose picture `pieces` knows, of the oldest part of it; None where a part was not painted yet."""
        return None

    def piece_at(self, row: int, column: int) -> Piece | None:
        """What lies at a pixel of the canvas; None where that is not known."""
        del row, column
        return None

    @property
    def notes(self) -> Sequence[str]:
        """Those of the sentences in `warnings` that hold only as long as the job is as it is."""
        return ()

    @abstractmethod
    def patches(self) -> dict[str, Tensor]:
        """The last training patches by layer title, float32 [B, 3, h, w], 0..1; empty before the first step."""

    def freeze_statistics(self) -> None:
        """Freezes statistics that would depend on the whole canvas; nothing to do where all norms are local."""

    def begin_from(self, state: State) -> bool:
        """Takes over the networks of another project's method of the same kind, before the first step.

        False, and nothing is changed, where they do not fit, or the method has none.
        """
        del state
        return False

    def try_update(self, job: Job) -> bool:
        """Takes over a job that differs from the present one only in what asks for no rebuild: a mask, single pieces.

        Its live settings may be others as well; who calls puts them in force, as between any two steps.
        False, and nothing is changed, where a rebuild is needed.

        Raises:
            BadImageError: one sentence.
        """
        del job
        return False

    def still(self) -> Self | None:
        """What paints the picture as it is now, also from another thread while this one learns on, or is changed.

        It shares with this one all that no step changes. None where pictures are only painted between two steps.

        Raises:
            MemoryError, RuntimeError: there is too little memory for what a step changes to be there twice.
        """
        return None

    @abstractmethod
    def state(self) -> State:
        """Weights, averages, optimisers: everything that changes in a step. Tensors are copies, on the CPU."""

    @abstractmethod
    def restore(self, state: State, strict: bool = True) -> list[str]:
        """Takes a state over. With `strict` False, what does not fit by name or shape is left, and named in the result.

        Raises:
            BadProjectError: `strict`, and something is missing or has another shape.
        """

    @property
    def shared_batch(self) -> int:
        """Patches of a step, where several devices can share them; 0 where its loss is of all of them together."""
        return 0

    def decisions(self) -> dict[str, Any]:
        """What was decided by the memory and the speed that are here, as plain JSON values."""
        return {}

    def decide(self, decisions: Mapping[str, Any]) -> None:
        """Takes over the decisions of the device that leads, whose steps it shares."""
        del decisions

    def slow_down(self) -> str:
        """Answers divergence: lowers learning rates until the next rebuild. Returns what was done, as a sentence."""
        return ""


def method_keys() -> tuple[str, ...]:
    return tuple(_MODULES)


def method_slots(key: str) -> tuple[Slot, ...]:
    """`Method.slots` of a method in the registry, without loading torch."""
    package = _MODULES[key].rpartition(".")[0]
    return importlib.import_module(f"{package}.slots").SLOTS[key]


@cache
def method_class(key: str) -> type[Method]:
    """Raises BadSettingError for an unknown key."""
    if key not in _MODULES:
        raise BadSettingError(f"There is no method {key}; {instead(key, _MODULES)}")
    return importlib.import_module(_MODULES[key]).METHOD
