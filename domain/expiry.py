"""DECIDE: time is up."""

from datetime import datetime

from domain.booking import Booking
from domain.clinics import OnExpiry
from domain.due import Due, Pass
from domain.facts import Moment
from domain.inbox import Staff
from domain.ledger import Work


class Expiry(Due):
    """Gives up bookings that nobody answered."""

    async def run(self, now: datetime, recorded_at: datetime | None = None) -> Pass:
        """Expire everything that is overdue at `now`."""
        return await self._each(self.ledger.overdue, self._expired, now, recorded_at or now)

    async def _expired(self, booking: Booking, now: datetime, moment: Moment) -> None:
        was_reached = booking.reached and not await self._is_silenced(booking)
        cancels = was_reached and self.clinic(booking.clinic).on_expiry is OnExpiry.CANCEL
        booking.run_out(cancels, now, moment)
        if not cancels:
            reason = Staff.NO_ANSWER if was_reached else Staff.NEVER_REACHED
            booking.hand_to_staff(reason, moment, bookings=(booking.id,))
        await self.append(Work(changed=[booking]))

    async def _is_silenced(self, booking: Booking) -> bool:
        """Whether the patient has opted out: reminders did not come, and silence means nothing."""
        conversation = await self.ledger.conversation(booking.conversation or "")
        return conversation is not None and conversation.opted_out
