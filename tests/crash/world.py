"""Everything outside the product, and the product as a fleet: the stage of one run."""

import random
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests import databases
from tests.crash.balancer import Balancer
from tests.crash.calendar import CrashCalCom
from tests.crash.carrier import PUBLIC_URL, CrashTwilio
from tests.crash.clockwork import Clockwork
from tests.crash.faults import HANGING, WITHOUT_A_TIME, Faults
from tests.crash.fleet import Fleet
from tests.crash.options import Options
from tests.crash.patients import SLOWEST, WORDS, Patient, Said, patients
from tests.wire.accounts import settings
from tests.wire.fake_twilio import Text
from tests.wire.nursery import Nursery
from tests.wire.product import free_port, is_ready
from tests.wire.servers import PATIENCE, within

STUCK_AFTER = 8.0  # seconds: who waits longer may wait for a lease, and does not hold up the others
QUIET_WITHIN = 700.0  # seconds: an errand that failed often rests for five minutes, and may fail once more
FAULTY_CALLS = 0.08


class CrashWorld:
    """One run's patients, Cal.com, carrier, database and fleet."""

    def __init__(self, options: Options, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.patients = patients(options.bookings, options.seed)
        self.by_phone = {patient.phone: patient for patient in self.patients}
        self.all_booked = threading.Event()
        self.clockwork = Clockwork()
        self.ports = [free_port() for _ in range(options.webs)]
        self.balancer = Balancer(self.ports, options.seed)
        self.faults = {"Cal.com": self._faults(1), "carrier": self._faults(2)}
        self.calendar = CrashCalCom(self.balancer, self.clockwork, self.faults["Cal.com"], options.seed + 3)
        self.carrier = CrashTwilio(self.balancer, self.clockwork, self.faults["carrier"], options.seed + 4)
        self.calendar.repeats = self.carrier.repeats = 0.05 if options.faults else 0.0
        self.carrier.rings = self._rings
        self._chance = random.Random(options.seed + 5)
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        try:
            self.database = self._closing.enter_context(databases.new_database(self.options.database, self.folder))
            self.nursery = self._closing.enter_context(Nursery(self.folder, self.settings()))
            self.fleet = Fleet(self.nursery, self.ports, self.options.workers)
            self._closing.callback(self.fleet.close)
            self._await_replicas()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for faults in self.faults.values():
            faults.stop()
        self.clockwork.close()
        self._closing.close()
        self.calendar.close()
        self.carrier.close()

    def settings(self) -> dict[str, str]:
        changes = {"DOUBT_AFTER": "3s", "ON_DOUBT": "ask", "EXPIRE_AFTER": "30d", "LOG_FORMAT": "json"}
        return {**settings(self.database, PUBLIC_URL, self.calendar.url, self.carrier.url), **changes}

    def book_all(self, seconds: float, over: threading.Event) -> None:
        """Every patient takes a slot, evenly in so many seconds, as long as not too many wait for the product."""
        for patient in self.patients:
            while sum(map(_waits, self.patients)) >= self.options.at_once and not over.wait(0.02):
                pass
            self._book(patient)
            if over.wait(seconds / len(self.patients)):
                return
        self.all_booked.set()

    def become_quiet(self) -> list[str]:
        """Wait until nothing is planned, nothing is under way, and no errand is due. What is left after minutes."""
        end = time.monotonic() + QUIET_WITHIN
        while time.monotonic() < end:
            if self._is_quiet() and self._is_quiet():
                return []
            time.sleep(0.2)
        return [*self.errands(), *self._under_way()]

    def errands(self) -> list[str]:
        """What is still to be done."""
        waiting = "SELECT kind || ' ' || errand || ' ' || attempts || ' ' || note FROM outbox WHERE status = 'due'"
        return databases.column(self.database, waiting)

    def _await_replicas(self) -> None:
        """Bookings that are older than the installation would be nobody's business."""
        for _ in within(PATIENCE, "every replica is ready"):
            if all(map(is_ready, self.ports)):
                return

    def _is_quiet(self) -> bool:
        return not self._under_way() and not self.errands()

    def _under_way(self) -> list[str]:
        is_busy = {
            "somebody outside": not self.clockwork.is_idle,
            "Cal.com": self.calendar.is_busy,
            "the carrier": self.carrier.is_busy,
        }
        return [f"{who} is busy" for who, busy in is_busy.items() if busy]

    def _book(self, patient: Patient) -> None:
        patient.begun_at = time.monotonic()
        for which, booking in enumerate(patient.bookings):
            self.clockwork.after(which * self._chance.uniform(0, 3), lambda one=booking: self.calendar.requested(one))
        if host := patient.plan.host:
            wait = self._chance.uniform(0, 2 * SLOWEST)
            self.clockwork.after(wait, lambda: self.calendar.host_settles(patient.bookings[0], host))

    def _rings(self, text: Text) -> None:
        patient = self.by_phone[text.to]
        if meaning := patient.hear(text.body):
            words = self._chance.choice(WORDS[meaning])
            self.clockwork.after(self._chance.uniform(0.02, SLOWEST), lambda: self._say(patient, meaning, words))

    def _say(self, patient: Patient, meaning: str, words: str) -> None:
        text = self.carrier.take_in(patient.phone, words, twice=patient.plan.twice)
        patient.said.append(Said(meaning, text))

    def _faults(self, number: int) -> Faults:
        """A hang costs ten seconds, and Cal.com's 429 without a time a whole minute, so these are few."""
        options = self.options
        hangs = [(fault, max(1, options.bookings // 100)) for fault in HANGING]
        bare = options.bookings // 1000 if number == 1 else options.bookings
        return Faults(options.seed + number, FAULTY_CALLS if options.faults else 0.0, [*hangs, (WITHOUT_A_TIME, bare)])


def _waits(patient: Patient) -> bool:
    """Whether a patient waits for a text, and not for so long already that it must be for a lease."""
    return not patient.is_done and 0 < patient.begun_at > time.monotonic() - STUCK_AFTER
