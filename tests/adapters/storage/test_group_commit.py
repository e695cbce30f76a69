"""Many requests, one transaction: what is shared, and what is nobody else's business."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from adapters.storage import group_commit, postgresql, rows
from adapters.storage.database import Statement, Write
from adapters.storage.group_commit import LARGEST_BATCH, GroupCommit
from domain.errands import Claimed, Errand, Kind
from domain.errors import ClaimLost, Conflict, StorageAway
from domain.ledger import Attempt
from tests.adapters.storage.crowd import SOON, Crowd, Held, returned
from tests.adapters.storage.processes import take_in_bookings, talking
from tests.adapters.storage.rooms import a_fact, count, heard, hearing, opened, overheard, until_nobody_is_connected
from tests.databases import another_process, column, kind_of
from tests.examples import NOW

pytestmark = pytest.mark.anyio


@pytest.fixture
async def held(anyio_backend: str, database: str) -> AsyncIterator[Held]:
    async with opened(database) as inner:
        yield Held(inner, database)


# -- Sharing ------------------------------------------------------------------------------------------------------


async def test_what_arrives_during_one_commit_shares_the_next(held: Held) -> None:
    crowd = Crowd(held)
    with overheard(held.inner) as said:
        await crowd.arrives(*(hearing(f"m{number}") for number in range(64)))
        outcomes = await crowd.outcomes()
    assert outcomes == [returned(f"m{number}") for number in range(64)], "each caller gets the rows of its own write"
    assert held.batches == [1, 64]
    assert said.count("COMMIT") == 2


async def test_a_lone_write_is_a_transaction_of_its_own_and_waits_for_no_timer(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers: list[float] = []
    loop = asyncio.get_running_loop()
    call_at = loop.call_at

    def noted(when: float, *timer: Any, **context: Any) -> asyncio.TimerHandle:
        timers.append(when - loop.time())
        return call_at(when, *timer, **context)

    monkeypatch.setattr(loop, "call_at", noted)
    held.let_go.set()
    commits = GroupCommit(held)
    for number in range(3):
        await commits.commit(hearing(str(number)))
    await commits.close()
    assert held.batches == [1, 1, 1]
    assert not [seconds for seconds in timers if seconds < group_commit.PATIENCE - 1], "its patience is the only one"


async def test_a_caller_is_answered_only_after_the_commit_that_holds_its_write(held: Held, database: str) -> None:
    commits = GroupCommit(held)
    waiting = asyncio.create_task(commits.commit(hearing("it")))
    await asyncio.to_thread(held.begun.wait, SOON)
    assert not waiting.done()
    held.let_go.set()
    await waiting
    assert heard(database) == {"it"}
    await commits.close()


async def test_a_batch_is_bounded(held: Held) -> None:
    crowd = Crowd(held)
    await crowd.arrives(*(hearing(f"m{number}") for number in range(LARGEST_BATCH + 100)))
    await crowd.outcomes()
    assert held.batches == [1, LARGEST_BATCH, 100]


# -- Nobody pays for a neighbour ----------------------------------------------------------------------------------


async def test_a_conflict_fails_only_its_own_request(held: Held, database: str) -> None:
    crowd = Crowd(held)
    await crowd.arrives(hearing("before"), hearing("first"), hearing("after"))
    before, conflict, after = await crowd.outcomes()
    assert isinstance(conflict, Conflict)
    assert (before, after) == (returned("before"), returned("after"))
    assert heard(database) == {"first", "before", "after"}


async def test_of_two_requests_for_the_same_version_the_first_one_wins(held: Held, database: str) -> None:
    crowd = Crowd(held)
    await crowd.arrives(a_fact("s", 1, b"one"), a_fact("s", 1, b"other"), a_fact("s", 2, b"next"))
    first, second, third = await crowd.outcomes()
    assert (first, third) == ([], [])
    assert isinstance(second, Conflict)
    assert column(database, "SELECT state FROM stored_events ORDER BY {position}") == [b"one", b"next"]


HALF_A_CHARACTER = "\ud800"
BAD_VALUES = {
    "half a character": HALF_A_CHARACTER,
    "no value of a database's": object(),
    "a parameter that is missing": ...,
}


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in BAD_VALUES.items()])
async def test_a_value_that_no_database_takes_fails_only_its_own_request(
    held: Held, database: str, value: object
) -> None:
    bad = hearing(value)
    if value is ...:
        bad.statements = [Statement(bad.statements[0].sql)]
    bad.facts = a_fact("s", 1).facts
    crowd = Crowd(held)
    await crowd.arrives(hearing("before"), bad, hearing("after"))
    before, error, after = await crowd.outcomes()
    assert (before, after) == (returned("before"), returned("after"))
    assert isinstance(error, Exception)
    assert not isinstance(error, Conflict | StorageAway), "to try again would not help"
    assert count(database, "stored_events") == 0


async def test_a_lost_claim_fails_only_its_own_request(held: Held, database: str) -> None:
    errand = Errand("s", 1, Kind.ASK, "main", NOW)
    lost = rows.attempted(Attempt(Claimed(errand, attempts=1), NOW, "words"))
    crowd = Crowd(held)
    await crowd.arrives(hearing("before"), Write(a_fact("s", 1).facts, [lost]), hearing("after"))
    before, error, after = await crowd.outcomes()
    assert (before, after) == (returned("before"), returned("after"))
    assert isinstance(error, ClaimLost)
    assert count(database, "stored_events") == 0, "what it would have stored with the mark is not stored either"


async def test_a_batch_of_failures_only_is_told_to_each_and_stores_nothing(held: Held, database: str) -> None:
    crowd = Crowd(held)
    await crowd.arrives(hearing("first"), hearing(HALF_A_CHARACTER), hearing("first"))
    outcomes = await crowd.outcomes()
    assert [type(one) for one in outcomes] == [Conflict, UnicodeEncodeError, Conflict]
    assert heard(database) == {"first"}


async def test_it_goes_on_after_errors(held: Held, database: str) -> None:
    held.let_go.set()
    commits = GroupCommit(held)
    with pytest.raises(UnicodeEncodeError):
        await commits.commit(hearing(HALF_A_CHARACTER))
    with pytest.raises(Conflict):
        await commits.commit(hearing(None))
    assert await commits.commit(hearing("good")) == returned("good")
    await commits.close()
    assert heard(database) == {"good"}


# -- A database that takes nothing --------------------------------------------------------------------------------


# For each kind of database: how another process locks it, and how our patience with that is shortened and restored.
LOCKS = {
    "sqlite": ("BEGIN IMMEDIATE", "PRAGMA busy_timeout = 1", "PRAGMA busy_timeout = 5000"),
    "postgresql": (
        postgresql.LOCK.replace("_xact", ""),
        "SET statement_timeout = '50ms'",
        "SET statement_timeout = '5s'",
    ),
}
READ_ONLY = {"sqlite": "PRAGMA query_only = {}", "postgresql": "SET default_transaction_read_only = {}"}


@contextmanager
def locked(held: Held) -> Iterator[None]:
    """Another process writes, longer than we wait."""
    lock, impatient, patient = LOCKS[kind_of(held.url)]
    held.tell(impatient)
    with another_process(held.url) as other:
        other(lock)
        yield
    held.tell(patient)


@contextmanager
def read_only(held: Held) -> Iterator[None]:
    """Somebody has decided that nothing may be written."""
    setting = READ_ONLY[kind_of(held.url)]
    held.tell(setting.format("on"))
    yield
    held.tell(setting.format("off"))


Trouble = Callable[[Held], AbstractContextManager[None]]


@pytest.mark.parametrize("trouble", [locked, read_only])
async def test_a_database_that_takes_nothing_fails_everybody_and_nothing_is_half_stored(
    held: Held, database: str, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "BRIDGE", 0.1)
    large = [Write(a_fact(f"s{number}", 1, bytes(9000)).facts, hearing(f"m{number}").statements) for number in range(9)]
    crowd = Crowd(held)
    with trouble(held):
        await crowd.arrives(*large)
        outcomes = await crowd.outcomes()
    assert [type(one) for one in outcomes] == [StorageAway] * 9
    assert held.tried_apart == [False, False], "to try each by itself would make everybody wait longer"
    assert count(database, "stored_events") == 0
    assert heard(database) <= {"first"}
    commits = GroupCommit(held.inner)
    await commits.commit(large[0])
    await commits.close()
    assert count(database, "stored_events") == 1, "when the trouble is over, it goes on"


def test_a_killed_process_loses_nothing_that_it_has_acknowledged_and_leaves_nothing_half_done(database: str) -> None:
    with talking(take_in_bookings, database) as told:
        acknowledged = {told.recv() for _ in range(300)}
    until_nobody_is_connected(database)
    assert acknowledged <= set(column(database, "SELECT uid FROM bookings"))
    requested = "SELECT originator_id FROM stored_events WHERE topic = 'booking.requested' ORDER BY 1"
    joined = "SELECT originator_id, originator_version FROM stored_events WHERE topic = 'conversation.booking_joined'"
    assert column(database, requested) == column(database, "SELECT stream FROM bookings ORDER BY 1")
    assert count(database, f"({joined})") == count(database, "outbox") == count(database, "bookings")


# -- Callers who leave, and the end -------------------------------------------------------------------------------


async def test_a_cancelled_caller_does_not_take_its_write_back(held: Held, database: str) -> None:
    crowd = Crowd(held)
    await crowd.arrives(hearing("left"), hearing("stayed"))
    crowd.tasks[1].cancel()
    left, stayed = await crowd.outcomes()
    assert isinstance(left, asyncio.CancelledError)
    assert stayed == returned("stayed")
    assert heard(database) == {"first", "left", "stayed"}


async def test_closing_finishes_what_is_waiting(held: Held, database: str) -> None:
    crowd = Crowd(held)
    await crowd.arrives(*(hearing(f"m{number}") for number in range(10)))
    closing_down = asyncio.create_task(crowd.commits.close())
    await asyncio.sleep(0)
    assert not closing_down.done()
    held.let_go.set()
    await asyncio.wait_for(closing_down, SOON)
    assert len(heard(database)) == 11


async def test_a_write_that_comes_after_the_end_is_refused_and_does_not_wait_for_ever(held: Held) -> None:
    commits = GroupCommit(held)
    await commits.close()
    async with asyncio.timeout(0.2):
        with pytest.raises(StorageAway):
            await commits.commit(hearing("late"))


# -- A database that is slow --------------------------------------------------------------------------------------


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE", 0.01)


@pytest.mark.usefixtures("no_patience")
async def test_whoever_waits_too_long_for_a_slow_database_is_told_that_it_is_away(held: Held) -> None:
    crowd = Crowd(held)
    await crowd.arrives(hearing("waiting"))
    outcomes = await asyncio.gather(*crowd.tasks, return_exceptions=True)
    assert [type(one) for one in outcomes] == [StorageAway] * 2
    await crowd.outcomes()


@pytest.mark.usefixtures("no_patience")
async def test_a_write_that_had_not_begun_when_its_sender_was_told_is_not_stored_later(
    held: Held, database: str
) -> None:
    crowd = Crowd(held)
    await crowd.arrives(*(hearing(f"m{number}") for number in range(3)))
    await asyncio.gather(*crowd.tasks, return_exceptions=True)
    await crowd.outcomes()
    assert heard(database) == {"first"}, "this one was under way"
    assert held.batches == [1]


async def test_a_withdrawn_write_takes_no_neighbour_with_it(
    held: Held, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Crowd(held)
    await crowd.arrives(hearing("patient"))
    monkeypatch.setattr(group_commit, "PATIENCE", 0.01)
    with pytest.raises(StorageAway):
        await crowd.commits.commit(hearing("impatient"))
    assert await crowd.outcomes() == [returned("patient")]
    assert heard(database) == {"first", "patient"}
