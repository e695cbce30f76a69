"""One call to the gateway's API: its credentials, and what it means that no answer came."""

import logging
from collections.abc import Mapping

import httpx

from adapters.android.settings import AndroidSettings
from adapters.android.values import Json

TIME_LIMIT = 10.0  # seconds for one act, all of it; a worker's lease is longer

# Nothing of the request has left this machine.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
BROKEN_OFF = (httpx.HTTPError, TimeoutError)
UNREADABLE = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError)


def http_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The client that sends need: no redirects, no retries, and a new connection for each call.

    A kept connection that the phone has closed meanwhile would look like a doubt. Connecting gives up well before
    TIME_LIMIT, so that a phone that is off or away is told as such.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(TIME_LIMIT, connect=4.0, pool=1.0),
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
    )


class Calls:
    """Calls with the gateway's user and password. Each raises what BROKEN_OFF names, but sets no time limit."""

    def __init__(self, settings: AndroidSettings, client: httpx.AsyncClient) -> None:
        self._client = client
        self._url = settings.url.rstrip("/")
        self._auth = httpx.BasicAuth(settings.user, settings.password)

    async def post(self, path: str, document: Json) -> httpx.Response:
        return await self._client.post(self._url + path, json=document, auth=self._auth, follow_redirects=False)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> httpx.Response:
        return await self._client.get(self._url + path, params=query, auth=self._auth, follow_redirects=False)
