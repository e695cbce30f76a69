"""Bringing the schema up to date: once, wholly, and never backwards."""

from pathlib import Path

import pytest

from adapters.storage import migrations
from adapters.storage.database import Database
from domain.errors import Misconfigured
from tests.adapters.storage.processes import at_once, open_each
from tests.adapters.storage.rooms import column, count, meddle, seen

TABLES = [
    *("bookings", "conversations", "heard_messages", "installation", "outbox", "patient_keys", "schema_migrations"),
    *("sent_texts", "staff_inbox", "store_secrets", "stored_events"),
]


def schema(path: Path) -> list[tuple[str, ...]]:
    return seen(path, "SELECT type, name, sql FROM sqlite_schema ORDER BY name")


def tables(path: Path) -> list[str]:
    return column(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of migrations that a test fills."""
    found = tmp_path / "migrations"
    found.mkdir()
    monkeypatch.setattr(migrations, "files", lambda _: found)
    return found


def test_a_fresh_database_gets_every_table(path: Path) -> None:
    assert migrations.migrate(str(path)) == migrations.available()
    assert tables(path) == TABLES
    assert column(path, "SELECT name FROM schema_migrations ORDER BY name") == migrations.available()


def test_again_there_is_nothing_to_do(path: Path) -> None:
    migrations.migrate(str(path))
    before = schema(path)
    assert migrations.due(str(path)) == []
    assert migrations.migrate(str(path)) == []
    assert schema(path) == before


def test_what_is_due_is_told_without_being_done(path: Path) -> None:
    meddle(path, "PRAGMA user_version = 1")
    assert migrations.due(str(path)) == migrations.available()
    assert set(tables(path)) <= {"schema_migrations"}


def test_to_look_makes_no_database(path: Path) -> None:
    with pytest.raises(Misconfigured, match="there is no database"):
        migrations.due(str(path))
    assert not path.exists()


def test_a_later_version_applies_only_what_is_new_in_the_order_of_the_numbers(path: Path, folder: Path) -> None:
    (folder / "0001_first.sql").write_text("CREATE TABLE first (a text);")
    migrations.migrate(str(path))
    (folder / "0010_third.sql").write_text("ALTER TABLE second ADD COLUMN b text;")
    (folder / "0002_second.sqlite.sql").write_text("-- of SQLite only; and so on\nCREATE TABLE second (a text);")
    (folder / "0003_other.postgresql.sql").write_text("CREATE EXTENSION other;")
    (folder / "README.md").write_text("no migration")
    assert migrations.migrate(str(path)) == ["0002_second.sqlite.sql", "0010_third.sql"]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    migrations.migrate(str(path))
    meddle(path, "INSERT INTO schema_migrations VALUES ('9999_of_the_future.sql', 0)")
    before = schema(path)
    for look in (migrations.due, migrations.migrate):
        with pytest.raises(Misconfigured, match=r"newer version \(9999_of_the_future.sql\); install that version"):
            look(str(path))
    assert schema(path) == before


def test_a_migration_that_fails_leaves_nothing_behind_not_even_those_before_it(path: Path, folder: Path) -> None:
    (folder / "0001_good.sql").write_text("CREATE TABLE good (a text); INSERT INTO good VALUES ('x');")
    (folder / "0002_bad.sql").write_text("CREATE TABLE half (a text); CREATE TABEL broken;")
    with pytest.raises(Exception, match="syntax error"):
        migrations.migrate(str(path))
    assert tables(path) == []
    (folder / "0002_bad.sql").write_text("CREATE TABLE mended (a text);")
    assert migrations.migrate(str(path)) == ["0001_good.sql", "0002_bad.sql"]
    assert count(path, "good") == 1


def test_processes_that_migrate_at_once_apply_each_migration_once(path: Path) -> None:
    done = at_once(migrations.migrate, *[(str(path),)] * 4)
    assert sorted(done) == [[], [], [], migrations.available()]
    assert tables(path) == TABLES


def test_a_migrated_database_needs_no_other_change_to_be_opened(path: Path) -> None:
    migrations.migrate(str(path))
    assert column(path, "PRAGMA journal_mode") == ["wal"]


def test_processes_that_open_a_new_database_at_once_all_succeed(tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{number}.db") for number in range(40)]
    assert at_once(open_each, *[(paths,)] * 4) == [[]] * 4


def test_a_file_that_is_no_database_is_told_as_a_setting_to_mend(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Misconfigured, match="DATABASE_URL"):
        migrations.migrate(str(path))


def test_a_database_in_a_folder_that_does_not_exist_yet_is_made(tmp_path: Path) -> None:
    path = str(tmp_path / "data" / "replyes.db")
    migrations.migrate(path)
    Database(path).close()


def test_a_place_that_cannot_be_opened_is_told_with_the_setting(tmp_path: Path) -> None:
    for attempt in (migrations.due, migrations.migrate, Database):
        with pytest.raises(Misconfigured, match="DATABASE_URL: cannot"):
            attempt(str(tmp_path))


def test_a_database_belongs_to_a_sandbox_or_to_a_service_for_ever(path: Path) -> None:
    migrations.migrate(str(path))
    migrations.claim(str(path), "sandbox")
    migrations.claim(str(path), "sandbox")
    with pytest.raises(Misconfigured, match="belongs to a sandbox, and this is a service; name another file"):
        migrations.claim(str(path), "service")
    assert seen(path, "SELECT * FROM installation") == [("kind", "sandbox")]
