"""One call over HTTP: its client, its time limit, and what it means that no answer came."""

import asyncio
import logging
from collections.abc import Mapping

import httpx

from adapters.common.values import Json
from domain.ports import InDoubt, Retry

TIME_LIMIT = 10.0  # seconds for one call, all of it; a worker's lease is longer

# Nothing of the request has left this machine.
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
BROKEN_OFF = (httpx.HTTPError, TimeoutError)
UNREADABLE = (*BROKEN_OFF, httpx.InvalidURL, ValueError)


def http_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The client that sends need: no redirects, no retries, and a new connection for each call.

    A kept connection that the other side has closed meanwhile would look like a doubt; a TLS handshake per text costs
    less. Connecting gives up well before TIME_LIMIT, so that "could not connect" is told as such. httpx logs whole URLs
    at INFO, and a look-up's URL holds a phone number: its logger is turned down.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(TIME_LIMIT, connect=4.0, pool=1.0),
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
    )


class Calls:
    """Calls to one API, at paths below `base_url`. Each is made once, and ends within `time_limit` seconds; where no
    answer came it raises what UNREADABLE names."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        *,
        auth: httpx.BasicAuth | None = None,
        headers: Mapping[str, str] | None = None,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._auth = auth
        self._headers = dict(headers or {})
        self._time_limit = time_limit

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> httpx.Response:
        """The answer to a question that changes nothing."""
        return await self._call("GET", path, params=query, headers=self._headers)

    async def send(
        self,
        path: str,
        *,
        document: Json | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response | Retry | InDoubt:
        """POST once. In doubt is everything between "it never left" and an answer that can be read."""
        try:
            return await self._call(
                "POST", path, json=document, data=form, headers={**self._headers, **(headers or {})}
            )
        except NEVER_SENT as error:
            return Retry(type(error).__name__)
        except BROKEN_OFF as error:
            return InDoubt(type(error).__name__)

    async def _call(self, method: str, path: str, **content: object) -> httpx.Response:
        async with asyncio.timeout(self._time_limit):
            return await self._client.request(
                method,
                self._base_url + path,
                auth=self._auth,
                follow_redirects=False,
                **content,  # type: ignore[arg-type]
            )
