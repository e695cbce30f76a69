"""The one door to SQL, whatever the database: what a write is, and what becomes of a batch of them.

Statements are written once, with `:name` parameters, `{now}` for the database's own clock in milliseconds, and
`{position}` for the column that tells where a fact stands in the log. `sqlite` and `postgresql` spell them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError, StoredEvent

from domain.errors import ClaimLost, Conflict, StorageAway

Row = Mapping[str, Any]
AWAY = (OperationalError, InterfaceError)
STORED = "SELECT state FROM stored_events WHERE originator_id = :stream AND originator_version = :version"


@dataclass(frozen=True)
class Statement:
    """One SQL statement with its parameters. `must_match`: the write fails with ClaimLost where it changes no row."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    must_match: bool = False


@dataclass
class Write:
    """What one request stores, all or nothing. `rows` are what its statements returned (RETURNING). `wakes`: workers
    in every process are told that there is something to do."""

    facts: Sequence[StoredEvent] = ()
    statements: Sequence[Statement] = ()
    wakes: bool = False
    rows: list[Row] = field(default_factory=list)
    error: Exception | None = None

    def took(self, statement: Statement, returned: Sequence[Row]) -> None:
        """Keep what a statement returned. Raises ClaimLost."""
        if statement.must_match and not returned:
            raise ClaimLost("another worker holds this errand now")
        self.rows += returned


class Database(ABC):
    """An open database. Reads run on the caller's event loop, writes in batches on the writer's thread.

    `name` is what may be shown of its address; `path` is the file, where it is one.
    """

    name: str
    path: str = ""

    @abstractmethod
    async def read(self, sql: str, **parameters: Any) -> list[Row]:
        """Committed rows. Raises StorageAway."""

    def write(self, writes: Sequence[Write]) -> None:
        """Store the writes in one transaction. What goes wrong with one of them stands in its `error` afterwards;
        the others are stored. Blocks, so it runs on the writer's thread."""
        error = self._insert(writes, apart=False)
        if error is not None and len(writes) > 1 and not isinstance(error, AWAY):
            error = self._insert(writes, apart=True)
        for write in writes:
            if problem := error or write.error:
                write.error = self._for_the_domain(write, problem)

    @abstractmethod
    async def watch(self, ring: Callable[[], None]) -> None:
        """Ring whenever a process has committed something to do, until cancelled. A hint only: rings may be lost."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of every connection."""

    @abstractmethod
    def _store(self, writes: Sequence[Write], *, apart: bool) -> None:
        """All writes in one transaction; `apart`: each in a savepoint, its problem in its `error`."""

    @abstractmethod
    def _read_now(self, sql: str, **parameters: Any) -> list[Row]:
        """As `read`, on the writer's thread."""

    def _insert(self, writes: Sequence[Write], *, apart: bool) -> Exception | None:
        for write in writes:
            write.rows, write.error = [], None
        try:
            self._store(writes, apart=apart)
        except Exception as error:
            return error
        return None

    def _for_the_domain(self, write: Write, error: Exception) -> Exception | None:
        if isinstance(error, IntegrityError):
            return None if self._is_stored(write) else Conflict(str(error))
        if isinstance(error, AWAY):
            return StorageAway(f"the database cannot be written: {one_line(error)}")
        return error

    def _is_stored(self, write: Write) -> bool:
        """Whether the conflict is with ourselves: a commit whose acknowledgement was lost with the connection, and
        which was tried again. A fact's bytes hold its decision's id, so nobody else's are the same."""
        if not write.facts:
            return False
        first = write.facts[0]
        try:
            found = self._read_now(STORED, stream=first.originator_id, version=first.originator_version)
        except Exception:
            return False  # a conflict then: whoever decides again will find the facts
        return bool(found) and bytes(found[0]["state"]) == bytes(first.state)


class Session(Protocol):
    """A transaction that changes the schema, and that no other process shares."""

    def run(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run one statement."""


class Schema(Protocol):
    """The tables of a database that may not be there yet. `dialect` is the part of a migration's name that is for this
    kind of database only."""

    name: str
    dialect: str

    def exists(self) -> bool:
        """Whether there is a database at all, as far as can be told without making one."""

    def alone(self) -> AbstractContextManager[Session]:
        """One transaction; nothing stays where it raises. Raises Misconfigured."""


def one_line(error: Exception) -> str:
    """What a driver says, for a log line."""
    return " ".join(str(error).split()) or type(error).__name__


def milliseconds(moment: datetime | None) -> int | None:
    """As the tables keep moments."""
    return None if moment is None else round(moment.timestamp() * 1000)


def moment(value: int | None) -> datetime | None:
    """As the domain keeps moments."""
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)
