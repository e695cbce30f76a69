"""What the page shows: each appointment, how it stands, and what can be answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain import wording
from domain.booking import Booking
from domain.errands import Says
from domain.lifecycle import State
from domain.link_answers import Asked

TOLD = {
    State.CONFIRMED: Says.ALREADY_CONFIRMED,
    State.CANCELLED: Says.ALREADY_CANCELLED,
    State.EXPIRED: Says.EXPIRED,
}


@dataclass(frozen=True)
class Line:
    """One appointment. `place` counts from 1; `starts_at` goes along with the answer, so that nobody answers what has
    moved meanwhile; `told` is how it stands, "" where it waits for an answer; `is_waiting`: an answer is on its way to
    the calendar."""

    place: int
    what: str
    starts_at: str
    told: str
    state: State
    is_open: bool
    is_waiting: bool

    @property
    def is_confirmed(self) -> bool:
        return self.state is State.CONFIRMED and not self.is_waiting


def lines(asked: Asked, now: datetime) -> list[Line]:
    """Those of the question's appointments that have not begun."""
    named = asked.bookings
    ahead = {one.id for one in asked.ahead(now)}
    return [_line(asked, place, one, named, now) for place, one in enumerate(named, 1) if one.id in ahead]


def _line(asked: Asked, place: int, booking: Booking, named: Sequence[Booking], now: datetime) -> Line:
    is_waiting = booking.unsettled is not None and booking.state is not State.EXPIRED
    return Line(
        place=place,
        what=wording.appointment(asked.clinic, booking, named),
        starts_at=booking.starts_at.isoformat() if booking.starts_at else "",
        told="" if is_waiting else _told(asked, booking, now),
        state=booking.state,
        is_open=booking.is_open,
        is_waiting=is_waiting,
    )


def _told(asked: Asked, booking: Booking, now: datetime) -> str:
    says = Says.CALL_US if booking.calendar_failed else TOLD.get(booking.state)
    return wording.text(says, asked.clinic, [booking], now) if says else ""
