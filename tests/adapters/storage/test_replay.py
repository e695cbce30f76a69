"""Replay: the views are a function of the log. A replay only shows, it does not react; beside a service that goes on
writing it finds what is wrong, puts that right, and touches nothing else."""

import asyncio
import json
import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from itertools import count as numbers
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.storage import retelling, scratch, unsealing
from adapters.storage.database import Row, Write
from adapters.storage.mending import Difference
from adapters.storage.replay import Replay
from adapters.storage.scratch import VIEWS
from adapters.storage.search_keys import NAMES
from domain.decisions import Decisions
from domain.errors import ReplyesError
from domain.facts import Moment
from domain.inbound import Delivery
from domain.inbox import Staff
from domain.ledger import Work
from tests.adapters.storage.history import HAPPENINGS, History, Step
from tests.adapters.storage.rooms import Rooms, count, rooms
from tests.databases import column, empty, everything, meddle, seen
from tests.examples import NOW
from tests.stories.world import World, told

# What happens often stands here often: without requests, texts and a worker there is little to replay.
OFTEN = ["requested", "requested", "texted", "texted", "worked", "worked", "worked", *HAPPENINGS]
HAPPENING = st.tuples(st.sampled_from(OFTEN), st.integers(0, 11), st.integers(0, 11))
HISTORIES = st.lists(st.lists(HAPPENING, min_size=1, max_size=4), min_size=1, max_size=40)

OF_A_PERSON = ("name", "phone", *NAMES, "phone_key")

A_LIFE: list[Step] = [
    [("requested", 0, 0), ("requested", 1, 1)],
    [("worked", 3, 1)],
    [("texted", 4, 0)],
    [("texted", 0, 0), ("reported", 1, 1)],
    [("worked", 3, 1)],
    [("worked", 3, 2), ("reported", 2, 2)],
    [("texted", 1, 0), ("staff_decided", 1, 1)],
    [("worked", 3, 5)],
    [("settled", 2, 1)],
    [("expired", 9, 0)],
]
A_LONG_LIFE: list[Step] = [
    [(random.Random(step * 10 + one).choice(OFTEN), step * 7 % 12, (step + one) % 12) for one in range(3)]
    for step in range(120)
]


def views(url: str) -> dict[str, list[Any]]:
    return {view: sorted(map(repr, seen(url, f"SELECT * FROM {view}"))) for view in VIEWS}


async def rebuilt(replay: Replay) -> dict[str, list[Any]]:
    """The rows that the replay has computed, as `views` shows the live ones."""
    found = {view: await replay.scratch.read(f"SELECT * FROM {view}") for view in VIEWS}
    return {view: sorted(repr(tuple(row.values())) for row in rows) for view, rows in found.items()}


async def replayed(store: Rooms, *, mends: bool) -> list[Difference]:
    """What a replay finds."""
    differences: list[Difference] = []
    with closing(Replay(store.database, store.commits, store.ledger.wrapping)) as replay:
        await replay.read(lambda _: None)
        done = await replay.compare(differences.append, mends=mends)
    assert done.rows == len(differences)
    return differences


@pytest.fixture
def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch is soon full, and hardly a stream is kept at hand."""
    monkeypatch.setattr(retelling, "BATCH", 3)
    monkeypatch.setattr(retelling, "AT_HAND", 1)
    monkeypatch.setattr(unsealing, "KEYS", 2)
    monkeypatch.setattr(scratch, "PAGE", 2)


@pytest.fixture
async def life(store: Rooms) -> Rooms:
    """A store with rows in every view."""
    await History(store).run(A_LIFE)
    assert all(views(store.url).values())
    return store


# -- What is rebuilt ----------------------------------------------------------------------------------------------


async def live_and_replay(url: str, history: Sequence[Step]) -> None:
    async with rooms(url) as store:
        await History(store).run(history)
        before = everything(url)
        with closing(Replay(store.database, store.commits, store.ledger.wrapping)) as replay:
            read: list[int] = []
            await replay.read(read.append)
            assert await rebuilt(replay) == views(url)
            assert (await replay.compare(pytest.fail, mends=True)).facts == sum(read) == count(url, "stored_events")
            assert await replay.scratch.read("SELECT * FROM outbox") == [], "a replay queues no errand"
        assert everything(url) == before, "and changes nothing where nothing is wrong"


@settings(max_examples=15, deadline=None)
@example(A_LIFE)
@given(HISTORIES)
def test_the_views_that_a_replay_builds_are_the_live_ones(lasting: tuple[str, str], history: list[Step]) -> None:
    empty(lasting[0])
    asyncio.run(live_and_replay(lasting[0], history))


def test_a_long_life_is_read_in_small_pieces(in_small_pieces: None, database: str) -> None:
    asyncio.run(live_and_replay(database, A_LONG_LIFE))


@pytest.mark.anyio
async def test_nothing_of_it_lies_on_the_disk_under_a_name(
    life: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("SQLITE_TMPDIR", str(folder))
    with closing(Replay(life.database, life.commits, life.ledger.wrapping)) as replay:
        await replay.read(lambda _: None)
        assert list(folder.iterdir()) == []


@pytest.mark.anyio
async def test_a_log_with_a_gap_is_told(life: Rooms) -> None:
    stream = column(life.url, "SELECT stream FROM bookings ORDER BY version DESC")[0]
    meddle(life.url, "DELETE FROM stored_events WHERE originator_id = ? AND originator_version = 2", stream)
    with pytest.raises(ReplyesError, match=f"gap: {stream} goes from 1 to 3"):
        await replayed(life, mends=True)


# -- What differs -------------------------------------------------------------------------------------------------


def one_row(url: str, view: str) -> Row:
    names = [row[0] for row in described(view)]
    return dict(zip(names, seen(url, f"SELECT * FROM {view} ORDER BY {names[0]}, {names[1]}")[0], strict=True))


def described(view: str) -> list[tuple[str, int]]:
    """The columns of a view, and which place each has in its key."""
    with closing(scratch.Scratch()) as tables:
        rows = tables._connection.execute(f"SELECT name, pk FROM pragma_table_info('{view}')").fetchall()
    return [(row["name"], row["pk"]) for row in rows]


def told_of(differences: Sequence[Difference]) -> list[tuple[str, tuple[Any, ...], list[str]]]:
    return [(one.view.name, one.key, one.columns) for one in differences]


@pytest.mark.anyio
@pytest.mark.parametrize("view", VIEWS)
async def test_a_column_that_was_meddled_with_is_found_and_put_right(life: Rooms, view: str) -> None:
    before, row = views(life.url), one_row(life.url, view)
    key = tuple(row[name] for name, place in described(view) if place)
    where = " AND ".join(f"{name} = ?" for name, place in described(view) if place)
    for name, place in described(view):
        if not place:
            value = 4711 if isinstance(row[name], int) or name.endswith("_at") else "meddled with"
            meddle(life.url, f"UPDATE {view} SET {name} = ? WHERE {where}", value, *key)
            meddled = views(life.url)
            assert told_of(await replayed(life, mends=False)) == [(view, key, [name])]
            assert views(life.url) == meddled
            assert told_of(await replayed(life, mends=True)) == [(view, key, [name])]
            assert views(life.url) == before


@pytest.mark.anyio
@pytest.mark.parametrize("view", VIEWS)
async def test_a_row_too_few_or_too_many_is_found_and_put_right(life: Rooms, view: str) -> None:
    before, row = views(life.url), one_row(life.url, view)
    key = [name for name, place in described(view) if place]
    where = " AND ".join(f"{name} = ?" for name in key)
    meddle(life.url, f"UPDATE {view} SET {key[0]} = 'stranger' WHERE {where}", *(row[name] for name in key))
    gone, come = (tuple(changes.get(name, row[name]) for name in key) for changes in ({}, {key[0]: "stranger"}))
    found = await replayed(life, mends=False)
    assert told_of(found) == [(view, gone, []), (view, come, [])]
    assert [one.found is None for one in found] == [True, False]
    assert gone in [one.key for one in await replayed(life, mends=True)]
    assert views(life.url) == before


@pytest.mark.anyio
async def test_views_that_were_lost_altogether_come_back(in_small_pieces: None, life: Rooms) -> None:
    before, rest = views(life.url), everything(life.url)
    for view in VIEWS:
        meddle(life.url, f"DELETE FROM {view}")
    await replayed(life, mends=True)
    assert views(life.url) == before
    assert everything(life.url).keys() == rest.keys()
    assert await replayed(life, mends=False) == []


@pytest.mark.anyio
async def test_a_carriers_id_that_another_row_has_taken_comes_back(life: Rooms) -> None:
    before, [owner] = views(life.url), column(life.url, "SELECT message_id FROM sent_texts WHERE message_id <> ''")[:1]
    meddle(life.url, "UPDATE sent_texts SET message_id = 'SM-lost' WHERE message_id = ?", owner)
    values = "'e', ?, clinic, stream, kind, bookings, status"
    meddle(life.url, f"INSERT INTO sent_texts SELECT {values} FROM sent_texts WHERE message_id = 'SM-lost'", owner)
    await replayed(life, mends=True)
    assert views(life.url) == before


# -- Erased patients ----------------------------------------------------------------------------------------------


def erase_everybody(url: str) -> None:
    meddle(url, "DELETE FROM patient_keys")
    meddle(url, f"UPDATE bookings SET {', '.join(f'{column} = NULL' for column in OF_A_PERSON)}")
    for stream, memory in seen(url, "SELECT stream, memory FROM conversations"):
        forgotten = json.dumps({**json.loads(memory), "phone": None}, ensure_ascii=False)
        meddle(url, "UPDATE conversations SET memory = ? WHERE stream = ?", forgotten, stream)


@pytest.mark.anyio
async def test_an_erased_patient_is_no_difference(life: Rooms) -> None:
    erase_everybody(life.url)
    assert await replayed(life, mends=False) == []


@pytest.mark.anyio
async def test_what_an_erasure_has_left_behind_is_found_and_goes(life: Rooms) -> None:
    meddle(life.url, "DELETE FROM patient_keys")
    assert {column for one in await replayed(life, mends=False) for column in one.columns} == {
        *OF_A_PERSON,
        "memory",
    }
    await replayed(life, mends=True)
    assert column(life.url, "SELECT count(*) FROM bookings WHERE name IS NOT NULL OR phone IS NOT NULL") == [0]
    assert await replayed(life, mends=False) == []


@pytest.mark.anyio
async def test_a_patient_who_is_erased_after_the_log_was_read_stays_erased(life: Rooms) -> None:
    with closing(Replay(life.database, life.commits, life.ledger.wrapping)) as replay:
        await replay.read(lambda _: None)
        erase_everybody(life.url)
        erased = views(life.url)
        await replay.compare(pytest.fail, mends=True)
    assert views(life.url) == erased


# -- Beside a service that goes on writing ------------------------------------------------------------------------


async def beside_a_live_service(url: str, act: Callable[[Rooms], Awaitable[None]]) -> int:
    """Do something again and again while a service lives on another thread, with connections of its own."""

    async def live() -> None:
        async with rooms(url) as store:
            await History(store).run(A_LONG_LIFE)

    async with rooms(url) as store:
        living = asyncio.create_task(asyncio.to_thread(asyncio.run, live()))
        for times in numbers():
            if living.done():
                await living
                return times
            await act(store)
            await asyncio.sleep(0)
    raise AssertionError("never")


def test_beside_a_live_service_nothing_differs(database: str) -> None:
    async def verify(store: Rooms) -> None:
        assert told_of(await replayed(store, mends=False)) == []

    assert asyncio.run(beside_a_live_service(database, verify)) > 1


def test_beside_a_live_service_what_is_wrong_is_put_right(database: str) -> None:
    """Of what decides nothing here, so that the service lives on as it would have."""

    async def meddle_and_mend(store: Rooms) -> None:
        meddle(database, "UPDATE bookings SET practitioner = 'nobody'")
        meddle(database, "UPDATE staff_inbox SET detail = 'nothing'")
        meddle(database, "INSERT INTO heard_messages VALUES ('main', 'never') ON CONFLICT DO NOTHING")
        await replayed(store, mends=True)

    async def story() -> None:
        assert await beside_a_live_service(database, meddle_and_mend) > 1
        async with rooms(database) as store:
            assert told_of(await replayed(store, mends=False)) == []
        assert column(database, "SELECT count(*) FROM heard_messages WHERE message_id = 'never'") == [0]

    asyncio.run(story())


class Overtaken:
    """A writer that is slower than somebody else the first time."""

    def __init__(self, store: Any, overtake: Callable[[], Awaitable[None]]) -> None:
        self.store = store
        self.overtake = overtake
        self.writes = 0

    async def commit(self, write: Write) -> list[Row]:
        self.writes += 1
        if self.writes == 1:
            await self.overtake()
        return await self.store.commits.commit(write)  # type: ignore[no-any-return]


async def mended_too_late(store: Any, overtake: Callable[[], Awaitable[None]]) -> int:
    """How often the one row that differs had to be written."""
    writer = Overtaken(store, overtake)
    with closing(Replay(store.database, writer, store.ledger.wrapping)) as replay:  # type: ignore[arg-type]
        await replay.read(lambda _: None)
        assert (await replay.compare(lambda _: None, mends=True)).rows == 1
        await replay.compare(pytest.fail, mends=False)
    return writer.writes


@pytest.mark.anyio
async def test_a_row_whose_stream_goes_on_in_this_moment_is_looked_at_again(life: Rooms) -> None:
    stream = column(life.url, "SELECT stream FROM bookings ORDER BY stream")[0]
    meddle(life.url, "UPDATE bookings SET practitioner = 'nobody' WHERE stream = ?", stream)

    async def a_new_fact() -> None:
        booking = await life.ledger.booking(stream)
        assert booking is not None
        booking.hand_to_staff(Staff.NO_ANSWER, Moment(NOW, "c0ffee"))
        await Decisions(life.ledger, {}).append(Work(changed=[booking]))

    assert await mended_too_late(life, a_new_fact) == 2
    assert (await replayed(life, mends=False)) == []


def test_a_text_that_is_reported_in_this_moment_keeps_its_report(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        meddle(database, "UPDATE sent_texts SET message_id = 'SM-lost'")
        [key] = column(database, "SELECT errand FROM sent_texts")

        async def a_report() -> None:
            await world.carrier_reports(Delivery.DELIVERED, key=key)

        assert await mended_too_late(world.service.store, a_report) == 2
        sent = seen(database, "SELECT message_id, status FROM sent_texts")
        assert sent == [(world.phone.texts[0]["sid"], "delivered")]

    told(database, story)


def test_a_text_that_is_heard_in_this_moment_stays_heard(database: str) -> None:
    async def story(world: World) -> None:
        await world.replies("hello", message_id="SM-one")
        meddle(database, "INSERT INTO heard_messages VALUES ('main', 'SM-two')")

        async def it_is_heard_after_all() -> None:
            meddle(database, "DELETE FROM heard_messages WHERE message_id = 'SM-two'")
            await world.replies("hello", message_id="SM-two")

        store = world.service.store
        writer = Overtaken(store, it_is_heard_after_all)
        with closing(Replay(store.database, writer, store.ledger.wrapping)) as replay:  # type: ignore[arg-type]
            await replay.read(lambda _: None)
            assert (await replay.compare(pytest.fail, mends=True)).rows == 0
        assert sorted(column(database, "SELECT message_id FROM heard_messages")) == ["SM-one", "SM-two"]

    told(database, story)
