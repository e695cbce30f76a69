"""Real processes: what they do, and how several begin at the same moment."""

import asyncio
import os
import resource
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any, TypeVar

from adapters.storage import migrations, opening
from adapters.storage.database import Row, Write
from adapters.storage.group_commit import GroupCommit
from adapters.storage.moving import importing
from domain.booking import Booking
from domain.confirmations import Confirmations
from domain.deadlines import deadlines
from domain.errors import Conflict
from domain.ledger import Work
from entrypoints import moving
from entrypoints.settings import StoreSettings
from tests.adapters.storage.rooms import Rooms, a_fact, hearing, opened, rooms
from tests.examples import NOW, a_clinic, a_moment, a_request

T = TypeVar("T")
CONTEXT = get_context("forkserver")  # new processes with everything imported, and with nothing of ours open
CONTEXT.set_forkserver_preload([__name__])
PATIENCE = 60  # seconds until a test that hangs is given up

_barrier: Barrier | None = None


def at_once(work: Callable[..., T], *calls: tuple[Any, ...]) -> list[T]:
    """One process for each call; all begin together. Their results, in the order of the calls."""
    barrier = CONTEXT.Barrier(len(calls))
    with ProcessPoolExecutor(len(calls), CONTEXT, _share, (barrier,)) as pool:
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
    ours, its = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=work, args=(its, *arguments))
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


def open_each(urls: list[str]) -> list[list[str] | str]:
    """Migrate and open one new database after the other, each at the same moment as the others do. The migrations that
    were applied, or what went wrong."""
    outcomes: list[list[str] | str] = []
    for url in urls:
        meet()
        try:
            outcomes.append(migrations.migrate(url))
            asyncio.run(opening.database(url).close())
        except Exception as error:
            outcomes.append(str(error))
    return outcomes


def claim_all(url: str) -> list[str]:
    """Claim a few errands at a time until there are none; the keys."""

    async def work() -> list[str]:
        keys: list[str] = []
        async with rooms(url) as store:
            while claimed := await store.outbox.claim(NOW, 3):
                keys += [one.errand.key for one in claimed]
        return keys

    return asyncio.run(work())


def take_turns(url: str, turns: int) -> list[int]:
    """Take the same turns at the same moments as the others do; which of them were ours."""

    async def work() -> list[int]:
        async with rooms(url) as store:
            return [turn for turn in range(turns) if await _takes(store, turn)]

    return asyncio.run(work())


async def _takes(store: Rooms, turn: int) -> bool:
    meet()
    return await store.turns.take("job", NOW + timedelta(hours=turn), timedelta(hours=1))


def meet_patients(url: str, who: str, patients: int) -> Counter[str]:
    """Store a booking for each of the same new patients; how many were stored, and how many were conflicts."""

    async def work() -> Counter[str]:
        outcomes: Counter[str] = Counter()
        async with rooms(url) as store:
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


def take_in_bookings(tell: Connection, url: str) -> None:
    """Take in bookings without end, and tell the uid of each when it is acknowledged."""

    async def one(confirmations: Confirmations, lane: int) -> None:
        for number in range(100_000):
            uid = f"uid{lane}x{number}"
            await confirmations.receive("main", a_request(uid=uid, phone=f"+1202556{lane:02}{number % 100:02}"), NOW)
            tell.send(uid)

    async def work() -> None:
        async with rooms(url) as store:
            confirmations = Confirmations(store.ledger, {"main": a_clinic()})
            await asyncio.gather(*(one(confirmations, lane) for lane in range(16)))

    asyncio.run(work())


def write_on_a_full_disk(url: str) -> dict[str, list[str]]:
    """Three writes before the disk is full, while it is, and after. Full is when no file of ours may grow."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    database, told = opening.database(url), {}
    for when in ("before", "full", "after"):
        limit = os.path.getsize(f"{database.path}-wal") if when == "full" else soft
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        writes = [hearing(f"{when} {number}") for number in range(3)]
        database.write(writes)
        told[when] = [type(write.error).__name__ for write in writes]
    asyncio.run(database.close())
    return told


def import_and_die(url: str, file: str, commits: int) -> None:
    """Import, with a few lines in each commit, and be killed when so many are done, or just before the end."""
    importing.BATCH, done = 10, count()
    commit = GroupCommit.commit

    async def deadly(self: GroupCommit, write: Write) -> list[Row]:
        if next(done) == commits or write.statements[0].sql == importing.UNMARK:
            os.kill(os.getpid(), signal.SIGKILL)
        return await commit(self, write)

    GroupCommit.commit = deadly  # type: ignore[method-assign]
    asyncio.run(moving.bring_in(StoreSettings(url, ""), file, lambda *_: nullcontext(lambda _: None)))


def append_facts(url: str, who: str, transactions: int) -> None:
    """Append facts to streams of one's own, a few in each transaction."""

    async def work() -> None:
        async with opened(url) as database:
            for number in range(transactions):
                writes = [a_fact(f"{who}{number}", version) for version in range(1, 4)]
                database.write(writes)
                assert [write.error for write in writes] == [None] * 3

    asyncio.run(work())
