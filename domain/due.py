"""DECIDE: what time brings. Time is no sleeping timer but a question asked of a view: what is due at `now`?"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.booking import Booking
from domain.decisions import Decisions
from domain.errors import NotPossible
from domain.facts import Moment, clinic_of

log = logging.getLogger("replyes.due")
BATCH = 500

Find = Callable[[datetime, int], Awaitable[Sequence[str]]]
Handle = Callable[[Booking, datetime, Moment], Awaitable[None]]


@dataclass
class Pass:
    """What one run did."""

    done: int = 0
    settled_meanwhile: int = 0
    failed: int = 0


class Due(Decisions):
    """Base of the scheduled jobs. Any number may run at once: the loser of a race finds the booking settled."""

    async def run(self, now: datetime, recorded_at: datetime | None = None) -> Pass:
        """Handle everything that is due at `now`; `recorded_at` dates the facts, where that is another moment."""
        raise NotImplementedError

    async def _each(self, find: Find, handle: Handle, now: datetime, recorded_at: datetime) -> Pass:
        """One failing booking never stops the next. What belongs to a clinic that we do not have stays as it is; each
        run reads its list again, which is short: a clinic that has gone has few bookings that nobody settled."""
        done, passed = Pass(), set[str]()
        while fresh := [stream for stream in await find(now, BATCH + len(passed)) if stream not in passed]:
            for stream in fresh:
                if not self.is_ours(stream) or not await self._one(handle, stream, now, recorded_at, done):
                    passed.add(stream)
        return done

    def is_ours(self, stream: str) -> bool:
        """Whether the stream belongs to a clinic that we have."""
        return clinic_of(stream) in self.clinics

    async def _one(self, handle: Handle, stream: str, now: datetime, recorded_at: datetime, done: Pass) -> bool:
        try:
            handled = await self.decide(recorded_at, lambda moment: self._handled(handle, stream, now, moment))
        except Exception:
            log.exception("%s: what is due could not be done; the next run tries again", stream)
            done.failed += 1
            return False
        done.done += handled
        done.settled_meanwhile += not handled
        return handled

    async def _handled(self, handle: Handle, stream: str, now: datetime, moment: Moment) -> bool:
        """False where somebody else was first. A handler tells that by NotPossible, before it stores anything."""
        booking = await self.ledger.booking(stream)
        if booking is None:
            raise LookupError(f"there is no booking {stream}")
        try:
            await handle(booking, now, moment)
        except NotPossible:
            return False
        return True
