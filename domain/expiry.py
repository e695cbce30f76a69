"""DECIDE: time is up. Time is no sleeping timer but a question asked of a view: what is overdue at `now`?"""

import logging
from dataclasses import dataclass
from datetime import datetime

from domain.clinics import OnExpiry
from domain.decisions import Decisions
from domain.errors import NotPossible
from domain.facts import Moment
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

    async def run(self, now: datetime) -> Pass:
        """Expire everything that is overdue at `now`. One failing booking never stops the next."""
        done, failed = Pass(), set[str]()
        while True:
            overdue = [one for one in await self.ledger.overdue(now, BATCH + len(failed)) if one not in failed]
            if not overdue:
                return done
            for stream in overdue:
                if not await self._expire_one(stream, now, done):
                    failed.add(stream)

    async def _expire_one(self, stream: str, now: datetime, done: Pass) -> bool:
        try:
            expired = await self.decide(now, lambda moment: self._expired(stream, moment))
        except Exception:
            log.exception("%s could not be expired; the next run tries again", stream)
            done.failed += 1
            return False
        done.expired += expired
        done.settled_meanwhile += not expired
        return True

    async def _expired(self, stream: str, moment: Moment) -> bool:
        booking = await self.ledger.booking(stream)
        if booking is None:
            raise LookupError(f"there is no booking {stream}")
        cancels = self.clinic(booking.clinic).on_expiry is OnExpiry.CANCEL and booking.reached
        try:
            booking.run_out(cancels, moment)
        except NotPossible:
            return False
        if not booking.reached:
            booking.hand_to_staff("The patient was never reached: please call.", moment, (stream,))
        elif not cancels:
            booking.hand_to_staff("The patient did not answer in time.", moment, (stream,))
        await self.append(Work(changed=[booking]))
        return True
