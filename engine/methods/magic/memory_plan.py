"""How much memory a training step of MAGIC takes, and what is given up where there is less of it.

The figures are counted from what autograd keeps, and were compared with measured peaks (benchmarks/magic.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.methods.magic.settings import MagicSettings
from engine.nn.set_unet import SetUNetShape

_SHARE = 0.7
"""Part of the free memory that a step may take."""


@dataclass(frozen=True)
class Plan:
    """What a step uses of what the settings ask for: K, B, checkpointing; and a sentence where that is less."""

    set_size: int
    batch: int
    checkpointing: bool
    warning: str = ""


def plan(settings: MagicSettings, shape: SetUNetShape, weight_bytes: int, free_bytes: int, narrow: bool) -> Plan:
    """The most of K and B that fits: first parts are computed twice, then the set shrinks, at last the batch.

    Args:
        weight_bytes: of the generator; a step takes about twice as much again for gradients.
        free_bytes: of the device; 0 where it is not known, which lets everything pass.
        narrow: activations are bfloat16.
    """
    s, limit = settings, int(free_bytes * _SHARE) - 2 * weight_bytes

    def fits(count: int, batch: int, checkpointing: bool) -> bool:
        return not free_bytes or step_bytes(shape, s.patch, count, batch, checkpointing, narrow) <= limit

    if fits(s.set_size, s.batch, s.checkpointing):
        return Plan(s.set_size, s.batch, s.checkpointing)
    if fits(s.set_size, s.batch, True):
        return Plan(s.set_size, s.batch, True)
    batch, least = s.batch, max(2, min(s.set_size, 8))
    while batch > 1 and not fits(least, batch, True):
        batch -= 1
    count = max((k for k in range(2, s.set_size + 1) if fits(k, batch, True)), default=2)
    needed = step_bytes(shape, s.patch, s.set_size, s.batch, True, narrow) + 2 * weight_bytes
    return Plan(
        count,
        batch,
        True,
        f"Sets of {s.set_size} in batches of {s.batch} would take about {needed / 2**30:.1f} GiB, and "
        f"{free_bytes / 2**30:.1f} GiB are free: it learns with sets of {count} in batches of {batch}. "
        "A smaller patch leaves room for more, and the picture may still use larger sets.",
    )


def step_bytes(shape: SetUNetShape, patch: int, count: int, batch: int, checkpointing: bool, narrow: bool) -> int:
    """Peak of one step of the generator above what its weights and their gradients take, about."""
    images, floats = batch * count, 2 if narrow else 4
    blocks = []  # values for each image that autograd keeps of a block, and those of its result alone
    levels = shape.levels
    for index, (width, halvings) in enumerate(levels):
        passes = 1 if index == len(levels) - 1 else 2  # encoder and decoder
        pixels = (patch / 2**halvings) ** 2
        kept = 3 * width + (_attention_values(shape, width) if shape.attends(halvings) else 0)
        blocks += [(pixels * kept, pixels * width)] * passes
        if passes == 2:
            blocks.append((pixels * 2 * width, pixels * 2 * width))  # joined with the skip
    if checkpointing:
        values = sum(result for _, result in blocks) + 1.5 * max(kept for kept, _ in blocks)
    else:
        values = sum(kept for kept, _ in blocks)
    # Gradients on their way back take about as much as the two largest blocks' results.
    values += 2 * max(result for _, result in blocks)
    whole = patch**2 * 4 * 10  # crops, logits, A and its gradient, in float32
    return int(images * (values * floats + whole))


def paint_bytes(shape: SetUNetShape, height: int, width: int, count: int) -> int:
    """Peak of painting a box, about: the widest block with its neighbours, nothing kept."""
    largest = 0.0
    for channels, halvings in shape.levels:
        pixels = height * width / 4**halvings
        kept = 4 * channels + (_attention_values(shape, channels) if shape.attends(halvings) else 0)
        largest = max(largest, pixels * kept)
    skips = sum(height * width / 4**halvings * channels for channels, halvings in shape.levels[:-1])
    return int(count * 4 * (largest + skips + 10 * height * width))


def _attention_values(shape: SetUNetShape, width: int) -> float:
    """Values that one attention keeps for each element and pixel; through points it keeps its input alone."""
    return (2 if shape.points else 11) * width
