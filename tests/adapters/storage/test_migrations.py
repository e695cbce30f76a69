"""Bringing the schema up to date: once, wholly, and never backwards."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.storage import migrations
from domain.errors import Misconfigured
from tests.adapters.storage.processes import at_once, open_each
from tests.adapters.storage.rooms import count, opened
from tests.databases import column, kind_of, meddle, seen, tables

TABLES = [
    *("bookings", "channels", "conversations", "heard_messages", "installation", "numbers", "outbox", "patient_keys"),
    *("schema_migrations", "sent_texts", "staff_inbox", "staff_inbox_bookings", "store_secrets"),
    *("stored_events", "turns"),
]
SCHEMA = {
    "sqlite": "SELECT type, name, sql FROM sqlite_schema ORDER BY name",
    "postgresql": """
        SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace ORDER BY relname, attnum
    """,
}


def schema(url: str) -> list[tuple[Any, ...]]:
    return seen(url, SCHEMA[kind_of(url)])


def available(url: str) -> list[str]:
    return migrations.available(kind_of(url))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of migrations that a test fills."""
    found = tmp_path / "migrations"
    found.mkdir()
    monkeypatch.setattr(migrations, "files", lambda _: found)
    return found


def test_a_fresh_database_gets_every_table(empty_url: str) -> None:
    assert migrations.migrate(empty_url) == available(empty_url)
    assert tables(empty_url) == TABLES
    assert column(empty_url, "SELECT name FROM schema_migrations ORDER BY name") == available(empty_url)


def test_each_migration_is_dated_on_the_databases_clock(empty_url: str) -> None:
    migrations.migrate(empty_url)
    dates = column(empty_url, "SELECT applied_at FROM schema_migrations")
    now = datetime.now(UTC).timestamp()
    assert all(now - 60 < date <= now for date in dates)


def test_again_there_is_nothing_to_do(database: str) -> None:
    before = schema(database)
    assert migrations.due(database) == []
    assert migrations.migrate(database) == []
    assert schema(database) == before


def test_what_is_due_is_told_without_being_done(empty_url: str) -> None:
    meddle(empty_url, "CREATE TABLE something (a text)")  # a file is there from now on
    assert migrations.due(empty_url) == available(empty_url)
    assert set(tables(empty_url)) <= {"schema_migrations", "something"}


def test_a_later_version_applies_only_what_is_new_in_the_order_of_the_numbers(empty_url: str, folder: Path) -> None:
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[kind_of(empty_url)]
    (folder / "0001_first.sql").write_text("CREATE TABLE first (a text);")
    migrations.migrate(empty_url)
    (folder / "0010_third.sql").write_text("ALTER TABLE second ADD COLUMN b text;")
    own = folder / f"0002_second.{kind_of(empty_url)}.sql"
    own.write_text("-- for one kind only; and so on\nCREATE TABLE second (a text);")
    (folder / f"0003_other.{other}.sql").write_text("CREATE SOMETHING;")
    (folder / "README.md").write_text("no migration")
    assert migrations.due(empty_url) == [own.name, "0010_third.sql"]
    assert migrations.migrate(empty_url) == [own.name, "0010_third.sql"]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: str) -> None:
    meddle(database, "INSERT INTO schema_migrations VALUES ('9999_of_the_future.sql', 0)")
    before = schema(database)
    for look in (migrations.due, migrations.migrate):
        with pytest.raises(Misconfigured, match=r"newer version \(9999_of_the_future.sql\); install that version"):
            look(database)
    assert schema(database) == before


def test_a_migration_that_fails_leaves_nothing_behind_not_even_those_before_it(empty_url: str, folder: Path) -> None:
    (folder / "0001_good.sql").write_text("CREATE TABLE good (a text); INSERT INTO good VALUES ('x');")
    (folder / "0002_bad.sql").write_text("CREATE TABLE half (a text); CREATE TABEL broken;")
    with pytest.raises(Misconfigured, match="syntax error"):
        migrations.migrate(empty_url)
    assert tables(empty_url) == []
    (folder / "0002_bad.sql").write_text("CREATE TABLE mended (a text);")
    assert migrations.migrate(empty_url) == ["0001_good.sql", "0002_bad.sql"]
    assert count(empty_url, "good") == 1


def test_of_processes_that_open_a_new_database_at_once_one_applies_each_migration(empty_url: str) -> None:
    done = at_once(open_each, *[([empty_url],)] * 4)
    assert sorted(done) == [[[]], [[]], [[]], [available(empty_url)]]
    assert tables(empty_url) == TABLES


# -- Whose database it is -----------------------------------------------------------------------------------------


def test_a_database_belongs_to_a_sandbox_or_to_a_service_for_ever(database: str) -> None:
    migrations.claim(database, "sandbox")
    migrations.claim(database, "sandbox")
    with pytest.raises(Misconfigured, match="belongs to a sandbox, and this is a service; name another"):
        migrations.claim(database, "service")
    assert column(database, "SELECT value FROM installation WHERE name = 'kind'") == ["sandbox"]


def test_of_a_sandbox_and_a_service_that_begin_at_once_one_gets_the_database(database: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        sandboxes, services = (
            [pool.submit(_claims, database, kind) for _ in range(4)] for kind in ("sandbox", "service")
        )
        outcomes = {tuple(one.result() for one in claims) for claims in (sandboxes, services)}
    assert outcomes == {(True,) * 4, (False,) * 4}


def _claims(url: str, kind: str) -> bool:
    try:
        migrations.claim(url, kind)
    except Misconfigured:
        return False
    return True


def test_the_moment_of_the_installation_is_that_of_the_first_claim_and_stays(database: str) -> None:
    migrations.claim(database, "service")
    [installed_at] = column(database, "SELECT value FROM installation WHERE name = 'installed_at'")
    assert abs(datetime.fromtimestamp(int(installed_at) / 1000, UTC) - datetime.now(UTC)) < timedelta(minutes=1)
    meddle(database, "UPDATE installation SET value = '1000' WHERE name = 'installed_at'")
    migrations.claim(database, "service")
    assert column(database, "SELECT value FROM installation WHERE name = 'installed_at'") == ["1000"]


def test_a_database_that_has_all_migrations_is_opened_as_it_is(database: str) -> None:
    async def look() -> list[Any]:
        async with opened(database) as found:
            return await found.read("SELECT count(*) AS facts FROM stored_events")

    before = schema(database)
    assert asyncio.run(look()) == [{"facts": 0}]
    assert schema(database) == before
