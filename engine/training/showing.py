"""The pictures that a session is asked for, a piece at a time: of the present, and of snapshots beside it.

When there is time for a piece is turns.py's, what paints painters.py's; how one is painted is preview/views.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from engine.device import Device, empty_cache, is_lost, is_out_of_memory
from engine.errors import OutOfMemoryError
from engine.messages.commands import RenderView, Requester
from engine.messages.events import Event, Failed, ViewRendered
from engine.method import Method
from engine.nn.parts import InterruptedPainting, giving_way, painting_quickly
from engine.preview import views
from engine.threads import Threads
from engine.training.beside import Beside, Work
from engine.training.painters import Painters
from engine.training.trainer import GaveUpError, message_for


@dataclass(frozen=True, eq=False)
class _View:
    """A picture that is asked for.

    Args:
        pieces: what is left of it; None where all is.
        step: that all of it shows, where it is painted beside the steps; else each piece shows the present.
    """

    request: RenderView
    pieces: Iterator[views.Piece] | None = None
    step: int | None = None


class Showing:
    """The views of one session that are under way; true where there are any.

    Args:
        device: the session's.
        gives_way: whether a picture that is painted at leisure had better be left, for what would replace it.
        shown: what shows a layer at present.
        beside: paints while steps go on; one of its own unless given.
    """

    def __init__(
        self,
        device: Device,
        gives_way: Callable[[], bool],
        shown: Callable[[str], Method],
        beside: Beside | None = None,
    ) -> None:
        self._device, self._gives_way = device, gives_way
        self._painters = Painters(device, shown)
        self._beside = beside or Beside()
        self._views: dict[Requester, _View] = {}
        """The first is next, and goes to the end after each piece."""
        self._under_way: tuple[_View, Work[views.Piece]] | None = None
        """The view of which a piece is painted beside the steps, though it may have been replaced meanwhile."""
        self._turned: dict[Requester, bool] = {}
        """Those whose view began anew since settings were turned, and is not done yet; whether all of it was shown."""
        self._turn_unseen = False
        """Whether settings were turned while no view was under way that could show it."""

    def __bool__(self) -> bool:
        return bool(self._views)

    def ask(self, request: RenderView) -> None:
        """Begins a view, in place of its requester's earlier one."""
        self._turned.pop(request.requester, None)
        if self._turn_unseen and request.snapshot is None:
            request = replace(request, coarse_first=True)
            self._turned[request.requester], self._turn_unseen = False, False
        self._views[request.requester] = _View(request)

    def begin_anew(self) -> None:
        """Views of the present, of which there is another now; their last pieces are waited for."""
        self._painters.begin_anew()
        if self._under_way is not None and self._under_way[1].done and self._under_way[0].request.snapshot is None:
            self._under_way = None  # which holds what was painted
        for requester, view in self._views.items():
            if view.request.snapshot is None:
                self._views[requester] = _View(view.request)

    def turn(self) -> None:
        """Settings of the present were turned: parts that were painted by others would lie beside those to come.

        A view begins anew with a coarse picture of all of it, where the method can: while a slider is dragged one
        follows another, each of one value. Where it can not, a view begins anew once and is seen as it becomes; else
        none would ever be done.
        """
        self._turn_unseen = all(view.request.snapshot is not None for view in self._views.values())
        for requester, view in self._views.items():
            if view.request.snapshot is None and self._turned.get(requester, True):
                self._views[requester] = _View(replace(view.request, coarse_first=True))
                self._turned[requester] = False

    @property
    def awaited(self) -> bool:
        """Whether a view is under way that shows what a setting does, which somebody turns and watches."""
        return any(requester in self._turned for requester in self._views)

    def let_go(self) -> list[RenderView]:
        """Holds no method any more; what was under way, for `take_back`."""
        waiting = [view.request for view in self._views.values()]
        self._views, self._under_way = {}, None
        self._painters.let_go()
        return waiting

    def take_back(self, waiting: list[RenderView]) -> None:
        """Views that were let go begin anew."""
        self._views |= {request.requester: _View(request) for request in waiting}

    # ------------------------------------------------------------ between the steps

    def paint(self, threads: Threads, step: int, at_leisure: bool) -> Iterator[Event]:
        """One piece of the next view. Raises GaveUpError: the device is lost.

        Args:
            step: that the picture shows.
            at_leisure: nothing is trained meanwhile, and somebody waits for the picture.
        """
        if self._under_way is not None:
            self._under_way[1].wait()
            yield from self.arrived()
            return
        view = self._next
        del self._views[view.request.requester]
        try:
            if view.pieces is None:
                view = _View(view.request, self._answer(view.request))
            assert view.pieces is not None
            with threads.picture(awaited=at_leisure), self._quickly() if at_leisure else nullcontext():
                piece = next(view.pieces)
        except InterruptedPainting:
            self._views[view.request.requester] = _View(view.request)
            return
        except Exception as error:
            failure = self._failure_of(error)
        else:
            yield self._shown_piece(view, piece, step)
            return
        yield self._failed(view.request, failure)  # outside the except block, so that its tensors are free

    @property
    def _next(self) -> _View:
        """One that somebody waits for, or the first."""
        turned = (view for asking, view in self._views.items() if asking in self._turned)
        return next(turned, next(iter(self._views.values())))

    def _shown_piece(self, view: _View, piece: views.Piece, step: int) -> ViewRendered:
        """A piece of a view; it goes on behind the others."""
        request = view.request
        requester = request.requester
        self._views.pop(requester, None)
        if piece.done:
            self._turned.pop(requester, None)
        else:
            self._views[requester] = view
            if requester in self._turned and piece.box.contains(request.box.clip(piece.canvas_size.box)):
                self._turned[requester] = True
        return ViewRendered(
            image=piece.image,
            box=piece.box,
            canvas_size=piece.canvas_size,
            layer=request.layer,
            step=step if view.step is None else view.step,
            ticket=request.ticket,
            requester=requester,
            done=piece.done,
            pieces=piece.pieces,
        )

    def _failure_of(self, error: Exception) -> str:
        """Raises GaveUpError: the device is lost."""
        failure = message_for("The picture could not be painted", error, self._device)
        if is_lost(error):
            raise GaveUpError(failure) from None
        return failure

    def _failed(self, request: RenderView, failure: str) -> Failed:
        self._turned.pop(request.requester, None)
        self._views.pop(request.requester, None)
        empty_cache(self._device.torch)
        return Failed(failure, command=request)

    # ------------------------------------------------------------ beside the steps

    @property
    def has_begun(self) -> bool:
        """Whether some of the next view is there already."""
        return bool(self._views) and self._next.pieces is not None

    def begin_beside(self, step: int) -> bool:
        """Has the next piece painted in the other thread, which is free; False where it can not be.

        Args:
            step: of the present, which the picture shows where it begins now.
        """
        assert self._under_way is None
        view = self._next
        try:
            pieces = view.pieces or self._answer_beside(view.request)
        except Exception:  # between the steps there may be room for it, and else it is told there
            pieces = None
        if pieces is None:
            return False
        if view.pieces is None:
            view = self._views[view.request.requester] = _View(view.request, pieces, step)
        self._under_way = view, self._beside.begin(lambda: next(pieces))
        return True

    def arrived(self) -> Generator[Event, None, float]:
        """What was painted in the other thread, where it is done; returns the seconds that it took.

        A piece of a view that was replaced meanwhile is not shown. Where memory was too little for a picture and a step
        at the same time, the view begins anew between the steps. Raises GaveUpError: the device is lost.
        """
        if self._under_way is None or not self._under_way[1].done:
            return 0.0
        (view, work), self._under_way = self._under_way, None
        wanted = self._views.get(view.request.requester) is view
        try:
            piece = work.result()
        except Exception as error:
            failure = self._failure_of(error)
            no_room = isinstance(error, OutOfMemoryError) or is_out_of_memory(error)
        else:
            if wanted:
                assert view.step is not None
                yield self._shown_piece(view, piece, view.step)
            return work.seconds
        if no_room:
            self._beside.rest()
            self._painters.begin_anew()
            empty_cache(self._device.torch)
        if wanted and no_room:
            self._views[view.request.requester] = _View(view.request)
        elif wanted:
            yield self._failed(view.request, failure)
        return work.seconds

    def _answer_beside(self, request: RenderView) -> Iterator[views.Piece] | None:
        method = self._painters.beside_steps(request)
        return None if method is None else views.answer(method, request)

    def fitting(self, method: Method, free: Collection[str], threads: Threads) -> dict[str, Any] | None:
        """What `Method.fitting_picture` gives; None where it gave way to something more urgent.

        Without the memory for it nothing is fitted, and the picture is as it comes.
        """
        try:
            with threads.picture(awaited=True), self._quickly():
                return method.fitting_picture(free)
        except InterruptedPainting:
            return None
        except OutOfMemoryError:
            return {}

    @contextmanager
    def _quickly(self) -> Iterator[None]:
        """Painting that is only looked at, and gives way to what would replace the picture."""
        with giving_way(self._gives_way), painting_quickly():
            yield

    def _answer(self, request: RenderView) -> Iterator[views.Piece]:
        return views.answer(self._painters.of(request), request)
