"""What webhooks missed is taken in afterwards, and ends as if nothing had been missed."""

from datetime import timedelta

import pytest

from domain.inbound import Settlement
from tests.examples import START, UID
from tests.stories.world import World, told

STILL_PENDING = "Cal.com still shows this booking as pending, and it was settled here: please look."


def test_a_booking_whose_webhook_was_lost_is_asked(database: str) -> None:
    async def story(world: World) -> None:
        world.books_unheard()
        reconciled, _ = await world.catches_up()
        await world.works()
        assert (reconciled.taken_in, reconciled.problems) == (1, [])
        assert len(world.phone.said) == 1
        await world.replies("YES")
        await world.works()
        assert world.calendar.statuses[UID] == "accepted"

    told(database, story)


def test_catching_up_again_changes_nothing(database: str) -> None:
    async def story(world: World) -> None:
        world.books_unheard()
        await world.catches_up()
        await world.works()
        facts = await world.story()
        reconciled, swept = await world.catches_up()
        assert (reconciled.taken_in, reconciled.settled, swept.heard) == (0, 0, 0)
        assert await world.story() == facts

    told(database, story)


def test_a_webhook_that_comes_after_all_is_a_duplicate(database: str) -> None:
    async def story(world: World) -> None:
        world.books_unheard()
        await world.catches_up()
        assert await world.books() == "duplicate"

    told(database, story)


@pytest.mark.parametrize(
    ("theirs", "ours"), [("accepted", "confirmed"), ("cancelled", "cancelled"), ("rejected", "cancelled")]
)
def test_a_booking_that_the_host_settled_unheard_is_settled(database: str, theirs: str, ours: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.calendar.statuses[UID] = theirs
        reconciled, _ = await world.catches_up()
        assert (reconciled.settled, await world.state()) == (1, ours)
        await world.works()
        assert len(world.phone.said) == 1

    told(database, story)


def test_a_confirmed_booking_that_the_host_cancelled_unheard_is_cancelled(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        await world.works()
        world.calendar.statuses[UID] = "cancelled"
        await world.catches_up()
        assert await world.state() == "cancelled"

    told(database, story)


def test_a_decision_whose_call_is_still_owed_is_left_to_that_call(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("NO")
        reconciled, _ = await world.catches_up()
        assert (reconciled.looked_at, await world.state()) == (0, "cancelled")
        await world.works()
        assert world.calendar.statuses[UID] == "cancelled"

    told(database, story)


def test_the_hosts_word_is_believed_for_a_minute_before_the_calendar_shows_it(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.calendar_says(Settlement.CANCELLED, told_at=world.clock())
        await world.catches_up()
        assert await world.state() == "cancelled"
        world.clock.passes(minutes=2)
        await world.catches_up()
        assert await world.staff() == [
            "Cal.com still shows this booking as pending, and it was settled here: please look."
        ]
        await world.catches_up()
        assert len(await world.staff()) == 1

    told(database, story)


def test_a_booking_that_the_calendar_does_not_know_is_left_alone(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        del world.calendar.statuses[UID]
        reconciled, _ = await world.catches_up()
        assert (reconciled.problems, await world.state()) == ([], "requested")

    told(database, story)


def test_a_calendar_that_does_not_answer_is_told_and_changes_nothing(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        facts = await world.story()
        world.calendar.down = True
        reconciled, swept = await world.catches_up()
        assert len(reconciled.problems) == 1
        assert swept.problems == []
        assert await world.story() == facts

    told(database, story)


def test_every_settled_booking_gets_its_turn_however_few_are_looked_at_in_one_run(database: str) -> None:
    async def story(world: World) -> None:
        for number in range(5):
            await world.books(uid=f"uid{number}", phone=f"+1202555017{number}")
            await world.calendar_says(Settlement.CONFIRMED, f"uid{number}")
            world.calendar.statuses[f"uid{number}"] = "cancelled"
        for _ in range(3):
            reconciled, _ = await world.catches_up(most=2)
            assert reconciled.looked_at == 2
            world.clock.passes(minutes=5)
        assert {await world.state(f"uid{number}") for number in range(5)} == {"cancelled"}

    told(database, story)


def test_a_yes_whose_webhook_was_lost_confirms(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(minutes=5)
        world.phone.misses("YES")
        world.clock.passes(minutes=5)
        _, swept = await world.catches_up()
        await world.works()
        assert (swept.seen, swept.heard) == (1, 1)
        assert world.calendar.statuses[UID] == "accepted"
        assert world.phone.said[1:] == ["Confirmed. See you Tuesday!"]
        assert (await world.catches_up())[1].heard == 0

    told(database, story)


def test_a_yes_that_comes_late_after_a_newer_no_is_staffs(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(minutes=5)
        world.phone.misses("YES")
        world.clock.passes(minutes=5)
        await world.replies("NO")
        await world.catches_up()
        await world.works()
        assert await world.state() == "cancelled"
        assert await world.staff() == ["A text that reached us late, after newer ones: please read it."]

    told(database, story)


def test_a_text_that_was_sent_before_the_question_does_not_answer_it(database: str) -> None:
    async def story(world: World) -> None:
        world.clock.passes(minutes=1)
        world.phone.misses("YES")
        world.clock.passes(minutes=5)
        await world.books()
        await world.works()
        await world.catches_up()
        assert await world.state() == "sms_sent"
        assert len(await world.staff()) == 1

    told(database, story)


def test_a_stop_counts_however_late_it_comes(database: str) -> None:
    async def story(world: World) -> None:
        world.clock.passes(minutes=1)
        world.phone.misses("STOP")
        world.clock.passes(minutes=5)
        await world.books()
        await world.works()
        await world.catches_up()
        assert (await world.conversation()).opted_out

    told(database, story)


def test_nothing_from_before_the_installation_is_swept(database: str) -> None:
    async def story(world: World) -> None:
        world.clock.passes(minutes=-5)
        world.phone.misses("YES")
        world.clock.passes(minutes=10)
        _, swept = await world.catches_up()
        assert swept.seen == 0

    told(database, story)


def test_an_outage_in_which_every_webhook_was_lost_ends_in_the_right_state(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(hours=1)
        world.books_unheard(uid="bkTom1", phone="+12025550177", starts_at=START + timedelta(days=1))
        world.phone.misses("yes please")
        await world.books(uid="bkAnn1", phone="+12025550178")
        world.calendar.statuses["bkAnn1"] = "cancelled"
        world.clock.passes(hours=5)
        await world.catches_up()
        await world.works()
        states = [await world.state(uid) for uid in (UID, "bkTom1", "bkAnn1")]
        assert states == ["confirmed", "sms_sent", "cancelled"]
        assert world.calendar.statuses[UID] == "accepted"

    told(database, story)
