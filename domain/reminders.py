"""DECIDE: it is time to ask again."""

from datetime import datetime

from domain.booking import Booking
from domain.due import Due, Pass
from domain.facts import Moment
from domain.ledger import Work


class Reminders(Due):
    """Reminds patients who have not answered. The text is put into words, or withheld, when a worker holds it."""

    async def run(self, now: datetime, recorded_at: datetime | None = None) -> Pass:
        """Queue every reminder that is due at `now`; one for a booking, however many were missed."""
        return await self._each(self.ledger.to_remind, self._due, now, recorded_at or now)

    async def _due(self, booking: Booking, now: datetime, moment: Moment) -> None:
        booking.remind(now, moment)
        await self.append(Work(changed=[booking]))
