"""What a card does with an operator: how many kernels it launches, whether the host waits, whether it has any."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import torchgen
from torch import Tensor

_NOTHING = {
    *("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "lift_fresh", "detach", "resize_"),
    *("_unsafe_view", "_reshape_alias", "record_stream", "set_"),
}
_SEVERAL = {
    "_unique2": 6,
    "argsort": 4,
    "bincount": 4,
    "eye": 2,
    "linalg_eigh": 20,
    "multinomial": 5,
    "native_batch_norm": 2,
    "native_batch_norm_backward": 2,
    "native_layer_norm_backward": 2,
    "nonzero": 4,
    "randperm": 4,
    "sort": 4,
}
_OF_UNKNOWN_SIZE = {"nonzero", "_unique2", "unique_dim", "masked_select", "bincount"}
"""The host has to be told how large the result is."""


def name_of(operator: Any) -> str:
    return operator._schema.name.split("::")[-1]


def launched(operator: Any, args: tuple[Any, ...]) -> int:
    """About how many kernels: one for most operators, as cuDNN, fused optimisers and reductions were seen to do."""
    name = name_of(operator)
    if name in _NOTHING or is_view(operator):
        return 0
    if name == "convolution":
        return 1 + (args[2] is not None)  # the bias
    if name == "convolution_backward":
        return sum(map(bool, args[10]))
    if name == "_fused_adam_":
        return math.ceil(max(len(args[0]) / 30, sum(tensor.numel() for tensor in args[0]) / (320 * 65_536)))
    if name.startswith("_foreach"):
        return math.ceil(len(args[0]) / 48)
    return _SEVERAL.get(name, 1)


def lacking_on_metal(operator: Any, args: tuple[Any, ...]) -> str:
    """Why Apple's processors do not run this, in torch's words; empty where they do. Some of torch 2.6 to 2.13."""
    name = name_of(operator)
    if name in ("unique_dim", "_upsample_bicubic2d_aa"):  # before 2.10, and 2.8
        return f"The operator 'aten::{name}' is not currently implemented for the MPS device."
    if name == "_adaptive_avg_pool2d" and any(a % b for a, b in zip(args[0].shape[-2:], args[1], strict=True)):
        return "Adaptive pool MPS: input sizes must be divisible by output sizes."
    return ""


def waits(operator: Any, args: tuple[Any, ...]) -> bool:
    """Whether the host stands still until the card has done all it was told."""
    name = name_of(operator)
    if name in ("index", "index_put_", "_index_put_impl_"):
        return any(isinstance(x, Tensor) and not x.is_floating_point() and x.element_size() == 1 for x in args[1])
    return name in _OF_UNKNOWN_SIZE


@cache
def is_view(operator: Any) -> bool:
    returns = operator._schema.returns
    return bool(returns) and all(r.alias_info is not None and not r.alias_info.is_write for r in returns)


def changed(operator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """The tensors among the arguments that an operator writes to, those that it does not return as well."""
    if not hasattr(operator, "_schema"):
        return []
    if name_of(operator) == "native_batch_norm" and args[5]:  # whose running statistics its schema does not name
        return [x for x in args[3:5] if x is not None]
    found: list[Tensor] = []
    for place, argument in enumerate(operator._schema.arguments):
        if argument.alias_info is None or not argument.alias_info.is_write:
            continue
        given = kwargs.get(argument.name) if argument.kwarg_only or place >= len(args) else args[place]
        found += [x for x in (given if isinstance(given, list | tuple) else [given]) if isinstance(x, Tensor)]
    return found


@cache
def written(operator: Any) -> tuple[int | str, ...]:
    """Places or names of the arguments that an operator returns because it wrote to them."""
    written_to = [r.alias_info for r in operator._schema.returns if r.alias_info and r.alias_info.is_write]
    marks = {next(iter(info.before_set)) for info in written_to}
    found: list[int | str] = []
    for place, argument in enumerate(operator._schema.arguments):
        info = argument.alias_info
        if info is not None and info.is_write and marks & set(info.before_set):
            found.append(argument.name if argument.kwarg_only else place)
    return tuple(found)


def has_no_shapes(operator: Any) -> bool:
    """Whether torch can not say what becomes of shapes; it gives none back, and nothing changes its own."""
    return hasattr(operator, "_schema") and name_of(operator) == "_fused_adam_"


@cache
def without_kernel() -> frozenset[str]:
    """Operators that have kernels for some device and none for CUDA, by torch's own list (read as plain text)."""
    path = Path(torchgen.__path__[0]) / "packaged/ATen/native/native_functions.yaml"
    keys: dict[str, set[str]] = {}
    delegates: dict[str, str] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("- func: "):
            name = line.removeprefix("- func: ").split("(")[0]
        elif line.startswith("  structured_delegate: "):
            delegates[name] = line.split(": ")[1]
        elif line.startswith("  dispatch:"):
            keys[name] = set()
        elif line.startswith("    ") and ":" in line and name in keys:
            keys[name] |= {key.strip() for key in line.split(":")[0].split(",")}
    for name, target in delegates.items():
        keys[name] = keys.get(name, set()) | keys.get(target, set())
    return frozenset(
        name for name, found in keys.items() if not any("CUDA" in key or key.startswith("Composite") for key in found)
    )
