"""A clinic whose carrier is Vonage: its texts have no list, so only its reports prove what became of one."""

import json
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import httpx

from adapters.vonage import Vonage
from domain.inbound import Delivery
from entrypoints.web import app
from tests.adapters.carriers.driver import REPORTS, TEXTS
from tests.adapters.carriers.vonage import SETTINGS, VonageDriver
from tests.examples import SARAH
from tests.stories.world import Answer, World, drops_the_line, told

DRIVER = VonageDriver()


class Vonages:
    """Vonage at the wire. `instead` answers the next send."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: list[dict[str, Any]] = []
        self.instead: list[Answer] = []
        self.looks = 0
        self.carrier = Vonage(SETTINGS, DRIVER.client(self), world.clock)
        world.service.carriers["main"] = self.carrier  # type: ignore[index]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.looks += request.method == "GET"
        self.sent.append(json.loads(request.content))
        return self.instead.pop(0)(request) if self.instead else httpx.Response(202, json={"message_uuid": self.uuid})

    @property
    def uuid(self) -> str:
        return f"00000000-0000-4000-8000-{len(self.sent):012}"

    async def patient_says(self, words: str) -> None:
        document = {"channel": "sms", "message_uuid": "f" + self.uuid[1:], "from": SARAH[1:], "to": "1", "text": words}
        (text,) = self.carrier.receive_texts(self._signed(TEXTS, document))
        await self.world.service.answers.hear("main", text, self.world.clock())

    async def reports(self, status: str, **more: object) -> None:
        key = self.sent[-1]["client_ref"]
        document = {"message_uuid": self.uuid, "status": status, "client_ref": key, **more}
        (report,) = self.carrier.receive_reports(self._signed(f"{REPORTS}/{key}", document), key)
        outbox = self.world.service.store.outbox
        await self.world.service.text_outcomes.reported("main", report, outbox, self.world.clock())

    def _signed(self, path: str, document: object) -> Any:
        return DRIVER.signed(path, json.dumps(document).encode(), at=self.world.clock())


async def doubtful(world: World) -> Vonages:
    """The line was dropped when the question left."""
    vonage = Vonages(world)
    vonage.instead.append(drops_the_line)
    await world.books()
    await world.works()
    return vonage


def test_a_patient_is_asked_and_says_yes(database: str) -> None:
    async def story(world: World) -> None:
        vonage = Vonages(world)
        await world.books()
        await world.works()
        assert vonage.sent[0]["to"] == SARAH[1:]
        await vonage.patient_says("Yes!")
        await world.works()
        assert await world.state() == "confirmed"
        assert vonage.sent[-1]["text"].startswith("Confirmed.")

    told(database, story)


def test_a_report_ends_a_doubt(database: str) -> None:
    async def story(world: World) -> None:
        vonage = await doubtful(world)
        await vonage.reports("submitted")
        assert await world.state() == "sms_sent"
        assert await world.errands() == []

    told(database, story)


def test_a_doubt_without_a_report_goes_to_staff_in_time_and_nobody_looks_for_a_list(database: str) -> None:
    async def story(world: World) -> None:
        vonage = await doubtful(world)
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
        vonage = Vonages(world)
        _, swept = await world.catches_up()
        assert (swept.seen, swept.problems, vonage.looks) == (0, [], 0)

    told(database, story)


def test_a_report_of_an_opt_out_stops_all_texts(database: str) -> None:
    async def story(world: World) -> None:
        vonage = Vonages(world)
        await world.books()
        await world.works()
        await vonage.reports("rejected", error={"title": "1240"})
        assert (await world.conversation()).opted_out
        assert await world.staff() != []
        await vonage.reports("rejected", error={"title": "1240"})
        await world.books(uid="bkSarah2")
        await world.works()
        assert len(vonage.sent) == 1

    told(database, story)


def test_a_report_of_a_phone_that_cannot_be_reached_is_no_opt_out(database: str) -> None:
    async def story(world: World) -> None:
        vonage = Vonages(world)
        await world.books()
        await world.works()
        await vonage.reports("undeliverable", error={"title": "1260"})
        assert not (await world.conversation()).opted_out
        assert await world.staff() != []

    told(database, story)


def web(database: str, ask: Any, caplog: Any) -> tuple[httpx.Response, list[str]]:
    """What the service answers, and the lines of its log."""
    answers = []

    async def story(world: World) -> None:
        Vonages(world)
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
