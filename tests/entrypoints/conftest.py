"""The real product in process: a real database, the real web application, no worker. And requests, signed by hand.

Everything that is read back comes through a connection of its own, as another process would see it.
"""

import asyncio
import base64
import hmac
import json
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.types import ASGIApp

from adapters.calcom import CalCom
from adapters.storage import migrations
from adapters.twilio import Twilio
from domain.inbox import sentence
from entrypoints import plan as planning
from entrypoints.link.tokens import Tokens
from entrypoints.plan import Plan
from entrypoints.settings import Settings
from entrypoints.store import open_store
from entrypoints.web import app
from entrypoints.wiring import Doors, Service, assemble, clock
from tests import databases
from tests.adapters.calcom_payloads import SECRET, as_sent, attendee, cancelled, requested, signature

PUBLIC_URL = "https://replyes.example.org"
ACCOUNT, TOKEN, API_KEY = "AC" + "0a" * 16, "7f" * 16, "cal_live_" + "9d" * 16
CLINIC, PATIENT = "+12025550100", "+12025550143"
UID, SID = "bookingUid00000000001", "SM" + "5e" * 16
START, MOVED_START, LONG_AGO = "2099-05-12T09:30:00Z", "2099-05-13T09:30:00Z", "2024-05-12T09:30:00Z"
CAL, SMS, STATUS = "/api/webhooks/cal", "/api/webhooks/sms", "/api/webhooks/sms/status"
ENVIRONMENT = {
    "PUBLIC_URL": PUBLIC_URL,
    "CAL_API_KEY": API_KEY,
    "CAL_API_VERBS": "live",
    "CAL_WEBHOOK_SECRET": SECRET,
    "SMS_PROVIDER": "twilio",
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "TWILIO_FROM": CLINIC,
    "ENCRYPTION_KEY": "not-the-key-of-anybody-0123456789",
    "ASK_SETTLE": "0s",
    "SMS_PER_SECOND": "0",
    "QUIET_HOURS": "none",
}
SECRETS = (SECRET, TOKEN, API_KEY, ENVIRONMENT["ENCRYPTION_KEY"])

Fields = Mapping[str, str] | Sequence[tuple[str, str]]
Headers = Sequence[tuple[str | bytes, str | bytes]]


@pytest.fixture
def named_database(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database that the settings name, and nothing else, for a command in a folder of its own."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.chdir(tmp_path)
    return database


# -- Requests -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One HTTP request. `chunk`: the body is sent in pieces of this size, without a content length."""

    path: str
    headers: Headers = ()
    body: bytes = b""
    method: str = "POST"
    chunk: int = 0


def at(time: str, document: dict[str, Any]) -> dict[str, Any]:
    """The document as Cal.com would have written it at this time of the first of May."""
    return {**document, "createdAt": f"2026-05-01T{time}:00.000Z"}


def booked(**changes: object) -> dict[str, Any]:
    """BOOKING_REQUESTED for a slot that is still ahead, by a patient with a phone."""
    usual = {"startTime": START, "endTime": "2099-05-12T10:00:00Z", "attendees": [attendee(phoneNumber=PATIENT)]}
    return requested(**{**usual, **changes})


def called_off(**changes: object) -> dict[str, Any]:
    """BOOKING_CANCELLED for the same slot."""
    return cancelled(**{"startTime": START, **changes})


def cal(document: object, path: str = CAL, *, headers: Headers = (), secret: str = SECRET, chunk: int = 0) -> Request:
    """Cal.com posts a document, or bytes as they are; signed, then the given headers."""
    body = document if isinstance(document, bytes) else as_sent(document)
    usual: Headers = [("content-type", "application/json"), ("x-cal-signature-256", signature(body, secret))]
    named = {str(name).lower() for name, _ in headers}
    return Request(path, [header for header in usual if header[0] not in named] + list(headers), body, chunk=chunk)


def text(path: str = SMS, *, without: str = "", headers: Headers = (), token: str = TOKEN, **changes: str) -> Request:
    """Twilio tells of a text of our patient's."""
    usual = {
        "MessageSid": SID,
        "SmsMessageSid": SID,
        "AccountSid": ACCOUNT,
        "From": PATIENT,
        "To": CLINIC,
        "Body": "YES",
        "NumMedia": "0",
        "FromCity": "",
    }
    fields = {name: value for name, value in {**usual, **changes}.items() if name != without}
    return form(fields, path, headers=headers, token=token)


def report(path: str = f"{STATUS}/{'d0' * 16}", *, without: str = "", **changes: str) -> Request:
    """Twilio tells how far a text of ours has come."""
    usual = {"MessageSid": SID, "MessageStatus": "delivered", "AccountSid": ACCOUNT, "From": CLINIC, "To": PATIENT}
    return form({name: value for name, value in {**usual, **changes}.items() if name != without}, path)


def form(fields: Fields, path: str = SMS, *, headers: Headers = (), token: str = TOKEN) -> Request:
    """Twilio posts these fields; signed, then the given headers."""
    pairs = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
    signed = ("x-twilio-signature", twilio_signature(PUBLIC_URL + path, pairs, token))
    usual: Headers = [("content-type", "application/x-www-form-urlencoded"), signed]
    named = {str(name).lower() for name, _ in headers}
    body = urlencode(pairs).encode()
    return Request(path, [header for header in usual if header[0] not in named] + list(headers), body)


def twilio_signature(url: str, pairs: Iterable[tuple[str, str]], token: str = TOKEN) -> str:
    """By Twilio's documentation: the URL, then every name and value, sorted, with nothing in between."""
    signed = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), "sha1").digest()).decode()


# -- The product ----------------------------------------------------------------------------------------------


class Outside:
    """Twilio and Cal.com as the product calls them: every text is taken, and answered unless it is silent."""

    def __init__(self) -> None:
        self.calls: list[httpx.Request] = []
        self.is_silent = False
        self._numbers = count(1)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        if self.is_silent:
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(201, json={"sid": f"SM{next(self._numbers):032x}"})


class Product:
    """The product behind its web application. Its methods wait, so that a test reads as a list of sentences."""

    def __init__(self, runner: asyncio.Runner, service: Service, outside: Outside, url: str) -> None:
        self.runner = runner
        self.service = service
        self.outside = outside
        self.url = url
        self.web: ASGIApp = app.build(service)

    def send(self, *requests: Request) -> list[httpx.Response]:
        """Answers to requests that arrive together. An exception that nobody caught is raised here."""

        async def all_at_once() -> list[httpx.Response]:
            return await asyncio.gather(*(self._send(request) for request in requests))

        return self.runner.run(all_at_once())

    def get(self, path: str) -> httpx.Response:
        return self.send(Request(path, method="GET"))[0]

    async def _send(self, request: Request) -> httpx.Response:
        content = _pieces(request) if request.chunk else request.body
        transport = httpx.ASGITransport(self.web, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, trust_env=False) as client:
            return await client.request(request.method, request.path, headers=list(request.headers), content=content)

    def deliver(self) -> None:
        """What a worker would send now, one errand after the other."""

        async def work() -> None:
            for claimed in await self.service.store.outbox.claim(clock(), 100):
                await self.service.worker.carry_out(claimed)

        self.runner.run(work())

    def facts(self) -> list[str]:
        """What is in the log, by topic."""
        return [row[0] for row in self.rows("SELECT topic FROM stored_events ORDER BY {position}")]

    def staff(self) -> list[tuple[str, list[str]]]:
        """What waits for a person: why, and for which bookings."""
        found = self.rows("SELECT reason, detail, bookings FROM staff_inbox ORDER BY at, stream, version")
        return [(sentence(reason, detail), json.loads(bookings)) for reason, detail, bookings in found]

    def state(self, uid: str = UID) -> str:
        """The booking's state as the list of bookings shows it; "" where there is none."""
        return "".join(row[0] for row in self.rows("SELECT state FROM bookings WHERE uid = ?", uid))

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        return databases.everything(self.url)

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What another process sees."""
        return databases.seen(self.url, sql, *parameters)

    def sql(self, statement: str) -> None:
        """What another process does to our database."""
        databases.meddle(self.url, statement)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    for start in range(0, len(request.body), request.chunk):
        yield request.body[start : start + request.chunk]


def read_plan(**changes: str) -> Plan:
    """The settings, by the product's own reading of ENVIRONMENT with these changes. Raises Misconfigured."""
    settings = Settings(ENVIRONMENT | changes)
    plan = planning.read(settings, PUBLIC_URL)
    settings.check()
    return plan


@cache
def usual_plan() -> Plan:
    """That of one clinic."""
    return read_plan()


@asynccontextmanager
async def opened(url: str, outside: Outside, plan: Plan) -> AsyncIterator[Service]:
    """The product's own parts, wired by its own wiring; only the far ends of its calls are ours."""
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(outside), trust_env=False) as client,
        open_store(replace(plan.store, url=url), plan.clinics) as store,
    ):
        calendars = {key: CalCom(one.calcom, client) for key, one in plan.services.items()}
        carriers = {key: Twilio(one.carrier, client) for key, one in plan.services.items()}
        tokens = Tokens(b"secret", "https://replyes.example.org")
        yield assemble(store, Doors(calendars, carriers), plan.clinics, clock, tokens)


@contextmanager
def new_product(url: str, plan: Plan | None = None) -> Iterator[Product]:
    """A product on this database, which is brought up to date; of one clinic, if no plan says otherwise."""
    migrations.migrate(url)
    migrations.claim(url, "service")
    outside = Outside()
    with asyncio.Runner() as runner:
        service = opened(url, outside, plan or usual_plan())
        product = Product(runner, runner.run(service.__aenter__()), outside, url)
        try:
            yield product
        finally:
            runner.run(service.__aexit__(None, None, None))


@pytest.fixture
def product(database: str) -> Iterator[Product]:
    """A product that nobody has called yet."""
    with new_product(database) as product:
        yield product


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """For tests of what sets up logging: the next test finds it as this one did."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
