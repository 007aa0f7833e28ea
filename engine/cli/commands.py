"""The commands there are, once: the engine's parser, the window's usage and its list of commands are made of this.

Light, since `tessera --help` reads it: where a command's arguments and its work are is told by name.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


@dataclass(frozen=True)
class Command:
    """One word after `tessera`.

    Args:
        name: the word.
        help: for the list of commands.
        text: for its own help.
        arguments: "module:function" that declares them to a parser.
        work: "module:function" that does it and returns the exit code; loading it may take seconds.
        examples: whole commands, for the end of its help.
    """

    name: str
    help: str
    text: str
    arguments: str
    work: str
    examples: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        pkgutil.resolve_name(self.arguments)(parser)

    def run(self, arguments: Namespace) -> int:
        """Raises TesseraError: one sentence."""
        return pkgutil.resolve_name(self.work)(arguments)


_LISTING = "engine.cli.arguments:add_listing"
COMMANDS = (
    Command(
        "collage",
        "paint images out of other images at once, without training",
        "Paints the content out of pieces of the style images, by the network that comes with Tessera: one command, "
        "one print. Without a content, a collage of the style images alone.",
        "engine.cli.render_arguments:add_collage",
        "engine.cli.collage:run",
        (
            "tessera collage --style city/ --content portrait.jpg --size A2 --out print.tif",
            "tessera collage --style city/ --content portrait.jpg --set smoothing_px=6 --seed 4 --out larger.jpg",
        ),
    ),
    Command(
        "train",
        "train without a window",
        "Learns a mosaic of the style images that shows the first content image. Ctrl-C keeps a snapshot and ends.",
        "engine.cli.train_arguments:add_train",
        "engine.cli.train:run",
        (
            "tessera train --style city/ --content portrait.jpg --preset Draft --minutes 5 --out project/",
            "tessera train --out project/ --resume --minutes 5",
        ),
    ),
    Command(
        "render",
        "paint a picture to a file",
        "Paints a picture of any size, tile by tile. What Ctrl-C or a crash leaves is gone on with by --resume.",
        "engine.cli.render_arguments:add_render",
        "engine.cli.render:run",
        (
            "tessera render project/ --size 60x90cm --bleed 3mm --out print.tif",
            "tessera render project/ --content holidays/ --out others.jpg",
            "tessera render project/ --sweep between=0:1:25 --out walk.mp4",
        ),
    ),
    Command(
        "pretrain",
        "make the network that shows a picture before any training",
        "Learns to choose pieces from many palettes and contents, so that images it never saw give a picture at once. "
        "Every folder that holds images is a palette. Ctrl-C ends it; the same command goes on.",
        "engine.cli.arguments:add_pretrain",
        "engine.cli.pretrain:run",
    ),
    Command(
        "fetch",
        "fetch a network's weights",
        "Fetches the weights of VGG-19 (575 MB) into the user's cache; what an earlier attempt has fetched is kept.",
        "engine.cli.arguments:add_fetch",
        "engine.cli.fetch:run",
    ),
    Command(
        "methods",
        "list the methods, their settings and presets",
        "Lists the methods with their images, layers, presets and settings; of those that are named also what each "
        "setting does, and whether `tessera render --set` takes it.",
        "engine.cli.arguments:add_methods",
        "engine.cli.listing:methods",
        ("tessera methods", "tessera methods magic"),
    ),
    Command("devices", "list the devices", "list the devices", _LISTING, "engine.cli.listing:devices"),
)


def spelled() -> str:
    """ "tessera train, ... or tessera devices", for whoever has no display."""
    *others, last = (f"tessera {command.name}" for command in COMMANDS)
    return f"{', '.join(others)} or {last}"
