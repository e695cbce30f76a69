"""A real store for a test: a migrated SQLite file with all rooms of the adapter around it, and a second look at the
same file through a connection of its own, as another process would see it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.storage import migrations
from adapters.storage.database import Database, Statement, Write
from adapters.storage.group_commit import GroupCommit
from adapters.storage.ledger import StoredLedger
from adapters.storage.outbox import StoredOutbox
from adapters.storage.sealing import Wrapping


@dataclass(frozen=True)
class Rooms:
    """An open store."""

    path: Path
    database: Database
    commits: GroupCommit
    ledger: StoredLedger
    outbox: StoredOutbox


@asynccontextmanager
async def rooms(path: Path, encryption_key: str = "") -> AsyncIterator[Rooms]:
    """Open a file as the product does."""
    migrations.migrate(str(path))
    database = Database(str(path))
    commits = GroupCommit(database)
    try:
        ledger = StoredLedger(database, commits, Wrapping(encryption_key))
        await ledger.open()
        yield Rooms(path, database, commits, ledger, StoredOutbox(database, commits))
    finally:
        await commits.close()
        database.close()


def seen(path: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows as another process sees them."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql, parameters).fetchall()


def column(path: Path, sql: str, *parameters: Any) -> list[Any]:
    """The first value of each row."""
    return [row[0] for row in seen(path, sql, *parameters)]


def count(path: Path, table: str) -> int:
    return int(column(path, f"SELECT count(*) FROM {table}")[0])


def meddle(path: Path, sql: str, *parameters: Any) -> None:
    """Change rows behind the product's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql, parameters)


def hearing(message_id: Any) -> Write:
    """The smallest write there is: one message heard."""
    sql = "INSERT INTO heard_messages (clinic, message_id) VALUES ('main', :message_id) RETURNING message_id"
    return Write(statements=[Statement(sql, {"message_id": message_id})])


def heard(path: Path) -> set[str]:
    return set(column(path, "SELECT message_id FROM heard_messages"))
