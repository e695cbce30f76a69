"""Many processes of the product on one database, between one Cal.com and one carrier."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import httpx

from entrypoints.audit import Story
from tests.databases import column, new_database
from tests.wire.accounts import settings
from tests.wire.fake_calcom import Booking, FakeCalCom, notice_of_request
from tests.wire.fake_twilio import FakeTwilio, Inbound, new_sid, signed
from tests.wire.nursery import Done, Life, Nursery
from tests.wire.product import free_port, is_ready
from tests.wire.servers import PATIENCE, Moments, within
from tests.wire.stories import names, stories

PUBLIC_URL = "https://replyes.example.org"
NUMBERS = count(1000)

Result = TypeVar("Result")


class Cluster:
    """One database and the processes on it. Webhooks of Cal.com go to the web replica that was started last."""

    def __init__(self, nursery: Nursery, calendar: FakeCalCom, carrier: FakeTwilio, database: str) -> None:
        self.nursery = nursery
        self.calendar = calendar
        self.carrier = carrier
        self.database = database
        self.lives: list[Life] = []
        self.ports: list[int] = []

    def start(self, *arguments: str) -> Life:
        life = self.nursery.start(*arguments, DATABASE_URL=self.database)
        self.lives.append(life)
        return life

    def start_web(self, command: str = "web") -> Life:
        """A replica that answers webhooks; ready when this returns."""
        port = free_port()
        life = self.start(command, "--port", str(port))
        for _ in within(PATIENCE, "the replica is ready", life.log.read_text):
            if is_ready(port):
                break
        self.ports.append(port)
        self.calendar.webhook_url = f"http://127.0.0.1:{port}/api/webhooks/cal"
        return life

    def run(self, *arguments: str) -> Done:
        return self.nursery.run(*arguments, DATABASE_URL=self.database)

    def request(self, booking: Booking, replica: int = 0, notice: tuple[bytes, dict[str, str]] | None = None) -> str:
        """Cal.com tells a replica of a booking; what the replica says to that."""
        self.calendar.bookings[booking.uid] = booking
        return str(self._post(replica, "/api/webhooks/cal", *(notice or notice_of_request(booking))).json()["status"])

    def say(self, booking: Booking, words: str, replica: int = 0, sid: str = "") -> int:
        """The carrier posts a patient's text to a replica; the status of the answer."""
        path, text = "/api/webhooks/sms", Inbound(sid or new_sid(), booking.phone, words)
        return self._post(replica, path, *signed(f"{PUBLIC_URL}{path}", text.form)).status_code

    def ask(self, bookings: Sequence[Booking]) -> None:
        """Every patient has the question, and it is recorded."""
        for booking in bookings:
            self.request(booking)
        self.wait_until(lambda: set(self.states(bookings).values()) == {"sms_sent"}, "everybody is asked")

    def states(self, bookings: Sequence[Booking]) -> dict[str, str]:
        found = stories(self.database, [booking.uid for booking in bookings])
        return {uid: story.state for uid, story in found.items()}

    def errands(self) -> list[str]:
        """What is still to be done."""
        return column(self.database, "SELECT kind || ' ' || errand FROM outbox WHERE status = 'due'")

    def settle(self) -> None:
        """Until nothing is left to do."""
        self.wait_until(lambda: not self.errands() and not self.calendar.is_busy, "nothing is left to do")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        for _ in within(PATIENCE, what, lambda: self.lives[-1].log.read_text()[-6000:]):
            if condition():
                return

    def facts(self, booking: Booking) -> Counter[str]:
        """How many facts of each kind tell of a booking."""
        return Counter(names(self.story(booking)))

    def story(self, booking: Booking) -> Story:
        return stories(self.database, [booking.uid])[booking.uid]

    def close(self) -> None:
        for life in self.lives:
            life.kill()

    def _post(self, replica: int, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        url = f"http://127.0.0.1:{self.ports[replica]}{path}"
        answer = self.carrier.courier.post(url, body, headers)
        if answer is None:
            raise AssertionError(f"no answer from replica {replica}\n{self.lives[replica].log.read_text()[-6000:]}")
        return answer


@contextmanager
def stage(folder: Path) -> Iterator[Callable[[str], Cluster]]:
    """Makes clusters with a new database of a kind each, which share everything outside and the nursery."""
    moments = Moments()
    calendar, carrier = FakeCalCom(moments, ""), FakeTwilio(moments, PUBLIC_URL)
    known = settings("", PUBLIC_URL, calendar.url, carrier.url)
    try:
        with Nursery(folder, known) as nursery:
            yield lambda database: Cluster(nursery, calendar, carrier, database)
    finally:
        calendar.close()
        carrier.close()


@contextmanager
def cluster_on(kind: str, folder: Path, make: Callable[[str], Cluster]) -> Iterator[Cluster]:
    """A cluster without any process yet. Raises what went wrong in a fake."""
    with new_database(kind, folder) as database:
        cluster = make(database)
        cluster.calendar.bookings.clear()
        cluster.carrier.texts.clear()
        cluster.calendar.moments.watch = lambda name, phone, nth: None
        try:
            yield cluster
        finally:
            cluster.close()
        with suppress(IndexError):
            raise (cluster.calendar.errors + cluster.carrier.errors)[0]


def at_once(*actions: Callable[[], Result]) -> list[Result]:
    """Do them at the same moment; what came of each."""
    barrier = threading.Barrier(len(actions))

    def act(action: Callable[[], Any]) -> Any:
        barrier.wait(PATIENCE)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


def bookings(many: int) -> list[Booking]:
    """Each with a phone that nobody else has."""
    numbers = [next(NUMBERS) for _ in range(many)]
    return [Booking(uid=f"bookingUid{number:011}", phone=f"+1202555{number}") for number in numbers]
