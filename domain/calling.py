"""DELIVER, calendar calls: look first, act only in the fitting state, look again after each act."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from domain.booking import Booking
from domain.channels import SHORTEST_PAUSE
from domain.delivery import Delivery, log
from domain.errands import Claimed, Kind
from domain.facts import booking_id
from domain.inbound import Blame
from domain.inbox import Staff
from domain.ledger import Attempt, Outbox
from domain.outcomes import CalendarOutcomes
from domain.ports import Accepted, Calendar, CalendarStatus, InDoubt, Rejected, Retry
from domain.series import Turn, others_pending, speaks_for_series, turn

AFTER_DOUBT = timedelta(seconds=15)  # longer than any call can still be under way
CANCEL_REASON = "Patient declined via SMS"
EXPIRED_REASON = "No answer to the confirmation SMS in time"
CLINIC_REASON = "Cancelled by the clinic"

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
            await self._works(claimed)
        elif status in _acts_on(claimed.errand.kind, booking):
            if await self._is_its_turn(claimed, booking):
                await self._act(claimed, booking)
        else:
            await self.outcomes.refused(claimed, status, self.clock())
            await self._works(claimed)

    async def _is_its_turn(self, claimed: Claimed, booking: Booking) -> bool:
        """One confirmation settles a whole series, so it waits until every occurrence is decided."""
        if not booking.recurring or claimed.errand.kind is not Kind.CONFIRM_IN_CALENDAR:
            return True
        occurrences = await self.calendars[claimed.errand.clinic].series(booking.uid)
        if isinstance(occurrences, Rejected | Retry):
            await self._not_now(claimed, booking, occurrences)
            return False
        streams = {uid: booking_id(booking.clinic, uid) for uid in others_pending(booking.uid, occurrences)}
        others = {uid: await self.ledger.booking(stream) for uid, stream in streams.items()}
        its = turn(booking, others, self.clock())
        is_told = Staff.SERIES_UNDECIDED in booking.staff_knows or not speaks_for_series(booking, others)
        if its is Turn.HELD_UP and not is_told:
            await self.outcomes.held_up(claimed, self.clock())
        if its is not Turn.ACT:
            await self._wait_for_series(claimed, booking, its)
        return its is Turn.ACT

    async def _wait_for_series(self, claimed: Claimed, booking: Booking, its: Turn) -> None:
        """For as long as it takes, since nobody has failed, but not beyond the start."""
        if booking.has_started(self.clock()):
            await self.outcomes.refused(claimed, None, self.clock(), code="series", detail=str(its))
        else:
            await self._later(claimed, f"the series: {its}")

    async def _act(self, claimed: Claimed, booking: Booking) -> None:
        calendar, kind = self.calendars[claimed.errand.clinic], claimed.errand.kind
        await self.outbox.mark(Attempt(claimed, self.clock()))
        if kind is Kind.CONFIRM_IN_CALENDAR:
            outcome = await calendar.confirm(booking.uid)
        else:
            outcome = await calendar.cancel(booking.uid, _reason(booking))
        log.info("%s %s: called Cal.com, %s", kind, claimed.errand.key, type(outcome).__name__.lower())
        match outcome:
            case InDoubt(detail):
                await self._later(claimed, f"in doubt: {detail}", AFTER_DOUBT, doubt=True)
            case Retry() | Rejected(blame=Blame.CONFIGURATION | Blame.ACCOUNT):
                await self._not_now(claimed, booking, outcome)
            case Accepted() | Rejected():
                await self._look_again(claimed, booking, outcome)
                await self._works(claimed)

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
        """Nothing was done. Try again, for a day at most and not beyond the start; a date of a series may have waited
        longer than that for the others."""
        now = self.clock()
        if isinstance(outcome, Rejected) and outcome.blame is Blame.PERMANENT:
            await self.outcomes.refused(claimed, None, now, code=outcome.code, detail=outcome.detail)
        elif booking.has_started(now) or (self._is_too_old(claimed) and not booking.recurring):
            await self.outcomes.refused(claimed, None, now, code="given_up", detail=outcome.detail)
        elif isinstance(outcome, Rejected):
            await self._refused_by_settings(claimed, outcome)
        else:
            await self._asked_to_wait(claimed, outcome)
            await self._later(claimed, outcome.detail, outcome.after)

    async def _refused_by_settings(self, claimed: Claimed, refusal: Rejected) -> None:
        """Our key for every booking, or for this one: staff hears of it once. A key that is refused is not tried with
        each booking."""
        now, whole = self.clock(), refusal.blame is Blame.ACCOUNT
        told = claimed.errand.clinic, refusal.code, refusal.detail
        log.error("Cal.com refuses the key or the address of clinic %s (%s %s)", *told)
        is_news = await self.outbox.trip(claimed, now, refusal.detail) if whole else claimed.attempts <= 1
        if is_news:
            await self.outcomes.closed(claimed, refusal.code, now)
        await self._later(claimed, refusal.detail, SHORTEST_PAUSE)


def _reason(booking: Booking) -> str:
    """What patient and host will read."""
    if booking.frees_slot:
        return EXPIRED_REASON
    return CANCEL_REASON if booking.patient_waits else CLINIC_REASON


def _acts_on(kind: Kind, booking: Booking) -> tuple[CalendarStatus, ...]:
    """A patient's NO ends a confirmed booking too; an expiry only frees a slot that nobody has confirmed."""
    if kind is Kind.CONFIRM_IN_CALENDAR or booking.frees_slot:
        return (CalendarStatus.PENDING,)
    return (CalendarStatus.PENDING, CalendarStatus.ACCEPTED)
