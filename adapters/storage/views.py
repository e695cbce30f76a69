"""Questions of the command line and of pages: what is. They only look."""

import json
from dataclasses import dataclass
from datetime import datetime

from adapters.storage.database import Database, Row, moment
from domain.inbox import sentence

BOOKINGS = "SELECT * FROM bookings WHERE (:state = '' OR state = :state) ORDER BY starts_at, stream"
OF_UID = "SELECT * FROM bookings WHERE uid = :uid ORDER BY clinic"
INBOX = "SELECT * FROM staff_inbox ORDER BY at, stream, version"


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


class Views:
    """Reads beside the ledger."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def bookings(self, state: str = "") -> list[BookingRow]:
        """Every booking in this state (or in any), the earliest start first."""
        return [_booking(row) for row in await self.database.read(BOOKINGS, state=state)]

    async def bookings_of(self, uid: str) -> list[BookingRow]:
        """The bookings with this uid: one for each clinic that has it."""
        return [_booking(row) for row in await self.database.read(OF_UID, uid=uid)]

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


def _booking(row: Row) -> BookingRow:
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
