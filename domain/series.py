"""Recurring bookings. Cal.com's confirm of one occurrence confirms every pending one of its series
(confirm.handler.ts): one call settles them all, and none may be made while one of them is not wanted."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from domain.booking import Booking
from domain.lifecycle import State
from domain.ports import CalendarStatus


class Turn(StrEnum):
    """Whether an occurrence may be confirmed now."""

    ACT = "act"
    WAIT = "wait"  # another call comes first: a cancellation, or the one confirmation for all
    HELD_UP = "held_up"  # nobody has decided about an occurrence yet


def others_pending(uid: str, occurrences: Mapping[str, CalendarStatus]) -> list[str]:
    """The uids of the other occurrences that a confirmation of this one would confirm as well."""
    return sorted(one for one, status in occurrences.items() if status is CalendarStatus.PENDING and one != uid)


def turn(booking: Booking, others: Mapping[str, Booking | None], now: datetime) -> Turn:
    """`others`: what we know of the other pending occurrences, by uid; None of one that we have not heard of. Of those
    that wait to be confirmed, the first makes the call, and the rest find it made."""
    if any(other is None or _stands_against(other, now) for other in others.values()):
        return Turn.HELD_UP
    is_cancelled_first = any(other.state is State.CANCELLED for other in _owed(others).values())
    return Turn.ACT if speaks_for_series(booking, others) and not is_cancelled_first else Turn.WAIT


def speaks_for_series(booking: Booking, others: Mapping[str, Booking | None]) -> bool:
    """Whether this is the first of the occurrences that wait for the calendar."""
    return min([booking.uid, *_owed(others)]) == booking.uid


def _owed(others: Mapping[str, Booking | None]) -> dict[str, Booking]:
    return {uid: other for uid, other in others.items() if other is not None and other.unsettled is not None}


def _stands_against(other: Booking, now: datetime) -> bool:
    """Pending in the calendar, still ahead, and neither confirmed here nor about to be cancelled there."""
    if other.has_started(now):
        return False
    return other.state is not State.CONFIRMED and (other.state is not State.CANCELLED or other.unsettled is None)
