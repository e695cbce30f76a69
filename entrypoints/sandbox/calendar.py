"""What Cal.com does when somebody books, confirms, declines or cancels: its rules, and when it calls whom.

The order of writing and calling is the real one's, because products stumble over it.
"""

import secrets
import string
from datetime import datetime, timedelta

from entrypoints.sandbox.courier import Courier
from entrypoints.sandbox.payloads import webhook_body
from entrypoints.sandbox.world import Booking, Status, World

UID_LETTERS = string.ascii_letters + string.digits
UID_LENGTH = 22
FIRST_NUMBER = 4200
LENGTH = timedelta(minutes=30)


class Refused(Exception):
    """Cal.com says no. `code` None: the answer is the bare shape, as for everything that its cancel refuses."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


class Calendar:
    """The bookings of one clinic. Like the real one it locks nothing: of two calls at once, both may pass."""

    def __init__(self, world: World, courier: Courier) -> None:
        self._world = world
        self._courier = courier
        self._last_number = FIRST_NUMBER

    async def book(
        self, patient: str, phone: str, practitioner: str, starts_at: datetime, language: str = "en"
    ) -> Booking:
        """A patient takes a slot of an event type that requires confirmation."""
        self._last_number += 1
        now = self._world.now()
        booking = Booking(
            uid="".join(secrets.choice(UID_LETTERS) for _ in range(UID_LENGTH)),
            number=self._last_number,
            patient=patient,
            phone=phone,
            practitioner=practitioner,
            starts_at=starts_at,
            ends_at=starts_at + LENGTH,
            created_at=now,
            updated_at=now,
            language=language,
        )
        self._world.add_booking(booking)
        await self._tell("BOOKING_REQUESTED", booking)
        return booking

    def known(self, uid: str) -> Booking:
        booking = self._world.booking(uid)
        if booking is None:
            raise Refused(404, f"Booking with uid={uid} was not found in the database", "NotFoundException")
        return booking

    async def confirm(self, uid: str) -> Booking:
        """Nothing but ACCEPTED stops it: a cancelled or rejected booking comes back to life."""
        booking = self._undecided(uid)
        self._world.settle(booking, Status.ACCEPTED)
        await self._tell("BOOKING_CREATED", booking)
        return booking

    async def decline(self, uid: str, reason: str = "") -> Booking:
        """Declining twice declines twice, webhook and e-mail included."""
        booking = self._undecided(uid)
        self._world.settle(booking, Status.REJECTED, reason)
        await self._tell("BOOKING_REJECTED", booking, reason)
        return booking

    async def cancel(self, uid: str, reason: str) -> Booking:
        """The webhook is sent and awaited first: whoever asks from within it still reads the old state."""
        booking = self.known(uid)
        if booking.status is Status.CANCELLED:
            raise Refused(400, "This booking has already been cancelled")
        if booking.ends_at <= self._world.now():
            raise Refused(400, "This booking has already ended")
        if not reason.strip():
            raise Refused(400, "Cancellation reason is required when you are the host")
        await self._tell("BOOKING_CANCELLED", booking, reason)
        self._world.settle(booking, Status.CANCELLED, reason)
        return booking

    def _undecided(self, uid: str) -> Booking:
        booking = self.known(uid)
        if booking.status is Status.ACCEPTED:
            raise Refused(400, "Booking already confirmed", "TRPCError")
        return booking

    async def _tell(self, trigger: str, booking: Booking, reason: str = "") -> None:
        body = webhook_body(trigger, booking, self._world.now(), reason)
        await self._courier.post_calendar_webhook(body, booking.uid, trigger)
