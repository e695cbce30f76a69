"""A small world around the whole service: the real store and the real adapters, a Cal.com and a Twilio at the wire,
and a clock that moves when it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx

from adapters.calcom import CalCom, CalComSettings
from adapters.storage import migrations
from adapters.twilio import Twilio, TwilioSettings
from domain.clinics import Clinic
from domain.conversation import Conversation
from domain.inbound import BookingRequested, BookingSettled, Delivery, DeliveryReport, Settlement
from domain.reconcile import Reconciled
from domain.sweep import Swept
from entrypoints.link.tokens import Tokens
from entrypoints.settings import StoreSettings
from entrypoints.store import open_store
from entrypoints.wiring import Doors, Service, assemble
from tests.databases import meddle
from tests.examples import CLINIC_NUMBER, NOW, SARAH, UID, a_clinic, a_request, a_text

INSTALLED_AT = str(round(NOW.timestamp() * 1000))  # for the clock of the stories

TOKENS = Tokens(b"a secret for links", "https://replyes.example.org")

Answer = Callable[[httpx.Request], httpx.Response]


class Calendar:
    """Cal.com at the wire. `instead` answers the next act in place of doing it; `down`: it does nothing at all.
    `series`: the uid of a recurring booking -> those of its dates; to confirm one of them confirms all that pend."""

    def __init__(self) -> None:
        self.statuses: dict[str, str] = {}
        self.requests: dict[str, BookingRequested] = {}
        self.acts: list[str] = []
        self.reasons: list[str] = []
        self.instead: list[Answer] = []
        self.series: dict[str, list[str]] = {}
        self.down = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        uid = [*request.url.path.split("/"), ""][3]
        if self.down:
            return httpx.Response(500, json={})
        if uid and uid not in {*self.statuses, *self.series}:
            return httpx.Response(404, json={"status": "error", "error": {"code": "NotFoundException", "message": "…"}})
        if request.method == "GET":
            return self._shown(uid)
        self.acts.append(f"{request.method} {request.url.path}")
        if self.instead:
            return self.instead.pop(0)(request)
        return self.act(request)

    def _unconfirmed(self) -> list[dict[str, Any]]:
        pending = [uid for uid, status in self.statuses.items() if status == "pending"]
        return [_as_booking(self.requests[uid]) | self._booking(uid) for uid in pending if uid in self.requests]

    def act(self, request: httpx.Request) -> httpx.Response:
        uid = request.url.path.split("/")[3]
        confirms = request.url.path.endswith("/confirm")
        dates = next((dates for dates in self.series.values() if uid in dates), [])
        settled = [one for one in dates if confirms and self.statuses[one] == "pending"]
        self.statuses |= dict.fromkeys([uid, *settled], "accepted" if confirms else "cancelled")
        if not confirms:
            self.reasons.append(json.loads(request.content)["cancellationReason"])
        return self._shown(uid)

    def _shown(self, uid: str) -> httpx.Response:
        """A booking, all dates of a series, or, without a uid, the list."""
        dates = self.series.get(uid)
        data = [self._booking(date) for date in dates] if dates else self._booking(uid) if uid else self._unconfirmed()
        return httpx.Response(200, json={"status": "success", "data": data})

    def _booking(self, uid: str) -> dict[str, Any]:
        series = next((series for series, dates in self.series.items() if uid in dates), None)
        return {"uid": uid, "status": self.statuses[uid], "recurringBookingUid": series}


def _as_booking(request: BookingRequested) -> dict[str, Any]:
    """As the list of Cal.com's API shows it."""
    attendee = {
        "name": request.patient_name,
        "timeZone": request.time_zone,
        "language": request.language,
        "phoneNumber": request.phone,
    }
    return {
        "uid": request.uid,
        "status": "pending",
        "start": request.starts_at.isoformat().replace("+00:00", "Z"),
        "end": request.ends_at.isoformat().replace("+00:00", "Z"),
        "createdAt": "2099-01-01T00:00:00.000Z",
        "hosts": [{"name": request.practitioner}],
        "attendees": [attendee],
        "bookingFieldsResponses": {},
    }


@dataclass
class Phone:
    """Twilio at the wire, with the patients' phones behind it. `instead` answers the next send."""

    now: Callable[[], datetime]
    texts: list[dict[str, str]] = field(default_factory=list)
    instead: list[Answer] = field(default_factory=list)
    sends: int = 0
    missed: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            inbound = "DateSent>" in request.url.params
            listed = list(reversed(self.missed)) if inbound else self._listed(request)
            return httpx.Response(200, json={"messages": listed, "next_page_uri": None})
        self.sends += 1
        if self.instead:
            return self.instead.pop(0)(request)
        return self.accept(request)

    def accept(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        form["sid"] = f"SM{len(self.texts):032x}"
        form["at"] = self.now().strftime("%a, %d %b %Y %H:%M:%S +0000")
        self.texts.append(form)
        return httpx.Response(201, json={"sid": form["sid"], "status": "queued"})

    def misses(self, words: str, sender: str = SARAH, to: str = CLINIC_NUMBER) -> None:
        """A patient's text that the carrier has, and whose webhook never comes."""
        date = self.now().strftime("%a, %d %b %Y %H:%M:%S +0000")
        names = {"sid": f"SM{len(self.missed):031x}f", "from": sender, "to": to, "body": words}
        dates = {"date_created": date, "date_sent": date}
        self.missed.append({**names, **dates, "direction": "inbound", "num_media": "0"})

    def _listed(self, request: httpx.Request) -> list[dict[str, Any]]:
        return [_as_listed(one) for one in self.texts if one["To"] == request.url.params["To"]]

    @property
    def said(self) -> list[str]:
        """What the patients read, in order."""
        return [text["Body"] for text in self.texts]

    def said_by(self, number: str) -> list[str]:
        """What they read from this number."""
        return [text["Body"] for text in self.texts if text["From"] == number]


def _as_listed(text: dict[str, str]) -> dict[str, str]:
    body = text.get("Body") or "Please confirm: " + ", ".join(json.loads(text["ContentVariables"]).values())
    names = {"sid": text["sid"], "to": text["To"], "body": body, "date_created": text["at"]}
    return {**names, "from": text.get("From"), "direction": "outbound-api"}


def drops_the_line(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer", request=request)


def refuses(status: int, code: int) -> Answer:
    return lambda _: httpx.Response(status, json={"code": code, "message": "no", "status": status})


class World:
    """What a story can do, and what it can see, at the clinic of this key."""

    def __init__(self, service: Service, calendar: Calendar, phone: Phone, clock: "Clock", key: str = "main") -> None:
        self.key = key
        self.service = service
        self.calendar = calendar
        self.phone = phone
        self.clock = clock
        self._texts = 0

    async def books(self, **changes: object) -> str:
        """A patient takes a slot; returns what the webhook is told."""
        request = self._taken(**changes)
        return await self.service.confirmations.receive(self.key, request, self.clock())

    def books_unheard(self, **changes: object) -> None:
        """A patient takes a slot, and the webhook is lost."""
        self._taken(**changes)

    def _taken(self, **changes: object) -> BookingRequested:
        request = a_request(**changes)
        self.calendar.statuses.setdefault(request.uid, "pending")
        self.calendar.requests[request.uid] = request
        return request

    async def catches_up(self, most: int = 1000) -> tuple[Reconciled, Swept]:
        """Reconcile, then sweep."""
        reconciled = await self.service.reconcile.run(self.key, None, self.clock, most)
        return reconciled, await self.service.sweep.run(self.key, self.clock)

    async def calendar_says(self, how: Settlement, uid: str = UID, **more: Any) -> str:
        return await self.service.confirmations.receive(self.key, BookingSettled(uid, how, **more), self.clock())

    async def replies(self, words: str, message_id: str = "", **changes: object) -> str:
        """A patient's text; each is a new message unless it is given an id."""
        self._texts += 1
        text = a_text(words, message_id or f"SM{self._texts:032x}", **changes)
        return await self.service.answers.hear(self.key, text, self.clock())

    async def carrier_reports(self, status: Delivery, message_id: str = "", key: str = "", error: str = "") -> None:
        report = DeliveryReport(message_id or self.phone.texts[-1]["sid"], status, key or None, error)
        await self.service.text_outcomes.reported(self.key, report, self.service.store.outbox, self.clock())

    async def works(self) -> None:
        """Carry out everything that is due, and what comes of it, until nothing is due."""
        while claimed := await self.service.worker.claim():
            await asyncio.gather(*(self.service.worker.carry_out(one) for one in claimed))

    async def expiry_runs(self) -> int:
        return (await self.service.store.expiry.run(self.clock())).done

    async def reminders_run(self) -> int:
        return (await self.service.store.reminders.run(self.clock())).done

    async def state(self, uid: str = UID) -> str:
        rows = await self.service.store.views.bookings()
        return {row.uid: row.state for row in rows if row.clinic == self.key}[uid]

    async def story(self, uid: str = UID) -> list[str]:
        """The names of the facts of one booking, in order."""
        facts = await self.service.store.ledger.facts(f"booking-{self.key}-{uid}")
        return [type(fact).__name__ for fact in facts]

    async def conversation(self, phone: str = SARAH) -> Conversation:
        ledger = self.service.store.ledger
        found = await ledger.conversation(ledger.conversation_id(self.key, phone))
        assert found is not None
        return found

    async def outcomes(self, phone: str = SARAH) -> list[str]:
        """What became of each text from this phone, in order."""
        stream = self.service.store.ledger.conversation_id(self.key, phone)
        facts = await self.service.store.ledger.facts(stream)
        return [fact.outcome for fact in facts if hasattr(fact, "outcome")]

    async def staff(self) -> list[str]:
        return [item.why for item in await self.service.store.views.staff_inbox()]

    async def errands(self) -> list[str]:
        """What is still in the outbox."""
        return [row["kind"] for row in await self.service.store.database.read("SELECT kind FROM outbox")]


class Clock:
    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


@asynccontextmanager
async def a_world(database: str, clinic: Clinic | None = None, clock: "Clock | None" = None) -> AsyncIterator[World]:
    async with worlds(database, {CLINIC_NUMBER: clinic or a_clinic()}, clock) as (world,):
        yield world


@asynccontextmanager
async def worlds(
    database: str, clinics: Mapping[str, Clinic], clock: "Clock | None" = None
) -> AsyncIterator[tuple[World, ...]]:
    """The worlds of several clinics, which are one service on one account of Twilio's; `clinics` by their numbers."""
    migrations.claim(database, "service")
    meddle(database, "UPDATE installation SET value = ? WHERE name = 'installed_at'", INSTALLED_AT)
    clock = clock or Clock()
    phone, at_cal = Phone(clock), {clinic.key: Calendar() for clinic in clinics.values()}
    async with AsyncExitStack() as stack:
        by_key = {clinic.key: clinic for clinic in clinics.values()}
        store = await stack.enter_async_context(open_store(StoreSettings(database, ""), by_key))
        calendars, carriers = {}, {}
        for number, clinic in clinics.items():
            cal_client, sms_client = [
                await stack.enter_async_context(httpx.AsyncClient(transport=httpx.MockTransport(wire)))
                for wire in (at_cal[clinic.key], phone)
            ]
            secrets = (f"secret of {clinic.key}",)
            settings = CalComSettings("https://cal.example", "cal_key", verbs="concept", webhook_secrets=secrets)
            account = TwilioSettings("AC" + "1" * 32, ("token",), number, "https://replyes.example")
            calendars[clinic.key], carriers[clinic.key] = CalCom(settings, cal_client), Twilio(account, sms_client)
        service = assemble(store, Doors(calendars, carriers), by_key, clock, TOKENS)
        yield tuple(World(service, at_cal[key], phone, clock, key) for key in by_key)


def told(database: str, story: Callable[[World], Coroutine[Any, Any, None]], **clinic: object) -> None:
    """Run a story in a new world."""

    async def run() -> None:
        async with a_world(database, a_clinic(**clinic)) as world:
            await story(world)

    asyncio.run(run())
