"""A store in a file, and back: beside a service that goes on writing, and with imports that are killed."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from adapters.storage import migrations, retelling
from adapters.storage.database import Row
from adapters.storage.moving import exporting, importing
from adapters.storage.moving.lines import TABLES, Sheet, documents
from adapters.storage.scratch import VIEWS
from domain.errors import Conflict, Misconfigured, ReplyesError
from entrypoints import moving, plan
from entrypoints.settings import StoreSettings
from entrypoints.store import open_store
from tests.adapters.storage.history import History
from tests.adapters.storage.processes import CONTEXT, PATIENCE, import_and_die
from tests.adapters.storage.rooms import Rooms, a_fact, count, rooms
from tests.adapters.storage.test_replay import A_LIFE
from tests.databases import KINDS, column, everything, meddle, new_database, seen, tables
from tests.examples import NOW, a_request


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Another database, with all tables and no rows."""
    (tmp_path / "target").mkdir()
    with new_database(request.param, tmp_path / "target") as url:
        yield url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The export of a long life."""

    async def live(url: str) -> None:
        async with rooms(url) as store:
            await History(store).run(A_LIFE)
            meddle(url, "UPDATE outbox SET lease_until = 0")
            path.write_bytes(await exported(store.database))

    path = tmp_path / "life.jsonl"
    (tmp_path / "life").mkdir()
    with new_database("sqlite", tmp_path / "life") as url:
        asyncio.run(live(url))
    return path


async def exported(database: Any) -> bytes:
    file = BytesIO()
    sheet = Sheet(file)
    sheet.head(NOW, 0, readable=False)
    await exporting.export(database, sheet, lambda _: None)
    sheet.end()
    return file.getvalue()


def facts_in(file: bytes) -> list[tuple[str, int]]:
    return [(one["stream"], one["version"]) for one in documents(BytesIO(file)) if one["kind"] == "fact"]


def bring_in(url: str, file: Path) -> str:
    return asyncio.run(moving.bring_in(StoreSettings(url, ""), str(file), no_bar))


def no_bar(_: int, __: str) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda _: None)


def log_of(url: str) -> list[Any]:
    sql = "SELECT originator_id, originator_version, topic, state FROM stored_events ORDER BY {position}"
    return [(*row[:3], bytes(row[3])) for row in seen(url, sql)]


def test_every_table_is_the_log_or_computed_from_it_or_in_the_file(target: str) -> None:
    assert set(tables(target)) == {"schema_migrations", "stored_events", *VIEWS, *TABLES}


# -- Beside a service ---------------------------------------------------------------------------------------------


class Busy:
    """A database to which something happens whenever the outbox is read, so many times."""

    def __init__(self, store: Rooms, happens: Callable[[], Awaitable[None]], times: int) -> None:
        self.database = store.database
        self.happens = happens
        self.times = times

    async def read(self, sql: str, **parameters: Any) -> list[Row]:
        found = await self.database.read(sql, **parameters)
        if "FROM outbox" in sql and self.times:
            self.times -= 1
            await self.happens()
        return found


@pytest.mark.anyio
@pytest.mark.parametrize("batch", [2, 1000])
async def test_facts_and_rows_in_a_file_belong_together(
    store: Rooms, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retelling, "BATCH", batch)
    history = History(store)
    await history.run(A_LIFE)
    numbers, before = iter(range(10)), count(store.url, "stored_events")

    async def a_new_patient() -> None:
        number = next(numbers)
        await history.confirmations.receive("main", a_request(uid=f"new{number}", phone=f"+1202555017{number}"), NOW)

    told = await exported(Busy(store, a_new_patient, 5))
    assert count(store.url, "stored_events") >= before + 5
    assert facts_in(told) == [row[:2] for row in log_of(store.url)]
    errands = {one["row"]["errand"] for one in documents(BytesIO(told)) if one.get("table") == "outbox"}
    assert errands == set(column(store.url, "SELECT errand FROM outbox"))
    keys = {one["row"]["owner"] for one in documents(BytesIO(told)) if one.get("table") == "patient_keys"}
    assert keys == set(column(store.url, "SELECT owner FROM patient_keys"))


@pytest.mark.anyio
async def test_a_log_that_never_rests_is_told_with_its_cure(store: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "LOOKS", 3)
    versions = iter(range(1, 100))

    async def a_new_fact() -> None:
        store.database.write([a_fact("endless", next(versions))])

    with pytest.raises(ReplyesError, match="never rests; stop the service"):
        await exported(Busy(store, a_new_fact, 1000))


# -- Imports that are killed --------------------------------------------------------------------------------------


def killed(url: str, file: Path, commits: int) -> None:
    process = CONTEXT.Process(target=import_and_die, args=(url, str(file), commits))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == -9
    process.close()


@pytest.mark.parametrize("commits", [0, 1, 3, 8, 1_000_000])
def test_an_import_that_was_killed_is_simply_run_again(target: str, file: Path, commits: int) -> None:
    killed(target, file, commits)
    before, facts = file.read_bytes(), facts_in(file.read_bytes())
    assert bring_in(target, file) == f"{len(facts)} facts imported"
    again = asyncio.run(_exported_again(target))
    assert again.splitlines()[1 : len(facts) + 1] == before.splitlines()[1 : len(facts) + 1], "the log, in its order"
    assert sorted(again.splitlines()[:-1]) == sorted(before.splitlines()[:-1])


async def _exported_again(url: str) -> bytes:
    async with rooms(url) as store:
        return await exported(store.database)


def test_half_a_store_is_not_worked_on(target: str, file: Path) -> None:
    killed(target, file, 2)
    before = everything(target)

    async def look() -> None:
        async with open_store(StoreSettings(target, ""), {}):
            pytest.fail("it is open")

    with pytest.raises(Misconfigured, match="run `replyes import` again with its file"):
        asyncio.run(look())
    for kind in (plan.SERVICE, plan.SANDBOX):
        with pytest.raises(Misconfigured, match="run `replyes import` again with its file"):
            plan.prepare(target, kind)
    assert everything(target) == before


def test_another_file_may_follow_an_import_that_was_killed(target: str, file: Path, tmp_path: Path) -> None:
    killed(target, file, 3)
    (tmp_path / "small").mkdir()
    with new_database("sqlite", tmp_path / "small") as url:
        small = tmp_path / "small.jsonl"
        small.write_bytes(asyncio.run(_exported_again(url)))
    assert bring_in(target, small) == "0 facts imported"
    assert log_of(target) == []


# -- Somebody else on the same database ---------------------------------------------------------------------------


def after_the_first_batch(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Something happens once, between two commits of an import."""
    monkeypatch.setattr(importing, "BATCH", 10)
    write, waiting = importing.Import._write, [happens]

    def overtaken(self: importing.Import, some: Any) -> Any:
        if some[0]["kind"] == "fact" and some[0]["position"] > 10 and waiting:
            waiting.pop()()
        return write(self, some)

    monkeypatch.setattr(importing.Import, "_write", overtaken)


def test_of_two_imports_the_later_one_wins(target: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after_the_first_batch(monkeypatch, lambda: importing.begin(target))
    with pytest.raises(Conflict, match="something else writes to this database"):
        bring_in(target, file)
    assert log_of(target) == []
    bring_in(target, file)
    assert count(target, "stored_events") == len(facts_in(file.read_bytes()))


def test_a_service_that_writes_meanwhile_is_noticed(target: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES ('x', 1, ?, ?)"
    state = json.dumps({"timestamp": {"moment": NOW.isoformat()}, "command": "c", "reason": "", "detail": ""})
    after_the_first_batch(monkeypatch, lambda: meddle(target, topic, "staff.needed", state.encode()))
    with pytest.raises(ReplyesError):
        bring_in(target, file)
    with pytest.raises(Misconfigured, match="run `replyes import` again"):
        migrations.due(target)
    bring_in(target, file)
    assert count(target, "stored_events") == len(facts_in(file.read_bytes()))


def test_secrets_that_a_service_made_meanwhile_are_noticed(
    target: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "INSERT INTO store_secrets VALUES ('phone digests', ?)"
    after_the_first_batch(monkeypatch, lambda: meddle(target, secret, bytes(33)))
    with pytest.raises(Conflict, match="something else writes to this database; stop it, and import again"):
        bring_in(target, file)
