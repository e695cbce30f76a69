"""Many requests, one transaction: what is shared, and what is nobody else's business."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from adapters.storage import migrations, rows
from adapters.storage.database import Database, Statement, Write
from adapters.storage.group_commit import LARGEST_BATCH, GroupCommit
from domain.errands import Claimed, Errand, Kind
from domain.errors import ClaimLost, Conflict, StorageAway
from domain.ledger import Attempt
from tests.adapters.storage.processes import at_once, take_in_bookings, talking, write_on_a_full_disk
from tests.adapters.storage.rooms import column, count, heard, hearing
from tests.examples import NOW

pytestmark = pytest.mark.anyio
WRITING = {"journal_mode": "wal", "synchronous": 2}
SOON = 30  # seconds until a test that hangs fails


class Held(Database):
    """The database, with its transactions counted, and held back until they are let go."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.batches: list[int] = []
        self.statements: list[str] = []
        self.begun = threading.Event()
        self.let_go = threading.Event()
        with self.recorder.datastore.get_connection(commit=True) as writer:
            writer._sqlite_conn.set_trace_callback(self.statements.append)

    def write(self, writes: Sequence[Write]) -> None:
        self.begun.set()
        assert self.let_go.wait(SOON)
        self.batches.append(len(writes))
        super().write(writes)


@pytest.fixture
def database(path: Path) -> Iterator[Held]:
    migrations.migrate(str(path))
    with closing(Held(str(path))) as held:
        yield held


class Crowd:
    """Writes that arrive while another one is being stored, so that they are one batch."""

    def __init__(self, database: Held) -> None:
        self.database = database
        self.commits = GroupCommit(database)
        self.tasks: list[asyncio.Task[Any]] = []

    async def arrives(self, *writes: Write) -> None:
        first = asyncio.create_task(self.commits.commit(hearing("first")))
        await asyncio.to_thread(self.database.begun.wait, SOON)
        self.tasks = [first, *(asyncio.create_task(self.commits.commit(write)) for write in writes)]
        await asyncio.sleep(0)  # each task runs until it waits

    async def outcomes(self) -> list[Any]:
        """What became of the writes: the rows they returned, or what went wrong."""
        self.database.let_go.set()
        outcomes = await asyncio.wait_for(asyncio.gather(*self.tasks, return_exceptions=True), SOON)
        await self.commits.close()
        return outcomes[1:]


def fact(stream: str, version: int, state: bytes = b"{}") -> Write:
    return Write(facts=[StoredEvent(stream, version, "test.fact", state)])


def returned(message_id: str) -> list[dict[str, str]]:
    return [{"message_id": message_id}]


# -- Sharing ------------------------------------------------------------------------------------------------------


async def test_what_arrives_during_one_commit_shares_the_next(database: Held) -> None:
    crowd = Crowd(database)
    await crowd.arrives(*(hearing(f"m{number}") for number in range(64)))
    outcomes = await crowd.outcomes()
    assert outcomes == [returned(f"m{number}") for number in range(64)], "each caller gets the rows of its own write"
    assert database.batches == [1, 64]
    assert database.statements.count("COMMIT") == 2


async def test_a_lone_write_is_a_transaction_of_its_own_and_waits_for_no_timer(
    database: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers: list[object] = []
    loop = asyncio.get_running_loop()
    call_at = loop.call_at
    monkeypatch.setattr(loop, "call_at", lambda *timer, **context: timers.append(timer) or call_at(*timer, **context))
    database.let_go.set()
    commits = GroupCommit(database)
    for number in range(3):
        await commits.commit(hearing(str(number)))
    await commits.close()
    assert database.batches == [1, 1, 1]
    assert not timers


async def test_a_caller_is_answered_only_after_the_commit_that_holds_its_write(database: Held, path: Path) -> None:
    commits = GroupCommit(database)
    waiting = asyncio.create_task(commits.commit(hearing("it")))
    await asyncio.to_thread(database.begun.wait, SOON)
    assert not waiting.done()
    database.let_go.set()
    await waiting
    assert heard(path) == {"it"}
    await commits.close()


async def test_a_batch_is_bounded(database: Held) -> None:
    crowd = Crowd(database)
    await crowd.arrives(*(hearing(f"m{number}") for number in range(LARGEST_BATCH + 100)))
    await crowd.outcomes()
    assert database.batches == [1, LARGEST_BATCH, 100]


def test_the_writer_syncs_each_commit_to_the_disk(database: Held) -> None:
    with database.recorder.datastore.get_connection(commit=True) as writer:
        settings = {name: writer._sqlite_conn.execute(f"PRAGMA {name}").fetchone()[0] for name in WRITING}
    assert settings == WRITING


# -- Nobody pays for a neighbour ----------------------------------------------------------------------------------


async def test_a_conflict_fails_only_its_own_request(database: Held, path: Path) -> None:
    crowd = Crowd(database)
    await crowd.arrives(hearing("before"), hearing("first"), hearing("after"))
    before, conflict, after = await crowd.outcomes()
    assert isinstance(conflict, Conflict)
    assert (before, after) == (returned("before"), returned("after"))
    assert heard(path) == {"first", "before", "after"}


async def test_of_two_requests_for_the_same_version_the_first_one_wins(database: Held, path: Path) -> None:
    crowd = Crowd(database)
    await crowd.arrives(fact("s", 1, b"one"), fact("s", 1, b"other"), fact("s", 2, b"next"))
    first, second, third = await crowd.outcomes()
    assert (first, third) == ([], [])
    assert isinstance(second, Conflict)
    assert column(path, "SELECT state FROM stored_events ORDER BY rowid") == [b"one", b"next"]


BAD_VALUES = {
    "half a character": "\ud800",
    "a number too large": 2**70,
    "no value of SQLite's": object(),
    "a parameter that is missing": ...,
}


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in BAD_VALUES.items()])
async def test_a_value_that_sqlite_cannot_take_fails_only_its_own_request(
    database: Held, path: Path, value: object
) -> None:
    bad = hearing(value)
    if value is ...:
        bad.statements = [Statement(bad.statements[0].sql)]
    bad.facts = fact("s", 1).facts
    crowd = Crowd(database)
    await crowd.arrives(hearing("before"), bad, hearing("after"))
    before, error, after = await crowd.outcomes()
    assert (before, after) == (returned("before"), returned("after"))
    assert isinstance(error, Exception)
    assert not isinstance(error, Conflict | StorageAway), "to try again would not help"
    assert count(path, "stored_events") == 0


async def test_a_lost_claim_fails_only_its_own_request(database: Held, path: Path) -> None:
    errand = Errand("s", 1, Kind.ASK, "main", NOW)
    lost = rows.attempted(Attempt(Claimed(errand, attempts=1), NOW, "words"))
    crowd = Crowd(database)
    await crowd.arrives(hearing("before"), Write(fact("s", 1).facts, [lost]), hearing("after"))
    before, error, after = await crowd.outcomes()
    assert (before, after) == (returned("before"), returned("after"))
    assert isinstance(error, ClaimLost)
    assert count(path, "stored_events") == 0, "what it would have stored with the mark is not stored either"


async def test_a_batch_of_failures_only_is_told_to_each_and_stores_nothing(database: Held, path: Path) -> None:
    crowd = Crowd(database)
    await crowd.arrives(hearing("first"), hearing(2**70), hearing("first"))
    outcomes = await crowd.outcomes()
    assert [type(one) for one in outcomes] == [Conflict, OverflowError, Conflict]
    assert heard(path) == {"first"}


async def test_it_goes_on_after_errors(database: Held, path: Path) -> None:
    database.let_go.set()
    commits = GroupCommit(database)
    with pytest.raises(OverflowError):
        await commits.commit(hearing(2**70))
    with pytest.raises(Conflict):
        await commits.commit(hearing(None))
    assert await commits.commit(hearing("good")) == returned("good")
    await commits.close()
    assert heard(path) == {"good"}


# -- A database that takes nothing --------------------------------------------------------------------------------


@contextmanager
def locked(database: Held) -> Iterator[None]:
    """Another process writes, longer than we wait."""
    _pragma(database, "busy_timeout = 1")
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full(database: Held) -> Iterator[None]:
    """The file may not grow."""
    pages = database.read_now("PRAGMA page_count")[0]["page_count"]
    _pragma(database, f"max_page_count = {pages}")
    yield
    _pragma(database, "max_page_count = 1000000")


@contextmanager
def read_only(database: Held) -> Iterator[None]:
    _pragma(database, "query_only = on")
    yield
    _pragma(database, "query_only = off")


def _pragma(database: Held, setting: str) -> None:
    with database.recorder.datastore.get_connection(commit=True) as writer:
        writer.cursor().execute(f"PRAGMA {setting}")


Trouble = Callable[[Held], AbstractContextManager[None]]


@pytest.mark.parametrize("trouble", [locked, full, read_only])
async def test_a_database_that_takes_nothing_fails_everybody_and_nothing_is_half_stored(
    database: Held, path: Path, trouble: Trouble
) -> None:
    large = [Write(fact(f"s{number}", 1, bytes(9000)).facts, hearing(f"m{number}").statements) for number in range(9)]
    crowd = Crowd(database)
    with trouble(database):
        await crowd.arrives(*large)
        outcomes = await crowd.outcomes()
    assert [type(one) for one in outcomes] == [StorageAway] * 9
    assert database.statements.count("BEGIN") == 2, "to try each by itself would make everybody wait longer"
    assert count(path, "stored_events") == 0
    assert heard(path) <= {"first"}
    commits = GroupCommit(database)
    await commits.commit(large[0])
    await commits.close()
    assert count(path, "stored_events") == 1, "when the trouble is over, it goes on"


def test_a_commit_that_finds_the_disk_full_stores_nothing_and_the_next_one_after_it_does(path: Path) -> None:
    migrations.migrate(str(path))
    [told] = at_once(write_on_a_full_disk, (path,))
    assert told == {"before": ["NoneType"] * 3, "full": ["StorageAway"] * 3, "after": ["NoneType"] * 3}
    assert heard(path) == {f"{when} {number}" for when in ("before", "after") for number in range(3)}


def test_a_killed_process_loses_nothing_that_it_has_acknowledged_and_leaves_nothing_half_done(path: Path) -> None:
    with talking(take_in_bookings, path) as told:
        acknowledged = {told.recv() for _ in range(300)}
    assert acknowledged <= set(column(path, "SELECT uid FROM bookings"))
    requested = "SELECT originator_id FROM stored_events WHERE topic = 'booking.requested' ORDER BY 1"
    joined = "SELECT originator_id, originator_version FROM stored_events WHERE topic = 'conversation.booking_joined'"
    assert column(path, requested) == column(path, "SELECT stream FROM bookings ORDER BY 1")
    assert count(path, f"({joined})") == count(path, "outbox") == count(path, "bookings")


# -- Callers who leave, and the end -------------------------------------------------------------------------------


async def test_a_cancelled_caller_does_not_take_its_write_back(database: Held, path: Path) -> None:
    crowd = Crowd(database)
    await crowd.arrives(hearing("left"), hearing("stayed"))
    crowd.tasks[1].cancel()
    left, stayed = await crowd.outcomes()
    assert isinstance(left, asyncio.CancelledError)
    assert stayed == returned("stayed")
    assert heard(path) == {"first", "left", "stayed"}


async def test_closing_finishes_what_is_waiting(database: Held, path: Path) -> None:
    crowd = Crowd(database)
    await crowd.arrives(*(hearing(f"m{number}") for number in range(10)))
    closing_down = asyncio.create_task(crowd.commits.close())
    await asyncio.sleep(0)
    assert not closing_down.done()
    database.let_go.set()
    await asyncio.wait_for(closing_down, SOON)
    assert len(heard(path)) == 11


async def test_a_write_that_comes_after_the_end_is_refused_and_does_not_wait_for_ever(database: Held) -> None:
    commits = GroupCommit(database)
    await commits.close()
    async with asyncio.timeout(0.2):
        with pytest.raises(StorageAway):
            await commits.commit(hearing("late"))
