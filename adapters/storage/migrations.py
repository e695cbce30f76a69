"""Bringing the schema up to date: the files of `migrations/` in the order of their numbers, each in one transaction."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from domain.errors import Misconfigured

APPLIED = "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at bigint NOT NULL)"
DIALECT = ".sqlite"
PATIENCE = 30.0  # seconds to wait for another process that migrates


def available() -> list[str]:
    """The names of the migrations for this database, in order. `NNNN_why.sql` is for every database,
    `NNNN_why.<dialect>.sql` for one."""
    names = sorted(file.name for file in files("migrations").iterdir() if file.name.endswith(".sql"))
    return [name for name in names if name.count(".") == 1 or name.endswith(f"{DIALECT}.sql")]


def due(path: str) -> list[str]:
    """The migrations that this database still lacks. Only looks: raises Misconfigured where there is no database."""
    if not Path(path).exists():
        raise Misconfigured([f"there is no database {path} yet; `replyes serve` or `replyes migrate` makes it"])
    with _connect(path) as connection:
        return _due(connection)


def migrate(path: str) -> list[str]:
    """Apply what is due and return its names. Two processes may do this at once: the second finds nothing due.
    Raises Misconfigured where the database belongs to a newer version of the program."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with _connect(path) as connection:
        _switch_to_wal(connection)
        connection.execute("BEGIN IMMEDIATE")
        names = _due(connection)
        for name in names:
            for statement in _statements(files("migrations").joinpath(name).read_text("utf-8")):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO schema_migrations VALUES (?, CAST(strftime('%s', 'now') AS INTEGER))", [name]
            )
        connection.execute("COMMIT")
    return names


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


def claim(path: str, kind: str) -> None:
    """Mark the database as one of a "sandbox" or of a "service". Raises Misconfigured where it is the other: a sandbox
    would answer real patients' questions, a service would text made-up numbers."""
    with _connect(path) as connection:
        connection.execute("INSERT INTO installation VALUES ('kind', ?) ON CONFLICT DO NOTHING", [kind])
        found = connection.execute("SELECT value FROM installation WHERE name = 'kind'").fetchone()[0]
    if found != kind:
        raise Misconfigured([f"DATABASE_URL: {path} belongs to a {found}, and this is a {kind}; name another file"])


def _due(connection: sqlite3.Connection) -> list[str]:
    connection.execute(APPLIED)
    applied = {row[0] for row in connection.execute("SELECT name FROM schema_migrations")}
    if unknown := sorted(applied - set(available())):
        raise Misconfigured([f"the database has been used by a newer version ({unknown[-1]}); install that version"])
    return [name for name in available() if name not in applied]


def _statements(script: str) -> list[str]:
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    return [statement for part in "\n".join(lines).split(";") if (statement := part.strip())]


@contextmanager
def _connect(path: str) -> Iterator[sqlite3.Connection]:
    """A connection that is closed at the end; without a COMMIT nothing of it stays."""
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise Misconfigured([f"DATABASE_URL: cannot use {path} as a database ({error})"]) from error
