"""No question of the desk walks through a table that grows with the bookings. SQLite's planner, without statistics,
always plans the same."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.storage import opening
from adapters.storage.desk import WHICH, DeskViews, Mark
from adapters.storage.ledger import StoredLedger
from adapters.storage.views import Views
from bench.plans import Listening, faults
from tests.adapters.storage.rooms import Rooms, rooms
from tests.databases import new_database
from tests.examples import NOW

pytestmark = pytest.mark.anyio
SPAN = (NOW, NOW + timedelta(days=1))
MARK = Mark(1_778_000_000_000, "booking-main-uid", 1)


async def look_at_everything(views: DeskViews, store: Rooms) -> None:
    """Every question, in every way in which it is asked."""
    for after in (None, MARK):
        for state in ("", "confirmed"):
            await views.day("main", SPAN, states=[state] if state else [], after=after, limit=51)
            await views.latest("main", state=state, after=after, limit=51)
            for words in ("m", "zoe quartermain", "0143", "+12025550143"):
                await views.found("main", words, state=state, after=after, limit=51)
                await views.finds_too_many("main", words)
        await views.inbox("main", after=after, limit=21)
        await views.inbox("main", reasons=["opted_out", "stranger"], after=after, limit=21)
        await views.done("main", after=after, limit=21)
        for which in WHICH:
            await views.errands("main", which=which, after=after, limit=51)
    await views.day("main", SPAN, needing=True, limit=51)
    await views.day_counts("main", SPAN)
    await views.next_start("main", NOW)
    await views.inbox_counts("main")
    await views.errand_counts("main")
    await views.booking("booking-main-uid")
    await views.lines(["booking-main-uid", "booking-main-other"])
    await views.items_of("booking-main-uid")
    await views.numbers("main", SPAN)
    await of_one_booking(store.ledger, Views(store.database))


async def of_one_booking(ledger: StoredLedger, views: Views) -> None:
    await ledger.about("booking-main-uid", "conversation-main-uid")
    await ledger.texts("conversation-main-uid", 200)
    await ledger.conversation("conversation-main-uid")
    await ledger.open_items("booking-main-uid")
    await views.position()


async def test_every_question_of_the_desk_goes_along_an_index(tmp_path: Path) -> None:
    with new_database("sqlite", tmp_path) as url:
        async with rooms(url) as store:
            with Listening(store.database) as asked:
                await look_at_everything(DeskViews(store.database), store)
        found = {sql: told for sql, parameters in asked.statements.items() if (told := faults(url, sql, parameters))}
        assert opening.is_file(url)
        assert asked.statements
        assert found == {}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM bookings WHERE practitioner = 'Dr. Lee' LIMIT 1",
        "SELECT count(*) FROM staff_inbox_bookings AS about WHERE version > 1",
        "SELECT stream FROM bookings ORDER BY stream",
    ],
)
def test_what_walks_through_a_table_is_found(sql: str, tmp_path: Path) -> None:
    with new_database("sqlite", tmp_path) as url:
        assert faults(url, sql, {})
