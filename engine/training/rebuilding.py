"""A method for another job in place of the present one, also where the device does not hold both at a time.

A method that is let go is gone at once, since no method holds itself in a circle. To collect circles here would take
along those of the window, whose widgets may only go in its own thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from engine.device import Device, empty_cache, is_out_of_memory
from engine.errors import NoRoomError
from engine.job import Job
from engine.messages.events import Event
from engine.method import Method, State, method_class
from engine.training.autosave import Autosaver
from engine.training.trainer import GaveUpError, Trainer


def built(job: Job, device: Device) -> Method:
    """Raises what `Method.__init__` does, and what a device raises that has too little memory."""
    return method_class(job.method)(job, device.torch)


def built_beside(
    trainer: Trainer,
    job: Job,
    take_over: Callable[[Method], object],
    state: State,
    keeper: Autosaver,
    device: Device,
    forget: Callable[[], None],
) -> Generator[Event, None, Method]:
    """The method for `job`, while that of `trainer` is still there; it makes room where there is too little memory.

    Before it does, its state is saved; where the other one can not be had even so, it is built again, as it was.

    Args:
        take_over: brings what was learned into the new method; what it raises counts as if the method could not be had.
        state: of the present method.
        forget: lets everything go that holds the present method, besides the trainer.

    Raises:
        GaveUpError: neither can be had any more; the present one is saved.
        Exception: as `built`; the trainer's method is the present one again, or still.
    """

    def other() -> Method:
        method = built(job, device)
        take_over(method)
        return method

    try:
        return other()
    except Exception as error:
        if not is_out_of_memory(error) or device.key == "cpu":
            raise
        refusal = error.with_traceback(None)
    if trainer.dirty:
        try:
            yield from keeper.keep(trainer, "autosave")
        except NoRoomError:
            raise refusal from None  # what is not saved is not let go
    forget()
    trainer.release_method()
    try:
        empty_cache(device.torch)
        return other()
    except Exception as error:
        refusal = error.with_traceback(None)
    empty_cache(device.torch)
    try:
        trainer.method = built(trainer.job, device)
        trainer.method.restore(state)
    except Exception as error:
        trainer.good = None  # what was saved is newer
        raise GaveUpError(
            "There is too little memory for these settings, and now for those from before as well. Close other "
            "programs that use the device; the last autosave has all that was learned."
        ) from error
    raise refusal
