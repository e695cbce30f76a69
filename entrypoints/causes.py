"""Why a fact happened: who or what began it, and which fact before it led there. The log holds enough to tell."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain import booking_facts as of_booking
from domain.conversation_facts import ConsentChanged, Heard, LinkAnswered
from domain.correspondence import DeliveryReported, ErrandHandled, ItemHandled, PhoneShown
from domain.errands import Kind, errand_key
from domain.facts import Fact


class Source(StrEnum):
    """Who or what begins something: Cal.com, the patient, the carrier, the clock, a person at the desk, or we ourselves
    because of a fact before."""

    CALENDAR = "calendar"
    PATIENT = "patient"
    CARRIER = "carrier"
    CLOCK = "clock"
    STAFF = "staff"
    US = "us"


@dataclass(frozen=True)
class Cause:
    """`fact` is the one that led here, None where the source itself began it, or where it belongs to another story."""

    source: Source
    fact: Fact | None = None


BEGUN_BY: dict[Source, tuple[type, ...]] = {
    Source.CALENDAR: (
        of_booking.Requested,
        of_booking.SeenSettled,
        of_booking.StartMoved,
        of_booking.SettledByCalendar,
        of_booking.ToldByCalendar,
    ),
    Source.PATIENT: (Heard, LinkAnswered, of_booking.AnsweredByLink),
    Source.CARRIER: (DeliveryReported,),
    Source.CLOCK: (of_booking.ReminderDue, of_booking.Expired),
    Source.STAFF: (of_booking.DecidedByStaff, of_booking.AskedAgain, ErrandHandled, ItemHandled, PhoneShown),
}
OUR_CALL = (of_booking.CalendarAgreed, of_booking.CalendarRefused, of_booking.CalendarFailed)
DECISIONS = (of_booking.DecidedByPatient, of_booking.DecidedByStaff, of_booking.Expired)


def causes(facts: Iterable[Fact]) -> Iterator[Cause]:
    """The cause of each of these facts, which are in the log's order."""
    origins: dict[str, Fact] = {}
    commands: dict[str, Fact] = {}
    decision: Fact | None = None
    for fact in facts:
        together = commands.setdefault(fact.command, fact)
        origin = origins.get(getattr(fact, "errand", ""))
        yield _cause(fact, origin, together if together is not fact else None, decision)
        for kind in Kind:
            origins[errand_key(fact.originator_id, fact.originator_version, kind)] = fact
        if isinstance(fact, DECISIONS):
            decision = fact


def _cause(fact: Fact, origin: Fact | None, together: Fact | None, decision: Fact | None) -> Cause:
    """`origin` caused the fact's errand, `together` is the first that was decided with it, `decision` the last one."""
    for source, kinds in BEGUN_BY.items():
        if isinstance(fact, kinds):
            return Cause(source, origin)
    if isinstance(fact, OUR_CALL):
        return Cause(Source.US, decision)
    if isinstance(fact, ConsentChanged) and together is None:
        return Cause(Source.CARRIER)
    return Cause(Source.PATIENT if isinstance(together, Heard | LinkAnswered) else Source.US, origin or together)
