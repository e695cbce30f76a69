"""What only Vonage does: it has no list, so a report alone proves what became of a text; and it posts what an account's
setting makes it post."""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import httpx

from domain.inbound import Blame, Delivery
from entrypoints.web import app
from tests.adapters.carriers.driver import TEXTS
from tests.examples import SARAH
from tests.stories.wires import VonageWire
from tests.stories.world import World, told

DRIVER = VonageWire.driver


def test_a_doubt_without_a_report_goes_to_staff_in_time_and_nobody_looks_for_a_list(database: str) -> None:
    async def story(world: World) -> None:
        vonage = VonageWire(world)
        await vonage.is_in_doubt()
        tries, waited = await until_staff_is_told(world)
        assert waited < timedelta(minutes=16)
        assert (tries, len(vonage.sent), vonage.looks) == (2, 1, 0)

    told(database, story)


async def until_staff_is_told(world: World) -> tuple[int, timedelta]:
    """How often the errand was taken up again before it went to a person, and how long that took."""
    began_at, tries = world.clock(), 0
    while not await world.staff():
        world.clock.passes(seconds=30)
        for one in await world.service.worker.claim():
            tries += 1
            await world.service.worker.carry_out(one)
    return tries, world.clock() - began_at


def test_a_sweep_has_nothing_to_do(database: str) -> None:
    async def story(world: World) -> None:
        vonage = VonageWire(world)
        _, swept = await world.catches_up()
        assert (swept.seen, swept.problems, vonage.looks) == (0, [], 0)

    told(database, story)


def test_a_report_of_an_opt_out_stops_all_texts(database: str) -> None:
    async def story(world: World) -> None:
        vonage = VonageWire(world)
        await world.books()
        await world.works()
        await vonage.blames(Blame.OPTED_OUT)
        assert (await world.conversation()).opted_out
        assert await world.staff() != []
        await vonage.blames(Blame.OPTED_OUT)
        await world.books(uid="bkSarah2")
        await world.works()
        assert len(vonage.sent) == 1

    told(database, story)


def test_a_report_of_a_phone_that_cannot_be_reached_is_no_opt_out(database: str) -> None:
    async def story(world: World) -> None:
        vonage = VonageWire(world)
        await world.books()
        await world.works()
        await vonage.blames(None)
        assert not (await world.conversation()).opted_out
        assert await world.staff() != []

    told(database, story)


def web(database: str, ask: Any, caplog: Any) -> tuple[httpx.Response, list[str]]:
    """What the service answers, and the lines of its log."""
    answers = []

    async def story(world: World) -> None:
        VonageWire(world)
        transport = httpx.ASGITransport(app.build(world.service))
        async with httpx.AsyncClient(transport=transport, base_url="https://replyes.example.org") as client:
            answers.append(await ask(client))

    told(database, story)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("replyes")]
    return answers[0], lines


def test_what_is_not_signed_is_asked_for_again(database: str, caplog: Any) -> None:
    request = DRIVER.unsigned(DRIVER.report(Delivery.SENT))
    answer, lines = web(database, lambda client: client.post(request.path, content=request.body), caplog)
    assert (answer.status_code, answer.content) == (503, b"")
    assert [("dashboard" in line) for line in lines] == [True]


def test_the_older_api_gets_one_line_with_the_setting_by_whatever_method(database: str, caplog: Any) -> None:
    fields = {"msisdn": SARAH[1:], "to": "1", "messageId": "0A", "text": "YES"}
    asks: list[tuple[int, Coroutine[Any, Any, Any] | Any]] = [
        (503, lambda client: client.post(TEXTS, data=fields)),
        (503, lambda client: client.post(TEXTS, json=fields)),
        (405, lambda client: client.get(TEXTS, params=fields)),
    ]
    for status, ask in asks:
        caplog.clear()
        answer, lines = web(database, ask, caplog)
        assert answer.status_code == status
        assert len(lines) == 1
        assert "Messages API" in lines[0]
        assert SARAH[2:] not in lines[0]
