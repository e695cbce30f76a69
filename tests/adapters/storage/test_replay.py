"""Replay: the views are a function of the log, and a replay only shows, it does not react."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.storage import migrations, rows
from adapters.storage.database import Database, Statement, Write
from domain.booking import Booking
from domain.conversation import Conversation
from tests.adapters.storage.history import HAPPENINGS, History, Step
from tests.adapters.storage.rooms import Rooms, column, count, rooms, seen

VIEWS = {
    "bookings": "stream",
    "conversations": "stream",
    "heard_messages": "clinic, message_id",
    "sent_texts": "errand",
    "staff_inbox": "stream, version",
}
# What happens often stands here often: without requests, texts and a worker there is little to replay.
OFTEN = ["requested", "requested", "texted", "texted", "worked", "worked", "worked", *HAPPENINGS]
HAPPENING = st.tuples(st.sampled_from(OFTEN), st.integers(0, 11), st.integers(0, 11))
HISTORIES = st.lists(st.lists(HAPPENING, min_size=1, max_size=4), min_size=1, max_size=40)

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
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replay")


async def live_through(history: Sequence[Step], path: Path) -> Path:
    """The history at one store, and a second store that knows nothing but its log."""
    again = path.with_suffix(".again")
    async with rooms(path) as store:
        await History(store).run(history)
        statements = [statement async for statement in retold(store)]
    migrations.migrate(str(again))
    with closing(Database(str(again))) as database:
        write = Write(statements=statements)
        database.write([write])
    assert write.error is None
    return again


async def retold(store: Rooms) -> AsyncIterator[Statement]:
    """Every fact in the log's order, folded into its stream; the rows that come of it."""
    log = column(store.path, "SELECT originator_id FROM stored_events ORDER BY rowid")
    facts = {stream: iter(await store.ledger.facts(stream)) for stream in set(log)}
    streams: dict[str, Booking | Conversation] = {}
    for stream in log:
        fact = next(facts[stream])
        streams[stream] = fact.mutate(streams.get(stream))
        yield rows.of_stream(streams[stream])
        for statement in rows.of_fact(fact, streams[stream]):
            yield statement


def views(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    return {view: seen(path, f"SELECT * FROM {view} ORDER BY {key}") for view, key in VIEWS.items()}


@settings(max_examples=25, deadline=None)
@example(A_LIFE)
@given(HISTORIES)
def test_the_views_that_a_replay_builds_are_the_live_ones_byte_for_byte(folder: Path, history: list[Step]) -> None:
    path = folder / f"{next(NUMBERS)}.db"
    again = asyncio.run(live_through(history, path))
    assert views(again) == views(path)
    assert count(again, "outbox") == 0, "a replay queues no errand"
    assert count(again, "stored_events") == 0, "and decides nothing"


def test_the_example_of_a_life_has_something_in_every_view(folder: Path) -> None:
    path = folder / "life.db"
    asyncio.run(live_through(A_LIFE, path))
    assert all(views(path).values())
