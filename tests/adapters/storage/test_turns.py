"""Turns: jobs that are run every so often, by one of many processes."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from adapters.storage import migrations
from tests.adapters.storage.processes import at_once, take_turns
from tests.adapters.storage.rooms import Rooms, overheard, rooms
from tests.databases import meddle
from tests.examples import NOW

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)


async def take(store: Rooms, now: datetime = NOW, job: str = "job") -> bool:
    return await store.turns.take(job, now, MINUTE)


async def test_a_job_that_was_never_run_is_due(store: Rooms) -> None:
    assert await store.turns.next_at("job") is None
    assert await take(store)


async def test_a_turn_is_taken_once_and_the_next_one_when_it_is_time(store: Rooms) -> None:
    assert await take(store)
    assert await store.turns.next_at("job") == NOW + MINUTE
    assert not await take(store)
    assert not await take(store, NOW + MINUTE - timedelta(milliseconds=1))
    assert await take(store, NOW + MINUTE)
    assert not await take(store, NOW + MINUTE)


async def test_after_a_long_silence_there_is_one_turn_and_not_one_for_each_that_was_missed(store: Rooms) -> None:
    await take(store)
    much_later = NOW + 100 * MINUTE
    assert await take(store, much_later)
    assert not await take(store, much_later)
    assert await store.turns.next_at("job") == much_later + MINUTE


async def test_jobs_do_not_wait_for_each_other(store: Rooms) -> None:
    assert await take(store, job="one")
    assert await take(store, job="other")


async def test_of_many_workers_that_take_a_turn_at_once_one_gets_it(store: Rooms, database: str) -> None:
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(rooms(database)) for _ in range(4)]
        for now in (NOW, NOW + MINUTE, NOW + 5 * MINUTE):
            took = await asyncio.gather(*(take(worker, now) for worker in workers for _ in range(5)))
            assert sum(took) == 1


async def test_of_processes_that_take_the_same_turns_at_once_each_turn_goes_to_one(database: str) -> None:
    turns = 30
    taken = at_once(take_turns, *[(database, turns)] * 3)
    assert sorted(turn for share in taken for turn in share) == list(range(turns))


async def test_to_look_whether_it_is_time_writes_nothing(store: Rooms) -> None:
    await take(store)
    with overheard(store.database) as said:
        assert not await take(store)
    assert said == []


# -- How far a job has looked -------------------------------------------------------------------------------------


async def test_how_far_a_job_has_looked_is_known_when_a_run_is_complete(store: Rooms) -> None:
    await take(store)
    assert await store.turns.done_until("job") is None
    await store.turns.finish("job", NOW)
    assert await store.turns.done_until("job") == NOW
    assert await store.turns.done_until("other") is None


async def test_a_complete_run_changes_nothing_about_the_next_turn(store: Rooms) -> None:
    await take(store)
    await store.turns.finish("job", NOW + 5 * MINUTE)
    assert await store.turns.next_at("job") == NOW + MINUTE


async def test_a_new_turn_forgets_nothing_of_the_last_complete_run(store: Rooms) -> None:
    await take(store)
    await store.turns.finish("job", NOW)
    await take(store, NOW + MINUTE)
    assert await store.turns.done_until("job") == NOW


async def test_a_job_that_was_run_by_hand_takes_its_first_turn_all_the_same(store: Rooms) -> None:
    await store.turns.finish("job", NOW)
    assert await store.turns.done_until("job") == NOW
    assert await take(store)


# -- Since when ---------------------------------------------------------------------------------------------------


async def test_the_moment_of_the_installation_is_that_of_the_claim(store: Rooms, database: str) -> None:
    assert await store.turns.installed_at("main") is None
    migrations.claim(database, "service")
    found = await store.turns.installed_at("main")
    assert found
    assert abs(found - datetime.now(UTC)) < MINUTE
    migrations.claim(database, "service")
    assert await store.turns.installed_at("main") == found


async def test_a_clinic_that_joins_later_is_installed_in_that_moment(store: Rooms, database: str) -> None:
    migrations.claim(database, "service", ["north"])
    meddle(database, "UPDATE installation SET value = '1000' WHERE name = 'installed_at'")
    meddle(database, "UPDATE installation SET value = '2000' WHERE name = 'installed_at north'")
    migrations.claim(database, "service", ["north", "south"])
    found = [await store.turns.installed_at(key) for key in ("main", "north")]
    assert found == [datetime.fromtimestamp(seconds, UTC) for seconds in (1, 2)]
    joined = await store.turns.installed_at("south")
    assert joined is not None
    assert abs(joined - datetime.now(UTC)) < timedelta(minutes=1)
