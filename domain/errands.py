"""What we may ask of the outside world: one errand is one thing to do out there.

An errand's key is made of the stream, the version of the fact that caused it, and its kind,
so the same fact can never queue the same errand twice.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.channels import Channel
from domain.ways import Way


class Kind(StrEnum):
    """The kinds of errand. All but the last two say something to a patient; those change the calendar. ASK and REMIND
    go by the clinic's first way that is open: by SMS, or they turn to another kind."""

    ASK = "ask"
    ASK_BY_SMS = "ask_by_sms"
    ASK_BY_WHATSAPP = "ask_by_whatsapp"
    ASK_BY_EMAIL = "ask_by_email"
    REMIND = "remind"
    CLARIFY = "clarify"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    CONFIRM_IN_CALENDAR = "confirm_in_calendar"
    CANCEL_IN_CALENDAR = "cancel_in_calendar"

    @property
    def asks(self) -> bool:
        """Whether it is a question: it names bookings, and an answer to it decides."""
        return self in WAYS

    @property
    def way(self) -> Way | None:
        """By what way a question goes; None for what is no question: an answer goes where the patient wrote."""
        return WAYS.get(self)

    @property
    def is_turned(self) -> bool:
        """Whether a question was turned to its way: then it goes by no other."""
        return self in ASKS_BY.values()

    @property
    def channel(self) -> Channel:
        if self is Kind.ASK_BY_EMAIL:
            return Channel.EMAIL
        return Channel.CALENDAR if self in (Kind.CONFIRM_IN_CALENDAR, Kind.CANCEL_IN_CALENDAR) else Channel.SMS


WAYS = {
    Kind.ASK: Way.SMS,
    Kind.ASK_BY_SMS: Way.SMS,
    Kind.REMIND: Way.SMS,
    Kind.ASK_BY_WHATSAPP: Way.WHATSAPP,
    Kind.ASK_BY_EMAIL: Way.EMAIL,
}
ASKS_BY = {Way.SMS: Kind.ASK_BY_SMS, Way.WHATSAPP: Kind.ASK_BY_WHATSAPP, Way.EMAIL: Kind.ASK_BY_EMAIL}


class Says(StrEnum):
    """What a text says. It is put into words only when it leaves, from the booking as it stands then."""

    QUESTION = "question"
    REMINDER = "reminder"
    CLARIFY = "clarify"
    OTHER_TIME = "other_time"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    CANNOT_CONFIRM = "cannot_confirm"
    CANNOT_CANCEL = "cannot_cancel"
    CALL_US = "call_us"
    ALREADY_CONFIRMED = "already_confirmed"
    ALREADY_CANCELLED = "already_cancelled"
    EXPIRED = "expired"
    STRANGER = "stranger"
    HELP = "help"


def errand_key(stream: str, version: int, kind: Kind) -> str:
    """32 hex digits that name the errand in a URL without telling whose it is."""
    return hashlib.sha256(f"{stream}/{version}/{kind}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Errand:
    """One thing to do outside.

    `stream` and `version` are those of the fact that caused it; `conversation` and `bookings` are stream ids.
    `due_at` None means at once. `lane`: errands of one lane are carried out one at a time, in order.
    """

    stream: str
    version: int
    kind: Kind
    clinic: str
    queued_at: datetime
    conversation: str | None = None
    bookings: tuple[str, ...] = ()
    says: Says | None = None
    due_at: datetime | None = None
    lane: str | None = None

    @property
    def key(self) -> str:
        return errand_key(self.stream, self.version, self.kind)


@dataclass(frozen=True)
class Claimed:
    """An errand in a worker's hands. `attempted_at` is set when an earlier attempt left no outcome: it is in doubt,
    and `text` is what exactly was said then. `resent` tells that a doubt has been answered by sending again.
    `probes`: its channel was shut, and this errand finds out whether it works again."""

    errand: Errand
    attempts: int = 0
    attempted_at: datetime | None = None
    text: str = ""
    resent: bool = False
    probes: bool = False

    @property
    def in_doubt(self) -> bool:
        return self.attempted_at is not None
