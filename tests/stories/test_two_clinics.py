"""One clinic's events never touch another's: two clinics with one account of the carrier's, and a patient who goes to
both with one phone. Cal.com has given both bookings the same uid."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from adapters.storage.replay import Replay
from domain.clinics import OnExpiry
from domain.errors import UnknownClinic
from domain.inbound import Delivery, Settlement
from entrypoints import expiry_job
from tests.databases import meddle
from tests.examples import CLINIC_NUMBER, UID, a_clinic
from tests.stories.world import World, drops_the_line, refuses, worlds

NORTH, SOUTH = CLINIC_NUMBER, "+12025550111"


def told(database: str, story: Callable[[World, World], Coroutine[Any, Any, None]], **souths: object) -> None:
    """Run a story in a new world of two clinics; each has been booked at, and has asked."""

    async def run() -> None:
        clinics = {
            NORTH: a_clinic(key="north", name="North Clinic"),
            SOUTH: a_clinic(key="south", name="South Clinic", **souths),
        }
        async with worlds(database, clinics) as (north, south):
            await asyncio.gather(north.books(), south.books())
            await north.works()
            await story(north, south)
            await everything_is_replayed(north)

    asyncio.run(run())


async def everything_is_replayed(world: World) -> None:
    store = world.service.store
    replay = Replay(store.database, store.commits, store.ledger.wrapping)
    try:
        await replay.read(lambda _: None)
        assert (await replay.compare(lambda _: None, mends=False)).rows == 0
    finally:
        replay.close()


async def states(*both: World) -> list[str]:
    return [await one.state() for one in both]


async def log_of(world: World) -> list[tuple[str, int]]:
    """What the log has of this clinic."""
    rows = await world.service.store.database.read(
        "SELECT originator_id, originator_version FROM stored_events ORDER BY {position}"
    )
    of_clinic = (f"booking-{world.key}-", f"conversation-{world.key}-")
    return [
        (row["originator_id"], row["originator_version"]) for row in rows if row["originator_id"].startswith(of_clinic)
    ]


def test_each_asks_by_its_own_name_from_its_own_number(database: str) -> None:
    async def story(north: World, south: World) -> None:
        (at_north,), (at_south,) = north.phone.said_by(NORTH), north.phone.said_by(SOUTH)
        assert at_north.startswith("North Clinic: Hi Sarah!")
        assert at_south.startswith("South Clinic: Hi Sarah!")

    told(database, story)


def test_a_yes_to_one_confirms_there_only(database: str) -> None:
    async def story(north: World, south: World) -> None:
        before = await log_of(south)
        await north.replies("YES", recipient=NORTH)
        await north.works()
        assert await states(north, south) == ["confirmed", "sms_sent"]
        assert (north.calendar.statuses[UID], south.calendar.statuses[UID]) == ("accepted", "pending")
        assert await log_of(south) == before

    told(database, story)


def test_a_no_to_one_cancels_there_only(database: str) -> None:
    async def story(north: World, south: World) -> None:
        before = await log_of(north)
        await south.replies("NO", recipient=SOUTH)
        await north.works()
        assert await states(north, south) == ["sms_sent", "cancelled"]
        assert (north.calendar.acts, south.calendar.reasons) == ([], ["Patient declined via SMS"])
        assert await log_of(north) == before

    told(database, story)


def test_opposite_answers_at_the_same_time_are_each_clinics_own(database: str) -> None:
    async def story(north: World, south: World) -> None:
        await asyncio.gather(*(one.replies(words) for one, words in ((north, "YES"), (south, "NO")) for _ in range(5)))
        await north.works()
        assert await states(north, south) == ["confirmed", "cancelled"]

    told(database, story)


def test_the_same_message_id_at_both_is_two_texts_and_again_is_none(database: str) -> None:
    async def story(north: World, south: World) -> None:
        receipts = [await one.replies("YES", "SM" + "7" * 32) for one in (north, south, north, south)]
        assert receipts == ["accepted", "accepted", "duplicate", "duplicate"]

    told(database, story)


def test_a_stop_to_one_does_not_silence_the_other(database: str) -> None:
    async def story(north: World, south: World) -> None:
        await north.replies("STOP")
        assert ((await north.conversation()).opted_out, (await south.conversation()).opted_out) == (True, False)
        await asyncio.gather(north.books(uid="again"), south.books(uid="again"))
        await north.works()
        assert (len(north.phone.said_by(NORTH)), len(north.phone.said_by(SOUTH))) == (1, 2)

    told(database, story)


def test_a_swept_text_is_heard_by_the_clinic_whose_number_received_it(database: str) -> None:
    async def story(north: World, south: World) -> None:
        north.clock.passes(minutes=1)
        north.phone.misses("YES", to=SOUTH)
        heard = [(await one.service.sweep.run(one.key, one.clock)).heard for one in (north, south, north, south)]
        assert heard == [0, 1, 0, 0]
        assert await states(north, south) == ["sms_sent", "confirmed"]

    told(database, story)


def test_a_list_that_shows_the_whole_account_is_heard_as_far_as_it_is_the_clinics(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(north: World, south: World) -> None:
        north.clock.passes(minutes=1)
        north.phone.misses("YES", to=SOUTH)
        carrier = north.service.carriers
        of_south = carrier["south"].received
        monkeypatch.setattr(carrier["north"], "received", of_south)
        swept = await north.service.sweep.run("north", north.clock)
        assert (swept.seen, swept.heard, await north.state()) == (0, 0, "sms_sent")

    told(database, story)


def test_a_report_counts_at_the_clinic_whose_text_it_is_about(database: str) -> None:
    async def story(north: World, south: World) -> None:
        sid = next(text["sid"] for text in north.phone.texts if text["From"] == SOUTH)
        before = await log_of(south)
        await north.carrier_reports(Delivery.UNDELIVERED, sid)
        assert await log_of(south) == before
        await south.carrier_reports(Delivery.UNDELIVERED, sid)
        assert len(await log_of(south)) > len(before)
        assert await states(north, south) == ["sms_sent", "sms_sent"]

    told(database, story)


def test_a_report_with_another_clinics_key_proves_nothing(database: str) -> None:
    async def story(north: World, south: World) -> None:
        south.phone.instead.append(drops_the_line)
        await south.books(uid="doubt", phone="+12025550155")
        await south.works()
        ((key,),) = [row.values() for row in await south.service.store.database.read("SELECT errand FROM outbox")]
        await north.carrier_reports(Delivery.DELIVERED, "SM" + "9" * 32, key)
        assert await south.errands() == ["ask"]
        await south.carrier_reports(Delivery.DELIVERED, "SM" + "9" * 32, key)
        assert await south.errands() == []

    told(database, story)


def test_reconcile_takes_in_what_its_own_calendar_shows(database: str) -> None:
    async def story(north: World, south: World) -> None:
        north.calendar.statuses[UID] = "cancelled"
        south.books_unheard(uid="unheard")
        done = [(await one.catches_up())[0] for one in (north, south, north, south)]
        assert [(one.taken_in, one.settled) for one in done] == [(0, 1), (1, 0), (0, 0), (0, 0)]
        assert await states(north, south) == ["cancelled", "sms_sent"]
        assert await south.state("unheard") == "requested"

    told(database, story)


def test_what_the_calendar_of_one_says_is_nothing_to_the_other(database: str) -> None:
    async def story(north: World, south: World) -> None:
        await south.calendar_says(Settlement.CANCELLED)
        assert await states(north, south) == ["sms_sent", "cancelled"]

    told(database, story)


def test_each_expires_by_its_own_rules(database: str) -> None:
    async def story(north: World, south: World) -> None:
        north.clock.passes(hours=49)
        await expiry_job.run(north.service.store, north.clock())
        await north.works()
        assert await states(north, south) == ["expired", "expired"]
        assert (north.calendar.statuses[UID], south.calendar.statuses[UID]) == ("pending", "cancelled")

    told(database, story, on_expiry=OnExpiry.CANCEL)


def test_an_account_that_refuses_one_clinic_is_not_shut_for_the_other(database: str) -> None:
    async def story(north: World, south: World) -> None:
        await north.books(uid="next", phone="+12025550156")
        north.phone.instead.append(refuses(401, 20003))
        await north.works()
        await south.books(uid="next", phone="+12025550156")
        await south.works()
        assert len(north.phone.said_by(SOUTH)) == 2
        assert len(north.phone.said_by(NORTH)) == 1

    told(database, story)


# -- A clinic that the settings do not know any more ------------------------------------------------------------------


def test_what_belongs_to_a_clinic_that_has_gone_stays_as_it_is_and_can_be_seen(database: str) -> None:
    async def run() -> None:
        both = {NORTH: a_clinic(key="north"), SOUTH: a_clinic(key="south")}
        async with worlds(database, both) as (north, south):
            await asyncio.gather(north.books(), south.books(), south.books(uid="dead", phone="+12025550157"))
            meddle(database, "UPDATE outbox SET status = 'dead' WHERE bookings LIKE '%dead%'")
            clock = north.clock
        async with worlds(database, {NORTH: both[NORTH]}, clock) as (alone,):
            store = alone.service.store
            await alone.works()
            clock.passes(hours=49)
            told, failed = await expiry_job.run(store, clock())
            again, _ = await expiry_job.run(store, clock(), dry_run=True)
            await alone.works()
            assert (told.split(",")[0], failed) == ("1 expired", False)
            assert again.startswith("0 bookings would expire")
            assert await store.views.clinics() == ["north", "south"]
            waiting = {(one.clinic, one.status) for one in await store.views.errands()}
            assert {("south", "due"), ("south", "dead")} == waiting
            assert {one.state for one in await store.views.bookings() if one.clinic == "south"} == {"requested"}
            with pytest.raises(UnknownClinic):
                await alone.service.confirmations.receive("south", alone._taken(), clock())
            await everything_is_replayed(alone)

    asyncio.run(run())


def test_where_its_table_is_put_back_it_goes_on(database: str) -> None:
    async def run() -> None:
        both = {NORTH: a_clinic(key="north"), SOUTH: a_clinic(key="south")}
        async with worlds(database, both) as (north, south):
            await south.books()
        async with worlds(database, {NORTH: both[NORTH]}, north.clock) as (alone,):
            await alone.works()
            assert alone.phone.said == []
        async with worlds(database, both, north.clock) as (_, back):
            back.calendar.statuses[UID] = "pending"
            await back.works()
            assert len(back.phone.said_by(SOUTH)) == 1
            assert await back.replies("YES") == "accepted"
            assert await back.state() == "confirmed"

    asyncio.run(run())
