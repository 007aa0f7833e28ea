"""What commands say of a report while they train."""

from __future__ import annotations

from typing import Any

from engine.messages.events import Stepped


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
