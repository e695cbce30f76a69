"""One call of Cal.com's API: the settings, the headers, and the time it may take.

A missing or unknown `cal-api-version` silently selects an older API, so every call carries it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import httpx

from adapters.calcom.values import DETAIL_CAP, cleaned
from adapters.common.calls import NEVER_SENT


@dataclass(frozen=True)
class CalComSettings:
    """One clinic's account at Cal.com.

    `api_url` is without "/v2" ("https://api.cal.com"). `webhook_secrets` may be several: for rotation, and because one
    URL registered for a user and for a team has two. `fallback_region` is the upper-case ISO region of numbers without
    a plus. `time_zone` is the clinic's.
    """

    api_url: str
    api_key: str = field(repr=False)
    api_version: str = "2024-08-13"
    verbs: Literal["auto", "concept", "live"] = "auto"
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    phone_field: str = ""
    fallback_region: str | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True)
class Patience:
    """How many seconds a call may take in all, and a probe.

    A first confirm with its probe (14 s) stays below a worker's lease of 15 s. httpx's own limits do not do that: they
    hold for each step apart, and a server that drips never reaches them.
    """

    call: float = 10.0
    probe: float = 4.0


# Waiting for the pool, TCP and TLS together take less than a call may, so one that ran out of time was probably sent.
_CONNECT_SECONDS = 3.0


def http_client() -> httpx.AsyncClient:
    """The client for all clinics. It repeats nothing and follows no redirect, which would turn a POST into a GET.

    A POST on a connection that the server is just closing ends in doubt, and a doubt costs a wait and a GET. The worker
    looks right before each act, so a connection kept for 2 s serves the pair with one handshake, and it is gone before
    the 5 s after which Node's HTTP server, on which Cal.com runs, closes it by default.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(Patience.call, connect=_CONNECT_SECONDS, pool=_CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=2.0),
        follow_redirects=False,
    )


@dataclass(frozen=True)
class Unanswered:
    """A call without an answer. `perhaps_sent` is False where the request surely never left us."""

    detail: str
    perhaps_sent: bool


class Connection:
    """Calls one clinic's account. Each call is made once, and ends within `Patience.call`."""

    def __init__(self, settings: CalComSettings, client: httpx.AsyncClient, patience: Patience) -> None:
        self._client = client
        self._seconds = patience.call
        self._base = settings.api_url.strip().rstrip("/")
        self._headers = {
            b"Authorization": _header(f"Bearer {settings.api_key.strip()}"),
            b"cal-api-version": _header(settings.api_version),
            b"Content-Type": b"application/json",
            b"Accept": b"application/json",
        }

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response | Unanswered:
        """The answer, whatever it says."""
        url = self._base + path
        try:
            async with asyncio.timeout(self._seconds):
                return await self._client.request(method, url, headers=self._headers, json=body, params=query)
        except NEVER_SENT as error:
            return Unanswered(_kind_of(error), perhaps_sent=False)
        except (httpx.RequestError, TimeoutError) as error:
            return Unanswered(_kind_of(error), perhaps_sent=True)


def _header(value: str) -> bytes:
    """A key with a typographic character in it is a wrong key, as Cal.com will say, and no reason to crash."""
    return value.encode("ascii", "replace")


def _kind_of(error: Exception) -> str:
    """The error's class. Its text only where no connection came about: others may quote a header, and so the key."""
    name = type(error).__name__
    return cleaned(f"{name}: {error}", DETAIL_CAP) if isinstance(error, httpx.ConnectError) else name
