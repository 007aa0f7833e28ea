"""What methods that train networks do in a step: Adam, precision, averages of weights, and their state by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from engine import sharing
from engine.errors import BadProjectError
from engine.nn.capture import Rate


class _Adam(torch.optim.Adam):
    """torch's, told weights in channels_last memory as they lie there.

    On the processor the fused update copies the gradient of each of them otherwise, and takes one that lies another way
    for that of other weights.
    """

    def _init_group(
        self,
        group: dict[str, Any],
        params_with_grad: list[Tensor],
        grads: list[Tensor],
        exp_avgs: list[Tensor],
        exp_avg_sqs: list[Tensor],
        max_exp_avg_sqs: list[Tensor],
        state_steps: list[Tensor],
    ) -> bool:
        kinds = params_with_grad, grads, exp_avgs, exp_avg_sqs
        is_complex = super()._init_group(group, *kinds, max_exp_avg_sqs, state_steps)
        if group["fused"] and params_with_grad and params_with_grad[0].device.type == "cpu":
            last = [weight.ndim == 4 and not weight.is_contiguous() for weight in params_with_grad]
            for kind in kinds:
                kind[:] = map(_channels_last, kind, last)
            grads[:] = map(Tensor.contiguous, grads)
            assert all(weight.is_contiguous() for weight in params_with_grad)
        return is_complex


def _channels_last(tensor: Tensor, last: bool) -> Tensor:
    return tensor.movedim(1, -1) if last else tensor


def adam(parameters: Iterable[nn.Parameter], rate: float) -> torch.optim.Adam:
    """Adam (0.5, 0.999), fused where the device has it; its moments exist from the start, so that state has them."""
    parameters = list(parameters)
    device = parameters[0].device.type
    fused = device in ("cpu", "cuda")
    optimizer = _Adam(parameters, lr=rate, betas=(0.5, 0.999), fused=fused, capturable=device == "cuda")
    for parameter in parameters:
        optimizer.state[parameter] = {
            "step": torch.zeros((), device=parameter.device if fused else None),
            "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
            "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
        }
    return optimizer


def slowed(optimizer: torch.optim.Optimizer, parameter: Tensor, part: float) -> None:
    """From now on `descend` moves a parameter by that part of the rate.

    Adam moves all weights alike, so that a sum over many inputs moves by as many times the rate.
    """
    (group,) = optimizer.param_groups
    alone = {**group, "params": [parameter], "part": part}
    group["params"] = [other for other in group["params"] if other is not parameter]
    optimizer.param_groups.append(alone)


def descend(optimizer: torch.optim.Optimizer, losses: Iterable[Tensor], rate: Rate) -> None:
    """One update by the sum of some losses.

    Each loss is made, and its gradient taken, before the next one is made, so that their graphs never lie in memory
    together; gradients are freed afterwards, so that they take no memory in the other network's update, and none of an
    update that was broken off joins those of the next. In a step that several processes share, losses are means over
    the rows of each, and all of them make the same update.
    """
    for group in optimizer.param_groups:
        group["lr"] = rate * group["part"] if "part" in group else rate
    try:
        for loss in losses:
            sharing.weighted(loss).backward()
            del loss
        sharing.add_gradients(parameter for group in optimizer.param_groups for parameter in group["params"])
        optimizer.step()
    finally:
        optimizer.zero_grad(set_to_none=True)


def precision(device: torch.device, bfloat16: bool) -> AbstractContextManager:
    """Convolutions and matrix products in bfloat16, or nothing."""
    if not bfloat16:
        return nullcontext()
    # Weights that were cast before would not be cast again by a captured step.
    captured = device.type == "cuda" and torch.cuda.is_current_stream_capturing()
    return torch.autocast(device.type, dtype=torch.bfloat16, cache_enabled=not captured)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Gradients pass through the network, but none are taken for its weights."""
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def rising(decay: float, steps_done: int) -> float:
    """The decay of an average, smaller in the first steps, so that the start is forgotten."""
    return min(decay, (1 + steps_done) / (10 + steps_done))


def update_ema(shown: nn.Module, trained: nn.Module, decay: Rate) -> None:
    """Exponential moving average of weights."""
    averages, present = [*shown.parameters()], [*trained.parameters()]
    with torch.no_grad():
        if not isinstance(decay, Tensor):
            torch._foreach_lerp_(averages, present, 1 - decay)  # type: ignore[attr-defined]
            return
        ways = torch._foreach_sub(present, averages)  # type: ignore[attr-defined]
        torch._foreach_mul_(ways, 1 - decay)  # type: ignore[attr-defined]
        torch._foreach_add_(averages, ways)  # type: ignore[attr-defined]


@contextmanager
def fresh_statistics(network: nn.Module) -> Iterator[None]:
    """Batch norms gather their statistics anew inside the block, as plain means over its batches, and freeze then."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    network.train()
    try:
        yield
    finally:
        network.eval()
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def moments(
    name: str, optimizer: torch.optim.Optimizer, parameters: list[tuple[str, nn.Parameter]]
) -> Iterator[tuple[str, Tensor]]:
    """An optimiser's tensors, named by the parameters that they belong to."""
    for key, parameter in parameters:
        for part, tensor in optimizer.state[parameter].items():
            yield f"{name}.{key}.{part}", tensor


def copies(tensors: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    """Tensors as a state holds them: on the CPU, their own, and whole."""
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors}


def copy_into(targets: dict[str, Tensor], values: dict[str, Tensor], strict: bool) -> list[str]:
    """Copies stored tensors over those of a method, in place.

    Returns:
        names of targets that were left as they are, for want of a value of their shape.

    Raises:
        BadProjectError: `strict`, and there is such a target.
    """
    left = [key for key, target in targets.items() if key not in values or values[key].shape != target.shape]
    if left and strict:
        raise BadProjectError(
            f"The snapshot does not fit the settings it names ({left[0]} is missing or of another size). "
            "Choose another snapshot of the project."
        )
    with torch.no_grad():
        for key, target in targets.items():
            if key not in left:
                target.copy_(values[key])
    return left
