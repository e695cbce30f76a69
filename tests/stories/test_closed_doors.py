"""A carrier or a calendar that refuses our account is not hammered; one that asks for a pause gets it; a sender that
may only send so fast has a queue, and the queue is ours."""

import httpx

from tests.stories.world import World, refuses, told

SUSPENDED = refuses(401, 20003)
CARRIER_CLOSED = "The SMS carrier refuses our account (20003): all texts wait until that is mended."


async def _books_ten(world: World) -> None:
    for number in range(10):
        await world.books(uid=f"uid{number}", phone=f"+1202555017{number}")


def test_a_refused_account_is_told_to_staff_once_and_not_tried_with_each_text(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead += [SUSPENDED] * 100
        await _books_ten(world)
        await world.works()
        sends = world.phone.sends
        assert sends <= 10
        for _ in range(59):
            world.clock.passes(seconds=1)
            await world.works()
        assert world.phone.sends == sends
        assert await world.staff() == [CARRIER_CLOSED]

    told(database, story)


def test_a_closed_channel_is_tried_with_one_text_and_less_and_less_often(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead += [SUSPENDED] * 100
        await _books_ten(world)
        await world.works()
        tries = []
        for _ in range(60):
            before = world.phone.sends
            world.clock.passes(minutes=1)
            await world.works()
            tries.append(world.phone.sends - before)
        assert set(tries) == {0, 1}
        assert sum(tries) < 10
        assert await world.staff() == [CARRIER_CLOSED]

    told(database, story)


def test_when_the_account_works_again_every_text_leaves_once(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead += [SUSPENDED] * 10
        await _books_ten(world)
        await world.works()
        world.phone.instead.clear()
        for _ in range(20):
            world.clock.passes(minutes=1)
            await world.works()
        assert len(world.phone.said) == 10
        assert len({text["To"] for text in world.phone.texts}) == 10

    told(database, story)


def test_answers_go_to_the_calendar_while_the_carrier_is_closed(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.books(uid="uid1", phone="+12025550171")
        world.phone.instead += [SUSPENDED] * 100
        await world.works()
        await world.replies("YES")
        await world.works()
        assert world.calendar.statuses["bkSarah1"] == "accepted"

    told(database, story)


def test_a_text_that_cannot_leave_for_a_day_is_staffs(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead += [SUSPENDED] * 1000
        await world.books()
        for _ in range(26):
            world.clock.passes(hours=1)
            await world.works()
        assert await world.staff() == [
            CARRIER_CLOSED,
            "A text could not be sent in time (ask: refused: 20003): please call the patient.",
        ]
        assert await world.errands() == ["ask"]

    told(database, story)


def test_a_pause_that_the_calendar_asks_for_holds_for_every_booking(database: str) -> None:
    async def story(world: World) -> None:
        await _books_ten(world)
        await world.works()
        for number in range(10):
            await world.replies("YES", sender=f"+1202555017{number}")
        world.calendar.instead += [lambda _: httpx.Response(429, json={})] * 100
        await world.works()
        acts = len(world.calendar.acts)
        world.calendar.instead.clear()
        world.clock.passes(seconds=59)
        await world.works()
        assert len(world.calendar.acts) == acts
        world.clock.passes(seconds=7)
        await world.works()
        assert list(world.calendar.statuses.values()) == ["accepted"] * 10

    told(database, story)


def test_each_segment_books_the_sender_for_its_time(database: str) -> None:
    async def story(world: World) -> None:
        async def taken_until() -> int:
            found = await world.service.store.database.read("SELECT free_at FROM channels WHERE channel = 'sms'")
            return int(found[0]["free_at"])

        await world.service.store.outbox.take_turn_to_send("main", 0)
        before = await taken_until()
        for number in range(5):
            await world.books(uid=f"uid{number}", phone=f"+1202555017{number}", patient_name="Ève-Łucja Åström")
        while len(world.phone.said) < 5:
            await world.works()
        two_segments_each = 5 * 2 * 10
        assert await taken_until() - before >= two_segments_each

    told(database, story, sms_per_second=100)


def test_a_text_far_behind_others_is_given_back(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        (claimed,) = await world.service.store.outbox.claim(world.clock(), 1)
        await world.service.store.outbox.take_turn_to_send("main", 60)
        await world.service.worker.carry_out(claimed)
        assert (world.phone.sends, await world.errands()) == (0, ["ask"])
        assert await world.service.worker.claim() == []

    told(database, story, sms_per_second=1)
