"""What must hold of bookings: here, in Cal.com, and between the two."""

from collections import Counter

from domain import booking_facts as of_booking
from domain.facts import Fact
from tests.crash.evidence import OURS, Evidence
from tests.crash.rules import Checked

BEFORE = {  # from which states a decision may lead where it leads
    of_booking.Confirmed: {"sms_sent", "invalid_reply"},
    of_booking.Cancelled: {"sms_sent", "invalid_reply"},
    of_booking.ReplyUnclear: {"sms_sent", "invalid_reply"},
    of_booking.ChangedMind: {"confirmed"},
    of_booking.SmsSent: {"requested"},
    of_booking.ConfirmedInCalendar: {"requested", "sms_sent", "invalid_reply", "cancelled"},
    of_booking.CancelledInCalendar: {"requested", "sms_sent", "invalid_reply", "confirmed"},
    of_booking.CalendarRefused: {"confirmed", "cancelled"},
}


def calls_have_a_cause(evidence: Evidence) -> Checked:
    """Rule 3."""
    checked = Checked("each confirm or cancel in Cal.com has a decision before it")
    for uid, acts in evidence.acts.items():
        decisions = [fact for fact in evidence.log.bookings.get(uid, []) if isinstance(fact, of_booking.Answered)]
        for act, request in acts:
            state = "confirmed" if act == "confirm" else "cancelled"
            causes = [fact for fact in decisions if fact.state == state and fact.timestamp <= request.at]
            checked.expect(causes, f"{uid}: {act} at {request.at} without a cause", _phone(evidence, uid))
    return checked


def decisions_follow_the_table(evidence: Evidence) -> Checked:
    """Rule 4: the facts, one after the other, never say twice what is decided already."""
    checked = Checked("one terminal decision at a time")
    for booking, facts in evidence.bookings():
        state = ""
        for fact in facts:
            if isinstance(fact, of_booking.Requested):
                checked.expect(not state, f"{booking.uid}: requested twice", booking.phone)
                state = "requested"
            elif isinstance(fact, of_booking.SeenSettled):
                state = str(fact.state)
            elif isinstance(fact, of_booking.Moved):
                allowed = BEFORE.get(type(fact), set())
                told = f"{booking.uid}: {type(fact).__name__} while {state}"
                moves = state in allowed and fact.state != state
                checked.expect(moves or _asks_again(fact, state), told, booking.phone)
                state = str(fact.state)
    return checked


def _asks_again(fact: of_booking.Moved, state: str) -> bool:
    return isinstance(fact, of_booking.ReplyUnclear) and state == "invalid_reply"


def our_state_is_the_calendars(evidence: Evidence) -> Checked:
    """Rule 8, first half. A booking that the host settled before we heard of it may be unknown here."""
    checked = Checked("our state is Cal.com's")
    for booking, facts in evidence.bookings():
        if not facts:
            checked.expect(booking.status != "pending", f"{booking.uid} is pending, and unknown here", booking.phone)
            checked.notes.append("settled by the host before we heard of it")
            continue
        ours = evidence.log.states[booking.uid]
        told = f"{booking.uid}: {ours} here, {booking.status} in Cal.com {booking.changes}"
        checked.expect(booking.status in OURS.get(ours, set()), told, booking.phone)
        checked.expect(ours == _folded(facts), f"{booking.uid}: the view says {ours}", booking.phone)
    return checked


def _folded(facts: list[Fact]) -> str:
    states = [str(getattr(fact, "state", "requested")) for fact in facts if _has_state(fact)]
    return states[-1]


def _has_state(fact: Fact) -> bool:
    return isinstance(fact, of_booking.Requested | of_booking.SeenSettled | of_booking.Moved)


def everybody_is_asked(evidence: Evidence) -> Checked:
    """Rule 2, the other way round: a booking that is still open has been asked, or a person knows why not."""
    checked = Checked("nobody is forgotten: each open booking was asked, or is with staff")
    for booking, _ in evidence.bookings():
        if evidence.log.states.get(booking.uid) == "requested":
            with_staff = evidence.dead_texts(booking.phone)["ask"]
            checked.expect(with_staff, f"{booking.uid} was never asked", booking.phone)
        else:
            checked.count += 1
    return checked


def states(evidence: Evidence) -> Counter[str]:
    return Counter(evidence.log.states.values())


def _phone(evidence: Evidence, uid: str) -> str:
    return evidence.world.calendar.bookings[uid].phone
