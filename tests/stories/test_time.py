"""Whole stories over days: when the question leaves, when the patient is reminded, when we give up. The clock is
frozen, and moved by the story."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from freezegun import freeze_time

from adapters.storage import opening
from domain.clinics import OnExpiry
from domain.inbound import Delivery, Settlement
from domain.quiet import QuietHours
from tests.examples import NOW, START, UID, a_clinic
from tests.stories.world import Clock, World, a_world, refuses

NIGHT = QuietHours(time(21), time(8))
REMINDER = (
    "Cal.com Clinic: Hi Sarah! Please confirm your appointment with Dr. Lee on Tue 12 May at 10:30 am. "
    "Reply YES to confirm, NO to cancel."
)
FAR = START + timedelta(days=30)
NEAR = [
    (0, "today at 10:30 am", "today"),
    (1, "tomorrow at 10:30 am", "tomorrow"),
    (2, "on Tue 12 May at 10:30 am", "Tuesday"),
]
Story = Callable[[World], Coroutine[Any, Any, None]]


class FrozenClock(Clock):
    """The machine's own clock, which stands still until the story moves it."""

    def __init__(self, frozen: Any) -> None:
        self._frozen = frozen

    def __call__(self) -> datetime:
        return datetime.now(UTC)

    def passes(self, **time: float) -> None:
        self._frozen.tick(timedelta(**time))


def lived(database: str, story: Story, begins_at: datetime = NOW, **clinic: object) -> None:
    """Run a story in a new world, from this moment on. With a server the clock is one that is handed over: freezing
    the machine's own would stop the pool of connections, which waits by it."""

    async def run(clock: Clock) -> None:
        async with a_world(database, a_clinic(**clinic), clock) as world:
            await story(world)

    if opening.is_file(database):
        with freeze_time(begins_at, real_asyncio=True) as frozen:
            asyncio.run(run(FrozenClock(frozen)))
    else:
        asyncio.run(run(Clock(begins_at)))


async def hours_pass(world: World, hours: int) -> None:
    """As they do for a worker: the job runs, and what is due is carried out, every hour."""
    for _ in range(hours):
        world.clock.passes(hours=1)
        await world.expiry_runs()
        await world.reminders_run()
        await world.works()


def test_silence_is_reminded_once_and_then_given_up(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await hours_pass(world, 23)
        assert len(world.phone.said) == 1
        await hours_pass(world, 1)
        assert world.phone.said[1:] == [REMINDER]
        await hours_pass(world, 23)
        assert await world.state() == "sms_sent"
        await hours_pass(world, 1)
        assert await world.state() == "expired"
        assert await world.staff() == ["The patient did not answer in time."]
        await hours_pass(world, 3)
        assert len(world.phone.said) == 2

    lived(database, story)


def test_an_answer_to_the_reminder_decides(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await hours_pass(world, 25)
        await world.replies("yes")
        await world.works()
        assert (await world.state(), world.calendar.statuses[UID]) == ("confirmed", "accepted")
        assert world.phone.said[2:] == ["Confirmed. See you Tuesday!"]

    lived(database, story)


def test_an_answer_just_before_the_expiry_counts(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=48, seconds=-1)
        await world.replies("YES")
        world.clock.passes(seconds=1)
        assert await world.expiry_runs() == 0
        assert await world.state() == "confirmed"

    lived(database, story)


@pytest.mark.parametrize("words", ["YES", "NO"])
def test_an_answer_during_the_run_of_the_job_makes_one_outcome(database: str, words: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=24)
        await asyncio.gather(world.reminders_run(), world.replies(words), world.reminders_run())
        await world.works()
        assert await world.state() in ("confirmed", "cancelled")
        assert len([said for said in world.phone.said if "Please confirm" in said]) == 0

    lived(database, story)


def test_a_reminder_that_is_queued_is_withdrawn_in_the_commit_of_the_answer(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=24)
        assert await world.reminders_run() == 1
        assert await world.errands() == ["remind"]
        await world.replies("NO")
        assert await world.errands() == ["cancel_in_calendar"]

    lived(database, story)


@pytest.mark.parametrize("how", [Settlement.CONFIRMED, Settlement.CANCELLED, Settlement.REJECTED])
def test_a_reminder_that_is_queued_is_withdrawn_when_the_host_settles_the_booking(
    database: str, how: Settlement
) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=24)
        await world.reminders_run()
        await world.calendar_says(how)
        assert await world.errands() == []

    lived(database, story)


def test_a_stop_withdraws_every_question_that_is_queued(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=24)
        await world.reminders_run()
        await world.books(uid="bkSarah2", starts_at=START + timedelta(days=1))
        assert sorted(await world.errands()) == ["ask", "remind"]
        await world.replies("STOP")
        assert await world.errands() == []

    lived(database, story)


def test_several_reminders_that_were_missed_are_one(database: str) -> None:
    async def story(world: World) -> None:
        await world.books(starts_at=FAR, ends_at=FAR)
        await world.works()
        world.clock.passes(days=33)
        assert await world.reminders_run() == 1
        assert await world.reminders_run() == 0
        await world.works()
        assert len(world.phone.said) == 2

    lived(database, story, expire_after=timedelta(days=100))


def test_the_ladder_before_a_start_that_is_far_away(database: str) -> None:
    async def story(world: World) -> None:
        async def told_by(moment: datetime) -> int:
            world.clock.passes(seconds=(moment - world.clock()).total_seconds())
            await world.reminders_run()
            await world.works()
            return len(world.phone.said)

        await world.books(starts_at=FAR, ends_at=FAR)
        await world.works()
        due = [NOW + timedelta(hours=24), FAR - timedelta(days=3), FAR - timedelta(days=1)]
        told = [(await told_by(moment - timedelta(seconds=1)), await told_by(moment)) for moment in due]
        assert told == [(1, 2), (2, 3), (3, 4)]
        assert await told_by(FAR - timedelta(hours=3)) == 4

    lived(database, story, expire_after=timedelta(days=100))


def test_a_booking_made_at_night_is_asked_in_the_morning(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await hours_pass(world, 8)
        assert world.phone.said == []
        await hours_pass(world, 2)
        assert len(world.phone.said) == 1
        assert world.clock() == datetime(2026, 5, 8, 12, 0, tzinfo=UTC)  # eight in the morning in New York

    lived(database, story, datetime(2026, 5, 8, 2, 0, tzinfo=UTC), quiet_hours=NIGHT)


def test_a_question_that_was_held_up_until_night_waits_for_the_morning(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead += [refuses(429, 20429)] * 3
        await world.books()
        await world.works()
        world.clock.passes(minutes=2)
        await world.works()
        assert world.phone.said == []
        assert world.clock() > datetime(2026, 5, 9, 1, 0, tzinfo=UTC)
        world.phone.instead.clear()
        await hours_pass(world, 10)
        assert world.phone.said == []
        await hours_pass(world, 1)
        assert len(world.phone.said) == 1

    lived(database, story, datetime(2026, 5, 9, 0, 59, tzinfo=UTC), quiet_hours=NIGHT)


def test_a_question_that_leaves_late_gives_the_same_time_to_answer(database: str) -> None:
    async def story(world: World) -> None:
        await world.books(starts_at=FAR, ends_at=FAR)
        world.clock.passes(hours=40)
        await world.works()
        assert "DeadlinesSet" in await world.story()
        await hours_pass(world, 47)
        assert await world.state() == "sms_sent"
        await hours_pass(world, 1)
        assert await world.state() == "expired"

    lived(database, story)


def test_an_answer_at_night_is_acknowledged_at_once(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=17)
        await world.replies("banana")
        await world.works()
        await world.replies("YES")
        await world.works()
        assert world.phone.said[1:] == ["Sorry — please reply YES or NO.", "Confirmed. See you Tuesday!"]

    lived(database, story, datetime(2026, 5, 8, 12, 0, tzinfo=UTC), quiet_hours=NIGHT)


def test_an_appointment_before_the_patient_may_be_texted_is_staffs(database: str) -> None:
    async def story(world: World) -> None:
        start = datetime(2026, 5, 8, 11, 30, tzinfo=UTC)  # half past seven in New York
        await world.books(starts_at=start, ends_at=start)
        await hours_pass(world, 8)
        assert world.phone.said == []
        assert (await world.staff())[0] == "The appointment begins before the patient may be texted: please call."

    lived(database, story, datetime(2026, 5, 8, 4, 0, tzinfo=UTC), quiet_hours=NIGHT)


def test_a_question_is_not_delivered_into_the_night(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        assert world.phone.texts[0]["ValidityPeriod"] == "1800"

    lived(database, story, datetime(2026, 5, 9, 0, 30, tzinfo=UTC), quiet_hours=NIGHT)


def test_a_patient_who_opted_out_is_not_expired_into_a_cancellation(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("STOP")
        await hours_pass(world, 50)
        assert (await world.state(), world.calendar.statuses[UID]) == ("expired", "pending")
        assert (await world.staff())[-1] == "The patient was never reached: please call."

    lived(database, story, on_expiry=OnExpiry.CANCEL)


def test_a_patient_whom_no_text_reached_is_not_expired_into_a_cancellation(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.carrier_reports(Delivery.UNDELIVERED, error="30006")
        await hours_pass(world, 50)
        assert (await world.state(), world.calendar.statuses[UID]) == ("expired", "pending")

    lived(database, story, on_expiry=OnExpiry.CANCEL)


def test_one_reminder_names_everything_that_is_open_on_the_phone(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(uid="bkSarah2", starts_at=START + timedelta(days=1), ends_at=START + timedelta(days=1))
        await world.works()
        world.clock.passes(hours=24)
        assert await world.reminders_run() == 2
        await world.works()
        assert len(world.phone.said) == 2
        assert "1) Tue 12 May at 10:30 am with Dr. Lee 2) Wed 13 May" in world.phone.said[1]
        await world.replies("YES")
        assert [await world.state(UID), await world.state("bkSarah2")] == ["confirmed", "confirmed"]

    lived(database, story)


def test_a_reminder_in_doubt_is_looked_up_and_not_sent_again(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=24)
        await world.reminders_run()

        def accepts_and_drops_the_line(request: Any) -> Any:
            world.phone.accept(request)
            return refuses(502, 20500)(request)

        world.phone.instead.append(accepts_and_drops_the_line)
        await world.works()
        world.clock.passes(minutes=1)
        await world.works()
        assert (world.phone.sends, len(world.phone.said), await world.errands()) == (2, 2, [])

    lived(database, story)


@pytest.mark.parametrize(("days", "when", "day"), NEAR)
def test_a_day_that_is_near_is_called_by_its_name(database: str, days: int, when: str, day: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        assert f"with Dr. Lee {when}?" in world.phone.said[0]
        await world.replies("YES")
        await world.works()
        assert world.phone.said[1] == f"Confirmed. See you {day}!"

    lived(database, story, datetime(2026, 5, 12 - days, 5, 0, tzinfo=UTC))


def test_a_rescheduled_booking_is_asked_anew_and_the_old_one_falls_silent(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.books(uid="bkSarah2", starts_at=START + timedelta(days=1), ends_at=START + timedelta(days=1))
        world.calendar.statuses[UID] = "cancelled"  # without a webhook, and the new one does not name it
        await world.works()
        assert "Wed 13 May" in world.phone.said[1]
        assert "Tue 12 May" not in world.phone.said[1]
        assert await world.state(UID) == "cancelled"
        await hours_pass(world, 24)
        assert "Tue 12 May" not in world.phone.said[2]

    lived(database, story)


def test_a_booking_that_is_moved_by_a_patient_who_is_abroad_is_asked_on_the_clock_there(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        abroad = {"time_zone": "Asia/Tokyo", "starts_at": FAR, "ends_at": FAR + timedelta(hours=1)}
        await world.books(**abroad, told_at=world.clock())
        await hours_pass(world, 12)
        assert await world.state() == "sms_sent"
        assert world.phone.said[1].count("Thu 11 Jun at 11:30 pm") == 1

    lived(database, story)
