"""Cal.com beside a product that is killed all the time: it tells everything once, and what is lost on the way is never
told again."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.crash.balancer import Balancer, Receipt
from tests.crash.clockwork import Clockwork
from tests.crash.faults import Faults
from tests.wire.fake_calcom import Booking, FakeCalCom, notice_of_request, webhook
from tests.wire.servers import Moments, Request, Response

PATH = "/api/webhooks/cal"
LOST_ON_THE_WAY = -2  # it never came as far as the load balancer
TRIGGERS = {"accepted": "BOOKING_CREATED", "rejected": "BOOKING_REJECTED", "cancelled": "BOOKING_CANCELLED"}


@dataclass(frozen=True)
class Notice:
    """One webhook and what became of it. `by_host`: not the echo of a call of ours."""

    trigger: str
    uid: str
    receipt: Receipt
    by_host: bool
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class CrashCalCom(FakeCalCom):
    """`loses` is the share of notices that vanish on the way, `repeats` the share that arrives twice at once."""

    def __init__(self, balancer: Balancer, clockwork: Clockwork, faults: Faults, seed: int) -> None:
        self.balancer = balancer
        self.clockwork = clockwork
        self.faults = faults
        self.notices: list[Notice] = []
        self.settled_by_host: dict[str, str] = {}
        self.loses, self.repeats = 0.03, 0.0
        self._chance = random.Random(seed)
        super().__init__(Moments(), "", "live")

    def answer(self, request: Request) -> Response:
        return self.faults.serve(request, super().answer)

    def requested(self, booking: Booking) -> None:
        """The patient has taken a slot."""
        booking.created_at = datetime.now(UTC)
        self.bookings[booking.uid] = booking
        self._tell("BOOKING_REQUESTED", booking, notice_of_request(booking), by_host=True)

    def host_settles(self, booking: Booking, status: str) -> None:
        """The host decides on Cal.com's own page, as far as that offers it. A cancellation is told before it is done,
        and a confirmation or a refusal afterwards."""
        if booking.status != "pending" and (status, booking.status) != ("cancelled", "accepted"):
            return
        self.settled_by_host[booking.uid] = status
        told = webhook(TRIGGERS[status], booking, **({"rejectionReason": "away"} if status == "rejected" else {}))
        steps: list[Callable[[], object]] = [
            lambda: self._tell(TRIGGERS[status], booking, told, by_host=True),
            lambda: booking.change(status),
        ]
        for step in steps if status == "cancelled" else reversed(steps):
            step()

    def lost(self) -> list[Notice]:
        """Notices of which Cal.com does not know whether anybody has heard them."""
        return [notice for notice in self.notices if not notice.receipt.is_taken]

    def _echo(self, trigger: str, booking: Booking, **more: object) -> None:
        self._tell(trigger, booking, webhook(trigger, booking, **more), by_host=False)

    def _tell(self, trigger: str, booking: Booking, told: tuple[bytes, dict[str, str]], *, by_host: bool) -> None:
        if self._chance.random() < self.loses:
            self.notices.append(Notice(trigger, booking.uid, Receipt(LOST_ON_THE_WAY, 0), by_host))
            return
        if self._chance.random() < self.repeats:
            self.clockwork.after(0, lambda: self.balancer.post(PATH, *told))
        self.notices.append(Notice(trigger, booking.uid, self.balancer.post(PATH, *told), by_host))
