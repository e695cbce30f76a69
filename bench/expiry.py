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
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from adapters.storage import migrations, opening
from adapters.storage.database import Write
from adapters.storage.ledger import OVERDUE, TO_REMIND, StoredLedger
from adapters.storage.sealing import Wrapping
from bench.storage import Collected
from domain.booking import Booking
from domain.clinics import Clinic
from domain.conversation import Conversation, Outcome
from domain.deadlines import Deadlines
from domain.errands import Kind
from domain.facts import Moment, conversation_id
from domain.inbound import BookingRequested, InboundText
from domain.ledger import Work
from domain.replies import interpret
from entrypoints import expiry_job
from entrypoints.settings import StoreSettings
from entrypoints.store import Store, open_store
from tests.databases import KINDS, another_process, empty_database, kind_of

NOW = datetime(2026, 5, 8, 9, 0, tzinfo=UTC)
REQUESTED, FAR = NOW - timedelta(days=30), NOW + timedelta(days=365)
CLINIC = Clinic("main", "Cal.com Clinic", phone="+12025550100")
IDS = range(10_000_000, 90_000_000)  # the bookings lie scattered among each other, in the log and in every index
AT_A_TIME = 100_000
IDLE_RUNS = 200
SCAN = re.compile(r"\bSCAN\b|Seq Scan")

HEAD = """\
The scheduled job (expiry and reminders): {due:,} due bookings among {many:,} stored ones, against the same among
{few:,}. Milliseconds, the medians of runs in turns. The ratio is what counts, and it must be near 1.
"""
COLUMNS = f"\n{'':<30}{'runs':>6}{'few':>11}{'many':>11}   ratio (middle half of the runs)"


# -- Bookings by the real code ----------------------------------------------------------------------------------------


class Patient:
    """One phone with one booking, which has been asked about."""

    def __init__(self, name: str, deadlines: Deadlines) -> None:
        self._moment = moment = Moment(REQUESTED, name)
        stream, errand, message_id = conversation_id(CLINIC.key, name), f"errand{name}", f"SM{name}"
        request = BookingRequested(
            uid=name,
            starts_at=FAR,
            ends_at=FAR + timedelta(minutes=30),
            patient_name="Sarah Miller",
            phone="+12025550102",
            language="en",
            time_zone="America/New_York",
            practitioner="Dr. Lee",
            told_at=REQUESTED,
        )
        self.conversation = Conversation.start(stream, CLINIC.key, "+12025550102", moment)
        self.booking = Booking.request(CLINIC.key, request, stream, deadlines, moment)
        words = "Cal.com Clinic: Hi Sarah! Confirm your appointment with Dr. Lee on Tue 12 May at 10:30 am?"
        named = (self.booking.id,)
        self.conversation.join(self.booking.id, deadlines.ask_at, moment)
        self.conversation.ask(errand, named, words, moment)
        self.booking.put_question(errand, moment)
        accepted = {"message_id": message_id, "proved_by": "call"}
        self.conversation.text_accepted(Kind.ASK, errand, moment, bookings=named, **accepted)
        self.booking.question_accepted(errand, moment=moment, **accepted)

    def says(self, words: str) -> "Patient":
        text = InboundText(f"SMreply{self.booking.uid}", "+12025550102", CLINIC.phone, words)
        meaning, named = interpret(words), (self.booking.id,)
        self.conversation.hear(text, meaning, Outcome.DECIDED, self._moment, bookings=named)
        private = self.conversation.private(words)
        self.booking.reply(meaning.answer, text.message_id, private, meaning.rule, self._moment)
        self.booking.calendar_agrees("accepted", "call", self._moment)
        return self

    def says_nothing(self) -> "Patient":
        self.booking.run_out(False, NOW, self._moment)
        return self

    @property
    def work(self) -> Work:
        return Work(changed=[self.conversation, self.booking])


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


async def written(patients: Sequence[Patient], folder: Path) -> list[Write]:
    """What the real code stores of these patients."""
    url = f"{opening.SQLITE}{folder / 'scratch.db'}"
    migrations.migrate(url)
    database = opening.database(url)
    commits = Collected(database)
    ledger = StoredLedger(database, commits, Wrapping())
    for patient in patients:
        await ledger.append(patient.work)
    await commits.close()
    await database.close()
    return commits.writes


# -- Many more of them by SQL -----------------------------------------------------------------------------------------

NUMBERS = """
WITH RECURSIVE counted(place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM counted WHERE place + 1 < {count}),
numbers(n, id) AS (
    SELECT CAST({first} + place AS bigint), CAST({start} + ({first} + place) * {stride} AS text) FROM counted
)
"""
STATE = {
    "sqlite": "CAST(replace(CAST(state AS text), '{name}', id) AS blob)",
    "postgresql": "convert_to(replace(convert_from(state, 'UTF8'), '{name}', id), 'UTF8')",
}
AFTER = "CASE WHEN state = 'sms_sent' THEN 60000 * n ELSE -60000 * n END"
BEFORE = {
    "sqlite": ["PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000"],
    "postgresql": ["SET work_mem = '200MB'"],
}
STREAMS = {
    "stored_events": "booking-main-",
    "bookings": "booking-main-",
    "conversations": "conversation-main-",
    "patient_keys": "conversation-main-",
}
AFTERWARDS = {"sqlite": ["PRAGMA journal_mode = WAL"], "postgresql": ["VACUUM ANALYZE"]}
COPIES = {  # what the job reads and writes
    "stored_events": {
        "originator_id": "replace(originator_id, '{name}', id)",
        "originator_version": "originator_version",
        "topic": "topic",
        "state": "{state}",
    },
    "bookings": {
        "stream": "replace(stream, '{name}', id)",
        "uid": "replace(uid, '{name}', id)",
        "conversation": "replace(conversation, '{name}', id)",
        **{name: name for name in ("version", "clinic", "state", "name", "phone", "practitioner", "updated_at")},
        **{name: f"{name} + {AFTER}" for name in ("starts_at", "remind_at", "expire_at")},
    },
    "conversations": {
        "stream": "replace(stream, '{name}', id)",
        "version": "version",
        "memory": "replace(memory, '{name}', id)",
    },
    "patient_keys": {"owner": "replace(owner, '{name}', id)", "sealed_key": "sealed_key"},
}


def multiply(url: str, stored: int) -> None:
    """So that there are this many, by their shares."""
    kind, begun = kind_of(url), 0
    with another_process(url) as ask:
        for setting in BEFORE[kind]:
            ask(setting)
        for name, share in SHARES.items():
            count = stored * share // 100
            for table, columns in COPIES.items():
                values = ", ".join(columns.values()).format(name=name, state=STATE[kind].format(name=name))
                of_sample = f"{next(iter(columns))} = '{STREAMS[table]}{name}'"
                ask(f"CREATE TEMPORARY TABLE sample_{table} AS SELECT * FROM {table} WHERE {of_sample}")
                for first in range(begun, begun + count, AT_A_TIME):
                    numbers = NUMBERS.format(
                        count=min(AT_A_TIME, begun + count - first),
                        first=first,
                        start=IDS.start,
                        stride=len(IDS) // stored,
                    )
                    rows = f"SELECT {values} FROM numbers CROSS JOIN sample_{table}"
                    ask(f"{numbers} INSERT INTO {table} ({', '.join(columns)}) {rows}")
                ask(f"DROP TABLE sample_{table}")
            begun += count
        for setting in AFTERWARDS[kind]:
            ask(setting)


def size_of(url: str) -> str:
    """On the disk."""
    if opening.is_file(url):
        size = Path(opening.file_of(url)).stat().st_size
    else:
        with another_process(url) as ask:
            size = ask("SELECT pg_database_size(current_database())")[0][0]
    return f"{size / 1e9:.2f} GB"


# -- The contest ------------------------------------------------------------------------------------------------------

Run = Callable[[Store, int], Awaitable[None]]


@asynccontextmanager
async def filled(kind: str, folder: Path, stored: int, writes: Sequence[Write]) -> AsyncIterator[Store]:
    """A new database with this many bookings, open for the job."""
    with tempfile.TemporaryDirectory(dir=folder) as own, empty_database(kind, Path(own)) as url:
        migrations.migrate(url)
        database = opening.database(url)
        for first in range(0, len(writes), 500):
            batch = writes[first : first + 500]
            await asyncio.to_thread(database.write, batch)
            if error := next((write.error for write in batch if write.error), None):
                raise error
        await database.close()
        started = perf_counter()
        multiply(url, stored)
        print(f"{kind}: {stored:,} bookings, {size_of(url)}, stored in {perf_counter() - started:.0f} s", flush=True)
        async with open_store(StoreSettings(url, ""), {CLINIC.key: CLINIC}) as store:
            yield store


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
    low, ratio, high = quantiles(
        [mine / other for mine, other in zip(ours, others, strict=True)], n=4, method="inclusive"
    )
    return f"{len(ours):>6}{median(others):>11.2f}{median(ours):>11.2f}{ratio:>8.2f} ({low:.2f} to {high:.2f})"


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
        writes = await written([*samples().values(), *patients], folder)
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
