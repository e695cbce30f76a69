"""DELIVER, calendar calls: look first, act only in the fitting state, look again after each act."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from domain.booking import Booking
from domain.delivery import AFTER_CONFIGURATION, Delivery, log
from domain.errands import Claimed, Kind
from domain.ledger import Attempt, Outbox
from domain.outcomes import CalendarOutcomes
from domain.ports import Accepted, Blame, Calendar, CalendarStatus, InDoubt, Rejected, Retry

AFTER_DOUBT = timedelta(seconds=15)  # longer than any call can still be under way
CANCEL_REASON = "Patient declined via SMS"
EXPIRED_REASON = "No answer to the confirmation SMS in time"

FITS = {
    Kind.CONFIRM_IN_CALENDAR: (CalendarStatus.ACCEPTED,),
    Kind.CANCEL_IN_CALENDAR: (CalendarStatus.CANCELLED, CalendarStatus.REJECTED),
}


class Calling(Delivery):
    """Makes the calendar show what was decided."""

    def __init__(
        self,
        outcomes: CalendarOutcomes,
        outbox: Outbox,
        calendars: Mapping[str, Calendar],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(outcomes.ledger, outbox, clock)
        self.outcomes = outcomes
        self.calendars = calendars

    async def carry_out(self, claimed: Claimed) -> None:
        """Make the calendar show the decision, or learn why it does not."""
        booking = await self.ledger.booking(claimed.errand.stream)
        if booking is None or booking.unsettled != claimed.errand.version:
            await self.outcomes.drop(claimed)  # settled meanwhile, or a newer decision took its place
            return
        status = await self.calendars[claimed.errand.clinic].look(booking.uid)
        if not isinstance(status, CalendarStatus):
            await self._not_now(claimed, booking, status)
        elif status in FITS[claimed.errand.kind]:
            await self.outcomes.agreed(claimed, status, "look", self.clock())
        elif status in _acts_on(claimed.errand.kind, booking):
            await self._act(claimed, booking)
        else:
            await self.outcomes.refused(claimed, status, self.clock())

    async def _act(self, claimed: Claimed, booking: Booking) -> None:
        calendar, kind = self.calendars[claimed.errand.clinic], claimed.errand.kind
        await self.outbox.mark(Attempt(claimed, self.clock()))
        if kind is Kind.CONFIRM_IN_CALENDAR:
            outcome = await calendar.confirm(booking.uid)
        else:
            outcome = await calendar.cancel(booking.uid, EXPIRED_REASON if booking.frees_slot else CANCEL_REASON)
        log.info("%s %s: called Cal.com, %s", kind, claimed.errand.key, type(outcome).__name__.lower())
        match outcome:
            case InDoubt(detail):
                await self._later(claimed, f"in doubt: {detail}", AFTER_DOUBT, doubt=True)
            case Retry() | Rejected(blame=Blame.CONFIGURATION):
                await self._not_now(claimed, booking, outcome)
            case Accepted() | Rejected():
                await self._look_again(claimed, booking, outcome)

    async def _look_again(self, claimed: Claimed, booking: Booking, outcome: Accepted | Rejected) -> None:
        """What the calendar shows counts more than what it answered. Where it shows nothing yet, its word is taken."""
        status = await self.calendars[claimed.errand.clinic].look(booking.uid)
        shown = status if isinstance(status, CalendarStatus) else None
        if shown in FITS[claimed.errand.kind]:
            await self.outcomes.agreed(claimed, shown, "call", self.clock())
        elif isinstance(outcome, Rejected):
            if isinstance(status, Retry):
                await self._not_now(claimed, booking, status)
            else:
                await self.outcomes.refused(claimed, shown, self.clock(), code=outcome.code, detail=outcome.detail)
        elif shown in (None, CalendarStatus.PENDING, CalendarStatus.MISSING):
            await self.outcomes.agreed(claimed, None, "call", self.clock())
        else:
            await self._later(claimed, f"a race left the booking {shown}")

    async def _not_now(self, claimed: Claimed, booking: Booking, outcome: Rejected | Retry) -> None:
        """Nothing was done. Try again, for a day at most and not beyond the start; a Cal.com that refuses our key is
        told to staff the first time."""
        now = self.clock()
        if isinstance(outcome, Rejected) and outcome.blame is not Blame.CONFIGURATION:
            await self.outcomes.refused(claimed, None, now, code=outcome.code, detail=outcome.detail)
        elif self._is_too_old(claimed) or booking.has_started(now):
            await self.outcomes.refused(claimed, None, now, code="given_up", detail=outcome.detail)
        elif isinstance(outcome, Rejected):
            log.error("Cal.com refuses our key or our address (%s %s)", outcome.code, outcome.detail)
            if claimed.attempts <= 1:
                await self.outcomes.closed(claimed, outcome.code, now)
            await self._later(claimed, outcome.detail, AFTER_CONFIGURATION)
        else:
            await self._later(claimed, outcome.detail, outcome.after)


def _acts_on(kind: Kind, booking: Booking) -> tuple[CalendarStatus, ...]:
    """A patient's NO ends a confirmed booking too; an expiry only frees a slot that nobody has confirmed."""
    if kind is Kind.CONFIRM_IN_CALENDAR or booking.frees_slot:
        return (CalendarStatus.PENDING,)
    return (CalendarStatus.PENDING, CalendarStatus.ACCEPTED)
