"""`tessera pretrain`: makes a network that knows how to choose before it meets the artist's images."""

from __future__ import annotations

import json
import pkgutil
import threading
import time
from argparse import Namespace
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from engine.cli.named_images import images_of
from engine.cli.terminal import Progress, argument, interrupted, say
from engine.device import choose, prepare_thread
from engine.errors import BadProjectError, UsageError
from engine.files import check_writable, replacing
from engine.method import Pretrainer, State, method_class
from engine.threads import Threads

_SAVE_S = 300.0
"""Seconds between two copies of what was learned."""


def run(arguments: Namespace) -> int:
    """Learns, or goes on where the same command was ended, and writes the network; returns 0.

    Raises:
        UsageError: an argument names something that is not there.
        TesseraError: it failed; one sentence.
    """
    out: Path = arguments.out
    if out.suffix != ".safetensors":
        raise UsageError(f"argument --out: {out} needs the ending .safetensors.")
    check_writable(out)  # not after hours
    with argument("--method"):
        method = method_class(arguments.method)
    if not method.pretraining:
        raise UsageError(f"argument --method: {method.title} learns from the artist's images alone.")
    with argument("--device"):
        device = choose(arguments.device)
    palettes = images_of("FOLDER", arguments.folders)
    contents = images_of("--contents", arguments.contents) if arguments.contents else palettes
    prepare_thread(device, threads=arguments.threads)
    begun = pkgutil.resolve_name(method.pretraining)
    pretrainer: Pretrainer = begun(palettes, contents, arguments.seed, arguments.steps, device.torch)
    for warning in pretrainer.warnings:
        say(warning)
    stopped = threading.Event()
    state_file = out.with_suffix(".state")
    if state_file.exists():
        pretrainer.restore(_read(state_file))
        say(f"Going on from step {pretrainer.steps_done:,} of {state_file}.")
    with interrupted(stopped.set):
        _learn(pretrainer, arguments.steps, out, state_file, stopped, Threads(device, arguments.threads is not None))
    print(f"Learned {pretrainer.steps_done:,} steps; the network is {out}")
    return 0


def _learn(
    pretrainer: Pretrainer, steps: int, out: Path, state_file: Path, stopped: threading.Event, threads: Threads
) -> None:
    progress, began, first = Progress(), time.monotonic(), pretrainer.steps_done
    saved = began
    while pretrainer.steps_done < steps and not stopped.is_set():
        with threads.step():
            pretrainer.step(pretrainer.steps_done)
        done, now = pretrainer.steps_done, time.monotonic()
        progress.show(done / steps, f"step {done:,}  {(done - first) / (now - began):.2f} steps/s")
        if now - saved >= _SAVE_S:
            _write(state_file, pretrainer.state())
            pretrainer.write(out)
            saved = time.monotonic()
    progress.end()
    pretrainer.write(out)
    if pretrainer.steps_done < steps:
        _write(state_file, pretrainer.state())
    else:
        state_file.unlink(missing_ok=True)


def _write(path: Path, state: State) -> None:
    with replacing(path) as temporary:
        save_file(state.tensors, temporary, {"plain": json.dumps(state.plain)})


def _read(path: Path) -> State:
    try:
        with safe_open(path, framework="pt") as file:
            plain = json.loads((file.metadata() or {})["plain"])
        return State(load_file(path, backend="pread"), plain)
    except (OSError, ValueError, KeyError, SafetensorError):
        raise BadProjectError(f"{path} is damaged. Remove it to begin from nothing.") from None
