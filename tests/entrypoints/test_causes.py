"""Each fact is told with what led to it."""

import asyncio

import pytest

from domain.inbound import ConsentHint, Delivery
from entrypoints import audit
from entrypoints.causes import causes
from tests.examples import UID
from tests.stories.world import World, a_world


async def why(world: World) -> dict[str, str]:
    """The cause of each fact of the booking, by the fact's name; of several of one name, the last."""
    (story,) = await audit.stories(world.service.store, UID)
    told = {}
    for event in story.events:
        because = event["because"]
        told[event["event"]] = f"{because['source']} {because.get('event', '')}".strip()
    return told


async def asked(world: World) -> None:
    await world.books()
    world.clock.passes(minutes=1)
    await world.works()


@pytest.mark.anyio
async def test_from_the_webhook_to_the_acknowledgement(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        await world.carrier_reports(Delivery.DELIVERED)
        await world.replies("banana")
        await world.works()
        await world.replies("yes")
        await world.works()
        assert await why(world) == {
            "requested": "calendar",
            "booking_joined": "us requested",
            "question_asked": "us booking_joined",
            "question_put": "us booking_joined",
            "sms_sent": "us booking_joined",
            "delivery_reported": "carrier booking_joined",
            "heard": "patient",
            "reply_unclear": "patient heard",
            "confirmed": "patient heard",
            "calendar_agreed": "us confirmed",
            "text_sent": "us confirmed",
        }


@pytest.mark.anyio
async def test_what_the_clock_and_staff_do(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        world.clock.passes(hours=25)
        await world.reminders_run()
        await world.works()
        world.clock.passes(hours=25)
        await world.expiry_runs()
        await world.service.desk.cancel(f"booking-main-{UID}", "Anna", world.clock())
        await world.works()
        told = await why(world)
        assert (told["reminder_due"], told["expired"], told["cancelled_by_staff"]) == ("clock", "clock", "staff")
        assert (told["question_asked"], told["handed_to_staff"]) == ("us reminder_due", "us expired")
        assert (told["item_handled"], told["calendar_agreed"]) == ("staff", "us cancelled_by_staff")


@pytest.mark.anyio
async def test_an_opt_out_by_text_and_one_by_the_carrier(database: str) -> None:
    async with a_world(database) as world:
        await asked(world)
        await world.replies("STOP", hint=ConsentHint.STOP)
        stream = world.service.store.ledger.conversation_id("main", (await world.conversation()).phone.readable)
        facts = await world.service.store.ledger.facts(stream)
        told = {type(fact).__name__: cause for fact, cause in zip(facts, causes(facts), strict=True)}
        assert type(told["OptedOut"].fact).__name__ == "Heard"


def test_lines_tell_the_cause(database: str) -> None:
    async def run() -> list[str]:
        async with a_world(database) as world:
            await asked(world)
            return audit.lines((await audit.stories(world.service.store, UID))[0])

    assert asyncio.run(run())[1].endswith("because=calendar")
