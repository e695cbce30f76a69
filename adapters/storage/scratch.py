"""The views once more, beside the live ones: in a temporary SQLite database that nobody else can open, and that is gone
with the process, however that ends. What is compared is read from both in the same words."""

import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from adapters.storage import migrations, opening
from adapters.storage.database import Row, Statement
from adapters.storage.sqlite import spelled

VIEWS = (
    "bookings",
    "conversations",
    "heard_messages",
    "sent_texts",
    "staff_inbox",
    "staff_inbox_bookings",
    "numbers",
)
PAGE = 250  # rows that are compared at a time

FIRST_PAGE = "SELECT * FROM {view} ORDER BY {key} LIMIT :limit"
NEXT_PAGE = "SELECT * FROM {view} WHERE ({key}) > ({values}) ORDER BY {key} LIMIT :limit"
THESE = "SELECT * FROM {view} WHERE ({key}) IN (VALUES {values})"

Key = tuple[Any, ...]
Rows = dict[Key, Row]


@dataclass(frozen=True)
class View:
    """A table that is computed from the log: its name, its primary key, all of its columns."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    def key_of(self, row: Row) -> Key:
        return tuple(row[column] for column in self.key)

    def spelled(self, sql: str, values: str = "") -> str:
        """A statement about this view."""
        return sql.replace("{view}", self.name).replace("{key}", ", ".join(self.key)).replace("{values}", values)


class Readable(Protocol):
    """A database with the views: the live one, or the one beside it."""

    async def read(self, sql: str, **parameters: Any) -> list[Row]:
        """Rows."""


class Scratch:
    """The rebuilt views. `views` describes them, as the migrations have made them."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)  # without a name: SQLite's own temporary file
        _make_tables(self._connection)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self.views = [self._described(name) for name in VIEWS]

    def write(self, statements: Iterable[Statement]) -> None:
        """In one transaction. After an error there is nothing here that could be used."""
        self._connection.execute("BEGIN")
        for statement in statements:
            self._connection.execute(spelled(statement.sql), dict(statement.parameters))
        self._connection.execute("COMMIT")

    async def read(self, sql: str, **parameters: Any) -> list[Row]:
        """Rows of the rebuilt views."""
        return [dict(row) for row in self._connection.execute(spelled(sql), parameters)]

    def close(self) -> None:
        self._connection.close()

    def _described(self, name: str) -> View:
        found = self._connection.execute("SELECT name, pk FROM pragma_table_info(:name)", {"name": name}).fetchall()
        key = sorted((row["pk"], row["name"]) for row in found if row["pk"])
        return View(name, tuple(column for _, column in key), tuple(row["name"] for row in found))


def _make_tables(connection: sqlite3.Connection) -> None:
    with TemporaryDirectory(prefix="replyes-replay-") as folder:
        path = str(Path(folder) / "empty.db")
        migrations.migrate(f"{opening.SQLITE}{path}")
        with closing(sqlite3.connect(path)) as empty:
            empty.execute("PRAGMA journal_mode = DELETE")  # a temporary database has no WAL
            empty.backup(connection)


async def pages(where: Readable, view: View) -> AsyncIterator[Rows]:
    """All rows of a view, so many at a time, in whatever order this database has."""
    found = await where.read(view.spelled(FIRST_PAGE), limit=PAGE)
    while found:
        yield {view.key_of(row): row for row in found}
        names = [f"after_{number}" for number in range(len(view.key))]
        sql = view.spelled(NEXT_PAGE, ", ".join(f":{name}" for name in names))
        found = await where.read(sql, limit=PAGE, **dict(zip(names, view.key_of(found[-1]), strict=True)))


async def these(where: Readable, view: View, keys: Sequence[Key]) -> Rows:
    """The rows with these keys, as far as they are there; PAGE keys at most."""
    if not keys:
        return {}
    filled = [*keys, *[keys[-1]] * (PAGE - len(keys))]  # always as many: one text for the database to know
    named = {f"k{at}_{part}": value for at, key in enumerate(filled) for part, value in enumerate(key)}
    parts = range(len(view.key))
    values = ", ".join("(" + ", ".join(f":k{at}_{part}" for part in parts) + ")" for at in range(PAGE))
    return {view.key_of(row): row for row in await where.read(view.spelled(THESE, values), **named)}
