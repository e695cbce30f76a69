"""Real processes: what they do, and how several begin at the same moment."""

import asyncio
import os
import resource
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, TypeVar

from adapters.storage import migrations
from adapters.storage.database import Database
from domain.booking import Booking
from domain.confirmations import Confirmations
from domain.deadlines import deadlines
from domain.errors import Conflict
from domain.ledger import Work
from tests.adapters.storage.rooms import hearing, rooms
from tests.examples import NOW, a_clinic, a_moment, a_request

T = TypeVar("T")
SPAWN = get_context("spawn")
PATIENCE = 60  # seconds until a test that hangs is given up

_barrier: Barrier | None = None


def at_once(work: Callable[..., T], *calls: tuple[Any, ...]) -> list[T]:
    """One process for each call; all begin together. Their results, in the order of the calls."""
    barrier = SPAWN.Barrier(len(calls))
    with ProcessPoolExecutor(len(calls), SPAWN, _share, (barrier,)) as pool:
        running = [pool.submit(_together, work, *call) for call in calls]
        return [one.result(PATIENCE) for one in running]


def meet() -> None:
    """Inside a process: wait for the others."""
    assert _barrier is not None
    _barrier.wait(PATIENCE)


def _share(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603 - a barrier can only be handed over when a process begins
    _barrier = barrier


def _together(work: Callable[..., T], *arguments: Any) -> T:
    meet()
    return work(*arguments)


@contextmanager
def talking(work: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """A process that sends to us as it goes; it is killed at the end, whatever it is doing."""
    ours, its = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=work, args=(its, *arguments))
    process.start()
    its.close()
    try:
        yield ours
    finally:
        process.kill()
        process.join(PATIENCE)
        process.close()
        ours.close()


# -- What the processes do ----------------------------------------------------------------------------------------


def open_each(paths: list[str]) -> list[str]:
    """Migrate and open one new file after the other, each at the same moment as the others do. What went wrong."""
    problems = []
    for path in paths:
        meet()
        try:
            migrations.migrate(path)
            Database(path).close()
        except Exception as error:
            problems.append(str(error))
    return problems


def claim_all(path: Path) -> list[str]:
    """Claim a few errands at a time until there are none; the keys."""

    async def work() -> list[str]:
        keys: list[str] = []
        async with rooms(path) as store:
            while claimed := await store.outbox.claim(NOW, 3):
                keys += [one.errand.key for one in claimed]
        return keys

    return asyncio.run(work())


def meet_patients(path: Path, who: str, patients: int) -> Counter[str]:
    """Store a booking for each of the same new patients; how many were stored, and how many were conflicts."""

    async def work() -> Counter[str]:
        outcomes: Counter[str] = Counter()
        async with rooms(path) as store:
            for number in range(patients):
                request = a_request(uid=f"{who}{number}", phone=f"+1202555{number:04}")
                dates = deadlines(NOW, request.starts_at, a_clinic())
                booking = Booking.request("main", request, f"conversation-main-{number}", dates, a_moment())
                try:
                    await store.ledger.append(Work(changed=[booking]))
                    outcomes["stored"] += 1
                except Conflict:
                    outcomes["conflict"] += 1
        return outcomes

    return asyncio.run(work())


def take_in_bookings(tell: Connection, path: Path) -> None:
    """Take in bookings without end, and tell the uid of each when it is acknowledged."""

    async def one(confirmations: Confirmations, lane: int) -> None:
        for number in range(100_000):
            uid = f"uid{lane}x{number}"
            await confirmations.receive("main", a_request(uid=uid, phone=f"+1202556{lane:02}{number % 100:02}"), NOW)
            tell.send(uid)

    async def work() -> None:
        async with rooms(path) as store:
            confirmations = Confirmations(store.ledger, {"main": a_clinic()})
            await asyncio.gather(*(one(confirmations, lane) for lane in range(16)))

    asyncio.run(work())


def write_on_a_full_disk(path: Path) -> dict[str, list[str]]:
    """Three writes before the disk is full, while it is, and after. Full is when no file of ours may grow."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    database, told = Database(str(path)), {}
    for when in ("before", "full", "after"):
        limit = os.path.getsize(f"{path}-wal") if when == "full" else soft
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        writes = [hearing(f"{when} {number}") for number in range(3)]
        database.write(writes)
        told[when] = [type(write.error).__name__ for write in writes]
    database.close()
    return told
