"""The one table of moves: every state, every move."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.booking import Booking
from domain.errors import NotPossible
from domain.facts import Moment, Private
from domain.inbound import BookingSettled, Settlement
from domain.lifecycle import Move, State, after, edges, mermaid, possible
from domain.replies import Answer
from tests.examples import NOW, START, a_booking, a_clinic, a_moment, a_request

R, S, C, X, E, I = State  # noqa: E741 - requested, sms_sent, confirmed, cancelled, expired, invalid_reply

ALLOWED = {
    Move.ASK: {R: S},
    Move.SAY_YES: {S: C, I: C},
    Move.SAY_NO: {S: X, I: X},
    Move.SAY_OTHER: {S: I, I: I},
    Move.RUN_OUT: {R: E, S: E, I: E},
    Move.CHANGE_MIND: {C: X},
    Move.CALENDAR_CONFIRMED: {R: C, S: C, X: C, E: C, I: C},
    Move.CALENDAR_CANCELLED: {R: X, S: X, C: X, E: X, I: X},
    Move.CALENDAR_REFUSED: {C: X, X: C},
    Move.STAFF_CONFIRMS: {R: C, S: C, I: C, E: C},
    Move.STAFF_CANCELS: {R: X, S: X, I: X, C: X, E: X},
    Move.ASK_AGAIN: {R: R, S: S, I: S, E: R},
    Move.MOVED: {R: R, S: R, I: R, E: R},
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_a_move_leads_where_the_table_says_or_nowhere(move: Move, state: State) -> None:
    leads_to = ALLOWED[move].get(state)
    assert possible(move, state) == (leads_to is not None)
    if leads_to is None:
        with pytest.raises(NotPossible):
            after(move, state)
    else:
        assert after(move, state) is leads_to


LATER = Moment(START + timedelta(hours=1), "later")


def carry_out(move: Move, booking: Booking) -> None:
    """Ask a booking for a move, as the use cases do."""
    clinic, moment, words = a_clinic(), a_moment(), Private("x", "…")
    from domain.deadlines import deadlines  # noqa: PLC0415

    {
        Move.ASK: lambda: booking.question_accepted("errand", "SM1", "call", moment),
        Move.SAY_YES: lambda: booking.reply(Answer.YES, "SM2", words, "rule", moment),
        Move.SAY_NO: lambda: booking.reply(Answer.NO, "SM2", words, "rule", moment),
        Move.SAY_OTHER: lambda: booking.reply(Answer.UNCLEAR, "SM2", words, "rule", moment),
        Move.RUN_OUT: lambda: booking.run_out(False, LATER.at, LATER),
        Move.CHANGE_MIND: lambda: booking.reply(Answer.NO, "SM3", words, "rule", moment),
        Move.CALENDAR_CONFIRMED: lambda: booking.settled_in_calendar(BookingSettled("u", Settlement.CONFIRMED), moment),
        Move.CALENDAR_CANCELLED: lambda: booking.settled_in_calendar(BookingSettled("u", Settlement.CANCELLED), moment),
        Move.CALENDAR_REFUSED: lambda: booking.calendar_refuses("…", "400", "", moment),
        Move.STAFF_CONFIRMS: lambda: booking.staff_confirms("Kim", moment),
        Move.STAFF_CANCELS: lambda: booking.staff_cancels("Kim", moment),
        Move.ASK_AGAIN: lambda: booking.ask_again("Kim", deadlines(NOW, START, clinic), moment),
        Move.MOVED: lambda: booking.reschedule(a_request(), deadlines(NOW, START, clinic), moment),
    }[move]()


WAY_TO = {
    R: [],
    S: [Move.ASK],
    C: [Move.CALENDAR_CONFIRMED],
    X: [Move.CALENDAR_CANCELLED],
    E: [Move.RUN_OUT],
    I: [Move.ASK, Move.SAY_OTHER],
}


def a_booking_that_is(state: State) -> Booking:
    booking = a_booking()
    for move in WAY_TO[state]:
        carry_out(move, booking)
    assert booking.state is state
    return booking


@pytest.mark.parametrize(("state", "move", "leads_to"), list(edges()), ids=str)
def test_the_fact_of_a_move_remembers_where_the_table_led(state: State, move: Move, leads_to: State) -> None:
    booking = a_booking_that_is(state)
    carry_out(move, booking)
    assert booking.state is leads_to
    assert booking.new_facts()[-1].state == leads_to


@pytest.mark.parametrize("state", State)
def test_history_loads_without_asking_the_table(state: State) -> None:
    facts = a_booking_that_is(state).new_facts()
    loaded = None
    for fact in facts:
        loaded = fact.mutate(loaded)
    assert loaded is not None
    assert loaded.state is state


def test_the_diagram_in_the_readme_is_the_table() -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
    assert f"```mermaid\n{mermaid()}\n```" in readme


def test_the_diagram_shows_every_move() -> None:
    drawn = mermaid()
    for source, move, leads_to in edges():
        assert any(
            line.strip().startswith(f"{source} --> {leads_to}: ") and move in line for line in drawn.splitlines()
        )
