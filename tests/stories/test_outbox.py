"""What a person does about an errand that is stuck."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from domain.errors import NotPossible
from domain.handling import Handling, Standing
from domain.ledger import GivenUp
from tests.databases import meddle, seen
from tests.stories.world import World, drops_the_line, refuses, told


def hands(world: World) -> Handling:
    store = world.service.store
    return Handling(world.service.text_outcomes, store.outbox, store.views)


async def the_errand(world: World) -> str:
    [row] = await world.service.store.views.errands()
    return row.errand


async def standing(world: World) -> tuple[str, bool]:
    """The one errand's status, and whether it is in doubt."""
    [row] = await world.service.store.views.errands()
    return row.status, row.attempted_at is not None


async def a_question_in_doubt(world: World) -> str:
    """The line was dropped when the question left, and the carrier's list never shows it; nobody tries any more."""
    world.phone.instead.append(drops_the_line)
    await world.books()
    for _ in range(5):
        await world.works()
        world.clock.passes(minutes=5)
    assert await standing(world) == ("dead", True)
    return await the_errand(world)


async def handled(world: World) -> list[str]:
    """What people did, as the conversation's facts tell."""
    stream = (await world.conversation()).id
    facts = await world.service.store.ledger.facts(stream)
    return [f"{fact.kind} {fact.how} {fact.bookings}" for fact in facts if type(fact).__name__ == "ErrandHandled"]


async def refused(act: Coroutine[Any, Any, None]) -> str:
    with pytest.raises(NotPossible) as problem:
        await act
    return str(problem.value)


def test_a_text_that_was_surely_not_sent_is_sent_once(database: str) -> None:
    async def story(world: World) -> None:
        await hands(world).unsent(await a_question_in_doubt(world), "Anna", world.clock())
        assert await standing(world) == ("due", False)
        await world.works()
        world.clock.passes(days=1)
        await world.works()
        assert world.phone.sends == 2
        assert len(world.phone.said) == 1
        assert (await world.story()).count("QuestionPut") == 1
        assert await handled(world) == ["ask unsent ['booking-main-bkSarah1']"]

    told(database, story)


def test_before_it_is_sent_again_nobody_can_answer_it(database: str) -> None:
    async def story(world: World) -> None:
        await hands(world).unsent(await a_question_in_doubt(world), "Anna", world.clock())
        await world.replies("YES")
        assert await world.state() == "requested"
        await world.works()
        await world.replies("YES")
        assert await world.state() == "confirmed"

    told(database, story)


def test_a_text_that_was_surely_sent_can_be_answered(database: str) -> None:
    async def story(world: World) -> None:
        await hands(world).sent(await a_question_in_doubt(world), "Anna", world.clock())
        assert await world.state() == "sms_sent"
        assert await world.errands() == []
        assert await handled(world) == ["ask sent ['booking-main-bkSarah1']"]
        await world.replies("YES")
        assert await world.state() == "confirmed"
        await world.works()
        assert world.phone.said == ["Confirmed. See you Tuesday!"]

    told(database, story)


def test_an_acknowledgement_that_was_surely_sent_is_told_by_its_booking(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        world.phone.instead.append(drops_the_line)
        await world.works()
        await hands(world).sent(await the_errand(world), "Anna", world.clock())
        assert (await world.story())[-2:] == ["TextSent", "ErrandHandled"]
        assert await world.errands() == []

    told(database, story)


@pytest.mark.parametrize("one", ["sent", "unsent", "retry"])
def test_of_two_people_with_the_same_news_one_is_the_first(database: str, one: str) -> None:
    async def story(world: World) -> None:
        await only_one_wins(world, one, one)

    told(database, story)


def test_of_two_people_with_opposite_news_one_wins(database: str) -> None:
    async def story(world: World) -> None:
        await only_one_wins(world, "sent", "unsent")

    told(database, story)


async def only_one_wins(world: World, one: str, other: str) -> None:
    key = await a_question_in_doubt(world)
    acts = [getattr(hands(world), act)(key, "Anna", world.clock()) for act in (one, other)]
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome] == [NotPossible]
    assert len(await handled(world)) == 1


def test_a_dead_errand_that_was_never_tried_is_sent(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        [claimed] = await world.service.worker.claim()
        await world.service.store.outbox.give_up(GivenUp(claimed, "a stumble"))
        world.clock.passes(hours=25)
        await world.works()
        assert world.phone.said == []
        await hands(world).retry(await the_errand(world), "Anna", world.clock())
        await world.works()
        assert len(world.phone.said) == 1
        assert (await world.service.store.views.errands()) == []

    told(database, story)


def test_a_dead_errand_has_another_day_after_a_retry(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        [claimed] = await world.service.worker.claim()
        await world.service.store.outbox.give_up(GivenUp(claimed, "a stumble"))
        world.clock.passes(hours=25)
        await hands(world).retry(await the_errand(world), "Anna", world.clock())
        world.phone.instead.append(refuses(503, 20503))
        world.phone.instead.append(refuses(429, 20429))
        await world.works()
        assert (await standing(world))[0] == "due"

    told(database, story)


def test_a_retry_of_what_is_in_doubt_looks_it_up_and_never_sends_it(database: str) -> None:
    async def story(world: World) -> None:
        key = await a_question_in_doubt(world)
        await hands(world).retry(key, "Anna", world.clock())
        await world.works()
        assert await standing(world) == ("dead", True)
        assert world.phone.sends == 1

    told(database, story)


def test_a_retry_finds_what_the_carrier_lists_by_now(database: str) -> None:
    async def story(world: World) -> None:
        key = await a_question_in_doubt(world)
        [row] = await world.service.store.views.errands()
        sent_at = row.attempted_at.strftime("%a, %d %b %Y %H:%M:%S +0000") if row.attempted_at else ""
        listed = {"To": (await world.conversation()).phone.readable, "Body": row.text, "at": sent_at}
        world.phone.texts.append({**listed, "sid": "SM" + "d" * 32})
        await hands(world).retry(key, "Anna", world.clock())
        await world.works()
        assert await world.state() == "sms_sent"
        assert world.phone.sends == 1

    told(database, story)


def test_what_waits_for_its_time_is_tried_at_once(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(refuses(429, 20429))
        await world.books()
        await world.works()
        assert world.phone.said == []
        await hands(world).retry(await the_errand(world), "Anna", world.clock())
        await world.works()
        assert len(world.phone.said) == 1

    told(database, story)


def test_what_is_due_already_is_left_alone(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        key = await the_errand(world)
        assert "due already" in await refused(hands(world).retry(key, "Anna", world.clock()))
        assert await handled(world) == []

    told(database, story)


@pytest.mark.parametrize("act", ["sent", "unsent"])
def test_nobody_resolves_what_is_not_in_doubt(database: str, act: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        before = seen(database, "SELECT * FROM outbox")
        key = await the_errand(world)
        assert "not in doubt" in await refused(getattr(hands(world), act)(key, "Anna", world.clock()))
        assert seen(database, "SELECT * FROM outbox") == before

    told(database, story)


@pytest.mark.parametrize("act", ["sent", "unsent", "retry"])
def test_what_a_worker_has_in_hand_is_left_to_it(database: str, act: str) -> None:
    async def story(world: World) -> None:
        key = await a_question_in_doubt(world)
        await hands(world).retry(key, "Anna", world.clock())
        [claimed] = await world.service.worker.claim()
        before = seen(database, "SELECT * FROM outbox")
        assert "a worker's hands" in await refused(getattr(hands(world), act)(key, "Anna", world.clock()))
        assert seen(database, "SELECT * FROM outbox") == before
        assert claimed.errand.key == key

    told(database, story)


@pytest.mark.parametrize("act", ["sent", "unsent"])
def test_a_worker_that_claims_it_in_this_moment_wins(database: str, act: str) -> None:
    async def story(world: World) -> None:
        key = await a_question_in_doubt(world)
        await hands(world).retry(key, "Anna", world.clock())
        facts = seen(database, "SELECT count(*) FROM stored_events")

        class Slow:
            async def standing(self, key: str) -> Standing | None:
                found = await world.service.store.views.standing(key)
                assert await world.service.worker.claim()
                return found

        desk = hands(world)
        desk.shelf = Slow()
        assert "in this moment" in await refused(getattr(desk, act)(key, "Anna", world.clock()))
        assert seen(database, "SELECT count(*) FROM stored_events") == facts
        assert await world.state() == "requested"
        assert (await world.service.store.views.standing(key)) == Standing(is_dead=False, in_hand=True)

    told(database, story)


def test_a_worker_that_overslept_changes_nothing_after_a_person_did(database: str) -> None:
    async def story(world: World) -> None:
        key = await a_question_in_doubt(world)
        await hands(world).retry(key, "Anna", world.clock())
        [claimed] = await world.service.worker.claim()
        meddle(database, "UPDATE outbox SET lease_until = 0")
        await hands(world).unsent(key, "Anna", world.clock())
        await world.service.store.outbox.give_up(GivenUp(claimed, "late"))
        await world.service.store.outbox.put_back(claimed, world.clock(), "late", attempted=True)
        [row] = await world.service.store.views.errands()
        assert (row.status, row.attempted_at, row.note) == ("due", None, "put back by staff")

    told(database, story)


def test_a_call_to_the_calendar_in_doubt_is_retried_and_not_resolved(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.calendar.instead.append(drops_the_line)
        await world.replies("YES")
        await world.works()
        key = await the_errand(world)
        assert "calendar" in await refused(hands(world).sent(key, "Anna", world.clock()))
        assert "calendar" in await refused(hands(world).unsent(key, "Anna", world.clock()))
        await hands(world).retry(key, "Anna", world.clock())
        await world.works()
        assert world.calendar.statuses == {"bkSarah1": "accepted"}
        assert "ErrandHandled" in await world.story()

    told(database, story)


@pytest.mark.parametrize("act", ["sent", "unsent", "retry"])
def test_an_errand_that_has_its_outcome_is_gone(database: str, act: str) -> None:
    async def story(world: World) -> None:
        key = await a_question_in_doubt(world)
        await world.replies("YES")
        assert await world.state() == "confirmed"
        assert "its outcome is recorded" in await refused(getattr(hands(world), act)(key, "Anna", world.clock()))

    told(database, story)
