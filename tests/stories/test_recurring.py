"""Recurring bookings: Cal.com confirms a whole pending series with one call, and cancels one date at a time."""

from datetime import timedelta

from tests.examples import START
from tests.stories.world import World, told

DATES = ["week0", "week1", "week2"]


async def books_a_series(world: World) -> None:
    world.calendar.series["series"] = DATES
    for number, uid in enumerate(DATES):
        start = START + timedelta(weeks=number)
        await world.books(uid=uid, starts_at=start, ends_at=start, recurring=True)
    await world.works()


async def passes(world: World, seconds: int) -> None:
    for _ in range(0, seconds, 5):
        world.clock.passes(seconds=5)
        await world.works()


def acts(world: World) -> list[str]:
    """Without the names of those dates that were confirmed: whichever of them makes the call, it is for all."""
    return ["confirm" if act.endswith("/confirm") else act for act in world.calendar.acts]


def test_a_series_is_one_question_one_confirmation_and_one_acknowledgement(database: str) -> None:
    async def story(world: World) -> None:
        await books_a_series(world)
        assert len(world.phone.said) == 1
        await world.replies("YES")
        await world.works()
        await passes(world, 10)
        assert acts(world) == ["confirm"]
        assert set(world.calendar.statuses.values()) == {"accepted"}
        assert len(world.phone.said) == 2
        assert [await world.state(uid) for uid in DATES] == ["confirmed"] * 3

    told(database, story)


def test_what_is_not_wanted_is_cancelled_before_the_rest_of_the_series_is_confirmed(database: str) -> None:
    async def story(world: World) -> None:
        await books_a_series(world)
        await world.replies("YES 1 NO 2 YES 3")
        await world.works()
        await passes(world, 60)
        assert acts(world) == ["DELETE /v2/bookings/week1", "confirm"]
        assert world.calendar.statuses == {"week0": "accepted", "week1": "cancelled", "week2": "accepted"}

    told(database, story)


def test_a_series_is_not_confirmed_while_the_patient_has_not_said_yes_to_each_date(database: str) -> None:
    async def story(world: World) -> None:
        await books_a_series(world)
        await world.replies("YES 1")
        await world.works()
        assert "2) Tue 19 May" in world.phone.said[1]
        assert "1)" not in world.phone.said[1]
        await passes(world, 600)
        assert acts(world) == []
        assert [why.partition(".")[0] for why in await world.staff()] == [
            "The patient said YES to some dates of a recurring booking"
        ]
        await world.replies("yes")
        await world.works()
        await passes(world, 600)
        assert acts(world) == ["confirm"]
        assert [await world.state(uid) for uid in DATES] == ["confirmed"] * 3
        assert await world.errands() == []

    told(database, story)


def test_a_series_that_waited_for_days_is_confirmed_when_its_last_date_is_decided(database: str) -> None:
    async def story(world: World) -> None:
        await books_a_series(world)
        await world.replies("YES 1 YES 2")
        await world.works()
        for _ in range(30):
            world.clock.passes(hours=1)
            await world.works()
        assert len(await world.staff()) == 1
        await world.replies("no")
        await passes(world, 600)
        assert acts(world) == ["DELETE /v2/bookings/week2", "confirm"]
        assert world.calendar.statuses == {"week0": "accepted", "week1": "accepted", "week2": "cancelled"}

    told(database, story)


def test_a_date_that_we_have_not_heard_of_holds_the_series_up_until_it_is_taken_in(database: str) -> None:
    async def story(world: World) -> None:
        await books_a_series(world)
        world.calendar.series["series"] = [*DATES, "week3"]
        start = START + timedelta(weeks=3)
        world.books_unheard(uid="week3", starts_at=start, ends_at=start, recurring=True)
        await world.replies("YES")
        await world.works()
        assert acts(world) == []
        await world.catches_up()
        await world.works()
        await world.replies("YES")
        await passes(world, 600)
        assert acts(world) == ["confirm"]
        assert set(world.calendar.statuses.values()) == {"accepted"}

    told(database, story)
