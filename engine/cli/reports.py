"""What commands say of a report while they train, of what was fitted to images, and of a picture that was painted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.messages.events import Stepped
from engine.messages.exports import Exported
from engine.settings import Settings, specs


def report_of(event: Stepped) -> dict[str, Any]:
    """A report as plain JSON values."""
    return {
        "step": event.step,
        "steps_per_s": round(event.steps_per_s, 4),
        "elapsed_s": round(event.elapsed_s, 3),
        **event.terms,
    }


def told(event: Stepped) -> str:
    """A report in a line."""
    terms = "  ".join(f"{name} {value:.3g}" for name, value in list(event.terms.items())[:4])
    return f"step {event.step:,}  {event.steps_per_s:.1f} steps/s  {terms}"


def fitted(settings: type[Settings], values: Mapping[str, Any]) -> str:
    """Which settings are not as they come, and how to have them otherwise; empty where all are."""
    others = [s for s in specs(settings) if s.name in values and values[s.name] != s.default]
    if not others:
        return ""
    said = ", ".join(f"{spec.knob.label} {spec.label_of(values[spec.name])}" for spec in others)
    plain = " ".join(f"{spec.name}={spec.default:g}" for spec in others)
    return f"Fitted to these images: {said}. As it comes: --set {plain}"


def printed(done: Exported, part: tuple[int, int]) -> str:
    """A picture in a line; `part` is K and N of `--part`."""
    name = str(done.out) if done.seam is not None else f"Part {part[0]} of {part[1]} of {done.out}"
    seam = "" if done.seam is None else f", seam meter {done.seam:.3f}"
    seam += "" if done.border is None else f", border meter {done.border:.2f}"
    kept = "" if done.canvas_folder is None else f", canvas kept in {done.canvas_folder}"
    return (
        f"{name}: {done.size.width} x {done.size.height} px in {done.seconds:.1f} s, "
        f"peak memory {done.peak_memory_bytes / 2**20:.0f} MiB{seam}{kept}"
    )


def printed_json(done: Exported) -> dict[str, Any]:
    """The same as plain JSON values."""
    return {
        "out": str(done.out),
        "width": done.size.width,
        "height": done.size.height,
        "seconds": done.seconds,
        "peak_memory_bytes": done.peak_memory_bytes,
        "seam": done.seam,
        "border": done.border,
        "resumed_share": done.resumed_share,
    }


def time_left(seconds: float | None) -> str:
    """ "1:05 left"; empty where it is not known yet."""
    return "" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d} left"
