"""What the outside world tells us, after an adapter has verified and translated it.

All moments are aware datetimes in UTC. Phone numbers are E.164 with the plus ("+12025550143").
Names and texts come cleaned: no control characters, no NUL, a bounded length.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ways import Way


@dataclass(frozen=True)
class BookingRequested:
    """A booking waits for its patient's word. `phone` and `email` are None where none was given that could be one.
    `told_at` is when the calendar wrote the notice; a signature has no date, so it tells a repetition from news."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    patient_name: str
    phone: str | None
    language: str
    time_zone: str
    practitioner: str
    recurring: bool = False
    rescheduled_from: str | None = None
    told_at: datetime | None = None
    email: str | None = None


class Settlement(StrEnum):
    """How a booking was settled in the calendar, by whomever."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    RESCHEDULED = "rescheduled"


@dataclass(frozen=True)
class BookingSettled:
    """The calendar says that a booking is settled. `phone` is attendee 0's, where the payload has it:
    when a seat is given up, only the leaver stands there while the booking itself lives on."""

    uid: str
    how: Settlement
    starts_at: datetime | None = None
    reason: str = ""
    seat: bool = False
    phone: str | None = None
    replaced_by: "BookingSettled | None" = None
    told_at: datetime | None = None


@dataclass(frozen=True)
class Unheeded:
    """An authentic message that asks nothing of us (a ping, a trigger that we do not follow)."""

    why: str


CalendarNotice = BookingRequested | BookingSettled | Unheeded


class ConsentHint(StrEnum):
    """What the carrier itself made of a text (Twilio's OptOutType). It has acted on it already."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


@dataclass(frozen=True)
class InboundText:
    """One text that a patient sent, `by` SMS or WhatsApp. `message_id` is the carrier's, the same at every repetition.
    `pool` is what the carrier calls the group of senders to which the recipient belongs, "" where it names none.
    `sent_at` is None for a text that has just come; one that was fetched from the carrier's list has a date."""

    message_id: str
    sender: str
    recipient: str
    text: str
    pictures: int = 0
    hint: ConsentHint | None = None
    sent_at: datetime | None = None
    by: Way = Way.SMS
    pool: str = ""


class Blame(StrEnum):
    """Why a text was rejected or did not arrive. PERMANENT: this phone or booking can't have it. CONFIGURATION: a
    setting stands in its way. ACCOUNT: the account is refused altogether (credentials, suspended), so nothing else
    would fare better. OPTED_OUT: the phone wants none from us. NO_WAY: this way leads to this phone neither now nor
    later (a landline, a number out of use, no WhatsApp). FILTERED: a filter has stopped it, and will again."""

    PERMANENT = "permanent"
    CONFIGURATION = "configuration"
    ACCOUNT = "account"
    OPTED_OUT = "opted_out"
    NO_WAY = "no_way"
    FILTERED = "filtered"


class Delivery(StrEnum):
    """How far a text of ours has come, in rising order; a report never takes it down again."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"

    @property
    def rank(self) -> int:
        return list(Delivery).index(self)


@dataclass(frozen=True)
class DeliveryReport:
    """A carrier's report on one text of ours. `key` is the errand's key where a signed part of the report carried it.
    `blame` tells why the text did not arrive, None where it did or nobody can tell."""

    message_id: str
    status: Delivery
    key: str | None = None
    error_code: str = ""
    blame: Blame | None = None
