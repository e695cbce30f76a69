"""Questions of the command line and of pages: what is. They only look."""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from adapters.storage.database import Database, Row, milliseconds, moment
from domain.facts import clinic_of
from domain.handling import Standing
from domain.inbox import sentence

BOOKINGS = "SELECT * FROM bookings WHERE (:state = '' OR state = :state) ORDER BY starts_at, stream"
OF_UID = "SELECT * FROM bookings WHERE uid = :uid ORDER BY clinic"
INBOX = "SELECT * FROM staff_inbox ORDER BY at, stream, version"
ERRANDS = """
SELECT outbox.*, lease_until > {now} AS in_hand FROM outbox WHERE substr(errand, 1, :length) = :beginning
ORDER BY queued_at, errand
"""
STANDING = "SELECT status, lease_until > {now} AS in_hand FROM outbox WHERE errand = :errand"
SHUT = "SELECT clinic, channel, shut_until, why FROM channels WHERE shut_until > :now ORDER BY clinic, channel"
NEXT_CLINIC = "SELECT min(clinic) AS clinic FROM bookings WHERE clinic > :after"
NEWEST = "SELECT max({position}) AS newest FROM stored_events"

STREAMS_BETWEEN = """
SELECT DISTINCT originator_id FROM stored_events WHERE {position} > :after AND {position} <= :until
"""


@dataclass(frozen=True)
class BookingRow:
    """One line of the list of bookings. Name and phone are None in a tombstone, and after an erasure."""

    stream: str
    clinic: str
    uid: str
    state: str
    conversation: str | None
    name: str | None
    phone: str | None
    practitioner: str
    starts_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class InboxItem:
    """Something that only a person can settle: `why` is a sentence, `bookings` are streams."""

    clinic: str
    why: str
    bookings: tuple[str, ...]
    at: datetime | None


@dataclass(frozen=True)
class ErrandRow:
    """One errand that has no outcome yet, with all that is known of it. `due_at` None is "at once". `in_hand`: a worker
    carries it out right now; `attempted_at` without that: it is in doubt."""

    errand: str
    clinic: str
    kind: str
    channel: str
    stream: str
    version: int
    conversation: str | None
    bookings: tuple[str, ...]
    says: str
    lane: str | None
    due_at: datetime | None
    queued_at: datetime | None
    lease_until: datetime | None
    in_hand: bool
    attempts: int
    attempted_at: datetime | None
    text: str
    resent: bool
    status: str
    note: str


@dataclass(frozen=True)
class ShutChannel:
    """A way out through which nothing goes for now."""

    clinic: str
    channel: str
    shut_until: datetime | None
    why: str


class Views:
    """Reads beside the ledger."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def bookings(self, state: str = "") -> list[BookingRow]:
        """Every booking in this state (or in any), the earliest start first."""
        return [booking_row(row) for row in await self.database.read(BOOKINGS, state=state)]

    async def bookings_of(self, uid: str) -> list[BookingRow]:
        """The bookings with this uid: one for each clinic that has it."""
        return [booking_row(row) for row in await self.database.read(OF_UID, uid=uid)]

    async def staff_inbox(self) -> list[InboxItem]:
        """What waits for a person, oldest first."""
        return [
            InboxItem(
                row["clinic"],
                sentence(row["reason"], row["detail"]),
                tuple(json.loads(row["bookings"])),
                moment(row["at"]),
            )
            for row in await self.database.read(INBOX)
        ]

    async def errands(self, beginning: str = "") -> list[ErrandRow]:
        """Every errand without an outcome whose key begins like this, the oldest first."""
        found = await self.database.read(ERRANDS, beginning=beginning, length=len(beginning))
        return [errand_row(row) for row in found]

    async def standing(self, key: str) -> Standing | None:
        """The port `Shelf`."""
        found = await self.database.read(STANDING, errand=key)
        return Standing(found[0]["status"] == "dead", bool(found[0]["in_hand"])) if found else None

    async def shut_channels(self, now: datetime) -> list[ShutChannel]:
        """The channels that are shut at `now`."""
        found = await self.database.read(SHUT, now=milliseconds(now))
        return [ShutChannel(row["clinic"], row["channel"], moment(row["shut_until"]), row["why"]) for row in found]

    async def clinics(self) -> list[str]:
        """The keys of the clinics that have bookings, from one to the next along an index."""
        found = [""]
        while key := (await self.database.read(NEXT_CLINIC, after=found[-1]))[0]["clinic"]:
            found.append(key)
        return found[1:]

    async def clinics_between(self, after: int, until: int) -> list[str]:
        """The keys of the clinics whose facts stand in the log behind `after`, up to `until`."""
        found = await self.database.read(STREAMS_BETWEEN, after=after, until=until)
        return sorted({clinic_of(row["originator_id"]) for row in found})

    async def position(self) -> int:
        """How far the log goes: it grows with every commit of facts. 0 while there are none."""
        return (await self.database.read(NEWEST))[0]["newest"] or 0


def booking_row(row: Row) -> BookingRow:
    return BookingRow(
        stream=row["stream"],
        clinic=row["clinic"],
        uid=row["uid"],
        state=row["state"],
        conversation=row["conversation"],
        name=row["name"],
        phone=row["phone"],
        practitioner=row["practitioner"],
        starts_at=moment(row["starts_at"]),
        updated_at=moment(row["updated_at"]),
    )


def errand_row(row: Row) -> ErrandRow:
    read: dict[str, Any] = {
        **row,
        "bookings": tuple(json.loads(row["bookings"])),
        "in_hand": bool(row["in_hand"]),
        "resent": bool(row["resent"]),
        **{name: moment(row[name] or None) for name in ("due_at", "queued_at", "lease_until", "attempted_at")},
    }
    return ErrandRow(**{field.name: read[field.name] for field in fields(ErrandRow)})
