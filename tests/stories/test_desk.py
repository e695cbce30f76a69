"""A member of staff at the desk: what they do for a patient is done once, in Cal.com too, and stands in the log."""

import asyncio
from datetime import time, timedelta

import pytest

from domain.clinics import OnExpiry
from domain.correspondence import ItemHandled, PhoneShown
from domain.deadlines import from_question
from domain.errors import NotPossible
from domain.facts import Fact
from domain.inbound import ConsentHint
from domain.inbox import Care
from domain.quiet import QuietHours
from tests.examples import NOW, SARAH, START, UID, a_clinic
from tests.stories.world import World, a_world, drops_the_line

pytestmark = pytest.mark.anyio
BOOKING = f"booking-main-{UID}"
NOON = NOW.replace(hour=16)  # in New York, where the patient lives


async def asked(world: World) -> None:
    await world.books()
    world.clock.passes(minutes=1)
    await world.works()


async def who_did(world: World, kind: type[Fact]) -> list[str]:
    stream = world.service.store.ledger.conversation_id("main", SARAH)
    facts = await world.service.store.ledger.history(BOOKING, stream)
    return [getattr(fact, "who", "") for fact in facts if isinstance(fact, kind)]


async def refused(world: World, act: str) -> str:
    with pytest.raises(NotPossible) as refusal:
        await getattr(world.service.desk, act)(BOOKING, "Anna", world.clock())
    return refusal.value.code


async def test_staff_confirms_and_cal_com_follows(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        await world.service.desk.confirm(BOOKING, "Anna", world.clock())
        await world.works()
        assert (await world.state(), world.calendar.statuses[UID]) == ("confirmed", "accepted")
        assert "ConfirmedByStaff" in await world.story()
        assert len(world.phone.said) == 1, "Cal.com writes to the patient, we do not"


async def test_staff_cancels_and_the_reason_does_not_blame_the_patient(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        await world.service.desk.cancel(BOOKING, "Anna", world.clock())
        await world.works()
        assert (await world.state(), world.calendar.statuses[UID]) == ("cancelled", "cancelled")
        assert world.calendar.reasons == ["Cancelled by the clinic"]


async def test_staff_settles_a_booking_that_has_expired(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        world.clock.passes(hours=49)
        assert await world.expiry_runs() == 1
        await world.service.desk.confirm(BOOKING, "Anna", world.clock())
        await world.works()
        assert (await world.state(), world.calendar.statuses[UID]) == ("confirmed", "accepted")


@pytest.mark.parametrize("act", ["confirm", "cancel", "ask_again"])
async def test_nothing_brings_back_a_slot_that_was_given_away(database: str, act: str) -> None:
    async with a_world(database, a_clinic(on_expiry=OnExpiry.CANCEL)) as world:
        await asked(world)
        world.clock.passes(hours=49)
        await world.expiry_runs()
        assert await refused(world, act) in ("slot_gone", "no_phone")
        assert await world.state() == "expired"


@pytest.mark.parametrize("act", ["confirm", "cancel", "ask_again"])
async def test_nothing_is_decided_once_the_appointment_has_begun(database: str, act: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        world.clock.now = START
        assert await refused(world, act) in ("begun", "no_time")


@pytest.mark.parametrize(("one", "other"), [("confirm", "cancel"), ("confirm", "confirm"), ("cancel", "cancel")])
async def test_of_two_people_at_once_the_second_hears_how_it_stands(database: str, one: str, other: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        acts = [getattr(world.service.desk, act)(BOOKING, act, world.clock()) for act in (one, other)]
        ends = await asyncio.gather(*acts, return_exceptions=True)
        await world.works()
        if one == other:
            assert sorted(isinstance(end, NotPossible) for end in ends) == [False, True]
        ours = {"confirmed": "accepted", "cancelled": "cancelled"}[await world.state()]
        assert world.calendar.statuses[UID] == ours


async def test_a_patient_who_answers_after_staff_is_told_how_it_stands(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        await world.service.desk.confirm(BOOKING, "Anna", world.clock())
        await world.replies("YES")
        await world.works()
        assert await world.outcomes() == ["repeated"]


# -- Ask again ----------------------------------------------------------------------------------------------------


async def test_asked_again_the_patient_gets_the_question_once_more_and_may_answer(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        world.clock.passes(hours=1)
        await world.service.desk.ask_again(BOOKING, "Anna", world.clock())
        await world.works()
        assert len(world.phone.said) == 2
        await world.replies("YES")
        await world.works()
        assert (await world.state(), world.calendar.statuses[UID]) == ("confirmed", "accepted")


async def test_an_expired_booking_that_is_asked_again_has_new_deadlines(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        world.clock.passes(hours=49)
        await world.expiry_runs()
        await world.service.desk.ask_again(BOOKING, "Anna", world.clock())
        assert await world.state() == "requested"
        await world.works()
        booking = await world.service.store.ledger.booking(BOOKING)
        assert booking is not None
        dates = from_question(world.clock(), START, a_clinic(), booking.time_zone)
        assert (await world.state(), booking.expire_at) == ("sms_sent", dates.expire_at)
        await world.replies("no")
        assert await world.state() == "cancelled"


async def test_an_answer_before_the_new_question_has_left_still_counts(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        await world.replies("banana")
        await world.service.desk.ask_again(BOOKING, "Anna", world.clock())
        await world.replies("yes")
        await world.works()
        assert await world.state() == "confirmed"
        assert not [said for said in world.phone.said[1:] if "Reply YES to confirm" in said]


@pytest.mark.parametrize("times", [2, 5])
async def test_however_often_somebody_clicks_one_question_leaves(database: str, times: int) -> None:
    async with a_world(database) as world:
        await asked(world)
        clicks = [world.service.desk.ask_again(BOOKING, "Anna", world.clock()) for _ in range(times)]
        ends = await asyncio.gather(*clicks, return_exceptions=True)
        assert [getattr(end, "code", "") for end in ends].count("on_its_way") == times - 1
        await world.works()
        assert len(world.phone.said) == 2


async def test_a_question_in_doubt_is_looked_up_before_another_is_sent(database: str) -> None:
    async with a_world(database) as world:
        world.phone.instead = [drops_the_line]
        await asked(world)
        assert await refused(world, "ask_again") == "on_its_way"


async def test_asked_again_at_night_the_question_waits_for_the_morning(database: str) -> None:
    async with a_world(database, a_clinic(quiet_hours=QuietHours(time(21), time(8)))) as world:
        world.clock.now = NOON
        await asked(world)
        world.clock.passes(hours=10)
        await world.service.desk.ask_again(BOOKING, "Anna", world.clock())
        await world.works()
        assert len(world.phone.said) == 1
        world.clock.passes(hours=11)
        await world.works()
        assert len(world.phone.said) == 2


async def test_who_has_opted_out_is_not_asked_again(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        await world.replies("STOP", hint=ConsentHint.STOP)
        assert await refused(world, "ask_again") == "opted_out"


async def test_without_a_phone_nobody_can_be_asked(database: str) -> None:
    async with a_world(database) as world:
        await world.books(phone=None)
        assert await refused(world, "ask_again") == "no_phone"


# -- The inbox ----------------------------------------------------------------------------------------------------


async def care_of(world: World) -> list[str]:
    return [entry.item.care for entry in await world.service.store.desk_views.items_of(BOOKING)]


async def unclear(world: World) -> None:
    await asked(world)
    await world.replies("is there parking?")
    await world.replies("hello?")
    await world.replies("anybody?")
    assert await care_of(world) == ["open"]


@pytest.mark.parametrize("act", ["confirm", "cancel", "ask_again"])
async def test_what_staff_does_for_a_booking_settles_its_items(database: str, act: str) -> None:
    async with a_world(database) as world:
        await unclear(world)
        await world.works()
        await getattr(world.service.desk, act)(BOOKING, "Anna", world.clock())
        assert await care_of(world) == ["done"]
        assert await who_did(world, ItemHandled) == ["Anna"]


async def test_an_item_is_taken_done_and_opened_again_by_name(database: str) -> None:
    async with a_world(database) as world:
        await unclear(world)
        (entry,) = await world.service.store.desk_views.items_of(BOOKING)
        for care in (Care.CALLING, Care.DONE, Care.OPEN):
            await world.service.desk.take_care(entry.item.stream, entry.item.version, care, "Anna", world.clock())
            assert await care_of(world) == [care]
        assert await who_did(world, ItemHandled) == ["Anna"] * 3


async def test_what_somebody_else_has_done_meanwhile_is_a_world(database: str) -> None:
    async with a_world(database) as world:
        await unclear(world)
        (entry,) = await world.service.store.desk_views.items_of(BOOKING)
        item = (entry.item.stream, entry.item.version, Care.DONE)
        acts = [world.service.desk.take_care(*item, who, world.clock()) for who in ("Anna", "Ben")]
        ends = await asyncio.gather(*acts, return_exceptions=True)
        assert sorted(getattr(end, "code", "") for end in ends) == ["", "same"]
        assert len(await who_did(world, ItemHandled)) == 1


async def test_to_see_the_whole_phone_number_is_a_fact(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        assert await world.service.desk.show_phone(BOOKING, "Anna", world.clock()) == SARAH
        assert await who_did(world, PhoneShown) == ["Anna"]


# -- What is counted ----------------------------------------------------------------------------------------------


async def test_a_day_in_numbers(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        world.clock.passes(minutes=4)
        for words in ("banana", "YES"):
            await world.replies(words)
            await world.works()
        span = (NOW - timedelta(days=1), NOW + timedelta(days=1))
        rows = await world.service.store.desk_views.numbers("main", span)
        counted = {name: sum(row[name] for row in rows) for name in rows[0] if name not in ("clinic", "slot")}
        assert {name: count for name, count in counted.items() if count} == {
            "requested": 1,
            "confirmed": 1,
            "heard": 2,
            "decided": 1,
            "unclear": 1,
            "within_5m": 1,
            "texts": 3,
            "segments": 3,
        }
