"""A product with everything outside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.wire.fakes import ACCOUNT, API_KEY, CLINIC, TOKEN, WEBHOOK_SECRET, Booking, FakeCalCom, FakeTwilio
from tests.wire.product import DATABASE, Product, free_port
from tests.wire.servers import PATIENCE, Moments, within

CLINIC_NAME = "Example Clinic"


class World:
    """Cal.com, the carrier, and the product between them. `verbs` are those that Cal.com knows; `settings` are the
    product's."""

    def __init__(self, folder: Path, verbs: str = "live", **settings: str) -> None:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        self.moments = Moments()
        self.calendar = FakeCalCom(self.moments, f"{url}/api/webhooks/cal", verbs)
        self.carrier = FakeTwilio(self.moments, url)
        self.product = Product(folder, port, self._settings(url) | settings)

    def __enter__(self) -> Self:
        self.product.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.product.kill()
        self.calendar.close()
        self.carrier.close()

    def book(self, booking: Booking) -> None:
        """The patient books, and Cal.com is told that the product has it."""
        answer = self.calendar.request(booking)
        assert (answer.status_code, answer.json()["status"]) in ((200, "accepted"), (200, "duplicate")), answer.text

    def settle(self) -> None:
        """Until nothing is left to do. A product that was killed is started again."""
        for _ in self.wait_until("nothing is left to do"):
            if not self.product.is_alive:
                self.product.start()
            elif self._is_quiet():
                break

    def wait_until(self, what: str) -> "Callable":
        return within(PATIENCE, what, self.product.log)

    def _is_quiet(self) -> bool:
        """In this order: without an errand no call begins, and with no call under way nobody kills the product."""
        return (
            not self.product.errands() and not (self.calendar.is_busy or self.carrier.is_busy) and self.product.is_alive
        )

    def _settings(self, url: str) -> dict[str, str]:
        return {
            "PUBLIC_URL": url,
            "DATABASE_URL": f"sqlite:///{DATABASE}",
            "CAL_API_URL": self.calendar.url,
            "CAL_API_KEY": API_KEY,
            "CAL_API_VERBS": "auto",
            "CAL_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "SMS_PROVIDER": "twilio",
            "TWILIO_API_URL": self.carrier.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": CLINIC,
            "CLINIC_NAME": CLINIC_NAME,
            "ENCRYPTION_KEY": "0123456789abcdef" * 2,
            "ASK_SETTLE": "0s",
            "QUIET_HOURS": "none",
            "SMS_PER_SECOND": "0",
        }
