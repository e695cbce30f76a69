"""One run: chaos, rest, reconcile, rest. Then it is judged, while everything is still there."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests import databases
from tests.crash.chaos import BETWEEN_KILLS, Forger, Killer, Restarter, meanwhile
from tests.crash.evidence import OURS, Evidence
from tests.crash.options import Options
from tests.crash.world import CrashWorld
from tests.wire.nursery import Done

LEFT_ALONE = 61.0  # seconds for which reconcile leaves alone what has just been settled
PER_SECOND = 10.0  # bookings, about: what two processors carry beside the kills
A_PASS = 600.0  # seconds that looking at every booking may take


@dataclass
class Run:
    """What was done. `seconds` are those of each part; `restless` is what did not come to rest; `taken_before` are the
    texts that were answered before reconcile, and `heard_before` those that were stored by then."""

    world: CrashWorld
    forger: Forger
    restarter: Restarter
    taken_before: set[str] = field(default_factory=set)
    heard_before: set[str] = field(default_factory=set)
    restless: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    reconciled: Done = field(default_factory=lambda: Done(0, ""))
    replayed: Done = field(default_factory=lambda: Done(0, ""))

    def evidence(self) -> Evidence:
        return Evidence(self.world, self.taken_before - self.heard_before)


def run(options: Options, folder: Path, tell: Callable[[str], None], judge: Callable[[Run], bool]) -> bool:
    """Whether every rule holds, as `judge` finds."""
    with CrashWorld(options, folder) as world:
        done = Run(world, Forger(world.balancer, list(world.by_phone)), Restarter(options.database, options.seed))
        with meanwhile(done.forger.run):
            for part, work in PARTS.items():
                begun = time.monotonic()
                work(done)
                done.seconds[part] = time.monotonic() - begun
                tell(f"{part}: {done.seconds[part]:.0f} s")
        world.fleet.close()
        return judge(done)


def _chaos(done: Run) -> None:
    """Bookings, kills and restarts at the same time, until the last booking is made and the last kill done."""
    world, options = done.world, done.world.options
    killer = Killer(world.fleet, options.kills, options.seed)
    seconds = max(options.bookings / PER_SECOND, options.kills * sum(BETWEEN_KILLS) / 2)
    with meanwhile(done.restarter.run, partial(world.book_all, seconds)):
        killer.run(lambda: not world.all_booked.is_set())


def _rest(done: Run) -> None:
    done.restless += done.world.become_quiet()
    carrier = done.world.carrier
    done.taken_before = {text.sid for text in carrier.received if carrier.was_taken(text)}
    done.heard_before = set(databases.column(done.world.database, "SELECT message_id FROM heard_messages"))


def _let_settle(done: Run) -> None:
    """Only where a webhook about a settled booking was lost: reconcile leaves it alone for a minute."""
    ours = dict(databases.seen(done.world.database, "SELECT uid, state FROM bookings"))
    settled = [one for one in done.world.calendar.bookings.values() if ours.get(one.uid) in ("confirmed", "cancelled")]
    if any(booking.status not in OURS[ours[booking.uid]] for booking in settled):
        time.sleep(LEFT_ALONE)


def _reconcile(done: Run) -> None:
    """From here on everybody behaves."""
    for faults in done.world.faults.values():
        faults.stop()
    done.world.carrier.loses_inbound = done.world.calendar.loses = 0.0
    done.reconciled = done.world.nursery.run("reconcile", patience=A_PASS)


def _rest_again(done: Run) -> None:
    done.restless += done.world.become_quiet()


def _replay(done: Run) -> None:
    done.replayed = done.world.nursery.run("replay", "--verify", patience=A_PASS)


PARTS: dict[str, Callable[[Run], None]] = {
    "chaos": _chaos,
    "rest": _rest,
    "wait for reconcile": _let_settle,
    "reconcile": _reconcile,
    "rest again": _rest_again,
    "replay": _replay,
}
