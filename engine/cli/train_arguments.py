"""What `tessera train` can be given; it is carried out by train.py. Images are named by the slots of all methods."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.cli.map_arguments import add_map_options
from engine.cli.shared_arguments import add_device, add_json, add_presets, add_settings, add_threads
from engine.cli.slot_options import add_slot_options
from engine.cli.values import canvas_size, devices, positive, whole
from engine.job import DEFAULT_METHOD, Job


def add_train(train: argparse.ArgumentParser) -> None:
    """Declares them all."""
    add = train.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the project that is made")
    add_slot_options(train)
    add_map_options(train)
    add("--method", metavar="NAME", help=f"see `tessera methods`; {DEFAULT_METHOD} unless named")
    add(
        "--steps",
        type=whole(1, 1_000_000_000),
        metavar="N",
        help="end at this step, those of a project included; this or --minutes is needed",
    )
    add("--minutes", type=positive, metavar="M", help="end after so many minutes of training")
    add(
        "--until-stall",
        type=positive,
        metavar="M",
        help="end sooner where the style match has not risen for so many minutes",
    )
    add("--plan", type=Path, metavar="FILE", help="several trainings, one after another, as a file says; docs/away.md")
    add_presets(train, "Draft")
    add_settings(train, "settings, as content_weight=60; see `tessera methods`")
    add(
        "--start-from",
        type=Path,
        metavar="PROJECT",
        help="begin with the networks that another project learned; its method and settings hold unless others are "
        "named",
    )
    add("--canvas", type=canvas_size, metavar="WIDTHxHEIGHT", help="in pixels; else as the first content image")
    seed = Job.model_fields["seed"].default
    add("--seed", type=whole(0, 2**31 - 1), metavar="S", help=f"of weights, crops and noise; {seed} unless given")
    add_device(train)
    add(
        "--devices", type=devices, metavar="D,D", help="several that share each step, as cuda:0,cuda:1; or use torchrun"
    )
    add_threads(train)
    add("--resume", action="store_true", help="go on from the newest snapshot of the project in DIR; see --threads")
    add_json(train, "snapshot")
