"""Nobody answers: the expiry job."""

import asyncio
from datetime import timedelta

from domain.clinics import OnExpiry
from domain.inbound import Delivery, Settlement
from tests.stories.world import World, told


def test_an_unanswered_booking_expires_after_its_time_and_stays_in_the_calendar(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=47)
        assert await world.expiry_runs() == 0
        world.clock.passes(hours=1)
        assert await world.expiry_runs() == 1
        assert await world.expiry_runs() == 0
        await world.works()
        assert await world.state() == "expired"
        assert world.calendar.statuses["bkSarah1"] == "pending"
        assert await world.staff() == ["The patient did not answer in time."]

    told(database, story)


def test_an_expiry_frees_the_slot_where_the_clinic_wants_that(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=48)
        await world.expiry_runs()
        await world.works()
        assert await world.state() == "expired"
        assert world.calendar.statuses["bkSarah1"] == "cancelled"
        assert world.calendar.reasons == ["No answer to the confirmation SMS in time"]
        assert await world.calendar_says(Settlement.CANCELLED) == "accepted"
        assert await world.state() == "expired"
        assert len(world.phone.said) == 1

    told(database, story, on_expiry=OnExpiry.CANCEL)


def test_a_patient_who_was_never_reached_is_not_cancelled(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.carrier_reports(Delivery.UNDELIVERED, error="30003")
        world.clock.passes(hours=48)
        await world.expiry_runs()
        await world.works()
        assert world.calendar.statuses["bkSarah1"] == "pending"
        assert (await world.staff())[-1] == "The patient was never reached: please call."

    told(database, story, on_expiry=OnExpiry.CANCEL)


def test_an_answer_and_the_expiry_at_once_make_one_outcome(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=48)
        await asyncio.gather(world.replies("YES"), world.expiry_runs())
        await world.works()
        story = await world.story()
        assert ("Confirmed" in story) != ("Expired" in story)

    told(database, story)


def test_two_expiry_runs_at_once_expire_each_booking_once(database: str) -> None:
    async def story(world: World) -> None:
        for number in range(20):
            await world.books(uid=f"bk{number}", phone=f"+120255501{number:02}")
        await world.works()
        world.clock.passes(hours=48)
        counts = await asyncio.gather(world.expiry_runs(), world.expiry_runs())
        assert sum(counts) == 20

    told(database, story)


def test_an_answer_after_the_expiry_is_told_so_and_shown_to_staff(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=49)
        await world.expiry_runs()
        await world.replies("YES")
        await world.works()
        assert await world.state() == "expired"
        assert world.phone.said[1].startswith("Sorry - your appointment on Tue 12 May at 10:30 am was not confirmed")
        assert (await world.staff())[-1] == "The patient's answer came too late (YES): please call."

    told(database, story)


def test_a_booking_made_shortly_before_its_start_stays_open_until_then(database: str) -> None:
    async def story(world: World) -> None:
        world.clock.passes(days=4, hours=4, minutes=30)
        await world.books()
        await world.works()
        assert await world.expiry_runs() == 0
        await world.replies("YES")
        assert await world.state() == "confirmed"

    told(database, story)


def test_an_expiry_does_not_cancel_what_the_host_has_confirmed(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.calendar.statuses["bkSarah1"] = "accepted"
        world.clock.passes(hours=48)
        await world.expiry_runs()
        await world.works()
        assert world.calendar.acts == []
        assert await world.state() == "confirmed"

    told(database, story, on_expiry=OnExpiry.CANCEL)


def test_a_deadline_within_the_same_millisecond_does_not_hold_the_job(database: str) -> None:
    async def story(world: World) -> None:
        world.clock.passes(microseconds=400)
        await world.books()
        world.clock.now += timedelta(hours=48) - timedelta(microseconds=300)
        await world.expiry_runs()

    told(database, story)
