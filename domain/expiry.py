"""DECIDE: time is up. Time is no sleeping timer but a question asked of a view: what is overdue at `now`?"""

import logging
from dataclasses import dataclass
from datetime import datetime

from domain.clinics import OnExpiry
from domain.decisions import Decisions
from domain.errors import NotPossible
from domain.facts import Moment
from domain.inbox import Staff
from domain.ledger import Work

log = logging.getLogger("replyes.expiry")
BATCH = 500


@dataclass
class Pass:
    """What one run of the expiry job did."""

    expired: int = 0
    settled_meanwhile: int = 0
    failed: int = 0


class Expiry(Decisions):
    """The scheduled job. Any number may run at once: the loser of a race finds the booking settled."""

    async def run(self, now: datetime, recorded_at: datetime | None = None) -> Pass:
        """Expire everything that is overdue at `now`; `recorded_at` dates the facts, where that is another moment.
        One failing booking never stops the next."""
        done, passed = Pass(), set[str]()
        while True:
            overdue = await self.ledger.overdue(now, BATCH + len(passed))
            fresh = [stream for stream in overdue if stream not in passed]
            if not fresh:
                return done
            for stream in fresh:
                if not await self._expire_one(stream, now, recorded_at or now, done):
                    passed.add(stream)

    async def _expire_one(self, stream: str, now: datetime, recorded_at: datetime, done: Pass) -> bool:
        try:
            expired = await self.decide(recorded_at, lambda moment: self._expired(stream, now, moment))
        except Exception:
            log.exception("%s could not be expired; the next run tries again", stream)
            done.failed += 1
            return False
        done.expired += expired
        done.settled_meanwhile += not expired
        return expired

    async def _expired(self, stream: str, now: datetime, moment: Moment) -> bool:
        booking = await self.ledger.booking(stream)
        if booking is None:
            raise LookupError(f"there is no booking {stream}")
        cancels = self.clinic(booking.clinic).on_expiry is OnExpiry.CANCEL and booking.reached
        try:
            booking.run_out(cancels, now, moment)
        except NotPossible:
            return False
        if not cancels:
            reason = Staff.NO_ANSWER if booking.reached else Staff.NEVER_REACHED
            booking.hand_to_staff(reason, moment, bookings=(stream,))
        await self.append(Work(changed=[booking]))
        return True
