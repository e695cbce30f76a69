"""REACT: what a fact makes us do outside. Pure: a fact and the stream that it belongs to go in, errands and
withdrawals come out. This is the process manager, and it decides nothing twice."""

from dataclasses import replace
from functools import singledispatch
from typing import Any

from domain import booking_facts as of_booking
from domain.booking import Booking
from domain.conversation import Conversation
from domain.conversation_facts import BookingJoined, Heard, OptedIn, OptedOut, Outcome
from domain.correspondence import TurnedTo
from domain.errands import ASKS_BY, Errand, Kind, Says
from domain.facts import Fact
from domain.ledger import Withdrawal, Work
from domain.lifecycle import State
from domain.ways import Way

Steps = list[Errand | Withdrawal]
Spoken = of_booking.CalendarAgreed | of_booking.CalendarRefused | of_booking.CalendarFailed


def react(work: Work) -> None:
    """Add to `work` what the new facts of its streams call for."""
    for stream in work.changed:
        for fact in stream.new_facts():
            for step in reaction(fact, stream):
                if isinstance(step, Withdrawal):
                    work.withdrawals.append(step)
                else:
                    work.errands.append(step)


@singledispatch
def reaction(fact: Fact, stream: Any) -> Steps:  # noqa: ARG001
    """Most facts call for nothing."""
    return []


@reaction.register(BookingJoined)
def _(fact: BookingJoined, stream: Conversation) -> Steps:
    if fact.ask_at is None:
        return []
    question = _text(fact, stream, Kind.ASK, Says.QUESTION, tuple(fact.bookings))
    return [replace(question, due_at=fact.ask_at)]


@reaction.register(OptedOut)
def _(fact: OptedOut, stream: Conversation) -> Steps:  # noqa: ARG001
    return [Withdrawal(questions_of=stream.id)]


@reaction.register(OptedIn)
def _(fact: OptedIn, stream: Conversation) -> Steps:
    """What waited behind the opt-out may be asked now; where nothing waits, the errand finds nothing to ask."""
    return [_text(fact, stream, Kind.ASK, Says.QUESTION)]


@reaction.register(Heard)
def _(fact: Heard, stream: Conversation) -> Steps:
    if not fact.says:
        return []
    kind = Kind.CLARIFY if fact.outcome == Outcome.UNCLEAR else Kind.ANSWER
    return [_text(fact, stream, kind, Says(fact.says), tuple(fact.bookings))]


@reaction.register(of_booking.DecidedByPatient)
@reaction.register(of_booking.DecidedByStaff)
def _(fact: of_booking.Moved, stream: Booking) -> Steps:
    return _tell_calendar(fact, stream)


@reaction.register(TurnedTo)
def _(fact: TurnedTo, stream: Booking | Conversation) -> Steps:
    conversation = stream.id if isinstance(stream, Conversation) else stream.conversation
    kind, named = ASKS_BY[Way(fact.way)], tuple(fact.bookings)
    version, at = fact.originator_version, fact.timestamp
    return [Errand(stream.id, version, kind, stream.clinic, at, conversation, named, Says.QUESTION, due_at=fact.ask_at)]


@reaction.register(of_booking.ReminderDue)
def _(fact: of_booking.ReminderDue, stream: Booking) -> Steps:
    reminder = replace(_question(fact, stream, Kind.REMIND, Says.REMINDER), lane=_reminders_of(stream))
    return [Withdrawal(_reminders_of(stream)), reminder]


@reaction.register(of_booking.AskedAgain)
def _(fact: of_booking.AskedAgain, stream: Booking) -> Steps:
    question = replace(_question(fact, stream, Kind.ASK, Says.QUESTION), due_at=fact.ask_at)
    return [Withdrawal(_reminders_of(stream)), question]


@reaction.register(of_booking.Expired)
def _(fact: of_booking.Expired, stream: Booking) -> Steps:
    return _tell_calendar(fact, stream) if fact.cancels else [Withdrawal(_reminders_of(stream))]


@reaction.register(of_booking.SettledByCalendar)
@reaction.register(of_booking.StartMoved)
def _(fact: Fact, stream: Booking) -> Steps:  # noqa: ARG001
    return [Withdrawal(stream.id), Withdrawal(_reminders_of(stream))]


@reaction.register(of_booking.CalendarAgreed)
def _(fact: of_booking.CalendarAgreed, stream: Booking) -> Steps:
    if stream.by_link:
        return []  # the page has told it
    says = Says.CONFIRMED if stream.state is State.CONFIRMED else Says.CANCELLED
    return _acknowledge(fact, stream, says)


@reaction.register(of_booking.CalendarRefused)
def _(fact: of_booking.CalendarRefused, stream: Booking) -> Steps:
    """The patient is told the truth: what was asked for did not happen."""
    says = Says.CANNOT_CANCEL if fact.state == State.CONFIRMED else Says.CANNOT_CONFIRM
    return _acknowledge(fact, stream, says)


@reaction.register(of_booking.CalendarFailed)
def _(fact: of_booking.CalendarFailed, stream: Booking) -> Steps:
    return _acknowledge(fact, stream, Says.CALL_US)


def _text(fact: Fact, conversation: Conversation, kind: Kind, says: Says, bookings: tuple[str, ...] = ()) -> Errand:
    stream, version, clinic = conversation.id, fact.originator_version, conversation.clinic
    return Errand(stream, version, kind, clinic, fact.timestamp, stream, bookings, says)


def _question(fact: Fact, booking: Booking, kind: Kind, says: Says) -> Errand:
    """To the booking's phone, or, where it has none, by e-mail."""
    kind = kind if booking.conversation else Kind.ASK_BY_EMAIL
    stream, version, clinic, at = booking.id, fact.originator_version, booking.clinic, fact.timestamp
    return Errand(stream, version, kind, clinic, at, booking.conversation, (stream,), says)


def _acknowledge(fact: Spoken, booking: Booking, says: Says) -> Steps:
    """The patient hears what came of the answer once Cal.com has spoken; keyed by the decision, so that it is queued
    once, whatever proves it."""
    if fact.answers is None or booking.conversation is None:
        return []
    stream, clinic, at = booking.id, booking.clinic, fact.timestamp
    return [Errand(stream, fact.answers, Kind.ACKNOWLEDGE, clinic, at, booking.conversation, (stream,), says)]


def _tell_calendar(fact: of_booking.Moved, booking: Booking) -> Steps:
    """One call at a time for each booking, in order; a newer decision withdraws one that has not begun."""
    kind = Kind.CONFIRM_IN_CALENDAR if fact.state == State.CONFIRMED else Kind.CANCEL_IN_CALENDAR
    errand = Errand(
        booking.id,
        fact.originator_version,
        kind,
        booking.clinic,
        fact.timestamp,
        booking.conversation,
        (booking.id,),
        lane=booking.id,
    )
    return [Withdrawal(booking.id), Withdrawal(_reminders_of(booking)), errand]


def _reminders_of(booking: Booking) -> str:
    """The lane of its reminders: whatever settles the booking withdraws one that has not left."""
    return f"remind {booking.id}"
