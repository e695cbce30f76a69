"""DECIDE: what webhooks missed. Cal.com tries a webhook once, so now and then its list of unconfirmed bookings is read,
and what we take for open or settled is compared with what it shows. Absence from a list proves nothing: each booking
that is not on it is asked for by itself."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.booking import Booking
from domain.confirmations import Confirmations, Receipt
from domain.inbound import BookingSettled, CalendarNotice, Settlement
from domain.ledger import Known, Ledger
from domain.lifecycle import OPEN, State
from domain.ports import Calendar, CalendarStatus, Rejected, Retry

log = logging.getLogger("replyes.reconcile")

WORD_BEFORE_DEED = timedelta(minutes=1)  # Cal.com sends BOOKING_CANCELLED before the booking is cancelled

FITS: Mapping[State, tuple[CalendarStatus, ...]] = {
    **dict.fromkeys(OPEN, (CalendarStatus.PENDING,)),
    State.CONFIRMED: (CalendarStatus.ACCEPTED,),
    State.CANCELLED: (CalendarStatus.CANCELLED, CalendarStatus.REJECTED),
    State.EXPIRED: (CalendarStatus.PENDING, CalendarStatus.CANCELLED, CalendarStatus.REJECTED),
}
SETTLED = {
    CalendarStatus.ACCEPTED: Settlement.CONFIRMED,
    CalendarStatus.CANCELLED: Settlement.CANCELLED,
    CalendarStatus.REJECTED: Settlement.REJECTED,
}


@dataclass
class Reconciled:
    """What one run did. `problems` are sentences; a run with one of them has not looked at everything."""

    taken_in: int = 0
    settled: int = 0
    looked_at: int = 0
    problems: list[str] = field(default_factory=list)


class Reconcile:
    """Takes in what was missed, through the same door as a webhook."""

    def __init__(self, ledger: Ledger, confirmations: Confirmations, calendars: Mapping[str, Calendar]) -> None:
        self.ledger = ledger
        self.confirmations = confirmations
        self.calendars = calendars

    async def run(self, clinic: str, since: datetime | None, clock: Callable[[], datetime], most: int) -> Reconciled:
        """One clinic, as far as its bookings were made at or after `since` (None: whenever). `most` bounds how many
        settled bookings are asked for; the next run goes on with others."""
        done = Reconciled()
        listed = await self._take_in(clinic, since, clock, done)
        if not done.problems:
            known = [one for one in await self.ledger.ahead(clinic, clock()) if not _is_told(one, listed)]
            for one in _in_turn(known, clock(), most):
                if not await self._compare(clinic, one, clock, done):
                    break
        return done

    async def look_again(self, clinic: str, streams: Sequence[str], clock: Callable[[], datetime]) -> None:
        """Whether these bookings are still as we know them. Cal.com cancels a rescheduled one without a webhook."""
        for stream in streams:
            if booking := await self.ledger.booking(stream):
                await self._compare(clinic, Known(booking.uid, stream, booking.state), clock, Reconciled())

    async def _take_in(
        self, clinic: str, since: datetime | None, clock: Callable[[], datetime], done: Reconciled
    ) -> set[str]:
        """The uids of what is listed."""
        listed = await self.calendars[clinic].unconfirmed(since)
        if isinstance(listed, Rejected | Retry):
            done.problems.append(f"Cal.com does not show its unconfirmed bookings: {listed.detail}")
            return set()
        for request in listed:
            seen_now = replace(request, told_at=clock())
            done.taken_in += await self._receive(clinic, request.uid, seen_now, clock, done)
        return {request.uid for request in listed}

    async def _compare(self, clinic: str, known: Known, clock: Callable[[], datetime], done: Reconciled) -> bool:
        """False where Cal.com does not answer, and the rest has to wait."""
        booking = await self.ledger.booking(known.stream)
        looked_at = clock()
        if booking is None or booking.unsettled is not None or booking.calendar_failed:
            return True  # our own call is owed, or staff has it already
        if _was_just_cancelled(booking, looked_at):
            return True
        status = await self.calendars[clinic].look(known.uid)
        if isinstance(status, Rejected | Retry):
            done.problems.append(f"Cal.com does not show {known.uid}: {status.detail}")
            return isinstance(status, Rejected)
        done.looked_at += 1
        if status in FITS[booking.state] or status is CalendarStatus.MISSING:
            return True
        if status is CalendarStatus.PENDING:
            await self._guarded(known.uid, done, lambda: self.confirmations.still_pending(known.stream, clock()))
            return True
        notice = BookingSettled(known.uid, SETTLED[status], told_at=looked_at)
        done.settled += await self._receive(clinic, known.uid, notice, clock, done)
        return True

    async def _receive(
        self, clinic: str, uid: str, notice: CalendarNotice, clock: Callable[[], datetime], done: Reconciled
    ) -> bool:
        """Whether it was news."""
        receipt = await self._guarded(uid, done, lambda: self.confirmations.receive(clinic, notice, clock()))
        if receipt is Receipt.ACCEPTED:
            log.warning("booking %s: taken in late (%s)", uid, type(notice).__name__)
        return receipt is Receipt.ACCEPTED

    async def _guarded(self, uid: str, done: Reconciled, decide: Callable[[], Awaitable[object]]) -> object:
        """One failing booking never stops the next."""
        try:
            return await decide()
        except Exception:
            log.exception("booking %s could not be reconciled; the next run tries again", uid)
            done.problems.append(f"booking {uid} could not be reconciled, see the log")
            return None


def _is_told(known: Known, listed: set[str]) -> bool:
    """Whether the list says enough: pending, and we think so too."""
    return known.uid in listed and CalendarStatus.PENDING in FITS[known.state]


def _was_just_cancelled(booking: Booking, now: datetime) -> bool:
    """By the calendar's own word, which comes before its deed."""
    if booking.state is not State.CANCELLED or not booking.told_how or booking.told_at is None:
        return False
    return now - booking.told_at < WORD_BEFORE_DEED


def _in_turn(known: Sequence[Known], now: datetime, most: int) -> list[Known]:
    """Everything that is open, and of what is settled as much as is allowed: the runs of one day begin at different
    places, so that each gets its turn without anybody keeping a list."""
    open_ones = [one for one in known if one.state in OPEN]
    settled = [one for one in known if one.state not in OPEN]
    if len(settled) > most:
        start = (int(now.timestamp()) // 300 * most) % len(settled)
        settled = (settled[start:] + settled[:start])[:most]
    return open_ones + settled
