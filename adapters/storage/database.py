"""The one door to SQL: SQLite through the event store library's recorder, so that facts, rows of the views and
errands are one transaction.

Statements are written once, with `:name` parameters, `{now}` for the database's own clock in milliseconds, and
`{position}` for the column that tells where a fact stands in the log.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from eventsourcing.persistence import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore

from domain.errors import ClaimLost, Conflict, Misconfigured, StorageAway

Row = Mapping[str, Any]
AWAY = (OperationalError, InterfaceError, sqlite3.OperationalError, sqlite3.InterfaceError)
NOW = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
POSITION = "rowid"


@dataclass(frozen=True)
class Statement:
    """One SQL statement with its parameters. `must_match`: the write fails with ClaimLost where it changes no row."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    must_match: bool = False


@dataclass
class Write:
    """What one request stores, all or nothing. `rows` are what its statements returned (RETURNING)."""

    facts: Sequence[StoredEvent] = ()
    statements: Sequence[Statement] = ()
    rows: list[Row] = field(default_factory=list)
    error: Exception | None = None


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
            write.rows, write.error = [], None
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
        except AWAY:
            raise  # the whole transaction is lost, not one write
        except Exception as error:
            write.error = error
            c.execute("ROLLBACK TO one_write")
        c.execute("RELEASE one_write")

    def _insert_one(self, c: SQLiteCursor, write: Write) -> None:
        super()._insert_events(c, write.facts)  # first, so that the transaction begins by writing
        for statement in write.statements:
            c.execute(_spelled(statement.sql), dict(statement.parameters))
            returned = c.fetchall()
            if statement.must_match and not returned:
                raise ClaimLost("another worker holds this errand now")
            write.rows += [dict(row) for row in returned]


class Database:
    """An open SQLite file. Reads have a connection of their own: in WAL mode they never wait for a writer, and one
    takes microseconds, so they run on the caller's thread."""

    def __init__(self, path: str) -> None:
        """Raises Misconfigured where the file cannot be opened."""
        self.path = path
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
        """Committed rows. Raises StorageAway."""
        return self.read_now(sql, **parameters)

    def read_now(self, sql: str, **parameters: Any) -> list[Row]:
        """As `read`, for those who have no event loop."""
        try:
            return [dict(row) for row in self._reader.execute(_spelled(sql), parameters)]
        except sqlite3.Error as error:
            raise StorageAway(f"the database cannot be read: {error}") from error

    def write(self, writes: Sequence[Write]) -> None:
        """Store the writes in one transaction. What goes wrong with one of them stands in its `error` afterwards;
        the others are stored. Blocks, so it runs on the writer's thread."""
        error = self._insert(writes, apart=False)
        if error is not None and len(writes) > 1 and not isinstance(error, AWAY):
            error = self._insert(writes, apart=True)
        for write in writes:
            if problem := error or write.error:
                write.error = _for_the_domain(problem)

    def _insert(self, writes: Sequence[Write], *, apart: bool) -> Exception | None:
        try:
            self.recorder.insert_events([], writes=writes, apart=apart)
        except Exception as error:
            return error
        return None

    def close(self) -> None:
        self._reader.close()
        self._datastore.close()


@cache
def _spelled(sql: str) -> str:
    return sql.replace("{now}", NOW).replace("{position}", POSITION)


def _for_the_domain(error: Exception) -> Exception:
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return Conflict(str(error))
    is_damaged = type(error) in (DatabaseError, sqlite3.DatabaseError)  # not its children, which blame the statement
    if is_damaged or isinstance(error, AWAY):
        return StorageAway(f"the database cannot be written: {error}")
    return error


def milliseconds(moment: datetime | None) -> int | None:
    """As the tables keep moments."""
    return None if moment is None else round(moment.timestamp() * 1000)


def moment(value: int | None) -> datetime | None:
    """As the domain keeps moments."""
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)
