"""What only SQLite has: a file that can be missing, full, damaged or somewhere else, and WAL."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.storage import migrations, opening
from adapters.storage.database import Write
from adapters.storage.group_commit import GroupCommit
from domain.errors import Conflict, Misconfigured, StorageAway
from tests.adapters.storage.crowd import Crowd, Held, returned
from tests.adapters.storage.processes import at_once, open_each, write_on_a_full_disk
from tests.adapters.storage.rooms import a_fact, count, heard, hearing, opened, writer_of
from tests.databases import column, new_database

WRITING = {"journal_mode": "wal", "synchronous": 2}


def url_of(path: Path) -> str:
    return f"{opening.SQLITE}{path}"


@pytest.fixture
def file_url(tmp_path: Path) -> Any:
    """The URL of a new file with all tables."""
    with new_database("sqlite", tmp_path) as url:
        yield url


# -- The file -----------------------------------------------------------------------------------------------------


def test_to_look_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"there is no database .*; `replyes serve` or `replyes migrate` makes it"):
        migrations.due(url_of(tmp_path / "replyes.db"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_a_folder_that_does_not_exist_yet_is_made(tmp_path: Path) -> None:
    path = tmp_path / "data" / "replyes.db"
    migrations.migrate(url_of(path))
    assert path.exists()


def test_a_file_that_is_no_database_is_told_as_a_setting_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "replyes.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Misconfigured, match="DATABASE_URL"):
        migrations.migrate(url_of(path))


@pytest.mark.parametrize("attempt", [migrations.due, migrations.migrate, opening.database])
def test_a_place_that_cannot_be_opened_is_told_with_the_setting(tmp_path: Path, attempt: Any) -> None:
    with pytest.raises(Misconfigured, match="DATABASE_URL: cannot"):
        attempt(url_of(tmp_path))


def test_processes_that_open_new_files_at_once_all_succeed(tmp_path: Path) -> None:
    """They switch each file to WAL at the same moment; that goes wrong once in a while, so there are many files."""
    urls = [url_of(tmp_path / f"{number}.db") for number in range(40)]
    done = at_once(open_each, *[(urls,)] * 4)
    for outcomes in zip(*done, strict=True):
        assert sorted(outcomes, key=len) == [[], [], [], migrations.available("sqlite")]


def test_a_migrated_file_needs_no_other_change_to_be_opened(tmp_path: Path) -> None:
    migrations.migrate(url_of(tmp_path / "replyes.db"))
    assert column(url_of(tmp_path / "replyes.db"), "PRAGMA journal_mode") == ["wal"]


def test_the_writer_syncs_each_commit_to_the_disk(file_url: str) -> None:
    async def settings() -> dict[str, Any]:
        async with opened(file_url) as database:
            writer = writer_of(database)
            return {name: writer.execute(f"PRAGMA {name}").fetchone()[0] for name in WRITING}

    assert asyncio.run(settings()) == WRITING


# -- No room ------------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_file_that_may_not_grow_takes_nothing_and_nothing_is_half_stored(file_url: str) -> None:
    large = [Write(a_fact(f"s{number}", 1, bytes(9000)).facts, hearing(f"m{number}").statements) for number in range(9)]
    async with opened(file_url) as database:
        held = Held(database, file_url)
        crowd = Crowd(held)
        held.tell(f"PRAGMA max_page_count = {column(file_url, 'PRAGMA page_count')[0]}")
        await crowd.arrives(*large)
        outcomes = await crowd.outcomes()
        assert [type(one) for one in outcomes] == [StorageAway] * 9
        assert held.tried_apart == [False, False], "to try each by itself would make everybody wait longer"
        assert count(file_url, "stored_events") == 0
        assert heard(file_url) <= {"first"}
        held.tell("PRAGMA max_page_count = 1000000")
        commits = GroupCommit(database)
        await commits.commit(large[0])
        await commits.close()
    assert count(file_url, "stored_events") == 1, "when there is room again, it goes on"


def test_a_commit_that_finds_the_disk_full_stores_nothing_and_the_next_one_after_it_does(file_url: str) -> None:
    [told] = at_once(write_on_a_full_disk, (file_url,))
    assert told == {"before": ["NoneType"] * 3, "full": ["StorageAway"] * 3, "after": ["NoneType"] * 3}
    assert heard(file_url) == {f"{when} {number}" for when in ("before", "after") for number in range(3)}


# -- Values -------------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_number_that_is_too_large_for_sqlite_fails_only_its_own_request(file_url: str) -> None:
    async with opened(file_url) as database:
        crowd = Crowd(Held(database, file_url))
        await crowd.arrives(hearing("before"), hearing(2**70), hearing("after"))
        before, error, after = await crowd.outcomes()
    assert (before, after) == (returned("before"), returned("after"))
    assert isinstance(error, Exception)
    assert not isinstance(error, Conflict | StorageAway), "to try again would not help"
