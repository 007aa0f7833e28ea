"""A graphics card that is not there: its tensors say `cuda:0`, compute on the processor, and refuse what a card does.

    with SimulatedCard() as card:
        method = method_class("famos")(job, torch.device("cuda:0"))
        with card.counting() as counts:
            method.step(0)
        counts.launches, counts.waits, counts.uploads

It raises where a card would: tensors of two devices in one operator, `.numpy()`, a generator of the processor, an
operator without a CUDA kernel, attention over more than 65,535 batches; without `doubles`, float64, as on MPS. It can
break at a launch, at once (too little memory) or late, as kernels do whose errors are heard at the next wait.

What it does not know: time, memory, two cards, streams, the memory of graphs (see graph.py), the numerics of CUDA's
kernels, which dtypes single kernels lack, how many kernels a library call really launches, and faults of drivers.
Needs a C++ compiler, once.
"""

from __future__ import annotations

import contextlib
import sys
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tests.simulated_card import attention, graph, guard, kernels

DEVICE, CPU, META = torch.device("cuda", 0), torch.device("cpu"), torch.device("meta")
_ENGINE = str(Path(__file__).parents[2] / "engine")


class CardTensor(torch.Tensor):
    """`numbers` holds the numbers, on the processor."""

    numbers: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def __new__(cls, inner: Tensor) -> CardTensor:
        made = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=DEVICE,
        )
        made.numbers = inner
        return made

    def __repr__(self, **_: Any) -> str:
        return f"CardTensor({self.numbers!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        with torch.no_grad():
            copied = CardTensor(self.numbers.clone()).requires_grad_(self.requires_grad)
        if hasattr(self, "_is_param"):
            copied._is_param = True
        memo[id(self)] = copied
        return copied

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def numpy(self, *_: Any, **__: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy it first.")

    __array__ = numpy  # type: ignore[assignment]

    def data_ptr(self) -> int:
        raise RuntimeError("Only CUDA kernels may look into the memory of a card.")

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return SimulatedCard.present().execute(func, args, kwargs or {})


@dataclass
class Counts:
    """What the card did.

    Args:
        kernels: launches by operator.
        waits: of the host for the card, by operator and line of the engine.
        uploads: copies of memory that is not pinned, for which the host waits as well, by line.
    """

    kernels: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    uploads: Counter[str] = field(default_factory=Counter)

    @property
    def launches(self) -> int:
        return self.kernels.total()


class SimulatedCard(TorchDispatchMode):
    """See the module.

    Args:
        doubles: whether it knows float64; without, it lacks what else Apple's processors lack.
        computes: False keeps shapes alone, so that steps of real sizes can be counted at once; what is read is 0 or 1.
    """

    _present: list[SimulatedCard] = []  # noqa: RUF012 - the one in use, for all threads

    def __init__(self, doubles: bool = True, computes: bool = True) -> None:
        super().__init__()
        self.doubles, self.computes = doubles, computes
        self._counts: list[Counts] = []
        self._launches = 0
        self._breaks_at: tuple[int, Exception, bool] | None = None
        self._broken: Exception | None = None
        self._stack = contextlib.ExitStack()
        self.recording: graph.CUDAGraph | None = None
        self.allocator = graph.Allocator()
        self.stream = graph.Stream()

    @classmethod
    def present(cls) -> SimulatedCard:
        if not cls._present:
            raise RuntimeError("A tensor of a simulated card outlived it.")
        return cls._present[-1]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here, and dynamo takes seconds to import

    # -------------------------------------------------------- on and off

    def __enter__(self) -> SimulatedCard:
        assert not self._present, "There is one card only."
        self._present.append(self)
        self._stack.callback(self._present.clear)
        guard.set_present(True)
        self._stack.callback(guard.set_present, False)
        for holder, name, value in self._answers():
            self._stack.callback(setattr, holder, name, getattr(holder, name))
            setattr(holder, name, value)
        future = torch.__future__
        replaces = future.get_overwrite_module_params_on_conversion()
        self._stack.callback(future.set_overwrite_module_params_on_conversion, replaces)
        future.set_overwrite_module_params_on_conversion(True)  # `.data =` can not change a tensor's class
        lifts = torch._C._only_lift_cpu_tensors()
        self._stack.callback(torch._C._set_only_lift_cpu_tensors, lifts)
        torch._C._set_only_lift_cpu_tensors(True)
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._stack.close()

    def _answers(self) -> Iterator[tuple[Any, str, Any]]:
        """What torch.cuda says while the card is in use."""
        cuda = torch.cuda
        properties = types.SimpleNamespace(name="simulated", total_memory=2**37, major=9, minor=0)
        says: dict[str, Any] = {
            "is_available": True,
            "device_count": 1,
            "current_device": 0,
            "is_initialized": True,
            "_lazy_init": None,
            "_lazy_call": None,
            "_is_in_bad_fork": False,
            "get_device_properties": properties,
            "get_device_capability": (9, 0),
            "get_arch_list": ["sm_80", "sm_90", "compute_90"],
            "is_bf16_supported": True,
            "set_device": None,
            "mem_get_info": (2**37, 2**37),
            "memory_reserved": 0,
            "memory_allocated": 0,
            "_exchange_device": 0,
            "_maybe_exchange_device": 0,
            "get_rng_state": torch.zeros(16, dtype=torch.uint8),
            "set_rng_state": None,
        }
        for name, answer in says.items():
            yield cuda, name, lambda *_, answer=answer, **__: answer
        yield cuda, "is_current_stream_capturing", lambda: self.recording is not None
        yield cuda, "graph_pool_handle", self.allocator.handle
        yield cuda, "memory_snapshot", self.allocator.snapshot
        yield cuda, "empty_cache", self.allocator.give_back
        yield torch._C, "_cuda_endAllocateToPool", self.allocator.end
        yield torch._C, "_cuda_releasePool", self.allocator.release
        yield cuda, "current_stream", lambda *_: self.stream
        yield cuda, "stream", graph.used
        for name in ("CUDAGraph", "Stream"):
            yield cuda, name, getattr(graph, name)
        yield cuda, "synchronize", lambda *_: self.wait("synchronize")
        yield torch.Tensor, "pin_memory", _pinned
        yield torch.nn.functional, "scaled_dot_product_attention", attention.attend

    # -------------------------------------------------------- counting and breaking

    @contextlib.contextmanager
    def counting(self) -> Iterator[Counts]:
        counts = Counts()
        self._counts.append(counts)
        try:
            yield counts
        finally:
            self._counts.remove(counts)

    def break_at(self, launch: int, error: Exception, late: bool = False) -> None:
        """The `launch`-th kernel from now fails: once and at once; or `late`, heard at the next wait and ever after.

        With 0 it is the next operator that makes a tensor, even an empty one.
        """
        self._breaks_at = self._launches + launch, error, late

    def launch(self, name: str, kernels_launched: int) -> None:
        if self._broken is not None:
            raise self._broken
        for counts in self._counts:
            counts.kernels[name] += kernels_launched
        self._launches += kernels_launched
        if self._breaks_at is None or self._launches < self._breaks_at[0]:
            return
        _, error, late = self._breaks_at
        if not late:
            self._breaks_at = None
            raise error

    def wait(self, what: str) -> None:
        """The host waits for all that was launched, and hears of what went wrong."""
        self._refuse_while_capturing(what)
        if self._breaks_at is not None and self._launches >= self._breaks_at[0]:
            self._broken = self._breaks_at[1]
        if self._broken is not None:
            raise self._broken
        for counts in self._counts:
            counts.waits[f"{what} {_place()}"] += 1

    def _refuse_while_capturing(self, what: str) -> None:
        if self.recording is not None:
            self.recording.broken = True
            raise RuntimeError(f"{graph.REFUSED} ({what} {_place()})")

    # -------------------------------------------------------- carrying out

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return self.execute(func, args, kwargs or {})

    def execute(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = _flat(args, kwargs)
        ours = any(isinstance(x, CardTensor) for x in given)
        asked = next((x for x in given if isinstance(x, torch.device)), None)
        if not ours and (asked is None or asked.type != "cuda"):
            return func(*args, **kwargs)
        name = kernels.name_of(func)
        if func._schema.name.removeprefix("aten::") + _overload(func) in kernels.without_kernel():
            raise NotImplementedError(f"Could not run 'aten::{name}' with arguments from the 'CUDA' backend.")
        crossing = getattr(self, f"_on_{name}", None)
        if crossing is not None:
            return crossing(func, args, kwargs)
        if not self.doubles and (lacking := kernels.lacking_on_metal(func, args)):
            raise NotImplementedError(lacking)
        self._refuse(func, name, given, ours)
        if not kernels.is_view(func):
            self.launch(name, kernels.launched(func, args))
        if kernels.waits(func, args):
            self.wait(name)
        result = self.carried_out(func, args, kwargs)
        written = kernels.written(func)
        if written:
            targets = [kwargs[key] if isinstance(key, str) else args[key] for key in written]
            return targets[0] if len(targets) == 1 else tuple(targets)
        return self.wrap(result) if asked is None or asked.type == "cuda" else result

    def carried_out(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator's result, in numbers, or another function's; remembered where a step is captured."""
        if not self.computes and kernels.has_no_shapes(func):
            return None
        inner, named = self._inner(args), self._inner(kwargs)
        if self.recording is None:
            return func(*inner, **named)
        changed = kernels.changed(func, inner, named)
        for numbers in changed:
            self.recording.about_to_write(numbers)
        result = func(*inner, **named)
        self.recording.note(lambda: func(*inner, **named), _flat((*inner, *named.values()), {}), result, bool(changed))
        return result

    def wrap(self, inner: Any) -> Any:
        if isinstance(inner, list | tuple):
            return type(inner)([self.wrap(x) for x in inner])
        if not isinstance(inner, Tensor) or isinstance(inner, CardTensor):
            return inner
        if inner.dtype == torch.float64 and not self.doubles:
            raise TypeError(
                "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64."
            )
        return CardTensor(inner)

    def _refuse(self, func: Any, name: str, given: list[Any], ours: bool) -> None:
        """Strangers among the arguments. A CPU scalar is welcome in most places, CPU indices are uploaded."""
        for x in given:
            if isinstance(x, torch.Generator) and x.device.type != "cuda":
                raise RuntimeError(f"Expected a 'cuda' device type for generator but found 'cpu' (aten::{name})")
        indexes = name in ("index", "index_put_", "_index_put_impl_")
        scalars = indexes or torch.Tag.pointwise in func.tags or name in ("where", "masked_fill_", "fill_", "lerp_")
        for x in given if ours else ():
            if not isinstance(x, Tensor) or isinstance(x, CardTensor) or (x.dim() == 0 and scalars):
                continue
            if indexes and x is not given[0] and not x.is_floating_point():
                self._upload(x, asynchronous=False)
                continue
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! "
                f"(aten::{name}: a tensor of shape {tuple(x.shape)})"
            )

    def _inner(self, values: Any) -> Any:
        """The same values with the numbers in place of the card's tensors."""
        kind = type(values)
        if kind is CardTensor:
            return values.numbers
        if kind is tuple or kind is list:
            return kind([self._inner(x) for x in values])
        if kind is dict:
            return {key: self._inner(x) for key, x in values.items()}
        if kind is torch.device:
            return CPU if self.computes else META
        if not self.computes and isinstance(values, Tensor) and values.dim():
            return values.to(META)
        return values

    # -------------------------------------------------------- operators that cross between host and card

    def _on__to_copy(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        source, target = args[0], kwargs.get("device") or args[0].device
        if not isinstance(source, CardTensor):
            self._upload(source, kwargs.get("non_blocking", False))
        elif target.type != "cuda":
            self.wait("copy to the host")
        else:
            self.launch("_to_copy", 1)
        if target.type == "cuda":
            return self.wrap(self.carried_out(func, (source,), {**kwargs, "device": DEVICE}))
        if not self.computes:
            return torch.zeros(source.shape, dtype=kwargs.get("dtype") or source.dtype)
        return func(self._inner(source), **{**kwargs, "device": CPU})

    def _on_copy_(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        target, source = args[:2]
        if not isinstance(target, CardTensor):
            self.wait("copy to the host")
        elif isinstance(source, CardTensor):
            self.launch("copy_", 1)
        else:
            self._upload(source, (*args, False)[2])
        if self.computes or isinstance(target, CardTensor):
            self.carried_out(func, args, kwargs)
        return target

    def _on__local_scalar_dense(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.wait("item")
        return func(*self._inner(args), **kwargs) if self.computes else 1

    def _upload(self, source: Tensor, asynchronous: bool) -> None:
        """Copies of the host's pinned memory are launched as kernels are; all others are waited for.

        A graph would copy from that place in the host's memory ever after.
        """
        self._refuse_while_capturing("a copy of the host's memory")
        if asynchronous and getattr(source, "is_pinned_here", False):
            self.launch("upload", 1)
            return
        if self._broken is not None:
            raise self._broken
        for counts in self._counts:
            counts.uploads[_place()] += 1


def _pinned(tensor: Tensor) -> Tensor:
    copied = tensor.clone()
    copied.is_pinned_here = True  # type: ignore[attr-defined]
    return copied


def _flat(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Operators take lists of tensors, and nothing deeper."""
    found: list[Any] = []
    for x in (*args, *kwargs.values()):
        found.extend(x) if isinstance(x, list | tuple) else found.append(x)
    return found


def _overload(func: Any) -> str:
    return "" if func._overloadname == "default" else f".{func._overloadname}"


def _place() -> str:
    """The innermost line of the engine that is run; autograd's thread has none."""
    frame = sys._getframe(2)
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_ENGINE):
            return f"{path.removeprefix(_ENGINE + '/')}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return "elsewhere"
