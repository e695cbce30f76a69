"""One call to Telnyx's API: its headers, its time limit, and what it means that none came back."""

import asyncio
import logging
from collections.abc import Mapping

import httpx

from adapters.telnyx.settings import TelnyxSettings
from adapters.telnyx.values import Json

TIME_LIMIT = 10.0  # seconds for one call, all of it; a worker's lease is longer

# Nothing of the request has left this machine.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
BROKEN_OFF = (httpx.HTTPError, TimeoutError)
UNREADABLE = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError)


def http_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The client that sends need: no redirects, no retries, and a new connection for each call.

    A kept connection that Telnyx has closed meanwhile would look like a doubt; a TLS handshake per text costs less.
    Connecting gives up well before TIME_LIMIT, so that "could not connect" is told as such. httpx logs whole URLs at
    INFO, and a look-up's URL holds a phone number: its logger is turned down.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(TIME_LIMIT, connect=4.0, pool=1.0),
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
    )


class Calls:
    """Calls with the account's key. Each raises what BROKEN_OFF names."""

    def __init__(self, settings: TelnyxSettings, client: httpx.AsyncClient, time_limit: float) -> None:
        self._client = client
        self._time_limit = time_limit
        self._api_url = settings.api_url.rstrip("/") + "/v2"
        self._headers = {"Authorization": f"Bearer {settings.api_key}", "Accept": "application/json"}

    async def post(self, path: str, document: Json, key: str) -> httpx.Response:
        """POST once. The same key and the same bytes make Telnyx repeat its answer instead of the deed."""
        async with asyncio.timeout(self._time_limit):
            headers = {**self._headers, "Idempotency-Key": key}
            return await self._client.post(self._api_url + path, json=document, headers=headers, follow_redirects=False)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> httpx.Response:
        async with asyncio.timeout(self._time_limit):
            return await self._client.get(
                self._api_url + path, params=query, headers=self._headers, follow_redirects=False
            )
