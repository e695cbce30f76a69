"""Every webhook is lost, Cal.com's and the carrier's, at two clinics. A round of catching up brings everything in,
once, at every carrier that lists what it has taken in."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import httpx
import pytest

from adapters import android, telnyx
from adapters.android import AndroidGateway, AndroidSettings
from adapters.telnyx import Telnyx, TelnyxSettings
from domain.ports import Carrier
from tests.adapters.carriers import android as phones
from tests.adapters.carriers.telnyx import PUBLIC_KEY
from tests.examples import CLINIC_NUMBER, SARAH, UID, a_clinic
from tests.stories.world import World, worlds

NORTH, SOUTH = CLINIC_NUMBER, "+12025550111"


class Wire(Protocol):
    """A carrier whose webhooks never come."""

    def misses(self, words: str, sender: str = SARAH, to: str = NORTH) -> None:
        """A patient's text that the carrier has taken in."""

    def said_by(self, number: str) -> list[str]:
        """What the patients read from this number."""


class TelnyxWire:
    """One account of Telnyx's. Its list shows all numbers, whatever is asked for, and has no words."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.sent: list[tuple[str, str]] = []
        self.missed: dict[str, dict[str, object]] = {}
        self.records: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            text = json.loads(request.content)
            self.sent.append((text["from"], text["text"]))
            sent_id = f"40385f64-5717-4562-b3fc-{len(self.sent):012x}"
            return httpx.Response(200, json={"data": {"id": sent_id, "to": [{"status": "queued"}]}})
        if request.url.path.endswith("/detail_records"):
            return httpx.Response(200, json={"data": self.records[::-1], "meta": {"total_pages": 1}})
        return httpx.Response(200, json={"data": self.missed[request.url.path.rpartition("/")[2]]})

    def misses(self, words: str, sender: str = SARAH, to: str = NORTH) -> None:
        uuid, date = f"50385f64-5717-4562-b3fc-{len(self.records):012x}", self.now().isoformat()
        self.records.append({"uuid": uuid, "cli": sender, "cld": to, "created_at": date})
        numbers = {"from": {"phone_number": sender}, "to": [{"phone_number": to}]}
        self.missed[uuid] = {"id": uuid, "direction": "inbound", "type": "SMS", "text": words, "media": [], **numbers}

    def said_by(self, number: str) -> list[str]:
        return [words for sender, words in self.sent if sender == number]


class Handset:
    """One phone of a clinic's own."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.sent: list[str] = []
        self.inbox: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=self.inbox[::-1])
        text = json.loads(request.content)
        self.sent.append(text["textMessage"]["text"])
        states = {"Pending": self.now().isoformat()}
        return httpx.Response(202, json={"id": text["id"], "state": "Pending", "states": states})


class Handsets:
    """The phones of both clinics, by their numbers."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.by_number = {number: Handset(now) for number in (NORTH, SOUTH)}
        self.now = now

    def misses(self, words: str, sender: str = SARAH, to: str = NORTH) -> None:
        inbox = self.by_number[to].inbox
        text = {"id": f"text:{len(inbox) + 1}", "type": "SMS", "sender": sender, "recipient": to}
        inbox.append({**text, "contentPreview": words, "createdAt": self.now().isoformat()})

    def said_by(self, number: str) -> list[str]:
        return self.by_number[number].sent


def twilio(world: World) -> tuple[Wire, dict[str, Carrier]]:
    return world.phone, dict(world.service.carriers)


def telnyxes(world: World) -> tuple[Wire, dict[str, Carrier]]:
    wire = TelnyxWire(world.clock)
    client = telnyx.http_client(httpx.MockTransport(wire))
    accounts = {
        key: TelnyxSettings(f"KEY-{key}", (PUBLIC_KEY,), number, "https://replyes.example")
        for key, number in (("north", NORTH), ("south", SOUTH))
    }
    return wire, {key: Telnyx(account, client, world.clock) for key, account in accounts.items()}


def handsets(world: World) -> tuple[Wire, dict[str, Carrier]]:
    wire, found = Handsets(world.clock), dict[str, Carrier]()
    for key, number in (("north", NORTH), ("south", SOUTH)):
        settings = AndroidSettings(f"http://{key}:8080", "sms", phones.PASSWORD, (phones.SIGNING_KEY,), "US")
        client = android.http_client(httpx.MockTransport(wire.by_number[number]))
        found[key] = AndroidGateway(settings, client, world.clock)
    return wire, found


CARRIERS = {"Twilio": twilio, "Telnyx": telnyxes, "Android gateway": handsets}


async def caught_up(*both: World) -> list[tuple[int, int, int]]:
    """A round of each clinic: bookings taken in, bookings settled, texts heard late."""
    rounds = [await one.catches_up() for one in both]
    assert [problem for done in rounds for one in done for problem in one.problems] == []
    await both[0].works()
    return [(reconciled.taken_in, reconciled.settled, swept.heard) for reconciled, swept in rounds]


@pytest.mark.parametrize("name", CARRIERS)
def test_an_outage_of_all_webhooks_ends_as_if_none_had_been_lost(database: str, name: str) -> None:
    async def story() -> None:
        clinics = {NORTH: a_clinic(key="north", name="North"), SOUTH: a_clinic(key="south", name="South")}
        async with worlds(database, clinics) as (north, south):
            wire, carriers = CARRIERS[name](north)
            north.service.carriers.update(carriers)  # type: ignore[attr-defined]
            for one in (north, south):
                one.books_unheard()
                one.books_unheard(uid="host", phone="+12025550155")
            assert await caught_up(north, south) == [(2, 0, 0), (2, 0, 0)]
            assert [len(wire.said_by(number)) for number in (NORTH, SOUTH)] == [2, 2]

            north.clock.passes(minutes=10)
            wire.misses("YES", to=NORTH)
            wire.misses("No thanks", to=SOUTH)
            north.calendar.statuses["host"], south.calendar.statuses["host"] = "cancelled", "accepted"
            assert await caught_up(north, south) == [(0, 1, 1), (0, 1, 1)]
            assert [await one.state() for one in (north, south)] == ["confirmed", "cancelled"]
            assert [await one.state("host") for one in (north, south)] == ["cancelled", "confirmed"]
            assert [one.calendar.statuses[UID] for one in (north, south)] == ["accepted", "cancelled"]

            acts, said = [*north.calendar.acts, *south.calendar.acts], wire.said_by(NORTH) + wire.said_by(SOUTH)
            position = await north.service.store.views.position()
            assert await caught_up(north, south) == [(0, 0, 0), (0, 0, 0)]
            assert await north.service.store.views.position() == position
            assert [*north.calendar.acts, *south.calendar.acts] == acts
            assert wire.said_by(NORTH) + wire.said_by(SOUTH) == said

    asyncio.run(story())


def test_two_rounds_at_the_same_time_bring_everything_in_once(database: str) -> None:
    async def story() -> None:
        clinics = {NORTH: a_clinic(key="north"), SOUTH: a_clinic(key="south")}
        async with worlds(database, clinics) as (north, south):
            for one in (north, south):
                await one.books()
            await north.works()
            north.clock.passes(minutes=10)
            for number in (NORTH, SOUTH):
                north.phone.misses("YES", to=number)
            both = await asyncio.gather(*(one.catches_up() for one in (north, south, north, south)))
            assert sum(swept.heard for _, swept in both) == 2
            await north.works()
            assert [await one.state() for one in (north, south)] == ["confirmed", "confirmed"]

    asyncio.run(story())
