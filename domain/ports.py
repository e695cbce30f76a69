"""What the inside asks of the outside, as promises with their outcomes.

A call to a carrier or a calendar ends in one of four ways, and the difference decides what may be done next:

    Accepted    it is done                                         -> note it
    Rejected    it was not done, and asking again will not help    -> note it, tell staff
    Retry       it was surely not done, and may work later         -> again, after the given time
    InDoubt     it may or may not have been done                   -> look it up; never simply again
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from domain.inbound import Blame, BookingRequested, CalendarNotice, DeliveryReport, InboundText
from domain.ways import Way


@dataclass(frozen=True)
class RawRequest:
    """One HTTP request as it came, before anybody has believed it. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""


@dataclass(frozen=True)
class Answer:
    """What to answer to a request: the sender's adapter decides, because carriers act on the body."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = None


@dataclass(frozen=True)
class Accepted:
    """`receipt` is the carrier's message id; empty for the calendar."""

    receipt: str = ""


@dataclass(frozen=True)
class Rejected:
    code: str
    detail: str = ""
    blame: Blame = Blame.PERMANENT


@dataclass(frozen=True)
class Retry:
    """`after` is what the other side asked for, None where it said nothing."""

    detail: str
    after: timedelta | None = None


@dataclass(frozen=True)
class InDoubt:
    detail: str


CallOutcome = Accepted | Rejected | Retry | InDoubt


@dataclass(frozen=True)
class OutgoingText:
    """One text to send. `key` comes back in the carrier's reports; `valid_for` bounds how late it may arrive. By
    WhatsApp a question leaves in words that were approved beforehand: `blanks` are what is filled into them, in order,
    and () for a text that is free, as an answer is; `language` is that of the words."""

    key: str
    to: str
    body: str
    valid_for: timedelta
    by: Way = Way.SMS
    blanks: tuple[str, ...] = ()
    language: str = "en"


@dataclass(frozen=True)
class FoundText:
    """A message in the carrier's own list that could be the one looked for."""

    message_id: str
    created_at: datetime


class Carrier(Protocol):
    """A phone company's door, both directions. `lists_texts`: whether it can be asked what it has sent and taken in;
    where it cannot, `find` and `received` have nothing to tell, and only reports prove what became of a text.
    `takes_replies`: whether a patient can answer to its sender; nobody can to a name. `speaks_whatsapp`: whether it has
    been set up for that, so that texts by WhatsApp may be sent."""

    lists_texts: bool = True
    takes_replies: bool = True
    speaks_whatsapp: bool = False

    def is_for_us(self, text: InboundText) -> bool:
        """Whether the text was sent to this sender, and not to another of the same account."""

    async def send(self, text: OutgoingText) -> CallOutcome:
        """POST once. Never repeats by itself."""

    async def find(self, text: OutgoingText, since: datetime) -> list[FoundText] | Retry:
        """Messages with this recipient and body created at or after `since`, oldest first.
        An empty list proves nothing: carriers' lists lag."""

    async def received(self, since: datetime) -> list[InboundText] | Retry:
        """Texts from patients that the carrier has taken in at or after `since`, each with its `sent_at`, oldest
        first. What is missing proves nothing: carriers' lists lag."""

    def receive_texts(self, request: RawRequest) -> list[InboundText]:
        """Verify and translate. Raises NotAuthentic or NotUnderstood; [] where there is nothing for us."""

    def receive_reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:
        """Verify and translate a delivery report. Raises NotAuthentic or NotUnderstood."""

    def answer_texts(self, error: Exception | None = None) -> Answer:
        """What to answer to inbound texts; with an error, how to refuse them."""

    def answer_reports(self, error: Exception | None = None) -> Answer:
        """What to answer to a delivery report."""


@dataclass(frozen=True)
class Letter:
    """One e-mail to send, as plain text. `key` names it for ever; `sender` is the name beside the sender's address."""

    key: str
    to: str
    sender: str
    subject: str
    body: str


class Mailer(Protocol):
    """A mail server's door, one direction. What comes back goes to the sender's mailbox."""

    async def send(self, letter: Letter) -> CallOutcome:
        """Hand it over once. Never repeats by itself."""


class CalendarStatus(StrEnum):
    """The four states of a booking in Cal.com, and the one of a booking that it does not know."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    MISSING = "missing"


class Calendar(Protocol):
    """The booking system's door, both directions."""

    async def look(self, uid: str) -> CalendarStatus | Rejected | Retry:
        """Ask how the booking stands. Harmless, so never in doubt."""

    async def series(self, uid: str) -> Mapping[str, CalendarStatus] | Rejected | Retry:
        """How every occurrence stands of the recurring booking that this one belongs to, by uid; {} where it stands
        alone. Harmless, as a look is."""

    async def unconfirmed(self, since: datetime | None) -> list[BookingRequested] | Rejected | Retry:
        """Bookings that wait for confirmation now and were made at or after `since` (None: whenever), in the order
        in which they were made. Absence from the list proves nothing."""

    async def confirm(self, uid: str) -> CallOutcome:
        """Confirm a pending booking. The caller has looked first: confirm would revive a cancelled one."""

    async def cancel(self, uid: str, reason: str) -> CallOutcome:
        """Cancel a pending or an accepted booking, with the reason that patient and host will read."""

    def receive(self, request: RawRequest) -> CalendarNotice:
        """Verify and translate a webhook. Raises NotAuthentic or NotUnderstood."""
