"""The network that comes with the program: its file, what it says about itself, and how a training begins with it.

The file is safetensors: generator and discriminator, and the settings that make networks of their sizes. Its card, for
people, lies beside it in resources/networks/. How it learned is in pretraining.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.errors import BadSettingError, BadWeightsError
from engine.files import replacing
from engine.methods.magic.settings import MagicSettings
from engine.methods.magic.shape import collage_shape
from engine.nn.collage import CollageShape

FORMAT = 1
_KEY = "tessera"
_LARGEST_BYTES = 256 * 2**20
"""A file larger than this is none of ours."""


@dataclass(frozen=True)
class PretrainedNetwork:
    """settings: those that decide the sizes. tensors: "generator.*" and "discriminator.*", float32."""

    settings: MagicSettings
    tensors: dict[str, Tensor]


def shipped() -> Path:
    """The file that comes with the program; it may be missing."""
    return Path(str(files("resources"))) / "networks" / "magic.safetensors"


def write(path: Path, settings: Mapping[str, Any], networks: Mapping[str, nn.Module]) -> None:
    """Raises NoRoomError."""
    tensors = {
        f"{name}.{key}": value.detach().cpu().float().contiguous()
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }
    about = json.dumps({"format": FORMAT, "settings": dict(settings)})
    with replacing(path) as temporary:
        mode = temporary.stat().st_mode
        save_file(tensors, temporary, {_KEY: about})
        temporary.chmod(mode)  # its writer lets nobody else read it


def read_settings(path: Path) -> MagicSettings:
    """What decides the sizes of the networks in a file; no more of it is read.

    Raises:
        BadWeightsError: it is missing, damaged, of another version, or something else.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise BadWeightsError(f"{path} is too large to be a network of Tessera's.")
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[_KEY])
        if about["format"] != FORMAT:
            raise BadWeightsError(f"The network {path} is of another version of Tessera; install Tessera again.")
        return MagicSettings.of(about["settings"])
    except OSError as error:
        raise BadWeightsError(f"The network {path} can not be read ({error.strerror or error}).") from None
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, BadSettingError):
        raise _damaged(path) from None


def read(path: Path) -> PretrainedNetwork:
    """All of it. Raises BadWeightsError like `read_settings`."""
    settings = read_settings(path)
    try:
        tensors = load_file(path, backend="pread")
    except OSError as error:
        raise BadWeightsError(f"The network {path} can not be read ({error.strerror or error}).") from None
    except (SafetensorError, ValueError):
        raise _damaged(path) from None
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values() if tensor.is_floating_point()):
        raise _damaged(path)
    return PretrainedNetwork(settings, tensors)


def _damaged(path: Path) -> BadWeightsError:
    return BadWeightsError(f"The network {path} is damaged; install Tessera again.")


def fits(settings: MagicSettings, shape: CollageShape) -> bool:
    """Whether a network of these settings is of the sizes that `shape` asks for.

    A network that knows contents serves unguided collages, too.
    """
    own = collage_shape(settings)
    return replace(own, sets=replace(own.sets, guided=shape.sets.guided)) == shape


def take(network: PretrainedNetwork, targets: Mapping[str, nn.Module]) -> bool:
    """Copies weights over those of networks by name; those of a network that is not of its size stay, all of them.

    Returns:
        whether all were copied.
    """
    whole = True
    for name, target in targets.items():
        own = target.state_dict()
        values = {key: network.tensors.get(f"{name}.{key}") for key in own}
        if all(value is not None and value.shape == own[key].shape for key, value in values.items()):
            target.load_state_dict({key: value for key, value in values.items() if value is not None})
        else:
            whole = False
    return whole
