"""What is counted, for the page that shows how well the texts do. Numbers know nobody: an erasure leaves them as they
are, so everything that is counted stands in a fact in clear."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from adapters.storage.database import Statement, milliseconds
from domain import booking_facts as of_booking
from domain.booking import Booking
from domain.conversation import Conversation
from domain.conversation_facts import Heard, LinkAnswered, Outcome
from domain.correspondence import DeliveryReported, HandedToStaff, TextRefused, TextSent
from domain.errands import Kind
from domain.facts import Fact
from domain.inbound import Delivery

SLOT_MS = 30 * 60 * 1000  # half an hour: nearly all time zones are whole half hours apart
WAITS = {
    "within_1m": timedelta(minutes=1),
    "within_5m": timedelta(minutes=5),
    "within_15m": timedelta(minutes=15),
    "within_1h": timedelta(hours=1),
    "within_4h": timedelta(hours=4),
    "within_1d": timedelta(days=1),
    "later": timedelta.max,
}
SIMPLE: dict[type[Fact], str] = {
    of_booking.Requested: "requested",
    of_booking.Confirmed: "confirmed",
    of_booking.Cancelled: "cancelled",
    of_booking.ChangedMind: "changed_mind",
    of_booking.ConfirmedByLink: "confirmed",
    of_booking.CancelledByLink: "cancelled",
    of_booking.ChangedMindByLink: "changed_mind",
    of_booking.Expired: "expired",
    of_booking.ConfirmedByStaff: "by_staff",
    of_booking.CancelledByStaff: "by_staff",
    of_booking.ConfirmedInCalendar: "in_calendar",
    of_booking.CancelledInCalendar: "in_calendar",
    TextRefused: "refused",
    HandedToStaff: "called_for_staff",
}
REPORTS = {Delivery.DELIVERED: "delivered", Delivery.UNDELIVERED: "undelivered"}

Counts = Mapping[str, int]


def counted(facts: Iterable[tuple[Fact, Booking | Conversation]]) -> list[Statement]:
    """What facts add to the numbers: one statement for each clinic and half hour, as they all change the same row."""
    slots: dict[tuple[str, int], Counter[str]] = {}
    for fact, stream in facts:
        if counts := _counts(fact, stream):
            at = milliseconds(fact.timestamp) or 0
            slots.setdefault((stream.clinic, at - at % SLOT_MS), Counter()).update(counts)
    return [_added(clinic, slot, counts) for (clinic, slot), counts in slots.items()]


def _added(clinic: str, slot: int, counts: Counts) -> Statement:
    names, values = ", ".join(counts), ", ".join(f":{name}" for name in counts)
    sums = ", ".join(f"{name} = numbers.{name} + excluded.{name}" for name in counts)
    sql = f"INSERT INTO numbers (clinic, slot, {names}) VALUES (:clinic, :slot, {values}) "  # noqa: S608 - names of ours
    sql += f"ON CONFLICT (clinic, slot) DO UPDATE SET {sums}"
    return Statement(sql, {"clinic": clinic, "slot": slot, **counts})


def is_told_here(fact: TextSent | DeliveryReported, stream: Booking | Conversation) -> bool:
    """A question is told in the conversation and in each booking that it names: one of them stands for all."""
    if not Kind(fact.kind).asks:
        return True
    if isinstance(fact, TextSent):
        return isinstance(stream, Conversation) or stream.conversation is None
    return fact.bookings[:1] == [stream.id]


def _counts(fact: Fact, stream: Booking | Conversation) -> Counts:
    if name := SIMPLE.get(type(fact)):
        return {name: 1}
    if isinstance(fact, Heard | LinkAnswered):
        return _of_answer(fact)
    if isinstance(fact, TextSent) and is_told_here(fact, stream):
        if fact.kind == Kind.ASK_BY_EMAIL:
            return {}
        return {"texts": 1, "segments": fact.segments}
    if isinstance(fact, DeliveryReported) and is_told_here(fact, stream):
        return {REPORTS[Delivery(fact.status)]: 1} if fact.status in REPORTS else {}
    return {}


def _of_answer(fact: Heard | LinkAnswered) -> dict[str, int]:
    if isinstance(fact, Heard):
        return _of_heard(fact)
    return {"decided": 1, **({_wait(fact.timestamp, fact.asked_at): 1} if fact.asked_at else {})}


def _of_heard(fact: Heard) -> dict[str, int]:
    counts = {"heard": 1}
    if fact.outcome == Outcome.DECIDED:
        counts["decided"] = 1
    elif fact.outcome == Outcome.UNCLEAR:
        counts["unclear"] = 1
    if fact.asked_at is not None:
        counts[_wait((fact.sent_at or fact.timestamp), fact.asked_at)] = 1
    return counts


def _wait(answered_at: datetime, asked_at: datetime) -> str:
    waited = answered_at - asked_at
    return next(name for name, longest in WAITS.items() if waited <= longest)
