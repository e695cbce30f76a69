"""The one HTTP client of the doctor. Each answer's Date tells how that host's clock stands to ours."""

import asyncio
import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from adapters.common.checking import Ask, Reply, object_in, objects_in, silence_of
from entrypoints.logs import mask

LONGEST_BODY = 2_000_000  # bytes; the rest of an answer is not read
LONGEST_WORDS = 160
SECONDS = 5.0  # for one request, all of it


def clock() -> datetime:
    """The clock that is compared with the others."""
    return datetime.now(UTC)


class Asking(Ask):
    """`offsets`: by host, how many seconds its clock is ahead of ours. No `secrets` stand in what it tells."""

    def __init__(self, client: httpx.AsyncClient, secrets: Collection[str], seconds: float = SECONDS) -> None:
        self.client = client
        self.offsets: dict[str, float] = {}
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._seconds = seconds

    async def __call__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Reply:
        sent = {"Accept": "application/json", **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        try:
            async with asyncio.timeout(self._seconds):
                request = self.client.build_request(method, url, headers=sent, params=query, content=content)
                auth = httpx.BasicAuth(*basic) if basic else None
                return await self._answer(request, auth)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, ValueError) as error:
            return Reply(silence=silence_of(error))

    async def _answer(self, request: httpx.Request, auth: httpx.Auth | None) -> Reply:
        began = clock()
        response = await self.client.send(request, auth=auth, stream=True, follow_redirects=False)
        self._compare(response, began, clock())
        try:
            document = _json(await _body(response))
        finally:
            await response.aclose()
        words = "" if response.is_success else self.safe(_words(document))
        return Reply(response.status_code, document, words)

    def safe(self, text: str) -> str:
        """Words of others, on one line, without our secrets and whole phone numbers."""
        return self.hidden(mask(text))[:LONGEST_WORDS]

    def hidden(self, text: str) -> str:
        """Any words, on one line, without our secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        visible = "".join(character if character.isprintable() else " " for character in text)
        return " ".join(visible.split())

    def _compare(self, response: httpx.Response, began: datetime, ended: datetime) -> None:
        """A Date has whole seconds, and was written somewhere between."""
        with suppress(ValueError, TypeError, OverflowError, IndexError):
            told = parsedate_to_datetime(response.headers.get("Date", ""))
            if told.tzinfo:
                self.offsets[response.request.url.host] = (told - (began + (ended - began) / 2)).total_seconds()


async def _body(response: httpx.Response) -> bytes:
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > LONGEST_BODY:
            break
    return body


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found


def _words(document: object) -> str:
    """What went wrong, in one of the shapes in which APIs say it."""
    whole = object_in(document)
    errors = objects_in(whole.get("errors"))
    places = [object_in(whole.get("error")), whole, *errors[:1]]
    names = ("message", "title", "detail")
    found = [place[name] for place in places for name in names if isinstance(place.get(name), str)]
    return ": ".join(dict.fromkeys(str(one) for one in found))
