"""PostgreSQL, for many processes. Its writers take one advisory lock for the length of a transaction, so that facts
are committed in the order of their positions. The event store library would lock the table instead, which makes every
append wait for VACUUM and can deadlock with CREATE INDEX CONCURRENTLY; and all writers of one database must agree, so
no stock recorder may write beside us.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from eventsourcing.persistence import (
    IntegrityError,
    InternalError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.postgres import (
    ConnectionPool,
    PostgresAggregateRecorder,
    PostgresApplicationRecorder,
    PostgresDatastore,
)
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from adapters.storage.database import AWAY, Database, Row, Statement, Write, one_line
from domain.errors import Misconfigured, StorageAway

NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"  # now() would stand still in a transaction
POSITION = "notification_id"
CHANNEL = "replyes"

BRIDGE = 5.0  # seconds over which a restart of the server is waited out; a webhook's sender waits longer than that
PATIENCE = 8.0  # seconds for one read, with its wait for a connection; a frozen server does not say that it is away
TRY_EVERY = 0.1
CONNECT_WITHIN = 3  # seconds
READERS = 4  # connections at most; with the writer and the listener, a process has six
# The server ends what hangs: a statement, a wait for the lock, and a transaction whose process was frozen in it.
LIMITS = "SET statement_timeout = '5s'; SET idle_in_transaction_session_timeout = '10s'"
LOCK = "SELECT pg_advisory_xact_lock(7239815501)"  # an arbitrary number, the same for ever
MIGRATING = "SELECT pg_advisory_xact_lock(7239815502)"

# What the server says of itself, and not of one write: it became read-only, or its tables are gone.
CANNOT = (psycopg.InternalError, psycopg.errors.UndefinedTable)


class Datastore(PostgresDatastore):
    """The library's connections for one writer, from a URL with everything that libpq understands (TLS, several
    hosts), and quick to come back after the server was away."""

    def __init__(self, url: str) -> None:
        super().__init__(dbname="", host="", port="", user="", password="", originator_id_type="text")
        self.pool.close()
        self.pool = ConnectionPool(
            url,
            kwargs={"row_factory": dict_row, "connect_timeout": CONNECT_WITHIN},
            min_size=1,
            max_size=1,
            open=False,
            configure=_limited,
            timeout=CONNECT_WITHIN,
            reconnect_timeout=1,
        )


class Recorder(PostgresApplicationRecorder):
    """The library's table of facts, with the statements of each write in the facts' own transaction."""

    def insert_writes(self, writes: Sequence[Write], *, apart: bool) -> None:
        """All in one transaction, under the lock. Raises what the library raises."""
        with self.datastore.get_connection() as connection, connection.transaction():
            if apart:
                connection.execute(LOCK)
                for write in writes:
                    self._insert_apart(connection, write)
            else:
                self._insert_together(connection, writes)
            if any(write.wakes for write in writes):
                connection.execute(f"NOTIFY {CHANNEL}")

    def _insert_together(self, connection: psycopg.Connection[Any], writes: Sequence[Write]) -> None:
        """Everything on its way before the first answer is read: a batch costs a few round trips."""
        with connection.pipeline() as pipeline:
            connection.execute(LOCK)
            self._insert_facts(connection, [fact for write in writes for fact in write.facts])
            asked = [(write, one, _execute(connection, one)) for write in writes for one in write.statements]
            pipeline.sync()
            for write, statement, cursor in asked:
                write.took(statement, _rows(cursor))

    def _insert_apart(self, connection: psycopg.Connection[Any], write: Write) -> None:
        """In a savepoint: nobody pays for a neighbour's conflict."""
        try:
            with connection.transaction():
                self._insert_facts(connection, write.facts)
                for statement in write.statements:
                    write.took(statement, _rows(_execute(connection, statement)))
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise  # the whole transaction is lost, not one write
        except psycopg.IntegrityError as error:
            write.error = IntegrityError(str(error))
        except Exception as error:
            write.error = error

    def _insert_facts(self, connection: psycopg.Connection[Any], facts: Sequence[StoredEvent]) -> None:
        if facts:  # past the library's lock and its notification
            PostgresAggregateRecorder._insert_stored_events(self, connection.cursor(), facts)  # noqa: SLF001


class PostgreSQL(Database):
    """An open database. Reads have connections of their own."""

    def __init__(self, url: str) -> None:
        """Raises Misconfigured where the database cannot be reached."""
        self.name = shown(url)
        self._url = url
        try:
            self._datastore = Datastore(url)
            self.recorder = Recorder(self._datastore)
        except (psycopg.Error, PersistenceError) as error:
            raise _unreachable(url, error) from None
        self._readers = AsyncConnectionPool(
            url,
            kwargs={"row_factory": dict_row, "autocommit": True, "connect_timeout": CONNECT_WITHIN},
            min_size=1,
            max_size=READERS,
            open=False,
            configure=_limited_reader,
            timeout=BRIDGE,
            reconnect_timeout=1,
        )

    async def read(self, sql: str, **parameters: Any) -> list[Row]:
        """On a connection of the readers' own; waits out a restart of the server. No text here has a NUL in it, so
        nothing is equal to one that has."""
        if any(isinstance(value, str) and "\0" in value for value in parameters.values()):
            return []
        until = time.monotonic() + BRIDGE
        while True:
            try:
                return await self._read(sql, parameters)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if time.monotonic() > until:
                    raise StorageAway(f"the database cannot be read: {one_line(error)}") from None
                await asyncio.sleep(TRY_EVERY)
            except (psycopg.Error, TimeoutError) as error:
                raise StorageAway(f"the database cannot be read: {one_line(error)}") from None

    async def _read(self, sql: str, parameters: dict[str, Any]) -> list[Row]:
        """Nobody waits for a frozen server, not even until the driver has given up saying that it cancels."""
        fetching = asyncio.create_task(self._fetch(sql, parameters))
        try:
            done, _ = await asyncio.wait({fetching}, timeout=PATIENCE)
        finally:
            fetching.cancel()  # changes nothing where it is done
        if not done:
            raise TimeoutError(f"no answer for {PATIENCE:.0f} seconds")
        return fetching.result()

    async def _fetch(self, sql: str, parameters: dict[str, Any]) -> list[Row]:
        await self._readers.open()
        async with self._readers.connection() as connection:
            cursor = await connection.execute(spelled(sql), parameters)
            return list(await cursor.fetchall())

    def _read_now(self, sql: str, **parameters: Any) -> list[Row]:
        with self._datastore.get_connection() as connection:
            return list(connection.execute(spelled(sql), parameters).fetchall())

    def _store(self, writes: Sequence[Write], *, apart: bool) -> None:
        """Waits out a restart of the server. A commit whose acknowledgement was lost meets itself as a conflict."""
        until = time.monotonic() + BRIDGE
        while True:
            for write in writes:
                write.rows = []  # what an attempt returned that was lost
            try:
                return self.recorder.insert_writes(writes, apart=apart)
            except (InternalError, ProgrammingError) as error:
                if isinstance(error.__cause__, CANNOT):
                    raise OperationalError(str(error)) from error
                raise
            except AWAY:
                if time.monotonic() > until:
                    raise
                time.sleep(TRY_EVERY)

    async def watch(self, ring: Callable[[], None]) -> None:
        """LISTEN, on a connection of its own. Whatever happened while it was not there is rung for at once."""
        while True:
            try:
                connect = psycopg.AsyncConnection.connect(self._url, autocommit=True, connect_timeout=CONNECT_WITHIN)
                async with await connect as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    ring()
                    async for _ in connection.notifies():
                        ring()
            except psycopg.Error:
                await asyncio.sleep(1)

    async def close(self) -> None:
        await self._readers.close()
        self._datastore.close()


def _limited(connection: psycopg.Connection[Any]) -> None:
    connection.autocommit = True
    connection.execute(LIMITS)


async def _limited_reader(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute(LIMITS)


def _execute(connection: psycopg.Connection[Any], statement: Statement) -> psycopg.Cursor[Any]:
    return connection.execute(spelled(statement.sql), dict(statement.parameters))


def _rows(cursor: psycopg.Cursor[Any]) -> list[Row]:
    return list(cursor.fetchall()) if cursor.description else []


_NAME = re.compile(r"(?<![:\w]):(\w+)")


@cache
def spelled(sql: str) -> str:
    """A statement as psycopg reads it."""
    named = _NAME.sub(r"%(\1)s", sql.replace("%", "%%"))
    return named.replace("{now}", NOW).replace("{position}", POSITION)


def shown(url: str) -> str:
    """The address without a password or other parameters."""
    return f"postgresql://{url.partition('://')[2].rpartition('@')[2].partition('?')[0]}"


def _unreachable(url: str, error: Exception) -> Misconfigured:
    problem = f"DATABASE_URL: cannot use {shown(url)} ({_told(url, error)}); start it, or correct the URL"
    return Misconfigured([problem])


def _told(url: str, error: Exception) -> str:
    """What the driver says, unless it quotes a piece of the password, as it does where a URL is wrongly written."""
    credentials = url.partition("://")[2].rpartition("@")[0].partition(":")[2]
    passwords = [credentials, *re.findall(r"password=([^&]+)", url)]
    pieces = [piece for password in passwords for piece in re.split(r"[^A-Za-z0-9]+", password) if len(piece) > 1]
    told = one_line(error)
    return type(error).__name__ if any(piece in told for piece in pieces) else told


# -- The schema ---------------------------------------------------------------------------------------------------


class PostgreSQLSession:
    """A connection that changes the schema."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def run(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run one statement."""
        cursor = self._connection.execute(spelled(sql), parameters)
        return cursor.fetchall() if cursor.description else []


class PostgreSQLSchema:
    """The tables of a database."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self.name = shown(url)
        self._url = url

    def exists(self) -> bool:
        """Only a connection can tell."""
        return True

    @contextmanager
    def alone(self) -> Iterator[PostgreSQLSession]:
        """Waits for another process that migrates."""
        try:
            with psycopg.connect(self._url, connect_timeout=CONNECT_WITHIN) as connection:
                connection.execute(MIGRATING)
                yield PostgreSQLSession(connection)
        except psycopg.Error as error:
            raise _unreachable(self._url, error) from None
