"""What only PostgreSQL has: a server that can be away, restarted or locked, and other processes that write at once."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import OperationalError

from adapters.storage import group_commit, migrations, opening, postgresql
from adapters.storage.database import Database, Row, Statement, Write
from adapters.storage.group_commit import GroupCommit
from domain.errands import Errand, Kind
from domain.errors import Conflict, Misconfigured, StorageAway
from domain.ledger import Work
from tests.adapters.storage.crowd import SOON, Crowd, Held, returned
from tests.adapters.storage.processes import append_facts, at_once
from tests.adapters.storage.rooms import Rooms, a_fact, heard, hearing, opened, rooms
from tests.databases import DISCONNECT, Server, another_process, column, meddle, new_database, seen, server
from tests.examples import NOW

pytestmark = pytest.mark.anyio
LOG = "SELECT originator_id, originator_version FROM stored_events ORDER BY {position}"
NUMBERS = itertools.count()
WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with new_database("postgresql", tmp_path) as found:
        yield found


@pytest.fixture
async def store(anyio_backend: str, url: str) -> AsyncIterator[Rooms]:
    async with rooms(url) as found:
        yield found


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what other tasks, threads or processes do."""
    async with asyncio.timeout(SOON):
        while not is_so():  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.01)


# -- The order of the log -----------------------------------------------------------------------------------------


async def test_whoever_follows_the_log_while_many_processes_append_misses_no_fact_and_gets_them_in_order(
    url: str,
) -> None:
    followed: list[tuple[Any, ...]] = []
    appending = asyncio.create_task(asyncio.to_thread(at_once, append_facts, *[(url, who, 150) for who in "abc"]))
    with another_process(url) as ask:
        is_last = False
        while not is_last:
            is_last = appending.done()
            last = followed[-1][0] if followed else 0
            followed += ask("SELECT {position}, originator_id FROM stored_events WHERE {position} > ? ORDER BY 1", last)
            await asyncio.sleep(0)
    await appending
    assert followed == seen(url, "SELECT {position}, originator_id FROM stored_events ORDER BY 1")
    assert len(followed) == 3 * 150 * 3


async def test_the_facts_of_one_commit_stand_together_in_the_order_of_their_arrival(url: str) -> None:
    async with opened(url) as database:
        with another_process(url) as other:
            other("BEGIN")
            other(postgresql.LOCK)
            waiting = asyncio.create_task(asyncio.to_thread(database.write, [a_fact("ours", n) for n in (1, 2, 3)]))
            await until(lambda: column(url, WAITING) == [1])
            other("INSERT INTO stored_events VALUES ('theirs', 1, 'test.fact', '')")
            other("COMMIT")
        await waiting
    assert seen(url, LOG) == [("theirs", 1), ("ours", 1), ("ours", 2), ("ours", 3)]


# -- A commit whose acknowledgement was lost ----------------------------------------------------------------------


def loses_an_answer(database: Database, to: int = 1) -> None:
    """The connection breaks once, after the server has committed at least so many writes."""
    insert, losses = database.recorder.insert_writes, iter([True])

    def insert_writes(writes: list[Write], *, apart: bool) -> None:
        insert(writes, apart=apart)
        if len(writes) >= to and next(losses, False):
            raise OperationalError("server closed the connection unexpectedly")

    database.recorder.insert_writes = insert_writes


async def test_a_commit_whose_answer_was_lost_is_recognised_and_answered_as_stored(store: Rooms, url: str) -> None:
    loses_an_answer(store.database)
    await store.commits.commit(a_fact("s", 1, b"ours"))
    assert column(url, "SELECT state FROM stored_events") == [b"ours"]


async def test_each_of_a_batch_whose_answer_was_lost_is_recognised_with_everything_beside_its_facts(url: str) -> None:
    async with opened(url) as database:
        crowd = Crowd(Held(database, url))
        decisions = [Write(a_fact(f"s{n}", 1, b"%d" % n).facts, hearing(f"m{n}").statements) for n in range(5)]
        loses_an_answer(database, to=len(decisions))
        await crowd.arrives(*decisions)
        assert not [one for one in await crowd.outcomes() if isinstance(one, Exception)]
        assert crowd.held.tried_apart == [False, False, True], "the second batch met itself, and was looked at apart"
    assert len(seen(url, LOG)) == 5
    assert heard(url) == {"first", *(f"m{n}" for n in range(5))}


async def test_a_strangers_fact_is_a_conflict_though_an_answer_was_lost(url: str) -> None:
    meddle(url, "INSERT INTO stored_events VALUES ('s', 1, 'test.fact', 'theirs')")
    async with opened(url) as database:
        crowd = Crowd(Held(database, url))
        loses_an_answer(database, to=3)
        await crowd.arrives(a_fact("a", 1, b"a"), a_fact("s", 1, b"ours"), a_fact("b", 1, b"b"))
        before, conflict, after = await crowd.outcomes()
    assert isinstance(conflict, Conflict)
    assert (before, after) == ([], [])
    assert sorted(column(url, "SELECT state FROM stored_events")) == [b"a", b"b", b"theirs"]


async def test_an_errand_whose_claim_was_answered_to_nobody_is_in_no_two_workers_hands(store: Rooms, url: str) -> None:
    """A claim has no facts: to do it again changes nothing, or gives the errand up for the length of a lease."""
    await store.ledger.append(Work(errands=[an_errand()]))
    loses_an_answer(store.database)
    assert len(await store.outbox.claim(NOW, 1)) + len(await store.outbox.claim(NOW, 1)) <= 1
    meddle(url, "UPDATE outbox SET lease_until = 0")
    assert [claimed.attempts for claimed in await store.outbox.claim(NOW, 1)] == [2]


def an_errand(version: int = 1) -> Errand:
    return Errand("stream", version, Kind.ANSWER, "main", NOW)


# -- A connection that breaks before the commit -------------------------------------------------------------------


@pytest.fixture
def broken(url: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The connection breaks once, after a statement of ours has returned rows and before the commit. SQL in this list
    is what others do then."""
    took, breaks, meanwhile = Write.took, iter([True]), []

    def takes(write: Write, statement: Statement, returned: Sequence[Row]) -> None:
        took(write, statement, returned)
        if returned and next(breaks, False):
            meddle(url, DISCONNECT)
            for sql in meanwhile:
                meddle(url, sql)

    monkeypatch.setattr(Write, "took", takes)
    return meanwhile


async def test_an_errand_is_claimed_once_though_the_connection_broke(store: Rooms, broken: list[str]) -> None:
    await store.ledger.append(Work(errands=[an_errand(1), an_errand(2)]))
    claimed = await store.outbox.claim(NOW, 10)
    assert sorted(one.errand.version for one in claimed) == [1, 2]


async def test_an_errand_that_another_claimed_while_the_connection_was_broken_is_the_others(
    store: Rooms, broken: list[str]
) -> None:
    await store.ledger.append(Work(errands=[an_errand()]))
    broken.append("UPDATE outbox SET lease_until = 99999999999999, attempts = attempts + 1")
    assert await store.outbox.claim(NOW, 10) == []


async def test_a_turn_that_another_took_while_the_connection_was_broken_is_the_others(
    store: Rooms, broken: list[str]
) -> None:
    broken.append("INSERT INTO turns (job, due_at) VALUES ('job', 99999999999999)")
    assert not await store.turns.take("job", NOW, timedelta(minutes=1))


# -- Others beside us ---------------------------------------------------------------------------------------------


async def test_a_deadlock_with_a_stranger_is_tried_again_and_nobodys_error(store: Rooms, url: str) -> None:
    """The stranger holds a row that we wait for, and waits for our lock; we look for deadlocks sooner than it does."""
    troubles = noted_troubles(store.database)
    with another_process(url) as stranger:
        stranger("SET deadlock_timeout = '10s'")
        stranger("BEGIN")
        stranger("INSERT INTO heard_messages VALUES ('main', 'it')")
        waiting = asyncio.create_task(store.commits.commit(hearing("it")))
        await until(lambda: column(url, WAITING) == [1])
        await asyncio.to_thread(stranger, postgresql.LOCK)
        stranger("ROLLBACK")
    assert await waiting == returned("it")
    assert ["deadlock detected" in trouble for trouble in troubles] == [True]


def noted_troubles(database: Database) -> list[str]:
    """What the server says to each try that fails."""
    insert, troubles = database.recorder.insert_writes, []

    def insert_writes(writes: list[Write], *, apart: bool) -> None:
        try:
            insert(writes, apart=apart)
        except Exception as error:
            troubles.append(str(error))
            raise

    database.recorder.insert_writes = insert_writes
    return troubles


async def test_a_connection_that_is_cut_while_a_write_waits_is_nobodys_error(store: Rooms, url: str) -> None:
    with another_process(url) as stranger:
        stranger("BEGIN")
        stranger(postgresql.LOCK)
        waiting = asyncio.create_task(store.commits.commit(hearing("it")))
        await until(lambda: column(url, WAITING) == [1])
        stranger("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        stranger("COMMIT")
    assert await waiting == returned("it")


async def test_an_append_does_not_wait_for_maintenance_of_its_table(store: Rooms, url: str) -> None:
    with another_process(url) as maintenance:
        maintenance("BEGIN")
        maintenance("LOCK TABLE stored_events IN SHARE UPDATE EXCLUSIVE MODE")  # as VACUUM does
        await store.commits.commit(a_fact("s", 1))
        assert len(seen(url, LOG)) == 1


async def test_vacuum_and_new_indexes_go_along_with_appends(store: Rooms, url: str) -> None:
    maintained = asyncio.create_task(asyncio.to_thread(maintain, url))
    appended = 0
    while not maintained.done() or appended < 100:
        appended += 1
        await store.commits.commit(a_fact(f"s{appended}", 1))
    await maintained
    assert len(seen(url, LOG)) == appended


def maintain(url: str) -> None:
    with another_process(url) as ask:
        for _ in range(5):
            ask("VACUUM ANALYZE stored_events")
            ask("CREATE INDEX CONCURRENTLY some_index ON stored_events (topic)")
            ask("DROP INDEX CONCURRENTLY some_index")


async def test_a_text_with_a_nul_fails_only_its_own_request(url: str) -> None:
    async with opened(url) as database:
        crowd = Crowd(Held(database, url))
        await crowd.arrives(
            hearing("before"), Write(a_fact("s", 1).facts, hearing("a\0b").statements), hearing("after")
        )
        before, error, after = await crowd.outcomes()
    assert (before, after) == (returned("before"), returned("after"))
    assert isinstance(error, Exception)
    assert not isinstance(error, Conflict | StorageAway), "to try again would not help"
    assert seen(url, LOG) == []


async def test_only_a_commit_that_queued_an_errand_wakes_workers(store: Rooms, url: str) -> None:
    async with opened(url) as other:
        rings: list[None] = []
        watching = asyncio.create_task(other.watch(lambda: rings.append(None)))
        await until(lambda: len(rings) == 1)  # whatever happened before it listened
        await store.commits.commit(hearing("it"))
        await store.ledger.append(Work(finished="nothing"))
        await store.ledger.append(Work(errands=[an_errand(1)]))
        await until(lambda: len(rings) > 1)
        await store.ledger.append(Work(errands=[an_errand(2)]))
        await until(lambda: len(rings) > 2)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert len(rings) == 3, "its first, and one for each errand"


# -- A server that is killed --------------------------------------------------------------------------------------


@dataclass
class Mortal:
    """A server of one's own with a new database, and what becomes of reads and writes that never stop."""

    server: Server
    url: str
    stored: list[str] = field(default_factory=list)
    writes_away: int = 0
    reads: int = 0
    reads_away: int = 0

    async def killed(self) -> None:
        await asyncio.to_thread(self.server.kill)

    async def started(self) -> None:
        await asyncio.to_thread(self.server.start)

    async def write_on(self, commits: GroupCommit, lane: int) -> None:
        for number in itertools.count():
            stream = f"s{lane}x{number}"
            try:
                await commits.commit(a_fact(stream, 1, stream.encode()))
            except StorageAway:
                self.writes_away += 1
            else:
                self.stored.append(stream)

    async def read_on(self, database: Database) -> None:
        while True:
            try:
                await database.read("SELECT count(*) FROM stored_events")
            except StorageAway:
                self.reads_away += 1
            else:
                self.reads += 1

    async def goes_on(self) -> None:
        """Until there have been many more reads and writes."""
        reads, writes = self.reads + 30, len(self.stored) + 60
        await until(lambda: self.reads > reads and len(self.stored) > writes)


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    found = Server()
    yield found
    found.remove()


@pytest.fixture
def mortal(own_server: Server) -> Iterator[Mortal]:
    name = f"own_{next(NUMBERS)}"
    own_server.run(f"CREATE DATABASE {name}")
    migrations.migrate(own_server.url(name))
    yield Mortal(own_server, own_server.url(name))
    own_server.start()
    own_server.run(f"DROP DATABASE {name} WITH (FORCE)")


async def in_traffic(mortal: Mortal, story: Callable[[], Awaitable[None]]) -> None:
    """A story amid reads and writes of one store, which is opened once; whatever they raise is raised."""
    async with rooms(mortal.url) as store, asyncio.TaskGroup() as group:
        traffic = [group.create_task(mortal.write_on(store.commits, lane)) for lane in range(4)]
        traffic += [group.create_task(mortal.read_on(store.database)) for _ in range(2)]
        await mortal.goes_on()
        await story()
        await mortal.goes_on()
        for one in traffic:
            one.cancel()


def log_of(mortal: Mortal) -> set[str]:
    return set(column(mortal.url, "SELECT originator_id FROM stored_events"))


async def test_a_restart_of_the_server_is_waited_out_and_nobody_notices(
    mortal: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((postgresql, "BRIDGE"), (group_commit, "PATIENCE")):
        monkeypatch.setattr(module, name, 60.0)

    async def story() -> None:
        await mortal.killed()
        await mortal.started()

    await in_traffic(mortal, story)
    assert (mortal.writes_away, mortal.reads_away) == (0, 0)
    assert set(mortal.stored) <= log_of(mortal)


async def test_while_the_server_is_away_everybody_is_told_so_and_what_was_answered_as_stored_is_there_afterwards(
    mortal: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "BRIDGE", 0.2)

    async def story() -> None:
        await mortal.killed()
        await until(lambda: mortal.writes_away > 0 and mortal.reads_away > 0)
        assert set(mortal.stored) <= await after_the_start()

    async def after_the_start() -> set[str]:
        await mortal.started()
        return log_of(mortal)

    await in_traffic(mortal, story)
    assert set(mortal.stored) <= log_of(mortal)


async def test_a_server_that_is_killed_again_and_again_loses_nothing_that_was_answered_as_stored(
    mortal: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "BRIDGE", 0.2)

    async def story() -> None:
        for _ in range(5):
            await mortal.goes_on()
            await mortal.killed()
            await mortal.started()

    await in_traffic(mortal, story)
    assert set(mortal.stored) <= log_of(mortal)


async def test_whoever_asks_while_the_server_is_away_is_answered_before_a_webhooks_sender_gives_up(
    mortal: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "BRIDGE", 0.2)
    async with rooms(mortal.url) as store:
        await mortal.killed()
        async with asyncio.timeout(10):
            with pytest.raises(StorageAway, match="cannot be written"):
                await store.commits.commit(hearing("it"))
            with pytest.raises(StorageAway, match="cannot be read"):
                await store.ledger.was_heard("main", "it")
        await mortal.started()
        assert await store.commits.commit(hearing("it")) == returned("it")


async def test_whoever_asks_while_the_server_hangs_is_answered_and_afterwards_all_goes_on(
    mortal: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((postgresql, "BRIDGE"), (group_commit, "PATIENCE")):
        monkeypatch.setattr(module, name, 0.2)

    async def story() -> None:
        mortal.server.freeze()
        try:
            async with asyncio.timeout(10):
                await until(lambda: mortal.writes_away >= 4 and mortal.reads_away >= 2)
        finally:
            mortal.server.thaw()

    await in_traffic(mortal, story)
    assert set(mortal.stored) <= log_of(mortal)


async def test_whoever_listens_listens_again_after_a_restart(mortal: Mortal) -> None:
    async with rooms(mortal.url) as store:
        rung = asyncio.Event()
        watching = asyncio.create_task(store.database.watch(rung.set))
        for version in (1, 2):
            await until(rung.is_set)
            rung.clear()
            await store.ledger.append(Work(errands=[an_errand(version)]))
            await until(rung.is_set)
            await mortal.killed()
            rung.clear()
            await mortal.started()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


# -- Addresses ----------------------------------------------------------------------------------------------------

ADDRESSES = {
    "nobody listens": "postgresql://clinic:hunter2@127.0.0.1:1/replyes",
    "no such socket": "postgresql://clinic:hunter2@/replyes?host=/nowhere",
    "no such host": "postgresql://clinic:hunter2@nowhere.invalid/replyes",
    "no such parameter": "postgresql://clinic:hunter2@127.0.0.1:1/replyes?colour=red",
    "the password as a parameter": "postgresql://127.0.0.1:1/replyes?user=clinic&password=hunter2",
    "a password with a percent sign": "postgresql://clinic:hunter2%of@127.0.0.1:1/replyes",
    "a password with an at sign": "postgresql://clinic:at@hunter2@127.0.0.1:1/replyes",
    "a password with a slash": "postgresql://clinic:1/hunter2@127.0.0.1:1/replyes",
    "a password with a question mark": "postgresql://clinic:1?hunter2@127.0.0.1:1/replyes",
    "the other scheme": "postgres://clinic:hunter2@127.0.0.1:1/replyes",
}


@pytest.mark.parametrize("address", [pytest.param(url, id=name) for name, url in ADDRESSES.items()])
def test_an_address_that_leads_nowhere_is_told_in_one_line_without_its_password(address: str) -> None:
    for look in (migrations.due, migrations.migrate, claims):
        with pytest.raises(Misconfigured) as raised:
            look(address)
        [fault] = raised.value.faults
        assert fault.startswith("DATABASE_URL: cannot use postgresql://")
        assert fault.isprintable()
        assert "hunter2" not in fault


def claims(url: str) -> None:
    migrations.claim(url, "service")


def test_a_database_that_is_not_there_is_told_with_its_name() -> None:
    with pytest.raises(Misconfigured, match=r'cannot use postgresql:///nowhere \(.*"nowhere" does not exist\)'):
        migrations.migrate(server().url("nowhere"))


def test_a_database_that_cannot_be_reached_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "CONNECT_WITHIN", 0.1)
    with pytest.raises(Misconfigured, match=r"DATABASE_URL: cannot use postgresql://127\.0\.0\.1:1/replyes"):
        opening.database("postgresql://clinic:hunter2@127.0.0.1:1/replyes")


async def test_a_database_is_named_without_its_password() -> None:
    async with opened(f"{server().url('postgres')}&password=hunter2") as database:
        assert database.name == "postgresql:///postgres"
        assert "hunter2" not in repr(database)
