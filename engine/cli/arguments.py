"""What the small commands can be given."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from engine.cli.shared_arguments import add_device, add_threads
from engine.cli.values import whole
from engine.job import DEFAULT_METHOD


def add_fetch(fetch: ArgumentParser) -> None:
    """Adds the arguments of `tessera fetch`."""
    fetch.add_argument("--from", type=Path, metavar="FILE", dest="file", help="take them from this file instead")


def add_listing(command: ArgumentParser) -> None:
    """Adds the arguments of commands that list something."""
    command.add_argument("--json", action="store_true", help="print JSON")


def add_methods(methods: ArgumentParser) -> None:
    """Adds the arguments of `tessera methods`."""
    methods.add_argument("methods", nargs="*", metavar="METHOD", help="those to explain; all are listed unless named")
    add_listing(methods)


def add_pretrain(pretrain: ArgumentParser) -> None:
    """Adds the arguments of `tessera pretrain`."""
    add = pretrain.add_argument
    add("folders", type=Path, nargs="+", metavar="FOLDER", help="of images; each folder in it is a palette as well")
    add("--contents", type=Path, nargs="+", metavar="PATH", help="what is shown; the palettes' own images unless given")
    add("--out", type=Path, required=True, metavar="FILE", help="the network, .safetensors")
    add("--method", default=DEFAULT_METHOD, metavar="NAME", help=f"{DEFAULT_METHOD} unless named")
    add("--steps", type=whole(1, 10_000_000), default=4500, metavar="N", help="in all; 4500 unless given")
    add("--seed", type=whole(0, 2**31 - 1), default=7, metavar="S", help="of weights and draws; 7 unless given")
    add_device(pretrain)
    add_threads(pretrain)
