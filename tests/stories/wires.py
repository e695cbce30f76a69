"""The carriers besides Twilio at the wire, with one patient's phone behind them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import httpx

from adapters.android import AndroidGateway
from adapters.telnyx import Telnyx
from adapters.vonage import Vonage
from domain.inbound import Blame, Delivery
from domain.ports import RawRequest
from tests.adapters.carriers import android, telnyx, vonage
from tests.adapters.carriers.driver import REPORTS, Driver
from tests.examples import SARAH
from tests.stories.world import Answer, World, drops_the_line

Sent = tuple[str, str, str]  # our key, the phone in E.164, the words


class Wire:
    """One carrier. `sent` is what has reached it, `looks` how often it was asked for something; `instead` answers the
    next send."""

    driver: ClassVar[Driver]
    adapter: ClassVar[Callable[..., Any]]
    settings: ClassVar[Any]

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: list[Sent] = []
        self.instead: list[Answer] = []
        self.looks = 0
        self.carrier = type(self).adapter(self.settings, self.driver.client(self), world.clock)
        self._said = 0
        world.service.carriers["main"] = self.carrier  # type: ignore[index]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.looks += 1
            return self.shown(request)
        self.sent.append(self.read(json.loads(request.content)))
        return self.instead.pop(0)(request) if self.instead else self.taken()

    def read(self, document: Any) -> Sent:
        raise NotImplementedError

    def taken(self) -> httpx.Response:
        raise NotImplementedError

    def shown(self, request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.url} does not exist")

    @property
    def uid(self) -> str:
        """The id of what was sent last; the first is the one of the driver's reports."""
        first = self.driver.ids[0]
        return first if len(self.sent) == 1 else f"{first[:-2]}{len(self.sent):02}"

    @property
    def said(self) -> list[str]:
        return [words for _, _, words in self.sent]

    async def patient_says(self, words: str) -> None:
        self._said += 1
        request = self.driver.text(words, f"{self._said:08x}", sender=SARAH)
        (text,) = self.carrier.receive_texts(self._now(request))
        await self.world.service.answers.hear("main", text, self.world.clock())

    async def reports(self, status: Delivery) -> None:
        """How far the only text came."""
        await self._report(self.driver.report(status, self.sent[0][0]))

    async def blames(self, blame: Blame | None) -> None:
        """Why the only text did not arrive."""
        request = self.driver.report_blaming(blame, self.sent[0][0])
        assert request is not None
        await self._report(request)

    async def _report(self, request: RawRequest) -> None:
        key = self.sent[0][0]
        (report,) = self.carrier.receive_reports(replace(self._now(request), path=f"{REPORTS}/{key}"), key)
        outbox = self.world.service.store.outbox
        await self.world.service.text_outcomes.reported("main", report, outbox, self.world.clock())

    def _now(self, request: RawRequest) -> RawRequest:
        return self.driver.signed(request.path, request.body, at=self.world.clock())

    async def wants_no_texts(self) -> None:
        """The phone's owner has told the carrier, in the carrier's way, after the first text."""
        raise NotImplementedError

    async def is_in_doubt(self) -> None:
        """The question was taken, and the line dropped before anybody said so."""
        self.instead.append(drops_the_line)
        await self.world.books()
        await self.world.works()


class VonageWire(Wire):
    driver, adapter, settings = vonage.VonageDriver(), Vonage, vonage.SETTINGS

    def read(self, document: Any) -> Sent:
        return document["client_ref"], f"+{document['to']}", document["text"]

    def taken(self) -> httpx.Response:
        return httpx.Response(202, json={"message_uuid": self.uid})

    async def wants_no_texts(self) -> None:
        await self.blames(Blame.OPTED_OUT)


class TelnyxWire(Wire):
    driver, adapter, settings = telnyx.TelnyxDriver(), Telnyx, telnyx.SETTINGS

    def read(self, document: Any) -> Sent:
        return document["webhook_url"].rpartition("/")[2], document["to"], document["text"]

    def taken(self) -> httpx.Response:
        return httpx.Response(200, json={"data": {"id": self.uid}})

    def shown(self, request: httpx.Request) -> httpx.Response:
        url = f"https://replyes.example.org{REPORTS}/{self.sent[-1][0]}"
        record = {"uuid": self.uid, "created_at": self.world.clock().isoformat(), "delivery_status_webhook_url": url}
        return httpx.Response(200, json={"data": [record], "meta": {"total_pages": 1}})

    async def wants_no_texts(self) -> None:
        answer = self.driver.refuses(Blame.OPTED_OUT)
        assert answer is not None
        self.instead.append(lambda _: answer)
        await self.world.books(uid="bkSarah0")
        await self.world.works()


class AndroidWire(Wire):
    driver, adapter, settings = android.AndroidDriver(), AndroidGateway, android.SETTINGS

    def read(self, document: Any) -> Sent:
        return document["id"], document["phoneNumbers"][0], document["textMessage"]["text"]

    def taken(self) -> httpx.Response:
        return httpx.Response(202, json={"id": self.sent[-1][0], "state": "Pending"})

    def shown(self, request: httpx.Request) -> httpx.Response:
        date = self.world.clock().isoformat()
        return httpx.Response(200, json={"id": request.url.path.rpartition("/")[2], "createdAt": date})

    async def wants_no_texts(self) -> None:
        await self.patient_says("STOP")
