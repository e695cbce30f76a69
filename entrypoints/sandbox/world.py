"""What the sandbox remembers: bookings, messages and calls, all in memory and all bounded.

Whoever changes something here rings a bell, and every open page looks again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import count

MAX_BOOKINGS = 100
MAX_MESSAGES = 500
MAX_CALLS = 300
MAX_BLOCKED = 100

LONGEST_READABLE_SEGMENT = 20
NO_ANSWER = 0

Clock = Callable[[], datetime]


class Status(StrEnum):
    """The four states of a booking in Cal.com, as its API spells them."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class Verbs(StrEnum):
    """Which calls the fake Cal.com understands: those of the concept page, or those of the API as shipped."""

    CONCEPT = "concept"
    LIVE = "live"


class Direction(StrEnum):
    """As the clinic sees it: `IN` is what a patient sent."""

    IN = "in"
    OUT = "out"


class Arrow(StrEnum):
    """As the product sees it: it calls out, or it is called."""

    OUTWARD = "→"
    INWARD = "←"


@dataclass
class Booking:
    """One booking in the fake Cal.com. `number` is Cal.com's own integer id beside the uid."""

    uid: str
    number: int
    patient: str
    phone: str
    practitioner: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    updated_at: datetime
    status: Status = Status.PENDING
    reason: str = ""
    language: str = "en"


@dataclass
class Message:
    """One SMS, in either direction. `status` is Twilio's word for how far it has come."""

    sid: str
    phone: str
    direction: Direction
    text: str
    at: datetime
    status: str


@dataclass
class Call:
    """One HTTP request between the product and its outside.

    `status` is None while the answer is awaited, and NO_ANSWER where none came. `uid` names the booking that the
    request is about, where there is one; `note` says in a word what it brings ("BOOKING_CREATED", "delivered").
    """

    number: int
    arrow: Arrow
    method: str
    path: str
    at: datetime
    status: int | None = None
    uid: str | None = None
    note: str = ""

    @property
    def short_path(self) -> str:
        """The path without what no eye can read: "/v2/bookings/…/confirm"."""
        return "/".join("…" if len(part) > LONGEST_READABLE_SEGMENT else part for part in self.path.split("/"))


@dataclass
class World:
    """`version` rises with every change; see `changed_since`."""

    now: Clock
    verbs: Verbs = Verbs.CONCEPT
    version: int = 0
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=MAX_MESSAGES))
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=MAX_CALLS))
    _bookings: dict[str, Booking] = field(default_factory=dict)
    _blocked: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_BLOCKED))
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def bookings(self) -> list[Booking]:
        """Oldest first."""
        return list(self._bookings.values())

    def booking(self, uid: str) -> Booking | None:
        return self._bookings.get(uid)

    def add_booking(self, booking: Booking) -> None:
        if len(self._bookings) >= MAX_BOOKINGS:
            del self._bookings[next(iter(self._bookings))]
        self._bookings[booking.uid] = booking
        self.touch()

    def settle(self, booking: Booking, status: Status, reason: str = "") -> None:
        booking.status, booking.reason, booking.updated_at = status, reason, self.now()
        self.touch()

    def add_message(self, message: Message) -> None:
        self.messages.append(message)
        self.touch()

    def mark(self, message: Message, status: str) -> None:
        message.status = status
        self.touch()

    def call_began(self, arrow: Arrow, method: str, path: str, *, uid: str | None = None, note: str = "") -> Call:
        """A line of the log. It is written when the request leaves, so nested calls stand in the order they began."""
        call = Call(next(self._numbers), arrow, method, path, self.now(), uid=uid, note=note)
        self.calls.append(call)
        self.touch()
        return call

    def call_ended(self, call: Call, status: int) -> None:
        call.status = status
        self.touch()

    def block(self, phone: str) -> None:
        if phone not in self._blocked:
            self._blocked.append(phone)
        self.touch()

    def unblock(self, phone: str) -> None:
        if phone in self._blocked:
            self._blocked.remove(phone)
        self.touch()

    def blocks(self, phone: str) -> bool:
        return phone in self._blocked

    def speak(self, verbs: Verbs) -> None:
        self.verbs = verbs
        self.touch()

    def touch(self) -> None:
        """Something changed: wake everybody who waits, and give those who wait next a new bell."""
        self.version += 1
        rung, self._bell = self._bell, asyncio.Event()
        rung.set()

    async def changed_since(self, version: int) -> None:
        """Return as soon as the world is newer than `version`. Many changes wake a waiter once."""
        while self.version <= version:
            await self._bell.wait()
