"""The pictures that a session is asked for, a piece at a time: of the present, and of snapshots beside it.

When there is time for a piece is session.py's; how one is painted is preview/views.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import snapshots
from engine.device import Device, empty_cache, is_lost
from engine.errors import OutOfMemoryError
from engine.messages.commands import RenderView, Requester
from engine.messages.events import Event, Failed, ViewRendered
from engine.method import Method
from engine.nn.parts import InterruptedPainting, giving_way, painting_quickly
from engine.preview import views
from engine.threads import Threads
from engine.training.rebuilding import built
from engine.training.trainer import GaveUpError, message_for

MOST_LOOKED_AT = 2
"""Snapshots whose networks are held in memory for looking at them, to compare two."""


class Showing:
    """The views of one session that are under way; true where there are any.

    Args:
        device: the session's.
        gives_way: whether a picture that is painted at leisure had better be left, for what would replace it.
        shown: what shows a layer at present.
    """

    def __init__(self, device: Device, gives_way: Callable[[], bool], shown: Callable[[str], Method]) -> None:
        self._device, self._gives_way, self._shown = device, gives_way, shown
        self._views: dict[Requester, tuple[RenderView, Iterator[views.Piece] | None]] = {}
        """What is left of each, None where all is; the first is next, and goes to the end after each piece."""
        self._turned: dict[Requester, bool] = {}
        """Those whose view began anew since settings were turned, and is not done yet; whether all of it was shown."""
        self._turn_unseen = False
        """Whether settings were turned while no view was under way that could show it."""
        self._looked_at: dict[Path, Method] = {}
        """Methods of snapshots that are looked at beside the present; the last used is last."""

    def __bool__(self) -> bool:
        return bool(self._views)

    def ask(self, request: RenderView) -> None:
        """Begins a view, in place of its requester's earlier one. Raises TesseraError."""
        self._turned.pop(request.requester, None)
        if self._turn_unseen and request.snapshot is None:
            request = replace(request, coarse_first=True)
            self._turned[request.requester], self._turn_unseen = False, False
        self._views[request.requester] = request, self._answer(request)

    def begin_anew(self) -> None:
        """Views of the present, of which there is another now; their last pieces are waited for."""
        for requester, (request, _) in self._views.items():
            if request.snapshot is None:
                self._views[requester] = request, None

    def turn(self) -> None:
        """Settings of the present were turned: parts that were painted by others would lie beside those to come.

        A view begins anew with a coarse picture of all of it, where the method can: while a slider is dragged one
        follows another, each of one value. Where it can not, a view begins anew once and is seen as it becomes; else
        none would ever be done.
        """
        self._turn_unseen = all(request.snapshot is not None for request, _ in self._views.values())
        for requester, (request, _) in self._views.items():
            if request.snapshot is None and self._turned.get(requester, True):
                self._views[requester] = replace(request, coarse_first=True), None
                self._turned[requester] = False

    @property
    def awaited(self) -> bool:
        """Whether a view is under way that shows what a setting does, which somebody turns and watches."""
        return any(requester in self._turned for requester in self._views)

    def let_go(self) -> list[RenderView]:
        """Holds no method any more; what was under way, for `take_back`."""
        waiting = [request for request, _ in self._views.values()]
        self._views, self._looked_at = {}, {}
        return waiting

    def take_back(self, waiting: list[RenderView]) -> None:
        """Views that were let go begin anew."""
        self._views |= {request.requester: (request, None) for request in waiting}

    def paint(self, threads: Threads, step: int, at_leisure: bool) -> Iterator[Event]:
        """One piece of the next view. Raises GaveUpError: the device is lost.

        Args:
            step: that the picture shows.
            at_leisure: nothing is trained meanwhile, and somebody waits for the picture.
        """
        requester = next((asking for asking in self._views if asking in self._turned), next(iter(self._views)))
        request, pieces = self._views.pop(requester)
        piece, failure = None, ""
        try:
            pieces = self._answer(request) if pieces is None else pieces
            with threads.picture(awaited=at_leisure), self._quickly() if at_leisure else nullcontext():
                piece = next(pieces)
        except InterruptedPainting:
            self._views[requester] = request, None
            return
        except Exception as error:
            failure = message_for("The picture could not be painted", error, self._device)
            if is_lost(error):
                raise GaveUpError(failure) from None
        if piece is None:
            self._turned.pop(requester, None)
            empty_cache(self._device.torch)
            yield Failed(failure, command=request)
            return
        if piece.done:
            self._turned.pop(requester, None)
        else:
            self._views[requester] = request, pieces
            if requester in self._turned and piece.box.contains(request.box.clip(piece.canvas_size.box)):
                self._turned[requester] = True
        yield ViewRendered(
            image=piece.image,
            box=piece.box,
            canvas_size=piece.canvas_size,
            layer=request.layer,
            step=step,
            ticket=request.ticket,
            requester=requester,
            done=piece.done,
            pieces=piece.pieces,
        )

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
        return views.answer(self._method_of(request.snapshot, request.layer), request)

    def _method_of(self, folder: Path | None, layer: str) -> Method:
        """What is shown at present; or a snapshot's method, of which the last ones that were looked at are held."""
        if folder is None:
            return self._shown(layer)
        if folder not in self._looked_at:
            snapshot = snapshots.read(folder)
            state = snapshots.load_state(snapshot)
            while len(self._looked_at) >= MOST_LOOKED_AT:
                del self._looked_at[next(iter(self._looked_at))]
            empty_cache(self._device.torch)
            method = built(snapshot.job, self._device)
            method.restore(state)
            self._looked_at[folder] = method
        self._looked_at[folder] = method = self._looked_at.pop(folder)
        return method
