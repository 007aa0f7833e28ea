"""The commands that list what there is: methods with their settings, and devices."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from textwrap import fill
from typing import Any

from engine.cards import why_no_card
from engine.cli.terminal import argument
from engine.device import available
from engine.method import Method, method_class, method_keys
from engine.settings import Spec, specs

_IN = " " * 8
"""Before what explains a setting."""


def methods(arguments: Namespace) -> int:
    """Prints all methods, or those that are named, with images, layers, presets and settings, as JSON where asked.

    Returns 0. Raises UsageError: there is no such method.
    """
    with argument("METHOD"):
        found = [method_class(key) for key in arguments.methods or method_keys()]
    if arguments.json:
        print(json.dumps([_described(method) for method in found], indent=1, ensure_ascii=False))
        return 0
    for method in found:
        print(f"{method.key}: {method.title}, after {method.paper}")
        print(f"  images   {', '.join(slot.key for slot in method.slots)}")
        print(f"  layers   {', '.join(layer.key for layer in method.layers)}")
        print(f"  presets  {'; '.join(preset.name for preset in method.presets)}")
        for spec in specs(method.Settings):
            print(f"  {spec.name:<28} {spec.default!s:<12} {spec.allowed}")
            if arguments.methods:
                print(_explained(spec))
    return 0


def _explained(spec: Spec) -> str:
    """What a setting is called in the window, what more and less of it do, and whether it needs no training."""
    unit = f", in {spec.knob.unit}" if spec.knob.unit else ""
    live = " Also of `tessera render`." if spec.knob.live else ""
    return fill(f"{spec.knob.label}{unit}. {spec.knob.help}{live}", 100, initial_indent=_IN, subsequent_indent=_IN)


def _described(method: type[Method]) -> dict[str, Any]:
    return {
        "key": method.key,
        "title": method.title,
        "paper": method.paper,
        "slots": [asdict(slot) for slot in method.slots],
        "layers": [asdict(layer) for layer in method.layers],
        "terms": [asdict(term) for term in method.terms],
        "presets": [asdict(preset) for preset in method.presets],
        "settings": [_setting(spec) for spec in specs(method.Settings)],
    }


def _setting(spec: Spec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "kind": spec.kind,
        "default": spec.default,
        "allowed": spec.allowed,
        "live": spec.knob.live,
        "group": spec.knob.group,
        "label": spec.knob.label,
        "help": spec.knob.help,
    }


def devices(arguments: Namespace) -> int:
    """Prints the devices of this computer, the one that is chosen by itself first, and why no card is. Returns 0."""
    found = available()
    if arguments.json:
        print(json.dumps([asdict(device) for device in found], indent=1))
        return 0
    for device in found:
        chosen = "  (chosen automatically)" if device == found[0] else ""
        print(f"{device.key:<8} {device.title}, {device.memory_total_bytes / 2**30:.1f} GiB{chosen}")
    if why := why_no_card():
        print(why)
    return 0
