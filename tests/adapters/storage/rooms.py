"""A real store for a test: a database with all rooms of the adapter around it."""

import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventsourcing.persistence import StoredEvent

from adapters.storage import opening
from adapters.storage.database import Database, Statement, Write
from adapters.storage.group_commit import GroupCommit
from adapters.storage.ledger import StoredLedger
from adapters.storage.outbox import StoredOutbox
from adapters.storage.postgresql import PostgreSQL
from adapters.storage.sealing import Wrapping
from adapters.storage.turns import StoredTurns
from tests.databases import column, kind_of

OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@dataclass(frozen=True)
class Rooms:
    """An open store."""

    url: str
    database: Database
    commits: GroupCommit
    ledger: StoredLedger
    outbox: StoredOutbox
    turns: StoredTurns


@asynccontextmanager
async def rooms(url: str, encryption_key: str = "") -> AsyncIterator[Rooms]:
    """Open a database that has all tables, as the product does."""
    database = opening.database(url)
    commits = GroupCommit(database)
    try:
        ledger = StoredLedger(database, commits, Wrapping(encryption_key))
        await ledger.open()
        outbox, turns = StoredOutbox(database, commits), StoredTurns(database, commits)
        yield Rooms(url, database, commits, ledger, outbox, turns)
    finally:
        await commits.close()
        await database.close()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The database alone."""
    database = opening.database(url)
    try:
        yield database
    finally:
        await database.close()


def writer_of(database: Database) -> Any:
    """The driver's connection of the one writer."""
    if isinstance(database, PostgreSQL):
        with database.recorder.datastore.get_connection() as writer:
            return writer
    with database.recorder.datastore.get_connection(commit=True) as writer:
        return writer._sqlite_conn


@contextmanager
def overheard(database: Database) -> Iterator[list[str]]:
    """What the writer does meanwhile: SQLite's statements, or PostgreSQL's words for each that is done. They are there
    at the end."""
    said: list[str] = []
    writer = writer_of(database)
    if not isinstance(database, PostgreSQL):
        writer.set_trace_callback(said.append)
        yield said
        writer.set_trace_callback(None)
        return
    with tempfile.NamedTemporaryFile("w+") as file:
        writer.pgconn.trace(file.fileno())
        yield said
        writer.pgconn.untrace()
        said += re.findall(r'CommandComplete\t "([A-Z ]+[A-Z])', Path(file.name).read_text())


def count(url: str, table: str) -> int:
    return int(column(url, f"SELECT count(*) FROM {table} AS counted")[0])


def hearing(message_id: Any) -> Write:
    """The smallest write there is: one message heard."""
    sql = "INSERT INTO heard_messages (clinic, message_id) VALUES ('main', :message_id) RETURNING message_id"
    return Write(statements=[Statement(sql, {"message_id": message_id})])


def a_fact(stream: str, version: int, state: bytes = b"{}") -> Write:
    """A write of one fact and nothing else."""
    return Write(facts=[StoredEvent(stream, version, "test.fact", state)])


def heard(url: str) -> set[str]:
    return set(column(url, "SELECT message_id FROM heard_messages"))


def until_nobody_is_connected(url: str) -> None:
    """A server may still be at work for a process that was killed."""
    while kind_of(url) == "postgresql" and column(url, OTHERS) != [0]:
        time.sleep(0.01)
