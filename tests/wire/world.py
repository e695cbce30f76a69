"""A product with everything outside it."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.databases import empty_database, new_database
from tests.wire.accounts import settings
from tests.wire.fake_calcom import Booking, FakeCalCom
from tests.wire.fake_twilio import FakeTwilio
from tests.wire.product import Product, free_port
from tests.wire.servers import PATIENCE, Moments, within

MAKING = threading.Lock()


class World:
    """Cal.com, the carrier, and the product between them, with a new database of this kind. `verbs` are those that
    Cal.com knows; `changes` are to the product's settings."""

    def __init__(self, folder: Path, database: str = "sqlite", verbs: str = "live", **changes: str) -> None:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        self.moments = Moments()
        self.calendar = FakeCalCom(self.moments, f"{url}/api/webhooks/cal", verbs)
        self.carrier = FakeTwilio(self.moments, url)
        self._closing = ExitStack()
        with MAKING:  # a file is the product's to make, a server's tables are not
            make = empty_database if database == "sqlite" else new_database
            at = self._closing.enter_context(make(database, folder))
        known = settings(at, url, self.calendar.url, self.carrier.url)
        self.product = Product(folder, port, {**known, **changes})

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
        self._closing.close()

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
