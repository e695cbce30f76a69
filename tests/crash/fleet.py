"""Several web replicas and several workers, each of them started again as soon as it is dead, as a supervisor does."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.wire.nursery import Life, Nursery

LOOK_EVERY = 0.1  # seconds between two looks for the dead
SHOWN = 2000  # characters of the log of a process that ended by itself


@dataclass
class Replica:
    """One place in the fleet with all its lives, one after the other."""

    name: str
    arguments: list[str]
    life: Life | None = None

    @property
    def kind(self) -> str:
        return self.arguments[0]


@dataclass(frozen=True)
class Ended:
    """A process that ended although nobody had killed it."""

    name: str
    code: int
    log: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Fleet:
    """Its replicas live until `close`. `kills` counts the kills by the kind of process."""

    def __init__(self, nursery: Nursery, ports: list[int], workers: int) -> None:
        self.nursery = nursery
        self.replicas = [Replica(f"web-{n}", ["web", "--port", str(port)]) for n, port in enumerate(ports, 1)]
        self.replicas += [Replica(f"worker-{n}", ["worker"]) for n in range(1, workers + 1)]
        self.kills: Counter[str] = Counter()
        self.ended: list[Ended] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        for replica in self.replicas:
            self._start(replica)
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._supervisor.start()

    def kill_one(self, chance: random.Random) -> None:
        """`kill -9`, and a new life at once."""
        replica = chance.choice(self.replicas)
        with self._lock:
            if replica.life and replica.life.kill():
                self.kills[replica.kind] += 1
                self._start(replica)

    def close(self) -> None:
        self._closing.set()
        self._supervisor.join()
        with self._lock:
            for replica in self.replicas:
                if replica.life:
                    replica.life.kill()

    def _start(self, replica: Replica) -> None:
        replica.life = self.nursery.start(*replica.arguments, log=f"{replica.name}.log")

    def _supervise(self) -> None:
        while not self._closing.wait(LOOK_EVERY):
            for replica in self.replicas:
                with self._lock:
                    self._see_to(replica)

    def _see_to(self, replica: Replica) -> None:
        code = replica.life.code if replica.life else None
        if replica.life and code is not None:
            self.ended.append(Ended(replica.name, code, replica.life.log.read_text()[-SHOWN:]))
            time.sleep(LOOK_EVERY)  # what cannot start must not take all the time of the machine
            self._start(replica)
