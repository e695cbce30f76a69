"""What goes wrong while everybody works: processes are killed, the database server goes away, strangers knock."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests import databases
from tests.crash.balancer import Balancer
from tests.crash.fleet import Fleet
from tests.wire.fake_calcom import Booking, notice_of_request
from tests.wire.fake_twilio import Inbound, new_sid, signed

BETWEEN_KILLS = (0.2, 0.5)
BETWEEN_RESTARTS = (5.0, 40.0)
FIRST_RESTART = (1.0, 3.0)
AWAY = (0.0, 2.0)
BETWEEN_FORGERIES = 0.3
FORGED = "forged"
REFUSALS = (400, 401, 403)


class Killer:
    """Kills by chance until it has killed often enough and `goes_on` says that there is nothing left to disturb."""

    def __init__(self, fleet: Fleet, kills: int, seed: int) -> None:
        self.fleet = fleet
        self.kills = kills
        self._chance = random.Random(seed)

    def run(self, goes_on: Callable[[], bool]) -> None:
        while self.fleet.kills.total() < self.kills or goes_on():
            time.sleep(self._chance.uniform(*BETWEEN_KILLS))
            self.fleet.kill_one(self._chance)


class Restarter:
    """Takes the database server away and brings it back. A file is never away."""

    def __init__(self, database: str, seed: int) -> None:
        self.restarts = 0
        self._chance = random.Random(seed)
        self._is_server = database == "postgresql"

    def run(self, over: threading.Event) -> None:
        wait = FIRST_RESTART
        while self._is_server and not over.wait(self._chance.uniform(*wait)):
            databases.server().kill()
            time.sleep(self._chance.uniform(*AWAY))
            databases.server().start()
            self.restarts += 1
            wait = BETWEEN_RESTARTS


@dataclass
class Forger:
    """Posts what Cal.com and the carrier have never sent. `answers` counts the statuses; `sids` and `uids` are those
    that must not be found anywhere."""

    balancer: Balancer
    phones: list[str]
    answers: Counter[int] = field(default_factory=Counter)
    sids: list[str] = field(default_factory=list)
    uids: list[str] = field(default_factory=list)

    def run(self, over: threading.Event) -> None:
        chance = random.Random(0)
        while not over.wait(BETWEEN_FORGERIES):
            for path, body, headers in self._forgeries(chance.choice(self.phones)):
                self.answers[self.balancer.post(path, body, headers).status] += 1

    def _forgeries(self, phone: str) -> Iterator[tuple[str, bytes, dict[str, str]]]:
        """A booking and a text: signed by somebody else, not signed, cut short."""
        booking = Booking(f"{FORGED}{len(self.uids)}", "Mallory", phone)
        text = Inbound(FORGED_SID.format(new_sid()), phone, "NO")
        self.uids.append(booking.uid)
        self.sids.append(text.sid)
        body, headers = notice_of_request(booking)
        yield "/api/webhooks/cal", body, {**headers, "X-Cal-Signature-256": "0" * 64}
        yield "/api/webhooks/cal", body[: len(body) // 2], headers
        body, headers = signed("https://elsewhere.example/api/webhooks/sms", text.form)
        yield "/api/webhooks/sms", body, headers
        yield "/api/webhooks/sms", body, {**headers, "X-Twilio-Signature": ""}
        yield f"/api/webhooks/sms/status/{'0' * 32}", body[: len(body) // 2], headers


FORGED_SID = "{:.28}f0e1"


@contextmanager
def meanwhile(*jobs: Callable[[threading.Event], None]) -> Iterator[None]:
    """Each job in a thread of its own, until the block ends. Raises what a job has raised."""
    over, errors = threading.Event(), list[BaseException]()

    def run(job: Callable[[threading.Event], None]) -> None:
        try:
            job(over)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[job], daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
