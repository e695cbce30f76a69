"""DECIDE: what the calendar tells us about a booking."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from domain.booking import Booking
from domain.clinics import Clinic
from domain.conversation import Conversation
from domain.deadlines import deadlines
from domain.decisions import Decisions
from domain.facts import Moment, booking_id
from domain.inbound import BookingRequested, BookingSettled, CalendarNotice, Settlement, Unheeded
from domain.inbox import Staff
from domain.ledger import Work
from domain.lifecycle import Move, possible
from domain.ways import Way


class Receipt(StrEnum):
    """What became of a webhook, as its sender is told."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


class Confirmations(Decisions):
    """The calendar's notices, each applied once: the same notice again changes nothing."""

    async def receive(self, clinic_key: str, notice: CalendarNotice, now: datetime) -> Receipt:
        """Take in one notice. Raises UnknownClinic, StorageAway."""
        clinic = self.clinic(clinic_key)
        match notice:
            case BookingRequested():
                return await self.decide(now, lambda moment: self._requested(clinic, notice, moment))
            case BookingSettled():
                return await self.decide(now, lambda moment: self._settled(clinic, notice, moment))
            case Unheeded():
                return Receipt.IGNORED

    async def still_pending(self, stream: str, now: datetime) -> None:
        """The calendar shows a booking as pending that is settled here: staff hears of it once."""
        await self.decide(now, lambda moment: self._still_pending(stream, moment))

    async def _still_pending(self, stream: str, moment: Moment) -> None:
        booking = await self.ledger.booking(stream)
        if booking is not None and booking.seems_pending(moment):
            await self.append(Work(changed=[booking]))

    async def _requested(self, clinic: Clinic, notice: BookingRequested, moment: Moment) -> Receipt:
        known = await self.ledger.booking(booking_id(clinic.key, notice.uid))
        if known is not None:
            return await self._requested_again(clinic, known, notice, moment)
        if notice.starts_at <= moment.at:
            return Receipt.IGNORED
        await self._begin(clinic, notice, moment)
        return Receipt.ACCEPTED

    async def _begin(self, clinic: Clinic, notice: BookingRequested, moment: Moment) -> None:
        conversation = await self._conversation(clinic, notice, moment)
        dates = deadlines(moment.at, notice.starts_at, clinic, notice.time_zone)
        stream = conversation.id if conversation else None
        kept = notice if Way.EMAIL in clinic.ways else replace(notice, email=None)  # not known, not lost
        booking = Booking.request(clinic.key, kept, stream, dates, moment)
        work = Work(changed=[booking])
        if conversation is None and self._can_write(clinic, booking):
            booking.turn_to(Way.EMAIL, (booking.id,), moment, ask_at=dates.ask_at)
        elif conversation is None:
            booking.hand_to_staff(Staff.NO_PHONE, moment, bookings=(booking.id,))
        else:
            conversation.join(booking.id, dates.ask_at, moment)
            if conversation.opted_out:
                booking.hand_to_staff(Staff.OPTED_OUT, moment, bookings=(booking.id,))
            elif dates.ask_at is None:
                booking.hand_to_staff(Staff.NO_TIME_TO_ASK, moment, bookings=(booking.id,))
            work.changed.append(conversation)
        if notice.rescheduled_from:  # Cal.com cancels the old booking without a webhook
            old = BookingSettled(notice.rescheduled_from, Settlement.RESCHEDULED, told_at=notice.told_at)
            if silenced := await self._settle(clinic, old, moment):
                work.changed.append(silenced)
        await self.append(work)

    def _can_write(self, clinic: Clinic, booking: Booking) -> bool:
        """Whether a patient without a phone can be asked by e-mail."""
        return booking.is_written_to(clinic.ways) and booking.ask_at is not None

    async def _requested_again(
        self, clinic: Clinic, booking: Booking, notice: BookingRequested, moment: Moment
    ) -> Receipt:
        """The same uid and start is the same request. A new start is asked anew, where the table allows it; a
        booking that is settled stays so, and one of which we only know that it was settled is not asked."""
        if booking.starts_at == notice.starts_at or _is_older(notice, booking):
            return Receipt.DUPLICATE
        is_tombstone = booking.starts_at is None
        if is_tombstone or notice.starts_at <= moment.at or not possible(Move.MOVED, booking.state):
            return Receipt.IGNORED
        dates = deadlines(moment.at, notice.starts_at, clinic, notice.time_zone)
        booking.reschedule(notice, dates, moment)
        work = Work(changed=[booking])
        if booking.conversation and (conversation := await self.ledger.conversation(booking.conversation)):
            conversation.join(booking.id, dates.ask_at, moment)
            work.changed.append(conversation)
        elif self._can_write(clinic, booking):
            booking.turn_to(Way.EMAIL, (booking.id,), moment, ask_at=dates.ask_at)
        await self.append(work)
        return Receipt.ACCEPTED

    async def _settled(self, clinic: Clinic, notice: BookingSettled, moment: Moment) -> Receipt:
        work = Work()
        for one in (notice, notice.replaced_by):
            if one is not None and (booking := await self._settle(clinic, one, moment)):
                work.changed.append(booking)
        if not work.changed:
            return Receipt.DUPLICATE
        await self.append(work)
        return Receipt.ACCEPTED

    async def _settle(self, clinic: Clinic, notice: BookingSettled, moment: Moment) -> Booking | None:
        booking = await self.ledger.booking(booking_id(clinic.key, notice.uid))
        if booking is None:  # a seat of a booking that we do not know says nothing about the booking
            return None if notice.seat else Booking.seen_settled(clinic.key, notice, moment)
        own_phone = booking.phone.text if booking.phone else None
        if notice.seat and notice.phone is None:
            return booking if booking.seat_given_up(notice, moment) else None
        if notice.seat and notice.phone != own_phone:
            return None  # somebody else's seat; this booking lives on
        return booking if booking.settled_in_calendar(notice, moment) else None

    async def _conversation(self, clinic: Clinic, notice: BookingRequested, moment: Moment) -> Conversation | None:
        if notice.phone is None:
            return None
        return await self.conversation_with(clinic.key, notice.phone, moment)


def _is_older(notice: BookingRequested, booking: Booking) -> bool:
    """Requests are compared with requests only: newer versions of Cal.com date a request when they send it, which can
    be after the settlement that follows it."""
    newest = booking.requested_at
    return notice.told_at is not None and newest is not None and notice.told_at < newest
