"""The mailbox: order, the newest of its kind, and sleeping until there is something to do."""

from __future__ import annotations

import math
import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.box import Box, Size
from engine.job import Job
from engine.messages.commands import Command, Keep, Load, Pause, RenderView, Requester, Restore, Resume, Retune, Stop
from engine.messages.exports import CancelExport
from engine.messages.mailbox import Mailbox
from tests.engine.toy import ToySettings

REQUESTERS = (Requester("canvas"), Requester("loupe"))


def look(ticket: int, requester: Requester = REQUESTERS[0]) -> RenderView:
    return RenderView(Box(0, 0, 1, 1), Size(1, 1), ticket=ticket, requester=requester)


def toy_job(seed: int = 7) -> Job:
    return Job(method="toy", settings=ToySettings(), seed=seed)


def posted(*commands: Command) -> list[Command]:
    mailbox = Mailbox()
    for command in commands:
        mailbox.post(command)
    return mailbox.take()


commands = st.one_of(
    st.sampled_from([Pause(), Resume(), CancelExport(), Stop(), Restore(Path("a"))]),
    st.builds(Keep, st.text(max_size=3)),
    st.builds(look, st.integers(0, 9), st.sampled_from(REQUESTERS)),
    st.builds(Retune, st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=2)),
    st.builds(Load, st.builds(toy_job, seed=st.integers(0, 9))),
)


@given(st.lists(commands, max_size=12))
def test_ordered_commands_all_arrive_in_order(sent: list[Command]) -> None:
    def ordered(some: list[Command]) -> list[Command]:
        return [command for command in some if not command.latest_wins]

    assert ordered(posted(*sent)) == ordered(sent)


@given(st.lists(commands, max_size=12))
def test_the_last_view_of_each_requester_and_the_values_of_all_retunes_arrive(sent: list[Command]) -> None:
    def last_tickets(some: list[Command]) -> dict[Requester, int]:
        return {command.requester: command.ticket for command in some if isinstance(command, RenderView)}

    def in_force(some: list[Command]) -> dict:
        """Values after all commands, where a Load takes all away."""
        values: dict = {}
        for command in some:
            if isinstance(command, Retune):
                values |= command.values
            elif isinstance(command, Load):
                values = {}
        return values

    received = posted(*sent)
    assert last_tickets(received) == last_tickets(sent)
    assert in_force(received) == in_force(sent)


def test_only_one_of_each_kind_waits() -> None:
    received = posted(look(1), Retune({"a": 1}), look(2), Retune({"b": 2}), Retune({"a": 3}), look(3))
    assert received == [Retune({"a": 3, "b": 2}), look(3)]


def test_a_view_takes_the_place_of_the_same_requesters_only() -> None:
    canvas, loupe = REQUESTERS
    assert posted(look(1, canvas), look(2, loupe), look(3, canvas)) == [look(2, loupe), look(3, canvas)]


def test_two_sliders_moved_quickly_both_arrive() -> None:
    drag = [Retune({name: value}) for value in range(50) for name in ("a", "b")]
    assert posted(*drag) == [Retune({"a": 49, "b": 49})]


def test_a_slider_moved_before_a_load_stays_before_it() -> None:
    load = Load(toy_job())
    assert posted(Retune({"a": 1}), load, Retune({"b": 2})) == [Retune({"a": 1}), load, Retune({"b": 2})]


def test_taking_empties_the_box() -> None:
    mailbox = Mailbox()
    mailbox.post(Stop())
    assert mailbox.take() == [Stop()]
    assert mailbox.take() == []


def test_a_sleeping_reader_wakes_at_a_post() -> None:
    mailbox, received = Mailbox(), []
    reader = threading.Thread(target=lambda: received.extend(mailbox.take(math.inf)), daemon=True)
    reader.start()
    mailbox.post(Pause())
    reader.join(timeout=60)
    assert received == [Pause()]
