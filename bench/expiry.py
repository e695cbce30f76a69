"""The scheduled job where many bookings are stored and where few are: what is not due must cost nothing.

    python -m bench expiry [--stored 1000000] [--few 10000] [--due 1000] [--rounds 5]

The bookings that are due are made by the real code, one stream at a time, and are the same in every database. The
others are a few real ones (confirmed, cancelled, expired, waiting) that SQL multiplies: their facts, and the rows that
belong to them in the tables that the job looks at.
"""

import argparse
import asyncio
import logging
import random
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from adapters.storage.database import Write
from adapters.storage.ledger import OVERDUE, TO_REMIND
from bench.many import (
    BOOKING,
    CLINIC,
    CONVERSATIONS,
    FACTS,
    IDS,
    KEYS,
    NOW,
    REQUESTED,
    Copy,
    Patient,
    begin,
    multiply,
    renamed,
    same,
    size_of,
    written,
)
from domain.deadlines import Deadlines
from entrypoints import expiry_job
from entrypoints.settings import StoreSettings
from entrypoints.store import Store, open_store
from tests.databases import KINDS, empty_database

IDLE_RUNS = 200
SCAN = re.compile(r"\bSCAN\b|Seq Scan")

HEAD = """\
The scheduled job (expiry and reminders): {due:,} due bookings among {many:,} stored ones, against the same among
{few:,}. Milliseconds, the medians of runs in turns. The ratio is what counts, and it must be near 1.
"""
COLUMNS = f"\n{'':<30}{'runs':>6}{'few':>11}{'many':>11}   ratio (middle half of the runs)"


# -- The bookings ------------------------------------------------------------------------------------------------------


def samples() -> dict[str, Patient]:
    """By their names, which stand in all their ids, and nowhere else."""
    over = Deadlines(REQUESTED, NOW - timedelta(days=20), (NOW - timedelta(days=21),))
    ahead = Deadlines(REQUESTED, NOW + timedelta(days=300), (NOW + timedelta(days=200),))
    return {
        "sampleconfirmed": Patient("sampleconfirmed", over).says("YES"),
        "samplecancelled": Patient("samplecancelled", over).says("NO"),
        "sampleexpired": Patient("sampleexpired", over).says_nothing(),
        "samplewaiting": Patient("samplewaiting", ahead),
    }


SHARES = {"sampleconfirmed": 70, "samplecancelled": 10, "sampleexpired": 10, "samplewaiting": 10}  # in a hundred
AFTER = "CASE WHEN state = 'sms_sent' THEN 60000 * n ELSE -60000 * n END"
BOOKINGS = {
    **renamed("stream", "uid", "conversation"),
    **same("version", "clinic", "state", "name", "phone", "practitioner", "updated_at"),
    **{name: f"{name} + {AFTER}" for name in ("starts_at", "remind_at", "expire_at")},
}
COPIES = {  # what the job reads and writes
    "stored_events": FACTS,
    "bookings": Copy(BOOKINGS, [BOOKING]),
    "conversations": CONVERSATIONS,
    "patient_keys": KEYS,
}


def due_in(number: int, due: int) -> list[Patient]:
    """The bookings that become due in one round: half of them expire, half are to be reminded."""
    found, chance = [], random.Random(number)
    for index, place in enumerate(chance.sample(IDS, due)):
        at = moment_of(number) - timedelta(seconds=1 + index)
        expires = Deadlines(REQUESTED, at)
        reminds = Deadlines(REQUESTED, NOW + timedelta(days=300), (at,))
        found.append(Patient(f"{place}due{number}", expires if index % 2 else reminds))
    return found


def moment_of(number: int) -> datetime:
    return NOW + timedelta(hours=1 + number)


# -- The contest ------------------------------------------------------------------------------------------------------

Run = Callable[[Store, int], Awaitable[None]]


@asynccontextmanager
async def filled(kind: str, folder: Path, stored: int, writes: Sequence[Write]) -> AsyncIterator[Store]:
    """A new database with this many bookings, open for the job."""
    with tempfile.TemporaryDirectory(dir=folder) as own, empty_database(kind, Path(own)) as url:
        await begin(url, writes)
        started = perf_counter()
        multiply(url, {name: stored * share // 100 for name, share in SHARES.items()}, COPIES)
        print(f"{kind}: {stored:,} bookings, {size_of(url)}, stored in {perf_counter() - started:.0f} s", flush=True)
        async with open_store(StoreSettings(url, ""), {CLINIC.key: CLINIC}) as opened:
            yield opened


async def do_what_is_due(store: Store, number: int, due: int) -> None:
    """One run of the job when `due_in(number)` are due."""
    await _job(store, number, f"{due // 2} expired, {due - due // 2} to be reminded, 0 settled meanwhile, 0 failed")


async def find_nothing(store: Store, number: int) -> None:
    """One run of the job after that."""
    await _job(store, number, "0 expired, 0 to be reminded, 0 settled meanwhile, 0 failed")


async def _job(store: Store, number: int, expected: str) -> None:
    told, _ = await expiry_job.run(store, moment_of(number))
    if told != expected:
        raise RuntimeError(f"{told}, and not: {expected}")


async def timed(run: Run, few: Store, many: Store, numbers: Sequence[int]) -> str:
    """A line for these rounds, in turns; who begins changes every time. The first, which warms up, is not told."""
    found: dict[Store, list[float]] = {few: [], many: []}
    for index, number in enumerate(numbers):
        for store in (few, many) if index % 2 else (many, few):
            started = perf_counter()
            await run(store, number)
            found[store].append(1000 * (perf_counter() - started))
    ours, others = found[many][1:], found[few][1:]
    low, ratio, high = quarters([mine / other for mine, other in zip(ours, others, strict=True)])
    return f"{len(ours):>6}{median(others):>11.2f}{median(ours):>11.2f}{ratio:>8.2f} ({low:.2f} to {high:.2f})"


def quarters(values: Sequence[float]) -> Sequence[float]:
    """The middle one, and those between which the middle half lies; of a single one, itself."""
    return quantiles(values, n=4, method="inclusive") if len(values) > 1 else [*values] * 3


async def plans(store: Store) -> list[str]:
    """How the database looks for what is due."""
    explain = "EXPLAIN QUERY PLAN" if store.database.path else "EXPLAIN"
    found: list[str] = []
    for query in (OVERDUE, TO_REMIND):
        rows = await store.database.read(f"{explain} {query}", now=round(NOW.timestamp() * 1000), limit=500)
        found += [str(row.get("detail") or row.get("QUERY PLAN")) for row in rows]
    return found


async def compared(kind: str, folder: Path, options: argparse.Namespace, writes: Sequence[Write]) -> bool:
    """Print the lines of one kind of database. Returns whether no query scans."""
    async with AsyncExitStack() as stack:
        few, many = [
            await stack.enter_async_context(filled(kind, folder, stored, writes))
            for stored in (options.few, options.stored)
        ]
        print(COLUMNS)
        rounds, do = range(options.rounds + 1), partial(do_what_is_due, due=options.due)
        print(f"{f'{kind}: {options.due:,} due':<30}{await timed(do, few, many, rounds)}", flush=True)
        idle = [rounds[-1]] * IDLE_RUNS
        print(f"{f'{kind}: nothing due':<30}{await timed(find_nothing, few, many, idle)}", flush=True)
        told = await plans(many)
    print("\n".join(["", *(f"    {line}" for line in told), ""]), flush=True)
    return not any(map(SCAN.search, told))


async def run(options: argparse.Namespace) -> bool:
    """Returns whether no query scans."""
    started = perf_counter()
    print(HEAD.format(due=options.due, many=options.stored, few=options.few), flush=True)
    with tempfile.TemporaryDirectory(prefix="replyes-bench-") as name:
        folder = Path(name)
        patients = [one for number in range(options.rounds + 1) for one in due_in(number, options.due)]
        writes = await written([one.work for one in [*samples().values(), *patients]], folder)
        found = [await compared(kind, folder, options, writes) for kind in options.database]
    print(f"\n{perf_counter() - started:.0f} s in all")
    return all(found)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser("python -m bench expiry", description=__doc__)
    parser.add_argument("--stored", type=int, default=1_000_000, help="bookings in the large database")
    parser.add_argument("--few", type=int, default=10_000, help="bookings in the small one")
    parser.add_argument("--due", type=int, default=1000, help="bookings that are due in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", choices=KINDS, action="append", help="only this kind")
    options = parser.parse_args(arguments)
    options.database = options.database or KINDS
    logging.getLogger("replyes.staff").setLevel(logging.ERROR)
    if not asyncio.run(run(options)):
        raise SystemExit("a query for what is due scans a table or a whole index")
