"""DECIDE: it is time to ask again."""

from datetime import datetime

from domain.due import Due, Pass
from domain.errors import NotPossible
from domain.facts import Moment
from domain.ledger import Work


class Reminders(Due):
    """Reminds patients who have not answered. The text is put into words, or withheld, when a worker holds it."""

    async def run(self, now: datetime, recorded_at: datetime | None = None) -> Pass:
        """Queue every reminder that is due at `now`; one for a booking, however many were missed."""
        return await self._each(self.ledger.to_remind, self._due, now, recorded_at or now)

    async def _due(self, stream: str, now: datetime, moment: Moment) -> bool:
        booking = await self.ledger.booking(stream)
        if booking is None:
            raise LookupError(f"there is no booking {stream}")
        try:
            booking.remind(now, moment)
        except NotPossible:
            return False
        await self.append(Work(changed=[booking]))
        return True
