"""What the tests of the sandbox share: a product that only listens, and a sandbox around it. No tests of its own."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from starlette.applications import Starlette
from twilio.request_validator import RequestValidator

from entrypoints.sandbox import Sandbox
from entrypoints.sandbox.world import Booking, Status

BASE = "http://127.0.0.1:8000"
NOW = datetime(2026, 5, 8, 14, 0, tzinfo=UTC)  # a Friday, ten in the morning in New York
SARAH = "+12025550102"
UID = "bkQ7mJ2pLx4Vn8Rt1YwZ3a"
FORM = {"name": "Sarah", "phone": "+1 202 555 0102", "practitioner": "Dr. Lee", "day": "2026-05-12", "time": "10:30"}


@dataclass
class Product:
    """Stands where the product stands: keeps every request, and answers as it is told to."""

    requests: list[httpx.Request] = field(default_factory=list)
    answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(200)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    @property
    def triggers(self) -> list[str]:
        return [json.loads(request.content)["triggerEvent"] for request in self.requests]


class Scene:
    """A sandbox, the product that it calls, and a client that calls it."""

    def __init__(self) -> None:
        self.product = Product()
        self.now = NOW
        self.states: dict[str, str] = {}
        self.stopping = asyncio.Event()
        self.told_verbs: list[str] = []
        self.sandbox = Sandbox(
            BASE,
            self.stopping,
            self._ask_states,
            self.told_verbs.append,
            now=lambda: self.now,
            transport=httpx.MockTransport(self.product),
        )
        self.world = self.sandbox.world
        self.settings = self.sandbox.settings()
        app = Starlette(routes=self.sandbox.routes())
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, trust_env=False)

    async def _ask_states(self) -> dict[str, str]:
        return dict(self.states)

    async def __aenter__(self) -> "Scene":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        await self.sandbox.aclose()

    def booking(self, status: Status = Status.PENDING, *, uid: str = UID, ended: bool = False) -> Booking:
        """A booking that Cal.com has, without the webhook that came with it."""
        start = NOW - timedelta(days=1) if ended else NOW + timedelta(days=4)
        booking = Booking(
            uid, 4201, "Sarah", SARAH, "Dr. Lee", start, start + timedelta(minutes=30), NOW, NOW, status=status
        )
        self.world.add_booking(booking)
        return booking

    async def cal(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Call the fake Cal.com as the product does; a header given as "" is left out."""
        usual = {
            "Authorization": f"Bearer {self.settings['CAL_API_KEY']}",
            "cal-api-version": "2024-08-13",
            "Content-Type": "application/json",
        }
        sent = {name: value for name, value in (usual | headers).items() if value}
        content = b"" if body is None else json.dumps(body).encode()
        return await self.http.request(method, f"/sandbox/cal{path}", content=content, headers=sent)

    async def send(self, **form: str) -> httpx.Response:
        """Send a text as the product does; a field given as "" is left out."""
        usual = {"To": SARAH, "From": self.settings["TWILIO_FROM"], "Body": "Hi Sarah!"}
        return await self.http.post(
            self.messages_url,
            data={name: value for name, value in (usual | form).items() if value},
            auth=self.twilio_auth,
        )

    @property
    def messages_url(self) -> str:
        return f"/sandbox/twilio/2010-04-01/Accounts/{self.settings['TWILIO_ACCOUNT_SID']}/Messages.json"

    @property
    def twilio_auth(self) -> tuple[str, str]:
        return self.settings["TWILIO_ACCOUNT_SID"], self.settings["TWILIO_AUTH_TOKEN"]


def webhook(request: httpx.Request) -> dict[str, Any]:
    """The payload of a webhook of Cal.com's."""
    payload: dict[str, Any] = json.loads(request.content)["payload"]
    return payload


def fields(request: httpx.Request) -> dict[str, str]:
    """The form of one of Twilio's webhooks, blank fields kept."""
    return dict(parse_qsl(request.content.decode(), keep_blank_values=True))


def is_signed_by_twilio(scene: Scene, request: httpx.Request) -> bool:
    """By Twilio's own check, not by ours."""
    validator = RequestValidator(scene.settings["TWILIO_AUTH_TOKEN"])
    return validator.validate(str(request.url), fields(request), request.headers["X-Twilio-Signature"])


def goes_to(response: httpx.Response) -> tuple[int, str, list[str]]:
    """Where an answer sends the browser: status, path, and the phone to look at."""
    parts = urlsplit(response.headers["location"])
    return response.status_code, parts.path, parse_qs(parts.query).get("phone", [])
