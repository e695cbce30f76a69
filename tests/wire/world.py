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
        try:
            self.product.start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Raises what went wrong where no answer could show it: in a fake, or in the product's log."""
        self._close()
        errors = [*self.calendar.errors, *self.carrier.errors]
        if kind is None and errors:
            raise errors[0]
        if kind is None and (lines := self.product.logged("error")):
            raise AssertionError("\n".join(lines))

    def _close(self) -> None:
        self.product.kill()
        self.calendar.close()
        self.carrier.close()

    def book(self, booking: Booking) -> None:
        """The patient books, and Cal.com is told that the product has it. The answer to a first try may have been lost
        with a product that was killed, so the second may hear of a duplicate."""
        answer = self.calendar.request(booking)
        if answer.status_code != 200 or answer.json()["status"] not in ("accepted", "duplicate"):
            raise AssertionError(f"{answer.status_code} {answer.text}\n{self.product.log()}")

    def settle(self) -> None:
        """Until nothing is left to do. A product that was killed is started again."""
        for _ in within(PATIENCE, "nothing is left to do", self._left_to_do):
            if not self.product.is_alive:
                self.product.start()
            elif self._is_quiet():
                return

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        for _ in within(PATIENCE, what, self.product.log):
            if condition():
                return

    def _is_quiet(self) -> bool:
        """In this order: without an errand no call begins, and with no call under way nobody kills the product."""
        return not self.product.errands() and not self._is_busy() and self.product.is_alive

    def _left_to_do(self) -> str:
        return "\n".join([*self.product.errands(), self.product.log()])

    def _is_busy(self) -> bool:
        return self.calendar.is_busy or self.carrier.is_busy

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
