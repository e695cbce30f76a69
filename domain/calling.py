"""DELIVER, calendar calls: look first, act only in the fitting state, look again after each act."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

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
ACTS_ON = {
    Kind.CONFIRM_IN_CALENDAR: (CalendarStatus.PENDING,),
    Kind.CANCEL_IN_CALENDAR: (CalendarStatus.PENDING, CalendarStatus.ACCEPTED),
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
            await self.outcomes.drop(claimed)  # settled by an echo, or a newer decision took its place
            return
        status = await self.calendars[claimed.errand.clinic].look(booking.uid)
        if isinstance(status, Retry) or (isinstance(status, Rejected) and status.blame is Blame.CONFIGURATION):
            await self._again_or_give_up(claimed, status)
        elif isinstance(status, Rejected):
            await self.outcomes.refused(claimed, CalendarStatus.MISSING, status.detail, self.clock())
        elif status in FITS[claimed.errand.kind]:
            await self.outcomes.agreed(claimed, status, "look", self.clock())
        elif status in ACTS_ON[claimed.errand.kind]:
            await self._act(claimed, booking.uid, EXPIRED_REASON if booking.frees_slot else CANCEL_REASON)
        else:
            await self.outcomes.refused(claimed, status, "", self.clock())

    async def _act(self, claimed: Claimed, uid: str, reason: str) -> None:
        calendar, kind = self.calendars[claimed.errand.clinic], claimed.errand.kind
        await self.outbox.mark(Attempt(claimed, self.clock()))
        outcome = await (calendar.confirm(uid) if kind is Kind.CONFIRM_IN_CALENDAR else calendar.cancel(uid, reason))
        log.info("%s %s: called Cal.com, %s", kind, claimed.errand.key, type(outcome).__name__.lower())
        match outcome:
            case Retry() | Rejected(blame=Blame.CONFIGURATION):
                await self._again_or_give_up(claimed, outcome)
            case InDoubt(detail):
                await self._later(claimed, f"in doubt: {detail}", AFTER_DOUBT, doubt=True)
            case Accepted() | Rejected():
                await self._look_again(claimed, uid, outcome)

    async def _look_again(self, claimed: Claimed, uid: str, outcome: Accepted | Rejected) -> None:
        """What the calendar shows counts more than what it answered. Where it shows nothing yet, its word is taken."""
        status = await self.calendars[claimed.errand.clinic].look(uid)
        known = isinstance(status, CalendarStatus)
        if known and status in FITS[claimed.errand.kind]:
            await self.outcomes.agreed(claimed, str(status), "call", self.clock())
        elif isinstance(outcome, Rejected):
            if isinstance(status, CalendarStatus):
                await self.outcomes.refused(claimed, status, f"{outcome.code} {outcome.detail}", self.clock())
            else:
                await self._again_or_give_up(claimed, status)
        elif known and status not in (CalendarStatus.PENDING, CalendarStatus.MISSING):
            await self._later(claimed, f"a race left the booking {status}", timedelta(0))
        else:
            await self.outcomes.agreed(claimed, "accepted by the call", "call", self.clock())

    async def _again_or_give_up(self, claimed: Claimed, outcome: Retry | Rejected) -> None:
        why = outcome.detail
        after = outcome.after if isinstance(outcome, Retry) else AFTER_CONFIGURATION
        if isinstance(outcome, Rejected):
            log.error("Cal.com refuses our key or our URL (%s %s)", outcome.code, outcome.detail)
        if not self._is_too_old(claimed):
            await self._later(claimed, why, after)
            return
        await self.outcomes.refused(claimed, CalendarStatus.MISSING, f"given up after a day: {why}", self.clock())
