"""The whole sandbox, wired: give its routes to the server, and its settings to the product."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
from starlette.routing import BaseRoute

from entrypoints.sandbox.calcom import PREFIX as CAL_PREFIX
from entrypoints.sandbox.calcom import CalApi
from entrypoints.sandbox.calendar import Calendar
from entrypoints.sandbox.courier import Courier
from entrypoints.sandbox.keys import SENDER, Keys
from entrypoints.sandbox.page import Page
from entrypoints.sandbox.payloads import ZONE
from entrypoints.sandbox.phone import PREFIX as TWILIO_PREFIX
from entrypoints.sandbox.phone import Phone
from entrypoints.sandbox.stream import States
from entrypoints.sandbox.world import Clock, World


def _now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """One fake Cal.com, one fake Twilio, one page.

    `base_url` is the server's own address: the fakes post their webhooks there, and the product finds the fakes there.
    `stopping` ends the pages' event streams; set it when the server begins to stop, or it waits for them.
    `states` asks the product how its bookings stand (uid to state).
    `desk` makes a path that opens the product's desk once; without it, the page has no desk beside the phone.
    `on_verbs` hears "concept" or "live" when somebody switches the fake Cal.com on the page.
    """

    def __init__(
        self,
        base_url: str,
        stopping: asyncio.Event,
        states: States,
        on_verbs: Callable[[str], None] | None = None,
        desk: Callable[[], str] | None = None,
        *,
        now: Clock = _now,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._keys = Keys()
        self.world = World(now)
        self._courier = Courier(self._base_url, self.world, self._keys, transport)
        calendar = Calendar(self.world, self._courier)
        self._cal_api = CalApi(self.world, calendar, self._keys)
        self.phone = Phone(self.world, self._courier, self._keys)
        self._page = Page(
            base_url=self._base_url,
            world=self.world,
            calendar=calendar,
            phone=self.phone,
            states=states,
            stopping=stopping,
            on_verbs=on_verbs,
            desk=desk,
        )

    def routes(self) -> list[BaseRoute]:
        return [*self._cal_api.routes(), *self.phone.routes(), *self._page.routes()]

    def settings(self) -> dict[str, str]:
        """What the environment would have to say for the product to find the fakes. Holds secrets: do not print it."""
        return {
            "PUBLIC_URL": self._base_url,
            "BOOKING_LINK": f"{self._base_url}/sandbox",
            "CLINIC_NAME": "Cal.com Clinic",
            "CLINIC_TIME_ZONE": ZONE.key,
            "CAL_API_URL": self._base_url + CAL_PREFIX,
            "CAL_API_KEY": self._keys.cal_api_key,
            "CAL_API_VERBS": "concept",
            "CAL_WEBHOOK_SECRET": self._keys.cal_webhook_secret,
            "SMS_PROVIDER": "twilio",
            "TWILIO_ACCOUNT_SID": self._keys.account_sid,
            "TWILIO_AUTH_TOKEN": self._keys.auth_token,
            "TWILIO_FROM": SENDER,
            "TWILIO_API_URL": self._base_url + TWILIO_PREFIX,
        }

    async def aclose(self) -> None:
        await self._courier.aclose()
