"""SQLite: one file, WAL, every commit on the disk. Facts and the rows beside them go through the event store
library's recorder, so that they are one transaction."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from eventsourcing.persistence import DatabaseError, IntegrityError, OperationalError, PersistenceError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore

from adapters.storage.database import AWAY, Database, Row, Write
from domain.errors import Misconfigured, StorageAway

NOW = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
POSITION = "rowid"
LOOK_EVERY = 0.1  # seconds between two looks for commits of other processes; a look costs microseconds
PATIENCE = 30.0  # seconds to wait for another process that migrates


class Recorder(SQLiteApplicationRecorder):
    """The library's recorder, carrying the statements of each write in the facts' own transaction."""

    def _insert_events(
        self,
        c: SQLiteCursor,
        stored_events: Sequence[StoredEvent],
        *,
        writes: Sequence[Write] = (),
        apart: bool = False,
        **kwargs: Any,
    ) -> Sequence[int] | None:
        for write in writes:
            if apart:
                self._insert_apart(c, write)
            else:
                self._insert_one(c, write)
        return super()._insert_events(c, stored_events, **kwargs)

    def _insert_apart(self, c: SQLiteCursor, write: Write) -> None:
        """In a savepoint: nobody pays for a neighbour's conflict."""
        c.execute("SAVEPOINT one_write")
        try:
            self._insert_one(c, write)
        except (*AWAY, sqlite3.OperationalError, sqlite3.InterfaceError):
            raise  # the whole transaction is lost, not one write
        except Exception as error:
            write.error = _as_the_library_says(error)
            c.execute("ROLLBACK TO one_write")
        c.execute("RELEASE one_write")

    def _insert_one(self, c: SQLiteCursor, write: Write) -> None:
        super()._insert_events(c, write.facts)  # first, so that the transaction begins by writing
        for statement in write.statements:
            c.execute(spelled(statement.sql), dict(statement.parameters))
            write.took(statement, [dict(row) for row in c.fetchall()])


class SQLite(Database):
    """An open file. Reads have a connection of their own: in WAL mode they never wait for a writer, and one takes
    microseconds, so they run on the caller's thread."""

    def __init__(self, path: str) -> None:
        """Raises Misconfigured where the file cannot be opened."""
        self.name = self.path = path
        try:
            self._datastore = SQLiteDatastore(path, originator_id_type="text")
            self.recorder = Recorder(self._datastore)
            with self._datastore.get_connection(commit=True):
                pass  # the first connection switches the file to WAL
            self._reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error, PersistenceError) as error:
            raise Misconfigured([f"DATABASE_URL: cannot open {path} ({error}); choose a writable place"]) from error
        self._reader.row_factory = sqlite3.Row

    async def read(self, sql: str, **parameters: Any) -> list[Row]:
        """On the caller's thread."""
        return self._read_now(sql, **parameters)

    def _read_now(self, sql: str, **parameters: Any) -> list[Row]:
        try:
            return [dict(row) for row in self._reader.execute(spelled(sql), parameters)]
        except sqlite3.Error as error:
            raise StorageAway(f"the database cannot be read: {error}") from error

    def _store(self, writes: Sequence[Write], *, apart: bool) -> None:
        try:
            self.recorder.insert_events([], writes=writes, apart=apart)
        except (sqlite3.Error, PersistenceError) as error:
            raise _as_the_library_says(error) from error

    async def watch(self, ring: Callable[[], None]) -> None:
        """`data_version` changes when another connection has committed, in this process or in another."""
        seen = None
        while True:
            version = self._reader.execute("PRAGMA data_version").fetchone()[0]
            if seen is not None and version != seen:
                ring()
            seen = version
            await asyncio.sleep(LOOK_EVERY)

    async def close(self) -> None:
        self._reader.close()
        self._datastore.close()


def _as_the_library_says(error: Exception) -> Exception:
    """The library's classes for SQLite's own; a damaged file is a database that is away."""
    if isinstance(error, sqlite3.IntegrityError):
        return IntegrityError(str(error))
    is_damaged = type(error) in (DatabaseError, sqlite3.DatabaseError)  # not its children, which blame the statement
    if is_damaged or isinstance(error, sqlite3.OperationalError | sqlite3.InterfaceError):
        return OperationalError(str(error))
    return error


@cache
def spelled(sql: str) -> str:
    """A statement as SQLite reads it."""
    return sql.replace("{now}", NOW).replace("{position}", POSITION)


# -- The schema ---------------------------------------------------------------------------------------------------


class SQLiteSession:
    """A connection that changes the schema."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run one statement."""
        return self._connection.execute(spelled(sql), parameters).fetchall()


class SQLiteSchema:
    """The tables of a file."""

    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        self.name = path

    def exists(self) -> bool:
        """Whether there is a file."""
        return Path(self.name).exists()

    @contextmanager
    def alone(self) -> Iterator[SQLiteSession]:
        """Makes the file if it is not there."""
        try:
            Path(self.name).parent.mkdir(parents=True, exist_ok=True)
            Path(self.name).touch(mode=0o600)  # it holds names and phones; what lies beside it takes its mode
            connection = sqlite3.connect(self.name, isolation_level=None, timeout=PATIENCE)
            try:
                _switch_to_wal(connection)
                connection.execute("BEGIN IMMEDIATE")
                yield SQLiteSession(connection)
                connection.execute("COMMIT")
            finally:
                connection.close()
        except (OSError, sqlite3.DatabaseError) as error:
            raise Misconfigured([f"DATABASE_URL: cannot use {self.name} as a database ({error})"]) from error


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Now, and not at the first use. Processes that switch a new file at once lock each other out for a moment, and
    SQLite's own patience does not cover that."""
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.01)
        else:
            return
